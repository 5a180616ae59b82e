"""How far an arriving order goes, and what pegs are worth.

Limits are *worst keys*: the largest key in half ticks of the other side, where smaller is better, that
an arriving order still trades with. So one comparison serves both sides.
"""

from numba import njit

from sim.kernels.blocks import book_at
from sim.kernels.book import ladder_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_BAND_HIGH,
    B_BAND_LOW,
    B_PHASE,
    B_REFERENCE,
    B_RULES,
    L_BEST,
    LEVEL,
    LV_COUNT,
    LV_PEGS,
    NO_PRICE,
    NONE_KEY,
    O_KEY_SIDE,
    ORDER,
    RB_BAND_ACTION,
    RB_MID_REFERENCE,
    Words,
)
from sim.kernels.ruled.terms import is_peg, terms_of
from sim.kernels.ruled.words import E_EFFECTIVE, E_OFFSET, E_PRICE, E_TYPE
from sim.kernels.status import (
    BAND_CLAMP,
    BAND_REJECT,
    MARKET,
    PEG_MIDPOINT,
    PEG_PRIMARY,
    TRADE_AT_LAST,
)

ANY = NONE_KEY - 1  # the worst key of an order without a limit
NO_KEY = -NONE_KEY  # the worst key of an order that may not trade at all


@njit(cache=True)
def worst_of(side: int, price_x2: int) -> int:
    """The worst key of an order with a limit in half ticks."""
    return -price_x2 if side else price_x2


@njit(cache=True)
def price_at(side: int, key_x2: int) -> int:
    """The price in half ticks of a key of the other side of `side`."""
    return -key_x2 if side else key_x2


@njit(cache=True)
def banded(mem: Words, bk: int) -> bool:
    """Whether the band is how far market orders go."""
    action = mem[mem[bk + B_RULES] + RB_BAND_ACTION]
    return action == BAND_REJECT or action == BAND_CLAMP


@njit(cache=True)
def far_end(mem: Words, bk: int, side: int) -> int:
    """The band's bound that a buy, or a sell, must not trade beyond; NO_PRICE for none."""
    bound = mem[bk + (B_BAND_LOW if side else B_BAND_HIGH)]
    return NO_PRICE if abs(bound) == NONE_KEY else bound


@njit(cache=True)
def worst_key_x2(mem: Words, orders: Words, bk: int, slot: int) -> int:
    """How far the order in `slot` goes in the book's present phase."""
    tk = terms_of(mem, slot)
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    last = mem[bk + B_PHASE] == TRADE_AT_LAST
    worst = ANY
    if is_peg(mem, tk):
        worst = worst_of(side, mem[tk + E_EFFECTIVE])
    elif mem[tk + E_TYPE] != MARKET:
        worst = worst_of(side, 2 * mem[tk + E_PRICE])
    elif banded(mem, bk) and not last:
        bound = far_end(mem, bk, side)
        if bound != NO_PRICE:
            worst = worst_of(side, 2 * bound)
    if last:
        if mem[bk + B_REFERENCE] == NO_PRICE:
            return NO_KEY
        at_last = worst_of(side, mem[bk + B_REFERENCE])
        return at_last if at_last <= worst else NO_KEY
    return worst


@njit(cache=True)
def queue_key_x2(mem: Words, bk: int, side: int, worst: int) -> int:
    """The key at which an arriving order of `side` trades with the other side's market queue.

    NONE_KEY when nothing says a price: no reference, no displayed level of the queue's own side, and
    no limit.
    """
    best = mem[ladder_of(bk, 1 - side) + L_BEST]
    key = NONE_KEY if worst >= ANY else worst
    if best != NONE_KEY:
        key = min(key, 2 * best)
    if mem[bk + B_REFERENCE] != NO_PRICE:
        key = min(key, worst_of(side, mem[bk + B_REFERENCE]))
    return key


@njit(cache=True)
def best_without_pegs(mem: Words, levels: Words, bk: int, side: int) -> int:
    """Key of the best level of a side that has another order than pegs, or NONE_KEY."""
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while key != NONE_KEY:
        index = find_level(mem, ld, key)
        if levels[index * LEVEL + LV_COUNT] > levels[index * LEVEL + LV_PEGS]:
            return key
        key = next_key(mem, ld, key)
    return NONE_KEY


@njit(cache=True)
def peg_bid(mem: Words, levels: Words, bk: int) -> int:
    """The bid of the peg reference in ticks, NO_PRICE when there is no peg reference."""
    followed = book_at(mem, mem[mem[bk + B_RULES] + RB_MID_REFERENCE])
    bid = best_without_pegs(mem, levels, followed, 0)
    ask = best_without_pegs(mem, levels, followed, 1)
    if bid == NONE_KEY or ask == NONE_KEY or -bid >= ask:
        return NO_PRICE
    return -bid


@njit(cache=True)
def peg_ask(mem: Words, levels: Words, bk: int) -> int:
    """The ask of the peg reference in ticks; asked for only when there is one."""
    followed = book_at(mem, mem[mem[bk + B_RULES] + RB_MID_REFERENCE])
    return best_without_pegs(mem, levels, followed, 1)


@njit(cache=True)
def effective_of(mem: Words, orders: Words, slot: int, bid: int, ask: int) -> int:
    """What a peg is worth in half ticks at a peg reference, NO_PRICE when there is none."""
    if bid == NO_PRICE:
        return NO_PRICE
    tk = terms_of(mem, slot)
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    passive = -mem[tk + E_OFFSET] if side == 0 else mem[tk + E_OFFSET]
    if mem[tk + E_TYPE] == PEG_MIDPOINT:
        price_x2 = bid + ask
    elif (mem[tk + E_TYPE] == PEG_PRIMARY) == (side == 0):
        price_x2 = 2 * (bid + passive)
    else:
        price_x2 = 2 * (ask + passive)
    limit = mem[tk + E_PRICE]
    if limit == NO_PRICE:
        return price_x2
    return min(price_x2, 2 * limit) if side == 0 else max(price_x2, 2 * limit)
