"""Children: what execution proposes, before the limits have looked at it and orders have named it."""

from enum import IntEnum

import msgspec

from market.codes import OrderType, Side, TimeInForce


class ChildAction(IntEnum):
    """What to do with an order."""

    NEW = 1
    MOVE = 2
    PULL = 3


class Child(msgspec.Struct, frozen=True, gc=False):
    """One proposal. `order_id` is 0 for a new order; a pull has no price and no quantity.

    With `ask_again` it is so much of what the market trades that the gate should look once more.
    """

    action: ChildAction
    strategy: int
    book_id: int
    order_id: int
    side: Side
    price_ticks: int
    qty_lots: int
    order_type: OrderType
    tif: TimeInForce
    post_only: bool
    parent_id: int
    ask_again: bool = False
