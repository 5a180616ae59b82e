"""Midpoint pegs that meet nothing but each other: all shares are found before any is given.

Model: down the dark queue everybody gets what is left, up to what they have. One whose minimum is
more than that takes the lack back from those before it, the latest first, none below its own
minimum; if that is not enough it gets nothing.
"""

from market.codes import BandAction, SelfTrade
from sim.reference.ruled.orders import RuledOrder
from sim.reference.ruled.state import RuledState


def shares(state: RuledState, order: RuledOrder) -> list[tuple[RuledOrder, int]]:
    """What an arriving isolated peg takes from whom, in the order of the dark queue."""
    left = order.live
    given: list[tuple[RuledOrder, int]] = []
    for resting in state.dark[order.side.other]:
        if left == 0 or resting.key_x2 > order.side.sign * order.price_x2:
            break
        if not may_meet(state, order, resting):
            continue
        lots = min(left, resting.live)
        if lots < resting.min_lots:
            taken = taken_back(given, resting.min_lots - lots)
            if taken is None:
                continue
            given = taken
            lots, left = resting.min_lots, lots
        given.append((resting, lots))
        left = max(0, left - lots)
    return given


def may_meet(state: RuledState, order: RuledOrder, resting: RuledOrder) -> bool:
    """Whether two of them may trade, quantities aside."""
    if not resting.is_midpoint:
        return False
    if state.rules.band_action == BandAction.INTERRUPT and state.outside_band(resting.price_x2):
        return False
    same = order.owner > 0 and order.owner == resting.owner
    return not same or order.self_trade == SelfTrade.ALLOW


def taken_back(
    given: list[tuple[RuledOrder, int]], lack: int
) -> list[tuple[RuledOrder, int]] | None:
    """Shares of which `lack` lots were taken back, the latest first; None if that is too much."""
    left = list(given)
    for index in range(len(given) - 1, -1, -1):
        order, lots = given[index]
        taken = min(lack, lots - max(1, order.min_lots))
        left[index] = (order, lots - taken)
        lack -= taken
        if lack == 0:
            return left
    return None
