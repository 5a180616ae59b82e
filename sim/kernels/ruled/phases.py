"""Phases of a book with rules: ends of calls, what begins with a call, and the resume sweep."""

from numba import njit

from sim.kernels.auction_words import OUTSIDE
from sim.kernels.book import ladder_of
from sim.kernels.layout import (
    B_CROSSED,
    B_DARK,
    B_ENTRIES,
    B_MARKET,
    B_PHASE,
    B_RULES,
    L_BEST,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    O_KEY_SIDE,
    ORDER,
    RB_CALL_EXTENDS,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.resume import best_own
from sim.kernels.ruled.call import expire_auction_orders, gather, uncross
from sim.kernels.ruled.display import take_away
from sim.kernels.ruled.settle import arrive, begin_phase, is_call
from sim.kernels.ruled.terms import open_of, terms_of
from sim.kernels.ruled.words import E_ENTRY, E_TIF
from sim.kernels.status import CONTINUOUS, GTC, HALT, VOLATILITY_CALL


@njit(cache=True)
def sweep_market(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, side: int
) -> None:
    """Let each market order of a side that waits now arrive once."""
    index = mem[bk + B_MARKET + side]
    count = levels[index * LEVEL + LV_COUNT]
    while count > 0 and mem[bk + B_PHASE] == CONTINUOUS:
        count -= 1
        slot = levels[index * LEVEL + LV_HEAD]
        take_away(mem, orders, levels, bk, ts, cause, slot)
        mem[terms_of(mem, slot) + E_TIF] = GTC
        arrive(mem, orders, levels, bk, ts, cause, slot)


@njit(cache=True)
def sweep_displayed(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, side: int
) -> None:
    """Let the best displayed order of ours on a side arrive as long as it crosses and moves."""
    while mem[bk + B_PHASE] == CONTINUOUS:
        slot = best_own(mem, orders, levels, bk, side)
        if slot < 0:
            return
        if mem[ladder_of(bk, 1 - side) + L_BEST] > -(orders[slot * ORDER + O_KEY_SIDE] >> 1):
            return
        before = open_of(mem, orders, slot)
        take_away(mem, orders, levels, bk, ts, cause, slot)
        rests = arrive(mem, orders, levels, bk, ts, cause, slot) >= 0
        if rests and open_of(mem, orders, slot) == before:
            return


@njit(cache=True)
def sweep_dark(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, side: int
) -> None:
    """Let each dark order of a side that crosses arrive once, best first."""
    latest = mem[bk + B_ENTRIES]
    slot = mem[bk + B_DARK + side]
    while slot >= 0 and mem[bk + B_PHASE] == CONTINUOUS:
        after = next_of(orders, slot)
        worst = -(orders[slot * ORDER + O_KEY_SIDE] >> 1)
        other = mem[bk + B_DARK + 1 - side]
        crosses = mem[ladder_of(bk, 1 - side) + L_BEST] <= worst >> 1
        crosses |= other >= 0 and orders[other * ORDER + O_KEY_SIDE] >> 1 <= worst
        if crosses and mem[terms_of(mem, slot) + E_ENTRY] <= latest:
            take_away(mem, orders, levels, bk, ts, cause, slot)
            arrive(mem, orders, levels, bk, ts, cause, slot)
        slot = after


@njit(cache=True)
def resume(mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int) -> None:
    """Trading becomes continuous: what was for a call only ends, and what crosses arrives."""
    count = gather(mem, orders, levels, bk)
    expire_auction_orders(mem, orders, levels, bk, ts, cause, count)
    for side in range(2):
        sweep_market(mem, orders, levels, bk, ts, cause, side)
    for side in range(2):
        sweep_displayed(mem, orders, levels, bk, ts, cause, side)
    for side in range(2):
        sweep_dark(mem, orders, levels, bk, ts, cause, side)


@njit(cache=True)
def set_phase(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, phase: int
) -> None:
    """Set the phase of a book, with all that its change brings about."""
    before = mem[bk + B_PHASE]
    if is_call(before) and phase != HALT and mem[bk + B_CROSSED] == 0:
        decided = uncross(mem, orders, levels, bk, ts, cause, is_call(phase))
        if decided == OUTSIDE and mem[mem[bk + B_RULES] + RB_CALL_EXTENDS] != 0:
            phase = VOLATILITY_CALL
    begin_phase(mem, orders, levels, bk, ts, cause, phase)
    if phase == CONTINUOUS and before != CONTINUOUS:
        resume(mem, orders, levels, bk, ts, cause)
