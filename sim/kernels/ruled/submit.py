"""What a book with rules answers to a submit, and to the cancel or the end of an order."""

from numba import njit

from sim.kernels.layout import (
    B_OWN,
    B_REFILLS,
    H_SCRATCH_OFF,
    NO_PRICE,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    SORT_FLOW,
    SORT_OWN,
    ST_AON,
    ST_DISPLAY,
    ST_DISPLAY_HIGH,
    ST_FLOW,
    ST_HIDDEN,
    ST_ID,
    ST_MIN,
    ST_OFFSET,
    ST_OWNER,
    ST_POST,
    ST_PRICE,
    ST_QTY,
    ST_SELF_TRADE,
    ST_SIDE,
    ST_SIZE,
    ST_STOP,
    ST_TIF,
    ST_TRAIL,
    ST_TYPE,
    T_ID,
    T_WORD,
    Words,
)
from sim.kernels.match import is_live
from sim.kernels.outward import report, report_refusal
from sim.kernels.pool import pool_give, pool_take, tag_of
from sim.kernels.ruled.checks import (
    clamped,
    figure_of,
    refusal_of_book,
    refusal_of_terms,
    slid,
)
from sim.kernels.ruled.display import take_away
from sim.kernels.ruled.selftrade import drop
from sim.kernels.ruled.settle import place
from sim.kernels.ruled.terms import end_order, tell, terms_of, uses_price
from sim.kernels.ruled.words import (
    E_AON,
    E_DISPLAY,
    E_DISPLAY_HIGH,
    E_EFFECTIVE,
    E_HIDDEN,
    E_MIN,
    E_OFFSET,
    E_OWNER,
    E_PEAKS,
    E_PLACE,
    E_POST,
    E_PRICE,
    E_REFILLS,
    E_RESERVE,
    E_SELF_TRADE,
    E_SHARE,
    E_STOP,
    E_TIF,
    E_TOOK,
    E_TRAIL,
    E_TYPE,
    NOWHERE,
)
from sim.kernels.status import (
    ACCEPTED,
    CANCEL_REJECTED,
    CANCELLED,
    NO_REASON,
    POST_SLIDE,
    REJECTED,
    UNKNOWN_ORDER,
)


@njit(cache=True)
def count_refills(mem: Words, bk: int, tk: int, lots: int) -> None:
    """Keep the bound on the peaks that icebergs may still have."""
    display = mem[tk + E_DISPLAY]
    refills = (lots + display - 1) // display if display > 0 else 0
    mem[bk + B_REFILLS] += refills - mem[tk + E_REFILLS]
    mem[tk + E_REFILLS] = refills


@njit(cache=True)
def load(mem: Words, orders: Words) -> int:
    """Take a pool slot for the order whose ST_ words stand in scratch, and write them down. The slot."""
    off = mem[H_SCRATCH_OFF]
    sort = SORT_OWN if mem[off + ST_FLOW] == 0 else SORT_FLOW
    slot = pool_take(mem, orders, sort, mem[off + ST_ID])
    orders[slot * ORDER + O_KEY_SIDE] = (NONE_KEY >> 1) * 2 + mem[off + ST_SIDE]
    orders[slot * ORDER + O_LIVE] = mem[off + ST_QTY]
    orders[slot * ORDER + O_TAPE] = -1
    tk = terms_of(mem, slot)
    mem[tk + E_PLACE] = NOWHERE
    mem[tk + E_TYPE] = mem[off + ST_TYPE]
    mem[tk + E_TIF] = mem[off + ST_TIF]
    mem[tk + E_POST] = mem[off + ST_POST]
    mem[tk + E_OWNER] = mem[off + ST_OWNER]
    mem[tk + E_PRICE] = mem[off + ST_PRICE] if uses_price(mem[off + ST_TYPE]) else NO_PRICE
    mem[tk + E_RESERVE] = 0
    mem[tk + E_DISPLAY] = mem[off + ST_DISPLAY]
    mem[tk + E_DISPLAY_HIGH] = mem[off + ST_DISPLAY_HIGH]
    mem[tk + E_PEAKS] = 0
    mem[tk + E_REFILLS] = 0
    mem[tk + E_HIDDEN] = mem[off + ST_HIDDEN]
    mem[tk + E_MIN] = mem[off + ST_MIN]
    mem[tk + E_AON] = mem[off + ST_AON]
    mem[tk + E_STOP] = mem[off + ST_STOP]
    mem[tk + E_TRAIL] = mem[off + ST_TRAIL]
    mem[tk + E_OFFSET] = mem[off + ST_OFFSET]
    mem[tk + E_SELF_TRADE] = mem[off + ST_SELF_TRADE]
    mem[tk + E_EFFECTIVE] = NO_PRICE
    mem[tk + E_SHARE] = 0
    mem[tk + E_TOOK] = 0
    return slot


@njit(cache=True)
def refusal(mem: Words, orders: Words, levels: Words, bk: int, slot: int) -> int:
    """Why a loaded order is refused, or NO_REASON; its price is clamped then."""
    reason = refusal_of_terms(mem, orders, bk, slot)
    if reason != NO_REASON:
        return reason
    tk = terms_of(mem, slot)
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    if mem[tk + E_AON] != 0:
        mem[tk + E_MIN] = orders[slot * ORDER + O_LIVE]
    mem[tk + E_PRICE] = clamped(mem, bk, side, mem[tk + E_TYPE], mem[tk + E_PRICE])
    return refusal_of_book(mem, orders, levels, bk, slot)


@njit(cache=True)
def submit_ruled(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
) -> int:
    """Answer a submit whose ST_ words stand in scratch. Where the order waits, -1 when it is over."""
    slot = load(mem, orders)
    tk = terms_of(mem, slot)
    price = mem[tk + E_PRICE]
    qty = orders[slot * ORDER + O_LIVE]
    reason = refusal(mem, orders, levels, bk, slot)
    if reason != NO_REASON:
        tag = tag_of(mem, slot)
        if mem[tag + T_WORD] == SORT_OWN:
            figure = figure_of(mem, orders, levels, bk, slot, price, qty, reason)
            told = 0 if price == NO_PRICE else price
            order_id = mem[tag + T_ID]
            report_refusal(mem, bk, ts, REJECTED, order_id, told, qty, 0, reason, figure)
        pool_give(mem, orders, slot)
        return -1
    mem[bk + B_OWN] += 1
    if mem[tk + E_POST] == POST_SLIDE:
        side = orders[slot * ORDER + O_KEY_SIDE] & 1
        mem[tk + E_PRICE] = slid(mem, bk, side, mem[tk + E_PRICE])
    count_refills(mem, bk, tk, qty)
    tell(mem, bk, ts, ACCEPTED, slot, qty, qty, NO_REASON)
    return place(mem, orders, levels, bk, ts, cause, slot)


@njit(cache=True)
def send_ruled(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    name: int,
    side: int,
    order_type: int,
    tif: int,
    price: int,
    qty: int,
) -> int:
    """Submit an order of the flow, which is nobody's and has no terms. Its slot, or -1."""
    off = mem[H_SCRATCH_OFF]
    for word in range(ST_SIZE):
        mem[off + word] = 0
    mem[off + ST_ID] = name
    mem[off + ST_SIDE] = side
    mem[off + ST_TYPE] = order_type
    mem[off + ST_TIF] = tif
    mem[off + ST_PRICE] = price
    mem[off + ST_QTY] = qty
    mem[off + ST_FLOW] = 1
    return submit_ruled(mem, orders, levels, bk, ts, cause)


@njit(cache=True)
def withdraw(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    order_id: int,
    slot: int,
    reason: int,
) -> None:
    """Answer a cancel, or with a reason let the venue end an order."""
    if not is_live(mem, orders, slot, SORT_OWN, order_id):
        if reason == NO_REASON:
            report(mem, bk, ts, CANCEL_REJECTED, order_id, 0, 0, 0, UNKNOWN_ORDER, 0)
        return
    if reason != NO_REASON:
        drop(mem, orders, levels, bk, ts, cause, slot, reason)
        return
    take_away(mem, orders, levels, bk, ts, cause, slot)
    tell(mem, bk, ts, CANCELLED, slot, orders[slot * ORDER + O_LIVE], 0, NO_REASON)
    end_order(mem, orders, bk, slot)
