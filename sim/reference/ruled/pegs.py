"""What pegs follow, and where it puts them.

Model: a peg's effective price is a distance from the best bid and ask of another book, or of its own,
in which pegged orders do not count; a limit keeps it from going further.
"""

from market.codes import OrderType, Side
from market.messages import NO_PRICE
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.ruled.state import RuledState
from sim.reference.state import Order, State


def peg_reference(state: RuledState) -> tuple[int, int] | None:
    """The best bid and ask in ticks that pegs follow now; None unless both are there in order."""
    bid = best_unpegged(state.followed, Side.BUY)
    ask = best_unpegged(state.followed, Side.SELL)
    if bid is None or ask is None or bid >= ask:
        return None
    return bid, ask


def best_unpegged(state: State, side: Side) -> int | None:
    """The price of the best level that holds an order that is no peg."""
    if isinstance(state, RuledState) and not state.pegs:
        return state.best(side)
    for price in state.prices(side):
        if not all(is_peg(order) for order in state.levels[side][price]):
            return price
    return None


def is_peg(order: Order) -> bool:
    """Whether an order of any kind of book is pegged."""
    return isinstance(order, RuledOrder) and order.is_peg


def effective_x2(order: RuledOrder, reference: tuple[int, int] | None) -> int | None:
    """A peg's price in half ticks; None without a reference."""
    if reference is None:
        return None
    near, far = reference if order.side == Side.BUY else (reference[1], reference[0])
    away = order.side.sign * order.offset_ticks
    if order.order_type == OrderType.PEG_MIDPOINT:
        price_x2 = near + far
    else:
        price_x2 = 2 * ((near if order.order_type == OrderType.PEG_PRIMARY else far) - away)
    if order.limit_ticks == NO_PRICE:
        return price_x2
    bound = min if order.side == Side.BUY else max
    return bound(price_x2, 2 * order.limit_ticks)


def price_now_x2(order: RuledOrder) -> int | None:
    """The effective price that a peg has; None while it sleeps."""
    return None if order.place == Place.DORMANT else order.price_x2
