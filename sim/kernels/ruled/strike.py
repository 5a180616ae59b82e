"""Hitting one resting order: in its level, in the dark, in the market queue, or after a call.

Each takes lots, publishes and reports it, and lets an order with nothing left go. The level of an
order that was hit may have moved or gone afterwards.
"""

from numba import njit

from sim.kernels.book import level_of, price_of, publish_gone, retire, set_amounts, unlink
from sim.kernels.layout import (
    B_MARKET,
    H_MODE,
    LEVEL,
    LV_LIVE,
    LV_SHOWN,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    Words,
)
from sim.kernels.market_queue import market_unlink
from sim.kernels.outward import publish
from sim.kernels.ruled.display import leave_level, refill
from sim.kernels.ruled.lists import dark_unlink, peg_unlink
from sim.kernels.ruled.terms import (
    end_order,
    is_peg,
    note_trade,
    publish_trade,
    tell_fill,
    terms_of,
)
from sim.kernels.ruled.words import DISPLAYED, E_MIN, E_PLACE, E_RESERVE, QUEUED
from sim.kernels.status import EXECUTE, HIDDEN_MAKER, MAKER, REACTIVE, REDUCE


@njit(cache=True)
def strike_level(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    index: int,
    qty: int,
) -> None:
    """Take `qty` live lots from an order in a level's queue at its own price."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    price = price_of(key_side)
    tape = orders[slot * ORDER + O_TAPE]
    leaves = orders[slot * ORDER + O_LIVE] - qty
    own = tape == -1
    set_amounts(mem, orders, levels, bk, slot, index, leaves, tape)
    shown = levels[index * LEVEL + LV_SHOWN]
    reserve = mem[terms_of(mem, slot) + E_RESERVE] if own else 0
    if leaves == 0 and own and reserve == 0:
        leave_level(mem, orders, levels, bk, slot, index)
    elif leaves == 0 and (own or mem[H_MODE] == REACTIVE):
        unlink(mem, orders, levels, bk, slot, index)
    if mem[H_MODE] == REACTIVE:
        publish(mem, bk, ts, cause, EXECUTE, slot, key_side & 1, price, qty, shown)
    note_trade(mem, bk, 2 * price)
    if own:
        tell_fill(mem, bk, ts, slot, 2 * price, qty, leaves + reserve, MAKER)
    if leaves > 0:
        return
    if own and reserve > 0:
        refill(mem, orders, levels, bk, ts, cause, slot, reserve)
    elif own:
        end_order(mem, orders, bk, slot)
    elif tape == 0:
        retire(mem, orders, bk, slot)


@njit(cache=True)
def lessen_unshown(mem: Words, orders: Words, levels: Words, bk: int, slot: int, qty: int) -> int:
    """Take lots off a dark order or one in the market queue; with the last it leaves. Its leaves."""
    tk = terms_of(mem, slot)
    leaves = orders[slot * ORDER + O_LIVE] - qty
    queued = mem[tk + E_PLACE] == QUEUED
    if leaves == 0 and queued:
        market_unlink(mem, orders, levels, bk, slot)
    elif leaves == 0:
        dark_unlink(mem, orders, bk, slot)
        if is_peg(mem, tk):
            peg_unlink(mem, bk, slot)
    elif queued:
        index = mem[bk + B_MARKET + (orders[slot * ORDER + O_KEY_SIDE] & 1)]
        levels[index * LEVEL + LV_LIVE] -= qty
    orders[slot * ORDER + O_LIVE] = leaves
    mem[tk + E_MIN] = min(mem[tk + E_MIN], leaves)
    return leaves


@njit(cache=True)
def strike_unshown(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    qty: int,
    price_x2: int,
) -> None:
    """Take `qty` lots from a dark order, or one in the market queue, at a price in half ticks."""
    queued = mem[terms_of(mem, slot) + E_PLACE] == QUEUED
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    leaves = lessen_unshown(mem, orders, levels, bk, slot, qty)
    publish_trade(mem, bk, ts, cause, 1 - side, price_x2, qty)
    note_trade(mem, bk, price_x2)
    tell_fill(mem, bk, ts, slot, price_x2, qty, leaves, MAKER if queued else HIDDEN_MAKER)
    if leaves == 0:
        end_order(mem, orders, bk, slot)


@njit(cache=True)
def lessen_level(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    lots: int,
) -> None:
    """Take lots that traded away from its price off an order in a queue, as after a call.

    An iceberg loses its peak first, and with its peak its place. Of an order of ours that is gone the
    slot is left to the caller.
    """
    index = level_of(mem, orders, bk, slot)
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    tape = orders[slot * ORDER + O_TAPE]
    live = orders[slot * ORDER + O_LIVE]
    public = mem[H_MODE] == REACTIVE
    if lots < live or (not public and tape >= 0):
        set_amounts(mem, orders, levels, bk, slot, index, live - lots, tape)
        if public:
            price = price_of(key_side)
            shown = levels[index * LEVEL + LV_SHOWN]
            publish(mem, bk, ts, cause, REDUCE, slot, key_side & 1, price, lots, shown)
        return
    left = 0
    if tape == -1:
        left = live + mem[terms_of(mem, slot) + E_RESERVE] - lots
    if tape == -1 and left == 0:
        shown = leave_level(mem, orders, levels, bk, slot, index)
    else:
        shown = unlink(mem, orders, levels, bk, slot, index)
    if public:
        publish_gone(mem, bk, ts, cause, slot, key_side, live, shown)
    orders[slot * ORDER + O_LIVE] = 0
    if tape == -1:
        mem[terms_of(mem, slot) + E_RESERVE] = 0
    if left > 0:
        refill(mem, orders, levels, bk, ts, cause, slot, left)
    elif tape == 0:
        retire(mem, orders, bk, slot)


@njit(cache=True)
def strike_away(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    lots: int,
    price_x2: int,
    liquidity: int,
) -> None:
    """Fill an order wherever it waits at a price that need not be its own, as after a call."""
    if orders[slot * ORDER + O_TAPE] != -1:
        lessen_level(mem, orders, levels, bk, ts, cause, slot, lots)
        return
    tk = terms_of(mem, slot)
    if mem[tk + E_PLACE] == DISPLAYED:
        leaves = orders[slot * ORDER + O_LIVE] + mem[tk + E_RESERVE] - lots
        lessen_level(mem, orders, levels, bk, ts, cause, slot, lots)
    else:
        leaves = lessen_unshown(mem, orders, levels, bk, slot, lots)
    tell_fill(mem, bk, ts, slot, price_x2, lots, leaves, liquidity)
    if leaves == 0:
        end_order(mem, orders, bk, slot)
