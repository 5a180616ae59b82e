"""Why an order whose numbers are right is refused at this moment, and prices that move before.

Model: phase and band first, then what the book holds. The checks stand in the order of
docs/explanation/venue-rules.md, and the first that fails is the answer, with the figure that
decided it.
"""

from typing import Final

from market.codes import BandAction, OrderType, Phase, PostOnly, Reason, Side, TimeInForce
from market.messages import NO_PRICE
from sim.reference.commands import GRANTED, Refusal
from sim.reference.ruled.candidates import arrival_of, far_end, fillable
from sim.reference.ruled.orders import CANNOT_WAIT, PEGS, RuledOrder
from sim.reference.ruled.pegs import effective_x2, peg_reference
from sim.reference.ruled.state import RuledState
from sim.reference.ruled.terms import Ticket

PRE_OPENING: Final = (Phase.PRE_OPEN, Phase.OPENING_CALL, Phase.CONTINUOUS)


def not_now(state: RuledState, ticket: Ticket) -> Refusal:
    """Checks 6 to 9: phase and band."""
    phase = state.phase
    if phase == Phase.CLOSED:
        return Reason.CLOSED, int(phase)
    if ticket.tif == TimeInForce.AT_OPEN and phase not in PRE_OPENING:
        return Reason.NOT_IN_PHASE, int(phase)
    trades = state.trading or (phase == Phase.TRADE_AT_LAST and ticket.order_type not in PEGS)
    if ticket.tif in CANNOT_WAIT and not trades:
        return Reason.HALTED, int(phase)
    return out_of_band(state, ticket.limit_ticks)


def out_of_band(state: RuledState, limit_ticks: int) -> Refusal:
    """A band that refuses names the bound that a limit breaks."""
    if state.rules.band_action == BandAction.REJECT and limit_ticks != NO_PRICE:
        low, high = state.band
        if limit_ticks < low:
            return Reason.OUTSIDE_BAND, low
        if limit_ticks > high:
            return Reason.OUTSIDE_BAND, high
    return GRANTED


def not_so(state: RuledState, order: RuledOrder) -> Refusal:
    """Checks 10 to 15: what the book holds; the order's limit is clamped already."""
    trading = state.trading
    if order.is_stop:
        return bad_stop(state, order)
    if trading and order.order_type == OrderType.MARKET_TO_LIMIT:
        other = order.side.other
        if state.best(other) is None or state.waiting[other]:
            return Reason.NO_OPPOSITE_LIMIT, 0
    if order.is_peg and order.tif in CANNOT_WAIT:
        price_x2 = effective_x2(order, peg_reference(state))
        if price_x2 is None:
            return Reason.NO_REFERENCE, 0
        order.price_x2 = price_x2
    if trading and order.post == PostOnly.REJECT and crosses(state, order.side, order.limit_ticks):
        best = state.best(order.side.other)
        assert best is not None
        return Reason.WOULD_CROSS, best
    return too_little(state, order)


def bad_stop(state: RuledState, order: RuledOrder) -> Refusal:
    """A stop that has its trigger behind it, or nothing to trail."""
    reference = state.reference_x2
    if order.order_type == OrderType.TRAILING_STOP:
        return (Reason.BAD_STOP, 0) if reference is None else GRANTED
    if reference is None or not state.trading:
        return GRANTED
    if order.side.sign * (2 * order.stop_ticks - reference) <= 0:
        return Reason.BAD_STOP, reference >> 1
    return GRANTED


def too_little(state: RuledState, order: RuledOrder) -> Refusal:
    """An order that cannot wait would not get what it needs."""
    least = order.live if order.tif == TimeInForce.FOK else order.min_lots
    if order.tif not in CANNOT_WAIT or least == 0:
        return GRANTED
    arrival = arrival_of(state, order)
    found = 0 if arrival is None else fillable(state, arrival)
    if found >= least:
        return GRANTED
    return (Reason.NOT_FILLABLE if order.tif == TimeInForce.FOK else Reason.BELOW_MINIMUM), found


# Prices that move before an order is accepted.


def crosses(state: RuledState, side: Side, price_ticks: int) -> bool:
    """Whether a price crosses the best displayed level of the other side."""
    best = state.best(side.other)
    return best is not None and side.sign * (price_ticks - best) >= 0


def clamped(state: RuledState, order: RuledOrder, price_ticks: int) -> int:
    """A limit, moved inside the band where a venue does that with limit orders."""
    if state.rules.band_action != BandAction.CLAMP or order.order_type != OrderType.LIMIT:
        return price_ticks
    end = far_end(state, order)
    if end is None or order.side.sign * (price_ticks - end) <= 0:
        return price_ticks
    return end


def slid(state: RuledState, order: RuledOrder, price_ticks: int) -> int:
    """A limit that would cross, one tick behind what it would cross, where the order asks for it."""
    slides = order.post == PostOnly.SLIDE and state.trading
    if not slides or not crosses(state, order.side, price_ticks):
        return price_ticks
    best = state.best(order.side.other)
    assert best is not None
    return best - order.side.sign
