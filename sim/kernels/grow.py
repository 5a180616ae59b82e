"""Moving what has become too small into larger regions that the caller has appended."""

from numba import njit

from sim.kernels.bits import set_bit
from sim.kernels.blocks import local_at
from sim.kernels.ladder import far_push, move_level, next_key_in_window
from sim.kernels.layout import (
    B_FIRST_LOCAL,
    B_RING_CAP,
    B_RING_LIMIT,
    B_RING_OFF,
    B_RING_WRITE,
    K_CURSOR,
    K_NEXT,
    L_BASE,
    L_BEST,
    L_BITS,
    L_FARCAP,
    L_FARK,
    L_FARLV,
    L_FARN,
    L_LV,
    L_WIN,
    NONE_KEY,
    R_SIZE,
    Words,
)


@njit(cache=True)
def grow_ladder(
    mem: Words,
    levels: Words,
    ld: int,
    win: int,
    bits: int,
    lv: int,
    farcap: int,
    fark: int,
    farlv: int,
) -> None:
    """Move a ladder into a window of `win` levels and a far table of `farcap`, both still empty.

    Args:
        win: New window, a power of two, at least the old one.
        bits: Offset in `mem` of win / 64 words, all zero.
        lv: Offset in `levels` of `win` records, all wiped.
        farcap: New size of the far table; all levels of the old window fit it.
        fark: Offset in `mem` of the far keys.
        farlv: Offset in `levels` of the far records, all wiped.
    """
    old_lv = mem[ld + L_LV]
    old_win = mem[ld + L_WIN]
    old_far = mem[ld + L_FARN]
    old_fark = mem[ld + L_FARK]
    old_farlv = mem[ld + L_FARLV]
    best = mem[ld + L_BEST]
    base = best - (win >> 2) if best != NONE_KEY else mem[ld + L_BASE]
    mem[ld + L_FARN] = 0
    mem[ld + L_FARK] = fark
    mem[ld + L_FARLV] = farlv
    mem[ld + L_FARCAP] = farcap
    key = best
    while key != NONE_KEY:
        source = old_lv + (key & (old_win - 1))
        if key < base + win:
            move_level(levels, lv + (key & (win - 1)), source)
            set_bit(mem, bits, key & (win - 1))
        else:
            move_level(levels, far_push(mem, ld, key), source)
        key = next_key_in_window(mem, ld, key)
    for place in range(old_far):
        key = mem[old_fark + place]
        if base <= key and key < base + win:
            move_level(levels, lv + (key & (win - 1)), old_farlv + place)
            set_bit(mem, bits, key & (win - 1))
        else:
            move_level(levels, far_push(mem, ld, key), old_farlv + place)
    mem[ld + L_BASE] = base
    mem[ld + L_WIN] = win
    mem[ld + L_LV] = lv
    mem[ld + L_BITS] = bits


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
