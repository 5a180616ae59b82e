"""Room for what is about to happen: rings, out rows and the pool are checked before each step.

A step that would not fit is not begun: the caller grows what is named by the status and tries again.
"""

from numba import njit

from sim.kernels.layout import (
    B_FIRST_LOCAL,
    B_LINKED,
    B_OWN,
    B_RING_CAP,
    B_RING_COMMIT,
    B_RING_LIMIT,
    B_RING_OFF,
    B_RING_WRITE,
    B_SIZE,
    H_BOOK_OFF,
    H_NEED,
    H_OUT,
    H_OUT_CAP,
    H_POOL_FREE_COUNT,
    K_ARMED,
    K_CURSOR,
    K_NEXT,
    R_SIZE,
    R_WORD,
)
from sim.kernels.local import catch_up, local_at
from sim.kernels.status import DONE, LAST, NEED_OUT, NEED_POOL, NEED_RING

SLACK = 8  # messages or reports that a row may cause beyond one for each order it meets


@njit(cache=True)
def commit(mem, bk):
    """Close a source message: what it published becomes deliverable."""
    write = mem[bk + B_RING_WRITE]
    if write > mem[bk + B_RING_COMMIT]:
        cap = mem[bk + B_RING_CAP]
        at = mem[bk + B_RING_OFF] + ((write - 1) & (cap - 1)) * R_SIZE
        mem[at + R_WORD] |= LAST
        mem[bk + B_RING_COMMIT] = write


@njit(cache=True)
def ring_room(mem, levels, bk, wanted, until):
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
    mem[H_NEED] = (bk - mem[H_BOOK_OFF]) // B_SIZE
    return NEED_RING


@njit(cache=True)
def burst(mem, bk):
    """Most messages, or reports, that one row or command can cause."""
    return 2 * (mem[bk + B_LINKED] + mem[bk + B_LINKED + 1] + mem[bk + B_OWN]) + SLACK


@njit(cache=True)
def capacity(mem, levels, bk, wanted, until):
    """Whether out rows, pool and ring can take `wanted` more. DONE or what is needed."""
    if mem[H_OUT] + wanted > mem[H_OUT_CAP]:
        return NEED_OUT
    if mem[H_POOL_FREE_COUNT] < 2:
        return NEED_POOL
    return ring_room(mem, levels, bk, wanted, until)
