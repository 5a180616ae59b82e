"""The loop: one merge of tape rows, deliveries to local books and silences, in time order.

Model: within one instant first the tape (in row order), then deliveries (by local book), then
silences; control events of the caller come after all of them. `advance` runs until its horizon or
until something becomes observable, and then finishes that instant.

Nobody can act between two control events, so local books on which no subscription is armed are
brought up to date in batches. That is exact, because nothing reads them before `advance` returns.

A capacity status (NEED_…) returns in the middle of the loop with everything consistent: the caller
grows what was asked for and calls again, and nobody is woken in between.
"""

from numba import njit

from sim.kernels.blocks import book_at, local_at
from sim.kernels.flow import flow_due, flow_step
from sim.kernels.history import apply_row
from sim.kernels.layout import (
    B_FIRST_LOCAL,
    B_FOLLOWER,
    B_LOOKS,
    B_NEXT_FOLLOWER,
    B_SEQ,
    H_BAD,
    H_EAGER,
    H_FLOW_OFF,
    H_LIMIT,
    H_LOCALS,
    H_MESSAGES,
    H_NOW,
    H_OUT,
    H_POS,
    H_ROWS,
    H_ROWS_DONE,
    H_STALE_SUBS,
    H_TAPE_DONE,
    K_ARMED,
    K_NEXT,
    NEVER,
    ROW,
    W_PRICE,
    W_QTY,
    W_TS,
    W_WORD,
    Rules,
    Words,
)
from sim.kernels.local import catch_up, head_due
from sim.kernels.quiet_levels import run_quiet
from sim.kernels.ring import SLACK, burst, capacity, commit, level_room, meets_many, ring_room
from sim.kernels.ruled.quiet import is_calm, is_quiet, note_quiet
from sim.kernels.ruled.step import step_ruled
from sim.kernels.status import (
    BAD_ROW,
    DONE,
    LAST,
    NEED_ROWS,
    SELL,
)
from sim.kernels.status import LEVEL as LEVEL_ROW
from sim.kernels.subscription import fire_stale, stale_due


@njit(cache=True)
def row_done(mem: Words, bk: int, flags: int) -> None:
    """The row at H_POS has happened; with the last of its source message that is committed."""
    mem[H_POS] += 1
    mem[H_ROWS_DONE] += 1
    if flags & LAST:
        commit(mem, bk)
        mem[bk + B_SEQ] += 1
        mem[H_MESSAGES] += 1


@njit(cache=True)
def step_row(mem: Words, rows: Words, orders: Words, levels: Words, now: int, rules: Rules) -> int:
    """Apply the row at H_POS. DONE, or a status with nothing changed."""
    at = mem[H_POS] * ROW
    word = rows[at + W_WORD]
    flags = (word >> 56) & 255
    kind = (word >> 48) & 255
    handle = (word << 32) >> 32
    price = rows[at + W_PRICE]
    bk = book_at(mem, (word >> 32) & 0xFFFF)
    qty = rows[at + W_QTY]
    if rules is not None:
        if (
            mem[bk + B_LOOKS] != 0
            and not is_calm(mem, bk, kind, flags & SELL, price)
            and not is_quiet(mem, orders, levels, bk, kind, flags & SELL, handle, price, qty)
        ):
            status = step_ruled(mem, orders, levels, bk, now, kind, flags, handle, price, qty)
            if status > DONE:
                mem[H_BAD] = status
                return BAD_ROW
            if status == DONE:
                row_done(mem, bk, flags)
            return status
    if meets_many(mem, orders, bk, kind, handle, qty):
        status = capacity(mem, levels, bk, burst(mem, bk), now - 1)
    else:
        status = ring_room(mem, levels, bk, SLACK, now - 1)
    if status != DONE:
        return status
    status = level_room(mem, orders, bk, kind, flags & SELL, handle, price, qty)
    if status != DONE:
        return status
    bad = apply_row(mem, orders, levels, bk, now, mem[bk + B_SEQ], kind, flags, handle, price, qty)
    if bad != 0:
        mem[H_BAD] = bad
        return BAD_ROW
    if rules is not None:
        note_quiet(mem, orders, bk, kind, handle, price)
    row_done(mem, bk, flags)
    return DONE


@njit(cache=True)
def eager_due(mem: Words) -> int:
    """When the next message reaches a local book that somebody waits on, or NEVER."""
    due = NEVER
    for index in range(mem[H_LOCALS]):
        lk = local_at(mem, index)
        if mem[lk + K_ARMED] != 0:
            due = min(due, head_due(mem, lk))
    return due


@njit(cache=True)
def book_due(mem: Words, book_id: int) -> int:
    """As `eager_due`, for the local books of one venue book."""
    due = NEVER
    index = mem[book_at(mem, book_id) + B_FIRST_LOCAL]
    while index >= 0:
        lk = local_at(mem, index)
        if mem[lk + K_ARMED] != 0:
            due = min(due, head_due(mem, lk))
        index = mem[lk + K_NEXT]
    return due


@njit(cache=True)
def touched_due(mem: Words, book_id: int, rules: Rules) -> int:
    """As `book_due`, with the books that a row on this one may have changed."""
    due = book_due(mem, book_id)
    if rules is not None:
        follower = mem[book_at(mem, book_id) + B_FOLLOWER]
        while follower >= 0:
            due = min(due, book_due(mem, follower))
            follower = mem[book_at(mem, follower) + B_NEXT_FOLLOWER]
    return due


@njit(cache=True)
def deliver_at(mem: Words, levels: Words, now: int) -> int:
    """Deliver what is due at `now` to the local books that somebody waits on."""
    for index in range(mem[H_LOCALS]):
        lk = local_at(mem, index)
        if mem[lk + K_ARMED] != 0:
            status = catch_up(mem, levels, index, now)
            if status != DONE:
                return status
    return DONE


@njit(cache=True)
def deliver_rest(mem: Words, levels: Words, until: int) -> int:
    """Bring every local book up to `until`."""
    for index in range(mem[H_LOCALS]):
        status = catch_up(mem, levels, index, until)
        if status != DONE:
            return status
    return DONE


@njit(cache=True)
def run_rows(
    mem: Words, rows: Words, orders: Words, levels: Words, until: int, rules: Rules
) -> int:
    """Apply rows up to the horizon or `until`, whichever is earlier. DONE or a status.

    Stops after a source message that gave an armed local book something new, so that the merge can
    look at its due time.
    """
    while mem[H_POS] < mem[H_ROWS]:
        pos = mem[H_POS]
        now = rows[pos * ROW + W_TS]
        if now > until or now > mem[H_LIMIT]:
            return DONE
        if (rows[pos * ROW + W_WORD] >> 48) & 255 == LEVEL_ROW:
            run_quiet(mem, rows, orders, levels, min(until, mem[H_LIMIT]))
        if mem[H_POS] == pos:
            status = step_row(mem, rows, orders, levels, now, rules)
            if status != DONE:
                return status
            if mem[H_OUT] > 0 and now < mem[H_LIMIT]:
                mem[H_LIMIT] = now
        if mem[H_EAGER] > 0:
            book_id = (rows[(mem[H_POS] - 1) * ROW + W_WORD] >> 32) & 0xFFFF
            until = min(until, touched_due(mem, book_id, rules))
    return DONE if mem[H_TAPE_DONE] != 0 else NEED_ROWS


@njit(cache=True)
def advance(mem: Words, rows: Words, orders: Words, levels: Words, rules: Rules) -> int:
    """Let the market happen up to its horizon, or to the end of the first observable instant.

    The caller sets H_LIMIT to the horizon and H_OUT to 0 before the first call, and calls again after
    each capacity status. Observations lower H_LIMIT, which is why it is no argument. On DONE
    everything up to H_LIMIT (copied to H_NOW) has happened.

    Returns:
        DONE, or a negative status of `sim.kernels.status`.
    """
    while True:
        other = NEVER
        if mem[H_EAGER] > 0:
            other = eager_due(mem)
            if mem[H_STALE_SUBS] > 0:
                other = min(other, stale_due(mem))
        flow = flow_due(mem) if mem[H_FLOW_OFF] != 0 else NEVER
        status = run_rows(mem, rows, orders, levels, min(other, flow), rules)
        if status != DONE:
            return status
        if mem[H_EAGER] > 0:
            other = eager_due(mem)
            if mem[H_STALE_SUBS] > 0:
                other = min(other, stale_due(mem))
        now = min(other, flow)
        if now > mem[H_LIMIT]:
            break
        if flow <= other:
            status = flow_step(mem, orders, levels, now, rules)
            if status != DONE:
                return status
            continue
        status = deliver_at(mem, levels, now)
        if status != DONE:
            return status
        if mem[H_STALE_SUBS] > 0:
            fire_stale(mem, now)
    status = deliver_rest(mem, levels, mem[H_LIMIT])
    if status != DONE:
        return status
    mem[H_NOW] = mem[H_LIMIT]
    return DONE
