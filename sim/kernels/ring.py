"""Room for what is about to happen: rings, out rows and the pool are checked before each step.

A step that would not fit is not begun: the caller grows what is named by the status and tries again.
"""

from numba import njit

from sim.kernels.blocks import book_number, local_at
from sim.kernels.book import ladder_of
from sim.kernels.ladder import room, room_for_all, room_to_move
from sim.kernels.layout import (
    B_FIRST_LOCAL,
    B_HANDLE_BASE,
    B_HANDLES,
    B_LINKED,
    B_OWN,
    B_RING_CAP,
    B_RING_COMMIT,
    B_RING_LIMIT,
    B_RING_OFF,
    B_RING_WRITE,
    B_SPECIAL,
    H_MODE,
    H_NEED,
    H_OUT,
    H_OUT_CAP,
    H_POOL_FREE_COUNT,
    H_SUBS,
    K_ARMED,
    K_CURSOR,
    K_NEXT,
    L_BEST,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    R_SIZE,
    R_WORD,
    Words,
)
from sim.kernels.local import catch_up
from sim.kernels.status import (
    ADD,
    CONTINUOUS,
    DONE,
    EXECUTE,
    FROZEN,
    LAST,
    NEED_BOOK,
    NEED_OUT,
    NEED_POOL,
    NEED_RING,
    PHASE,
    QUOTE,
    REPLACE,
    REVEAL,
)
from sim.kernels.status import LEVEL as LEVEL_ROW

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
def move_room(mem: Words, bk: int, side: int, key: int, leaving: int) -> int:
    """DONE when an order can leave its level and have one at `key`, else NEED_BOOK."""
    if room_to_move(mem, ladder_of(bk, side), key, leaving):
        return DONE
    mem[H_NEED] = book_number(mem, bk)
    return NEED_BOOK


@njit(cache=True)
def sweep_room(mem: Words, bk: int) -> int:
    """DONE when the resume sweep can take our orders out and put them back, else NEED_BOOK."""
    if mem[bk + B_OWN] == 0:
        return DONE
    for side in range(2):
        if not room_for_all(mem, ladder_of(bk, side)):
            mem[H_NEED] = book_number(mem, bk)
            return NEED_BOOK
    return DONE


@njit(cache=True)
def burst(mem: Words, bk: int) -> int:
    """Most messages, or reports, that one row or command can cause."""
    return 2 * (mem[bk + B_LINKED] + mem[bk + B_LINKED + 1] + mem[bk + B_OWN]) + SLACK


@njit(cache=True)
def capacity(mem: Words, levels: Words, bk: int, wanted: int, until: int) -> int:
    """Whether out rows, pool and ring can take `wanted` more. DONE or what is needed.

    A row is kept back for each subscription, which fires at most once before the caller looks.
    """
    if mem[H_OUT] + wanted + mem[H_SUBS] > mem[H_OUT_CAP]:
        return NEED_OUT
    if mem[H_POOL_FREE_COUNT] < 2:
        return NEED_POOL
    return ring_room(mem, levels, bk, wanted, until)


@njit(cache=True)
def meets_many(mem: Words, orders: Words, bk: int, kind: int, handle: int, qty: int) -> bool:
    """Whether a row may cause reports, or more messages than SLACK.

    It may when a special order or one of ours is there, or when the order that it executes has been
    eaten, so that the rest of the aggressor goes down the queue.
    """
    if mem[bk + B_SPECIAL] + mem[bk + B_SPECIAL + 1] + mem[bk + B_OWN] > 0:
        return True
    if kind != EXECUTE or mem[H_MODE] == FROZEN or handle < 0 or handle >= mem[bk + B_HANDLES]:
        return False
    return orders[(mem[bk + B_HANDLE_BASE] + handle) * ORDER + O_LIVE] < qty


@njit(cache=True)
def level_room(
    mem: Words, orders: Words, bk: int, kind: int, side: int, handle: int, price: int, qty: int
) -> int:
    """DONE when the levels that a row may make have room, else NEED_BOOK."""
    key = price if side else -price
    if kind == ADD or kind == REVEAL or kind == LEVEL_ROW:
        return ladder_room(mem, bk, side, key)
    if kind == QUOTE:
        # The quote that goes may be alone on the best level.
        return move_room(mem, bk, side, key, mem[ladder_of(bk, side) + L_BEST])
    if kind == REPLACE and handle >= 0 and handle < mem[bk + B_HANDLES]:
        slot = mem[bk + B_HANDLE_BASE] + handle
        return move_room(mem, bk, side, key, orders[slot * ORDER + O_KEY_SIDE] >> 1)
    if kind == PHASE and qty == CONTINUOUS:
        return sweep_room(mem, bk)
    return DONE
