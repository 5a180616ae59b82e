"""What becomes of an order of ours: it is placed, arrives, rests, sleeps or ends.

Everything that lets an order arrive goes through `arrive` here, and everything that lets it rest where
nothing matches through `rest_away`.
"""

from numba import njit

from sim.kernels.book import ladder_of
from sim.kernels.layout import (
    B_CALM,
    B_CROSSED,
    B_DORMANT,
    B_PHASE,
    B_REFERENCE,
    B_RULES,
    L_BEST,
    NO_PRICE,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    RB_MARKET_RESTS,
    RB_MID_ISOLATED,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.outward import publish
from sim.kernels.ruled.arrive import OVER, STAYED, STOPPED, take
from sim.kernels.ruled.display import queue_market, show, take_away
from sim.kernels.ruled.fillable import fillable
from sim.kernels.ruled.isolated import find_shares, take_shares
from sim.kernels.ruled.limits import (
    banded,
    effective_of,
    far_end,
    peg_ask,
    peg_bid,
    worst_key_x2,
    worst_of,
)
from sim.kernels.ruled.lists import dark_link, dormant_link, peg_link
from sim.kernels.ruled.selftrade import drop
from sim.kernels.ruled.terms import end_order, is_peg, terms_of
from sim.kernels.ruled.words import (
    E_EFFECTIVE,
    E_HIDDEN,
    E_MIN,
    E_PLACE,
    E_PRICE,
    E_STOP,
    E_TIF,
    E_TRAIL,
    E_TRIGGER,
    E_TYPE,
    NOWHERE,
)
from sim.kernels.status import (
    AT_CLOSE,
    AT_OPEN,
    AUCTION,
    CLOSING_CALL,
    CONTINUOUS,
    FOK,
    HALT_CALL,
    IOC,
    IOC_REMAINDER,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    NO_LIQUIDITY,
    NO_OPPOSITE_LIMIT,
    OPENING_CALL,
    OUTSIDE_BAND,
    PEG_MIDPOINT,
    PHASE,
    STOP,
    STRIKE_MATCH,
    TRADE_AT_LAST,
    TRAILING_STOP,
    VOLATILITY_CALL,
)


@njit(cache=True)
def is_call(phase: int) -> bool:
    """Whether orders gather for an auction."""
    return OPENING_CALL <= phase <= HALT_CALL


@njit(cache=True)
def rest_away(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int
) -> None:
    """Let an order that is nowhere rest without arriving: queued, dark or displayed."""
    tk = terms_of(mem, slot)
    kind = mem[tk + E_TYPE]
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    if kind == MARKET or kind == MARKET_TO_LIMIT or kind == STRIKE_MATCH:
        queue_market(mem, orders, levels, bk, slot)
        return
    peg = is_peg(mem, tk)
    price_x2 = mem[tk + E_EFFECTIVE] if peg else 2 * mem[tk + E_PRICE]
    if mem[tk + E_HIDDEN] != 0 or mem[tk + E_MIN] > 0 or kind == PEG_MIDPOINT:
        dark_link(mem, orders, bk, slot, price_x2 if side else -price_x2)
        if peg:
            peg_link(mem, bk, slot)
        return
    show(mem, orders, levels, bk, ts, cause, slot, price_x2 >> 1)


@njit(cache=True)
def sleep(mem: Words, orders: Words, bk: int, slot: int) -> None:
    """Let a peg that is nowhere sleep."""
    mem[terms_of(mem, slot) + E_EFFECTIVE] = NO_PRICE
    dormant_link(mem, orders, bk, slot)
    peg_link(mem, bk, slot)


@njit(cache=True)
def join_parked(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    opens: bool,
    closes: bool,
) -> None:
    """As a call begins, let the parked orders whose call it is rest, in order of entry.

    Args:
        opens: Whether it is the call of AT_OPEN orders.
        closes: Whether it is the call of AT_CLOSE orders.
    """
    slot = mem[bk + B_DORMANT]
    while slot >= 0:
        after = next_of(orders, slot)
        tif = mem[terms_of(mem, slot) + E_TIF]
        joins = tif == AUCTION
        joins |= tif == AT_OPEN and opens
        joins |= tif == AT_CLOSE and closes
        if joins:
            take_away(mem, orders, levels, bk, ts, cause, slot)
            rest_away(mem, orders, levels, bk, ts, cause, slot)
        slot = after


@njit(cache=True)
def begin_phase(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, phase: int
) -> None:
    """Set and publish a phase; in a call those join that were parked for it."""
    mem[bk + B_PHASE] = phase
    mem[bk + B_CALM] = 0
    mem[bk + B_CROSSED] = 0
    publish(mem, bk, ts, cause, PHASE, -1, 0, 0, phase, 0)
    if is_call(phase):
        opens = phase == OPENING_CALL
        join_parked(mem, orders, levels, bk, ts, cause, opens, phase == CLOSING_CALL)


@njit(cache=True)
def remainder_reason(mem: Words, bk: int, slot: int, side: int, stopped: bool) -> int:
    """Why what is left of an order that has arrived expires; 0 when it rests."""
    tk = terms_of(mem, slot)
    market = mem[tk + E_TYPE] == MARKET
    at_once = mem[tk + E_TIF] == IOC or mem[tk + E_TIF] == FOK
    if at_once:
        if stopped:
            return OUTSIDE_BAND
        return NO_LIQUIDITY if market else IOC_REMAINDER
    if not market or stopped or mem[bk + B_PHASE] == TRADE_AT_LAST:
        return 0
    if mem[mem[bk + B_RULES] + RB_MARKET_RESTS] != 0:
        return 0
    if banded(mem, bk) and far_end(mem, bk, side) != NO_PRICE:
        if mem[ladder_of(bk, 1 - side) + L_BEST] != NONE_KEY:
            return OUTSIDE_BAND
    return NO_LIQUIDITY


@njit(cache=True)
def settle(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    stopped: bool,
) -> int:
    """Let what is left of an order that has arrived rest or expire. The slot, -1 when it is over."""
    tk = terms_of(mem, slot)
    left = orders[slot * ORDER + O_LIVE]
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    if left == 0:
        end_order(mem, orders, bk, slot)
        slot = -1
    else:
        mem[tk + E_MIN] = min(mem[tk + E_MIN], left)
        reason = remainder_reason(mem, bk, slot, side, stopped)
        if reason != 0:
            drop(mem, orders, levels, bk, ts, cause, slot, reason)
            slot = -1
        else:
            rest_away(mem, orders, levels, bk, ts, cause, slot)
    if stopped:
        begin_phase(mem, orders, levels, bk, ts, cause, VOLATILITY_CALL)
    return slot


@njit(cache=True)
def become_limit(mem: Words, orders: Words, bk: int, slot: int) -> bool:
    """A MARKET_TO_LIMIT order that arrives takes the best price across; whether there is one."""
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    key = mem[ladder_of(bk, 1 - side) + L_BEST]
    if key == NONE_KEY:
        return False
    bound = far_end(mem, bk, side)
    if banded(mem, bk) and bound != NO_PRICE:
        key = min(key, worst_of(side, bound))
    tk = terms_of(mem, slot)
    mem[tk + E_TYPE] = LIMIT
    mem[tk + E_PRICE] = worst_of(side, key)
    return True


@njit(cache=True)
def arrive(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int
) -> int:
    """Let an order that is nowhere arrive, and settle it. The slot where it rests, or -1.

    A peg arrives at E_EFFECTIVE.
    """
    tk = terms_of(mem, slot)
    if mem[tk + E_TYPE] == MARKET_TO_LIMIT and not become_limit(mem, orders, bk, slot):
        drop(mem, orders, levels, bk, ts, cause, slot, NO_OPPOSITE_LIMIT)
        return -1
    worst = worst_key_x2(mem, orders, bk, slot)
    least = mem[tk + E_MIN]
    if mem[tk + E_TIF] == FOK:
        least = orders[slot * ORDER + O_LIVE]
    how = STAYED
    if mem[tk + E_TYPE] == PEG_MIDPOINT and mem[mem[bk + B_RULES] + RB_MID_ISOLATED] != 0:
        if find_shares(mem, orders, bk, slot, worst) >= least:
            take_shares(mem, orders, levels, bk, ts, cause, slot)
    elif least == 0 or fillable(mem, orders, levels, bk, slot, worst) >= least:
        last = mem[bk + B_REFERENCE] if mem[bk + B_PHASE] == TRADE_AT_LAST else NO_PRICE
        how = take(mem, orders, levels, bk, ts, cause, slot, worst, last)
    if how == OVER:
        return -1
    return settle(mem, orders, levels, bk, ts, cause, slot, how == STOPPED)


@njit(cache=True)
def arrive_or_rest(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int
) -> int:
    """Let an order that is nowhere and is neither stop nor parked come in, as the phase has it.

    The slot where it rests or sleeps, or -1.
    """
    tk = terms_of(mem, slot)
    phase = mem[bk + B_PHASE]
    kind = mem[tk + E_TYPE]
    if is_peg(mem, tk):
        effective = NO_PRICE
        if phase == CONTINUOUS:
            effective = effective_now(mem, orders, levels, bk, slot)
        if effective == NO_PRICE:
            sleep(mem, orders, bk, slot)
            return slot
        mem[tk + E_EFFECTIVE] = effective
        return arrive(mem, orders, levels, bk, ts, cause, slot)
    at_last = phase == TRADE_AT_LAST and (kind == LIMIT or kind == MARKET)
    if phase == CONTINUOUS or at_last:
        return arrive(mem, orders, levels, bk, ts, cause, slot)
    rest_away(mem, orders, levels, bk, ts, cause, slot)
    return slot


@njit(cache=True)
def effective_now(mem: Words, orders: Words, levels: Words, bk: int, slot: int) -> int:
    """What a peg is worth now in half ticks, NO_PRICE for nothing."""
    bid = peg_bid(mem, levels, bk)
    return effective_of(mem, orders, slot, bid, peg_ask(mem, levels, bk) if bid != NO_PRICE else 0)


@njit(cache=True)
def place(mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int) -> int:
    """Place an accepted order. The slot where it rests, sleeps or waits, or -1."""
    tk = terms_of(mem, slot)
    kind = mem[tk + E_TYPE]
    tif = mem[tk + E_TIF]
    phase = mem[bk + B_PHASE]
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    mem[tk + E_PLACE] = NOWHERE
    waits = STOP <= kind <= TRAILING_STOP
    if waits:
        mem[tk + E_TRIGGER] = 2 * mem[tk + E_STOP]
        if kind == TRAILING_STOP:
            trail = 2 * mem[tk + E_TRAIL]
            mem[tk + E_TRIGGER] = mem[bk + B_REFERENCE] + (-trail if side else trail)
    waits |= tif == AT_OPEN and phase != OPENING_CALL
    waits |= tif == AT_CLOSE and phase != CLOSING_CALL
    waits |= tif == AUCTION and not is_call(phase)
    if waits:
        dormant_link(mem, orders, bk, slot)
        return slot
    return arrive_or_rest(mem, orders, levels, bk, ts, cause, slot)
