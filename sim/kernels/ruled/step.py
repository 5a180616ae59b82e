"""One row on a book with rules, or on a book that one with rules follows."""

from numba import njit

from sim.kernels.blocks import book_at
from sim.kernels.book import beyond_prices
from sim.kernels.history import apply_row, fault_of
from sim.kernels.layout import (
    B_CROSSED,
    B_FOLLOWER,
    B_HANDLE_BASE,
    B_NEXT_FOLLOWER,
    B_PEGS,
    B_RULES,
    B_SEQ,
    QTY_MAX,
    Words,
)
from sim.kernels.order_rows import move_out
from sim.kernels.ring import SLACK, commit, level_room, meets_many, ring_room
from sim.kernels.ruled.follow import follow_up
from sim.kernels.ruled.history import add_row, arrive_row, execute, execute_crossed
from sim.kernels.ruled.phases import set_phase
from sim.kernels.ruled.prints import cross_row, trade_row
from sim.kernels.ruled.room import room_for
from sim.kernels.ruled.words import BY_US
from sim.kernels.status import (
    ADD,
    BAD_ROW_PHASE,
    BAD_ROW_PRICE,
    BAD_ROW_QTY,
    CROSS,
    DONE,
    EXECUTE,
    PHASE,
    PRE_OPEN,
    REPLACE,
    REVEAL,
    TRADE,
    TRADE_AT_LAST,
)

CAUSE_SHIFT = 48  # what follows a step elsewhere has causes of its own


@njit(cache=True)
def look(mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int) -> None:
    """After a step on a book: its own follow-up, then those of the books that follow it."""
    if mem[bk + B_RULES] != 0:
        follow_up(mem, orders, levels, bk, ts, cause)
    follower = mem[bk + B_FOLLOWER]
    while follower >= 0:
        fk = book_at(mem, follower)
        if mem[fk + B_PEGS] > 0:
            follow_up(mem, orders, levels, fk, ts, cause ^ (follower + 1) << CAUSE_SHIFT)
            commit(mem, fk)
        follower = mem[fk + B_NEXT_FOLLOWER]


@njit(cache=True)
def followers_peg(mem: Words, bk: int) -> bool:
    """Whether a book that follows this one has a peg."""
    follower = mem[bk + B_FOLLOWER]
    while follower >= 0:
        fk = book_at(mem, follower)
        if mem[fk + B_PEGS] > 0:
            return True
        follower = mem[fk + B_NEXT_FOLLOWER]
    return False


@njit(cache=True)
def row_room(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    now: int,
    kind: int,
    side: int,
    handle: int,
    price: int,
    qty: int,
) -> int:
    """DONE when all that a row may cause fits, else what is needed."""
    many = kind == PHASE or kind == CROSS or followers_peg(mem, bk)
    if many or meets_many(mem, orders, bk, kind, handle, qty):
        status = room_for(mem, levels, bk, kind == PHASE, 0, now - 1)
    else:
        status = ring_room(mem, levels, bk, SLACK, now - 1)
    if status != DONE:
        return status
    return level_room(mem, orders, bk, kind, side, handle, price, qty)


@njit(cache=True)
def apply_print(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    kind: int,
    flags: int,
    handle: int,
    units: int,
    qty: int,
) -> int:
    """Apply a TRADE or CROSS row. 0, or why it was refused."""
    if qty < 1 or qty > QTY_MAX:
        return BAD_ROW_QTY
    if beyond_prices(mem, bk, units):
        return BAD_ROW_PRICE
    if kind == TRADE:
        trade_row(mem, orders, levels, bk, ts, cause, flags, units, qty)
    else:
        cross_row(mem, orders, levels, bk, ts, cause, flags & 1, handle, units, qty)
    return 0


@njit(cache=True)
def apply_ruled(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    kind: int,
    flags: int,
    handle: int,
    price: int,
    qty: int,
) -> int:
    """Apply one tape row to a book with rules. 0, or why it was refused (then nothing changed)."""
    if kind == TRADE or kind == CROSS:
        return apply_print(mem, orders, levels, bk, ts, cause, kind, flags, handle, price, qty)
    if kind == PHASE:
        if qty < PRE_OPEN or qty > TRADE_AT_LAST:
            return BAD_ROW_PHASE
        set_phase(mem, orders, levels, bk, ts, cause, qty)
        return 0
    adds = kind == ADD or (kind == REVEAL and qty > 0)
    if not adds and kind != EXECUTE and kind != REPLACE:
        # The rest meets none of our orders and trades nothing.
        return apply_row(mem, orders, levels, bk, ts, cause, kind, flags, handle, price, qty)
    side = flags & 1
    fault = fault_of(mem, orders, bk, kind, side, handle, price, qty)
    if fault != 0:
        return fault
    slot = mem[bk + B_HANDLE_BASE] + handle
    if adds:
        add_row(mem, orders, levels, bk, ts, cause, kind, side, slot, price, qty)
    elif kind == REPLACE:
        if move_out(mem, orders, levels, bk, ts, cause, flags, slot, price, qty):
            arrive_row(mem, orders, levels, bk, ts, cause, slot, ADD, qty)
    elif mem[bk + B_CROSSED] == BY_US:
        execute_crossed(mem, orders, levels, bk, ts, cause, slot, qty)
    else:
        execute(mem, orders, levels, bk, ts, cause, slot, qty)
    return 0


@njit(cache=True)
def step_ruled(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    now: int,
    kind: int,
    flags: int,
    handle: int,
    price: int,
    qty: int,
) -> int:
    """Let a row and all that follows it happen. DONE, a capacity status, or why it was refused."""
    status = row_room(mem, orders, levels, bk, now, kind, flags & 1, handle, price, qty)
    if status != DONE:
        return status
    cause = mem[bk + B_SEQ]
    if mem[bk + B_RULES] != 0:
        bad = apply_ruled(mem, orders, levels, bk, now, cause, kind, flags, handle, price, qty)
    else:
        bad = apply_row(mem, orders, levels, bk, now, cause, kind, flags, handle, price, qty)
    if bad == 0:
        look(mem, orders, levels, bk, now, cause)
    return bad
