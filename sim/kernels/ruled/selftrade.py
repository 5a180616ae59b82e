"""What happens when an arriving order meets a resting one of the same owner."""

from numba import njit

from sim.kernels.layout import O_LIVE, O_TAPE, ORDER, Words
from sim.kernels.ruled.display import lessen_shown, take_away
from sim.kernels.ruled.strike import lessen_unshown
from sim.kernels.ruled.terms import end_order, open_of, tell, terms_of
from sim.kernels.ruled.words import (
    DISPLAYED,
    E_MIN,
    E_OWNER,
    E_PLACE,
    E_SELF_TRADE,
)
from sim.kernels.status import (
    EXPIRED,
    REPLACED,
    SELF_TRADE,
    STP_ALLOW,
    STP_CANCEL_BOTH,
    STP_CANCEL_NEWEST,
    STP_CANCEL_OLDEST,
)


@njit(cache=True)
def avoids(mem: Words, orders: Words, slot: int, resting: int) -> bool:
    """Whether the arriving order in `slot` must not trade with a resting one of its owner's."""
    tk = terms_of(mem, slot)
    if mem[tk + E_SELF_TRADE] == STP_ALLOW or mem[tk + E_OWNER] <= 0:
        return False
    if orders[resting * ORDER + O_TAPE] != -1:
        return False
    return mem[terms_of(mem, resting) + E_OWNER] == mem[tk + E_OWNER]


@njit(cache=True)
def drop(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, reason: int
) -> None:
    """An order of ours expires with all that it has open, wherever it is."""
    take_away(mem, orders, levels, bk, ts, cause, slot)
    tell(mem, bk, ts, EXPIRED, slot, orders[slot * ORDER + O_LIVE], 0, reason)
    end_order(mem, orders, bk, slot)


@njit(cache=True)
def lessen_resting(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, lots: int
) -> None:
    """A resting order loses lots without a trade, and keeps its place with what is left."""
    left = open_of(mem, orders, slot) - lots
    if left == 0:
        drop(mem, orders, levels, bk, ts, cause, slot, SELF_TRADE)
        return
    if mem[terms_of(mem, slot) + E_PLACE] == DISPLAYED:
        lessen_shown(mem, orders, levels, bk, ts, cause, slot, lots)
    else:
        lessen_unshown(mem, orders, levels, bk, slot, lots)
    tell(mem, bk, ts, REPLACED, slot, left, left, SELF_TRADE)


@njit(cache=True)
def settle_self(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    resting: int,
) -> bool:
    """Settle the meeting of two orders of one owner; whether the arriving one is over."""
    mode = mem[terms_of(mem, slot) + E_SELF_TRADE]
    if mode == STP_CANCEL_OLDEST or mode == STP_CANCEL_BOTH:
        drop(mem, orders, levels, bk, ts, cause, resting, SELF_TRADE)
    if mode == STP_CANCEL_NEWEST or mode == STP_CANCEL_BOTH:
        drop(mem, orders, levels, bk, ts, cause, slot, SELF_TRADE)
        return True
    if mode == STP_CANCEL_OLDEST:
        return False
    lots = min(open_of(mem, orders, resting), orders[slot * ORDER + O_LIVE])
    lessen_resting(mem, orders, levels, bk, ts, cause, resting, lots)
    left = orders[slot * ORDER + O_LIVE] - lots
    if left == 0:
        drop(mem, orders, levels, bk, ts, cause, slot, SELF_TRADE)
        return True
    tk = terms_of(mem, slot)
    orders[slot * ORDER + O_LIVE] = left
    mem[tk + E_MIN] = min(mem[tk + E_MIN], left)
    tell(mem, bk, ts, REPLACED, slot, left, left, SELF_TRADE)
    return False
