"""How one price level shares an arriving order among those that rest there, as a table of steps.

Model: an algorithm is a list of steps. Each takes what the steps before it left of the arriving
order and gives some of it to the resting orders; the parameters of a venue's product say how much.
The futures exchanges' letters are rows of `CME_STEPS`.

Sources differ in two places, so both answers are flags: futures round a share down, some options
venues round it up; and where an arriving order is spread over several books, the shares go by the
sizes as entered although the first step already took from one of them.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from market.columns import QTY_LOTS_MAX
from market.errors import InputError
from sim.venue_rules.auction_policy import PPM


class Step(IntEnum):
    """One way of giving out lots."""

    TOP = 0
    LMM = 1
    SPLIT = 2
    FIFO = 3
    PRO_RATA = 4
    LEVELING = 5


class ShareOf(IntEnum):
    """Which sizes shares are in proportion to: what is left of each order, or its size as entered."""

    REMAINING = 0
    ENTERED = 1


CME_STEPS: Final[dict[str, tuple[Step, ...]]] = {
    "A": (Step.TOP, Step.PRO_RATA, Step.FIFO),
    "C": (Step.PRO_RATA, Step.FIFO),
    "F": (Step.FIFO,),
    "K": (
        Step.TOP, Step.LMM, Step.SPLIT, Step.FIFO, Step.PRO_RATA, Step.LEVELING, Step.FIFO,
    ),
    "O": (Step.TOP, Step.PRO_RATA, Step.FIFO),
    "Q": (Step.TOP, Step.LMM, Step.PRO_RATA, Step.FIFO),
    "S": (Step.TOP, Step.LMM, Step.FIFO),
    "T": (Step.LMM, Step.FIFO),
}  # fmt: skip
"""Allocation, pro rata, FIFO, configurable, threshold pro rata, threshold pro rata with LMM, FIFO
with top order and LMM, FIFO with LMM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationPolicy:
    """The steps of one product, and their parameters.

    Attributes:
        steps: In the order in which they act.
        top_min_lots: The top order must have this size, or it is none.
        top_max_lots: TOP gives it at most this much.
        prorata_min_lots: A share below this is no share.
        prorata_round_up: Whether a share is rounded up, oldest first while lots last, or down.
        share_of: Which sizes shares are in proportion to.
        split_fifo_ppm: What SPLIT sets apart for the next FIFO step, in millionths, rounded down.
    """

    steps: tuple[Step, ...]
    top_min_lots: int = 1
    top_max_lots: int = QTY_LOTS_MAX
    prorata_min_lots: int = 1
    prorata_round_up: bool = False
    share_of: ShareOf = ShareOf.REMAINING
    split_fifo_ppm: int = 0

    def __post_init__(self) -> None:
        if not self.steps:
            raise InputError("allocation steps: found none, must be at least one")
        if not 0 <= self.split_fifo_ppm <= PPM:
            raise InputError(
                f"allocation split_fifo_ppm: found {self.split_fifo_ppm}, must be in [0, {PPM}]"
            )
        if not 1 <= self.top_min_lots <= self.top_max_lots <= QTY_LOTS_MAX:
            raise InputError(
                f"allocation top lots: found min {self.top_min_lots} and max {self.top_max_lots}, "
                f"must be 1 <= min <= max <= {QTY_LOTS_MAX}"
            )
        if not 1 <= self.prorata_min_lots <= QTY_LOTS_MAX:
            raise InputError(
                f"allocation prorata_min_lots: found {self.prorata_min_lots}, "
                f"must be in [1, {QTY_LOTS_MAX}]"
            )


def cme_steps(letter: str) -> tuple[Step, ...]:
    """The steps of a futures algorithm by its letter.

    Raises:
        InputError: No such letter.
    """
    if letter not in CME_STEPS:
        raise InputError(
            f"allocation algorithm: found {letter!r}, must be one of {', '.join(CME_STEPS)}"
        )
    return CME_STEPS[letter]
