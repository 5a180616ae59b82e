"""What a venue answers to submit, cancel and replace.

The checks, their order and every reject are in docs/explanation/venue-truth.md, "Commands".
"""

from numba import njit

from sim.kernels.book import key_of, ladder_of, level_of, price_of, retire, set_amounts
from sim.kernels.layout import (
    B_PHASE,
    H_MODE,
    L_BEST,
    LEVEL,
    LV_SHOWN,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    POST_ONLY,
    PRICE_MAX,
    QTY_MAX,
    SORT_OWN,
    T_WORD,
    Words,
)
from sim.kernels.market_queue import is_market
from sim.kernels.match import available, is_live, settle, submit_core, take, take_out, worst_key
from sim.kernels.outward import publish, report, report_refusal
from sim.kernels.pool import tag_of
from sim.kernels.status import (
    ACCEPTED,
    BAD_FLAGS,
    BAD_PRICE,
    BAD_QTY,
    CANCEL_REJECTED,
    CANCELLED,
    CLOSED,
    CONTINUOUS,
    FOK,
    GTC,
    HALTED,
    LIMIT,
    MARKET,
    MARKET_CLOSED,
    NO_REASON,
    NOT_FILLABLE,
    REACTIVE,
    REJECTED,
    REPLACE,
    REPLACE_REJECTED,
    REPLACED,
    UNKNOWN_ORDER,
    WOULD_CROSS,
)


@njit(cache=True)
def refusal(
    mem: Words,
    levels: Words,
    bk: int,
    side: int,
    order_type: int,
    tif: int,
    post_only: int,
    price: int,
    qty: int,
) -> int:
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
def figure_of(
    mem: Words,
    levels: Words,
    bk: int,
    side: int,
    order_type: int,
    price: int,
    qty: int,
    reason: int,
) -> int:
    """What decided a refusal, as docs/explanation/venue-rules.md lists it ("Checks of a submit")."""
    if reason == BAD_QTY:
        return QTY_MAX
    if reason == BAD_PRICE:
        return PRICE_MAX
    if reason == MARKET_CLOSED or reason == HALTED:
        return mem[bk + B_PHASE]
    if reason == WOULD_CROSS:
        key = mem[ladder_of(bk, 1 - side) + L_BEST]
        return -key if side else key
    if reason == NOT_FILLABLE:
        return available(mem, levels, bk, side, worst_key(side, price, order_type), qty)
    return 0


@njit(cache=True)
def submit_order(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    order_id: int,
    side: int,
    order_type: int,
    tif: int,
    post_only: int,
    price: int,
    qty: int,
) -> int:
    """Answer a submit. The slot where the order rests, or -1 when it is done or refused."""
    if order_type == MARKET:
        price = 0
    reason = refusal(mem, levels, bk, side, order_type, tif, post_only, price, qty)
    if reason != NO_REASON:
        figure = figure_of(mem, levels, bk, side, order_type, price, qty, reason)
        report_refusal(mem, bk, ts, REJECTED, order_id, price, qty, 0, reason, figure)
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
def cancel_order(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, order_id: int, slot: int
) -> int:
    """Answer a cancel; always -1, for the order is gone or was never there."""
    if not is_live(mem, orders, slot, SORT_OWN, order_id):
        report(mem, bk, ts, CANCEL_REJECTED, order_id, 0, 0, 0, UNKNOWN_ORDER, 0)
        return -1
    price = 0 if is_market(orders, slot) else price_of(orders[slot * ORDER + O_KEY_SIDE])
    leaves = orders[slot * ORDER + O_LIVE]
    take_out(mem, orders, levels, bk, ts, cause, slot)
    retire(mem, orders, bk, slot)
    report(mem, bk, ts, CANCELLED, order_id, price, leaves, 0, NO_REASON, 0)
    return -1


@njit(cache=True)
def replace_refusal(mem: Words, orders: Words, bk: int, slot: int, price: int, qty: int) -> int:
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
def replace_order(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    order_id: int,
    slot: int,
    price: int,
    qty: int,
) -> int:
    """Answer a replace. The slot where the order rests, or -1."""
    if not is_live(mem, orders, slot, SORT_OWN, order_id):
        report(mem, bk, ts, REPLACE_REJECTED, order_id, price, qty, 0, UNKNOWN_ORDER, 0)
        return -1
    leaves = orders[slot * ORDER + O_LIVE]
    reason = replace_refusal(mem, orders, bk, slot, price, qty)
    if reason != NO_REASON:
        side = orders[slot * ORDER + O_KEY_SIDE] & 1
        figure = figure_of(mem, levels, bk, side, LIMIT, price, qty, reason)
        report_refusal(mem, bk, ts, REPLACE_REJECTED, order_id, price, qty, leaves, reason, figure)
        return slot
    report(mem, bk, ts, REPLACED, order_id, price, qty, qty, NO_REASON, 0)
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    if price == price_of(key_side) and qty <= leaves:
        index = level_of(mem, orders, bk, slot)
        set_amounts(mem, orders, levels, bk, slot, index, qty, -1)
        if mem[H_MODE] == REACTIVE:
            publish(
                mem,
                bk,
                ts,
                cause,
                REPLACE,
                slot,
                side,
                price,
                qty,
                levels[index * LEVEL + LV_SHOWN],
            )
        return slot
    take_out(mem, orders, levels, bk, ts, cause, slot)
    orders[slot * ORDER + O_LIVE] = qty
    orders[slot * ORDER + O_KEY_SIDE] = key_of(side, price) * 2 + side
    if mem[bk + B_PHASE] == CONTINUOUS:
        take(mem, orders, levels, bk, ts, cause, slot, worst_key(side, price, LIMIT))
    return settle(mem, orders, levels, bk, ts, cause, slot, LIMIT, GTC)
