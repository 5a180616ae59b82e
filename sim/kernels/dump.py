"""The state of a book as a list of integers, its visible levels, and an audit of its structure."""

from numba import njit

from sim.kernels.book import ladder_of, tag_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_DIVERGED,
    B_EXPIRED,
    B_HANDLE_BASE,
    B_HANDLES,
    B_LINKED,
    B_MARKET,
    B_MOVED,
    B_PHASE,
    B_SIZE,
    B_SPECIAL,
    B_VOID,
    H_BOOK_OFF,
    H_MODE,
    H_SLOTS,
    K_LADDER,
    L_BASE,
    L_BEST,
    L_FARK,
    L_FARN,
    L_NLEV,
    L_SIZE,
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
    T_ID,
)
from sim.kernels.links import next_of, prev_of
from sim.kernels.local import local_at
from sim.kernels.status import CONTINUOUS, FROZEN, REACTIVE


@njit(cache=True)
def name_of(mem, orders, bk, slot):
    """The name of an order in dumps."""
    tape = orders[slot * ORDER + O_TAPE]
    if tape == -1:
        return mem[tag_of(mem, slot) + T_ID] * 4 + 1
    if tape == 0:
        return mem[tag_of(mem, slot) + T_ID] * 4 + 2
    return (slot - mem[bk + B_HANDLE_BASE]) * 4


@njit(cache=True)
def dump_side(mem, orders, levels, bk, side, out, at):
    """Write one side of a book from `out[at]` on; where it ends."""
    ld = ladder_of(bk, side)
    out[at] = mem[ld + L_NLEV]
    at += 1
    key = mem[ld + L_BEST]
    while key != NONE_KEY:
        index = find_level(mem, ld, key)
        out[at] = key if side else -key
        out[at + 1] = levels[index * LEVEL + LV_SHOWN]
        out[at + 2] = levels[index * LEVEL + LV_COUNT]
        at += 3
        slot = levels[index * LEVEL + LV_HEAD]
        while slot >= 0:
            out[at] = name_of(mem, orders, bk, slot)
            out[at + 1] = orders[slot * ORDER + O_LIVE]
            out[at + 2] = orders[slot * ORDER + O_TAPE]
            at += 3
            slot = next_of(orders, slot)
        key = next_key(mem, ld, key)
    queue = mem[bk + B_MARKET + side]
    out[at] = levels[queue * LEVEL + LV_COUNT]
    at += 1
    slot = levels[queue * LEVEL + LV_HEAD]
    while slot >= 0:
        out[at] = name_of(mem, orders, bk, slot)
        out[at + 1] = orders[slot * ORDER + O_LIVE]
        at += 2
        slot = next_of(orders, slot)
    return at


@njit(cache=True)
def dump_book(mem, orders, levels, book_id, out):
    """Write a book's state dump (docs/explanation/venue-truth.md) into `out`; its length.

    `out` must hold 16 + 4 words an order in the book or spent; the caller sizes it.
    """
    bk = mem[H_BOOK_OFF] + book_id * B_SIZE
    out[0] = mem[bk + B_PHASE]
    at = dump_side(mem, orders, levels, bk, 0, out, 1)
    at = dump_side(mem, orders, levels, bk, 1, out, at)
    count_at = at
    at += 1
    spent = 0
    if mem[H_MODE] == REACTIVE:
        base = mem[bk + B_HANDLE_BASE]
        for handle in range(mem[bk + B_HANDLES]):
            if orders[(base + handle) * ORDER + O_TAPE] > 0 and orders[(base + handle) * ORDER + O_LIVE] == 0:
                out[at] = handle
                out[at + 1] = orders[(base + handle) * ORDER + O_TAPE]
                at += 2
                spent += 1
    out[count_at] = spent
    out[at] = mem[bk + B_VOID]
    out[at + 1] = mem[bk + B_EXPIRED]
    out[at + 2] = mem[bk + B_DIVERGED]
    out[at + 3] = mem[bk + B_MOVED]
    return at + 4


@njit(cache=True)
def dump_size(mem, orders, book_id):
    """Words that `dump_book` needs at most."""
    bk = mem[H_BOOK_OFF] + book_id * B_SIZE
    alive = mem[bk + B_LINKED] + mem[bk + B_LINKED + 1]
    base = mem[bk + B_HANDLE_BASE]
    for slot in range(base, base + mem[bk + B_HANDLES]):
        if orders[slot * ORDER + O_TAPE] > 0:
            alive += 1
    market = mem[H_SLOTS] - base
    return 32 + 6 * alive + 2 * market


@njit(cache=True)
def top_levels(mem, levels, ld, side, count, out, at, step):
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
def local_depth(mem, levels, local, side, count, out):
    """The best levels of one side of a local book as pairs in `out`; how many there are."""
    ld = local_at(mem, local) + K_LADDER + side * L_SIZE
    return top_levels(mem, levels, ld, side, count, out, 0, 2)


@njit(cache=True)
def venue_depth(mem, levels, book_id, side, count, out):
    """The best shown levels of one side of a venue book as pairs in `out`; how many there are."""
    ld = ladder_of(mem[H_BOOK_OFF] + book_id * B_SIZE, side)
    return top_levels(mem, levels, ld, side, count, out, 0, 2)


@njit(cache=True)
def audit_level(mem, orders, levels, bk, side, key, index):
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
        if orders[slot * ORDER + O_LIVE] < 0 or (mem[H_MODE] == REACTIVE and orders[slot * ORDER + O_LIVE] == 0):
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
    if levels[index * LEVEL + LV_SPECIAL] != special or levels[index * LEVEL + LV_COUNT] != count or count == 0:
        return 7
    return 0


@njit(cache=True)
def audit_side(mem, orders, levels, bk, side):
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
        broken = audit_level(mem, orders, levels, bk, side, key, index)
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
    for place in range(mem[ld + L_FARN]):
        far = mem[mem[ld + L_FARK] + place]
        if mem[ld + L_BASE] <= far and far < mem[ld + L_BASE] + mem[ld + L_WIN]:
            return 15
    return 0


@njit(cache=True)
def best_live_key(mem, levels, bk, side):
    """Best key with something live to take, or NONE_KEY."""
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while key != NONE_KEY and levels[(find_level(mem, ld, key)) * LEVEL + LV_LIVE] == 0:
        key = next_key(mem, ld, key)
    return key


@njit(cache=True)
def audit_book(mem, orders, levels, book_id):
    """Check every invariant of a book. 0, or the number of the broken one.

    1–7 are about a queue, 10–15 about a ladder, 20 says that a reactive book is crossed or locked in
    continuous trading.
    """
    bk = mem[H_BOOK_OFF] + book_id * B_SIZE
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
