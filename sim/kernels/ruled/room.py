"""Room for what a step on a book with rules may cause, its follow-up included.

Every step has a bound, because each event uses something up. A trade takes the last of a resting order
or peak, or the last of the order that arrives; what arrives is what was sent, each stop once, each peg
four times, and when trading resumes what our orders in the queues may do. Only a shared level has one
more trade an order for each arrival.
"""

from numba import njit

from sim.kernels.blocks import book_at, book_number
from sim.kernels.book import ladder_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_DORMANTS,
    B_FOLLOWER,
    B_LINKED,
    B_NEXT_FOLLOWER,
    B_OWN,
    B_PEGS,
    B_REFILLS,
    B_RULES,
    H_NEED,
    H_OUT,
    H_OUT_CAP,
    H_POOL_FREE_COUNT,
    H_SCRATCH_CAP,
    H_SUBS,
    L_BEST,
    L_FARCAP,
    L_NLEV,
    LEVEL,
    LV_COUNT,
    NONE_KEY,
    RB_MATCHING,
    ST_SIZE,
    Words,
)
from sim.kernels.ring import SLACK, ring_room
from sim.kernels.ruled.call import SCRATCH_A_CALL, SCRATCH_A_CALLER, call_room
from sim.kernels.ruled.trade import SCRATCH_A_RESTING
from sim.kernels.ruled.words import PEG_ROUNDS_MAX
from sim.kernels.status import (
    DONE,
    MATCH_SHARED,
    NEED_BOOK,
    NEED_OUT,
    NEED_POOL,
    NEED_SCRATCH,
)


@njit(cache=True)
def longest_queue(mem: Words, levels: Words, bk: int) -> int:
    """Orders in the longest queue of any level."""
    longest = 0
    for side in range(2):
        ld = ladder_of(bk, side)
        key = mem[ld + L_BEST]
        while key != NONE_KEY:
            longest = max(longest, levels[find_level(mem, ld, key) * LEVEL + LV_COUNT])
            key = next_key(mem, ld, key)
    return longest


@njit(cache=True)
def bound(mem: Words, levels: Words, bk: int, sweeps: bool) -> int:
    """Most messages, or reports, of one step on a book.

    Args:
        sweeps: Whether the phase may change, so that our orders in the queues may arrive too.
    """
    own = mem[bk + B_OWN]
    if mem[bk + B_RULES] == 0:
        return 2 * (mem[bk + B_LINKED] + mem[bk + B_LINKED + 1] + own) + SLACK
    arrivals = 2 + mem[bk + B_DORMANTS] + PEG_ROUNDS_MAX * mem[bk + B_PEGS]
    if sweeps:
        arrivals += 4 * own
    wanted = 3 * (mem[bk + B_LINKED] + mem[bk + B_LINKED + 1] + own + mem[bk + B_REFILLS])
    wanted += 8 * arrivals + SLACK
    if mem[mem[bk + B_RULES] + RB_MATCHING] == MATCH_SHARED and arrivals > 2:
        wanted += 3 * arrivals * (longest_queue(mem, levels, bk) + own)
    return wanted


@njit(cache=True)
def levels_room(mem: Words, bk: int) -> int:
    """DONE when every order of ours can get a level of its own, wherever windows go meanwhile."""
    for side in range(2):
        ld = ladder_of(bk, side)
        if mem[ld + L_NLEV] + mem[bk + B_OWN] + 4 >= mem[ld + L_FARCAP]:
            mem[H_NEED] = book_number(mem, bk)
            return NEED_BOOK
    return DONE


@njit(cache=True)
def scratch_room(mem: Words, bk: int) -> int:
    """DONE when a call and a shared level of a book fit the scratch."""
    orders = call_room(mem, bk) + 1
    wanted = max(SCRATCH_A_CALL + orders * SCRATCH_A_CALLER, orders * SCRATCH_A_RESTING, ST_SIZE)
    return DONE if wanted <= mem[H_SCRATCH_CAP] else NEED_SCRATCH


@njit(cache=True)
def room_for(mem: Words, levels: Words, bk: int, sweeps: bool, peaks: int, until: int) -> int:
    """DONE when a step on a book, and what its followers do then, fits; else what is needed.

    Args:
        sweeps: See `bound`.
        peaks: Peaks that an order which comes with the step may have.
        until: What batch readers of the rings may be brought up to.
    """
    wanted = bound(mem, levels, bk, sweeps) + 3 * peaks
    total = wanted
    follower = mem[bk + B_FOLLOWER]
    while follower >= 0:
        fk = book_at(mem, follower)
        total += bound(mem, levels, fk, False)
        follower = mem[fk + B_NEXT_FOLLOWER]
    if mem[H_OUT] + total + mem[H_SUBS] > mem[H_OUT_CAP]:
        return NEED_OUT
    if mem[H_POOL_FREE_COUNT] < 2:
        return NEED_POOL
    status = ring_room(mem, levels, bk, wanted, until)
    if status == DONE and mem[bk + B_RULES] != 0:
        status = levels_room(mem, bk)
        if status == DONE:
            status = scratch_room(mem, bk)
    follower = mem[bk + B_FOLLOWER]
    while follower >= 0 and status == DONE:
        fk = book_at(mem, follower)
        status = ring_room(mem, levels, fk, bound(mem, levels, fk, False), until)
        if status == DONE:
            status = levels_room(mem, fk)
        if status == DONE:
            status = scratch_room(mem, fk)
        follower = mem[fk + B_NEXT_FOLLOWER]
    return status
