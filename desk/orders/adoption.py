"""An order of ours that somebody else sent, as far as the venue can tell it."""

from desk.orders.order import Order
from desk.orders.table import OrderState
from market.succession import Adopted


def adopted(found: Adopted, strategy: int, now_ns: int) -> Order:
    """An order in doubt: all of it may still fill until its reports say less."""
    return Order(
        order_id=found.order_id,
        book_id=found.book_id,
        strategy=strategy,
        side=found.side,
        price_ticks=found.price_ticks,
        qty_lots=found.qty_lots,
        order_type=found.order_type,
        tif=found.tif,
        post_only=found.post_only,
        sent_ns=now_ns,
        changed_ns=now_ns,
        signal_id=0,
        permit_id=0,
        parent_id=0,
        open_lots=found.qty_lots,
        base_lots=found.qty_lots,
        fills={},
        state=OrderState.UNKNOWN,
    )
