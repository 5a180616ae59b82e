"""An arriving order of ours trades: with one resting order, or with a whole level that is shared."""

from numba import njit

from sim.kernels.allocation import allocate
from sim.kernels.auction_words import LP_STEP_COUNT, LP_STEPS
from sim.kernels.book import level_of, price_of
from sim.kernels.layout import (
    B_RULES,
    H_SCRATCH_CAP,
    H_SCRATCH_OFF,
    LEVEL,
    LV_HEAD,
    LV_LIVE,
    LV_TOP,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    RB_ALLOCATION,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.pointer import view
from sim.kernels.ruled.selftrade import avoids, settle_self
from sim.kernels.ruled.strike import strike_away, strike_level, strike_unshown
from sim.kernels.ruled.terms import is_own, note_trade, publish_trade, tell_fill, terms_of
from sim.kernels.ruled.words import DISPLAYED, E_PLACE, E_TOOK
from sim.kernels.status import MAKER, TAKER

SCRATCH_A_RESTING = 4  # slots, quantities, shares of lead market makers, fills


@njit(cache=True)
def trade(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    resting: int,
    lots: int,
    price_x2: int,
) -> None:
    """The order in `slot` trades with a resting one, wherever that is, at a price in half ticks."""
    key_side = orders[resting * ORDER + O_KEY_SIDE]
    shown = True
    if is_own(orders, resting):
        shown = mem[terms_of(mem, resting) + E_PLACE] == DISPLAYED
    if not shown:
        strike_unshown(mem, orders, levels, bk, ts, cause, resting, lots, price_x2)
    elif 2 * price_of(key_side) == price_x2:
        index = level_of(mem, orders, bk, resting)
        strike_level(mem, orders, levels, bk, ts, cause, resting, index, lots)
    else:
        publish_trade(mem, bk, ts, cause, 1 - (key_side & 1), price_x2, lots)
        note_trade(mem, bk, price_x2)
        strike_away(mem, orders, levels, bk, ts, cause, resting, lots, price_x2, MAKER)
    left = orders[slot * ORDER + O_LIVE] - lots
    orders[slot * ORDER + O_LIVE] = left
    mem[terms_of(mem, slot) + E_TOOK] += lots
    tell_fill(mem, bk, ts, slot, price_x2, lots, left, TAKER)


@njit(cache=True)
def settle_selves(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    index: int,
) -> bool:
    """Settle self-trades with a whole level, oldest first; whether the arriving order is over."""
    resting = levels[index * LEVEL + LV_HEAD]
    while resting >= 0:
        after = next_of(orders, resting)
        if avoids(mem, orders, slot, resting):
            if settle_self(mem, orders, levels, bk, ts, cause, slot, resting):
                return True
        resting = after
    return False


@njit(cache=True)
def share_level(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    index: int,
    price_x2: int,
) -> None:
    """Share the order in `slot` among all of a level that has something live, and let them trade.

    What the steps of the allocation leave goes to the oldest first.
    """
    off = mem[H_SCRATCH_OFF]
    room = mem[H_SCRATCH_CAP] // SCRATCH_A_RESTING
    count = 0
    resting = levels[index * LEVEL + LV_HEAD]
    top = -1
    if levels[index * LEVEL + LV_TOP] == resting + 1 and orders[resting * ORDER + O_LIVE] > 0:
        top = 0
    while resting >= 0:
        if orders[resting * ORDER + O_LIVE] > 0:
            mem[off + count] = resting
            mem[off + room + count] = orders[resting * ORDER + O_LIVE]
            mem[off + 2 * room + count] = 0
            count += 1
        resting = next_of(orders, resting)
    lots = min(orders[slot * ORDER + O_LIVE], levels[index * LEVEL + LV_LIVE])
    policy = mem[mem[bk + B_RULES] + RB_ALLOCATION]
    qty = view(mem, off + room, count)
    fills = view(mem, off + 3 * room, count)
    left = allocate(
        qty,
        view(mem, off + 2 * room, count),
        count,
        top,
        lots,
        view(mem, policy, LP_STEPS + mem[policy + LP_STEP_COUNT]),
        fills,
    )
    for place in range(count):
        more = min(left, qty[place] - fills[place])
        left -= more
        if fills[place] + more > 0:
            resting = mem[off + place]
            trade(
                mem,
                orders,
                levels,
                bk,
                ts,
                cause,
                slot,
                resting,
                fills[place] + more,
                price_x2,
            )
