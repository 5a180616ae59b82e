"""Plain messages into a local book that nobody waits on, as many in one go as have arrived.

Model: what such a local book knows is read only after `advance` has returned, so its position in the
ring and its clock stay in registers from message to message. A PHASE, a CLEAR or a level for which
there is no room ends a batch, perhaps in the middle of a source message: `local.deliver` goes on from
there, as it does after growth.
"""

from numba import njit

from sim.kernels.blocks import book_of
from sim.kernels.far import far_remove, far_seek, far_take
from sim.kernels.ladder import drop_level, find_level, make_level, mark_level, room
from sim.kernels.latency import CONSTANT_NS, KIND_CONSTANT, latency_ns
from sim.kernels.layout import (
    B_RING_CAP,
    B_RING_COMMIT,
    B_RING_OFF,
    B_TICK,
    H_DELIVERED,
    K_BOOK,
    K_CURSOR,
    K_HEAD_DUE,
    K_HEAD_FIRED,
    K_KEY,
    K_LADDER,
    K_LATENCY,
    K_PREV_DUE,
    K_VIEW,
    L_BASE,
    L_BEST,
    L_FARLV,
    L_LV,
    L_NLEV,
    L_SIZE,
    L_WIN,
    LEVEL,
    LV_COUNT,
    LV_SHOWN,
    NO_PRICE,
    NONE_KEY,
    R_CAUSE,
    R_PRICE,
    R_QTY,
    R_SHOWN,
    R_SIZE,
    R_TS,
    R_WORD,
    V_ASK,
    V_BBO_VERSION,
    V_BID,
    V_LOCAL_NS,
    V_SEQ,
    V_TRADE_QTY,
    V_TRADE_UNITS,
    V_TRADES,
    V_VENUE_NS,
    Words,
)
from sim.kernels.prefetch import ROWS_AHEAD, fetch_level, is_wide
from sim.kernels.status import CROSS, EXECUTE, LAST, PHASE, TRADE


@njit(cache=True, forceinline=True)
def arrival_ns(mem: Words, lk: int, at: int, previous: int) -> int:
    """When the message at `at` reaches a local book that heard the one before at `previous`."""
    off = mem[lk + K_LATENCY]
    published = mem[at + R_TS]
    if mem[off] == KIND_CONSTANT:  # spares the most common wire a call
        return max(previous, published + mem[off + CONSTANT_NS])
    latency = latency_ns(mem, off, mem[lk + K_KEY], published, mem[lk + K_BOOK], mem[at + R_CAUSE])
    return max(previous, published + latency)


@njit(cache=True, forceinline=True)
def note_trade(mem: Words, lk: int, units: int, qty: int) -> None:
    """A print or an execution was heard of."""
    mem[lk + K_VIEW + V_TRADE_UNITS] = units
    mem[lk + K_VIEW + V_TRADE_QTY] = qty
    mem[lk + K_VIEW + V_TRADES] += 1


@njit(cache=True)
def set_level(mem: Words, levels: Words, ld: int, key: int, qty: int) -> None:
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


@njit(cache=True, forceinline=True)
def set_far(mem: Words, levels: Words, ld: int, key: int, qty: int) -> bool:
    """As `set_level`, beyond the window of a side that has levels; False when there is no room."""
    place = far_seek(mem, ld, key)
    index = mem[ld + L_FARLV] + place
    if levels[index * LEVEL + LV_COUNT] > 0:
        levels[index * LEVEL + LV_SHOWN] = qty
        if qty == 0:
            mem[ld + L_NLEV] -= 1
            far_remove(mem, levels, ld, place)
    elif qty > 0:
        if not room(mem, ld, key):
            return False
        far_take(mem, ld, key, place)
        mem[ld + L_NLEV] += 1
        levels[index * LEVEL + LV_COUNT] = 1
        levels[index * LEVEL + LV_SHOWN] = qty
    return True


@njit(cache=True, forceinline=True)
def apply_plain(mem: Words, levels: Words, lk: int, tick: int, at: int) -> bool:
    """Apply a ring row that needs nothing special. Or False, untouched."""
    word = mem[at + R_WORD]
    kind = (word >> 8) & 255
    price = mem[at + R_PRICE]
    if kind == TRADE or kind == CROSS:
        note_trade(mem, lk, price, mem[at + R_QTY])
        return True
    if kind >= PHASE:
        return False
    side = word & 1
    key = price if side else -price
    ld = lk + K_LADDER + side * L_SIZE
    shown = mem[at + R_SHOWN]
    distance = key - mem[ld + L_BASE]
    index = mem[ld + L_LV] + (key & (mem[ld + L_WIN] - 1))
    near = 0 <= distance and distance < mem[ld + L_WIN]
    if near and shown > 0 and levels[index * LEVEL + LV_COUNT] > 0:
        levels[index * LEVEL + LV_SHOWN] = shown
    elif distance < 0 or mem[ld + L_NLEV] == 0:
        if not room(mem, ld, key):
            return False
        set_level(mem, levels, ld, key, shown)
    elif near:
        stays = 1 if shown > 0 else 0
        mem[ld + L_NLEV] += stays - levels[index * LEVEL + LV_COUNT]
        levels[index * LEVEL + LV_SHOWN] = shown
        levels[index * LEVEL + LV_COUNT] = stays
        mark_level(mem, levels, ld, key, shown)
    elif not set_far(mem, levels, ld, key, shown):
        return False
    if kind == EXECUTE:
        note_trade(mem, lk, price * tick, mem[at + R_QTY])
    return True


@njit(cache=True, forceinline=True)
def refresh_side(mem: Words, levels: Words, ld: int, view: int) -> bool:
    """Copy a side's best level into its two view words; whether they changed."""
    key = mem[ld + L_BEST]
    index = mem[ld + L_LV] + (key & (mem[ld + L_WIN] - 1))
    qty = levels[index * LEVEL + LV_SHOWN] if key != NONE_KEY else 0
    price = key if key != NONE_KEY else NO_PRICE
    changed = (mem[view] ^ price) | (mem[view + 1] ^ qty)
    mem[view] = price
    mem[view + 1] = qty
    return changed != 0


@njit(cache=True, forceinline=True)
def fetch_message(mem: Words, levels: Words, lk: int, at: int) -> None:
    """Ask for the level that a later message will want, or some old one where there is none yet."""
    side = mem[at + R_WORD] & 1
    price = mem[at + R_PRICE]
    fetch_level(mem, levels, lk + K_LADDER + side * L_SIZE, price if side else -price)


@njit(cache=True)
def run_batch(mem: Words, levels: Words, lk: int, until: int) -> None:
    """Deliver what is due by `until`, up to the first ring row that is not plain."""
    bk = book_of(mem, lk)
    view = lk + K_VIEW
    mask = mem[bk + B_RING_CAP] - 1
    ring = mem[bk + B_RING_OFF]
    committed = mem[bk + B_RING_COMMIT]
    tick = mem[bk + B_TICK]
    previous = mem[lk + K_PREV_DUE]
    due = mem[lk + K_HEAD_DUE]
    first = mem[lk + K_CURSOR]
    cursor = first
    wide = is_wide(mem, lk + K_LADDER)
    while cursor < committed:
        at = ring + (cursor & mask) * R_SIZE
        if wide:
            fetch_message(mem, levels, lk, ring + ((cursor + ROWS_AHEAD) & mask) * R_SIZE)
        if due < 0:
            due = arrival_ns(mem, lk, at, previous)
        if due > until or not apply_plain(mem, levels, lk, tick, at):
            break
        cursor += 1
        if mem[at + R_WORD] & LAST:
            mem[view + V_VENUE_NS] = mem[at + R_TS]
            mem[view + V_LOCAL_NS] = due
            mem[view + V_SEQ] = cursor
            changed = refresh_side(mem, levels, lk + K_LADDER, view + V_BID)
            if refresh_side(mem, levels, lk + K_LADDER + L_SIZE, view + V_ASK) or changed:
                mem[view + V_BBO_VERSION] += 1
            previous = due
            due = -1
    mem[lk + K_CURSOR] = cursor
    mem[lk + K_HEAD_FIRED] = 0  # nobody waits for what the rows of a message begun would fire
    mem[lk + K_HEAD_DUE] = due
    mem[lk + K_PREV_DUE] = previous
    mem[H_DELIVERED] += cursor - first
