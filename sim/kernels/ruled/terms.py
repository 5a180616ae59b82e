"""The terms of own orders, what their owners are told, and the memory of the last trade."""

from numba import njit

from sim.kernels.book import retire
from sim.kernels.layout import (
    B_BAND_HIGH,
    B_BAND_LOW,
    B_REFERENCE,
    B_REFILLS,
    B_STEP_HIGH,
    B_STEP_LAST,
    B_STEP_LOW,
    B_TICK,
    H_MODE,
    H_OUT,
    H_OUT_OFF,
    H_POOL_BASE,
    H_TERMS_OFF,
    NO_PRICE,
    O_LIVE,
    O_TAPE,
    ORDER,
    SORT_FLOW,
    SORT_MASK,
    T_ID,
    T_WORD,
    X_HALF,
    X_SIZE,
    Words,
)
from sim.kernels.outward import publish, report
from sim.kernels.pool import tag_of
from sim.kernels.ruled.words import E_PRICE, E_REFILLS, E_RESERVE, E_SIZE, E_TYPE
from sim.kernels.status import (
    FILLED,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    NO_REASON,
    PEG_MARKET,
    PEG_PRIMARY,
    REACTIVE,
    STOP,
    STRIKE_MATCH,
    TRADE,
    TRAILING_STOP,
)


@njit(cache=True)
def terms_of(mem: Words, slot: int) -> int:
    """Offset of the terms of a pool slot."""
    return mem[H_TERMS_OFF] + (slot - mem[H_POOL_BASE]) * E_SIZE


@njit(cache=True)
def is_own(orders: Words, slot: int) -> bool:
    """Whether a slot that holds an order holds one of ours."""
    return orders[slot * ORDER + O_TAPE] == -1


@njit(cache=True)
def open_of(mem: Words, orders: Words, slot: int) -> int:
    """All lots of an order that may still trade, an iceberg's reserve included."""
    live = orders[slot * ORDER + O_LIVE]
    if orders[slot * ORDER + O_TAPE] == -1:
        live += mem[terms_of(mem, slot) + E_RESERVE]
    return live


@njit(cache=True)
def is_peg(mem: Words, tk: int) -> bool:
    """Whether the terms are those of a pegged order."""
    return PEG_PRIMARY <= mem[tk + E_TYPE] <= PEG_MARKET


@njit(cache=True)
def end_order(mem: Words, orders: Words, bk: int, slot: int) -> None:
    """An own order that is in no queue any more is over; its slot goes back to the pool."""
    mem[bk + B_REFILLS] -= mem[terms_of(mem, slot) + E_REFILLS]
    retire(mem, orders, bk, slot)


@njit(cache=True)
def tell(
    mem: Words, bk: int, ts: int, kind: int, slot: int, qty: int, leaves: int, reason: int
) -> None:
    """Report to the owner of an order at its limit, 0 when it has none; flow has no owner."""
    tag = tag_of(mem, slot)
    if mem[tag + T_WORD] & SORT_MASK == SORT_FLOW:
        return
    price = mem[terms_of(mem, slot) + E_PRICE]
    if price == NO_PRICE:
        price = 0
    report(mem, bk, ts, kind, mem[tag + T_ID], price, qty, leaves, reason, 0)


@njit(cache=True)
def tell_fill(
    mem: Words, bk: int, ts: int, slot: int, price_x2: int, qty: int, leaves: int, liquidity: int
) -> None:
    """Report a fill at a price in half ticks."""
    tag = tag_of(mem, slot)
    if mem[tag + T_WORD] & SORT_MASK == SORT_FLOW:
        return
    report(mem, bk, ts, FILLED, mem[tag + T_ID], price_x2 >> 1, qty, leaves, NO_REASON, liquidity)
    mem[mem[H_OUT_OFF] + (mem[H_OUT] - 1) * X_SIZE + X_HALF] = price_x2 & 1


@njit(cache=True)
def publish_trade(
    mem: Words, bk: int, ts: int, cause: int, aggressor: int, price_x2: int, qty: int
) -> None:
    """Publish a trade with an order that the feed does not show; units are rounded down."""
    if mem[H_MODE] == REACTIVE:
        units = (price_x2 * mem[bk + B_TICK]) >> 1
        publish(mem, bk, ts, cause, TRADE, -1, aggressor, units, qty, 0)


@njit(cache=True)
def note_trade(mem: Words, bk: int, price_x2: int) -> None:
    """A trade or a print has happened: the reference, and what stops will look at."""
    mem[bk + B_REFERENCE] = price_x2
    if mem[bk + B_STEP_LAST] == NO_PRICE:
        mem[bk + B_STEP_LOW] = price_x2
        mem[bk + B_STEP_HIGH] = price_x2
    else:
        mem[bk + B_STEP_LOW] = min(mem[bk + B_STEP_LOW], price_x2)
        mem[bk + B_STEP_HIGH] = max(mem[bk + B_STEP_HIGH], price_x2)
    mem[bk + B_STEP_LAST] = price_x2


@njit(cache=True)
def note_print(mem: Words, bk: int, units: int) -> None:
    """A price in units has been printed: half ticks, rounded down."""
    note_trade(mem, bk, (2 * units) // mem[bk + B_TICK])


@njit(cache=True)
def outside_band(mem: Words, bk: int, price_x2: int) -> bool:
    """Whether a price in half ticks lies outside the band."""
    return price_x2 >> 1 < mem[bk + B_BAND_LOW] or -(-price_x2 >> 1) > mem[bk + B_BAND_HIGH]


@njit(cache=True)
def uses_price(kind: int) -> bool:
    """Whether orders of a type have a limit."""
    if kind < LIMIT or kind >= STRIKE_MATCH:
        return False
    return not (kind == MARKET or kind == MARKET_TO_LIMIT or kind == STOP or kind == TRAILING_STOP)
