"""Two orders of one owner meet: who ends, and who gets smaller.

Model: the arriving order's `self_trade` decides; the resting order is dealt with first.
"""

from market.codes import Kind, Reason, ReportType, SelfTrade
from sim.reference.ruled import rest
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.ruled.state import RuledState


def prevent(state: RuledState, order: RuledOrder, resting: RuledOrder) -> None:
    """The arriving order would have traded with `resting`."""
    action = order.self_trade
    assert action != SelfTrade.ALLOW
    if action == SelfTrade.DECREMENT:
        decrement(state, order, resting)
        return
    if action != SelfTrade.CANCEL_NEWEST:
        rest.end(state, resting, Reason.SELF_TRADE)
    if action != SelfTrade.CANCEL_OLDEST:
        state.expire(order, Reason.SELF_TRADE)
        order.live = 0


def decrement(state: RuledState, order: RuledOrder, resting: RuledOrder) -> None:
    """Both lose what the smaller one has open."""
    lots = min(order.live, resting.open_lots)
    if resting.open_lots == lots:
        rest.end(state, resting, Reason.SELF_TRADE)
    else:
        before = resting.live
        rest.shrink(resting, resting.open_lots - lots)
        if resting.place == Place.DISPLAYED and resting.live < before and not state.frozen:
            state.publish(Kind.REPLACE, resting, resting.live)
        say_smaller(state, resting)
    if order.live == lots:
        state.expire(order, Reason.SELF_TRADE)
        order.live = 0
    else:
        order.live -= lots
        say_smaller(state, order)


def say_smaller(state: RuledState, order: RuledOrder) -> None:
    """The owner hears what is left."""
    left = order.open_lots
    state.report(ReportType.REPLACED, order, left, left, Reason.SELF_TRADE)
