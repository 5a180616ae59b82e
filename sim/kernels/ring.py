"""Room for what is about to happen: rings, out rows and the pool are checked before each step.

A step that would not fit is not begun: the caller grows what is named by the status and tries again.
"""

from numba import njit

from sim.kernels.blocks import book_number, local_at
from sim.kernels.book import ladder_of
from sim.kernels.ladder import room
from sim.kernels.layout import (
    B_FIRST_LOCAL,
    B_LINKED,
    B_OWN,
    B_RING_CAP,
    B_RING_COMMIT,
    B_RING_LIMIT,
    B_RING_OFF,
    B_RING_WRITE,
    H_NEED,
    H_OUT,
    H_OUT_CAP,
    H_POOL_FREE_COUNT,
    K_ARMED,
    K_CURSOR,
    K_NEXT,
    R_SIZE,
    R_WORD,
    Words,
)
from sim.kernels.local import catch_up
from sim.kernels.status import DONE, LAST, NEED_BOOK, NEED_OUT, NEED_POOL, NEED_RING

SLACK = 8  # messages or reports that a row may cause beyond one for each order it meets


@njit(cache=True)
def commit(mem: Words, bk: int) -> None:
    """Close a source message: what it published becomes deliverable."""
    write = mem[bk + B_RING_WRITE]
    if write > mem[bk + B_RING_COMMIT]:
        cap = mem[bk + B_RING_CAP]
        at = mem[bk + B_RING_OFF] + ((write - 1) & (cap - 1)) * R_SIZE
        mem[at + R_WORD] |= LAST
        mem[bk + B_RING_COMMIT] = write


@njit(cache=True)
def ring_room(mem: Words, levels: Words, bk: int, wanted: int, until: int) -> int:
    """Make sure that `wanted` messages fit the ring: bring batch readers up to date, or refuse."""
    cap = mem[bk + B_RING_CAP]
    if cap == 0 or mem[bk + B_RING_WRITE] + wanted <= mem[bk + B_RING_LIMIT]:
        return DONE
    slowest = mem[bk + B_RING_COMMIT]
    index = mem[bk + B_FIRST_LOCAL]
    while index >= 0:
        lk = local_at(mem, index)
        if mem[lk + K_ARMED] == 0:
            status = catch_up(mem, levels, index, until)
            if status != DONE:
                return status
        slowest = min(slowest, mem[lk + K_CURSOR])
        index = mem[lk + K_NEXT]
    mem[bk + B_RING_LIMIT] = slowest + cap
    if mem[bk + B_RING_WRITE] + wanted <= slowest + cap:
        return DONE
    mem[H_NEED] = book_number(mem, bk)
    return NEED_RING


@njit(cache=True)
def ladder_room(mem: Words, bk: int, side: int, key: int) -> int:
    """DONE when a level at `key` can be made, else NEED_BOOK."""
    if room(mem, ladder_of(bk, side), key):
        return DONE
    mem[H_NEED] = book_number(mem, bk)
    return NEED_BOOK


@njit(cache=True)
def burst(mem: Words, bk: int) -> int:
    """Most messages, or reports, that one row or command can cause."""
    return 2 * (mem[bk + B_LINKED] + mem[bk + B_LINKED + 1] + mem[bk + B_OWN]) + SLACK


@njit(cache=True)
def capacity(mem: Words, levels: Words, bk: int, wanted: int, until: int) -> int:
    """Whether out rows, pool and ring can take `wanted` more. DONE or what is needed."""
    if mem[H_OUT] + wanted > mem[H_OUT_CAP]:
        return NEED_OUT
    if mem[H_POOL_FREE_COUNT] < 2:
        return NEED_POOL
    return ring_room(mem, levels, bk, wanted, until)
