"""A step of the part of a parent that goes into an auction: its one order is sent, kept or taken back."""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from desk.execution.auction import AuctionData, AuctionRule
from desk.execution.child import Child, ChildAction
from desk.execution.children import pull_of
from desk.execution.parent import Parent
from desk.orders import Order
from market.codes import OrderType, Side
from market.touch import Touch

_NEW: Final = ChildAction.NEW


def auction_step(
    rule: AuctionRule,
    data: AuctionData,
    parent: Parent,
    *,
    side: Side,
    missing_lots: int,
    room_lots: int,
    order_lots_max: int,
    touch: Touch,
    live: Sequence[Order],
    may_send: bool,
) -> Child | None:
    """What has to become of the auction's part.

    Args:
        rule: How.
        data: Of the parent's plan.
        parent: What is worked.
        side: Of all its orders.
        missing_lots: From its position to the target, without a sign.
        room_lots: What the gate leaves; where it is too little for the whole parent, the auction gets
            its share of it.
        order_lots_max: Largest order.
        touch: Best prices of others.
        live: Its order, if it has left and not ended.
        may_send: Whether a new order may leave now.
    """
    for order in live:
        if order.open_lots > missing_lots and not order.cancel_sent:  # the target has moved
            return pull_of(order, parent.parent_id)
    if live or data.order_id or data.lots < 1 or not may_send:
        return None
    lots = min(data.lots, missing_lots, order_lots_max)
    if room_lots < missing_lots:
        lots = min(lots, room_lots * data.lots // missing_lots)
    if lots < 1:
        return None
    far_ticks = touch.ask_ticks if side is Side.BUY else touch.bid_ticks
    ticks = rule.limit_ticks
    return Child(
        _NEW,
        parent.strategy,
        parent.book_id,
        0,
        side,
        0 if ticks is UNSET else far_ticks + side.sign * ticks,
        lots,
        OrderType.MARKET if ticks is UNSET else OrderType.LIMIT,
        rule.tif,
        False,
        parent.parent_id,
    )
