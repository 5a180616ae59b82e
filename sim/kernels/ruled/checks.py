"""The checks of a submit, in the order of docs/explanation/venue-rules.md, "Checks of a submit".

The order stands in a pool slot already; one that is refused gives it back. A check that fails returns
its reason, and the figure is found afterwards (`figure_of`), for it is the rarer question.
"""

from numba import njit

from sim.kernels.book import ladder_of
from sim.kernels.layout import (
    B_BAND_HIGH,
    B_BAND_LOW,
    B_MARKET,
    B_PHASE,
    B_REFERENCE,
    B_RULES,
    L_BEST,
    LEVEL,
    LV_COUNT,
    NO_PRICE,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    PRICE_MAX,
    QTY_MAX,
    RB_BAND_ACTION,
    RB_MID_ISOLATED,
    Words,
)
from sim.kernels.ruled.fillable import fillable
from sim.kernels.ruled.flags import bad_display, bad_flags
from sim.kernels.ruled.isolated import find_shares
from sim.kernels.ruled.limits import worst_key_x2, worst_of
from sim.kernels.ruled.settle import effective_now
from sim.kernels.ruled.terms import is_peg, terms_of
from sim.kernels.ruled.words import (
    E_EFFECTIVE,
    E_MIN,
    E_POST,
    E_PRICE,
    E_STOP,
    E_TIF,
    E_TYPE,
    PEAKS_MAX,
)
from sim.kernels.status import (
    AT_OPEN,
    BAD_DISPLAY,
    BAD_FLAGS,
    BAD_MINIMUM,
    BAD_PRICE,
    BAD_QTY,
    BAD_STOP,
    BAND_CLAMP,
    BAND_REJECT,
    BELOW_MINIMUM,
    CLOSED,
    CONTINUOUS,
    FOK,
    HALTED,
    IOC,
    LIMIT,
    MARKET_CLOSED,
    MARKET_TO_LIMIT,
    NO_OPPOSITE_LIMIT,
    NO_REASON,
    NO_REFERENCE,
    NOT_FILLABLE,
    NOT_IN_PHASE,
    OPENING_CALL,
    OUTSIDE_BAND,
    PEG_MIDPOINT,
    POST_REJECT,
    PRE_OPEN,
    STOP,
    STOP_LIMIT,
    TRADE_AT_LAST,
    TRAILING_STOP,
    WOULD_CROSS,
)


@njit(cache=True)
def breaks_band(mem: Words, bk: int, price: int) -> bool:
    """Whether a limit price lies outside the band of a book that refuses such prices."""
    if mem[mem[bk + B_RULES] + RB_BAND_ACTION] != BAND_REJECT or price == NO_PRICE:
        return False
    return price < mem[bk + B_BAND_LOW] or price > mem[bk + B_BAND_HIGH]


@njit(cache=True)
def clamped(mem: Words, bk: int, side: int, kind: int, price: int) -> int:
    """A price as CLAMP leaves it."""
    if kind != LIMIT or mem[mem[bk + B_RULES] + RB_BAND_ACTION] != BAND_CLAMP:
        return price
    if side == 0:
        return min(price, mem[bk + B_BAND_HIGH])
    return max(price, mem[bk + B_BAND_LOW])


@njit(cache=True)
def crosses_best(mem: Words, bk: int, side: int, price: int) -> bool:
    """Whether a limit price crosses the other side's best displayed level."""
    return mem[ladder_of(bk, 1 - side) + L_BEST] <= worst_of(side, price)


@njit(cache=True)
def slid(mem: Words, bk: int, side: int, price: int) -> int:
    """A post-only price that would cross, one tick behind the other side's best level."""
    if mem[bk + B_PHASE] != CONTINUOUS or not crosses_best(mem, bk, side, price):
        return price
    return worst_of(side, mem[ladder_of(bk, 1 - side) + L_BEST] - 1)


@njit(cache=True)
def stop_is_late(mem: Words, bk: int, side: int, tk: int) -> bool:
    """Whether a stop would trigger at once, or a trailing one has nothing to follow."""
    kind = mem[tk + E_TYPE]
    reference = mem[bk + B_REFERENCE]
    if kind == TRAILING_STOP:
        return reference == NO_PRICE
    if (kind != STOP and kind != STOP_LIMIT) or reference == NO_PRICE:
        return False
    if mem[bk + B_PHASE] != CONTINUOUS:
        return False
    stop_x2 = 2 * mem[tk + E_STOP]
    return stop_x2 >= reference if side else stop_x2 <= reference


@njit(cache=True)
def fillable_now(mem: Words, orders: Words, levels: Words, bk: int, slot: int) -> int:
    """Fillable lots of an order that would arrive in this phase."""
    worst = worst_key_x2(mem, orders, bk, slot)
    isolated = mem[mem[bk + B_RULES] + RB_MID_ISOLATED] != 0
    if isolated and mem[terms_of(mem, slot) + E_TYPE] == PEG_MIDPOINT:
        return find_shares(mem, orders, bk, slot, worst)
    return fillable(mem, orders, levels, bk, slot, worst)


@njit(cache=True)
def refusal_of_terms(mem: Words, orders: Words, bk: int, slot: int) -> int:
    """Checks 1 to 9: of the order alone, of the phase, and of the band."""
    tk = terms_of(mem, slot)
    kind = mem[tk + E_TYPE]
    qty = orders[slot * ORDER + O_LIVE]
    price = mem[tk + E_PRICE]
    phase = mem[bk + B_PHASE]
    if qty < 1 or qty > QTY_MAX:
        return BAD_QTY
    if price == NO_PRICE:
        if kind == LIMIT or kind == STOP_LIMIT:
            return BAD_PRICE
    elif price < -PRICE_MAX or price > PRICE_MAX:
        return BAD_PRICE
    if bad_flags(mem, tk):
        return BAD_FLAGS
    if mem[tk + E_MIN] > qty:
        return BAD_MINIMUM
    if bad_display(mem, tk, qty):
        return BAD_DISPLAY
    if phase == CLOSED:
        return MARKET_CLOSED
    opens = phase == PRE_OPEN or phase == OPENING_CALL or phase == CONTINUOUS
    if mem[tk + E_TIF] == AT_OPEN and not opens:
        return NOT_IN_PHASE
    at_once = mem[tk + E_TIF] == IOC or mem[tk + E_TIF] == FOK
    at_last = phase == TRADE_AT_LAST and not is_peg(mem, tk)
    if at_once and phase != CONTINUOUS and not at_last:
        return HALTED
    if breaks_band(mem, bk, price):
        return OUTSIDE_BAND
    return NO_REASON


@njit(cache=True)
def refusal_of_book(mem: Words, orders: Words, levels: Words, bk: int, slot: int) -> int:
    """Checks 10 to 15: of the order against the book. A clamped price stands in E_PRICE already."""
    tk = terms_of(mem, slot)
    kind = mem[tk + E_TYPE]
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    tif = mem[tk + E_TIF]
    trading = mem[bk + B_PHASE] == CONTINUOUS
    at_once = tif == IOC or tif == FOK
    if stop_is_late(mem, bk, side, tk):
        return BAD_STOP
    if kind == MARKET_TO_LIMIT and trading:
        queue = mem[bk + B_MARKET + 1 - side]
        no_level = mem[ladder_of(bk, 1 - side) + L_BEST] == NONE_KEY
        if no_level or levels[queue * LEVEL + LV_COUNT] > 0:
            return NO_OPPOSITE_LIMIT
    if is_peg(mem, tk) and at_once:
        mem[tk + E_EFFECTIVE] = effective_now(mem, orders, levels, bk, slot)
        if mem[tk + E_EFFECTIVE] == NO_PRICE:
            return NO_REFERENCE
    if mem[tk + E_POST] == POST_REJECT and trading:
        if crosses_best(mem, bk, side, mem[tk + E_PRICE]):
            return WOULD_CROSS
    if tif == IOC and mem[tk + E_MIN] > 0:
        if fillable_now(mem, orders, levels, bk, slot) < mem[tk + E_MIN]:
            return BELOW_MINIMUM
    if tif == FOK:
        qty = orders[slot * ORDER + O_LIVE]
        if fillable_now(mem, orders, levels, bk, slot) < qty:
            return NOT_FILLABLE
    return NO_REASON


@njit(cache=True)
def figure_of(
    mem: Words, orders: Words, levels: Words, bk: int, slot: int, price: int, qty: int, reason: int
) -> int:
    """What decided the refusal of a submit or a replace that asked for a price and a quantity."""
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    if reason == BAD_QTY:
        return QTY_MAX
    if reason == BAD_PRICE:
        return PRICE_MAX
    if reason == BAD_MINIMUM:
        return qty
    if reason == BAD_DISPLAY:
        return (qty + PEAKS_MAX - 1) // PEAKS_MAX
    if reason == MARKET_CLOSED or reason == NOT_IN_PHASE or reason == HALTED:
        return mem[bk + B_PHASE]
    if reason == OUTSIDE_BAND:
        return mem[bk + (B_BAND_LOW if price < mem[bk + B_BAND_LOW] else B_BAND_HIGH)]
    if reason == BAD_STOP:
        reference = mem[bk + B_REFERENCE]
        return 0 if reference == NO_PRICE else reference >> 1
    if reason == WOULD_CROSS:
        return worst_of(side, mem[ladder_of(bk, 1 - side) + L_BEST])
    if reason == BELOW_MINIMUM or reason == NOT_FILLABLE:
        return fillable_now(mem, orders, levels, bk, slot)
    return 0
