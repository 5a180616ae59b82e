"""Orders in queues: linking, taking, publishing, reporting.

Every change of a queue goes through this file, which keeps each level's sums and the book's counts
of special orders (live > tape) right. The rules that decide what to change are in `match.py` (own
commands) and `history.py` (tape rows); their specification is docs/explanation/venue-truth.md.
"""

from numba import njit

from sim.kernels.ladder import drop_level, find_level, make_level
from sim.kernels.layout import (
    B_LADDER,
    B_LINKED,
    B_OWN,
    B_RING_CAP,
    B_RING_OFF,
    B_RING_WRITE,
    B_SIZE,
    B_SPECIAL,
    H_BOOK_OFF,
    H_MODE,
    H_OUT,
    H_OUT_OFF,
    H_POOL_BASE,
    H_POOL_FREE,
    H_POOL_FREE_COUNT,
    H_TAG_OFF,
    L_SIZE,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_LIVE,
    LV_SHOWN,
    LV_SPECIAL,
    LV_TAIL,
    X_BOOK,
    X_ID,
    O_KEY_SIDE,
    X_LEAVES,
    X_LIQUIDITY,
    O_LIVE,
    X_PRICE,
    X_QTY,
    X_REASON,
    X_SIZE,
    O_TAPE,
    X_TS,
    X_TYPE,
    ORDER,
    R_CAUSE,
    R_PRICE,
    R_QTY,
    R_SHOWN,
    R_SIZE,
    R_TS,
    R_WORD,
    SORT_FLOW,
    T_ID,
    T_SIZE,
    T_WORD,
)
from sim.kernels.links import next_of, prev_of, set_next, set_prev
from sim.kernels.status import (
    DELETE,
    EXECUTE,
    FILLED,
    FROZEN,
    MAKER,
    NO_REASON,
    REACTIVE,
)


@njit(cache=True)
def ladder_of(bk, side):
    """Offset of the ladder block of one side."""
    return bk + B_LADDER + side * L_SIZE


@njit(cache=True)
def price_of(key_side):
    """Price in ticks of a packed key and side."""
    key = key_side >> 1
    return key if key_side & 1 else -key


@njit(cache=True)
def key_of(side, price):
    """Key of a price: smaller is better."""
    return price if side else -price


# --- outward: the public feed and the owners' reports ------------------------------------------------


@njit(cache=True)
def publish(mem, bk, ts, cause, kind, handle, side, price, qty, shown):
    """Write one message into the book's ring; observable once its source message is committed."""
    cap = mem[bk + B_RING_CAP]
    if cap == 0:
        return
    write = mem[bk + B_RING_WRITE]
    at = mem[bk + B_RING_OFF] + (write & (cap - 1)) * R_SIZE
    mem[at + R_TS] = ts
    mem[at + R_PRICE] = price
    mem[at + R_QTY] = qty
    mem[at + R_SHOWN] = shown
    mem[at + R_WORD] = side | kind << 8 | handle << 16
    mem[at + R_CAUSE] = cause
    mem[bk + B_RING_WRITE] = write + 1


@njit(cache=True)
def report(mem, bk, ts, kind, order_id, price, qty, leaves, reason, liquidity):
    """Write one report row for the owner of an order."""
    at = mem[H_OUT_OFF] + mem[H_OUT] * X_SIZE
    mem[at + X_TYPE] = kind
    mem[at + X_TS] = ts
    mem[at + X_BOOK] = (bk - mem[H_BOOK_OFF]) // B_SIZE
    mem[at + X_ID] = order_id
    mem[at + X_PRICE] = price
    mem[at + X_QTY] = qty
    mem[at + X_LEAVES] = leaves
    mem[at + X_REASON] = reason
    mem[at + X_LIQUIDITY] = liquidity
    mem[H_OUT] += 1


@njit(cache=True)
def tag_of(mem, slot):
    """Offset of the tag of a pool slot."""
    return mem[H_TAG_OFF] + (slot - mem[H_POOL_BASE]) * T_SIZE


@njit(cache=True)
def report_fill(mem, bk, ts, slot, price, qty, leaves, liquidity):
    """Tell the owner of an own order of a fill; flow has no owner."""
    tag = tag_of(mem, slot)
    if mem[tag + T_WORD] & 15 != SORT_FLOW:
        report(
            mem, bk, ts, FILLED, mem[tag + T_ID], price, qty, leaves, NO_REASON, liquidity
        )


# --- the pool of slots for own and moved orders -------------------------------------------------------


@njit(cache=True)
def pool_take(mem, orders, sort, identity):
    """A free pool slot with its tag written; the caller made sure that there is one."""
    slot = mem[H_POOL_FREE]
    assert slot >= 0
    mem[H_POOL_FREE] = next_of(orders, slot)
    mem[H_POOL_FREE_COUNT] -= 1
    tag = tag_of(mem, slot)
    mem[tag + T_ID] = identity
    mem[tag + T_WORD] = sort
    return slot


@njit(cache=True)
def pool_give(mem, orders, slot):
    """Return a slot to the pool; last in, first out keeps it warm."""
    orders[slot * ORDER + O_LIVE] = 0
    orders[slot * ORDER + O_TAPE] = 0
    set_next(orders, slot, mem[H_POOL_FREE])
    mem[H_POOL_FREE] = slot
    mem[H_POOL_FREE_COUNT] += 1


# --- queues -----------------------------------------------------------------------------------------


@njit(cache=True)
def shown_part(mem, orders, slot):
    """What an order adds to its level's shown quantity."""
    if mem[H_MODE] == FROZEN:
        tape = orders[slot * ORDER + O_TAPE]
        return tape if tape > 0 else 0
    return orders[slot * ORDER + O_LIVE]


@njit(cache=True)
def link(mem, orders, levels, bk, slot):
    """Put an order at the back of its level; its fields are set. The level's index."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    index = make_level(mem, levels, ladder_of(bk, side), key_side >> 1)
    tail = levels[index * LEVEL + LV_TAIL]
    if levels[index * LEVEL + LV_COUNT] == 0:
        levels[index * LEVEL + LV_HEAD] = slot
    else:
        set_next(orders, tail, slot)
    set_prev(orders, slot, tail if levels[index * LEVEL + LV_COUNT] > 0 else -1)
    set_next(orders, slot, -1)
    levels[index * LEVEL + LV_TAIL] = slot
    levels[index * LEVEL + LV_COUNT] += 1
    levels[index * LEVEL + LV_LIVE] += orders[slot * ORDER + O_LIVE]
    levels[index * LEVEL + LV_SHOWN] += shown_part(mem, orders, slot)
    mem[bk + B_LINKED + side] += 1
    if orders[slot * ORDER + O_LIVE] > orders[slot * ORDER + O_TAPE]:
        levels[index * LEVEL + LV_SPECIAL] += 1
        mem[bk + B_SPECIAL + side] += 1
    return index


@njit(cache=True)
def unlink(mem, orders, levels, bk, slot, index):
    """Take an order out of its level's queue; the level goes with its last order.

    What the order still adds to the sums goes too. Returns the shown quantity that stays.
    """
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    before = prev_of(orders, slot)
    after = next_of(orders, slot)
    if before < 0:
        levels[index * LEVEL + LV_HEAD] = after
    else:
        set_next(orders, before, after)
    if after < 0:
        levels[index * LEVEL + LV_TAIL] = before
    else:
        set_prev(orders, after, before)
    levels[index * LEVEL + LV_COUNT] -= 1
    levels[index * LEVEL + LV_LIVE] -= orders[slot * ORDER + O_LIVE]
    levels[index * LEVEL + LV_SHOWN] -= shown_part(mem, orders, slot)
    mem[bk + B_LINKED + side] -= 1
    if orders[slot * ORDER + O_LIVE] > orders[slot * ORDER + O_TAPE]:
        levels[index * LEVEL + LV_SPECIAL] -= 1
        mem[bk + B_SPECIAL + side] -= 1
    shown = levels[index * LEVEL + LV_SHOWN]
    if levels[index * LEVEL + LV_COUNT] == 0:
        drop_level(mem, levels, ladder_of(bk, side), key_side >> 1)
    return shown


@njit(cache=True)
def level_of(mem, orders, bk, slot):
    """Index of the level in whose queue an order stands."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    return find_level(mem, ladder_of(bk, key_side & 1), key_side >> 1)


@njit(cache=True)
def set_amounts(mem, orders, levels, bk, slot, index, live, tape):
    """Give a queued order new amounts and keep the sums; it stays in its queue."""
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    was = orders[slot * ORDER + O_LIVE] > orders[slot * ORDER + O_TAPE]
    levels[index * LEVEL + LV_LIVE] += live - orders[slot * ORDER + O_LIVE]
    levels[index * LEVEL + LV_SHOWN] -= shown_part(mem, orders, slot)
    orders[slot * ORDER + O_LIVE] = live
    orders[slot * ORDER + O_TAPE] = tape
    levels[index * LEVEL + LV_SHOWN] += shown_part(mem, orders, slot)
    now = live > tape
    if was != now:
        change = 1 if now else -1
        levels[index * LEVEL + LV_SPECIAL] += change
        mem[bk + B_SPECIAL + side] += change


@njit(cache=True)
def retire(mem, orders, bk, slot):
    """Give back what an order that has left its queue for good was kept in."""
    if slot >= mem[H_POOL_BASE]:
        if orders[slot * ORDER + O_TAPE] < 0:
            mem[bk + B_OWN] -= 1
        pool_give(mem, orders, slot)


@njit(cache=True)
def hit(mem, orders, levels, bk, ts, cause, slot, index, qty):
    """Take `qty` live lots from a resting order at its price; publish and report it.

    Returns the order's leaves. An order with nothing left leaves its queue, except in frozen mode a
    historical one, which stays as the tape says. `index` is void afterwards if leaves are zero.
    """
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    price = price_of(key_side)
    tape = orders[slot * ORDER + O_TAPE]
    leaves = orders[slot * ORDER + O_LIVE] - qty
    own = tape < 0
    set_amounts(mem, orders, levels, bk, slot, index, leaves, tape)
    shown = levels[index * LEVEL + LV_SHOWN]
    if leaves == 0 and (own or mem[H_MODE] == REACTIVE):
        unlink(mem, orders, levels, bk, slot, index)
    if mem[H_MODE] == REACTIVE:
        publish(mem, bk, ts, cause, EXECUTE, slot, key_side & 1, price, qty, shown)
    if own:
        report_fill(mem, bk, ts, slot, price, qty, leaves, MAKER)
    if leaves == 0 and (own or tape == 0):
        retire(mem, orders, bk, slot)
    return leaves


@njit(cache=True)
def publish_gone(mem, bk, ts, cause, slot, key_side, qty, shown):
    """Publish that an order left the book with `qty`."""
    publish(mem, bk, ts, cause, DELETE, slot, key_side & 1, price_of(key_side), qty, shown)


@njit(cache=True)
def rest(mem, orders, levels, bk, ts, cause, slot, kind, public):
    """Put an order at the back of its level and publish what joined, if it is `public`."""
    index = link(mem, orders, levels, bk, slot)
    if public:
        key_side = orders[slot * ORDER + O_KEY_SIDE]
        shown = shown_part(mem, orders, slot)
        publish(
            mem,
            bk,
            ts,
            cause,
            kind,
            slot,
            key_side & 1,
            price_of(key_side),
            shown,
            levels[index * LEVEL + LV_SHOWN],
        )
    return index
