"""The best visible levels of venue books and local books."""

from numba import njit

from sim.kernels.blocks import book_at, local_at
from sim.kernels.book import ladder_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    K_LADDER,
    L_BEST,
    L_SIZE,
    LEVEL,
    LV_SHOWN,
    NONE_KEY,
    Words,
)


@njit(cache=True)
def top_levels(
    mem: Words, levels: Words, ld: int, side: int, count: int, out: Words, at: int, step: int
) -> int:
    """Write up to `count` (price, shown) pairs of a ladder, best first; how many were there.

    Levels that the public feed does not show are passed over. Pair k goes to `out[at + k * step]`.
    """
    found = 0
    key = mem[ld + L_BEST]
    while key != NONE_KEY and found < count:
        shown = levels[(find_level(mem, ld, key)) * LEVEL + LV_SHOWN]
        if shown > 0:
            out[at] = key if side else -key
            out[at + 1] = shown
            at += step
            found += 1
        key = next_key(mem, ld, key)
    return found


@njit(cache=True)
def local_depth(mem: Words, levels: Words, local: int, side: int, count: int, out: Words) -> int:
    """The best levels of one side of a local book as pairs in `out`; how many there are."""
    ld = local_at(mem, local) + K_LADDER + side * L_SIZE
    return top_levels(mem, levels, ld, side, count, out, 0, 2)


@njit(cache=True)
def venue_depth(mem: Words, levels: Words, book_id: int, side: int, count: int, out: Words) -> int:
    """The best shown levels of one side of a venue book as pairs in `out`; how many there are."""
    ld = ladder_of(book_at(mem, book_id), side)
    return top_levels(mem, levels, ld, side, count, out, 0, 2)
