"""Moving what has become too small into larger regions that the caller has appended."""

from numba import njit

from sim.kernels.bits import set_bit, trailing_zeros
from sim.kernels.blocks import local_at
from sim.kernels.far import far_push, move_level
from sim.kernels.ladder import next_key_in_window, pull_far
from sim.kernels.layout import (
    B_FIRST_LOCAL,
    B_RING_CAP,
    B_RING_LIMIT,
    B_RING_OFF,
    B_RING_WRITE,
    FAR_HASH_BITS,
    FAR_PLACES,
    K_CURSOR,
    K_NEXT,
    L_BASE,
    L_BEST,
    L_BITS,
    L_FARBITS,
    L_FARCAP,
    L_FARK,
    L_FARLV,
    L_FARN,
    L_FARSHIFT,
    L_LV,
    L_WIN,
    NONE_KEY,
    R_SIZE,
    Words,
)


@njit(cache=True)
def grow_far(
    mem: Words, levels: Words, ld: int, farcap: int, fark: int, farbits: int, farlv: int
) -> None:
    """Give a ladder a far table for `farcap` levels and move those of the old one, if any, into it.

    Args:
        farcap: New size, a power of two, at least 2 and the old one.
        fark: Offset in `mem` of the new places' keys.
        farbits: Offset in `mem` of their bitmap, all zero.
        farlv: Offset in `levels` of their records, all wiped.
    """
    old_places = mem[ld + L_FARCAP] * FAR_PLACES
    old_fark = mem[ld + L_FARK]
    old_farlv = mem[ld + L_FARLV]
    places = farcap * FAR_PLACES
    mem[ld + L_FARCAP] = farcap
    mem[ld + L_FARN] = 0
    mem[ld + L_FARK] = fark
    mem[ld + L_FARBITS] = farbits
    mem[ld + L_FARLV] = farlv
    mem[ld + L_FARSHIFT] = FAR_HASH_BITS - trailing_zeros(places)
    for place in range(places):
        mem[fark + place] = NONE_KEY
    for place in range(old_places):
        key = mem[old_fark + place]
        if key != NONE_KEY:
            move_level(levels, far_push(mem, ld, key), old_farlv + place)


@njit(cache=True)
def grow_window(mem: Words, levels: Words, ld: int, win: int, bits: int, lv: int) -> None:
    """Move a ladder into a window of `win` levels, more than it has.

    Args:
        win: New window, a power of two.
        bits: Offset in `mem` of win / 64 words, all zero.
        lv: Offset in `levels` of `win` records, all wiped.
    """
    old_lv = mem[ld + L_LV]
    old_win = mem[ld + L_WIN]
    best = mem[ld + L_BEST]
    key = best
    while key != NONE_KEY:
        move_level(levels, lv + (key & (win - 1)), old_lv + (key & (old_win - 1)))
        set_bit(mem, bits, key & (win - 1))
        key = next_key_in_window(mem, ld, key)
    mem[ld + L_WIN] = win
    mem[ld + L_LV] = lv
    mem[ld + L_BITS] = bits
    if best != NONE_KEY:
        # No level leaves: it begins at or before the best, and ends where the old one did or later.
        mem[ld + L_BASE] = max(mem[ld + L_BASE] + old_win - win, best - (win >> 2))
    pull_far(mem, levels, ld)


@njit(cache=True)
def grow_ring(mem: Words, bk: int, off: int, cap: int) -> None:
    """Move the undelivered messages of a ring into one of `cap` messages at `off`."""
    old_off = mem[bk + B_RING_OFF]
    old_cap = mem[bk + B_RING_CAP]
    write = mem[bk + B_RING_WRITE]
    slowest = write
    index = mem[bk + B_FIRST_LOCAL]
    while index >= 0:
        slowest = min(slowest, mem[local_at(mem, index) + K_CURSOR])
        index = mem[local_at(mem, index) + K_NEXT]
    for message in range(slowest, write):
        source = old_off + (message & (old_cap - 1)) * R_SIZE
        target = off + (message & (cap - 1)) * R_SIZE
        for word in range(R_SIZE):
            mem[target + word] = mem[source + word]
    mem[bk + B_RING_OFF] = off
    mem[bk + B_RING_CAP] = cap
    mem[bk + B_RING_LIMIT] = slowest + cap
