"""How far a price moved and how many orders left within a window: memory of fixed size, no clock.

Model: a window is cut into BUCKETS equal parts. Each part keeps its lowest and highest price, or
its count; a part that falls out of the window is used again. So a window is judged over its
length and at most two parts more, never over less: it may remember too long, never too short.

Invariants: the price that stood when a part began belongs to that part, though nothing happened
in it.
"""

from typing import Final

import msgspec

from market.decisions import PPM

BUCKETS: Final = 16


class PriceWindow(msgspec.Struct):
    """Extremes of one book's mark.

    Attributes:
        part: Number of the present part, counted from time zero.
        last_x2: The newest mark, twice the mid in ticks; 0 before the first.
        low_x2: Lowest of all parts.
        high_x2: Highest of all parts.
        lows: Lowest of each part; the present one is `part % (BUCKETS + 1)`.
        highs: Highest of each part.
    """

    part: int = 0
    last_x2: int = 0
    low_x2: int = 0
    high_x2: int = 0
    lows: list[int] = []
    highs: list[int] = []


def add_price(window: PriceWindow, part: int, mark_x2: int) -> None:
    """A mark at a moment within a part."""
    if window.last_x2 == 0:
        window.lows = [mark_x2] * (BUCKETS + 1)
        window.highs = [mark_x2] * (BUCKETS + 1)
        window.part, window.low_x2, window.high_x2 = part, mark_x2, mark_x2
    elif part != window.part:
        lows, highs, last_x2 = window.lows, window.highs, window.last_x2
        for skipped in range(max(window.part + 1, part - BUCKETS), part + 1):
            lows[skipped % (BUCKETS + 1)] = highs[skipped % (BUCKETS + 1)] = last_x2
        window.part, window.low_x2, window.high_x2 = part, min(lows), max(highs)
    window.last_x2 = mark_x2
    slot = part % (BUCKETS + 1)
    if mark_x2 < window.lows[slot]:
        window.lows[slot] = mark_x2
        if mark_x2 < window.low_x2:
            window.low_x2 = mark_x2
    elif mark_x2 > window.highs[slot]:
        window.highs[slot] = mark_x2
        if mark_x2 > window.high_x2:
            window.high_x2 = mark_x2


def is_move_above(window: PriceWindow, most_ppm: int) -> bool:
    """Whether the newest mark is farther from either extreme than a part of that extreme."""
    last_x2, low_x2, high_x2 = window.last_x2, window.low_x2, window.high_x2
    return (last_x2 - low_x2) * PPM > most_ppm * abs(low_x2) or (
        high_x2 - last_x2
    ) * PPM > most_ppm * abs(high_x2)


def move_ppm(window: PriceWindow) -> int:
    """How far the newest mark is from the window's farther extreme, of that extreme, rounded up."""
    up = -((window.low_x2 - window.last_x2) * PPM // (abs(window.low_x2) or 1))
    down = -((window.last_x2 - window.high_x2) * PPM // (abs(window.high_x2) or 1))
    return max(up, down)


class RateWindow(msgspec.Struct):
    """How many within the window: by part, and together."""

    part: int = 0
    total: int = 0
    counts: list[int] = []


def add_count(window: RateWindow, part: int, count: int) -> int:
    """So many at a moment within a part.

    Args:
        count: How many; 0 only lets time pass.

    Returns:
        How many there are within the window now.
    """
    if not window.counts:
        window.counts = [0] * (BUCKETS + 1)
        window.part = part
    if part != window.part:
        for skipped in range(max(window.part + 1, part - BUCKETS), part + 1):
            window.counts[skipped % (BUCKETS + 1)] = 0
        window.part, window.total = part, sum(window.counts)
    window.counts[part % (BUCKETS + 1)] += count
    window.total += count
    return window.total


def part_ns(window_ns: int) -> int:
    """Length of a part, rounded up so that the parts are never shorter than the window."""
    return -(-window_ns // BUCKETS)
