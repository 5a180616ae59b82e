"""Local books: what a host knows, built from delivered ring messages and from nothing else.

A local book reads its venue book's ring through one wire. Each message is due at
`max(previous due, published + latency)`, so a wire never overtakes itself; the latency is drawn from
the message's cause and not from any counter. A local book that nobody is waiting on is applied in
batches; one with an armed subscription is merged with the tape message by message. One that is fed
by two lines is in `lines.py`.
"""

from numba import njit

from sim.kernels.blocks import book_of, local_at
from sim.kernels.layout import (
    B_RING_CAP,
    B_RING_COMMIT,
    B_RING_OFF,
    H_DELIVERED,
    H_NEED,
    K_ARMED,
    K_CURSOR,
    K_HEAD_DUE,
    K_HEAD_FIRED,
    K_LADDER,
    K_LINES,
    K_PREV_DUE,
    K_VIEW,
    L_SIZE,
    NEVER,
    R_SIZE,
    R_TS,
    R_WORD,
    V_ASK,
    V_BBO_VERSION,
    V_BID,
    V_LOCAL_NS,
    V_SEQ,
    V_VENUE_NS,
    Words,
)
from sim.kernels.lines import follow_lines, lines_due
from sim.kernels.local_apply import apply_message, needs_room, refresh_best
from sim.kernels.local_batch import arrival_ns, run_batch
from sim.kernels.status import DONE, LAST, NEED_LOCAL, ON_BBO
from sim.kernels.subscription import fire


@njit(cache=True)
def head_due(mem: Words, lk: int) -> int:
    """When the next message reaches this local book, or its lines need care, or NEVER."""
    due = mem[lk + K_HEAD_DUE]
    if due >= 0:
        return due
    if mem[lk + K_LINES] != 0:
        return lines_due(mem, lk)
    bk = book_of(mem, lk)
    cursor = mem[lk + K_CURSOR]
    if cursor == mem[bk + B_RING_COMMIT]:
        return NEVER
    at = mem[bk + B_RING_OFF] + (cursor & (mem[bk + B_RING_CAP] - 1)) * R_SIZE
    due = arrival_ns(mem, lk, at, mem[lk + K_PREV_DUE])
    mem[lk + K_HEAD_DUE] = due
    return due


@njit(cache=True)
def deliver(mem: Words, levels: Words, index: int, due: int) -> int:
    """Apply the source message at a local book's cursor, which is due now. DONE or NEED_LOCAL.

    Observers act only on whole source messages, so triggers are looked at after its last row.
    """
    lk = local_at(mem, index)
    bk = book_of(mem, lk)
    mask = mem[bk + B_RING_CAP] - 1
    ring = mem[bk + B_RING_OFF]
    view = lk + K_VIEW
    fired = mem[lk + K_HEAD_FIRED]
    cursor = mem[lk + K_CURSOR]
    last = False
    while not last:
        at = ring + (cursor & mask) * R_SIZE
        if needs_room(mem, lk, at):
            mem[lk + K_CURSOR] = cursor
            mem[lk + K_HEAD_FIRED] = fired
            mem[H_NEED] = index
            return NEED_LOCAL
        fired |= apply_message(mem, levels, lk, index, at)
        last = mem[at + R_WORD] & LAST != 0
        mem[view + V_VENUE_NS] = mem[at + R_TS]
        cursor += 1
        mem[H_DELIVERED] += 1
    mem[lk + K_CURSOR] = cursor
    mem[lk + K_HEAD_FIRED] = 0
    mem[lk + K_HEAD_DUE] = -1
    mem[lk + K_PREV_DUE] = due
    mem[view + V_LOCAL_NS] = due
    mem[view + V_SEQ] = cursor
    changed = refresh_best(mem, levels, lk + K_LADDER, view + V_BID)
    if refresh_best(mem, levels, lk + K_LADDER + L_SIZE, view + V_ASK):
        changed = True
    if changed:
        mem[view + V_BBO_VERSION] += 1
        fired |= ON_BBO
    if mem[lk + K_ARMED] & fired:
        fire(mem, index, due, fired)
    return DONE


@njit(cache=True)
def catch_up(mem: Words, levels: Words, index: int, until: int) -> int:
    """Deliver everything that is due by `until` to one local book. DONE or what is needed."""
    lk = local_at(mem, index)
    if mem[lk + K_LINES] != 0:
        return follow_lines(mem, levels, index, until)
    while True:
        if mem[lk + K_ARMED] == 0:
            run_batch(mem, levels, lk, until)
        due = head_due(mem, lk)
        if due > until:
            return DONE
        status = deliver(mem, levels, index, due)
        if status != DONE:
            return status
