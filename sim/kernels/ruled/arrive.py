"""An order of ours arrives at the other side of its book.

`take` lets it trade in the order of precedence; what becomes of the rest is in `settle.py`.
"""

from numba import njit

from sim.kernels.book import ladder_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_DARK,
    B_MARKET,
    B_RULES,
    L_BEST,
    LEVEL,
    LV_HEAD,
    LV_LIVE,
    NO_PRICE,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    RB_MATCHING,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.ruled.fillable import interrupts, market_key_x2
from sim.kernels.ruled.limits import price_at
from sim.kernels.ruled.lists import next_dark
from sim.kernels.ruled.selftrade import avoids, settle_self
from sim.kernels.ruled.terms import is_own, terms_of
from sim.kernels.ruled.trade import settle_selves, share_level, trade
from sim.kernels.ruled.words import E_OWNER, E_SELF_TRADE
from sim.kernels.status import MATCH_BROKER_TIME, MATCH_SHARED, STP_ALLOW

STAYED = 0  # the order has traded what it could
STOPPED = 1  # the next trade would interrupt the book
OVER = 2  # self-trade prevention has ended the order


@njit(cache=True)
def live_from(orders: Words, levels: Words, index: int, at: int) -> int:
    """The first order from `at` on, or from the head, of which something can be taken.

    The level has something live, so there is one.
    """
    if at < 0:
        at = levels[index * LEVEL + LV_HEAD]
    while orders[at * ORDER + O_LIVE] == 0:
        at = next_of(orders, at)
        if at < 0:
            at = levels[index * LEVEL + LV_HEAD]
    return at


@njit(cache=True)
def live_of_owner(mem: Words, orders: Words, levels: Words, index: int, owner: int) -> int:
    """The oldest order of an owner in a level, or -1."""
    at = levels[index * LEVEL + LV_HEAD]
    while at >= 0:
        if is_own(orders, at) and mem[terms_of(mem, at) + E_OWNER] == owner:
            return at
        at = next_of(orders, at)
    return -1


@njit(cache=True)
def broker_of(mem: Words, bk: int, slot: int) -> int:
    """The owner whose orders come first for the order in `slot`, 0 for nobody's."""
    tk = terms_of(mem, slot)
    if mem[mem[bk + B_RULES] + RB_MATCHING] != MATCH_BROKER_TIME:
        return 0
    return mem[tk + E_OWNER] if mem[tk + E_SELF_TRADE] == STP_ALLOW else 0


@njit(cache=True)
def take(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    worst: int,
    last_x2: int,
) -> int:  # tidy: long one walk over three kinds of candidates
    """Let the order in `slot`, which is nowhere, trade with keys up to `worst`.

    Args:
        last_x2: The price of every trade when orders trade at last, NO_PRICE else.

    Returns:
        STAYED, STOPPED or OVER.
    """
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    ld = ladder_of(bk, 1 - side)
    shared = mem[mem[bk + B_RULES] + RB_MATCHING] == MATCH_SHARED
    broker = broker_of(mem, bk, slot)
    key = mem[ld + L_BEST]
    at = -1
    dark = mem[bk + B_DARK + 1 - side]
    while orders[slot * ORDER + O_LIVE] > 0:
        market = market_key_x2(mem, levels, bk, side, worst)
        before = key
        while key <= worst >> 1:
            index = find_level(mem, ld, key)
            if index >= 0 and levels[index * LEVEL + LV_LIVE] > 0:
                break
            key = next_key(mem, ld, key)
        if key != before:
            at = -1
            broker = broker_of(mem, bk, slot)
        dark = next_dark(mem, orders, bk, dark, orders[slot * ORDER + O_LIVE])
        dark_key = NONE_KEY if dark < 0 else orders[dark * ORDER + O_KEY_SIDE] >> 1
        best = 2 * key if key <= worst >> 1 else NONE_KEY
        displayed = market == NONE_KEY and best <= dark_key
        best = market if market != NONE_KEY else min(best, dark_key)
        if best > worst:
            return STAYED
        price_x2 = price_at(side, best)
        if interrupts(mem, bk, price_x2):
            return STOPPED
        if last_x2 != NO_PRICE:
            price_x2 = last_x2
        if market != NONE_KEY:
            resting = levels[mem[bk + B_MARKET + 1 - side] * LEVEL + LV_HEAD]
        elif displayed:
            index = find_level(mem, ld, key)
            if shared:
                if settle_selves(mem, orders, levels, bk, ts, cause, slot, index):
                    return OVER
                index = find_level(mem, ld, key)
                if index >= 0 and levels[index * LEVEL + LV_LIVE] > 0:
                    share_level(mem, orders, levels, bk, ts, cause, slot, index, price_x2)
                continue
            resting = -1
            if broker > 0:
                resting = live_of_owner(mem, orders, levels, index, broker)
            if resting < 0:
                broker = 0
                resting = live_from(orders, levels, index, at)
                at = next_of(orders, resting)
        else:
            resting = dark
            dark = next_of(orders, dark)
        if avoids(mem, orders, slot, resting):
            if settle_self(mem, orders, levels, bk, ts, cause, slot, resting):
                return OVER
            continue
        lots = min(orders[slot * ORDER + O_LIVE], orders[resting * ORDER + O_LIVE])
        trade(mem, orders, levels, bk, ts, cause, slot, resting, lots, price_x2)
    return STAYED
