"""VWAP: as much in each stretch of time as the market is expected to trade there.

Model: with F the volume curve, what should be done by t of a parent that works from a to b is
(F(t) − F(a)) / (F(b) − F(a)). How much the day trades in all does not matter, only its course, so
a busy day needs no other schedule, and executed at the market's own average in each slice the
parent's average is the market's.

`band` is for whoever tracks the curve with orders that may or may not fill: how far ahead of it,
and behind it, a parent may be before it must wait or must cross.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from desk.execution.schedules.slices import Schedule, cut, edges_ns, schedule_of
from desk.execution.schedules.volume_curve import VolumeCurve, share_until
from market.decisions import PPM
from market.errors import InputError


class Band(msgspec.Struct, frozen=True, gc=False):
    """Where a parent should be.

    Attributes:
        due_lots: What should be done by now.
        least_lots: Below this it must cross.
        most_lots: Above this it must wait.
    """

    due_lots: int
    least_lots: int
    most_lots: int


def vwap(
    total_lots: int, begin_ns: int, end_ns: int, count: int, *, curve: VolumeCurve, open_ns: int
) -> Schedule:
    """Slices of equal time whose lots follow the curve.

    Args:
        total_lots: The parent's quantity.
        begin_ns: Where the first slice begins.
        end_ns: Where the last one ends.
        count: Number of slices.
        curve: Of this day, learned from earlier ones.
        open_ns: When the day's session opens.

    Raises:
        InputError: The curve expects no volume at all in that time.
    """
    edges = edges_ns(begin_ns, end_ns, count)
    return schedule_of(edges, cut(total_lots, _weights(curve, open_ns, edges)))


def band(
    total_lots: int,
    begin_ns: int,
    end_ns: int,
    now_ns: int,
    *,
    curve: VolumeCurve,
    open_ns: int,
    slack_ppm: int,
) -> Band:
    """Where a parent should be at a moment.

    Args:
        total_lots: The parent's quantity.
        begin_ns: When it began.
        end_ns: When it must be done.
        now_ns: The moment, not before the beginning.
        curve: Of this day.
        open_ns: When the day's session opens.
        slack_ppm: How far from the curve it may be, of its whole quantity; none is left at the end.
    """
    assert begin_ns <= now_ns
    now_ns = min(now_ns, end_ns)
    before, after = _weights(curve, open_ns, (begin_ns, now_ns, end_ns))
    due_lots = cut(total_lots, (before, after))[0]
    slack_lots = 0 if now_ns == end_ns else total_lots * slack_ppm // PPM
    return Band(due_lots, max(due_lots - slack_lots, 0), min(due_lots + slack_lots, total_lots))


def _weights(curve: VolumeCurve, open_ns: int, edges: Sequence[int]) -> list[int]:
    """Expected volume between edges, in billionths of the day."""
    until = [share_until(curve, edge - open_ns) for edge in edges]
    if until[-1] == until[0]:
        raise InputError(
            f"volume curve: expects nothing to be traded from {edges[0]} to {edges[-1]} ns, "
            f"allowed is a time with volume"
        )
    return [late - early for early, late in pairwise(until)]
