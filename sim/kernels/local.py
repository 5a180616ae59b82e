"""Local books: what a host knows, built from delivered ring messages and from nothing else.

A local book reads its venue book's ring through one wire. Each message is due at
`max(previous due, published + latency)`, so a wire never overtakes itself; the latency is drawn from
the message's cause and not from any counter. A local book that nobody is waiting on is applied in
batches; one with an armed subscription is merged with the tape message by message.
"""

from numba import njit

from sim.kernels.blocks import book_of, local_at
from sim.kernels.ladder import clear_ladder, room
from sim.kernels.layout import (
    B_RING_CAP,
    B_RING_COMMIT,
    B_RING_OFF,
    B_TICK,
    H_DELIVERED,
    H_NEED,
    K_ARMED,
    K_CURSOR,
    K_HEAD_DUE,
    K_HEAD_FIRED,
    K_LADDER,
    K_PREV_DUE,
    K_VIEW,
    K_WATCH,
    L_BEST,
    L_LV,
    L_SIZE,
    L_WIN,
    LEVEL,
    LV_SHOWN,
    NEVER,
    NO_PRICE,
    NONE_KEY,
    R_PRICE,
    R_QTY,
    R_SHOWN,
    R_SIZE,
    R_TS,
    R_WORD,
    V_ASK,
    V_BBO_VERSION,
    V_BID,
    V_INDICATION,
    V_LEVEL_VERSION,
    V_LOCAL_NS,
    V_PHASE,
    V_SEQ,
    V_TRADE_QTY,
    V_TRADE_UNITS,
    V_TRADES,
    V_VENUE_NS,
    Words,
)
from sim.kernels.local_batch import arrival_ns, run_batch, set_level
from sim.kernels.status import (
    CLEAR,
    CROSS,
    DONE,
    EXECUTE,
    INDICATION,
    LAST,
    NEED_LOCAL,
    ON_BBO,
    ON_INDICATION,
    ON_LEVEL,
    ON_PHASE,
    ON_TRADE,
    PHASE,
    TRADE,
)
from sim.kernels.subscription import fire, watch_fires


@njit(cache=True)
def head_due(mem: Words, lk: int) -> int:
    """When the next message reaches this local book, or NEVER."""
    due = mem[lk + K_HEAD_DUE]
    if due >= 0:
        return due
    bk = book_of(mem, lk)
    cursor = mem[lk + K_CURSOR]
    if cursor == mem[bk + B_RING_COMMIT]:
        return NEVER
    at = mem[bk + B_RING_OFF] + (cursor & (mem[bk + B_RING_CAP] - 1)) * R_SIZE
    due = arrival_ns(mem, lk, at, mem[lk + K_PREV_DUE])
    mem[lk + K_HEAD_DUE] = due
    return due


@njit(cache=True)
def clear_history(mem: Words, levels: Words, lk: int) -> None:
    """A CLEAR arrived: both sides are empty until the messages after it."""
    clear_ladder(mem, levels, lk + K_LADDER)
    clear_ladder(mem, levels, lk + K_LADDER + L_SIZE)


@njit(cache=True)
def refresh_best(mem: Words, levels: Words, ld: int, view: int) -> bool:
    """Copy a side's best level into its two view words; whether they changed."""
    key = mem[ld + L_BEST]
    if key == NONE_KEY:
        price = NO_PRICE
        qty = 0
    else:
        index = mem[ld + L_LV] + (key & (mem[ld + L_WIN] - 1))
        price = key
        qty = levels[index * LEVEL + LV_SHOWN]
    if mem[view] == price and mem[view + 1] == qty:
        return False
    mem[view] = price
    mem[view + 1] = qty
    return True


@njit(cache=True)
def set_indication(mem: Words, view: int, price: int, lots: int, surplus: int) -> None:
    """What a call would print, as the venue last said."""
    mem[view + V_INDICATION] = price
    mem[view + V_INDICATION + 1] = lots
    mem[view + V_INDICATION + 2] = surplus


@njit(cache=True)
def apply_message(mem: Words, levels: Words, lk: int, index: int, at: int) -> int:
    """Apply one ring row to a local book. The triggers that it may fire."""
    view = lk + K_VIEW
    word = mem[at + R_WORD]
    kind = (word >> 8) & 255
    side = word & 1
    price = mem[at + R_PRICE]
    if kind == TRADE or kind == CROSS:
        mem[view + V_TRADE_UNITS] = price
        mem[view + V_TRADE_QTY] = mem[at + R_QTY]
        mem[view + V_TRADES] += 1
        return ON_TRADE
    if kind == PHASE:
        mem[view + V_PHASE] = mem[at + R_QTY]
        set_indication(mem, view, NO_PRICE, 0, 0)
        return ON_PHASE
    if kind == INDICATION:
        set_indication(mem, view, price, mem[at + R_QTY], mem[at + R_SHOWN])
        return ON_INDICATION
    if kind == CLEAR:
        clear_history(mem, levels, lk)
        return 0
    key = price if side else -price
    set_level(mem, levels, lk + K_LADDER + side * L_SIZE, key, mem[at + R_SHOWN])
    fired = 0
    if kind == EXECUTE:
        mem[view + V_TRADE_UNITS] = price * mem[book_of(mem, lk) + B_TICK]
        mem[view + V_TRADE_QTY] = mem[at + R_QTY]
        mem[view + V_TRADES] += 1
        fired = ON_TRADE
    if mem[lk + K_WATCH] > 0 and watch_fires(mem, index, key * 2 + side):
        mem[view + V_LEVEL_VERSION] += 1
        fired |= ON_LEVEL
    return fired


@njit(cache=True)
def needs_room(mem: Words, lk: int, at: int) -> bool:
    """Whether the row at `at` could outgrow this local book's ladders."""
    word = mem[at + R_WORD]
    kind = (word >> 8) & 255
    if kind == TRADE or kind >= CROSS:
        return False
    side = word & 1
    price = mem[at + R_PRICE]
    return not room(mem, lk + K_LADDER + side * L_SIZE, price if side else -price)


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
    """Deliver everything that is due by `until` to one local book. DONE or NEED_LOCAL."""
    lk = local_at(mem, index)
    while True:
        if mem[lk + K_ARMED] == 0:
            run_batch(mem, levels, lk, until)
        due = head_due(mem, lk)
        if due > until:
            return DONE
        status = deliver(mem, levels, index, due)
        if status != DONE:
            return status
