"""Own commands: submit, cancel, replace, and the sweep when trading resumes.

The rules, their order and every reject are in docs/explanation/venue-truth.md, "Commands".
"""

from numba import njit

from sim.kernels.book import (
    hit,
    key_of,
    ladder_of,
    level_of,
    pool_take,
    price_of,
    publish,
    publish_gone,
    report,
    report_fill,
    rest,
    retire,
    set_amounts,
    tag_of,
    unlink,
)
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_MARKET,
    B_OWN,
    B_PHASE,
    B_SPECIAL,
    H_MODE,
    H_POOL_BASE,
    H_SLOTS,
    L_BEST,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_LIVE,
    LV_SHOWN,
    LV_SPECIAL,
    LV_TAIL,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    PRICE_MAX,
    QTY_MAX,
    SORT_FLOW,
    SORT_OWN,
    T_ID,
    T_WORD,
)
from sim.kernels.links import next_of, prev_of, set_next, set_prev
from sim.kernels.status import (
    ACCEPTED,
    ADD,
    BAD_FLAGS,
    BAD_PRICE,
    BAD_QTY,
    CANCEL_REJECTED,
    CANCELLED,
    CLOSED,
    CONTINUOUS,
    EXPIRED,
    FOK,
    GTC,
    HALTED,
    IOC_REMAINDER,
    LIMIT,
    MARKET,
    MARKET_CLOSED,
    NO_LIQUIDITY,
    NO_REASON,
    NOT_FILLABLE,
    REACTIVE,
    REJECTED,
    REPLACE,
    REPLACE_REJECTED,
    REPLACED,
    TAKER,
    UNKNOWN_ORDER,
    WOULD_CROSS,
)

POST_ONLY = 16  # bit of a tag word


@njit(cache=True)
def worst_key(side, price, order_type):
    """Largest opposite key that an order trades with: its own price mirrored, or any."""
    if order_type == MARKET:
        return NONE_KEY - 1
    return -key_of(side, price)


@njit(cache=True)
def available(mem, levels, bk, side, limit_key, wanted):
    """Live lots on the levels of the other side up to `limit_key`, counted until `wanted`."""
    ld = ladder_of(bk, 1 - side)
    key = mem[ld + L_BEST]
    total = 0
    while key <= limit_key and total < wanted:
        total += levels[(find_level(mem, ld, key)) * LEVEL + LV_LIVE]
        key = next_key(mem, ld, key)
    return total


@njit(cache=True)
def take(mem, orders, levels, bk, ts, cause, slot, limit_key):
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
def settle(mem, orders, levels, bk, ts, cause, slot, order_type, tif):
    """After matching: the remainder rests, or expires; the slot of a finished order is freed.

    Returns the slot, or -1 when the order is done.
    """
    remaining = orders[slot * ORDER + O_LIVE]
    if remaining > 0 and order_type == LIMIT and tif == GTC:
        rest(mem, orders, levels, bk, ts, cause, slot, ADD, mem[H_MODE] == REACTIVE)
        return slot
    if remaining > 0:
        tag = tag_of(mem, slot)
        reason = IOC_REMAINDER if order_type == LIMIT else NO_LIQUIDITY
        price = price_of(orders[slot * ORDER + O_KEY_SIDE]) if order_type == LIMIT else 0
        if mem[tag + T_WORD] & 15 != SORT_FLOW:
            report(
                mem, bk, ts, EXPIRED, mem[tag + T_ID], price, remaining, 0, reason, 0
            )
    retire(mem, orders, bk, slot)
    return -1


@njit(cache=True)
def refusal(mem, levels, bk, side, order_type, tif, post_only, price, qty):
    """Reason for which a submit is rejected, or NO_REASON."""
    if qty < 1 or qty > QTY_MAX:
        return BAD_QTY
    if order_type == LIMIT and (price < -PRICE_MAX or price > PRICE_MAX):
        return BAD_PRICE
    if post_only != 0 and (order_type != LIMIT or tif != GTC):
        return BAD_FLAGS
    phase = mem[bk + B_PHASE]
    if phase == CLOSED:
        return MARKET_CLOSED
    if phase != CONTINUOUS:
        return HALTED if tif != GTC else NO_REASON
    limit_key = worst_key(side, price, order_type)
    if post_only != 0 and mem[ladder_of(bk, 1 - side) + L_BEST] <= limit_key:
        return WOULD_CROSS
    if tif == FOK and available(mem, levels, bk, side, limit_key, qty) < qty:
        return NOT_FILLABLE
    return NO_REASON


@njit(cache=True)
def market_link(mem, orders, levels, bk, slot):
    """Put a market order at the back of its side's market queue."""
    index = mem[bk + B_MARKET + (orders[slot * ORDER + O_KEY_SIDE] & 1)]
    tail = levels[index * LEVEL + LV_TAIL] if levels[index * LEVEL + LV_COUNT] > 0 else -1
    set_prev(orders, slot, tail)
    set_next(orders, slot, -1)
    if tail < 0:
        levels[index * LEVEL + LV_HEAD] = slot
    else:
        set_next(orders, tail, slot)
    levels[index * LEVEL + LV_TAIL] = slot
    levels[index * LEVEL + LV_COUNT] += 1
    levels[index * LEVEL + LV_LIVE] += orders[slot * ORDER + O_LIVE]


@njit(cache=True)
def market_unlink(mem, orders, levels, bk, slot):
    """Take a market order out of its market queue."""
    index = mem[bk + B_MARKET + (orders[slot * ORDER + O_KEY_SIDE] & 1)]
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


@njit(cache=True)
def is_market(orders, slot):
    """Whether a live own order rests in the market queue."""
    return orders[slot * ORDER + O_KEY_SIDE] >> 1 == NONE_KEY >> 1


@njit(cache=True)
def submit_core(
    mem, orders, levels, bk, ts, cause, sort, order_id, side, order_type, tif, post_only, price, qty
):
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
        rest(mem, orders, levels, bk, ts, cause, slot, ADD, mem[H_MODE] == REACTIVE)
    return slot


@njit(cache=True)
def submit_order(
    mem, orders, levels, bk, ts, cause, order_id, side, order_type, tif, post_only, price, qty
):
    """Answer a submit. The slot where the order rests, or -1 when it is done or refused."""
    if order_type == MARKET:
        price = 0
    reason = refusal(mem, levels, bk, side, order_type, tif, post_only, price, qty)
    if reason != NO_REASON:
        report(mem, bk, ts, REJECTED, order_id, price, qty, 0, reason, 0)
        return -1
    report(mem, bk, ts, ACCEPTED, order_id, price, qty, qty, NO_REASON, 0)
    return submit_core(
        mem,
        orders,
        levels,
        bk,
        ts,
        cause,
        SORT_OWN,
        order_id,
        side,
        order_type,
        tif,
        post_only,
        price,
        qty,
    )


@njit(cache=True)
def is_live(mem, orders, slot, order_id):
    """Whether `slot` still holds the own order `order_id`."""
    if slot < mem[H_POOL_BASE] or slot >= mem[H_SLOTS]:
        return False
    if orders[slot * ORDER + O_TAPE] != -1 or orders[slot * ORDER + O_LIVE] <= 0:
        return False
    return mem[tag_of(mem, slot) + T_ID] == order_id


@njit(cache=True)
def take_out(mem, orders, levels, bk, ts, cause, slot):
    """Take a resting own order out of its queue, publishing that where the feed shows it."""
    if is_market(orders, slot):
        market_unlink(mem, orders, levels, bk, slot)
        return
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    qty = orders[slot * ORDER + O_LIVE]
    shown = unlink(mem, orders, levels, bk, slot, level_of(mem, orders, bk, slot))
    if mem[H_MODE] == REACTIVE:
        publish_gone(mem, bk, ts, cause, slot, key_side, qty, shown)


@njit(cache=True)
def cancel_order(mem, orders, levels, bk, ts, cause, order_id, slot):
    """Answer a cancel; always -1, for the order is gone or was never there."""
    if not is_live(mem, orders, slot, order_id):
        report(mem, bk, ts, CANCEL_REJECTED, order_id, 0, 0, 0, UNKNOWN_ORDER, 0)
        return -1
    price = 0 if is_market(orders, slot) else price_of(orders[slot * ORDER + O_KEY_SIDE])
    leaves = orders[slot * ORDER + O_LIVE]
    take_out(mem, orders, levels, bk, ts, cause, slot)
    retire(mem, orders, bk, slot)
    report(mem, bk, ts, CANCELLED, order_id, price, leaves, 0, NO_REASON, 0)
    return -1


@njit(cache=True)
def replace_refusal(mem, orders, bk, slot, price, qty):
    """Reason for which the replace of a live order is rejected, or NO_REASON."""
    if qty < 1 or qty > QTY_MAX:
        return BAD_QTY
    if price < -PRICE_MAX or price > PRICE_MAX:
        return BAD_PRICE
    if mem[bk + B_PHASE] == CLOSED:
        return MARKET_CLOSED
    if is_market(orders, slot):
        return BAD_FLAGS
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    if mem[tag_of(mem, slot) + T_WORD] & POST_ONLY and mem[bk + B_PHASE] == CONTINUOUS:
        side = key_side & 1
        crosses = mem[ladder_of(bk, 1 - side) + L_BEST] <= worst_key(side, price, LIMIT)
        if price != price_of(key_side) and crosses:
            return WOULD_CROSS
    return NO_REASON


@njit(cache=True)
def replace_order(mem, orders, levels, bk, ts, cause, order_id, slot, price, qty):
    """Answer a replace. The slot where the order rests, or -1."""
    if not is_live(mem, orders, slot, order_id):
        report(mem, bk, ts, REPLACE_REJECTED, order_id, price, qty, 0, UNKNOWN_ORDER, 0)
        return -1
    leaves = orders[slot * ORDER + O_LIVE]
    reason = replace_refusal(mem, orders, bk, slot, price, qty)
    if reason != NO_REASON:
        report(mem, bk, ts, REPLACE_REJECTED, order_id, price, qty, leaves, reason, 0)
        return slot
    report(mem, bk, ts, REPLACED, order_id, price, qty, qty, NO_REASON, 0)
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    if price == price_of(key_side) and qty <= leaves:
        index = level_of(mem, orders, bk, slot)
        set_amounts(mem, orders, levels, bk, slot, index, qty, -1)
        if mem[H_MODE] == REACTIVE:
            publish(
                mem, bk, ts, cause, REPLACE, slot, side, price, qty, levels[index * LEVEL + LV_SHOWN]
            )
        return slot
    take_out(mem, orders, levels, bk, ts, cause, slot)
    orders[slot * ORDER + O_LIVE] = qty
    orders[slot * ORDER + O_KEY_SIDE] = key_of(side, price) * 2 + side
    if mem[bk + B_PHASE] == CONTINUOUS:
        take(mem, orders, levels, bk, ts, cause, slot, worst_key(side, price, LIMIT))
    return settle(mem, orders, levels, bk, ts, cause, slot, LIMIT, GTC)


@njit(cache=True)
def best_own(mem, orders, levels, bk, side):
    """The oldest own order of the best level of `side` that holds one, or -1."""
    if mem[bk + B_SPECIAL + side] == 0:
        return -1
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while key != NONE_KEY:
        index = find_level(mem, ld, key)
        if levels[index * LEVEL + LV_SPECIAL] > 0:
            slot = levels[index * LEVEL + LV_HEAD]
            while slot >= 0:
                if orders[slot * ORDER + O_TAPE] == -1:
                    return slot
                slot = next_of(orders, slot)
        key = next_key(mem, ld, key)
    return -1


@njit(cache=True)
def resume_sweep(mem, orders, levels, bk, ts, cause):
    """Execute what came to cross while nothing matched, when trading becomes continuous."""
    for side in range(2):
        index = mem[bk + B_MARKET + side]
        while levels[index * LEVEL + LV_COUNT] > 0:
            slot = levels[index * LEVEL + LV_HEAD]
            market_unlink(mem, orders, levels, bk, slot)
            take(mem, orders, levels, bk, ts, cause, slot, NONE_KEY - 1)
            settle(mem, orders, levels, bk, ts, cause, slot, MARKET, GTC)
    for side in range(2):
        while True:
            slot = best_own(mem, orders, levels, bk, side)
            if slot < 0:
                break
            limit_key = -(orders[slot * ORDER + O_KEY_SIDE] >> 1)
            if mem[ladder_of(bk, 1 - side) + L_BEST] > limit_key:
                break
            before = orders[slot * ORDER + O_LIVE]
            take_out(mem, orders, levels, bk, ts, cause, slot)
            after = take(mem, orders, levels, bk, ts, cause, slot, limit_key)
            settle(mem, orders, levels, bk, ts, cause, slot, LIMIT, GTC)
            if after == before:
                break
