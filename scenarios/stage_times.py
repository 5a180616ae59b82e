"""Wall time of a desk's stages, measured from outside: the desk itself has no clock.

Model: a histogram of fixed size for each stage, its buckets 1/16 of a power of two wide, so a percentile
is right within 6.25 % however long the run. None of it enters a digest.
"""

from collections.abc import Callable
from typing import Final

import msgspec

BEGIN: Final = "begin"
WHOLE: Final = "on"
LAST: Final = "journal"
SUB_BITS: Final = 4
BUCKETS: Final = 64 << SUB_BITS


class StageTime(msgspec.Struct, frozen=True, kw_only=True):
    """Wall time of one stage over a run, in nanoseconds."""

    count: int
    p50_ns: int
    p99_ns: int
    max_ns: int


class Histogram:
    """Counts of durations."""

    def __init__(self) -> None:
        self.counts = [0] * BUCKETS
        self.total = 0
        self.max_ns = 0

    def add(self, duration_ns: int) -> None:
        """Count one duration."""
        exponent = max(duration_ns.bit_length() - SUB_BITS - 1, 0)
        self.counts[(exponent << SUB_BITS) + (duration_ns >> exponent)] += 1
        self.total += 1
        self.max_ns = max(self.max_ns, duration_ns)

    def percentile(self, ppm: int) -> int:
        """The duration that `ppm` parts per million of all do not pass, at its bucket's upper end."""
        wanted = -(-self.total * ppm // 1_000_000)
        seen = 0
        for index, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                exponent = max((index >> SUB_BITS) - 1, 0)
                mantissa = index - (exponent << SUB_BITS)
                return min(((mantissa + 1) << exponent) - 1, self.max_ns)
        return 0

    def summary(self) -> StageTime:
        """What a reader wants to know."""
        return StageTime(
            count=self.total,
            p50_ns=self.percentile(500_000),
            p99_ns=self.percentile(990_000),
            max_ns=self.max_ns,
        )


class StageTimes:
    """Listens to a desk's stages.

    Args:
        wall_ns: A clock; nothing simulated reads it.
    """

    def __init__(self, wall_ns: Callable[[], int]) -> None:
        self._wall_ns = wall_ns
        self._last_ns = 0
        self._began_ns = 0
        self._stages: dict[str, Histogram] = {}

    def ended(self, stage: str) -> None:
        """A stage of `Desk.on` has ended, or the whole of it begins."""
        now_ns = self._wall_ns()
        if stage == BEGIN:
            self._began_ns = self._last_ns = now_ns
            return
        self._add(stage, now_ns - self._last_ns)
        if stage == LAST:
            self._add(WHOLE, now_ns - self._began_ns)
        self._last_ns = now_ns

    def summary(self) -> dict[str, StageTime]:
        """Each stage that was seen, and the whole of `on`."""
        return {name: histogram.summary() for name, histogram in self._stages.items()}

    def _add(self, stage: str, duration_ns: int) -> None:
        histogram = self._stages.get(stage)
        if histogram is None:
            histogram = self._stages[stage] = Histogram()
        histogram.add(duration_ns)
