"""EXECUTE rows: an aggressor of the past meets the book as it was (frozen) or as it is (reactive)."""

from numba import njit

from sim.kernels.book import free_handle, hit, level_of, price_of, set_amounts, unlink
from sim.kernels.hits import hit_ahead, hit_own, hit_queue
from sim.kernels.layout import (
    B_DIVERGED,
    B_EXPIRED,
    B_SPECIAL,
    LEVEL,
    LV_SHOWN,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    Words,
)
from sim.kernels.outward import publish
from sim.kernels.status import EXECUTE


@njit(cache=True)
def tape_takes(mem: Words, orders: Words, levels: Words, bk: int, slot: int, qty: int) -> None:
    """Reactive: the tape takes `qty` from a handle; live stays as it is."""
    live = orders[slot * ORDER + O_LIVE]
    tape = orders[slot * ORDER + O_TAPE] - qty
    if live == 0:
        orders[slot * ORDER + O_TAPE] = tape
        return
    index = level_of(mem, orders, bk, slot)
    if live <= orders[slot * ORDER + O_TAPE] and live > tape:
        mem[bk + B_DIVERGED] += 1
    set_amounts(mem, orders, levels, bk, slot, index, live, tape)
    if tape == 0:
        free_handle(mem, orders, levels, bk, slot, index)


@njit(cache=True)
def execute_frozen(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, qty: int
) -> None:
    """EXECUTE in frozen mode: our orders in front fill, then history happens as it did."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    if mem[bk + B_SPECIAL + side] > 0:
        better = (key_side >> 1) - 1
        left = hit_own(mem, orders, levels, bk, ts, cause, side, better, qty, True)
        hit_ahead(mem, orders, levels, bk, ts, cause, slot, left)
    index = level_of(mem, orders, bk, slot)
    tape = orders[slot * ORDER + O_TAPE] - qty
    set_amounts(
        mem, orders, levels, bk, slot, index, min(orders[slot * ORDER + O_LIVE], tape), tape
    )
    shown = levels[index * LEVEL + LV_SHOWN]
    if tape == 0:
        unlink(mem, orders, levels, bk, slot, index)
    publish(mem, bk, ts, cause, EXECUTE, slot, side, price_of(key_side), qty, shown)


@njit(cache=True)
def execute_reactive(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, qty: int
) -> None:
    """EXECUTE in reactive mode: an aggressor meets the book as it is now."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    key = key_side >> 1
    budget = qty
    if mem[bk + B_SPECIAL + side] > 0:
        budget = hit_own(mem, orders, levels, bk, ts, cause, side, key - 1, budget, False)
        if orders[slot * ORDER + O_LIVE] > 0:
            budget = hit_ahead(mem, orders, levels, bk, ts, cause, slot, budget)
    take = min(budget, orders[slot * ORDER + O_LIVE])
    if take > 0:
        budget -= take
        index = level_of(mem, orders, bk, slot)
        hit(mem, orders, levels, bk, ts, cause, slot, index, take)
    if budget > 0:
        mem[bk + B_EXPIRED] += hit_queue(mem, orders, levels, bk, ts, cause, side, key, budget)
    tape_takes(mem, orders, levels, bk, slot, qty)
