"""The sweep when trading resumes: what came to cross while nothing matched.

The rule is in docs/explanation/venue-truth.md, "Phases".
"""

from numba import njit

from sim.kernels.book import ladder_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_MARKET,
    B_SPECIAL,
    L_BEST,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_SPECIAL,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.market_queue import market_unlink
from sim.kernels.match import settle, take, take_out
from sim.kernels.status import GTC, LIMIT, MARKET


@njit(cache=True)
def best_own(mem: Words, orders: Words, levels: Words, bk: int, side: int) -> int:
    """The oldest own order of the best level of `side` that holds one, or -1."""
    if mem[bk + B_SPECIAL + side] == 0:
        return -1
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while key != NONE_KEY:
        index = find_level(mem, ld, key)
        if levels[index * LEVEL + LV_SPECIAL] > 0:
            slot = levels[index * LEVEL + LV_HEAD]
            while slot >= 0:
                if orders[slot * ORDER + O_TAPE] == -1:
                    return slot
                slot = next_of(orders, slot)
        key = next_key(mem, ld, key)
    return -1


@njit(cache=True)
def resume_sweep(mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int) -> None:
    """Execute what came to cross while nothing matched, when trading becomes continuous."""
    for side in range(2):
        index = mem[bk + B_MARKET + side]
        while levels[index * LEVEL + LV_COUNT] > 0:
            slot = levels[index * LEVEL + LV_HEAD]
            market_unlink(mem, orders, levels, bk, slot)
            take(mem, orders, levels, bk, ts, cause, slot, NONE_KEY - 1)
            settle(mem, orders, levels, bk, ts, cause, slot, MARKET, GTC)
    for side in range(2):
        while True:
            slot = best_own(mem, orders, levels, bk, side)
            if slot < 0:
                break
            limit_key = -(orders[slot * ORDER + O_KEY_SIDE] >> 1)
            if mem[ladder_of(bk, 1 - side) + L_BEST] > limit_key:
                break
            before = orders[slot * ORDER + O_LIVE]
            take_out(mem, orders, levels, bk, ts, cause, slot)
            after = take(mem, orders, levels, bk, ts, cause, slot, limit_key)
            settle(mem, orders, levels, bk, ts, cause, slot, LIMIT, GTC)
            if after == before:
                break
