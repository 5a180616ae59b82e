"""What a book with rules answers to submit, cancel, expire and replace."""

from numba import njit

from sim.kernels.layout import (
    B_OWN,
    B_PEG_STALE,
    B_PHASE,
    B_REFILLS,
    H_SCRATCH_OFF,
    NO_PRICE,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    PRICE_MAX,
    QTY_MAX,
    SORT_FLOW,
    SORT_OWN,
    ST_AON,
    ST_DISPLAY,
    ST_DISPLAY_HIGH,
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
    Words,
)
from sim.kernels.match import is_live
from sim.kernels.outward import report, report_refusal
from sim.kernels.pool import pool_give, pool_take, tag_of
from sim.kernels.ruled.checks import (
    breaks_band,
    clamped,
    crosses_best,
    figure_of,
    refusal_of_book,
    refusal_of_terms,
    slid,
)
from sim.kernels.ruled.display import lessen_shown, take_away
from sim.kernels.ruled.selftrade import drop
from sim.kernels.ruled.settle import place
from sim.kernels.ruled.terms import end_order, is_peg, open_of, tell, terms_of
from sim.kernels.ruled.words import (
    DISPLAYED,
    DORMANT,
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
    PEAKS_MAX,
    QUEUED,
)
from sim.kernels.status import (
    ACCEPTED,
    BAD_DISPLAY,
    BAD_FLAGS,
    BAD_PRICE,
    BAD_QTY,
    CANCEL_REJECTED,
    CANCELLED,
    CLOSED,
    CONTINUOUS,
    LIMIT,
    MARKET,
    MARKET_CLOSED,
    MARKET_TO_LIMIT,
    NO_REASON,
    OUTSIDE_BAND,
    POST_REJECT,
    POST_SLIDE,
    REJECTED,
    REPLACE_REJECTED,
    REPLACED,
    STOP,
    STOP_LIMIT,
    STRIKE_MATCH,
    TRAILING_STOP,
    UNKNOWN_ORDER,
    WOULD_CROSS,
)


@njit(cache=True)
def uses_price(kind: int) -> bool:
    """Whether orders of a type have a limit."""
    if kind < LIMIT or kind >= STRIKE_MATCH:
        return False
    return not (kind == MARKET or kind == MARKET_TO_LIMIT or kind == STOP or kind == TRAILING_STOP)


@njit(cache=True)
def count_refills(mem: Words, bk: int, tk: int, lots: int) -> None:
    """Keep the bound on the peaks that icebergs may still have."""
    display = mem[tk + E_DISPLAY]
    refills = (lots + display - 1) // display if display > 0 else 0
    mem[bk + B_REFILLS] += refills - mem[tk + E_REFILLS]
    mem[tk + E_REFILLS] = refills


@njit(cache=True, inline="always")
def load(mem: Words, orders: Words, words: Words, off: int, sort: int) -> int:
    """Take a pool slot for an order and write down what its ST_ words at `off` say. The slot."""
    slot = pool_take(mem, orders, sort, words[off + ST_ID])
    orders[slot * ORDER + O_KEY_SIDE] = (NONE_KEY >> 1) * 2 + words[off + ST_SIDE]
    orders[slot * ORDER + O_LIVE] = words[off + ST_QTY]
    orders[slot * ORDER + O_TAPE] = -1
    tk = terms_of(mem, slot)
    mem[tk + E_PLACE] = NOWHERE
    mem[tk + E_TYPE] = words[off + ST_TYPE]
    mem[tk + E_TIF] = words[off + ST_TIF]
    mem[tk + E_POST] = words[off + ST_POST]
    mem[tk + E_OWNER] = words[off + ST_OWNER]
    mem[tk + E_PRICE] = words[off + ST_PRICE] if uses_price(words[off + ST_TYPE]) else NO_PRICE
    mem[tk + E_RESERVE] = 0
    mem[tk + E_DISPLAY] = words[off + ST_DISPLAY]
    mem[tk + E_DISPLAY_HIGH] = words[off + ST_DISPLAY_HIGH]
    mem[tk + E_PEAKS] = 0
    mem[tk + E_REFILLS] = 0
    mem[tk + E_HIDDEN] = words[off + ST_HIDDEN]
    mem[tk + E_MIN] = words[off + ST_MIN]
    mem[tk + E_AON] = words[off + ST_AON]
    mem[tk + E_STOP] = words[off + ST_STOP]
    mem[tk + E_TRAIL] = words[off + ST_TRAIL]
    mem[tk + E_OFFSET] = words[off + ST_OFFSET]
    mem[tk + E_SELF_TRADE] = words[off + ST_SELF_TRADE]
    mem[tk + E_EFFECTIVE] = NO_PRICE
    mem[tk + E_SHARE] = 0
    mem[tk + E_TOOK] = 0
    return slot


@njit(cache=True, inline="always")
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
    words: Words,
    off: int,
    sort: int,
) -> int:
    """Answer a submit. The slot where the order waits, or -1 when it is done or refused.

    Args:
        words: Holds the order's ST_ words from `off` on.
        sort: SORT_OWN or SORT_FLOW; flow is told nothing.
    """
    slot = load(mem, orders, words, off, sort)
    tk = terms_of(mem, slot)
    price = mem[tk + E_PRICE]
    qty = orders[slot * ORDER + O_LIVE]
    reason = refusal(mem, orders, levels, bk, slot)
    if reason != NO_REASON:
        if sort == SORT_OWN:
            figure = figure_of(mem, orders, levels, bk, slot, price, qty, reason)
            told = 0 if price == NO_PRICE else price
            order_id = mem[tag_of(mem, slot) + T_ID]
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


@njit(cache=True, inline="always")
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
    return submit_ruled(mem, orders, levels, bk, ts, cause, mem, off, SORT_FLOW)


@njit(cache=True, inline="always")
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


@njit(cache=True)
def replace_price(mem: Words, orders: Words, bk: int, slot: int, price: int) -> int:
    """The price that a replace would give an order, as CLAMP leaves it; NO_PRICE for none."""
    tk = terms_of(mem, slot)
    kind = mem[tk + E_TYPE]
    if not uses_price(kind):
        return NO_PRICE
    return clamped(mem, bk, orders[slot * ORDER + O_KEY_SIDE] & 1, kind, price)


@njit(cache=True)
def replace_refusal(mem: Words, orders: Words, bk: int, slot: int, price: int, qty: int) -> int:
    """Why the replace of a live order is refused, or NO_REASON."""
    tk = terms_of(mem, slot)
    kind = mem[tk + E_TYPE]
    if qty < 1 or qty > QTY_MAX:
        return BAD_QTY
    if uses_price(kind) or mem[tk + E_PLACE] == QUEUED:
        if price == NO_PRICE:
            if not is_peg(mem, tk):
                return BAD_PRICE
        elif price < -PRICE_MAX or price > PRICE_MAX:
            return BAD_PRICE
    if mem[bk + B_PHASE] == CLOSED:
        return MARKET_CLOSED
    if mem[tk + E_PLACE] == QUEUED:
        return BAD_FLAGS
    if mem[tk + E_POST] == POST_REJECT and mem[bk + B_PHASE] == CONTINUOUS:
        side = orders[slot * ORDER + O_KEY_SIDE] & 1
        moved = replace_price(mem, orders, bk, slot, price)
        if moved != mem[tk + E_PRICE] and crosses_best(mem, bk, side, moved):
            return WOULD_CROSS
    if (kind == LIMIT or kind == STOP_LIMIT) and breaks_band(mem, bk, price):
        return OUTSIDE_BAND
    if mem[tk + E_DISPLAY] > 0 and min(mem[tk + E_DISPLAY], qty) * PEAKS_MAX < qty:
        return BAD_DISPLAY
    return NO_REASON


@njit(cache=True)
def set_qty(mem: Words, bk: int, tk: int, qty: int) -> None:
    """Let what depends on an order's quantity follow a new one."""
    mem[tk + E_MIN] = qty if mem[tk + E_AON] != 0 else min(mem[tk + E_MIN], qty)
    mem[tk + E_DISPLAY] = min(mem[tk + E_DISPLAY], qty)
    mem[tk + E_DISPLAY_HIGH] = min(mem[tk + E_DISPLAY_HIGH], qty)
    count_refills(mem, bk, tk, qty)


@njit(cache=True, inline="always")
def replace_ruled(
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
    """Answer a replace. The slot where the order waits, or -1."""
    told = 0 if price == NO_PRICE else price
    if not is_live(mem, orders, slot, SORT_OWN, order_id):
        report(mem, bk, ts, REPLACE_REJECTED, order_id, told, qty, 0, UNKNOWN_ORDER, 0)
        return -1
    tk = terms_of(mem, slot)
    if not uses_price(mem[tk + E_TYPE]) and mem[tk + E_PLACE] != QUEUED:
        told = 0
    leaves = open_of(mem, orders, slot)
    reason = replace_refusal(mem, orders, bk, slot, price, qty)
    if reason != NO_REASON:
        figure = figure_of(mem, orders, levels, bk, slot, price, qty, reason)
        report_refusal(mem, bk, ts, REPLACE_REJECTED, order_id, told, qty, leaves, reason, figure)
        return slot
    place_now = mem[tk + E_PLACE]
    price = replace_price(mem, orders, bk, slot, price)
    if mem[tk + E_POST] == POST_SLIDE and price != mem[tk + E_PRICE]:
        price = slid(mem, bk, orders[slot * ORDER + O_KEY_SIDE] & 1, price)
    stays = price == mem[tk + E_PRICE] and qty <= leaves
    mem[tk + E_PRICE] = price
    tell(mem, bk, ts, REPLACED, slot, qty, qty, NO_REASON)
    set_qty(mem, bk, tk, qty)
    if is_peg(mem, tk):
        mem[bk + B_PEG_STALE] = 1
    if place_now == DISPLAYED and stays:
        lessen_shown(mem, orders, levels, bk, ts, cause, slot, leaves - qty)
        return slot
    if place_now == DORMANT or stays:
        orders[slot * ORDER + O_LIVE] = qty
        return slot
    take_away(mem, orders, levels, bk, ts, cause, slot)
    orders[slot * ORDER + O_LIVE] = qty
    return place(mem, orders, levels, bk, ts, cause, slot)
