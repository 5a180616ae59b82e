"""Calls: orders gather, one price is found for all of them, and what must not go on ends.

Model: `uncross` hands every order of the book to `run_auction`, which knows prices and fills; here
the fills happen, and orders that were for the call alone expire. Frozen, history's own auction is
all that fills anybody: the CROSS row says at which price.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from market.codes import Kind, Liquidity, OrderType, Phase, Reason, Side, TimeInForce
from market.messages import NO_PRICE
from sim.reference.row import Row
from sim.reference.ruled.hits import fill
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.ruled.rest import end, join_parked, rest, set_phase, take_out
from sim.reference.ruled.resume import resume
from sim.reference.ruled.state import Crossed, RuledState
from sim.reference.state import Order
from sim.venue_rules import AuctionOrder, AuctionResult, Terms, run_auction
from sim.venue_rules.auction_order import Print
from sim.venue_rules.auction_policy import Decided

CALLS: Final = tuple(phase for phase in Phase if phase.is_call)


class Crossing(IntEnum):
    """What came of a call: nothing, a price, or a price outside the band, so that it goes on."""

    NOTHING = 0
    PRINTED = 1
    EXTENDED = 2


def change_phase(state: RuledState, phase: Phase) -> None:
    """A call that ends is crossed, the phase is set, and trading begins with a sweep."""
    before = state.phase
    ends_call = before.is_call and phase != Phase.HALT and not state.crossed
    if ends_call and uncross(state, next_is_call=phase.is_call) == Crossing.EXTENDED:
        phase = Phase.VOLATILITY_CALL
    set_phase(state, phase)
    if phase == Phase.CONTINUOUS and before != Phase.CONTINUOUS:
        end_auction_orders(state)
        resume(state)


def in_the_call(state: RuledState) -> list[Order]:
    """All that take part in a call, in its order."""
    orders: list[Order] = []
    for side in Side:
        orders += state.waiting[side]
        orders += [order for order in state.orders(side) if order.live > 0]
        orders += [order for order in state.dark[side] if not state.isolated(order)]
    return orders


def uncross(state: RuledState, *, next_is_call: bool) -> Crossing:
    """Find the price of the call, fill, and let expire what is over."""
    orders = in_the_call(state)
    crossing, print_ticks = Crossing.NOTHING, None
    if not state.frozen:
        result = find(state, orders)
        if result.found.decided == Decided.OUTSIDE_BAND and state.rules.call_extends:
            return Crossing.EXTENDED
        print_ticks = result.found.price_ticks
        if print_ticks is not None:
            crossing = Crossing.PRINTED
            fill_all(state, orders, result)
    state.crossed = Crossed.NOT if state.frozen else Crossed.BY_US
    for order in orders:
        if isinstance(order, RuledOrder) and order.for_auction and order.place != Place.NOWHERE:
            end(state, order, Reason.AUCTION_OVER)
    for side in Side:
        for order in list(state.waiting[side]):
            leave_the_call(state, order, print_ticks, next_is_call=next_is_call)
    return crossing


def find(state: RuledState, orders: Sequence[Order]) -> AuctionResult:
    """The print and its fills."""
    bounded = state.band != (NO_PRICE, -NO_PRICE)
    terms = Terms(reference_x2_ticks=state.reference_x2, band_ticks=state.band if bounded else None)
    asked = [as_asked(order, seq) for seq, order in enumerate(orders)]
    return run_auction(asked, state.rules.auction, terms)


def indicate(state: RuledState) -> None:
    """Publish the price in ticks, the lots and the surplus of the call as it is; NO_PRICE for none."""
    found = Print() if state.frozen else find(state, in_the_call(state)).found
    price = NO_PRICE if found.price_ticks is None else found.price_ticks
    state.publish_indication(price, found.executed_lots, found.surplus_lots)


def as_asked(order: Order, seq: int) -> AuctionOrder:
    """An order as an auction sees it."""
    if not isinstance(order, RuledOrder):
        return AuctionOrder(
            side=order.side, qty_lots=order.live, price_ticks=order.price_ticks, seq=seq
        )
    price: int | None = order.price_ticks
    hidden = order.reserve
    if order.place == Place.MARKET:
        price = None
    elif order.place == Place.DARK:
        price = passive_ticks(order)
        hidden = order.live
    return AuctionOrder(
        side=order.side,
        qty_lots=order.open_lots,
        price_ticks=price,
        hidden_lots=hidden,
        seq=seq,
        min_qty_lots=order.min_lots,
        strike_ticks=order.stop_ticks if order.order_type == OrderType.STRIKE_MATCH else None,
    )


def passive_ticks(order: RuledOrder) -> int:
    """A price in half ticks as ticks, towards the passive side."""
    return order.price_x2 >> 1 if order.side == Side.BUY else (order.price_x2 + 1) >> 1


def fill_all(state: RuledState, orders: Sequence[Order], result: AuctionResult) -> None:
    """The print and what it does to everybody."""
    price = result.found.price_ticks
    assert price is not None
    units, lots = price * state.tick_units, result.found.executed_lots
    state.publish_plain(Kind.CROSS, price=units, qty=lots)
    state.note_trade(price)
    for order, filled in zip(orders, result.fills_lots, strict=True):
        if filled > 0:
            fill(state, order, filled, 2 * price, Liquidity.AUCTION)


def leave_the_call(
    state: RuledState, order: RuledOrder, print_ticks: int | None, *, next_is_call: bool
) -> None:
    """What becomes of an order that is left in the market queue."""
    if print_ticks is not None and order.order_type == OrderType.MARKET_TO_LIMIT:
        take_out(state, order)
        order.order_type = OrderType.LIMIT
        order.set_limit(print_ticks)
        rest(state, order)
        return
    waits = state.rules.market_after_call or (print_ticks is None and next_is_call)
    if not waits:
        end(state, order, Reason.NO_LIQUIDITY)


# History's own auctions.


def cross_row(state: RuledState, row: Row) -> None:
    """A CROSS row; outside a call, some make one for that moment."""
    named = named_call(row)
    makes = state.phase in (Phase.PRE_OPEN, Phase.HALT) or (state.trading and named is not None)
    if makes:
        join_parked(state, [each for each in state.dormant if joins(state, each, named)])
    printed = False
    if makes or state.phase.is_call:
        if state.frozen or state.trading:
            for side in Side:
                fill_at_row(state, side, row)
        elif not state.crossed:
            printed = cross_ours(state)
    if not printed:
        state.publish_plain(Kind.CROSS, side=row.side, price=row.price, qty=row.qty)
        state.note_print(row.price)
    if makes:
        end_auction_orders(state)


def named_call(row: Row) -> Phase | None:
    """The call that a row names as the one that it ends."""
    phase = -1 - row.handle
    return Phase(phase) if phase in CALLS else None


def joins(state: RuledState, order: RuledOrder, named: Phase | None) -> bool:
    """Whether a parked order is for the call that a row makes."""
    if order.tif == TimeInForce.AT_OPEN:
        return state.phase == Phase.PRE_OPEN or named == Phase.OPENING_CALL
    return order.tif != TimeInForce.AT_CLOSE or named == Phase.CLOSING_CALL


def cross_ours(state: RuledState) -> bool:
    """Reactive, our own auction takes the place of history's, if we are in it; did it print?"""
    if not any(order.special for order in in_the_call(state)):
        state.crossed = Crossed.BY_HISTORY
        return False
    return uncross(state, next_is_call=True) == Crossing.PRINTED


def end_auction_orders(state: RuledState) -> None:
    """Orders that are in a queue for a call only are over."""
    for order in in_the_call(state):
        if isinstance(order, RuledOrder) and order.for_auction:
            end(state, order, Reason.AUCTION_OVER)


def fill_at_row(state: RuledState, side: Side, row: Row) -> None:
    """Frozen, orders of ours that are better than history's print fill at it."""
    price_x2 = 2 * row.price // state.tick_units
    left = row.qty
    for order in by_precedence(state, side):
        lots = min(left, order.open_lots)
        if lots > 0 and order.min_lots <= left and is_better(state, order, row.price):
            left -= lots
            state.note_trade_x2(price_x2)
            fill(state, order, lots, price_x2, Liquidity.AUCTION)


def by_precedence(state: RuledState, side: Side) -> list[RuledOrder]:
    """Our orders of a side as a call fills them: market orders, then by price, displayed first."""
    shown = [order for order in state.orders(side) if isinstance(order, RuledOrder)]
    dark = [order for order in state.dark[side] if not state.isolated(order)]
    priced = sorted([*shown, *dark], key=lambda order: order.key_x2)
    return [*state.waiting[side], *priced]


def is_better(state: RuledState, order: RuledOrder, price_units: int) -> bool:
    """Whether a price in units is one at which an order takes part in history's auction."""
    sign = order.side.sign
    if order.order_type == OrderType.STRIKE_MATCH:
        return sign * (price_units - order.stop_ticks * state.tick_units) >= 0
    if order.place == Place.MARKET:
        return True
    return sign * (order.price_x2 * state.tick_units - 2 * price_units) > 0


def executed_in_call(state: RuledState, row: Row) -> None:
    """An EXECUTE row after our own uncrossing: history's share of it, of which ours is a part."""
    order = state.history[row.handle]
    order.tape -= row.qty
    taken = order.live - min(order.live, order.tape)
    if taken > 0:
        order.live -= taken
        if order.live == 0:
            state.leave(order)
        state.publish(Kind.REDUCE, order, taken)
    if order.tape == 0:
        del state.history[row.handle]
