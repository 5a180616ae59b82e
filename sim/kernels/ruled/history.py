"""History meets the orders of a book with rules, ours in the dark included."""

from numba import njit

from sim.kernels.book import key_of, ladder_of, level_of, price_of, set_amounts, unlink
from sim.kernels.execution import tape_takes
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_DARK,
    B_EXPIRED,
    B_PHASE,
    B_SPECIAL,
    H_MODE,
    L_BEST,
    LEVEL,
    LV_HEAD,
    LV_SHOWN,
    LV_SPECIAL,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.order_rows import is_queued
from sim.kernels.outward import publish
from sim.kernels.ruled.display import join
from sim.kernels.ruled.limits import price_at
from sim.kernels.ruled.lists import next_dark
from sim.kernels.ruled.strike import strike_level, strike_unshown
from sim.kernels.ruled.terms import note_trade, terms_of
from sim.kernels.ruled.words import E_RESERVE, EVERY, OWN, SPECIAL
from sim.kernels.status import (
    ADD,
    CONTINUOUS,
    EXECUTE,
    FROZEN,
    REDUCE,
    TRADE_AT_LAST,
)


@njit(cache=True)
def met(orders: Words, slot: int, who: int) -> int:
    """Lots of a queued order that a meeting may take."""
    live = orders[slot * ORDER + O_LIVE]
    tape = orders[slot * ORDER + O_TAPE]
    if who == EVERY or tape == -1 or (who == SPECIAL and live > tape):
        return live
    return 0


@njit(cache=True)
def meet_level(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    ld: int,
    key: int,
    budget: int,
    who: int,
) -> int:
    """Hit a level's orders, oldest first, new peaks as they come. What is left of the budget."""
    index = find_level(mem, ld, key)
    if who != EVERY and levels[index * LEVEL + LV_SPECIAL] == 0:
        return budget
    slot = levels[index * LEVEL + LV_HEAD]
    while slot >= 0 and budget > 0:
        after = next_of(orders, slot)
        lots = min(budget, met(orders, slot, who))
        if lots > 0:
            budget -= lots
            refills = (
                orders[slot * ORDER + O_TAPE] == -1
                and lots == orders[slot * ORDER + O_LIVE]
                and mem[terms_of(mem, slot) + E_RESERVE] > 0
            )
            strike_level(mem, orders, levels, bk, ts, cause, slot, index, lots)
            index = find_level(mem, ld, key)
            if after < 0 and refills:
                after = levels[index * LEVEL + LV_HEAD]
        slot = after
    return budget


@njit(cache=True)
def meet(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    side: int,
    worst: int,
    budget: int,
    who: int,
) -> int:
    """Let an aggressor of the past meet orders of `side` with keys in half ticks up to `worst`.

    Best price first; at one price displayed orders oldest first, then dark ones. What is left of the
    budget.
    """
    dark = -1
    if mem[bk + B_PHASE] != TRADE_AT_LAST:
        dark = mem[bk + B_DARK + side]
    if who != EVERY and mem[bk + B_SPECIAL + side] == 0 and dark < 0:
        return budget
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while budget > 0:
        dark = next_dark(mem, orders, bk, dark, budget)
        dark_key = NONE_KEY if dark < 0 else orders[dark * ORDER + O_KEY_SIDE] >> 1
        level_key = 2 * key if key <= worst >> 1 else NONE_KEY
        if min(dark_key, level_key) > worst:
            break
        if level_key <= dark_key:
            after_level = next_key(mem, ld, key)
            budget = meet_level(mem, orders, levels, bk, ts, cause, ld, key, budget, who)
            key = after_level
        else:
            after = next_of(orders, dark)
            lots = min(budget, orders[dark * ORDER + O_LIVE])
            budget -= lots
            price_x2 = price_at(1 - side, dark_key)
            strike_unshown(mem, orders, levels, bk, ts, cause, dark, lots, price_x2)
            dark = after
    return budget


@njit(cache=True)
def meet_ahead(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, target: int, budget: int
) -> int:
    """Hit special orders ahead of `target` in its own queue, oldest first. What is left."""
    index = level_of(mem, orders, bk, target)
    if levels[index * LEVEL + LV_SPECIAL] == 0:
        return budget
    slot = levels[index * LEVEL + LV_HEAD]
    while slot != target and budget > 0:
        after = next_of(orders, slot)
        lots = min(budget, met(orders, slot, SPECIAL))
        if lots > 0:
            budget -= lots
            # The target stays in the queue, so the level stays where it is.
            strike_level(mem, orders, levels, bk, ts, cause, slot, index, lots)
        slot = after
    return budget


@njit(cache=True)
def execute(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, qty: int
) -> None:
    """EXECUTE, frozen or reactive, where no call has been crossed."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    key = key_side >> 1
    frozen = mem[H_MODE] == FROZEN
    who = OWN if frozen else SPECIAL
    left = meet(mem, orders, levels, bk, ts, cause, side, 2 * key - 1, qty, who)
    if orders[slot * ORDER + O_LIVE] > 0 or frozen:
        left = meet_ahead(mem, orders, levels, bk, ts, cause, slot, left)
    if frozen:
        index = level_of(mem, orders, bk, slot)
        tape = orders[slot * ORDER + O_TAPE] - qty
        live = min(orders[slot * ORDER + O_LIVE], tape)
        set_amounts(mem, orders, levels, bk, slot, index, live, tape)
        shown = levels[index * LEVEL + LV_SHOWN]
        if tape == 0:
            unlink(mem, orders, levels, bk, slot, index)
        publish(mem, bk, ts, cause, EXECUTE, slot, side, price_of(key_side), qty, shown)
        note_trade(mem, bk, 2 * price_of(key_side))
        return
    lots = min(left, orders[slot * ORDER + O_LIVE])
    if lots > 0:
        left -= lots
        index = level_of(mem, orders, bk, slot)
        strike_level(mem, orders, levels, bk, ts, cause, slot, index, lots)
    if left > 0:
        left = meet(mem, orders, levels, bk, ts, cause, side, 2 * key, left, EVERY)
        mem[bk + B_EXPIRED] += left
    tape_takes(mem, orders, levels, bk, slot, qty)


@njit(cache=True)
def execute_crossed(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, qty: int
) -> None:
    """EXECUTE in a call that has been crossed: history's share of the auction."""
    tape = orders[slot * ORDER + O_TAPE] - qty
    live = orders[slot * ORDER + O_LIVE]
    if not is_queued(mem, orders, slot):
        orders[slot * ORDER + O_TAPE] = tape
        return
    index = level_of(mem, orders, bk, slot)
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    left = min(live, tape)
    set_amounts(mem, orders, levels, bk, slot, index, left, tape)
    shown = levels[index * LEVEL + LV_SHOWN]
    if left == 0:
        unlink(mem, orders, levels, bk, slot, index)
    if left < live:
        side = key_side & 1
        publish(mem, bk, ts, cause, REDUCE, slot, side, price_of(key_side), live - left, shown)


@njit(cache=True)
def arrive_row(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    kind: int,
    fills: int,
) -> None:
    """A historical order arrives in the book; `slot` holds its key, live and tape.

    With `fills` it first meets our orders: frozen, it fills them and stays as it is; reactive, it
    trades with special and dark orders and rests with what is left.
    """
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    other = 1 - (key_side & 1)
    worst = -2 * (key_side >> 1)
    trading = mem[bk + B_PHASE] == CONTINUOUS
    if mem[H_MODE] == FROZEN:
        if fills > 0 and trading:
            meet(mem, orders, levels, bk, ts, cause, other, worst, fills, OWN)
        join(mem, orders, levels, bk, ts, cause, slot, kind, True)
        return
    if trading:
        # Nobody's queue holds it yet, so what it has live is only its own business.
        live = orders[slot * ORDER + O_LIVE]
        left = meet(mem, orders, levels, bk, ts, cause, other, worst, live, SPECIAL)
        orders[slot * ORDER + O_LIVE] = left
    if orders[slot * ORDER + O_LIVE] > 0:
        join(mem, orders, levels, bk, ts, cause, slot, kind, True)


@njit(cache=True)
def add_row(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    kind: int,
    side: int,
    slot: int,
    price: int,
    qty: int,
) -> None:
    """ADD, or a positive REVEAL."""
    orders[slot * ORDER + O_KEY_SIDE] = key_of(side, price) * 2 + side
    orders[slot * ORDER + O_LIVE] = qty
    orders[slot * ORDER + O_TAPE] = qty
    fills = qty if kind == ADD else 0
    arrive_row(mem, orders, levels, bk, ts, cause, slot, kind, fills)
