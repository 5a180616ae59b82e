"""Orders of an American day for tests of reports: by one quote, received at second 10."""

from collections.abc import Sequence

from desk.tca import ChildRecord, FillRecord, ParentRecord, Quote
from market.codes import OrderType, Side
from market.messages import NO_PRICE
from tests.unit.desk.tca_world import SECOND_NS, child, fill, parent, seen

QUOTE = Quote(1_000, 1_004)
"""10.00 bid, 10.04 offered; the mid is 10.02."""


def order(
    lots: int,
    fills: Sequence[FillRecord] = (),
    *,
    limit: int = NO_PRICE,
    received_s: int = 10,
    **more: object,
) -> ChildRecord:
    """An order received at second 10; a market order unless it has a limit."""
    moment = seen(received_s * SECOND_NS, QUOTE)
    type_ = OrderType.MARKET if limit == NO_PRICE else OrderType.LIMIT
    fields = {"lots": lots, "limit_units": limit, "order_type": type_, **more}
    return child(moment, moment, fills, **fields)


def deal(after_s: int, price: int, lots: int, **more: object) -> FillRecord:
    """A fill so many seconds after receipt, by the same quote."""
    return fill((10 + after_s) * SECOND_NS, price, lots, QUOTE, **more)


def wish(side: Side, orders: Sequence[ChildRecord], **more: object) -> ParentRecord:
    """A held parent of some orders."""
    wanted = sum(one.lots for one in orders)
    fields = {"held": True, **more}
    return parent(side, wanted, seen(10 * SECOND_NS, QUOTE), orders, 1_002, **fields)  # type: ignore[arg-type]
