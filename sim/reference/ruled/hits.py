"""A resting order is hit: at its own price, unseen, or at a price that is not its own.

Model: whoever is hit is reported first; the arriving order is the caller's affair. What no level
shows is printed as a TRADE; a displayed order that trades away from its price is printed, and its
level loses what it displayed, as after a call.
"""

from market.codes import Kind, Liquidity
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.ruled.state import RuledState
from sim.reference.state import Order, Sort

LIQUIDITY = {
    Place.DISPLAYED: Liquidity.MAKER,
    Place.MARKET: Liquidity.MAKER,
    Place.DARK: Liquidity.HIDDEN_MAKER,
}


def hit(state: RuledState, order: Order, lots: int, price_x2: int) -> None:
    """Trade `lots` of a resting order at a price in half ticks; what is displayed, of its peak."""
    displayed = not isinstance(order, RuledOrder) or order.place == Place.DISPLAYED
    if displayed and 2 * order.price_ticks == price_x2:
        state.hit(order, lots)
        return
    state.note_trade_x2(price_x2)
    state.publish_trade(order.side.other, price_x2, lots)
    liquidity = Liquidity.MAKER
    if isinstance(order, RuledOrder):
        liquidity = LIQUIDITY[order.place]
    fill(state, order, lots, price_x2, liquidity)


def fill(state: RuledState, order: Order, lots: int, price_x2: int, liquidity: Liquidity) -> None:
    """An order loses `lots` of what it has open; its owner hears of it, its level publishes it."""
    if not isinstance(order, RuledOrder):
        reduce_history(state, order, lots)
        return
    left = order.open_lots - lots
    assert left >= 0
    if order.place == Place.DISPLAYED:
        reduce_displayed(state, order, lots)
    else:
        order.live = left
        order.cut_minimum()
        if left == 0:
            state.withdraw(order)
    state.report_fill(order, price_x2 >> 1, lots, liquidity, price_x2 & 1)


def reduce_history(state: RuledState, order: Order, lots: int) -> None:
    """A historical or moved order loses what lives of it, and keeps what the tape says."""
    before = order.live
    order.live -= lots
    assert order.live >= 0
    if state.frozen:
        return
    if order.live == 0:
        state.leave(order)
        state.publish(Kind.DELETE, order, before)
    else:
        state.publish(Kind.REDUCE, order, lots)
    assert order.live > 0 or order.sort in (Sort.HISTORICAL, Sort.MOVED)


def reduce_displayed(state: RuledState, order: RuledOrder, lots: int) -> None:
    """An own displayed order loses its peak first, then what stands behind it."""
    peak = order.live
    if lots < peak:
        order.live -= lots
        if not state.frozen:
            state.publish(Kind.REDUCE, order, lots)
        return
    state.leave(order)
    order.live = 0
    if not state.frozen:
        state.publish(Kind.DELETE, order, peak)
    order.reserve -= lots - peak
    if order.reserve > 0:
        state.show_peak(order)
    else:
        state.forget(order)
