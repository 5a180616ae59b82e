"""The end of a call: who takes part, the print, the fills, and who is over afterwards.

Orders are copied into scratch in the order of a call: buys, then sells; of a side the market queue,
then displayed levels best first, oldest first, then the dark queue. The scratch of n orders is their
slots, their fills, their AO_ records, and what `run_auction` works with.
"""

from numba import njit

from sim.kernels.auction import run_auction
from sim.kernels.auction_words import (
    AO_HIDDEN,
    AO_IS_MARKET,
    AO_MIN,
    AO_PRICE,
    AO_QTY,
    AO_SEQ,
    AO_SIDE,
    AO_SIZE,
    AO_STRIKE,
    AP_BAND_HIGH,
    AP_BAND_LOW,
    AP_HAS_REFERENCE,
    AP_REFERENCE_X2,
    AP_SIZE,
    AR_EXECUTED,
    AR_PRICE,
    AR_SIZE,
    AR_SURPLUS,
    NO_STRIKE_BUY,
    NO_STRIKE_SELL,
    NOTHING,
    OUTSIDE,
    SCRATCH_AN_ORDER,
)
from sim.kernels.book import ladder_of, price_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_BAND_HIGH,
    B_BAND_LOW,
    B_DARK,
    B_LINKED,
    B_MARKET,
    B_OWN,
    B_REFERENCE,
    B_RULES,
    B_TICK,
    H_MODE,
    H_SCRATCH_OFF,
    L_BEST,
    LEVEL,
    LV_HEAD,
    NO_PRICE,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    RB_AUCTION,
    RB_CALL_EXTENDS,
    RB_MARKET_AFTER_CALL,
    RB_MID_ISOLATED,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.outward import publish
from sim.kernels.pointer import view
from sim.kernels.ruled.display import take_away
from sim.kernels.ruled.selftrade import drop
from sim.kernels.ruled.settle import rest_away
from sim.kernels.ruled.strike import strike_away
from sim.kernels.ruled.terms import is_own, note_trade, terms_of
from sim.kernels.ruled.words import (
    DARK,
    E_MIN,
    E_PLACE,
    E_PRICE,
    E_RESERVE,
    E_STOP,
    E_TIF,
    E_TYPE,
    QUEUED,
)
from sim.kernels.status import (
    AT_OPEN,
    AUCTION,
    AUCTION_FILL,
    AUCTION_OVER,
    CROSS,
    FROZEN,
    INDICATION,
    LIMIT,
    MARKET_TO_LIMIT,
    NO_LIQUIDITY,
    PEG_MIDPOINT,
    STRIKE_MATCH,
)

SCRATCH_A_CALL = AR_SIZE
SCRATCH_A_CALLER = 2 + AO_SIZE + SCRATCH_AN_ORDER


@njit(cache=True)
def call_room(mem: Words, bk: int) -> int:
    """Most orders that may take part in a call."""
    return mem[bk + B_LINKED] + mem[bk + B_LINKED + 1] + mem[bk + B_OWN]


@njit(cache=True)
def fills_off(mem: Words, bk: int) -> int:
    """Where the fills of a call begin in scratch, behind the slots."""
    return mem[H_SCRATCH_OFF] + SCRATCH_A_CALL + call_room(mem, bk)


@njit(cache=True)
def gather(mem: Words, orders: Words, levels: Words, bk: int) -> int:
    """Write the slots of all that take part into scratch, in the order of a call. How many."""
    off = mem[H_SCRATCH_OFF] + SCRATCH_A_CALL
    count = 0
    isolated = mem[mem[bk + B_RULES] + RB_MID_ISOLATED] != 0
    for side in range(2):
        slot = levels[mem[bk + B_MARKET + side] * LEVEL + LV_HEAD]
        while slot >= 0:
            mem[off + count] = slot
            count += 1
            slot = next_of(orders, slot)
        ld = ladder_of(bk, side)
        key = mem[ld + L_BEST]
        while key != NONE_KEY:
            slot = levels[find_level(mem, ld, key) * LEVEL + LV_HEAD]
            while slot >= 0:
                if orders[slot * ORDER + O_LIVE] > 0:
                    mem[off + count] = slot
                    count += 1
                slot = next_of(orders, slot)
            key = next_key(mem, ld, key)
        slot = mem[bk + B_DARK + side]
        while slot >= 0:
            if not (isolated and mem[terms_of(mem, slot) + E_TYPE] == PEG_MIDPOINT):
                mem[off + count] = slot
                count += 1
            slot = next_of(orders, slot)
    return count


@njit(cache=True)
def write_order(mem: Words, orders: Words, slot: int, at: int, seq: int) -> None:
    """Write the auction record of an order to `mem[at]`."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    mem[at + AO_SIDE] = side
    mem[at + AO_IS_MARKET] = 0
    mem[at + AO_QTY] = orders[slot * ORDER + O_LIVE]
    mem[at + AO_HIDDEN] = 0
    mem[at + AO_SEQ] = seq
    mem[at + AO_MIN] = 0
    mem[at + AO_STRIKE] = NO_STRIKE_SELL if side else NO_STRIKE_BUY
    mem[at + AO_PRICE] = price_of(key_side)
    if not is_own(orders, slot):
        return
    tk = terms_of(mem, slot)
    mem[at + AO_MIN] = mem[tk + E_MIN]
    if mem[tk + E_PLACE] == QUEUED:
        mem[at + AO_IS_MARKET] = 1
        mem[at + AO_PRICE] = 0
        if mem[tk + E_TYPE] == STRIKE_MATCH:
            mem[at + AO_STRIKE] = mem[tk + E_STOP]
    elif mem[tk + E_PLACE] == DARK:
        # A key in half ticks, halved towards its worse end: the passive side's.
        key = -(-(key_side >> 1) >> 1)
        mem[at + AO_PRICE] = key if side else -key
        mem[at + AO_HIDDEN] = mem[at + AO_QTY]
    else:
        mem[at + AO_HIDDEN] = mem[tk + E_RESERVE]
        mem[at + AO_QTY] += mem[tk + E_RESERVE]


@njit(cache=True)
def find_auction(mem: Words, orders: Words, bk: int, count: int) -> int:
    """Run the auction of the `count` orders gathered in scratch. What decided."""
    answer = mem[H_SCRATCH_OFF]
    slots = answer + SCRATCH_A_CALL
    fills = fills_off(mem, bk)
    records = fills + count
    for place in range(count):
        write_order(mem, orders, mem[slots + place], records + place * AO_SIZE, place)
    policy = mem[mem[bk + B_RULES] + RB_AUCTION]
    reference = mem[bk + B_REFERENCE]
    mem[policy + AP_HAS_REFERENCE] = 0 if reference == NO_PRICE else 1
    mem[policy + AP_REFERENCE_X2] = 0 if reference == NO_PRICE else reference
    mem[policy + AP_BAND_LOW] = mem[bk + B_BAND_LOW]
    mem[policy + AP_BAND_HIGH] = mem[bk + B_BAND_HIGH]
    work = records + count * AO_SIZE
    return run_auction(
        view(mem, records, count * AO_SIZE),
        count,
        view(mem, policy, AP_SIZE),
        view(mem, work, count * SCRATCH_AN_ORDER),
        view(mem, fills, count),
        view(mem, answer, AR_SIZE),
    )


@njit(cache=True)
def indicate(mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int) -> None:
    """Publish what a call would print if it ended now: price in ticks, lots, and the surplus.

    A positive surplus is of buys. Frozen, and without a print, the price is NO_PRICE.
    """
    decided = NOTHING
    if mem[H_MODE] != FROZEN:
        decided = find_auction(mem, orders, bk, gather(mem, orders, levels, bk))
    price = NO_PRICE
    lots = 0
    surplus = 0
    if decided != NOTHING and decided != OUTSIDE:
        answer = mem[H_SCRATCH_OFF]
        price = mem[answer + AR_PRICE]
        lots = mem[answer + AR_EXECUTED]
        surplus = mem[answer + AR_SURPLUS]
    publish(mem, bk, ts, cause, INDICATION, -1, 0, price, lots, surplus)


@njit(cache=True)
def expire_auction_orders(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, count: int
) -> None:
    """Of the `count` orders gathered, end those that were for a call only."""
    slots = mem[H_SCRATCH_OFF] + SCRATCH_A_CALL
    for place in range(count):
        slot = mem[slots + place]
        if is_own(orders, slot) and orders[slot * ORDER + O_LIVE] > 0:
            if AT_OPEN <= mem[terms_of(mem, slot) + E_TIF] <= AUCTION:
                drop(mem, orders, levels, bk, ts, cause, slot, AUCTION_OVER)


@njit(cache=True)
def release_market(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    price: int,
) -> None:
    """What a call left in the market queues goes on, or expires.

    Args:
        price: The print in ticks, at which MARKET_TO_LIMIT orders rest; NO_PRICE for none.
    """
    goes_on = mem[mem[bk + B_RULES] + RB_MARKET_AFTER_CALL] != 0
    for side in range(2):
        slot = levels[mem[bk + B_MARKET + side] * LEVEL + LV_HEAD]
        while slot >= 0:
            after = next_of(orders, slot)
            tk = terms_of(mem, slot)
            if mem[tk + E_TYPE] == MARKET_TO_LIMIT and price != NO_PRICE:
                take_away(mem, orders, levels, bk, ts, cause, slot)
                mem[tk + E_TYPE] = LIMIT
                mem[tk + E_PRICE] = price
                rest_away(mem, orders, levels, bk, ts, cause, slot)
            elif not goes_on:
                drop(mem, orders, levels, bk, ts, cause, slot, NO_LIQUIDITY)
            slot = after


@njit(cache=True)
def uncross(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    waits: bool,
) -> int:
    """End a call: print, fill, and let go of what was for the call only. What decided.

    Where a print outside the band lets the call go on, everything stays as it is.

    Args:
        waits: Whether, without a print, market orders wait for the phase that comes.
    """
    count = gather(mem, orders, levels, bk)
    decided = NOTHING
    price = NO_PRICE
    if mem[H_MODE] != FROZEN:
        decided = find_auction(mem, orders, bk, count)
    if decided == OUTSIDE and mem[mem[bk + B_RULES] + RB_CALL_EXTENDS] != 0:
        return decided
    if decided != NOTHING and decided != OUTSIDE:
        answer = mem[H_SCRATCH_OFF]
        price = mem[answer + AR_PRICE]
        lots = mem[answer + AR_EXECUTED]
        publish(mem, bk, ts, cause, CROSS, -1, 0, price * mem[bk + B_TICK], lots, 0)
        note_trade(mem, bk, 2 * price)
        fills = fills_off(mem, bk)
        for place in range(count):
            lots = mem[fills + place]
            if lots > 0:
                slot = mem[answer + SCRATCH_A_CALL + place]
                strike_away(mem, orders, levels, bk, ts, cause, slot, lots, 2 * price, AUCTION_FILL)
    expire_auction_orders(mem, orders, levels, bk, ts, cause, count)
    if price != NO_PRICE or not waits:
        release_market(mem, orders, levels, bk, ts, cause, price)
    return decided
