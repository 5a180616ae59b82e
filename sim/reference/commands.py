"""What we do to a book: submit, cancel, replace, and what becomes of our orders on a resume.

Model: an arriving order of ours takes the best price first and the oldest order first; what is left
rests, expires, or waits in the market queue while the book does not trade.
"""

from typing import Final, TypeAlias

from market.codes import Kind, Liquidity, Phase, Reason, ReportType, Side, TimeInForce
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from sim.reference import queue_position
from sim.reference.state import Order, Sort, State

Refusal: TypeAlias = tuple[Reason, int]
"""Why a command is refused, and the figure that decided it: a bound, a phase, a price or lots."""

GRANTED: Final[Refusal] = (Reason.NONE, 0)


def own_order(
    order_id: int, side: Side, price_ticks: int, qty: int, *, post_only: bool, is_market: bool
) -> Order:
    """A new order of ours; the price of a market order is reported as 0."""
    price = 0 if is_market else price_ticks
    return Order(Sort.OWN, order_id, side, price, qty, -1, post_only=post_only, is_market=is_market)


def submit(state: State, order: Order, tif: TimeInForce) -> None:
    """An order of ours arrives, with all of its quantity in `live`."""
    assert order.number not in state.own
    reason, figure = refusal(state, order, tif)
    if reason != Reason.NONE:
        state.report(ReportType.REJECTED, order, order.live, 0, reason, figure)
        return
    state.report(ReportType.ACCEPTED, order, order.live, order.live)
    if state.phase != Phase.CONTINUOUS:
        rest(state, order)
        return
    match(state, order)
    if order.is_market:
        expire(state, order, Reason.NO_LIQUIDITY)
    elif tif == TimeInForce.GTC:
        rest(state, order)
    else:
        expire(state, order, Reason.IOC_REMAINDER)


def refusal(state: State, order: Order, tif: TimeInForce) -> Refusal:
    """Why a new order is rejected: the first check that fails, and the figure that decided it."""
    trading = state.phase == Phase.CONTINUOUS
    if not 1 <= order.live <= QTY_LOTS_MAX:
        return Reason.BAD_QTY, QTY_LOTS_MAX
    if abs(order.price_ticks) > PRICE_TICKS_MAX:
        return Reason.BAD_PRICE, PRICE_TICKS_MAX
    if order.post_only and (order.is_market or tif != TimeInForce.GTC):
        return Reason.BAD_FLAGS, 0
    if state.phase == Phase.CLOSED:
        return Reason.CLOSED, int(state.phase)
    if not trading and tif != TimeInForce.GTC:
        return Reason.HALTED, int(state.phase)
    if trading and order.post_only and state.crosses_best(order):
        return Reason.WOULD_CROSS, state.prices(order.side.other)[0]
    if trading and tif == TimeInForce.FOK:
        available = sum(resting.live for resting in state.crossed_by(order))
        if available < order.live:
            return Reason.NOT_FILLABLE, available
    return GRANTED


def match(state: State, order: Order) -> None:
    """An order of ours, in no queue, takes what it crosses."""
    for resting in state.crossed_by(order):
        lots = min(order.live, resting.live)
        if lots > 0:
            state.hit(resting, lots)
            order.live -= lots
            state.report_fill(order, resting.price_ticks, lots, Liquidity.TAKER)


def rest(state: State, order: Order) -> None:
    """What is left of an order of ours goes to the back of its queue."""
    if order.live == 0:
        return
    state.own[order.number] = order
    if order.is_market:
        state.market_queue[order.side].append(order)
        return
    queue_position.begin(state, order)
    state.join(order)
    if not state.frozen:
        state.publish(Kind.ADD, order, order.live)


def expire(state: State, order: Order, reason: Reason) -> None:
    """What is left of an order of ours ends."""
    if order.live > 0:
        state.report(ReportType.EXPIRED, order, order.live, 0, reason)


def take_out(state: State, order: Order) -> None:
    """A resting order of ours leaves its queue, with its quantity."""
    del state.own[order.number]
    if order.is_market:
        state.market_queue[order.side].remove(order)
        return
    state.leave(order)
    if not state.frozen:
        state.publish(Kind.DELETE, order, order.live)


def cancel(state: State, order_id: int) -> None:
    """We withdraw an order."""
    order = state.own.get(order_id)
    if order is None:
        unknown = own_order(order_id, Side.BUY, 0, 0, post_only=False, is_market=False)
        state.report(ReportType.CANCEL_REJECTED, unknown, 0, 0, Reason.UNKNOWN_ORDER)
        return
    take_out(state, order)
    state.report(ReportType.CANCELLED, order, order.live, 0)


def replace(state: State, order_id: int, price_ticks: int, qty: int) -> None:
    """We give an order a new price and a new open quantity."""
    old = state.own.get(order_id)
    # Only limit orders get past the checks; a refusal names the price that was asked for.
    new = own_order(
        order_id,
        old.side if old else Side.BUY,
        price_ticks,
        qty,
        post_only=old is not None and old.post_only,
        is_market=False,
    )
    reason, figure = replace_refusal(state, old, new)
    if old is None or reason != Reason.NONE:
        open_lots = old.live if old else 0
        state.report(ReportType.REPLACE_REJECTED, new, qty, open_lots, reason, figure)
        return
    state.report(ReportType.REPLACED, new, qty, qty)
    if price_ticks == old.price_ticks and qty <= old.live:
        old.live = qty
        if not state.frozen:
            state.publish(Kind.REPLACE, old, qty)
        return
    take_out(state, old)
    if state.phase == Phase.CONTINUOUS:
        match(state, new)
    rest(state, new)


def replace_refusal(state: State, old: Order | None, new: Order) -> Refusal:
    """Why a replacement is rejected: the first check that fails, and its figure."""
    if old is None:
        return Reason.UNKNOWN_ORDER, 0
    if not 1 <= new.live <= QTY_LOTS_MAX:
        return Reason.BAD_QTY, QTY_LOTS_MAX
    if abs(new.price_ticks) > PRICE_TICKS_MAX:
        return Reason.BAD_PRICE, PRICE_TICKS_MAX
    if state.phase == Phase.CLOSED:
        return Reason.CLOSED, int(state.phase)
    if old.is_market:
        return Reason.BAD_FLAGS, 0
    changed = new.price_ticks != old.price_ticks
    trading = state.phase == Phase.CONTINUOUS
    if trading and old.post_only and changed and state.crosses_best(new):
        return Reason.WOULD_CROSS, state.prices(new.side.other)[0]
    return GRANTED


def resume(state: State) -> None:
    """The sweep on the change to CONTINUOUS: market orders, then crossing limit orders."""
    assert state.phase == Phase.CONTINUOUS
    for side in Side:
        while state.market_queue[side]:
            order = state.market_queue[side][0]
            take_out(state, order)
            match(state, order)
            expire(state, order, Reason.NO_LIQUIDITY)
    for side in Side:
        while sweep_best_own(state, side):
            pass


def sweep_best_own(state: State, side: Side) -> bool:
    """Execute the best-priced own order of a side if it crosses; says whether anything traded."""
    order = next((each for each in state.orders(side) if each.is_own), None)
    if order is None or not state.crosses_best(order):
        return False
    open_lots = order.live
    take_out(state, order)
    match(state, order)
    rest(state, order)
    return order.live < open_lots
