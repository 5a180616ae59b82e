"""Own orders against the book: arriving, trading, resting, leaving.

The rules are in docs/explanation/venue-truth.md, "Matching"; what a command is answered is in
`answer.py`.
"""

from numba import njit

from sim.kernels.book import (
    hit,
    key_of,
    ladder_of,
    level_of,
    price_of,
    publish_gone,
    rest,
    retire,
    unlink,
)
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_DEPTH,
    B_OWN,
    B_PHASE,
    H_MODE,
    H_POOL_BASE,
    H_SLOTS,
    L_BEST,
    LEVEL,
    LV_HEAD,
    LV_LIVE,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    POST_ONLY,
    SORT_FLOW,
    SORT_MASK,
    T_ID,
    T_WORD,
    Words,
)
from sim.kernels.level_rows import join_estimate
from sim.kernels.links import next_of
from sim.kernels.market_queue import is_market, market_link, market_unlink
from sim.kernels.outward import report, report_fill
from sim.kernels.pool import pool_take, tag_of
from sim.kernels.status import (
    ADD,
    CONTINUOUS,
    DEPTH_L3,
    EXPIRED,
    GTC,
    IOC_REMAINDER,
    LIMIT,
    MARKET,
    NO_LIQUIDITY,
    REACTIVE,
    TAKER,
)


@njit(cache=True)
def worst_key(side: int, price: int, order_type: int) -> int:
    """Largest opposite key that an order trades with: its own price mirrored, or any."""
    if order_type == MARKET:
        return NONE_KEY - 1
    return -key_of(side, price)


@njit(cache=True)
def available(mem: Words, levels: Words, bk: int, side: int, limit_key: int, wanted: int) -> int:
    """Live lots on the levels of the other side up to `limit_key`, counted until `wanted`."""
    ld = ladder_of(bk, 1 - side)
    key = mem[ld + L_BEST]
    total = 0
    while key <= limit_key and total < wanted:
        total += levels[(find_level(mem, ld, key)) * LEVEL + LV_LIVE]
        key = next_key(mem, ld, key)
    return total


@njit(cache=True)
def take(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    limit_key: int,
) -> int:
    """Let the order in `slot` (not in a queue) trade with the other side. Its remaining lots.

    Best level first, oldest first; orders of which nothing is left to take are passed over.
    """
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    ld = ladder_of(bk, 1 - side)
    remaining = orders[slot * ORDER + O_LIVE]
    key = mem[ld + L_BEST]
    while remaining > 0 and key <= limit_key:
        after_level = next_key(mem, ld, key)
        index = find_level(mem, ld, key)
        resting = levels[index * LEVEL + LV_HEAD]
        while resting >= 0 and remaining > 0:
            after = next_of(orders, resting)
            qty = min(remaining, orders[resting * ORDER + O_LIVE])
            if qty > 0:
                remaining -= qty
                price = price_of(orders[resting * ORDER + O_KEY_SIDE])
                hit(mem, orders, levels, bk, ts, cause, resting, index, qty)
                report_fill(mem, bk, ts, slot, price, qty, remaining, TAKER)
                # A window that followed the price may have moved the level.
                index = find_level(mem, ld, key)
            resting = after
        key = after_level
    orders[slot * ORDER + O_LIVE] = remaining
    return remaining


@njit(cache=True)
def rest_own(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int
) -> None:
    """Put an own order at the back of its level; the feed shows it in reactive mode."""
    if mem[bk + B_DEPTH] != DEPTH_L3:
        join_estimate(mem, orders, levels, bk, slot)
    rest(mem, orders, levels, bk, ts, cause, slot, ADD, mem[H_MODE] == REACTIVE)


@njit(cache=True)
def settle(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    order_type: int,
    tif: int,
) -> int:
    """After matching: the remainder rests, or expires; the slot of a finished order is freed.

    Returns the slot, or -1 when the order is done.
    """
    remaining = orders[slot * ORDER + O_LIVE]
    if remaining > 0 and order_type == LIMIT and tif == GTC:
        rest_own(mem, orders, levels, bk, ts, cause, slot)
        return slot
    if remaining > 0:
        tag = tag_of(mem, slot)
        reason = IOC_REMAINDER if order_type == LIMIT else NO_LIQUIDITY
        price = price_of(orders[slot * ORDER + O_KEY_SIDE]) if order_type == LIMIT else 0
        if mem[tag + T_WORD] & SORT_MASK != SORT_FLOW:
            report(mem, bk, ts, EXPIRED, mem[tag + T_ID], price, remaining, 0, reason, 0)
    retire(mem, orders, bk, slot)
    return -1


@njit(cache=True)
def submit_core(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    sort: int,
    order_id: int,
    side: int,
    order_type: int,
    tif: int,
    post_only: int,
    price: int,
    qty: int,
) -> int:
    """Take one checked order into the book. The slot where it rests, or -1."""
    slot = pool_take(mem, orders, sort | (POST_ONLY if post_only else 0), order_id)
    mem[bk + B_OWN] += 1
    key = key_of(side, price) if order_type == LIMIT else NONE_KEY >> 1
    orders[slot * ORDER + O_KEY_SIDE] = key * 2 + side
    orders[slot * ORDER + O_LIVE] = qty
    orders[slot * ORDER + O_TAPE] = -1
    if mem[bk + B_PHASE] == CONTINUOUS:
        take(mem, orders, levels, bk, ts, cause, slot, worst_key(side, price, order_type))
        return settle(mem, orders, levels, bk, ts, cause, slot, order_type, tif)
    if order_type == MARKET:
        market_link(mem, orders, levels, bk, slot)
    else:
        rest_own(mem, orders, levels, bk, ts, cause, slot)
    return slot


@njit(cache=True)
def is_live(mem: Words, orders: Words, slot: int, sort: int, order_id: int) -> bool:
    """Whether `slot` still holds the order `order_id` of this sort (SORT_OWN or SORT_FLOW).

    Our ids and the numbers of the flow are apart, so the same integer may name one of each.
    """
    if slot < mem[H_POOL_BASE] or slot >= mem[H_SLOTS]:
        return False
    if orders[slot * ORDER + O_TAPE] != -1 or orders[slot * ORDER + O_LIVE] <= 0:
        return False
    tag = tag_of(mem, slot)
    return mem[tag + T_WORD] & SORT_MASK == sort and mem[tag + T_ID] == order_id


@njit(cache=True)
def take_out(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int
) -> None:
    """Take a resting own order out of its queue, publishing that where the feed shows it."""
    if is_market(orders, slot):
        market_unlink(mem, orders, levels, bk, slot)
        return
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    qty = orders[slot * ORDER + O_LIVE]
    shown = unlink(mem, orders, levels, bk, slot, level_of(mem, orders, bk, slot))
    if mem[H_MODE] == REACTIVE:
        publish_gone(mem, bk, ts, cause, slot, key_side, qty, shown)
