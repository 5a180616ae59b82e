"""Displayed queues of a book with rules: joining with a peak, refilling it, leaving.

Queues are those of `sim/kernels/book.py`; here each level also counts its pegs and knows its top
order, the one that made it its side's best. That order heads the queue as long as it stays.
"""

from numba import njit

from sim.kernels.book import (
    key_of,
    ladder_of,
    level_of,
    price_of,
    publish_gone,
    rest,
    set_amounts,
    unlink,
)
from sim.kernels.draw import draw
from sim.kernels.layout import (
    B_RULES,
    H_MODE,
    L_BEST,
    LEVEL,
    LV_COUNT,
    LV_PEGS,
    LV_SHOWN,
    LV_TOP,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    RB_PEAK_KEY,
    T_ID,
    Words,
)
from sim.kernels.market_queue import market_link, market_unlink
from sim.kernels.outward import publish
from sim.kernels.pool import tag_of
from sim.kernels.ruled.lists import (
    dark_unlink,
    dormant_unlink,
    enter,
    peg_link,
    peg_unlink,
)
from sim.kernels.ruled.terms import is_peg, terms_of
from sim.kernels.ruled.words import (
    DARK,
    DISPLAYED,
    E_DISPLAY,
    E_DISPLAY_HIGH,
    E_PEAKS,
    E_PLACE,
    E_RESERVE,
    E_TOOK,
    NOWHERE,
    QUEUED,
)
from sim.kernels.status import ADD, REACTIVE, REPLACE


@njit(cache=True)
def join(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    kind: int,
    may_top: bool,
) -> int:
    """Put an order at the back of its level, publish what joined, and keep the level's top order."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    best = mem[ladder_of(bk, key_side & 1) + L_BEST]
    public = mem[H_MODE] == REACTIVE or orders[slot * ORDER + O_TAPE] >= 0
    index = rest(mem, orders, levels, bk, ts, cause, slot, kind, public)
    if levels[index * LEVEL + LV_COUNT] == 1:
        levels[index * LEVEL + LV_TOP] = slot + 1 if may_top and key_side >> 1 < best else 0
    elif levels[index * LEVEL + LV_TOP] == slot + 1:
        levels[index * LEVEL + LV_TOP] = 0  # a slot that was the top order before comes again
    return index


@njit(cache=True)
def next_peak(mem: Words, bk: int, slot: int) -> int:
    """The size of an iceberg's next peak; a random one is drawn."""
    tk = terms_of(mem, slot)
    peak = mem[tk + E_DISPLAY]
    more = mem[tk + E_DISPLAY_HIGH] - peak
    if more > 0:
        key = mem[mem[bk + B_RULES] + RB_PEAK_KEY]
        bits = draw(key, mem[tag_of(mem, slot) + T_ID], mem[tk + E_PEAKS])
        peak += bits % (more + 1)
    mem[tk + E_PEAKS] += 1
    return peak


@njit(cache=True)
def show_peak(mem: Words, orders: Words, bk: int, slot: int) -> None:
    """Split the open lots of an iceberg that is about to rest into its next peak and its reserve.

    What it has traded on arriving comes off its peaks.
    """
    tk = terms_of(mem, slot)
    if mem[tk + E_DISPLAY] == 0:
        return
    shown = next_peak(mem, bk, slot) - mem[tk + E_TOOK]
    while shown <= 0:
        shown += next_peak(mem, bk, slot)
    mem[tk + E_TOOK] = 0
    lots = orders[slot * ORDER + O_LIVE]
    if shown < lots:
        orders[slot * ORDER + O_LIVE] = shown
        mem[tk + E_RESERVE] = lots - shown


@njit(cache=True)
def show(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    price: int,
) -> None:
    """Let an order of ours that is nowhere rest displayed at a price in ticks."""
    tk = terms_of(mem, slot)
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    orders[slot * ORDER + O_KEY_SIDE] = key_of(side, price) * 2 + side
    show_peak(mem, orders, bk, slot)
    index = join(mem, orders, levels, bk, ts, cause, slot, ADD, True)
    mem[tk + E_PLACE] = DISPLAYED
    if is_peg(mem, tk):
        levels[index * LEVEL + LV_PEGS] += 1
        enter(mem, bk, slot)
        peg_link(mem, bk, slot)


@njit(cache=True)
def refill(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, lots: int
) -> None:
    """An iceberg that has left its level with `lots` joins the back of it with a new peak."""
    orders[slot * ORDER + O_LIVE] = lots
    mem[terms_of(mem, slot) + E_RESERVE] = 0
    show_peak(mem, orders, bk, slot)
    join(mem, orders, levels, bk, ts, cause, slot, ADD, False)


@njit(cache=True)
def leave_level(mem: Words, orders: Words, levels: Words, bk: int, slot: int, index: int) -> int:
    """Take an order out of its level's queue for good; the shown quantity that stays."""
    if orders[slot * ORDER + O_TAPE] == -1 and is_peg(mem, terms_of(mem, slot)):
        levels[index * LEVEL + LV_PEGS] -= 1
        peg_unlink(mem, bk, slot)
    return unlink(mem, orders, levels, bk, slot, index)


@njit(cache=True)
def take_away(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int
) -> None:
    """Take an order of ours out of wherever it is, publishing that where the feed shows it.

    All that it has open is in O_LIVE afterwards.
    """
    tk = terms_of(mem, slot)
    place = mem[tk + E_PLACE]
    if place == DISPLAYED:
        key_side = orders[slot * ORDER + O_KEY_SIDE]
        lots = orders[slot * ORDER + O_LIVE]
        shown = leave_level(mem, orders, levels, bk, slot, level_of(mem, orders, bk, slot))
        if mem[H_MODE] == REACTIVE:
            publish_gone(mem, bk, ts, cause, slot, key_side, lots, shown)
        orders[slot * ORDER + O_LIVE] = lots + mem[tk + E_RESERVE]
        mem[tk + E_RESERVE] = 0
        mem[tk + E_TOOK] = 0
    elif place == QUEUED:
        market_unlink(mem, orders, levels, bk, slot)
    elif place != NOWHERE:
        if is_peg(mem, tk):
            peg_unlink(mem, bk, slot)
        if place == DARK:
            dark_unlink(mem, orders, bk, slot)
        else:
            dormant_unlink(mem, orders, bk, slot)
    mem[tk + E_PLACE] = NOWHERE


@njit(cache=True)
def queue_market(mem: Words, orders: Words, levels: Words, bk: int, slot: int) -> None:
    """Let an order of ours that is nowhere wait in its side's market queue."""
    side = orders[slot * ORDER + O_KEY_SIDE] & 1
    orders[slot * ORDER + O_KEY_SIDE] = (NONE_KEY >> 1) * 2 + side
    market_link(mem, orders, levels, bk, slot)
    mem[terms_of(mem, slot) + E_PLACE] = QUEUED


@njit(cache=True)
def lessen_shown(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, lots: int
) -> None:
    """Take lots that do not trade off a displayed order that keeps its place, its reserve first.

    Nothing is published when the peak of an iceberg stays.
    """
    tk = terms_of(mem, slot)
    hidden = min(mem[tk + E_RESERVE], lots)
    mem[tk + E_RESERVE] -= hidden
    if mem[tk + E_DISPLAY] > 0 and hidden == lots:
        return
    index = level_of(mem, orders, bk, slot)
    live = orders[slot * ORDER + O_LIVE] - (lots - hidden)
    set_amounts(mem, orders, levels, bk, slot, index, live, -1)
    if mem[H_MODE] == REACTIVE:
        key_side = orders[slot * ORDER + O_KEY_SIDE]
        shown = levels[index * LEVEL + LV_SHOWN]
        price = price_of(key_side)
        publish(mem, bk, ts, cause, REPLACE, slot, key_side & 1, price, live, shown)
