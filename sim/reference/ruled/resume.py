"""Trading begins: market orders, then crossing limit orders, then dark ones arrive.

Model: as on a plain book, but orders arrive by the rules, and an interruption ends the sweep.
"""

from market.codes import Side, TimeInForce
from sim.reference.ruled.arrive import arrive
from sim.reference.ruled.checks import crosses
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.ruled.rest import take_out
from sim.reference.ruled.state import RuledState


def resume(state: RuledState) -> None:
    """The sweep on the change to CONTINUOUS."""
    for side in Side:
        for order in list(state.waiting[side]):
            # An interruption begins a call, and orders that were for calls only may have joined it here.
            if order.place == Place.MARKET and state.trading:
                order.tif = TimeInForce.GTC
                sweep(state, order)
    for side in Side:
        while sweep_best_own(state, side):
            pass
    for side in Side:
        for order in list(state.dark[side]):
            if order.place == Place.DARK and crosses_unseen(state, order):
                sweep(state, order)


def sweep(state: RuledState, order: RuledOrder) -> None:
    """An order that waited arrives, unless the sweep was interrupted."""
    if state.trading:
        take_out(state, order)
        arrive(state, order)


def sweep_best_own(state: RuledState, side: Side) -> bool:
    """The best-priced displayed own order arrives if it crosses; says whether to go on."""
    order = best_own(state, side)
    if order is None or not state.trading:
        return False
    if not crosses(state, side, order.price_ticks):
        return False
    open_lots = order.open_lots
    sweep(state, order)
    return order.place == Place.NOWHERE or order.open_lots < open_lots


def best_own(state: RuledState, side: Side) -> RuledOrder | None:
    """The first of ours on the best level that holds one."""
    for price in state.prices(side):
        for order in state.levels[side][price]:
            if isinstance(order, RuledOrder):
                return order
    return None


def crosses_unseen(state: RuledState, order: RuledOrder) -> bool:
    """Whether a dark order crosses the other side's best displayed level or best dark order."""
    other = order.side.other
    best = state.best(other)
    prices = [] if best is None else [2 * best]
    prices += [each.price_x2 for each in state.dark[other][:1]]
    return any(order.side.sign * (order.price_x2 - price) >= 0 for price in prices)
