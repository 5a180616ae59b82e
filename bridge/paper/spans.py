"""Spans of time in buckets that double: enough to say a percentile, and nothing grows."""

from typing import Final

BUCKETS: Final = 40
LEVELS: Final = 16
"""Parts of each doubling: a percentile is right to a sixteenth."""

_LEVEL_BITS: Final = 4


class Spans:
    """A histogram of nanoseconds.

    Attributes:
        count: Spans seen.
        max_ns: The longest.
    """

    def __init__(self) -> None:
        self.count = 0
        self.max_ns = 0
        self._counts = [0] * (BUCKETS * LEVELS)

    def add(self, span_ns: int) -> None:
        """See one."""
        self.count += 1
        if span_ns > self.max_ns:
            self.max_ns = span_ns
        self._counts[_bucket(max(span_ns, 0))] += 1

    def percentile_ns(self, per_mille: int) -> int:
        """The upper end of the bucket in which it lies; 0 of none."""
        wanted = -(-self.count * per_mille // 1_000)
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(_upper_ns(bucket), self.max_ns)
        return 0


def _bucket(span_ns: int) -> int:
    """Which bucket a span is in."""
    high = span_ns.bit_length() - _LEVEL_BITS - 1
    if high <= 0:
        return span_ns
    return min((high << _LEVEL_BITS) + (span_ns >> high), BUCKETS * LEVELS - 1)


def _upper_ns(bucket: int) -> int:
    """The longest span of a bucket."""
    high = (bucket >> _LEVEL_BITS) - 1
    if high <= 0:
        return bucket
    return (((bucket & (LEVELS - 1)) + LEVELS + 1) << high) - 1
