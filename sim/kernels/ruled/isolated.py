"""Midpoint pegs that trade with midpoint pegs alone: all shares are found before any is given."""

from numba import njit

from sim.kernels.layout import (
    B_DARK,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    Words,
)
from sim.kernels.links import next_of, prev_of
from sim.kernels.ruled.fillable import interrupts
from sim.kernels.ruled.limits import price_at
from sim.kernels.ruled.selftrade import avoids
from sim.kernels.ruled.strike import strike_unshown
from sim.kernels.ruled.terms import tell_fill, terms_of
from sim.kernels.ruled.words import E_MIN, E_SHARE, E_TYPE
from sim.kernels.status import PEG_MIDPOINT, TAKER


@njit(cache=True)
def take_back(mem: Words, orders: Words, slot: int, lack: int) -> bool:
    """Take `lack` lots back from the shares in front of `slot`, the latest first, or nothing.

    No share falls below its order's minimum, or one lot.
    """
    spare = 0
    before = prev_of(orders, slot)
    while before >= 0 and spare < lack:
        tk = terms_of(mem, before)
        spare += max(0, mem[tk + E_SHARE] - max(1, mem[tk + E_MIN]))
        before = prev_of(orders, before)
    if spare < lack:
        return False
    before = prev_of(orders, slot)
    while lack > 0:
        tk = terms_of(mem, before)
        lots = min(lack, max(0, mem[tk + E_SHARE] - max(1, mem[tk + E_MIN])))
        mem[tk + E_SHARE] -= lots
        lack -= lots
        before = prev_of(orders, before)
    return True


@njit(cache=True)
def find_shares(mem: Words, orders: Words, bk: int, slot: int, worst: int) -> int:
    """Write the share of each order of the other side's dark queue into E_SHARE; their sum."""
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    wanted = orders[slot * ORDER + O_LIVE]
    left = wanted
    resting = mem[bk + B_DARK + 1 - side]
    while resting >= 0:
        tk = terms_of(mem, resting)
        key = orders[resting * ORDER + O_KEY_SIDE] >> 1
        mem[tk + E_SHARE] = 0
        meets = left > 0 and key <= worst and mem[tk + E_TYPE] == PEG_MIDPOINT
        if meets and interrupts(mem, bk, price_at(side, key)):
            meets = False
        if meets and not avoids(mem, orders, slot, resting):
            lots = min(left, orders[resting * ORDER + O_LIVE])
            lack = mem[tk + E_MIN] - lots
            if lack <= 0:
                mem[tk + E_SHARE] = lots
                left -= lots
            elif take_back(mem, orders, resting, lack):
                mem[tk + E_SHARE] = lots + lack
                left -= lots
        resting = next_of(orders, resting)
    return wanted - left


@njit(cache=True)
def take_shares(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int
) -> None:
    """Let the order in `slot` trade the shares that `find_shares` has found."""
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    resting = mem[bk + B_DARK + 1 - side]
    while resting >= 0:
        after = next_of(orders, resting)
        lots = mem[terms_of(mem, resting) + E_SHARE]
        if lots > 0:
            price_x2 = price_at(side, orders[resting * ORDER + O_KEY_SIDE] >> 1)
            strike_unshown(mem, orders, levels, bk, ts, cause, resting, lots, price_x2)
            orders[slot * ORDER + O_LIVE] -= lots
            left = orders[slot * ORDER + O_LIVE]
            tell_fill(mem, bk, ts, slot, price_x2, lots, left, TAKER)
        resting = after
