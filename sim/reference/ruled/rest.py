"""Where an own order goes when it does not trade, and how it gets out of there.

Model: an order that waits is displayed, dark, in the market queue or dormant; `place_of_rest` says
which of the first three is its own. Whoever is taken out has all that it had open in `live` again.
"""

from collections.abc import Iterable

from market.codes import Kind, OrderType, Phase, Reason, TimeInForce
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.ruled.state import Crossed, RuledState

MARKETS = (OrderType.MARKET, OrderType.MARKET_TO_LIMIT, OrderType.STRIKE_MATCH)


def place_of_rest(order: RuledOrder) -> Place:
    """In which queue an order waits that is neither a stop nor parked nor asleep."""
    if order.order_type in MARKETS:
        return Place.MARKET
    if order.hidden or order.min_lots > 0 or order.is_midpoint:
        return Place.DARK
    return Place.DISPLAYED


def rest(state: RuledState, order: RuledOrder) -> None:
    """An order in no place goes to the back of its queue."""
    assert order.live > 0
    order.cut_minimum()
    place = place_of_rest(order)
    state.enrol(order, place)
    if place == Place.MARKET:
        state.waiting[order.side].append(order)
    elif place == Place.DARK:
        state.join_dark(order)
    else:
        show(state, order)


def show(state: RuledState, order: RuledOrder) -> None:
    """An order is displayed, an iceberg by its peak."""
    if order.is_peg:
        state.number_entry(order)
    order.price_ticks = order.price_x2 // 2
    order.reserve = order.live
    order.take_peak(state.rules.peak_key, order.took)
    state.join(order)
    if not state.frozen:
        state.publish(Kind.ADD, order, order.live)


def lie_dormant(state: RuledState, order: RuledOrder) -> None:
    """An order in no place joins the dormant list."""
    state.number_entry(order)
    state.enrol(order, Place.DORMANT)
    state.dormant.append(order)


def take_out(state: RuledState, order: RuledOrder) -> None:
    """An order leaves its place with all that it has; published if it was displayed."""
    was_displayed = order.place == Place.DISPLAYED
    state.withdraw(order)
    if was_displayed and not state.frozen:
        state.publish(Kind.DELETE, order, order.live)
    order.live += order.reserve
    order.reserve = 0
    order.took = 0


def end(state: RuledState, order: RuledOrder, reason: Reason) -> None:
    """An order leaves its place and expires."""
    take_out(state, order)
    state.expire(order, reason)


def shrink(order: RuledOrder, open_lots: int) -> None:
    """An order keeps its place with less; of an iceberg the reserve goes first."""
    cut = order.open_lots - open_lots
    assert 0 <= cut < order.open_lots
    behind = min(cut, order.reserve)
    order.reserve -= behind
    order.live -= cut - behind
    order.cut_minimum()


def is_parked(state: RuledState, order: RuledOrder) -> bool:
    """Whether an order is for a call that is not on."""
    if order.tif == TimeInForce.AT_OPEN:
        return state.phase != Phase.OPENING_CALL
    if order.tif == TimeInForce.AT_CLOSE:
        return state.phase != Phase.CLOSING_CALL
    return order.tif == TimeInForce.AUCTION and not state.phase.is_call


def set_phase(state: RuledState, phase: Phase) -> None:
    """The phase is set and published; a call is joined by the orders that were parked for it."""
    state.phase = phase
    state.crossed = Crossed.NOT
    state.publish_plain(Kind.PHASE, qty=phase)
    if phase.is_call:
        join_parked(state, [order for order in state.dormant if not is_parked(state, order)])


def join_parked(state: RuledState, orders: Iterable[RuledOrder]) -> None:
    """Of these orders, in order of entry, those rest that are for a call only."""
    for order in list(orders):
        if order.for_auction:
            take_out(state, order)
            rest(state, order)
