"""Where orders wait without being displayed: dark queues, the dormant list, and the list of pegs.

A dark queue is ordered by price in half ticks, best first, then by entry. The dormant list and the
list of pegs are ordered by entry, because an order gets its number when it is put at their end.
"""

from numba import njit

from sim.kernels.layout import (
    B_CALM,
    B_DARK,
    B_DORMANT,
    B_DORMANT_LAST,
    B_DORMANTS,
    B_ENTRIES,
    B_PEG,
    B_PEG_LAST,
    B_PEG_STALE,
    B_PEGS,
    B_RULES,
    NONE_KEY,
    O_KEY_SIDE,
    ORDER,
    RB_MID_ISOLATED,
    Words,
)
from sim.kernels.links import next_of, prev_of, set_next, set_prev
from sim.kernels.ruled.terms import terms_of
from sim.kernels.ruled.words import (
    DARK,
    DORMANT,
    E_ENTRY,
    E_MIN,
    E_PEG_NEXT,
    E_PEG_PREV,
    E_PLACE,
    E_TYPE,
)
from sim.kernels.status import PEG_MIDPOINT


@njit(cache=True)
def enter(mem: Words, bk: int, slot: int) -> None:
    """Give an order the next entry number."""
    mem[bk + B_ENTRIES] += 1
    mem[terms_of(mem, slot) + E_ENTRY] = mem[bk + B_ENTRIES]


@njit(cache=True)
def dark_link(mem: Words, orders: Words, bk: int, slot: int, key_x2: int) -> None:
    """Put an order into its side's dark queue; `key_x2` is its price in half ticks as a key."""
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    orders[slot * ORDER + O_KEY_SIDE] = key_x2 * 2 + side
    before = -1
    after = mem[bk + B_DARK + side]
    while after >= 0 and orders[after * ORDER + O_KEY_SIDE] >> 1 <= key_x2:
        before = after
        after = next_of(orders, after)
    set_prev(orders, slot, before)
    set_next(orders, slot, after)
    if before < 0:
        mem[bk + B_DARK + side] = slot
        mem[bk + B_CALM] = 0
    else:
        set_next(orders, before, slot)
    if after >= 0:
        set_prev(orders, after, slot)
    mem[terms_of(mem, slot) + E_PLACE] = DARK
    enter(mem, bk, slot)


@njit(cache=True)
def dark_unlink(mem: Words, orders: Words, bk: int, slot: int) -> None:
    """Take an order out of its side's dark queue."""
    before = prev_of(orders, slot)
    after = next_of(orders, slot)
    if before < 0:
        mem[bk + B_DARK + (orders[slot * ORDER + O_KEY_SIDE] & 1)] = after
    else:
        set_next(orders, before, after)
    if after >= 0:
        set_prev(orders, after, before)


@njit(cache=True)
def next_dark(mem: Words, orders: Words, bk: int, slot: int, lots: int) -> int:
    """The first from `slot` on whose minimum an aggressor with `lots` meets, or -1.

    Isolated midpoint pegs are passed over.
    """
    isolated = mem[mem[bk + B_RULES] + RB_MID_ISOLATED] != 0
    while slot >= 0:
        tk = terms_of(mem, slot)
        if mem[tk + E_MIN] <= lots and not (isolated and mem[tk + E_TYPE] == PEG_MIDPOINT):
            return slot
        slot = next_of(orders, slot)
    return -1


@njit(cache=True)
def dormant_link(mem: Words, orders: Words, bk: int, slot: int) -> None:
    """Put an order at the end of the dormant list."""
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    orders[slot * ORDER + O_KEY_SIDE] = (NONE_KEY >> 1) * 2 + side
    last = mem[bk + B_DORMANT_LAST]
    set_prev(orders, slot, last)
    set_next(orders, slot, -1)
    if last < 0:
        mem[bk + B_DORMANT] = slot
    else:
        set_next(orders, last, slot)
    mem[bk + B_DORMANT_LAST] = slot
    mem[bk + B_DORMANTS] += 1
    mem[bk + B_CALM] = 0
    mem[terms_of(mem, slot) + E_PLACE] = DORMANT
    enter(mem, bk, slot)


@njit(cache=True)
def dormant_unlink(mem: Words, orders: Words, bk: int, slot: int) -> None:
    """Take an order out of the dormant list."""
    before = prev_of(orders, slot)
    after = next_of(orders, slot)
    if before < 0:
        mem[bk + B_DORMANT] = after
    else:
        set_next(orders, before, after)
    if after < 0:
        mem[bk + B_DORMANT_LAST] = before
    else:
        set_prev(orders, after, before)
    mem[bk + B_DORMANTS] -= 1


@njit(cache=True)
def peg_link(mem: Words, bk: int, slot: int) -> None:
    """Put a peg that has just got its entry number at the end of the list of pegs."""
    tk = terms_of(mem, slot)
    last = mem[bk + B_PEG_LAST]
    mem[tk + E_PEG_PREV] = last
    mem[tk + E_PEG_NEXT] = -1
    if last < 0:
        mem[bk + B_PEG] = slot
    else:
        mem[terms_of(mem, last) + E_PEG_NEXT] = slot
    mem[bk + B_PEG_LAST] = slot
    mem[bk + B_PEGS] += 1
    mem[bk + B_CALM] = 0
    mem[bk + B_PEG_STALE] = 1


@njit(cache=True)
def peg_unlink(mem: Words, bk: int, slot: int) -> None:
    """Take a peg out of the list of pegs."""
    tk = terms_of(mem, slot)
    before = mem[tk + E_PEG_PREV]
    after = mem[tk + E_PEG_NEXT]
    if before < 0:
        mem[bk + B_PEG] = after
    else:
        mem[terms_of(mem, before) + E_PEG_NEXT] = after
    if after < 0:
        mem[bk + B_PEG_LAST] = before
    else:
        mem[terms_of(mem, after) + E_PEG_PREV] = before
    mem[bk + B_PEGS] -= 1
