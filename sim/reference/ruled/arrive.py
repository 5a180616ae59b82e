"""An own order arrives: it trades as long as it may, and what is left is settled.

Model: one candidate after the other, each looked for in the book as it is then. The band stops a
match before the first trade outside it; the book is then interrupted and goes into a call.

Invariants:
1. What an arriving order with a minimum trades is nothing, or at least its minimum.
2. A fill-or-kill order trades in full or not at all.
"""

from market.codes import Liquidity, OrderType, Phase, Reason, TimeInForce
from sim.reference.ruled import rest
from sim.reference.ruled.candidates import (
    Arrival,
    Candidate,
    arrival_of,
    far_end,
    fillable,
    interrupts,
    next_candidate,
    prevents,
)
from sim.reference.ruled.hits import hit
from sim.reference.ruled.isolated import shares
from sim.reference.ruled.orders import CANNOT_WAIT, Place, RuledOrder
from sim.reference.ruled.selftrade import prevent
from sim.reference.ruled.state import RuledState
from sim.reference.state import Order
from sim.venue_rules import Resting, allocate
from sim.venue_rules.book_rules import Matching


def arrive(state: RuledState, order: RuledOrder) -> None:
    """An order in no place, with all that it has in `live`, meets the book."""
    if order.order_type == OrderType.MARKET_TO_LIMIT and not take_price(state, order):
        state.expire(order, Reason.NO_OPPOSITE_LIMIT)
        return
    arrival = arrival_of(state, order)
    if arrival is not None and has_enough(state, arrival):
        if state.isolated(order):
            for resting, lots in shares(state, order):
                trade(state, order, resting, lots, resting.price_x2)
        else:
            match(state, arrival)
    settle(state, order, from_band=arrival is not None and arrival.from_band)


def take_price(state: RuledState, order: RuledOrder) -> bool:
    """A market-to-limit order becomes a limit order; False when nothing says at which price."""
    best = state.best(order.side.other)
    if best is None:
        return False
    end = far_end(state, order)
    if end is not None and order.side.sign * (best - end) > 0:
        best = end
    order.order_type = OrderType.LIMIT
    order.set_limit(best)
    return True


def has_enough(state: RuledState, arrival: Arrival) -> bool:
    """Whether the arriving order would trade as much as it must."""
    order = arrival.order
    least = order.live if order.tif == TimeInForce.FOK else order.min_lots
    return least == 0 or fillable(state, arrival) >= least


def match(state: RuledState, arrival: Arrival) -> None:
    """Trade with one candidate after the other."""
    order = arrival.order
    while order.live > 0:
        found = next_candidate(state, arrival)
        if found is None:
            return
        if interrupts(state, arrival, found.price_x2):
            state.interrupted = True
            return
        if found.place == Place.DISPLAYED and state.rules.matching == Matching.SHARED:
            share(state, order, found)
        elif prevents(order, found.order):
            assert isinstance(found.order, RuledOrder)
            prevent(state, order, found.order)
        else:
            has = found.order.live
            trade(state, order, found.order, min(order.live, has), found.price_x2)


def trade(state: RuledState, order: RuledOrder, resting: Order, lots: int, price_x2: int) -> None:
    """The arriving order trades with a resting one, who hears of it first."""
    hit(state, resting, lots, price_x2)
    order.live -= lots
    order.took += lots
    state.report_fill(order, price_x2 >> 1, lots, Liquidity.TAKER, price_x2 & 1)


def share(state: RuledState, order: RuledOrder, found: Candidate) -> None:
    """A displayed level is shared among those that rest there."""
    level = found.order
    queue = state.levels[level.side][level.price_ticks]
    own = [each for each in queue if isinstance(each, RuledOrder) and prevents(order, each)]
    for mine in own:
        if order.live > 0:
            prevent(state, order, mine)
    if own:
        return
    top = state.tops[level.side].get(level.price_ticks)
    resting = [each for each in queue if each.live > 0]
    lots = min(order.live, sum(each.live for each in resting))
    policy = state.rules.allocation
    assert policy is not None
    fills = allocate(
        [Resting(qty_lots=each.live, is_top=each is top) for each in resting], lots, policy
    )
    left = lots - sum(fills)
    for each, given in zip(resting, fills, strict=True):
        more = min(left, each.live - given)
        left -= more
        if given + more > 0:
            trade(state, order, each, given + more, found.price_x2)


def settle(state: RuledState, order: RuledOrder, *, from_band: bool) -> None:
    """What an arriving order has left expires or rests; an interrupted book goes into its call.

    Args:
        state: The book.
        order: In no place.
        from_band: Whether only the band limited it.
    """
    if order.live > 0:
        reason = expiry(state, order, from_band=from_band)
        if reason == Reason.NONE:
            rest.rest(state, order)
        else:
            state.expire(order, reason)
    if state.interrupted:
        state.interrupted = False
        rest.set_phase(state, Phase.VOLATILITY_CALL)


def expiry(state: RuledState, order: RuledOrder, *, from_band: bool) -> Reason:
    """Why the rest of an arriving order expires, or NONE if it waits."""
    is_market = order.order_type == OrderType.MARKET
    if order.tif in CANNOT_WAIT:
        if state.interrupted:
            return Reason.OUTSIDE_BAND
        return Reason.NO_LIQUIDITY if is_market else Reason.IOC_REMAINDER
    waits = state.interrupted or state.rules.market_rests or state.phase == Phase.TRADE_AT_LAST
    if not is_market or waits:
        return Reason.NONE
    if from_band and state.best(order.side.other) is not None:
        return Reason.OUTSIDE_BAND
    return Reason.NO_LIQUIDITY
