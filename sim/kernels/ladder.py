"""One side of one book as a price ladder: a circular window of levels and a far table.

Model: keys (smaller is better) in [base, base + win) live at `key & (win - 1)` of the window, with
one bit each in the occupancy bitmap; the levels outside are in the far table, a hash (`far.py`).
The window follows the best price, so the best level is always inside it.

Invariants:
1. the best existing key is in the window, or the ladder is empty and best is NONE_KEY;
2. a level is in exactly one of window and far table; far levels have keys outside the window;
3. no far key is better than base.

Nothing here allocates: `room` says beforehand whether the next change fits.
"""

from numba import njit

from sim.kernels.bits import clear_bit, next_bit, set_bit
from sim.kernels.far import (
    far_best,
    far_find,
    far_next,
    far_push,
    far_remove,
    far_seek,
    far_take,
    far_wipe,
    move_level,
    wipe_level,
)
from sim.kernels.layout import (
    L_BASE,
    L_BEST,
    L_BITS,
    L_FARCAP,
    L_FARK,
    L_FARLV,
    L_FARN,
    L_LV,
    L_NLEV,
    L_WIN,
    LEVEL,
    LV_COUNT,
    NONE_KEY,
    Words,
)


@njit(cache=True)
def pull_far(mem: Words, levels: Words, ld: int) -> None:
    """Move every far level whose key lies in the window into it."""
    base = mem[ld + L_BASE]
    win = mem[ld + L_WIN]
    place = far_next(mem, ld, 0)
    while place >= 0:
        key = mem[mem[ld + L_FARK] + place]
        if base <= key and key < base + win:
            position = key & (win - 1)
            move_level(levels, mem[ld + L_LV] + position, mem[ld + L_FARLV] + place)
            set_bit(mem, mem[ld + L_BITS], position)
            far_remove(mem, levels, ld, place)  # may bring a later one to this place
        else:
            place += 1
        place = far_next(mem, ld, place)


@njit(cache=True)
def shift_window(mem: Words, levels: Words, ld: int, base: int) -> None:
    """Let the window begin at `base`; levels that leave it go far, far ones that enter it come in."""
    win = mem[ld + L_WIN]
    bits = mem[ld + L_BITS]
    key = mem[ld + L_BEST]
    if key != NONE_KEY:
        key = next_key_in_window(mem, ld, base + win - 1)
        while key != NONE_KEY:
            after = next_key_in_window(mem, ld, key)
            position = key & (win - 1)
            move_level(levels, far_push(mem, ld, key), mem[ld + L_LV] + position)
            wipe_level(levels, mem[ld + L_LV] + position)
            clear_bit(mem, bits, position)
            key = after
    mem[ld + L_BASE] = base
    if mem[ld + L_FARN] > 0:
        pull_far(mem, levels, ld)


@njit(cache=True)
def next_key_in_window(mem: Words, ld: int, key: int) -> int:
    """First existing key greater than `key` inside the window, or NONE_KEY."""
    base = mem[ld + L_BASE]
    win = mem[ld + L_WIN]
    start = key + 1
    if start < base:
        start = base
    if start >= base + win:
        return NONE_KEY
    position = start & (win - 1)
    found = next_bit(mem, mem[ld + L_BITS], win, position)
    if found < 0:
        return NONE_KEY
    result = start + ((found - position) & (win - 1))
    if result >= base + win:
        return NONE_KEY
    return result


@njit(cache=True)
def next_key(mem: Words, ld: int, key: int) -> int:
    """First existing key greater than `key`, far ones included, or NONE_KEY."""
    found = next_key_in_window(mem, ld, key)
    if found == NONE_KEY and mem[ld + L_FARN] > 0:
        return far_best(mem, ld, key)
    return found


@njit(cache=True)
def room(mem: Words, ld: int, key: int) -> bool:
    """Whether a level at `key` can be made without growing anything."""
    base = mem[ld + L_BASE]
    if base <= key and key < base + mem[ld + L_WIN]:
        return True
    if key < base:  # the window will move, and its whole content may have to go far
        return room_for_all(mem, ld)
    return mem[ld + L_FARN] + 2 < mem[ld + L_FARCAP]


@njit(cache=True)
def room_to_move(mem: Words, ld: int, key: int, leaving: int) -> bool:
    """Whether an order that first leaves the level at `leaving` can then have one at `key`.

    When it was alone on the best level the window follows to the next one, and coming back may send
    all levels far.
    """
    if not room(mem, ld, key):
        return False
    if leaving != mem[ld + L_BEST]:
        return True
    following = next_key(mem, ld, leaving)
    if following == NONE_KEY or key >= following - (mem[ld + L_WIN] >> 2):
        return True
    return room_for_all(mem, ld)


@njit(cache=True)
def room_for_all(mem: Words, ld: int) -> bool:
    """Whether every level could go far, so that any window can be returned to."""
    return mem[ld + L_NLEV] + 2 < mem[ld + L_FARCAP]


@njit(cache=True)
def find_level(mem: Words, ld: int, key: int) -> int:
    """Index of the level at `key`, or -1 when it cannot exist (far and unknown)."""
    win = mem[ld + L_WIN]
    distance = key - mem[ld + L_BASE]
    if 0 <= distance and distance < win:
        return mem[ld + L_LV] + (key & (win - 1))
    place = far_find(mem, ld, key)
    if place < 0:
        return -1
    return mem[ld + L_FARLV] + place


@njit(cache=True)
def make_level(mem: Words, levels: Words, ld: int, key: int) -> int:
    """Index of the level at `key`, brought into existence if need be (the caller makes count > 0)."""
    win = mem[ld + L_WIN]
    distance = key - mem[ld + L_BASE]
    if distance < 0 or mem[ld + L_NLEV] == 0:
        shift_window(mem, levels, ld, key - (win >> 2))
        distance = win >> 2
    if distance < win:
        position = key & (win - 1)
        index = mem[ld + L_LV] + position
        if levels[index * LEVEL + LV_COUNT] == 0:
            set_bit(mem, mem[ld + L_BITS], position)
            mem[ld + L_NLEV] += 1
            if key < mem[ld + L_BEST]:
                mem[ld + L_BEST] = key
        return index
    place = far_seek(mem, ld, key)
    if mem[mem[ld + L_FARK] + place] == key:
        return mem[ld + L_FARLV] + place
    mem[ld + L_NLEV] += 1
    return far_take(mem, ld, key, place)


@njit(cache=True)
def drop_level(mem: Words, levels: Words, ld: int, key: int) -> None:
    """Forget the level at `key`, whose queue has become empty, and find the best again."""
    win = mem[ld + L_WIN]
    base = mem[ld + L_BASE]
    mem[ld + L_NLEV] -= 1
    if key >= base + win or key < base:
        far_remove(mem, levels, ld, far_find(mem, ld, key))
        return
    position = key & (win - 1)
    clear_bit(mem, mem[ld + L_BITS], position)
    wipe_level(levels, mem[ld + L_LV] + position)
    if key == mem[ld + L_BEST]:
        follow_best(mem, levels, ld, key)


@njit(cache=True)
def follow_best(mem: Words, levels: Words, ld: int, key: int) -> None:
    """The best level, at `key`, has gone: find the next one and let the window follow it."""
    win = mem[ld + L_WIN]
    base = mem[ld + L_BASE]
    best = next_key_in_window(mem, ld, key)
    if best == NONE_KEY and mem[ld + L_FARN] > 0:
        best = far_best(mem, ld, -NONE_KEY)
        mem[ld + L_BEST] = NONE_KEY
        shift_window(mem, levels, ld, best - (win >> 2))
    elif best != NONE_KEY and best - base > win - (win >> 2):
        # Nothing leaves: every level of the window is at `best` or worse.
        mem[ld + L_BASE] = best - (win >> 2)
        if mem[ld + L_FARN] > 0:
            pull_far(mem, levels, ld)
    mem[ld + L_BEST] = best


@njit(cache=True, forceinline=True)
def mark_level(mem: Words, levels: Words, ld: int, key: int, qty: int) -> None:
    """A level of the window has come with `qty`, or has gone with zero: bitmap and best follow.

    Coming or going is a toss-up on a real feed, so the bitmap is written without a branch on it.
    """
    position = key & (mem[ld + L_WIN] - 1)
    at = mem[ld + L_BITS] + (position >> 6)
    stays = 1 if qty > 0 else 0
    mem[at] = (mem[at] & ~(1 << (position & 63))) | stays << (position & 63)
    best = mem[ld + L_BEST]
    if key <= best:
        if qty > 0:
            mem[ld + L_BEST] = key
        elif key == best:
            follow_best(mem, levels, ld, key)


@njit(cache=True)
def clear_ladder(mem: Words, levels: Words, ld: int) -> None:
    """Forget every level; whoever stood in their queues is the caller's business."""
    key = mem[ld + L_BEST]
    while key != NONE_KEY:
        position = key & (mem[ld + L_WIN] - 1)
        clear_bit(mem, mem[ld + L_BITS], position)
        wipe_level(levels, mem[ld + L_LV] + position)
        key = next_key_in_window(mem, ld, key)
    far_wipe(mem, levels, ld)
    mem[ld + L_BEST] = NONE_KEY
    mem[ld + L_NLEV] = 0
