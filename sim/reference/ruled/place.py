"""An own order is placed: it arrives, rests or lies dormant, as its type and the phase say."""

from market.codes import OrderType, Phase
from sim.reference.ruled.arrive import arrive
from sim.reference.ruled.orders import RuledOrder
from sim.reference.ruled.pegs import effective_x2, peg_reference
from sim.reference.ruled.rest import is_parked, lie_dormant, rest
from sim.reference.ruled.state import RuledState

AT_LAST = (OrderType.LIMIT, OrderType.MARKET)


def place(state: RuledState, order: RuledOrder) -> None:
    """An order in no place, with all that it has in `live`, takes its place."""
    if order.is_stop:
        order.trigger_x2 = first_trigger_x2(state, order)
        lie_dormant(state, order)
    elif is_parked(state, order):
        lie_dormant(state, order)
    elif order.is_peg:
        place_peg(state, order, peg_reference(state))
    elif arrives(state, order):
        arrive(state, order)
    else:
        rest(state, order)


def arrives(state: RuledState, order: RuledOrder) -> bool:
    """Whether an order that is neither a stop nor parked nor a peg meets the book now."""
    if state.phase == Phase.TRADE_AT_LAST:
        return order.order_type in AT_LAST
    return state.trading


def place_peg(state: RuledState, order: RuledOrder, reference: tuple[int, int] | None) -> None:
    """A peg arrives at its effective price; it sleeps without one, or while nothing matches."""
    price_x2 = effective_x2(order, reference) if state.trading else None
    if price_x2 is None:
        lie_dormant(state, order)
    else:
        order.price_x2 = price_x2
        arrive(state, order)


def first_trigger_x2(state: RuledState, order: RuledOrder) -> int:
    """Where a stop triggers, in half ticks."""
    if order.order_type != OrderType.TRAILING_STOP:
        return 2 * order.stop_ticks
    assert state.reference_x2 is not None
    return state.reference_x2 + 2 * order.side.sign * order.trail_ticks
