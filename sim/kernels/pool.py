"""The pool of slots for own and moved orders, behind the slots of all handles.

A free slot is linked to the next free one. Its tag says whose order it holds; slots of handles need
no tag, because the tape names them.
"""

from numba import njit

from sim.kernels.layout import (
    H_POOL_BASE,
    H_POOL_FREE,
    H_POOL_FREE_COUNT,
    H_TAG_OFF,
    O_LIVE,
    O_TAPE,
    ORDER,
    T_ID,
    T_SIZE,
    T_WORD,
    Words,
)
from sim.kernels.links import next_of, set_next


@njit(cache=True)
def tag_of(mem: Words, slot: int) -> int:
    """Offset of the tag of a pool slot."""
    return mem[H_TAG_OFF] + (slot - mem[H_POOL_BASE]) * T_SIZE


@njit(cache=True)
def pool_take(mem: Words, orders: Words, sort: int, identity: int) -> int:
    """A free pool slot with its tag written; the caller made sure that there is one."""
    slot = mem[H_POOL_FREE]
    assert slot >= 0
    mem[H_POOL_FREE] = next_of(orders, slot)
    mem[H_POOL_FREE_COUNT] -= 1
    tag = tag_of(mem, slot)
    mem[tag + T_ID] = identity
    mem[tag + T_WORD] = sort
    return slot


@njit(cache=True)
def pool_give(mem: Words, orders: Words, slot: int) -> None:
    """Return a slot to the pool; last in, first out keeps it warm."""
    orders[slot * ORDER + O_LIVE] = 0
    orders[slot * ORDER + O_TAPE] = 0
    set_next(orders, slot, mem[H_POOL_FREE])
    mem[H_POOL_FREE] = slot
    mem[H_POOL_FREE_COUNT] += 1


@njit(cache=True)
def add_pool(mem: Words, orders: Words, first: int, end: int) -> None:
    """Put the slots [first, end) on the free list, the lowest on top."""
    for slot in range(end - 1, first - 1, -1):
        orders[slot * ORDER + O_LIVE] = 0
        orders[slot * ORDER + O_TAPE] = 0
        set_next(orders, slot, mem[H_POOL_FREE])
        mem[H_POOL_FREE] = slot
        mem[H_POOL_FREE_COUNT] += 1
