"""The far table: levels of a ladder that lie outside its window, hashed by their keys.

Model: open addressing with linear probing. A key is looked for from the place that it hashes to up to
the first free one. Removing a level closes the gap behind it, so there are no tombstones and a search
never becomes longer than what is in the table makes it. A bitmap says which places are taken, so that
a walk over all of them costs what is there and not what there is room for.

Limits: the order of a walk is the order of places, which depends on the size of the table. Nobody may
tell anything by it: what is asked of a walk is a minimum, or to move each level of a range.
"""

from numba import njit

from sim.kernels.bits import clear_bit, set_bit, trailing_zeros
from sim.kernels.layout import (
    FAR_HASH_BITS,
    FAR_PLACES,
    L_FARBITS,
    L_FARCAP,
    L_FARK,
    L_FARLV,
    L_FARN,
    L_FARSHIFT,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_LIVE,
    LV_PEGS,
    LV_SHOWN,
    LV_SPECIAL,
    LV_TAIL,
    LV_TOP,
    NONE_KEY,
    Words,
)

HASH_MASK = (1 << FAR_HASH_BITS) - 1
MULTIPLIER = 0x4F1BBCDD  # 2**31 / golden ratio, odd: neighbouring prices come to lie far apart


@njit(cache=True)
def move_level(levels: Words, target: int, source: int) -> None:
    """Copy a level record; orders find their level by key, so none of them needs to know."""
    levels[target * LEVEL + LV_LIVE] = levels[source * LEVEL + LV_LIVE]
    levels[target * LEVEL + LV_SHOWN] = levels[source * LEVEL + LV_SHOWN]
    levels[target * LEVEL + LV_HEAD] = levels[source * LEVEL + LV_HEAD]
    levels[target * LEVEL + LV_TAIL] = levels[source * LEVEL + LV_TAIL]
    levels[target * LEVEL + LV_COUNT] = levels[source * LEVEL + LV_COUNT]
    levels[target * LEVEL + LV_SPECIAL] = levels[source * LEVEL + LV_SPECIAL]
    levels[target * LEVEL + LV_PEGS] = levels[source * LEVEL + LV_PEGS]
    levels[target * LEVEL + LV_TOP] = levels[source * LEVEL + LV_TOP]


@njit(cache=True)
def wipe_level(levels: Words, index: int) -> None:
    """Make a level record say that it does not exist."""
    levels[index * LEVEL + LV_LIVE] = 0
    levels[index * LEVEL + LV_SHOWN] = 0
    levels[index * LEVEL + LV_HEAD] = -1
    levels[index * LEVEL + LV_TAIL] = -1
    levels[index * LEVEL + LV_COUNT] = 0
    levels[index * LEVEL + LV_SPECIAL] = 0
    levels[index * LEVEL + LV_PEGS] = 0
    levels[index * LEVEL + LV_TOP] = 0


@njit(cache=True, forceinline=True)
def far_home(mem: Words, ld: int, key: int) -> int:
    """The place that a key hashes to.

    Keys have 42 bits. Folding them to 31 keeps the product below 2**62, so that no bit depends on how
    integers overflow.
    """
    folded = (key ^ (key >> 20)) & HASH_MASK
    return ((folded * MULTIPLIER) & HASH_MASK) >> mem[ld + L_FARSHIFT]


@njit(cache=True, forceinline=True)
def far_find(mem: Words, ld: int, key: int) -> int:
    """Place of `key` in the far table, or -1."""
    place = far_seek(mem, ld, key)
    return place if mem[mem[ld + L_FARK] + place] == key else -1


@njit(cache=True, forceinline=True)
def far_seek(mem: Words, ld: int, key: int) -> int:
    """Place of `key`, or the free place where it would go."""
    keys = mem[ld + L_FARK]
    last = mem[ld + L_FARCAP] * FAR_PLACES - 1
    place = far_home(mem, ld, key)
    while mem[keys + place] != key and mem[keys + place] != NONE_KEY:
        place = (place + 1) & last
    return place


@njit(cache=True)
def far_next(mem: Words, ld: int, place: int) -> int:
    """First taken place from `place` on, or -1."""
    places = mem[ld + L_FARCAP] * FAR_PLACES
    if place >= places:
        return -1
    bits = mem[ld + L_FARBITS]
    index = place >> 6
    word = mem[bits + index] & (-1 << (place & 63))
    while word == 0:
        index += 1
        if index << 6 >= places:
            return -1
        word = mem[bits + index]
    return (index << 6) + trailing_zeros(word)


@njit(cache=True)
def far_best(mem: Words, ld: int, above: int) -> int:
    """Smallest far key greater than `above`, or NONE_KEY."""
    keys = mem[ld + L_FARK]
    best = NONE_KEY
    place = far_next(mem, ld, 0)
    while place >= 0:
        key = mem[keys + place]
        if above < key and key < best:
            best = key
        place = far_next(mem, ld, place + 1)
    return best


@njit(cache=True)
def far_take(mem: Words, ld: int, key: int, place: int) -> int:
    """Give a free place, found by `far_seek`, to `key`; the index of its empty level."""
    assert mem[ld + L_FARN] < mem[ld + L_FARCAP]
    mem[mem[ld + L_FARK] + place] = key
    set_bit(mem, mem[ld + L_FARBITS], place)
    mem[ld + L_FARN] += 1
    return mem[ld + L_FARLV] + place


@njit(cache=True)
def far_push(mem: Words, ld: int, key: int) -> int:
    """Add an empty far level for `key`, which is not there; its index in `levels`."""
    return far_take(mem, ld, key, far_seek(mem, ld, key))


@njit(cache=True)
def far_remove(mem: Words, levels: Words, ld: int, place: int) -> None:
    """Take a level out of the far table and close the gap.

    A level behind the gap, with no free place between, moves into it unless that would bring it before
    the place that it hashes to; then the gap is where it was.
    """
    keys = mem[ld + L_FARK]
    farlv = mem[ld + L_FARLV]
    last = mem[ld + L_FARCAP] * FAR_PLACES - 1
    gap = place
    place = (place + 1) & last
    while mem[keys + place] != NONE_KEY:
        way = (place - far_home(mem, ld, mem[keys + place])) & last
        if way >= (place - gap) & last:
            mem[keys + gap] = mem[keys + place]
            move_level(levels, farlv + gap, farlv + place)
            gap = place
        place = (place + 1) & last
    mem[keys + gap] = NONE_KEY
    clear_bit(mem, mem[ld + L_FARBITS], gap)
    wipe_level(levels, farlv + gap)
    mem[ld + L_FARN] -= 1


@njit(cache=True)
def far_wipe(mem: Words, levels: Words, ld: int) -> None:
    """Take every level out of the far table."""
    place = far_next(mem, ld, 0)
    while place >= 0:
        mem[mem[ld + L_FARK] + place] = NONE_KEY
        clear_bit(mem, mem[ld + L_FARBITS], place)
        wipe_level(levels, mem[ld + L_FARLV] + place)
        place = far_next(mem, ld, place + 1)
    mem[ld + L_FARN] = 0
