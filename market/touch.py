"""The best prices of others, or nothing when a view may not be traded on.

Model: a participant that takes its own quote for the market's would follow itself. So what the host
believes to be ours is taken out of the best levels; where nothing else is left, the next level is
the best.

Limits: the host says how much of the best level is ours, not where else we rest; one order a side
at the best price is all that this reading is for.
"""

from typing import Final, NamedTuple

from market.codes import Phase, Trigger
from market.messages import NO_PRICE, View

STALE: Final = int(Trigger.STALE)
"""As a plain int: combining members of a flag costs more than all the rest of a look."""


_CONTINUOUS: Final = Phase.CONTINUOUS
_pair: Final = tuple.__new__  # the constructor that a named tuple has is a function of Python's


class Touch(NamedTuple):
    """The best prices that others offer; the bid is always below the ask."""

    bid_ticks: int
    ask_ticks: int


def touch_of(view: View | None) -> Touch | None:
    """Read the best prices of others.

    Returns:
        None when there is no view, trading is not continuous, the feed has gone stale, the book is
        locked or crossed, or others leave a side empty as far as the view reaches.
    """
    if view is None or view.phase is not _CONTINUOUS or int(view.fired) & STALE:
        return None
    bid_ticks, ask_ticks = view.bid_ticks, view.ask_ticks
    if bid_ticks == NO_PRICE or ask_ticks == NO_PRICE or bid_ticks >= ask_ticks:
        return None
    if view.own_bid_lots >= view.bid_lots:
        if len(view.bids) < 2:
            return None
        bid_ticks = view.bids[1][0]
    if view.own_ask_lots >= view.ask_lots:
        if len(view.asks) < 2:
            return None
        ask_ticks = view.asks[1][0]
    return _pair(Touch, (bid_ticks, ask_ticks))
