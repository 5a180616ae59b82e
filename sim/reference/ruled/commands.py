"""What we do to a book with rules: submit, cancel, expire, replace.

Model: a command is refused with a reason and a figure, or granted and carried out at once; what it
sets off (stops, pegs) is the follow-up's affair.
"""

from market.codes import Kind, OrderType, Phase, PostOnly, Reason, ReportType
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.messages import NO_PRICE
from sim.reference.commands import GRANTED, Refusal
from sim.reference.ruled import checks
from sim.reference.ruled.orders import PRICED, Place, RuledOrder
from sim.reference.ruled.place import place
from sim.reference.ruled.rest import end, shrink, take_out
from sim.reference.ruled.state import RuledState
from sim.reference.ruled.terms import (
    PEAKS_MAX,
    Ticket,
    bad_numbers,
    bad_price,
    least_display,
)


def submit(state: RuledState, ticket: Ticket) -> None:
    """An order is refused, or accepted and placed."""
    assert ticket.order_id not in state.mine
    refusal = bad_numbers(ticket)
    if refusal == GRANTED:
        refusal = checks.not_now(state, ticket)
    order = None
    if refusal == GRANTED:
        order = ticket.order()
        order.set_limit(checks.clamped(state, order, order.limit_ticks))
        refusal = checks.not_so(state, order)
    reason, figure = refusal
    if order is None or reason != Reason.NONE:
        kind, price, qty = ReportType.REJECTED, ticket.limit_ticks, ticket.qty_lots
        state.answer(kind, ticket.order_id, price, qty, 0, reason, figure)
        return
    order.set_limit(checks.slid(state, order, order.limit_ticks))
    state.report(ReportType.ACCEPTED, order, order.live, order.live)
    place(state, order)


def cancel(state: RuledState, order_id: int) -> None:
    """We withdraw an order, wherever it is."""
    order = state.mine.get(order_id)
    if order is None:
        kind, reason = ReportType.CANCEL_REJECTED, Reason.UNKNOWN_ORDER
        state.answer(kind, order_id, NO_PRICE, 0, 0, reason, 0)
        return
    take_out(state, order)
    state.report(ReportType.CANCELLED, order, order.live, 0)


def expire(state: RuledState, order_id: int, reason: Reason) -> None:
    """The venue ends an order, if it is still there."""
    order = state.mine.get(order_id)
    if order is not None:
        end(state, order, reason)


# Replace.


def replace(state: RuledState, order_id: int, price_ticks: int, qty: int) -> None:
    """We give an order a new limit and a new open quantity."""
    order = state.mine.get(order_id)
    sent = price_ticks
    if order is not None and keeps_no_price(order):
        sent = price_ticks = NO_PRICE
    reason, figure = refusal_by_numbers(state, order, price_ticks, qty)
    if order is not None and reason == Reason.NONE:
        price_ticks = checks.clamped(state, order, price_ticks)
        reason, figure = refusal_by_book(state, order, price_ticks, qty)
    if order is None or reason != Reason.NONE:
        leaves = order.open_lots if order else 0
        kind = ReportType.REPLACE_REJECTED
        state.answer(kind, order_id, sent, qty, leaves, reason, figure)
        return
    if price_ticks != order.limit_ticks:
        price_ticks = checks.slid(state, order, price_ticks)
    state.answer(ReportType.REPLACED, order_id, price_ticks, qty, qty, Reason.NONE, 0)
    carry_out(state, order, price_ticks, qty)


def keeps_no_price(order: RuledOrder) -> bool:
    """Whether a new price means nothing to an order; one in the market queue is refused instead."""
    return order.place != Place.MARKET and order.order_type not in PRICED


def refusal_by_numbers(
    state: RuledState, order: RuledOrder | None, price_ticks: int, qty: int
) -> Refusal:
    """The first checks, which look at no price in the book."""
    if order is None:
        return Reason.UNKNOWN_ORDER, 0
    if not 1 <= qty <= QTY_LOTS_MAX:
        return Reason.BAD_QTY, QTY_LOTS_MAX
    waits = order.place == Place.MARKET
    if bad_price(OrderType.LIMIT if waits else order.order_type, price_ticks):
        return Reason.BAD_PRICE, PRICE_TICKS_MAX
    if state.phase == Phase.CLOSED:
        return Reason.CLOSED, int(state.phase)
    return (Reason.BAD_FLAGS, 0) if waits else GRANTED


def refusal_by_book(state: RuledState, order: RuledOrder, price_ticks: int, qty: int) -> Refusal:
    """The other checks; the price is clamped already."""
    changed = price_ticks != order.limit_ticks
    strict = order.post == PostOnly.REJECT and state.trading
    if strict and changed and checks.crosses(state, order.side, price_ticks):
        best = state.best(order.side.other)
        assert best is not None
        return Reason.WOULD_CROSS, best
    if order.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        refusal = checks.out_of_band(state, price_ticks)
        if refusal != GRANTED:
            return refusal
    if order.display > 0 and order.display * PEAKS_MAX < qty:
        return Reason.BAD_DISPLAY, least_display(qty)
    return GRANTED


def carry_out(state: RuledState, order: RuledOrder, price_ticks: int, qty: int) -> None:
    """A granted replacement happens."""
    stays = order.place == Place.DORMANT
    if price_ticks == order.limit_ticks and qty <= order.open_lots:
        stays = True
    if not stays:
        take_out(state, order)
        set_terms(order, price_ticks, qty)
        order.live = qty
        order.min_lots = qty if order.all_or_none else order.min_lots
        place(state, order)
    elif order.place == Place.DORMANT:
        set_terms(order, price_ticks, qty)
        order.live = qty
        order.cut_minimum()
    else:
        change_in_place(state, order, qty)


def set_terms(order: RuledOrder, price_ticks: int, qty: int) -> None:
    """What a replacement says of price and parts."""
    order.set_limit(price_ticks)
    order.display = min(order.display, qty)
    order.display_high = min(order.display_high, qty)
    order.min_lots = min(order.min_lots, qty)


def change_in_place(state: RuledState, order: RuledOrder, qty: int) -> None:
    """An order keeps its place with no more than it had."""
    peak = order.live
    if qty < order.open_lots:
        shrink(order, qty)
    set_terms(order, order.limit_ticks, qty)
    if order.place == Place.DISPLAYED and not state.frozen:
        if order.display > 0 and order.live == peak:
            return
        state.publish(Kind.REPLACE, order, order.live)
