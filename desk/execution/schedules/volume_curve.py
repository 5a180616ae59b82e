"""Volume curve: which share of a day's volume is traded by when, learned from earlier days alone.

Model: a session is cut into buckets. Each finished day gives the shares of its volume by bucket,
so that a busy day weighs no more than a quiet one; the curve is the mean of a prior and of the
days, newer days counting more:

    curve(i) = (prior_days · prior(i) + Σ keep^age · share_day(i)) / (prior_days + Σ keep^age)

The prior is flat or a static U: a bucket in the middle weighs 1, one at either end 1 + edge, and
in between 1 + edge·x² with x the distance from the middle of the day (volume is high at open and
close: Jain and Joh 1988, Admati and Pfleiderer 1988).

Invariants: a curve is asked for by the day that it is for, and refuses if it has seen that day or
a later one, so a schedule cannot know its own day; days must arrive in order; shares are whole
billionths and add up to exactly one.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from desk.execution.schedules.slices import cut
from market.decisions import PPM
from market.errors import InputError

WHOLE: Final = 1_000_000_000
"""Shares are counted in billionths."""

FIRST_DAY: Final = -1


class VolumeCurve(msgspec.Struct, frozen=True, gc=False):
    """The expected course of one day's volume.

    Attributes:
        bucket_ns: Length of a bucket.
        shares: Of each bucket from the session's opening on, in billionths of the day.
        days: How many days it was learned from; 0 is the prior alone.
    """

    bucket_ns: int
    shares: tuple[int, ...]
    days: int = 0


class CurveData(msgspec.Struct):
    """What is remembered of earlier days.

    Attributes:
        bucket_ns: Length of a bucket.
        prior: Shares before any day was seen, in billionths.
        prior_days_ppm: How many days the prior counts for, in millionths.
        keep_ppm: What is left of a day's weight when another one has ended.
        sums: Weighted sum of the days' shares, in billionths.
        weight_ppm: Sum of the days' weights, in millionths.
        days: Days seen.
        last_day: Number of the newest day seen; FIRST_DAY before the first.
    """

    bucket_ns: int
    prior: tuple[int, ...]
    prior_days_ppm: int
    keep_ppm: int
    sums: list[int]
    weight_ppm: int = 0
    days: int = 0
    last_day: int = FIRST_DAY


def flat(count: int) -> tuple[int, ...]:
    """A prior that knows nothing."""
    return tuple(cut(WHOLE, [1] * count))


def u_shape(count: int, edge_ppm: int = 2 * PPM) -> tuple[int, ...]:
    """The static U.

    Args:
        count: Buckets.
        edge_ppm: How much more the ends weigh than the middle; 2,000,000 makes it three times.
    """
    assert edge_ppm >= 0
    # The middle of bucket i lies (2i + 1 − count)/count from the day's middle, ends being ±1.
    distances = [2 * index + 1 - count for index in range(count)]
    weights = [count * count * PPM + edge_ppm * distance * distance for distance in distances]
    return tuple(cut(WHOLE, weights))


def fresh_curve(
    bucket_ns: int, prior: Sequence[int], prior_days_ppm: int = PPM, keep_ppm: int = 950_000
) -> CurveData:
    """A curve before any day.

    Raises:
        InputError: The prior does not add up to one, or a figure is out of its range.
    """
    if bucket_ns < 1:
        raise InputError(f"volume curve: bucket is {bucket_ns} ns, allowed is 1 or more")
    if sum(prior) != WHOLE or min(prior) < 0:
        raise InputError(
            f"volume curve: the prior's shares add up to {sum(prior)} billionths, "
            f"allowed is {WHOLE} without a negative one"
        )
    if prior_days_ppm < 1:
        raise InputError(f"volume curve: prior_days_ppm is {prior_days_ppm}, allowed is 1 or more")
    if not 1 <= keep_ppm <= PPM:
        raise InputError(f"volume curve: keep_ppm is {keep_ppm}, allowed is 1 to {PPM}")
    return CurveData(bucket_ns, tuple(prior), prior_days_ppm, keep_ppm, [0] * len(prior))


def end_day(data: CurveData, day: int, volumes_lots: Sequence[int]) -> None:
    """A day has ended.

    Args:
        data: Changed in place.
        day: Its number, above every number before.
        volumes_lots: What was traded in each bucket.

    Raises:
        InputError: The day is out of order, has other buckets, or nothing was traded.
    """
    where = f"volume curve, day {day}"
    if day <= data.last_day:
        raise InputError(f"{where}: found after day {data.last_day}, allowed are later days only")
    if len(volumes_lots) != len(data.prior):
        raise InputError(
            f"{where}: found {len(volumes_lots)} buckets, allowed are {len(data.prior)}"
        )
    if min(volumes_lots) < 0 or sum(volumes_lots) == 0:
        raise InputError(f"{where}: found volumes without a trade, or below zero; allowed are lots")
    shares = cut(WHOLE, volumes_lots)
    for index, share in enumerate(shares):
        data.sums[index] = data.sums[index] * data.keep_ppm // PPM + share
    data.weight_ppm = data.weight_ppm * data.keep_ppm // PPM + PPM
    data.days += 1
    data.last_day = day


def curve_for(data: CurveData, day: int) -> VolumeCurve:
    """The curve of a day that has not ended.

    Raises:
        InputError: That day, or a later one, has been learned from.
    """
    if day <= data.last_day:
        raise InputError(
            f"volume curve: asked for day {day}, but day {data.last_day} has been learned from; "
            f"allowed are later days only"
        )
    weights = [
        data.prior_days_ppm * prior + PPM * seen
        for prior, seen in zip(data.prior, data.sums, strict=True)
    ]
    return VolumeCurve(data.bucket_ns, tuple(cut(WHOLE, weights)), data.days)


def share_until(curve: VolumeCurve, since_open_ns: int) -> int:
    """Share of the day's volume until a moment, in billionths; even within a bucket.

    Args:
        curve: Of the day.
        since_open_ns: Since the session's opening; before it the share is 0, after its end 1.
    """
    if since_open_ns <= 0:
        return 0
    full, rest_ns = divmod(since_open_ns, curve.bucket_ns)
    if full >= len(curve.shares):
        return WHOLE
    return sum(curve.shares[:full]) + curve.shares[full] * rest_ns // curve.bucket_ns
