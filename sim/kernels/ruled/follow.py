"""The follow-up: stops that trades have triggered, then pegs whose reference has moved.

It runs after every row and every command, while the book trades continuously.
"""

from numba import njit

from sim.kernels.layout import (
    B_DORMANT,
    B_DORMANTS,
    B_PEG,
    B_PEG_ASK,
    B_PEG_BID,
    B_PEG_STALE,
    B_PEGS,
    B_PHASE,
    B_STEP_HIGH,
    B_STEP_LAST,
    B_STEP_LOW,
    NO_PRICE,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.ruled.display import take_away
from sim.kernels.ruled.limits import effective_of, peg_ask, peg_bid
from sim.kernels.ruled.settle import arrive, rest_away, sleep
from sim.kernels.ruled.terms import tell, terms_of
from sim.kernels.ruled.words import (
    E_EFFECTIVE,
    E_PEG_NEXT,
    E_SHARE,
    E_TIF,
    E_TRAIL,
    E_TRIGGER,
    E_TYPE,
    PEG_ROUNDS_MAX,
)
from sim.kernels.status import (
    CONTINUOUS,
    IOC,
    LIMIT,
    MARKET,
    NO_REASON,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
    TRIGGERED,
)


@njit(cache=True)
def mark_stops(mem: Words, orders: Words, bk: int) -> int:
    """Mark the stops that trades since the last look trigger, and let the others trail. How many."""
    low = mem[bk + B_STEP_LOW]
    high = mem[bk + B_STEP_HIGH]
    last = mem[bk + B_STEP_LAST]
    mem[bk + B_STEP_LAST] = NO_PRICE
    found = 0
    slot = mem[bk + B_DORMANT]
    while slot >= 0:
        tk = terms_of(mem, slot)
        kind = mem[tk + E_TYPE]
        mem[tk + E_SHARE] = 0
        if STOP <= kind <= TRAILING_STOP:
            trigger = mem[tk + E_TRIGGER]
            sells = orders[slot * ORDER + O_KEY_SIDE] & 1 == 1
            if trigger >= low if sells else trigger <= high:
                mem[tk + E_SHARE] = 1
                found += 1
            elif kind == TRAILING_STOP and sells:
                mem[tk + E_TRIGGER] = max(trigger, last - 2 * mem[tk + E_TRAIL])
            elif kind == TRAILING_STOP:
                mem[tk + E_TRIGGER] = min(trigger, last + 2 * mem[tk + E_TRAIL])
        slot = next_of(orders, slot)
    return found


@njit(cache=True)
def fire_stops(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, count: int
) -> None:
    """Let the marked stops leave the list and arrive, in order of entry.

    After an interruption they rest as orders do that come in such a phase.
    """
    slot = mem[bk + B_DORMANT]
    while count > 0:
        after = next_of(orders, slot)
        tk = terms_of(mem, slot)
        if mem[tk + E_SHARE] == 1:
            count -= 1
            mem[tk + E_SHARE] = 0
            take_away(mem, orders, levels, bk, ts, cause, slot)
            left = orders[slot * ORDER + O_LIVE]
            tell(mem, bk, ts, TRIGGERED, slot, left, left, NO_REASON)
            if mem[tk + E_TYPE] == STOP_LIMIT:
                mem[tk + E_TYPE] = LIMIT
            else:
                mem[tk + E_TYPE] = MARKET
                mem[tk + E_TIF] = IOC
            if mem[bk + B_PHASE] == CONTINUOUS:
                arrive(mem, orders, levels, bk, ts, cause, slot)
                if mem[bk + B_PHASE] != CONTINUOUS:
                    after = mem[bk + B_DORMANT]  # parked orders have left the list
            else:
                rest_away(mem, orders, levels, bk, ts, cause, slot)
        slot = after


@njit(cache=True)
def mark_pegs(mem: Words, orders: Words, levels: Words, bk: int) -> int:
    """Look at the peg reference, and mark the pegs that are worth something else now. How many."""
    bid = peg_bid(mem, levels, bk)
    ask = peg_ask(mem, levels, bk) if bid != NO_PRICE else NO_PRICE
    if mem[bk + B_PEG_STALE] == 0 and mem[bk + B_PEG_BID] == bid and mem[bk + B_PEG_ASK] == ask:
        return 0
    mem[bk + B_PEG_BID] = bid
    mem[bk + B_PEG_ASK] = ask
    mem[bk + B_PEG_STALE] = 0
    found = 0
    slot = mem[bk + B_PEG]
    while slot >= 0:
        tk = terms_of(mem, slot)
        differs = effective_of(mem, orders, slot, bid, ask) != mem[tk + E_EFFECTIVE]
        mem[tk + E_SHARE] = 1 if differs else 0
        found += differs
        slot = mem[tk + E_PEG_NEXT]
    return found


@njit(cache=True)
def move_pegs(mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int) -> None:
    """Take the marked pegs out in order of entry, then let each arrive at its new price, or sleep."""
    bid = mem[bk + B_PEG_BID]
    ask = mem[bk + B_PEG_ASK]
    first = -1
    latest = -1
    slot = mem[bk + B_PEG]
    while slot >= 0:
        tk = terms_of(mem, slot)
        after = mem[tk + E_PEG_NEXT]
        if mem[tk + E_SHARE] == 1:
            take_away(mem, orders, levels, bk, ts, cause, slot)
            mem[tk + E_SHARE] = -1  # from here on the next one that was taken out
            if latest < 0:
                first = slot
            else:
                mem[terms_of(mem, latest) + E_SHARE] = slot
            latest = slot
        slot = after
    while first >= 0:
        slot = first
        tk = terms_of(mem, slot)
        first = mem[tk + E_SHARE]
        mem[tk + E_SHARE] = 0
        effective = effective_of(mem, orders, slot, bid, ask)
        if effective == NO_PRICE or mem[bk + B_PHASE] != CONTINUOUS:
            sleep(mem, orders, bk, slot)
        else:
            mem[tk + E_EFFECTIVE] = effective
            arrive(mem, orders, levels, bk, ts, cause, slot)


@njit(cache=True)
def follow_up(mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int) -> None:
    """Look at stops and pegs until nothing changes, or the rounds of pegs are used up."""
    rounds = 0
    while mem[bk + B_PHASE] == CONTINUOUS:
        if mem[bk + B_STEP_LAST] != NO_PRICE:
            if mem[bk + B_DORMANTS] == 0:
                mem[bk + B_STEP_LAST] = NO_PRICE
                continue
            count = mark_stops(mem, orders, bk)
            fire_stops(mem, orders, levels, bk, ts, cause, count)
            continue
        if mem[bk + B_PEGS] == 0 or rounds == PEG_ROUNDS_MAX:
            return
        if mark_pegs(mem, orders, levels, bk) == 0:
            return
        move_pegs(mem, orders, levels, bk, ts, cause)
        rounds += 1
