"""What an order would trade if it arrived now, found without changing anything."""

from numba import njit

from sim.kernels.book import ladder_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_DARK,
    B_MARKET,
    B_PHASE,
    B_REFERENCE,
    B_RULES,
    L_BEST,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_LIVE,
    NO_PRICE,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    RB_BAND_ACTION,
    RB_MARKET_RESTS,
    RB_MATCHING,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.ruled.limits import price_at, queue_key_x2, worst_of
from sim.kernels.ruled.lists import next_dark
from sim.kernels.ruled.selftrade import avoids
from sim.kernels.ruled.terms import open_of, outside_band, terms_of
from sim.kernels.ruled.words import E_RESERVE, E_SELF_TRADE
from sim.kernels.status import (
    BAND_INTERRUPT,
    MATCH_SHARED,
    STP_CANCEL_OLDEST,
    STP_DECREMENT,
    TRADE_AT_LAST,
)

ENDS = -1  # an order of the same owner ends the walk
OTHERS = 1
SELVES = 2
RESERVES = 4


@njit(cache=True)
def interrupts(mem: Words, bk: int, price_x2: int) -> bool:
    """Whether a trade at a price would interrupt the book."""
    if mem[mem[bk + B_RULES] + RB_BAND_ACTION] != BAND_INTERRUPT:
        return False
    return mem[bk + B_PHASE] != TRADE_AT_LAST and outside_band(mem, bk, price_x2)


@njit(cache=True)
def market_key_x2(mem: Words, levels: Words, bk: int, side: int, worst: int) -> int:
    """The key at which the other side's market queue trades now, NONE_KEY when it does not."""
    if levels[mem[bk + B_MARKET + 1 - side] * LEVEL + LV_COUNT] == 0:
        return NONE_KEY
    if mem[bk + B_PHASE] == TRADE_AT_LAST:
        if mem[bk + B_REFERENCE] == NO_PRICE:
            return NONE_KEY
        key = worst_of(side, mem[bk + B_REFERENCE])
    elif mem[mem[bk + B_RULES] + RB_MARKET_RESTS] != 0:
        key = queue_key_x2(mem, bk, side, worst)
    else:
        return NONE_KEY
    return key if key <= worst else NONE_KEY


@njit(cache=True)
def meet_self(mem: Words, orders: Words, slot: int, resting: int, wanted: int) -> int:
    """Lots still wanted after an order of the same owner; ENDS when it ends the walk."""
    mode = mem[terms_of(mem, slot) + E_SELF_TRADE]
    if mode == STP_CANCEL_OLDEST:
        return wanted
    if mode == STP_DECREMENT:
        return wanted - min(wanted, open_of(mem, orders, resting))
    return ENDS


@njit(cache=True)
def walk(
    mem: Words,
    orders: Words,
    levels: Words,
    slot: int,
    index: int,
    wanted: int,
    taken: int,
    what: int,
) -> tuple[int, int]:
    """Go down a queue; what is still wanted, or ENDS, and what has been taken.

    Args:
        wanted: Lots wanted before it.
        taken: Lots taken before it.
        what: Bits: OTHERS takes what is live, SELVES meets orders of the same owner, RESERVES takes
            what is behind the peaks.
    """
    resting = levels[index * LEVEL + LV_HEAD]
    while resting >= 0 and wanted > 0:
        lots = 0
        if avoids(mem, orders, slot, resting):
            if what & SELVES:
                wanted = meet_self(mem, orders, slot, resting, wanted)
        elif what & OTHERS:
            lots = min(wanted, orders[resting * ORDER + O_LIVE])
        elif what & RESERVES and orders[resting * ORDER + O_TAPE] == -1:
            lots = min(wanted, mem[terms_of(mem, resting) + E_RESERVE])
        wanted -= lots
        taken += lots
        resting = next_of(orders, resting)
    return wanted, taken


@njit(cache=True)
def walk_level(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    slot: int,
    index: int,
    wanted: int,
    taken: int,
) -> tuple[int, int]:
    """As `walk`, for a displayed level with its reserves behind it."""
    if mem[mem[bk + B_RULES] + RB_MATCHING] == MATCH_SHARED:
        wanted, taken = walk(mem, orders, levels, slot, index, wanted, taken, SELVES)
        wanted, taken = walk(mem, orders, levels, slot, index, wanted, taken, OTHERS)
    else:
        wanted, taken = walk(mem, orders, levels, slot, index, wanted, taken, SELVES | OTHERS)
    return walk(mem, orders, levels, slot, index, wanted, taken, RESERVES)


@njit(cache=True)
def fillable(mem: Words, orders: Words, levels: Words, bk: int, slot: int, worst: int) -> int:
    """Lots that the order in `slot` would trade now with keys up to `worst`, at most its own."""
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    wanted = orders[slot * ORDER + O_LIVE]
    taken = 0
    market = market_key_x2(mem, levels, bk, side, worst)
    if market != NONE_KEY:
        if interrupts(mem, bk, price_at(side, market)):
            return 0
        index = mem[bk + B_MARKET + 1 - side]
        wanted, taken = walk(mem, orders, levels, slot, index, wanted, taken, SELVES | OTHERS)
    ld = ladder_of(bk, 1 - side)
    key = mem[ld + L_BEST]
    dark = mem[bk + B_DARK + 1 - side]
    while wanted > 0:
        while key <= worst >> 1 and levels[find_level(mem, ld, key) * LEVEL + LV_LIVE] == 0:
            key = next_key(mem, ld, key)
        dark = next_dark(mem, orders, bk, dark, wanted)
        dark_key = NONE_KEY if dark < 0 else orders[dark * ORDER + O_KEY_SIDE] >> 1
        level_key = 2 * key if key <= worst >> 1 else NONE_KEY
        best = min(dark_key, level_key)
        if best > worst or interrupts(mem, bk, price_at(side, best)):
            break
        if level_key <= dark_key:
            index = find_level(mem, ld, key)
            wanted, taken = walk_level(mem, orders, levels, bk, slot, index, wanted, taken)
            key = next_key(mem, ld, key)
            continue
        if avoids(mem, orders, slot, dark):
            wanted = meet_self(mem, orders, slot, dark, wanted)
        else:
            lots = min(wanted, orders[dark * ORDER + O_LIVE])
            wanted -= lots
            taken += lots
        dark = next_of(orders, dark)
    return taken
