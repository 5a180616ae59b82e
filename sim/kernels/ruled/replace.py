"""What a book with rules answers to a replace."""

from numba import njit

from sim.kernels.layout import (
    B_PEG_STALE,
    B_PHASE,
    NO_PRICE,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    PRICE_MAX,
    QTY_MAX,
    SORT_OWN,
    Words,
)
from sim.kernels.match import is_live
from sim.kernels.outward import report, report_refusal
from sim.kernels.ruled.checks import (
    breaks_band,
    clamped,
    crosses_best,
    figure_of,
    slid,
)
from sim.kernels.ruled.display import lessen_shown, take_away
from sim.kernels.ruled.settle import place
from sim.kernels.ruled.submit import count_refills
from sim.kernels.ruled.terms import is_peg, open_of, tell, terms_of, uses_price
from sim.kernels.ruled.words import (
    DISPLAYED,
    DORMANT,
    E_AON,
    E_DISPLAY,
    E_DISPLAY_HIGH,
    E_MIN,
    E_PLACE,
    E_POST,
    E_PRICE,
    E_TYPE,
    PEAKS_MAX,
    QUEUED,
)
from sim.kernels.status import (
    BAD_DISPLAY,
    BAD_FLAGS,
    BAD_PRICE,
    BAD_QTY,
    CLOSED,
    CONTINUOUS,
    LIMIT,
    MARKET_CLOSED,
    NO_REASON,
    OUTSIDE_BAND,
    POST_REJECT,
    POST_SLIDE,
    REPLACE_REJECTED,
    REPLACED,
    STOP_LIMIT,
    UNKNOWN_ORDER,
    WOULD_CROSS,
)


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


@njit(cache=True)
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
