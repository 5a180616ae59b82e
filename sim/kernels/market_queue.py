"""Market orders that wait in PRE_OPEN or HALT for trading to resume, one queue a side.

A market queue uses a level record outside every ladder. Its orders have a key that no price has, so
they are in none of the ladder's sums.
"""

from numba import njit

from sim.kernels.layout import (
    B_MARKET,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_LIVE,
    LV_TAIL,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    Words,
)
from sim.kernels.links import next_of, prev_of, set_next, set_prev


@njit(cache=True)
def is_market(orders: Words, slot: int) -> bool:
    """Whether a live own order rests in the market queue."""
    return orders[slot * ORDER + O_KEY_SIDE] >> 1 == NONE_KEY >> 1


@njit(cache=True)
def market_link(mem: Words, orders: Words, levels: Words, bk: int, slot: int) -> None:
    """Put a market order at the back of its side's market queue."""
    index = mem[bk + B_MARKET + (orders[slot * ORDER + O_KEY_SIDE] & 1)]
    tail = levels[index * LEVEL + LV_TAIL] if levels[index * LEVEL + LV_COUNT] > 0 else -1
    set_prev(orders, slot, tail)
    set_next(orders, slot, -1)
    if tail < 0:
        levels[index * LEVEL + LV_HEAD] = slot
    else:
        set_next(orders, tail, slot)
    levels[index * LEVEL + LV_TAIL] = slot
    levels[index * LEVEL + LV_COUNT] += 1
    levels[index * LEVEL + LV_LIVE] += orders[slot * ORDER + O_LIVE]


@njit(cache=True)
def market_unlink(mem: Words, orders: Words, levels: Words, bk: int, slot: int) -> None:
    """Take a market order out of its market queue."""
    index = mem[bk + B_MARKET + (orders[slot * ORDER + O_KEY_SIDE] & 1)]
    before = prev_of(orders, slot)
    after = next_of(orders, slot)
    if before < 0:
        levels[index * LEVEL + LV_HEAD] = after
    else:
        set_next(orders, before, after)
    if after < 0:
        levels[index * LEVEL + LV_TAIL] = before
    else:
        set_prev(orders, after, before)
    levels[index * LEVEL + LV_COUNT] -= 1
    levels[index * LEVEL + LV_LIVE] -= orders[slot * ORDER + O_LIVE]
