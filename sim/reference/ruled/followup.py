"""What trades and moved prices set off: stops trigger, pegs move, until nothing changes.

Model: stops look at all that traded since they last looked; when what they do trades, they look
again. Pegs then go to where their reference puts them. A round of pegs may trade, so stops come
again; four rounds in one follow-up are the most.
"""

from typing import Final

from market.codes import OrderType, ReportType, Side, TimeInForce
from market.messages import NO_PRICE
from sim.reference.ruled.orders import RuledOrder
from sim.reference.ruled.pegs import effective_x2, peg_reference, price_now_x2
from sim.reference.ruled.place import place, place_peg
from sim.reference.ruled.rest import take_out
from sim.reference.ruled.state import RuledState

ROUNDS_MAX: Final = 4


def follow_up(state: RuledState) -> None:
    """Stops and pegs, after each row and each command."""
    rounds = 0
    while state.trading:
        trigger_stops(state)
        if rounds == ROUNDS_MAX or not move_pegs(state):
            return
        rounds += 1


def trigger_stops(state: RuledState) -> None:
    """Stops that trades have reached arrive, and those that this reaches, and so on."""
    while state.trading and state.window is not None:
        low_x2, high_x2, last_x2 = state.window
        state.window = None
        stops = [order for order in state.dormant if order.is_stop]
        reached = [order for order in stops if is_reached(order, low_x2, high_x2)]
        for order in stops:
            if order not in reached and order.order_type == OrderType.TRAILING_STOP:
                trail(order, last_x2)
        for order in reached:
            trigger(state, order)


def is_reached(order: RuledOrder, low_x2: int, high_x2: int) -> bool:
    """Whether prices between these two trigger a stop."""
    if order.side == Side.BUY:
        return order.trigger_x2 <= high_x2
    return order.trigger_x2 >= low_x2


def trail(order: RuledOrder, last_x2: int) -> None:
    """A trailing stop follows the last price, never away from it."""
    if order.side == Side.BUY:
        order.trigger_x2 = min(order.trigger_x2, last_x2 + 2 * order.trail_ticks)
    else:
        order.trigger_x2 = max(order.trigger_x2, last_x2 - 2 * order.trail_ticks)


def trigger(state: RuledState, order: RuledOrder) -> None:
    """A stop becomes what it is a stop for."""
    take_out(state, order)
    state.report(ReportType.TRIGGERED, order, order.live, order.live)
    if order.order_type == OrderType.STOP_LIMIT:
        order.order_type = OrderType.LIMIT
    else:
        order.order_type = OrderType.MARKET
        order.tif = TimeInForce.IOC
    place(state, order)


def move_pegs(state: RuledState) -> bool:
    """One look at what pegs follow; says whether any moved."""
    # A stop may just have interrupted the book.
    if not state.pegs or not state.trading:
        return False
    reference = peg_reference(state)
    state.looked = reference
    moving = [
        order
        for order in state.pegs.values()
        if effective_x2(order, reference) != price_now_x2(order)
    ]
    moving.sort(key=entry)
    for order in moving:
        take_out(state, order)
    for order in moving:
        place_peg(state, order, reference)
    return bool(moving)


def entry(order: RuledOrder) -> int:
    """Its number among those that entered."""
    return order.entry


def looked_words(state: RuledState) -> tuple[int, int]:
    """The bid and ask of the last look, NO_PRICE for none."""
    return state.looked or (NO_PRICE, NO_PRICE)
