"""Tape rows: what each does to a book, frozen or reactive.

The rules are in docs/explanation/venue-truth.md, "Rows". A row is checked as a whole before it
changes anything; `apply_row` returns 0 or the reason for which the row was refused.
"""

from numba import njit

from sim.kernels.book import beyond_prices, ladder_of, retire, unlink
from sim.kernels.execution import execute_frozen, execute_reactive
from sim.kernels.hits import hit_own
from sim.kernels.ladder import clear_ladder, find_level, next_key
from sim.kernels.layout import (
    B_CALM,
    B_DEPTH,
    B_HANDLE_BASE,
    B_HANDLES,
    B_LINKED,
    B_PHASE,
    B_SPECIAL,
    B_TICK,
    H_MODE,
    L_BEST,
    LEVEL,
    LV_HEAD,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    PRICE_MAX,
    QTY_MAX,
    Words,
)
from sim.kernels.level_rows import print_at_levels, row_level, row_quote
from sim.kernels.links import next_of
from sim.kernels.order_rows import row_add, row_delete, row_reduce, row_replace
from sim.kernels.outward import publish
from sim.kernels.resume import resume_sweep
from sim.kernels.status import (
    ADD,
    BAD_HANDLE,
    BAD_HANDLE_DEAD,
    BAD_HANDLE_LIVE,
    BAD_KIND,
    BAD_ROW_PHASE,
    BAD_ROW_PRICE,
    BAD_ROW_QTY,
    BAD_ROW_SIDE,
    BAD_TOO_MUCH,
    CLEAR,
    CLOSED,
    CONTINUOUS,
    CROSS,
    DELETE,
    DEPTH_L3,
    EXECUTE,
    FROZEN,
    PHASE,
    PRE_OPEN,
    QUOTE,
    REDUCE,
    REPLACE,
    REVEAL,
    SIDE_UNKNOWN,
    TRADE,
)
from sim.kernels.status import LEVEL as LEVEL_ROW


@njit(cache=True)
def fault_of(
    mem: Words, orders: Words, bk: int, kind: int, side: int, handle: int, price: int, qty: int
) -> int:
    """Why an order row is impossible after the rows before it, or 0."""
    if kind < ADD or kind > REVEAL or kind == TRADE:
        return BAD_KIND
    if handle < 0 or handle >= mem[bk + B_HANDLES]:
        return BAD_HANDLE
    tape = orders[(mem[bk + B_HANDLE_BASE] + handle) * ORDER + O_TAPE]
    if kind == ADD or (kind == REVEAL and qty > 0):
        if tape > 0:
            return BAD_HANDLE_LIVE
    elif tape == 0:
        return BAD_HANDLE_DEAD
    if kind != REVEAL and qty < 1:
        return BAD_ROW_QTY
    if qty == 0 or qty > QTY_MAX or qty < -QTY_MAX:
        return BAD_ROW_QTY
    if kind == ADD or kind == REPLACE or (kind == REVEAL and qty > 0):
        if price < -PRICE_MAX or price > PRICE_MAX:
            return BAD_ROW_PRICE
    if (kind == REDUCE or kind == EXECUTE) and qty > tape:
        return BAD_TOO_MUCH
    if kind == REVEAL and qty < 0 and -qty > tape:
        return BAD_TOO_MUCH
    if kind == REPLACE:
        if orders[(mem[bk + B_HANDLE_BASE] + handle) * ORDER + O_KEY_SIDE] & 1 != side:
            return BAD_ROW_SIDE
    return 0


@njit(cache=True)
def row_print(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    kind: int,
    flags: int,
    units: int,
    qty: int,
) -> None:
    """TRADE or CROSS: a print; hidden trades fill our orders that were priced better."""
    left = qty
    side = flags & 1
    open_now = mem[bk + B_PHASE] == CONTINUOUS and flags & SIDE_UNKNOWN == 0
    if kind == TRADE and open_now and mem[bk + B_SPECIAL + 1 - side] > 0:
        passive = 1 - side
        tick = mem[bk + B_TICK]
        # The worst key that is still at the print's price or better, or strictly better.
        signed = units if passive else -units
        if mem[H_MODE] == FROZEN:
            limit_key = -((-signed) // tick) - 1
        else:
            limit_key = signed // tick
        left = hit_own(mem, orders, levels, bk, ts, cause, passive, limit_key, qty, True)
        if mem[bk + B_DEPTH] != DEPTH_L3:
            print_at_levels(mem, orders, levels, bk, ts, cause, passive, units, left, qty)
    if mem[H_MODE] == FROZEN:
        left = qty
    if left > 0:
        publish(mem, bk, ts, cause, kind, -1, side, units, left, 0)


@njit(cache=True)
def row_clear(mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int) -> None:
    """CLEAR: history leaves the book, our orders stay."""
    for side in range(2):
        ld = ladder_of(bk, side)
        if mem[bk + B_SPECIAL + side] == 0:  # no order of ours: every level goes at once
            clear_ladder(mem, levels, ld)
            mem[bk + B_LINKED + side] = 0
        key = mem[ld + L_BEST]
        while key != NONE_KEY:
            after_level = next_key(mem, ld, key)
            index = find_level(mem, ld, key)
            slot = levels[index * LEVEL + LV_HEAD]
            while slot >= 0:
                after = next_of(orders, slot)
                if orders[slot * ORDER + O_TAPE] >= 0:
                    unlink(mem, orders, levels, bk, slot, index)
                    index = find_level(mem, ld, key)
                    if orders[slot * ORDER + O_TAPE] == 0:
                        retire(mem, orders, bk, slot)
                slot = after
            key = after_level
    base = mem[bk + B_HANDLE_BASE]
    for slot in range(base, base + mem[bk + B_HANDLES]):
        orders[slot * ORDER + O_LIVE] = 0
        orders[slot * ORDER + O_TAPE] = 0
    publish(mem, bk, ts, cause, CLEAR, -1, 0, 0, 0, 0)


@njit(cache=True)
def apply_row(
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
    """Apply one tape row to a book. 0, or why it was refused (then nothing changed)."""
    side = flags & 1
    if kind == TRADE or kind == CROSS:
        if qty < 1 or qty > QTY_MAX:
            return BAD_ROW_QTY
        if beyond_prices(mem, bk, price):
            return BAD_ROW_PRICE
        row_print(mem, orders, levels, bk, ts, cause, kind, flags, price, qty)
        return 0
    if kind == PHASE:
        if qty < PRE_OPEN or qty > CLOSED:
            return BAD_ROW_PHASE
        before = mem[bk + B_PHASE]
        mem[bk + B_PHASE] = qty
        mem[bk + B_CALM] = 0
        publish(mem, bk, ts, cause, PHASE, -1, 0, 0, qty, 0)
        if qty == CONTINUOUS and before != CONTINUOUS:
            resume_sweep(mem, orders, levels, bk, ts, cause)
        return 0
    if kind == CLEAR:
        row_clear(mem, orders, levels, bk, ts, cause)
        return 0
    if kind == LEVEL_ROW:
        return row_level(mem, orders, levels, bk, ts, cause, side, handle, price, qty)
    if kind == QUOTE:
        return row_quote(mem, orders, levels, bk, ts, cause, side, price, qty)
    if mem[bk + B_DEPTH] != DEPTH_L3:
        return BAD_KIND
    fault = fault_of(mem, orders, bk, kind, side, handle, price, qty)
    if fault != 0:
        return fault
    slot = mem[bk + B_HANDLE_BASE] + handle
    if kind == ADD or (kind == REVEAL and qty > 0):
        row_add(mem, orders, levels, bk, ts, cause, kind, side, slot, price, qty)
    elif kind == EXECUTE:
        if mem[H_MODE] == FROZEN:
            execute_frozen(mem, orders, levels, bk, ts, cause, slot, qty)
        else:
            execute_reactive(mem, orders, levels, bk, ts, cause, slot, qty)
    elif kind == DELETE:
        row_delete(mem, orders, levels, bk, ts, cause, slot)
    elif kind == REPLACE:
        row_replace(mem, orders, levels, bk, ts, cause, flags, slot, price, qty)
    else:
        row_reduce(mem, orders, levels, bk, ts, cause, kind, slot, abs(qty))
    return 0
