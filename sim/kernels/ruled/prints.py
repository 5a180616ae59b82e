"""TRADE and CROSS rows on a book with rules, in a call and outside."""

from numba import njit

from sim.kernels.auction_words import NOTHING, OUTSIDE
from sim.kernels.book import ladder_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_CROSSED,
    B_DARK,
    B_MARKET,
    B_PHASE,
    B_RULES,
    B_TICK,
    H_MODE,
    H_SCRATCH_OFF,
    L_BEST,
    LEVEL,
    LV_HEAD,
    LV_SPECIAL,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    RB_CALL_EXTENDS,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.outward import publish
from sim.kernels.ruled.call import SCRATCH_A_CALL, expire_auction_orders, gather, uncross
from sim.kernels.ruled.history import meet
from sim.kernels.ruled.lists import next_dark
from sim.kernels.ruled.settle import is_call, join_parked
from sim.kernels.ruled.strike import strike_away
from sim.kernels.ruled.terms import is_own, note_print, open_of, terms_of
from sim.kernels.ruled.words import BY_HISTORY, BY_US, E_STOP, E_TYPE, OWN
from sim.kernels.status import (
    AUCTION_FILL,
    CLOSING_CALL,
    CONTINUOUS,
    CROSS,
    FROZEN,
    HALT,
    OPENING_CALL,
    PRE_OPEN,
    SIDE_UNKNOWN,
    STRIKE_MATCH,
    TRADE,
)


@njit(cache=True)
def better_key_x2(mem: Words, bk: int, side: int, units: int) -> int:
    """The worst key of `side` in half ticks that is strictly better than a price in units."""
    signed = units if side else -units
    return -((-2 * signed) // mem[bk + B_TICK]) - 1


@njit(cache=True)
def trade_row(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    flags: int,
    units: int,
    qty: int,
) -> None:
    """TRADE: a hidden or off-book print fills our orders that its aggressor would have met."""
    side = flags & 1
    left = qty
    if mem[bk + B_PHASE] == CONTINUOUS and flags & SIDE_UNKNOWN == 0:
        passive = 1 - side
        if mem[H_MODE] == FROZEN:
            worst = better_key_x2(mem, bk, passive, units)
        else:
            worst = (2 * units if passive else -2 * units) // mem[bk + B_TICK]
        left = meet(mem, orders, levels, bk, ts, cause, passive, worst, qty, OWN)
    if mem[H_MODE] == FROZEN:
        left = qty
    if left > 0:
        publish(mem, bk, ts, cause, TRADE, -1, side, units, left, 0)
        note_print(mem, bk, units)


@njit(cache=True)
def fill_at_cross(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    units: int,
    budget: int,
) -> int:
    """Fill one order of ours at a historical auction's price. What is left of the budget."""
    lots = min(budget, open_of(mem, orders, slot))
    price_x2 = (2 * units) // mem[bk + B_TICK]
    strike_away(mem, orders, levels, bk, ts, cause, slot, lots, price_x2, AUCTION_FILL)
    return budget - lots


@njit(cache=True)
def misses_strike(mem: Words, orders: Words, bk: int, slot: int, units: int) -> bool:
    """Whether a price in units is not for a STRIKE_MATCH order."""
    tk = terms_of(mem, slot)
    if mem[tk + E_TYPE] != STRIKE_MATCH:
        return False
    strike = mem[tk + E_STOP] * mem[bk + B_TICK]
    return units > strike if orders[slot * ORDER + O_KEY_SIDE] & 1 else units < strike


@njit(cache=True)
def cross_side(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    side: int,
    units: int,
    budget: int,
) -> None:
    """Frozen: a historical auction fills our orders of one side that were priced better."""
    slot = levels[mem[bk + B_MARKET + side] * LEVEL + LV_HEAD]
    while slot >= 0 and budget > 0:
        after = next_of(orders, slot)
        if not misses_strike(mem, orders, bk, slot, units):
            budget = fill_at_cross(mem, orders, levels, bk, ts, cause, slot, units, budget)
        slot = after
    worst = better_key_x2(mem, bk, side, units)
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    dark = mem[bk + B_DARK + side]
    while budget > 0:
        dark = next_dark(mem, orders, bk, dark, budget)
        dark_key = NONE_KEY if dark < 0 else orders[dark * ORDER + O_KEY_SIDE] >> 1
        level_key = 2 * key if key <= worst >> 1 else NONE_KEY
        if min(dark_key, level_key) > worst:
            return
        if dark_key < level_key:
            after = next_of(orders, dark)
            budget = fill_at_cross(mem, orders, levels, bk, ts, cause, dark, units, budget)
            dark = after
            continue
        after_level = next_key(mem, ld, key)
        index = find_level(mem, ld, key)
        slot = levels[index * LEVEL + LV_HEAD] if levels[index * LEVEL + LV_SPECIAL] > 0 else -1
        while slot >= 0 and budget > 0:
            after = next_of(orders, slot)
            if is_own(orders, slot):
                budget = fill_at_cross(mem, orders, levels, bk, ts, cause, slot, units, budget)
            slot = after
        key = after_level


@njit(cache=True)
def named_call(handle: int) -> int:
    """The call that a CROSS row names by its handle, or -1."""
    phase = -1 - handle
    return phase if is_call(phase) else -1


@njit(cache=True)
def any_special(mem: Words, orders: Words, count: int) -> bool:
    """Whether one of the `count` orders gathered for a call is more than the tape says."""
    slots = mem[H_SCRATCH_OFF] + SCRATCH_A_CALL
    for place in range(count):
        slot = mem[slots + place]
        if orders[slot * ORDER + O_LIVE] > orders[slot * ORDER + O_TAPE]:
            return True
    return False


@njit(cache=True)
def cross_ours(mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int) -> bool:
    """Reactive: hold our own auction in place of history's, if we are in it. Whether it printed."""
    if mem[bk + B_CROSSED] != 0:
        return False
    count = gather(mem, orders, levels, bk)
    if not any_special(mem, orders, count):
        mem[bk + B_CROSSED] = BY_HISTORY
        return False
    waits = mem[bk + B_CROSSED] == 0  # for the call itself, which goes on
    decided = uncross(mem, orders, levels, bk, ts, cause, waits)
    if decided != OUTSIDE or mem[mem[bk + B_RULES] + RB_CALL_EXTENDS] == 0:
        mem[bk + B_CROSSED] = BY_US
    return decided != NOTHING and decided != OUTSIDE


@njit(cache=True)
def cross_row(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    side: int,
    handle: int,
    units: int,
    qty: int,
) -> None:
    """CROSS: history's own auction, which may be ours as well.

    In PRE_OPEN and HALT, and in continuous trading if it names its call, it is a call of one moment.
    """
    phase = mem[bk + B_PHASE]
    named = named_call(handle)
    made = phase == PRE_OPEN or phase == HALT or (phase == CONTINUOUS and named >= 0)
    if made:
        opens = phase == PRE_OPEN or named == OPENING_CALL
        join_parked(mem, orders, levels, bk, ts, cause, opens, named == CLOSING_CALL)
    printed = False
    if (made or is_call(phase)) and (mem[H_MODE] == FROZEN or phase == CONTINUOUS):
        for each in range(2):
            cross_side(mem, orders, levels, bk, ts, cause, each, units, qty)
    elif made or is_call(phase):
        printed = cross_ours(mem, orders, levels, bk, ts, cause)
    if not printed:
        publish(mem, bk, ts, cause, CROSS, -1, side, units, qty, 0)
        note_print(mem, bk, units)
    if made:
        count = gather(mem, orders, levels, bk)
        expire_auction_orders(mem, orders, levels, bk, ts, cause, count)
