"""Which terms go together: checks of an order that look at nothing but the order."""

from numba import njit

from sim.kernels.layout import (
    PRICE_MAX,
    Words,
)
from sim.kernels.ruled.terms import is_peg
from sim.kernels.ruled.words import (
    E_AON,
    E_DISPLAY,
    E_DISPLAY_HIGH,
    E_HIDDEN,
    E_MIN,
    E_OFFSET,
    E_POST,
    E_SELF_TRADE,
    E_STOP,
    E_TIF,
    E_TRAIL,
    E_TYPE,
    PEAKS_MAX,
)
from sim.kernels.status import (
    AT_OPEN,
    AUCTION,
    DAY,
    FOK,
    GTC,
    GTD,
    IOC,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    PEG_MARKET,
    PEG_MIDPOINT,
    POST_OFF,
    POST_SLIDE,
    STOP,
    STOP_LIMIT,
    STP_ALLOW,
    STP_DECREMENT,
    STRIKE_MATCH,
    TRAILING_STOP,
)


@njit(cache=True)
def bad_flags(mem: Words, tk: int) -> bool:
    """Whether terms are there that do not go together, or that do not exist."""
    kind = mem[tk + E_TYPE]
    tif = mem[tk + E_TIF]
    post = mem[tk + E_POST]
    if kind < LIMIT or kind > STRIKE_MATCH or tif < GTC or tif > AUCTION:
        return True
    if post < POST_OFF or post > POST_SLIDE:
        return True
    if mem[tk + E_SELF_TRADE] < STP_ALLOW or mem[tk + E_SELF_TRADE] > STP_DECREMENT:
        return True
    hidden = mem[tk + E_HIDDEN] != 0
    least = mem[tk + E_MIN] > 0 or mem[tk + E_AON] != 0
    display = mem[tk + E_DISPLAY] != 0 or mem[tk + E_DISPLAY_HIGH] != 0
    rests = tif == GTC or tif == DAY or tif == GTD
    at_once = tif == IOC or tif == FOK
    for_a_call = tif >= AT_OPEN
    if mem[tk + E_MIN] < 0:
        return True
    if post != POST_OFF and (kind != LIMIT or not rests or hidden or least):
        return True
    if display and ((kind != LIMIT and kind != STOP_LIMIT) or hidden or least):
        return True
    if hidden and kind != LIMIT and not is_peg(mem, tk):
        return True
    if least:
        if kind != LIMIT and kind != MARKET and kind != PEG_MIDPOINT:
            return True
        if kind == MARKET and not at_once:
            return True
    if for_a_call and (
        hidden or display or least or (kind != LIMIT and kind != MARKET and kind != STRIKE_MATCH)
    ):
        return True
    return bad_kind(mem, tk, kind, rests, for_a_call)


@njit(cache=True)
def bad_kind(mem: Words, tk: int, kind: int, rests: bool, for_a_call: bool) -> bool:
    """The part of `bad_flags` that is about one type each."""
    stop = mem[tk + E_STOP]
    has_stop = -PRICE_MAX <= stop <= PRICE_MAX
    if STOP <= kind <= TRAILING_STOP and not rests:
        return True
    if (kind == STOP or kind == STOP_LIMIT or kind == STRIKE_MATCH) and not has_stop:
        return True
    if kind == TRAILING_STOP:
        return mem[tk + E_TRAIL] < 1 or mem[tk + E_TRAIL] > PRICE_MAX
    if kind == STRIKE_MATCH:
        return not for_a_call
    if kind == MARKET_TO_LIMIT:
        return not rests
    if is_peg(mem, tk):
        offset = mem[tk + E_OFFSET]
        if for_a_call or offset < 0 or offset > PRICE_MAX:
            return True
        if kind == PEG_MIDPOINT and offset != 0:
            return True
        return kind == PEG_MARKET and offset == 0 and mem[tk + E_HIDDEN] == 0
    return False


@njit(cache=True)
def bad_display(mem: Words, tk: int, qty: int) -> bool:
    """Whether an iceberg's peaks are wrong, or too many."""
    low = mem[tk + E_DISPLAY]
    high = mem[tk + E_DISPLAY_HIGH]
    if low < 0 or low > qty:
        return True
    if high != 0 and (low == 0 or high < low or high > qty):
        return True
    return low > 0 and low * PEAKS_MAX < qty
