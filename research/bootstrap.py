"""Intervals of means by resampling, with a key of its own, so that a study says the same twice."""

from collections.abc import Sequence

import msgspec
import numpy as np

from sim.streams import stream_key

RESAMPLES = 2_000


class Interval(msgspec.Struct, frozen=True):
    """A mean with its 95 % interval.

    Attributes:
        count: Observations.
    """

    mean: float
    low: float
    high: float
    count: int

    @property
    def above_zero(self) -> bool:
        """Whether all of it is above zero."""
        return self.low > 0.0


def mean_interval(values: Sequence[float], name: str, resamples: int = RESAMPLES) -> Interval:
    """The mean, and the percentile interval of its resampled ones.

    Args:
        values: One for each observation; they are taken to be independent.
        name: Keys the draws.
        resamples: How many.
    """
    if not values:
        return Interval(0.0, 0.0, 0.0, 0)
    found = np.asarray(values, dtype=np.float64)
    # Keyed by name: another study's draws move none of these.
    key = stream_key(0, f"bootstrap/{name}") & ((1 << 63) - 1)
    source = np.random.Generator(np.random.Philox(key=key))
    means = np.array(
        [found[source.integers(0, len(found), len(found))].mean() for _ in range(resamples)]
    )
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(found.mean()), float(low), float(high), len(found))
