"""What wins when a schedule and an interruption disagree: one table, and nothing else decides it.

Model: the schedule says one phase, and any number of interruptions may be active; the strongest of them
is looked up together with the scheduled phase. A cell says which phase the book has, and whether the
interruption ends there, because the schedule takes over.

In words: a halt beats everything but the close of the day, and the closing call of a stock's pause; a
call that an interruption made yields to every phase that the schedule begins; a scheduled call that is
extended yields to the next scheduled call only.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from market.codes import Phase
from sim.schedule.schedule import SCHEDULABLE


class Interruption(IntEnum):
    """What keeps a book from its schedule, the weakest first.

    EXTENDED is a scheduled call that goes on beyond its time; VOLATILITY a call because a price left its
    collar; REOPENING the call that ends a halt; PAUSE one stock's trading pause; MARKET_HALT a halt of
    all; HALT one book's halt until somebody ends it; DAY_OVER that nothing trades any more today.
    """

    NONE = 0
    EXTENDED = 1
    VOLATILITY = 2
    REOPENING = 3
    PAUSE = 4
    MARKET_HALT = 5
    HALT = 6
    DAY_OVER = 7

    @property
    def halts(self) -> bool:
        """Whether nothing trades, not even in a call."""
        return self >= Interruption.PAUSE


class Cell(NamedTuple):
    """What holds for a scheduled phase under an interruption.

    Attributes:
        phase: Of the book; None when the call in progress goes on.
        ends: Whether the interruption ends when this phase is scheduled.
    """

    phase: Phase | None
    ends: bool


# A word a column, in the order of SCHEDULABLE: pre-open, opening call, continuous, intraday call, closing
# call, trade at last, halt, closed. `own` is the scheduled phase itself, `own!` that the interruption ends
# there, `call` that the call in progress goes on.
ROWS: Final = {
    Interruption.NONE: "own own own own own own own own",
    Interruption.EXTENDED: "call own! call own! own! call own! call",
    Interruption.VOLATILITY: "own! own! VOLATILITY_CALL own! own! own! own! own!",
    Interruption.REOPENING: "own! own! HALT_CALL own! own! own! own! own!",
    Interruption.PAUSE: "HALT HALT HALT HALT own! HALT HALT own",
    Interruption.MARKET_HALT: "HALT HALT HALT HALT HALT HALT HALT own",
    Interruption.HALT: "HALT HALT HALT HALT HALT HALT HALT own",
    Interruption.DAY_OVER: "HALT HALT HALT HALT HALT HALT HALT own",
}


def _cell(word: str, scheduled: Phase) -> Cell:
    """What a word of the table says."""
    if word == "call":
        return Cell(None, ends=False)
    phase = scheduled if word.startswith("own") else Phase[word]
    return Cell(phase, ends=word.endswith("!"))


TABLE: Final = {
    (interruption, scheduled): _cell(word, scheduled)
    for interruption, row in ROWS.items()
    for scheduled, word in zip(SCHEDULABLE, row.split(), strict=True)
}
"""Every scheduled phase under every interruption."""


def prints(before: Phase, after: Phase) -> bool:
    """Whether a book that changes from one phase to another prints an auction.

    A call that is broken off, by a halt or by another call, does not.
    """
    return before.is_call and not after.is_call and after is not Phase.HALT
