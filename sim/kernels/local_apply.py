"""One message into a local book: what it changes, and which triggers it may fire."""

from numba import njit

from sim.kernels.blocks import book_of
from sim.kernels.ladder import clear_ladder, room
from sim.kernels.layout import (
    B_TICK,
    K_LADDER,
    K_VIEW,
    K_WATCH,
    L_BEST,
    L_LV,
    L_SIZE,
    L_WIN,
    LEVEL,
    LV_SHOWN,
    NO_PRICE,
    NONE_KEY,
    R_PRICE,
    R_QTY,
    R_SHOWN,
    R_WORD,
    V_INDICATION,
    V_LEVEL_VERSION,
    V_PHASE,
    V_TRADE_QTY,
    V_TRADE_UNITS,
    V_TRADES,
    Words,
)
from sim.kernels.local_batch import set_level
from sim.kernels.status import (
    CLEAR,
    CROSS,
    EXECUTE,
    INDICATION,
    ON_INDICATION,
    ON_LEVEL,
    ON_PHASE,
    ON_TRADE,
    PHASE,
    TRADE,
)
from sim.kernels.subscription import watch_fires


@njit(cache=True)
def clear_history(mem: Words, levels: Words, lk: int) -> None:
    """A CLEAR arrived: both sides are empty until the messages after it."""
    clear_ladder(mem, levels, lk + K_LADDER)
    clear_ladder(mem, levels, lk + K_LADDER + L_SIZE)


@njit(cache=True)
def refresh_best(mem: Words, levels: Words, ld: int, view: int) -> bool:
    """Copy a side's best level into its two view words; whether they changed."""
    key = mem[ld + L_BEST]
    if key == NONE_KEY:
        price = NO_PRICE
        qty = 0
    else:
        index = mem[ld + L_LV] + (key & (mem[ld + L_WIN] - 1))
        price = key
        qty = levels[index * LEVEL + LV_SHOWN]
    if mem[view] == price and mem[view + 1] == qty:
        return False
    mem[view] = price
    mem[view + 1] = qty
    return True


@njit(cache=True)
def set_indication(mem: Words, view: int, price: int, lots: int, surplus: int) -> None:
    """What a call would print, as the venue last said."""
    mem[view + V_INDICATION] = price
    mem[view + V_INDICATION + 1] = lots
    mem[view + V_INDICATION + 2] = surplus


@njit(cache=True)
def apply_message(mem: Words, levels: Words, lk: int, index: int, at: int) -> int:
    """Apply one ring row to a local book. The triggers that it may fire."""
    view = lk + K_VIEW
    word = mem[at + R_WORD]
    kind = (word >> 8) & 255
    side = word & 1
    price = mem[at + R_PRICE]
    if kind == TRADE or kind == CROSS:
        mem[view + V_TRADE_UNITS] = price
        mem[view + V_TRADE_QTY] = mem[at + R_QTY]
        mem[view + V_TRADES] += 1
        return ON_TRADE
    if kind == PHASE:
        mem[view + V_PHASE] = mem[at + R_QTY]
        set_indication(mem, view, NO_PRICE, 0, 0)
        return ON_PHASE
    if kind == INDICATION:
        set_indication(mem, view, price, mem[at + R_QTY], mem[at + R_SHOWN])
        return ON_INDICATION
    if kind == CLEAR:
        clear_history(mem, levels, lk)
        return 0
    key = price if side else -price
    set_level(mem, levels, lk + K_LADDER + side * L_SIZE, key, mem[at + R_SHOWN])
    fired = 0
    if kind == EXECUTE:
        mem[view + V_TRADE_UNITS] = price * mem[book_of(mem, lk) + B_TICK]
        mem[view + V_TRADE_QTY] = mem[at + R_QTY]
        mem[view + V_TRADES] += 1
        fired = ON_TRADE
    if mem[lk + K_WATCH] > 0 and watch_fires(mem, index, key * 2 + side):
        mem[view + V_LEVEL_VERSION] += 1
        fired |= ON_LEVEL
    return fired


@njit(cache=True)
def needs_room(mem: Words, lk: int, at: int) -> bool:
    """Whether the row at `at` could outgrow this local book's ladders."""
    word = mem[at + R_WORD]
    kind = (word >> 8) & 255
    if kind == TRADE or kind >= CROSS:
        return False
    side = word & 1
    price = mem[at + R_PRICE]
    return not room(mem, lk + K_LADDER + side * L_SIZE, price if side else -price)
