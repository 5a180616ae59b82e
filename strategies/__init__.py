"""What we believe: strategies that run inside a desk, and participants that trade by themselves.

A strategy (`market.ports.Strategy`) turns a view into signals and leaves orders to its desk:
`idle`, `imbalance`, `market_maker`, `mean_reversion`, `momentum` and `pairs`, each a module. They go
by name through `strategies.registry`, which finds users' own too, and all are held to
`strategies.contract`, whose checks are for users' tests as much as for ours.

Four small participants trade a day through the wire without a desk: `Quoter` keeps a passive bid and
ask at the best prices within an inventory limit, `ScheduledBuyer` works a fixed quantity in slices,
passive at first and aggressive when its patience ends, and `DayOrder` takes one large order through
auctions, lit venues and a dark pool. `Predator` hunts those who come by the clock. All are `market.ports.Participant`:
no clock, no I/O, the same messages in, the same commands out. What they share is the count of what
each order may still do (`OpenOrders`) and the reading of a view that may be traded on (`touch_of`,
`newest`).
"""

from strategies.day_order import DayOrder, DayOrderConfig
from strategies.open_orders import DESK_MAX, OpenOrders
from strategies.predator import Predator, PredatorConfig
from strategies.quoter import Quoter, QuoterConfig
from strategies.scheduled_buyer import ScheduledBuyer, ScheduledBuyerConfig
from strategies.touch import Touch, newest, touch_of

__all__ = [
    "DESK_MAX",
    "DayOrder",
    "DayOrderConfig",
    "OpenOrders",
    "Predator",
    "PredatorConfig",
    "Quoter",
    "QuoterConfig",
    "ScheduledBuyer",
    "ScheduledBuyerConfig",
    "Touch",
    "newest",
    "touch_of",
]
