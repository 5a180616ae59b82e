# tidy: floats the shares of the queue models are doubles, in one fixed order of + − × ÷
"""Rows of books that know levels (L2) or best prices (L1) and no orders; frozen replay only.

A level's historical quantity is one historical order, so that matching, eating and sums are those of
any book. What is new is that an own order's place in its queue is estimated: its tag holds how many
lots are believed to be in front (`T_AHEAD`) and how many traded at its price since the level last
changed (`T_TRADED`). The rules and the queue models are in docs/explanation/venue-truth.md.
"""

from numba import njit

from sim.kernels.book import (
    hit,
    key_of,
    ladder_of,
    level_of,
    link,
    price_of,
    set_amounts,
    unlink,
)
from sim.kernels.draw import log_fp
from sim.kernels.hits import hit_own
from sim.kernels.ladder import find_level
from sim.kernels.layout import (
    B_DEPTH,
    B_HANDLE_BASE,
    B_HANDLES,
    B_PHASE,
    B_QUEUE_MODEL,
    B_SPECIAL,
    B_TICK,
    B_VOID,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_SHOWN,
    LV_SPECIAL,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    PRICE_MAX,
    QTY_MAX,
    T_AHEAD,
    T_TRADED,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.outward import publish
from sim.kernels.pool import tag_of
from sim.kernels.status import (
    BAD_HANDLE,
    BAD_HANDLE_DEAD,
    BAD_KIND,
    BAD_ROW_PRICE,
    BAD_ROW_QTY,
    BAD_ROW_SIDE,
    CONTINUOUS,
    DELETE,
    DEPTH_L1,
    DEPTH_L2,
    QUEUE_POWER,
    QUEUE_RISK_AVERSE,
    QUOTE,
)
from sim.kernels.status import LEVEL as LEVEL_ROW


@njit(cache=True)
def shown_at(mem: Words, levels: Words, bk: int, side: int, key: int) -> int:
    """What a price shows now; 0 where there is no level."""
    index = find_level(mem, ladder_of(bk, side), key)
    if index < 0 or levels[index * LEVEL + LV_COUNT] == 0:
        return 0
    return levels[index * LEVEL + LV_SHOWN]


@njit(cache=True)
def join_estimate(mem: Words, orders: Words, levels: Words, bk: int, slot: int) -> None:
    """An own order is about to rest: all that its price shows is in front of it."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    tag = tag_of(mem, slot)
    mem[tag + T_AHEAD] = shown_at(mem, levels, bk, key_side & 1, key_side >> 1)
    mem[tag + T_TRADED] = 0


@njit(cache=True)
def weight(model: int, lots: int) -> float:
    """The f of the probability models: how much a queue of this length is believed to cancel."""
    x = float(lots)
    if model == QUEUE_POWER:
        return x * x
    return log_fp(1.0 + x)


@njit(cache=True)
def left_in_front(model: int, front: int, back: int, gone: int) -> int:
    """Lots still in front when `gone` lots of a queue have cancelled somewhere in it."""
    if model == QUEUE_RISK_AVERSE or gone <= 0 or front + back <= 0:
        return front
    f_front = weight(model, front)
    share = int(float(gone) * (f_front / (f_front + weight(model, back))))
    front -= min(front, share)
    if gone - share > back:
        front = max(0, front - (gone - share - back))
    return front


@njit(cache=True)
def revise(
    mem: Words, orders: Words, levels: Words, bk: int, side: int, key: int, before: int
) -> None:
    """A level changed from `before` to what it shows now: revise where own orders stand in it."""
    if mem[bk + B_SPECIAL + side] == 0:
        return
    index = find_level(mem, ladder_of(bk, side), key)
    if index < 0 or levels[index * LEVEL + LV_COUNT] == 0:
        return
    after = levels[index * LEVEL + LV_SHOWN]
    slot = levels[index * LEVEL + LV_HEAD]
    while slot >= 0:
        if orders[slot * ORDER + O_TAPE] == -1:
            tag = tag_of(mem, slot)
            front = mem[tag + T_AHEAD]
            traded = mem[tag + T_TRADED]
            back = max(0, before - traded - front)
            gone = before - after - traded
            front = left_in_front(mem[bk + B_QUEUE_MODEL], front, back, gone)
            mem[tag + T_AHEAD] = min(front, after)
            mem[tag + T_TRADED] = 0
        slot = next_of(orders, slot)


@njit(cache=True)
def requeue(mem: Words, orders: Words, levels: Words, index: int, ahead: int) -> None:
    """A quote came to a price anew: every own order there stands behind all of it."""
    slot = levels[index * LEVEL + LV_HEAD]
    while slot >= 0:
        if orders[slot * ORDER + O_TAPE] == -1:
            tag = tag_of(mem, slot)
            mem[tag + T_AHEAD] = ahead
            mem[tag + T_TRADED] = 0
        slot = next_of(orders, slot)


@njit(cache=True)
def cross_own(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    side: int,
    key: int,
    more: int,
) -> None:
    """A level of `side` grew by `more`: own orders that its price crosses fill, up to that."""
    if more > 0 and mem[bk + B_PHASE] == CONTINUOUS:
        hit_own(mem, orders, levels, bk, ts, cause, 1 - side, -key, more, True)


@njit(cache=True)
def set_level_order(
    mem: Words, orders: Words, levels: Words, bk: int, slot: int, key_side: int, qty: int
) -> None:
    """Give a level's historical order a new quantity: it joins, changes or goes."""
    tape = orders[slot * ORDER + O_TAPE]
    if tape == 0:
        orders[slot * ORDER + O_KEY_SIDE] = key_side
        orders[slot * ORDER + O_LIVE] = qty
        orders[slot * ORDER + O_TAPE] = qty
        link(mem, orders, levels, bk, slot)
        return
    index = level_of(mem, orders, bk, slot)
    if qty == 0:
        unlink(mem, orders, levels, bk, slot, index)
        orders[slot * ORDER + O_LIVE] = 0
        orders[slot * ORDER + O_TAPE] = 0
        return
    live = orders[slot * ORDER + O_LIVE]
    live = min(live, qty) if qty <= tape else live + qty - tape
    set_amounts(mem, orders, levels, bk, slot, index, live, qty)


@njit(cache=True)
def change_level(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    key_side: int,
    qty: int,
) -> int:
    """The three steps of a LEVEL row; what the level shows afterwards."""
    side = key_side & 1
    key = key_side >> 1
    before = shown_at(mem, levels, bk, side, key)
    more = qty - orders[slot * ORDER + O_TAPE]
    cross_own(mem, orders, levels, bk, ts, cause, side, key, more)
    set_level_order(mem, orders, levels, bk, slot, key_side, qty)
    revise(mem, orders, levels, bk, side, key, before)
    return shown_at(mem, levels, bk, side, key)


@njit(cache=True)
def row_level(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    side: int,
    handle: int,
    price: int,
    qty: int,
) -> int:
    """LEVEL: set one level of an L2 book. 0, or why the row was refused."""
    if mem[bk + B_DEPTH] != DEPTH_L2:
        return BAD_KIND
    if handle < 0 or handle >= mem[bk + B_HANDLES]:
        return BAD_HANDLE
    if qty < 0 or qty > QTY_MAX:
        return BAD_ROW_QTY
    if price < -PRICE_MAX or price > PRICE_MAX:
        return BAD_ROW_PRICE
    slot = mem[bk + B_HANDLE_BASE] + handle
    key_side = key_of(side, price) * 2 + side
    if orders[slot * ORDER + O_TAPE] == 0:
        if qty == 0:
            return BAD_HANDLE_DEAD
    elif orders[slot * ORDER + O_KEY_SIDE] != key_side:
        return BAD_ROW_SIDE
    shown = change_level(mem, orders, levels, bk, ts, cause, slot, key_side, qty)
    publish(mem, bk, ts, cause, LEVEL_ROW, slot, side, price, qty, shown)
    return 0


@njit(cache=True)
def quote_leaves(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, kind: int
) -> None:
    """The best of a side goes; published as `kind` (DELETE names what went, QUOTE says 0)."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    qty = orders[slot * ORDER + O_TAPE] if kind == DELETE else 0
    before = shown_at(mem, levels, bk, side, key_side >> 1)
    set_level_order(mem, orders, levels, bk, slot, key_side, 0)
    revise(mem, orders, levels, bk, side, key_side >> 1, before)
    publish(mem, bk, ts, cause, kind, slot, side, price_of(key_side), qty, 0)


@njit(cache=True)
def row_quote(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    side: int,
    price: int,
    qty: int,
) -> int:
    """QUOTE: set the best of one side of an L1 book. 0, or why the row was refused."""
    if mem[bk + B_DEPTH] != DEPTH_L1:
        return BAD_KIND
    if mem[bk + B_HANDLES] < 2:
        return BAD_HANDLE
    if qty < 0 or qty > QTY_MAX:
        return BAD_ROW_QTY
    if price < -PRICE_MAX or price > PRICE_MAX:
        return BAD_ROW_PRICE
    slot = mem[bk + B_HANDLE_BASE] + side
    key_side = key_of(side, price) * 2 + side
    alive = orders[slot * ORDER + O_TAPE] > 0
    if qty == 0:
        if alive:
            quote_leaves(mem, orders, levels, bk, ts, cause, slot, QUOTE)
        else:
            mem[bk + B_VOID] += 1
        return 0
    if alive and orders[slot * ORDER + O_KEY_SIDE] == key_side:
        shown = change_level(mem, orders, levels, bk, ts, cause, slot, key_side, qty)
        publish(mem, bk, ts, cause, QUOTE, slot, side, price, qty, shown)
        return 0
    if alive:
        quote_leaves(mem, orders, levels, bk, ts, cause, slot, DELETE)
    cross_own(mem, orders, levels, bk, ts, cause, side, key_side >> 1, qty)
    set_level_order(mem, orders, levels, bk, slot, key_side, qty)
    index = level_of(mem, orders, bk, slot)
    if levels[index * LEVEL + LV_SPECIAL] > 0:
        requeue(mem, orders, levels, index, qty)
    publish(mem, bk, ts, cause, QUOTE, slot, side, price, qty, levels[index * LEVEL + LV_SHOWN])
    return 0


@njit(cache=True)
def print_at_levels(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    passive: int,
    units: int,
    budget: int,
    qty: int,
) -> None:
    """A print of `qty` reached its own price with `budget` left: queues there move up and fill."""
    tick = mem[bk + B_TICK]
    if units % tick != 0 or mem[bk + B_SPECIAL + passive] == 0:
        return
    key = key_of(passive, units // tick)
    ld = ladder_of(bk, passive)
    index = find_level(mem, ld, key)
    if index < 0 or levels[index * LEVEL + LV_SPECIAL] == 0:
        return
    slot = levels[index * LEVEL + LV_HEAD]
    while slot >= 0:
        after = next_of(orders, slot)
        if orders[slot * ORDER + O_TAPE] == -1:
            tag = tag_of(mem, slot)
            mem[tag + T_TRADED] += qty
            ahead = mem[tag + T_AHEAD] - budget
            mem[tag + T_AHEAD] = max(0, ahead)
            if ahead < 0:
                take = min(orders[slot * ORDER + O_LIVE], -ahead)
                budget -= take
                hit(mem, orders, levels, bk, ts, cause, slot, index, take)
                index = find_level(mem, ld, key)
        slot = after
