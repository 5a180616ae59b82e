"""Sharing within a price level, compiled: the twin of `sim/venue_rules/allocation.py`."""

from numba import njit

from sim.kernels.auction_words import (
    LP_MIN,
    LP_ROUND_UP,
    LP_SHARE_OF,
    LP_SPLIT_PPM,
    LP_STEP_COUNT,
    LP_STEPS,
    LP_TOP_MAX,
    LP_TOP_MIN,
    MILLION,
    SHARE_OF_REMAINING,
    STEP_FIFO,
    STEP_LEVELING,
    STEP_LMM,
    STEP_PRO_RATA,
    STEP_SPLIT,
    STEP_TOP,
    Ints,
)

WORD_MAX = (1 << 63) - 1


@njit(cache=True)
def share_of(size: int, lots: int, total: int, round_up: bool) -> int:
    """`size * lots / total` as a whole number, with size in [0, total] and total below 2**61.

    The product of two quantities may need more than 63 bits; then it is divided bit by bit.
    """
    quotient = 0
    rest = 0
    if size == 0 or lots <= WORD_MAX // size:
        quotient = size * lots // total
        rest = size * lots - quotient * total
    else:
        for bit in range(62, -1, -1):
            quotient *= 2
            rest *= 2
            if rest >= total:
                rest -= total
                quotient += 1
            if (lots >> bit) & 1:
                rest += size
                if rest >= total:
                    rest -= total
                    quotient += 1
    return quotient + 1 if round_up and rest > 0 else quotient


@njit(cache=True)
def give(qty: Ints, fills: Ints, index: int, lots: int, left: int) -> int:
    """Give an order as many of `lots` as it has and as are left; what is left then."""
    given = min(lots, qty[index] - fills[index], left)
    fills[index] += given
    return left - given


@njit(cache=True)
def sum_of_sizes(qty: Ints, count: int, fills: Ints, remaining: bool) -> int:
    """The sizes that shares are in proportion to, added up."""
    total = 0
    for index in range(count):
        total += qty[index] - (fills[index] if remaining else 0)
    return total


@njit(cache=True)
def pro_rata(qty: Ints, count: int, policy: Ints, fills: Ints, left: int) -> int:
    """Each order its size's share of `left`; what is left then."""
    remaining = policy[LP_SHARE_OF] == SHARE_OF_REMAINING
    total = sum_of_sizes(qty, count, fills, remaining)
    if total == 0:
        return left
    found = left
    for index in range(count):
        size = qty[index] - (fills[index] if remaining else 0)
        share = share_of(size, found, total, policy[LP_ROUND_UP] != 0)
        if share >= policy[LP_MIN]:
            left = give(qty, fills, index, share, left)
    return left


@njit(cache=True)
def allocate(
    qty: Ints, lmm_ppm: Ints, count: int, top: int, incoming: int, policy: Ints, fills: Ints
) -> int:
    """Share an arriving order among a level's orders; what is left of it.

    Args:
        top: Index of the top order, -1 when there is none.
        incoming: Lots that arrive, >= 0.

    Arrays:
        qty: int64[count], lots of each order, the oldest first, their sum below 2**61. in
        lmm_ppm: int64[count], shares of lead market makers, together at most a million. in
        policy: int64[LP_STEPS + steps], parameters and steps. in
        fills: int64[count], lots given. out
    """
    left = incoming
    apart = -1
    for index in range(count):
        fills[index] = 0
    for place in range(policy[LP_STEP_COUNT]):
        step = policy[LP_STEPS + place]
        if step == STEP_TOP:
            if top >= 0 and qty[top] >= policy[LP_TOP_MIN]:
                left = give(qty, fills, top, policy[LP_TOP_MAX], left)
        elif step == STEP_LMM:
            found = left
            for index in range(count):
                left = give(qty, fills, index, found * lmm_ppm[index] // MILLION, left)
        elif step == STEP_SPLIT:
            apart = left * policy[LP_SPLIT_PPM] // MILLION
        elif step == STEP_FIFO:
            budget = left if apart < 0 else apart
            apart = -1
            for index in range(count):
                after = give(qty, fills, index, budget, left)
                budget -= left - after
                left = after
        elif step == STEP_PRO_RATA:
            left = pro_rata(qty, count, policy, fills, left)
        elif step == STEP_LEVELING:
            for index in range(count):
                left = give(qty, fills, index, 1, left)
    return left
