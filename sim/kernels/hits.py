"""Walking a side from its best price on and hitting what stands there, oldest first.

Each walk gets a budget in lots and returns what is left of it. A hit may drop a level and so move the
window, which is why the level is looked up again after each.
"""

from numba import njit

from sim.kernels.book import hit, ladder_of, level_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_SPECIAL,
    L_BEST,
    LEVEL,
    LV_HEAD,
    LV_SPECIAL,
    O_LIVE,
    O_TAPE,
    ORDER,
    Words,
)
from sim.kernels.links import next_of


@njit(cache=True)
def hit_own(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    side: int,
    limit_key: int,
    budget: int,
    own_only: bool,
) -> int:
    """Hit special orders of `side` up to `limit_key`, best first, oldest first. What is left.

    With `own_only` moved and diverged orders are passed over.
    """
    if mem[bk + B_SPECIAL + side] == 0:
        return budget
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while budget > 0 and key <= limit_key:
        after_level = next_key(mem, ld, key)
        index = find_level(mem, ld, key)
        if levels[index * LEVEL + LV_SPECIAL] > 0:
            slot = levels[index * LEVEL + LV_HEAD]
            while slot >= 0 and budget > 0:
                after = next_of(orders, slot)
                live = orders[slot * ORDER + O_LIVE]
                if live > orders[slot * ORDER + O_TAPE] and (
                    not own_only or orders[slot * ORDER + O_TAPE] == -1
                ):
                    qty = min(budget, live)
                    budget -= qty
                    hit(mem, orders, levels, bk, ts, cause, slot, index, qty)
                    index = find_level(mem, ld, key)
                slot = after
        key = after_level
    return budget


@njit(cache=True)
def hit_ahead(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, target: int, budget: int
) -> int:
    """Hit special orders ahead of `target` in its own queue, oldest first. What is left."""
    index = level_of(mem, orders, bk, target)
    if levels[index * LEVEL + LV_SPECIAL] == 0:
        return budget
    slot = levels[index * LEVEL + LV_HEAD]
    while slot != target and budget > 0:
        after = next_of(orders, slot)
        if orders[slot * ORDER + O_LIVE] > orders[slot * ORDER + O_TAPE]:
            qty = min(budget, orders[slot * ORDER + O_LIVE])
            budget -= qty
            # `target` stays in the queue, so the level stays where it is.
            hit(mem, orders, levels, bk, ts, cause, slot, index, qty)
        slot = after
    return budget


@njit(cache=True)
def hit_queue(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    side: int,
    limit_key: int,
    budget: int,
) -> int:
    """Hit every order of `side` up to `limit_key`, best first, oldest first. What is left."""
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while budget > 0 and key <= limit_key:
        after_level = next_key(mem, ld, key)
        index = find_level(mem, ld, key)
        slot = levels[index * LEVEL + LV_HEAD]
        while slot >= 0 and budget > 0:
            after = next_of(orders, slot)
            qty = min(budget, orders[slot * ORDER + O_LIVE])
            if qty > 0:
                budget -= qty
                hit(mem, orders, levels, bk, ts, cause, slot, index, qty)
                index = find_level(mem, ld, key)
            slot = after
        key = after_level
    return budget
