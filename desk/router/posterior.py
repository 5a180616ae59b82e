"""What own orders teach: shares as Beta, rates as Gamma, means and latencies, all with forgetting.

Models, each begun from a prior and each in whole numbers:

    share     hits and misses counted, Beta(a₀ + hits, b₀ + misses): mean a/(a+b), variance
              ab/((a+b)²(a+b+1)). An order counts as one, part of it as that part, because the
              lots of one order fill or miss together
    rate      events over exposure, Gamma(a₀ + events, b₀ + exposure): mean rate a/b, and the
              time to the next event has the mean b/(a−1)
    mean      Σ lots·value / (prior lots + Σ lots): drawn to zero until own fills outweigh that
    quantile  a histogram of four buckets per doubling; a quantile is its bucket's upper edge, so
              it is never too small and at most a quarter too large

*Forgetting*: before something is added, what was seen counts `keep` of what it did, so only about
the newest 1/(1−keep) things matter. Histograms let newer counts weigh more instead, which is the
same and touches one bucket.

Invariants: counts never fall below zero; a mean lies between zero and what was seen; sums that
grow too large for the journal's 64 bits are halved, which no share and no mean notices.
"""

from math import isqrt
from typing import Final

import msgspec

from market.decisions import PPM
from market.errors import InputError

MICRO: Final = 1_000_000
"""Counts are kept in millionths, so that forgetting does not round them away."""

BUCKETS: Final = 160
"""Four per doubling, up to 2^40 ns, some 18 minutes."""

SUM_MAX: Final = 1 << 60
"""From here on sums are halved."""

MEAN_LOTS_MAX: Final = 1_000_000
MEAN_VALUE_MAX: Final = 10_000_000
"""What one fill may count for in a mean: a million lots, a hundred basis points."""

WEIGHT_FIRST: Final = 1 << 16
WEIGHT_LAST: Final = 1 << 40


class Prior(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is believed before anything is seen, and how fast it is forgotten.

    Attributes:
        hits_micro: a₀ of a share or rate, in millionths of a count; above 0.
        misses_micro: b₀ of a share, in millionths of a count; above 0.
        exposure_us: b₀ of a rate, in microseconds; above 0.
        mean_lots: Prior weight of a mean; above 0.
        keep_ppm: What counts of the past after each new thing.
    """

    hits_micro: int = MICRO
    misses_micro: int = MICRO
    exposure_us: int = 10_000_000
    mean_lots: int = 20
    keep_ppm: int = 990_000

    def __post_init__(self) -> None:
        for name in ("hits_micro", "misses_micro", "exposure_us", "mean_lots"):
            if getattr(self, name) < 1:
                raise InputError(f"prior.{name} is {getattr(self, name)}, allowed is 1 or more")
        if not 1 <= self.keep_ppm <= PPM:
            raise InputError(f"prior.keep_ppm is {self.keep_ppm}, allowed is 1 to {PPM}")


class ShareData(msgspec.Struct):
    """Hits and misses, in millionths of a count."""

    hits_micro: int = 0
    misses_micro: int = 0


class RateData(msgspec.Struct):
    """Events in millionths of a count, over an exposure in microseconds."""

    events_micro: int = 0
    exposure_us: int = 0


class MeanData(msgspec.Struct):
    """Sum of lots × value, and of lots, in thousandths of a lot."""

    total_milli: int = 0
    lots_milli: int = 0


class QuantileData(msgspec.Struct):
    """Counts by size, the newest weighing most; empty before the first."""

    counts: list[int] = []
    weight: int = WEIGHT_FIRST


def add_share(data: ShareData, prior: Prior, part: int, whole: int) -> None:
    """One thing was seen, of which a part was a hit.

    Args:
        data: Changed in place.
        prior: How fast the past is forgotten.
        part: 0 to `whole`.
        whole: Above 0.
    """
    assert 0 <= part <= whole
    assert whole > 0
    hits_micro = part * MICRO // whole
    data.hits_micro = data.hits_micro * prior.keep_ppm // PPM + hits_micro
    data.misses_micro = data.misses_micro * prior.keep_ppm // PPM + MICRO - hits_micro
    if data.hits_micro + data.misses_micro > SUM_MAX:
        data.hits_micro //= 2
        data.misses_micro //= 2


def share_ppm(data: ShareData, prior: Prior) -> int:
    """Mean of the posterior."""
    a, b = _beta(data, prior)
    return a * PPM // (a + b)


def share_low_ppm(data: ShareData, prior: Prior) -> int:
    """Mean of the posterior less one standard deviation, at least 0."""
    a, b = _beta(data, prior)
    whole = a + b
    # In counts: √(ab/((a+b)²(a+b+1))); a and b are in millionths, so the 1 is MICRO.
    deviation_ppm = isqrt(a * b * MICRO * PPM * PPM // (whole * whole * (whole + MICRO)))
    return max(a * PPM // whole - deviation_ppm, 0)


def _beta(data: ShareData, prior: Prior) -> tuple[int, int]:
    return data.hits_micro + prior.hits_micro, data.misses_micro + prior.misses_micro


def add_rate(data: RateData, prior: Prior, events: int, exposure_us: int) -> None:
    """So many events were seen over a time."""
    assert events >= 0
    assert exposure_us >= 0
    data.events_micro = data.events_micro * prior.keep_ppm // PPM + events * MICRO
    data.exposure_us = data.exposure_us * prior.keep_ppm // PPM + exposure_us
    if max(data.events_micro, data.exposure_us) > SUM_MAX:
        data.events_micro //= 2
        data.exposure_us //= 2


def rate_uhz(data: RateData, prior: Prior) -> int:
    """Mean rate, in millionths of an event a second."""
    events_micro = data.events_micro + prior.hits_micro
    return events_micro * MICRO // (data.exposure_us + prior.exposure_us)


def wait_us(data: RateData, prior: Prior) -> int:
    """Mean time to the next event; at most ten times b, where it would be without a bound."""
    exposure_us = data.exposure_us + prior.exposure_us
    more_micro = data.events_micro + prior.hits_micro - MICRO
    return exposure_us * MICRO // max(more_micro, MICRO // 10)


def add_mean(data: MeanData, prior: Prior, value: int, lots: int) -> None:
    """A value was seen for so many lots; what is beyond the bounds counts as the bound."""
    assert lots >= 0
    value = max(-MEAN_VALUE_MAX, min(MEAN_VALUE_MAX, value))
    lots_milli = min(lots, MEAN_LOTS_MAX) * 1_000
    data.total_milli = _scaled(data.total_milli, prior.keep_ppm, PPM) + value * lots_milli
    data.lots_milli = data.lots_milli * prior.keep_ppm // PPM + lots_milli
    if abs(data.total_milli) > SUM_MAX:
        data.total_milli = _scaled(data.total_milli, 1, 2)
        data.lots_milli //= 2


def mean_of(data: MeanData, prior: Prior) -> int:
    """Mean, drawn towards zero by the prior's lots; rounded towards zero."""
    return _scaled(data.total_milli, 1, data.lots_milli + prior.mean_lots * 1_000)


def _scaled(value: int, over: int, under: int) -> int:
    """Rounded towards zero on both sides, so that gains and losses forget alike."""
    size = abs(value) * over // under
    return size if value >= 0 else -size


def add_quantile(data: QuantileData, prior: Prior, value_ns: int) -> None:
    """A duration was seen."""
    assert value_ns >= 0
    if not data.counts:
        data.counts = [0] * BUCKETS
    if data.weight > WEIGHT_LAST:
        shift = 24
        data.counts = [count >> shift for count in data.counts]
        data.weight >>= shift
    data.counts[bucket_of(value_ns)] += data.weight
    data.weight = data.weight * PPM // prior.keep_ppm


def quantile_ns(data: QuantileData, part_ppm: int) -> int:
    """Upper edge of the bucket in which the quantile lies; 0 before anything was seen."""
    assert 0 < part_ppm <= PPM
    whole = sum(data.counts)
    seen = 0
    for bucket, count in enumerate(data.counts):
        seen += count
        if count and seen * PPM >= whole * part_ppm:
            return edge_ns(bucket)
    return 0


def bucket_of(value_ns: int) -> int:
    """Which bucket a duration belongs to: its highest bit, and the two below it."""
    if value_ns < 8:
        return value_ns
    high = value_ns.bit_length() - 1
    return min(4 * (high - 1) + ((value_ns >> (high - 2)) & 3), BUCKETS - 1)


def edge_ns(bucket: int) -> int:
    """The largest duration of a bucket."""
    if bucket < 8:
        return bucket
    high, part = bucket // 4 + 1, bucket % 4
    return ((5 + part) << (high - 2)) - 1
