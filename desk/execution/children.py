"""Making children: new orders, moves and pulls in the words of `child`."""

from typing import Final

from desk.execution.child import Child, ChildAction
from desk.execution.parent import Parent
from desk.orders import Order
from market.codes import OrderType, Side, TimeInForce

# Enum attributes cost a look-up each; the hot path has plain names.
_NEW: Final = ChildAction.NEW
_MOVE: Final = ChildAction.MOVE
_PULL: Final = ChildAction.PULL
_LIMIT: Final = OrderType.LIMIT


def new_of(
    parent: Parent,
    side: Side,
    price_ticks: int,
    qty_lots: int,
    tif: TimeInForce,
    *,
    post_only: bool,
) -> Child:
    """A new limit order of a parent."""
    return Child(
        _NEW,
        parent.strategy,
        parent.book_id,
        0,
        side,
        price_ticks,
        qty_lots,
        _LIMIT,
        tif,
        post_only,
        parent.parent_id,
    )


def move_of(order: Order, price_ticks: int, qty_lots: int, parent_id: int) -> Child:
    """An order's new price and open quantity."""
    return Child(
        _MOVE,
        order.strategy,
        order.book_id,
        order.order_id,
        order.side,
        price_ticks,
        qty_lots,
        order.order_type,
        order.tif,
        order.post_only,
        parent_id,
    )


def pull_of(order: Order, parent_id: int) -> Child:
    """An order's end."""
    return Child(
        _PULL,
        order.strategy,
        order.book_id,
        order.order_id,
        order.side,
        0,
        0,
        order.order_type,
        order.tif,
        order.post_only,
        parent_id,
    )
