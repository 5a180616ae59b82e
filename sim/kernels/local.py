"""Local books: what a host knows, built from delivered ring messages and from nothing else.

A local book reads its venue book's ring through one wire. Each message is due at
`max(previous due, published + latency)`, so a wire never overtakes itself; the latency is drawn from
the message's cause and not from any counter. A local book that nobody is waiting on is applied in
batches; one with an armed subscription is merged with the tape message by message.
"""

from numba import njit

from sim.kernels.ladder import drop_level, find_level, make_level, room
from sim.kernels.latency import latency_ns
from sim.kernels.layout import (
    B_RING_CAP,
    B_RING_COMMIT,
    B_RING_OFF,
    B_SIZE,
    B_TICK,
    H_BOOK_OFF,
    H_DELIVERED,
    H_EAGER,
    H_LIMIT,
    H_LOCAL_OFF,
    H_NEED,
    H_OUT,
    H_OUT_OFF,
    H_STALE_SUBS,
    H_SUB_OFF,
    H_SUBS,
    K_ARMED,
    K_BOOK,
    K_CURSOR,
    K_HEAD_DUE,
    K_HEAD_FIRED,
    K_KEY,
    K_LADDER,
    K_LATENCY,
    K_PREV_DUE,
    K_SIZE,
    K_VIEW,
    K_WATCH,
    L_BEST,
    L_LV,
    L_NLEV,
    L_SIZE,
    L_WIN,
    LEVEL,
    LV_COUNT,
    LV_SHOWN,
    NEVER,
    NO_PRICE,
    NONE_KEY,
    X_BOOK,
    X_ID,
    X_LEAVES,
    X_LIQUIDITY,
    X_PRICE,
    X_QTY,
    X_REASON,
    X_SIZE,
    X_TS,
    X_TYPE,
    OBSERVED,
    R_CAUSE,
    R_PRICE,
    R_QTY,
    R_SHOWN,
    R_SIZE,
    R_TS,
    R_WORD,
    S_ARMED,
    S_FIRED,
    S_LOCAL,
    S_SIZE,
    S_STALE_NS,
    S_WATCH,
    V_ASK,
    V_BBO_VERSION,
    V_BID,
    V_LEVEL_VERSION,
    V_LOCAL_NS,
    V_PHASE,
    V_SEQ,
    V_TRADE_QTY,
    V_TRADE_UNITS,
    V_TRADES,
    V_VENUE_NS,
)
from sim.kernels.status import (
    CLEAR,
    CROSS,
    DONE,
    EXECUTE,
    LAST,
    NEED_LOCAL,
    ON_BBO,
    ON_LEVEL,
    ON_PHASE,
    ON_STALE,
    ON_TRADE,
    PHASE,
    TRADE,
)


@njit(cache=True)
def local_at(mem, index):
    """Offset of a local book's block."""
    return mem[H_LOCAL_OFF] + index * K_SIZE


@njit(cache=True)
def book_of(mem, lk):
    """Offset of the block of the venue book that a local book copies."""
    return mem[H_BOOK_OFF] + mem[lk + K_BOOK] * B_SIZE


@njit(cache=True)
def head_due(mem, lk):
    """When the next message reaches this local book, or NEVER."""
    due = mem[lk + K_HEAD_DUE]
    if due >= 0:
        return due
    bk = book_of(mem, lk)
    cursor = mem[lk + K_CURSOR]
    if cursor == mem[bk + B_RING_COMMIT]:
        return NEVER
    at = mem[bk + B_RING_OFF] + (cursor & (mem[bk + B_RING_CAP] - 1)) * R_SIZE
    published = mem[at + R_TS]
    latency = latency_ns(
        mem, mem[lk + K_LATENCY], mem[lk + K_KEY], published, mem[lk + K_BOOK], mem[at + R_CAUSE]
    )
    due = max(mem[lk + K_PREV_DUE], published + latency)
    mem[lk + K_HEAD_DUE] = due
    return due


@njit(cache=True)
def set_level(mem, levels, ld, key, qty):
    """A level shows `qty` from now on; zero removes it."""
    index = find_level(mem, ld, key)
    if index < 0 or levels[index * LEVEL + LV_COUNT] == 0:
        if qty > 0:
            index = make_level(mem, levels, ld, key)
            levels[index * LEVEL + LV_COUNT] = 1
            levels[index * LEVEL + LV_SHOWN] = qty
    elif qty > 0:
        levels[index * LEVEL + LV_SHOWN] = qty
    else:
        levels[index * LEVEL + LV_COUNT] = 0
        drop_level(mem, levels, ld, key)


@njit(cache=True)
def clear_ladder(mem, levels, ld):
    """Forget every level of a local ladder."""
    while mem[ld + L_NLEV] > 0:
        key = mem[ld + L_BEST]
        levels[(find_level(mem, ld, key)) * LEVEL + LV_COUNT] = 0
        drop_level(mem, levels, ld, key)


@njit(cache=True)
def clear_history(mem, levels, lk):
    """A CLEAR arrived: both sides are empty until the messages after it."""
    clear_ladder(mem, levels, lk + K_LADDER)
    clear_ladder(mem, levels, lk + K_LADDER + L_SIZE)


@njit(cache=True)
def watch_fires(mem, index, key_side):
    """Whether a subscription of this local book watches that level."""
    for sub in range(mem[H_SUBS]):
        sk = mem[H_SUB_OFF] + sub * S_SIZE
        if mem[sk + S_LOCAL] == index and mem[sk + S_ARMED] & ON_LEVEL:
            if mem[sk + S_WATCH] == key_side:
                return True
    return False


@njit(cache=True)
def refresh_best(mem, levels, ld, view):
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
def apply_message(mem, levels, lk, index, at):
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
        return ON_PHASE
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
def wake(mem, sub, due, fired):
    """Write an observation, disarm its subscription and lower the horizon to its time."""
    sk = mem[H_SUB_OFF] + sub * S_SIZE
    at = mem[H_OUT_OFF] + mem[H_OUT] * X_SIZE
    mem[at + X_TYPE] = OBSERVED
    mem[at + X_TS] = due
    mem[at + X_BOOK] = mem[local_at(mem, mem[sk + S_LOCAL]) + K_BOOK]
    mem[at + X_ID] = sub
    mem[at + X_PRICE] = 0
    mem[at + X_QTY] = fired
    mem[at + X_LEAVES] = 0
    mem[at + X_REASON] = 0
    mem[at + X_LIQUIDITY] = 0
    mem[H_OUT] += 1
    mem[sk + S_FIRED] = fired
    disarm(mem, sub)
    if due < mem[H_LIMIT]:
        mem[H_LIMIT] = due


@njit(cache=True)
def rearm_local(mem, index):
    """Recompute what a local book's subscriptions wait for, after one of them changed."""
    armed = 0
    watching = 0
    for sub in range(mem[H_SUBS]):
        sk = mem[H_SUB_OFF] + sub * S_SIZE
        if mem[sk + S_LOCAL] == index:
            armed |= mem[sk + S_ARMED]
            if mem[sk + S_ARMED] & ON_LEVEL:
                watching += 1
    lk = local_at(mem, index)
    if (armed != 0) != (mem[lk + K_ARMED] != 0):
        mem[H_EAGER] += 1 if armed != 0 else -1
    mem[lk + K_ARMED] = armed
    mem[lk + K_WATCH] = watching


@njit(cache=True)
def disarm(mem, sub):
    """A subscription waits for nothing until it is armed again."""
    sk = mem[H_SUB_OFF] + sub * S_SIZE
    if mem[sk + S_ARMED] & ON_STALE:
        mem[H_STALE_SUBS] -= 1
    mem[sk + S_ARMED] = 0
    rearm_local(mem, mem[sk + S_LOCAL])


@njit(cache=True)
def arm(mem, sub, triggers, watch, stale_ns, now):
    """Let a subscription wait for `triggers`; the first that fires disarms it again.

    A silence that has already lasted `stale_ns` does not fire again: its observer knows.
    """
    disarm(mem, sub)
    sk = mem[H_SUB_OFF] + sub * S_SIZE
    heard = mem[local_at(mem, mem[sk + S_LOCAL]) + K_VIEW + V_LOCAL_NS]
    if triggers & ON_STALE and heard + stale_ns <= now:
        triggers &= ~ON_STALE
    mem[sk + S_ARMED] = triggers
    mem[sk + S_WATCH] = watch
    mem[sk + S_STALE_NS] = stale_ns
    if triggers & ON_STALE:
        mem[H_STALE_SUBS] += 1
    rearm_local(mem, mem[sk + S_LOCAL])


@njit(cache=True)
def fire(mem, index, due, fired):
    """Wake every subscription of a local book that waits for one of `fired`."""
    for sub in range(mem[H_SUBS]):
        sk = mem[H_SUB_OFF] + sub * S_SIZE
        if mem[sk + S_LOCAL] == index and mem[sk + S_ARMED] & fired:
            wake(mem, sub, due, mem[sk + S_ARMED] & fired)


@njit(cache=True)
def needs_room(mem, levels, lk, at):
    """Whether the row at `at` could outgrow this local book's ladders."""
    word = mem[at + R_WORD]
    kind = (word >> 8) & 255
    if kind == TRADE or kind >= CROSS:
        return False
    side = word & 1
    price = mem[at + R_PRICE]
    return not room(mem, lk + K_LADDER + side * L_SIZE, price if side else -price)


@njit(cache=True)
def deliver(mem, levels, index, due):
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
        if needs_room(mem, levels, lk, at):
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
def catch_up(mem, levels, index, until):
    """Deliver everything that is due by `until` to one local book. DONE or NEED_LOCAL."""
    lk = local_at(mem, index)
    due = head_due(mem, lk)
    while due <= until:
        status = deliver(mem, levels, index, due)
        if status != DONE:
            return status
        due = head_due(mem, lk)
    return DONE


@njit(cache=True)
def stale_due(mem):
    """When the first subscription armed for staleness fires if nothing reaches it, or NEVER."""
    first = NEVER
    for sub in range(mem[H_SUBS]):
        sk = mem[H_SUB_OFF] + sub * S_SIZE
        if mem[sk + S_ARMED] & ON_STALE:
            view = local_at(mem, mem[sk + S_LOCAL]) + K_VIEW
            first = min(first, mem[view + V_LOCAL_NS] + mem[sk + S_STALE_NS])
    return first


@njit(cache=True)
def fire_stale(mem, now):
    """Wake the subscriptions whose local book has been silent for too long at `now`."""
    for sub in range(mem[H_SUBS]):
        sk = mem[H_SUB_OFF] + sub * S_SIZE
        if mem[sk + S_ARMED] & ON_STALE:
            view = local_at(mem, mem[sk + S_LOCAL]) + K_VIEW
            if mem[view + V_LOCAL_NS] + mem[sk + S_STALE_NS] <= now:
                wake(mem, sub, now, ON_STALE)
