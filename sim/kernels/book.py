"""Orders in queues: linking, taking, publishing, reporting.

Every change of a queue goes through this file, which keeps each level's sums and the book's counts
of special orders (live > tape) right. The rules that decide what to change are in `match.py` (own
commands) and `history.py` (tape rows); their specification is docs/explanation/venue-truth.md.
"""

from numba import njit

from sim.kernels.ladder import drop_level, find_level, make_level
from sim.kernels.layout import (
    B_CALM,
    B_HANDLE_BASE,
    B_LADDER,
    B_LINKED,
    B_MOVED,
    B_OWN,
    B_SPECIAL,
    B_TICK,
    H_MODE,
    H_POOL_BASE,
    L_SIZE,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_LIVE,
    LV_SHOWN,
    LV_SPECIAL,
    LV_TAIL,
    LV_TOP,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    PRICE_MAX,
    SORT_MOVED,
    Words,
)
from sim.kernels.links import next_of, prev_of, set_next, set_prev
from sim.kernels.outward import publish, report_fill
from sim.kernels.pool import pool_give, pool_take
from sim.kernels.status import DELETE, EXECUTE, FROZEN, MAKER, REACTIVE


@njit(cache=True)
def ladder_of(bk: int, side: int) -> int:
    """Offset of the ladder block of one side."""
    return bk + B_LADDER + side * L_SIZE


@njit(cache=True)
def price_of(key_side: int) -> int:
    """Price in ticks of a packed key and side."""
    key = key_side >> 1
    return key if key_side & 1 else -key


@njit(cache=True)
def key_of(side: int, price: int) -> int:
    """Key of a price: smaller is better."""
    return price if side else -price


@njit(cache=True, forceinline=True)
def beyond_prices(mem: Words, bk: int, units: int) -> bool:
    """Whether a print's price in units is beyond PRICE_MAX ticks, which in units may be no int64."""
    tick = mem[bk + B_TICK]
    ticks = units // tick
    return ticks < -PRICE_MAX or ticks > PRICE_MAX or (ticks == PRICE_MAX and units % tick > 0)


@njit(cache=True)
def shown_part(mem: Words, orders: Words, slot: int) -> int:
    """What an order adds to its level's shown quantity."""
    if mem[H_MODE] == FROZEN:
        tape = orders[slot * ORDER + O_TAPE]
        return tape if tape > 0 else 0
    return orders[slot * ORDER + O_LIVE]


@njit(cache=True)
def link(mem: Words, orders: Words, levels: Words, bk: int, slot: int) -> int:
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
        mem[bk + B_CALM] = 0
    return index


@njit(cache=True)
def unlink(mem: Words, orders: Words, levels: Words, bk: int, slot: int, index: int) -> int:
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
def level_of(mem: Words, orders: Words, bk: int, slot: int) -> int:
    """Index of the level in whose queue an order stands."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    return find_level(mem, ladder_of(bk, key_side & 1), key_side >> 1)


@njit(cache=True)
def set_amounts(
    mem: Words, orders: Words, levels: Words, bk: int, slot: int, index: int, live: int, tape: int
) -> None:
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
        mem[bk + B_CALM] = 0


@njit(cache=True)
def retire(mem: Words, orders: Words, bk: int, slot: int) -> None:
    """Give back what an order that has left its queue for good was kept in."""
    if slot >= mem[H_POOL_BASE]:
        if orders[slot * ORDER + O_TAPE] < 0:
            mem[bk + B_OWN] -= 1
        pool_give(mem, orders, slot)


@njit(cache=True)
def free_handle(mem: Words, orders: Words, levels: Words, bk: int, slot: int, index: int) -> None:
    """The tape has freed a handle whose order lives on: move the order to a slot of our own.

    It keeps its place: the neighbours in its queue are pointed at the new slot.
    """
    target = pool_take(mem, orders, SORT_MOVED, slot - mem[bk + B_HANDLE_BASE])
    orders[target * ORDER + O_KEY_SIDE] = orders[slot * ORDER + O_KEY_SIDE]
    orders[target * ORDER + O_LIVE] = orders[slot * ORDER + O_LIVE]
    orders[target * ORDER + O_TAPE] = 0
    before = prev_of(orders, slot)
    after = next_of(orders, slot)
    set_prev(orders, target, before)
    set_next(orders, target, after)
    if before < 0:
        levels[index * LEVEL + LV_HEAD] = target
    else:
        set_next(orders, before, target)
    if after < 0:
        levels[index * LEVEL + LV_TAIL] = target
    else:
        set_prev(orders, after, target)
    if levels[index * LEVEL + LV_TOP] == slot + 1:
        levels[index * LEVEL + LV_TOP] = target + 1
    elif levels[index * LEVEL + LV_TOP] == target + 1:
        levels[index * LEVEL + LV_TOP] = 0  # said of an order that was in the slot before
    orders[slot * ORDER + O_LIVE] = 0
    mem[bk + B_MOVED] += 1


@njit(cache=True)
def hit(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    index: int,
    qty: int,
) -> int:
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
def publish_gone(
    mem: Words, bk: int, ts: int, cause: int, slot: int, key_side: int, qty: int, shown: int
) -> None:
    """Publish that an order left the book with `qty`."""
    publish(mem, bk, ts, cause, DELETE, slot, key_side & 1, price_of(key_side), qty, shown)


@njit(cache=True)
def rest(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    kind: int,
    public: bool,
) -> int:
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
