"""Every structural invariant of a book, checked from scratch."""

from numba import njit

from sim.kernels.blocks import book_at
from sim.kernels.book import ladder_of
from sim.kernels.far import far_find
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_LINKED,
    B_PHASE,
    B_SPECIAL,
    FAR_PLACES,
    H_MODE,
    L_BASE,
    L_BEST,
    L_FARBITS,
    L_FARCAP,
    L_FARK,
    L_FARLV,
    L_FARN,
    L_NLEV,
    L_WIN,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_LIVE,
    LV_SHOWN,
    LV_SPECIAL,
    LV_TAIL,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    Words,
)
from sim.kernels.links import next_of, prev_of
from sim.kernels.status import CONTINUOUS, FROZEN, REACTIVE


@njit(cache=True)
def audit_level(mem: Words, orders: Words, levels: Words, side: int, key: int, index: int) -> int:
    """Check one level's queue against its sums. 0, or the number of the broken rule."""
    live = 0
    shown = 0
    special = 0
    count = 0
    before = -1
    slot = levels[index * LEVEL + LV_HEAD]
    while slot >= 0:
        if orders[slot * ORDER + O_KEY_SIDE] != key * 2 + side:
            return 1
        if prev_of(orders, slot) != before:
            return 2
        tape = orders[slot * ORDER + O_TAPE]
        if orders[slot * ORDER + O_LIVE] < 0 or (
            mem[H_MODE] == REACTIVE and orders[slot * ORDER + O_LIVE] == 0
        ):
            return 3
        if mem[H_MODE] == FROZEN and tape >= 0 and orders[slot * ORDER + O_LIVE] > tape:
            return 4
        live += orders[slot * ORDER + O_LIVE]
        if mem[H_MODE] == REACTIVE:
            shown += orders[slot * ORDER + O_LIVE]
        elif tape > 0:
            shown += tape
        if orders[slot * ORDER + O_LIVE] > tape:
            special += 1
        count += 1
        before = slot
        slot = next_of(orders, slot)
    if levels[index * LEVEL + LV_TAIL] != before:
        return 5
    if levels[index * LEVEL + LV_LIVE] != live or levels[index * LEVEL + LV_SHOWN] != shown:
        return 6
    if (
        levels[index * LEVEL + LV_SPECIAL] != special
        or levels[index * LEVEL + LV_COUNT] != count
        or count == 0
    ):
        return 7
    return 0


@njit(cache=True)
def audit_side(mem: Words, orders: Words, levels: Words, bk: int, side: int) -> int:
    """Check one side's ladder: order, sums, window and far table. 0, or the broken rule."""
    ld = ladder_of(bk, side)
    seen = 0
    special = 0
    linked = 0
    key = mem[ld + L_BEST]
    if (key == NONE_KEY) != (mem[ld + L_NLEV] == 0):
        return 10
    if key != NONE_KEY and (key < mem[ld + L_BASE] or key >= mem[ld + L_BASE] + mem[ld + L_WIN]):
        return 11
    while key != NONE_KEY:
        index = find_level(mem, ld, key)
        if index < 0:
            return 12
        broken = audit_level(mem, orders, levels, side, key, index)
        if broken != 0:
            return broken
        seen += 1
        linked += levels[index * LEVEL + LV_COUNT]
        special += levels[index * LEVEL + LV_SPECIAL]
        key = next_key(mem, ld, key)
    if seen != mem[ld + L_NLEV]:
        return 13
    if linked != mem[bk + B_LINKED + side] or special != mem[bk + B_SPECIAL + side]:
        return 14
    return audit_far(mem, levels, ld)


@njit(cache=True)
def audit_far(mem: Words, levels: Words, ld: int) -> int:
    """Check a far table: outside the window, each level where it is looked for, counts and bitmap."""
    found = 0
    for place in range(mem[ld + L_FARCAP] * FAR_PLACES):
        far = mem[mem[ld + L_FARK] + place]
        bits = mem[mem[ld + L_FARBITS] + (place >> 6)]
        taken = far != NONE_KEY
        if taken != (bits >> (place & 63) & 1 == 1):
            return 16
        if taken != (levels[(mem[ld + L_FARLV] + place) * LEVEL + LV_COUNT] > 0):
            return 17
        if taken:
            found += 1
            if mem[ld + L_BASE] <= far and far < mem[ld + L_BASE] + mem[ld + L_WIN]:
                return 15
            if far_find(mem, ld, far) != place:
                return 18
    return 0 if found == mem[ld + L_FARN] else 19


@njit(cache=True)
def best_live_key(mem: Words, levels: Words, bk: int, side: int) -> int:
    """Best key with something live to take, or NONE_KEY."""
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while key != NONE_KEY and levels[(find_level(mem, ld, key)) * LEVEL + LV_LIVE] == 0:
        key = next_key(mem, ld, key)
    return key


@njit(cache=True)
def audit_book(mem: Words, orders: Words, levels: Words, book_id: int) -> int:
    """Check every invariant of a book. 0, or the number of the broken one.

    1–7 are about a queue, 10–19 about a ladder, 20 says that a reactive book is crossed or locked in
    continuous trading.
    """
    bk = book_at(mem, book_id)
    for side in range(2):
        broken = audit_side(mem, orders, levels, bk, side)
        if broken != 0:
            return broken
    if mem[H_MODE] == REACTIVE and mem[bk + B_PHASE] == CONTINUOUS:
        bid = best_live_key(mem, levels, bk, 0)
        ask = best_live_key(mem, levels, bk, 1)
        if bid != NONE_KEY and ask != NONE_KEY and -bid >= ask:
            return 20
    return 0
