"""Trend: an alarm when execution gets worse, with a stated rate of false ones.

Model: shortfalls have heavy tails, so their size must not decide. Each new one is put among all that
came before it, and its place there, from 0 to 1, is its *score*. While nothing changes all places are
equally likely, whatever the distribution of shortfalls is, and scores of different parents know nothing
of each other. A CUSUM then adds up how far scores lie above 1/2 + ALLOWANCE, never going below zero,
and past a threshold it is an alarm: McDonald's CUSUM of sequential ranks (1990). Thresholds are those
at which, while nothing changes, an alarm comes once in so many parents on average; a test finds them
again from the integral equation of the run length, and by simulation.

The first `warm_up` parents are only remembered. After an alarm the sum begins again at zero. Equal
shortfalls share their places, which makes false alarms rarer.

Limits: parents that overlap in time share the market's moves, and then scores are not independent and
false alarms come in clusters. A change that nobody mends is in time remembered as ordinary, so an
alarm that is ignored may fall silent. All scores are kept, one number a parent.
"""

from bisect import bisect_left, bisect_right, insort
from fractions import Fraction
from typing import Final

import msgspec

from desk.tca.exact import rounded
from desk.tca.shortfall import Shortfall
from market.decisions import PPM
from market.errors import InputError

ALLOWANCE_PPM: Final = 100_000
"""How far above the middle a score must lie to count: quickest for costs that shift by some 0.7 of
their standard deviation, if they are normal, since then a score is 0.2 higher on average."""

THRESHOLDS_PPM: Final = {
    100: 1_056_000,
    200: 1_304_990,
    500: 1_648_670,
    1_000: 1_915_520,
    2_000: 2_185_970,
    5_000: 2_546_320,
    10_000: 2_820_030,
    20_000: 3_094_320,
    50_000: 3_457_380,
    100_000: 3_732_420,
}
"""By the mean number of parents until a false alarm."""


class TrendConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to call.

    Attributes:
        false_alarm_every: Parents, on average, between false alarms; one of THRESHOLDS_PPM.
        warm_up: Parents before the first score counts.
    """

    false_alarm_every: int = 1_000
    warm_up: int = 50

    def __post_init__(self) -> None:
        if self.false_alarm_every not in THRESHOLDS_PPM:
            raise InputError(
                f"false_alarm_every is {self.false_alarm_every}, allowed is one of "
                f"{', '.join(str(one) for one in THRESHOLDS_PPM)}"
            )
        if self.warm_up < 1:
            raise InputError(f"warm_up is {self.warm_up}, allowed is 1 or more")


class TrendData(msgspec.Struct):
    """All that a trend remembers.

    Attributes:
        ranked: Every value so far, smallest first.
        sum_ppm: Of the CUSUM.
        since: Number of the first parent of the present rise, from 1; 0 while the sum is zero.
        alarms: How often it called.
    """

    ranked: list[int] = []
    sum_ppm: int = 0
    since: int = 0
    alarms: int = 0


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Execution has got worse.

    Attributes:
        parent_number: Which parent it was that made it sure, from 1.
        since: Since which one, most likely.
        sum_ppm: The CUSUM.
        threshold_ppm: What it was held against.
    """

    parent_number: int
    since: int
    sum_ppm: int
    threshold_ppm: int


def observe(data: TrendData, config: TrendConfig, value: int) -> Alarm | None:
    """Take in the newest parent's cost; an alarm when it makes one.

    Args:
        data: Of this trend, changed.
        config: When to call.
        value: The cost in any unit that is the same for all; larger is worse.
    """
    below = bisect_left(data.ranked, value)
    equal = bisect_right(data.ranked, value) - below
    insort(data.ranked, value)
    count = len(data.ranked)
    if count <= config.warm_up:
        return None
    # The middle of the places that this value and its equals share.
    score_ppm = (2 * below + equal + 1) * PPM // (2 * count)
    data.sum_ppm = max(data.sum_ppm + score_ppm - PPM // 2 - ALLOWANCE_PPM, 0)
    if data.sum_ppm == 0:
        data.since = 0
        return None
    if data.since == 0:
        data.since = count
    threshold_ppm = THRESHOLDS_PPM[config.false_alarm_every]
    if data.sum_ppm <= threshold_ppm:
        return None
    alarm = Alarm(
        parent_number=count,
        since=data.since,
        sum_ppm=data.sum_ppm,
        threshold_ppm=threshold_ppm,
    )
    data.sum_ppm = data.since = 0
    data.alarms += 1
    return alarm


def standardised(found: Shortfall, expected_ppm: int = 0, scale_ppm: int = PPM) -> int | None:
    """A shortfall less what was expected, in millionths of a scale; what `observe` should be given.

    Args:
        found: The shortfall.
        expected_ppm: What a cost curve said of an order of its size.
        scale_ppm: What one standard deviation was: volatility over the time it took, above zero.

    Returns:
        Rounded half up; None where there is no worth to take a share of.
    """
    share = found.share
    if share is None:
        return None
    assert scale_ppm > 0
    return rounded((share * PPM - expected_ppm) * Fraction(PPM, scale_ppm))
