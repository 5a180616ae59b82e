"""Before trading: what an order, or a list of them, is expected to cost, by a recorded day.

`orders` reads the list, `liquidity` what a tape says of its books by the hour, `markets` what an order trades
in and what goes with it, `impact` has the curve, and `pretrade` puts them together.

Floats are allowed here: an estimate decides nothing, and its interval is far wider than any rounding.
"""

from research.estimate.orders import OrderLine, read_orders
from research.estimate.pretrade import Estimate, EstimateConfig, estimate

__all__ = ["Estimate", "EstimateConfig", "OrderLine", "estimate", "read_orders"]
