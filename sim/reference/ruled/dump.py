"""A book with rules as integers: what every book says, then what the rules add."""

from market.codes import Side
from market.messages import NO_PRICE
from sim.reference.dump import numbers_of
from sim.reference.ruled.followup import looked_words
from sim.reference.ruled.orders import RuledOrder
from sim.reference.ruled.state import RuledState


def ruled_numbers(state: RuledState) -> list[int]:
    """The whole state, laid out as docs/explanation/venue-rules.md says."""
    reference_x2 = NO_PRICE if state.reference_x2 is None else state.reference_x2
    numbers = numbers_of(state, state.waiting)
    numbers += (reference_x2, *state.band, int(state.crossed), *looked_words(state))
    for side in Side:
        numbers.append(len(state.dark[side]))
        for order in state.dark[side]:
            numbers += (order.name, order.price_x2, order.live, order.min_lots)
    numbers.append(len(state.dormant))
    for order in state.dormant:
        numbers += (order.name, order.live, order.trigger_x2)
    reserves = [order for order in displayed_own(state) if order.reserve > 0]
    numbers.append(len(reserves))
    for order in reserves:
        numbers += (order.name, order.reserve)
    return numbers


def displayed_own(state: RuledState) -> list[RuledOrder]:
    """Our displayed orders, side by side, best first, oldest first."""
    return [order for side in Side for order in state.orders(side) if isinstance(order, RuledOrder)]
