"""From a score to a belief: when a score is strong enough to be said, and when it is said again.

Model: a score is a number whose sign says long or short, in a unit of the strategy's own (standard
deviations, or a share). A belief begins where the score reaches `entry_ppm`, lasts until it is back
at `exit_ppm`, and its strength grows with the score until `full_ppm`. With a `stop_ppm`, a score
that goes so far is no longer believed: the belief ends, and none begins before the score has come
back to `exit_ppm`.

A strategy says only what is new: a strength that differs from the one said before by `step_ppm`, or
the end of a belief, and nothing within `pause_ns` of the last word about a book.

Invariants:
1. Strengths lie within ±1,000,000.
2. In any span of time there are at most 1 + span / `pause_ns` words about a book.
"""

from math import sqrt
from typing import Final

import msgspec

from market.decisions import PPM
from market.errors import InputError
from market.portable import exp

SCORE_PPM_MAX: Final = 1_000 * PPM
MEMORY_NS_MAX: Final = 10_000 * 86_400_000_000_000
NEVER_NS: Final = -(1 << 62)
"""Before any moment."""

_UNIT: Final = float(PPM)


class Band(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Between which scores a belief lives, in millionths of the score's unit.

    Attributes:
        entry_ppm: Where a belief begins.
        exit_ppm: Where it ends.
        full_ppm: Where its strength is full.
        stop_ppm: Where the score is no longer believed; 0 for nowhere.
        step_ppm: By how much a strength must differ from the one said before, in parts per million
            of full strength.
        pause_ns: Shortest time between two words about a book.
    """

    entry_ppm: int = 1_000_000
    exit_ppm: int = 500_000
    full_ppm: int = 2_000_000
    stop_ppm: int = 0
    step_ppm: int = 100_000
    pause_ns: int = 100_000_000

    def __post_init__(self) -> None:
        # A belief that ended where it begins would be said and taken back with every flicker.
        for name, value, low, high in (
            ("entry_ppm", self.entry_ppm, 1, SCORE_PPM_MAX),
            ("exit_ppm", self.exit_ppm, 0, self.entry_ppm - 1),
            ("full_ppm", self.full_ppm, self.entry_ppm, SCORE_PPM_MAX),
            ("step_ppm", self.step_ppm, 1, PPM),
            ("pause_ns", self.pause_ns, 0, MEMORY_NS_MAX),
        ):
            check_range(name, value, low, high)
        if self.stop_ppm and not self.entry_ppm < self.stop_ppm <= SCORE_PPM_MAX:
            raise InputError(
                f"stop_ppm is {self.stop_ppm}, allowed is 0 for none, or above entry_ppm "
                f"({self.entry_ppm}) to {SCORE_PPM_MAX}"
            )


class Belief(msgspec.Struct):
    """What was said last about one book.

    Attributes:
        said_ppm: The strength said.
        said_ns: When.
        stopped: The score went too far and has not come back.
    """

    said_ppm: int = 0
    said_ns: int = NEVER_NS
    stopped: bool = False


def check_range(name: str, value: int, low: int, high: int) -> None:
    """Refuse a parameter that is out of its range.

    Raises:
        InputError: It is.
    """
    if not low <= value <= high:
        raise InputError(f"{name} is {value}, allowed is {low} to {high}")


def weight_of(elapsed_ns: int, memory_ns: int) -> float:
    """How much of a mean the newest stretch of time makes: 1 − e^(−elapsed / memory).

    A mean moved by it, mean + (value − mean) × weight, is exact for a value that stood still over
    the stretch: looking more often at something that does not change changes nothing.
    """
    return 1.0 - exp(-elapsed_ns / memory_ns) if elapsed_ns > 0 else 0.0


def walk_sd(sd_per_second: float, seconds: float) -> float:
    """Standard deviation of a random walk after so many seconds."""
    return sd_per_second * sqrt(seconds)


def revise(belief: Belief, band: Band, score: float, now_ns: int) -> int | None:
    """Take a score in.

    Args:
        belief: Told of what is said, and of stops.
        band: Where beliefs begin and end.
        score: Finite; positive for long.
        now_ns: Local time.

    Returns:
        The strength to say in parts per million, or None when there is nothing new to say.
    """
    said_ppm = belief.said_ppm
    score_ppm = score * _UNIT
    size_ppm = score_ppm if score_ppm >= 0.0 else -score_ppm
    if belief.stopped:
        belief.stopped = size_ppm > band.exit_ppm
        wished_ppm = 0
    elif band.stop_ppm and size_ppm >= band.stop_ppm:
        belief.stopped = True
        wished_ppm = 0
    else:
        lasts = score_ppm > 0.0 < said_ppm or score_ppm < 0.0 > said_ppm
        if size_ppm < band.entry_ppm and not (lasts and size_ppm > band.exit_ppm):
            wished_ppm = 0
        elif size_ppm >= band.full_ppm:
            wished_ppm = PPM if score_ppm > 0.0 else -PPM
        else:
            wished_ppm = int(score_ppm * _UNIT / band.full_ppm)
    if wished_ppm == said_ppm or now_ns - belief.said_ns < band.pause_ns:
        return None
    if wished_ppm and -band.step_ppm < wished_ppm - said_ppm < band.step_ppm:
        return None
    belief.said_ppm = wished_ppm
    belief.said_ns = now_ns
    return wished_ppm
