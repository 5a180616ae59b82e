"""Messages of a feed with lines into its local book: true ones, wrong ones, and those of a snapshot.

A snapshot's content is what the messages up to its number have made of the book, so it is spliced in by
applying them, and by putting right what wrong ones have left behind; of trades it tells nothing.
"""

from numba import njit

from sim.kernels.blocks import book_of, local_at
from sim.kernels.ladder import find_level, room
from sim.kernels.layout import (
    B_TICK,
    H_DELIVERED,
    H_NEED,
    H_NOTE_OFF,
    H_NOTES,
    K_ARMED,
    K_CURSOR,
    K_HEAD_FIRED,
    K_LADDER,
    K_LINES,
    K_PREV_DUE,
    K_VIEW,
    L_BEST,
    L_SIZE,
    LEVEL,
    LV_COUNT,
    LV_SHOWN,
    NONE_KEY,
    R_PRICE,
    R_QTY,
    R_SHOWN,
    R_TS,
    R_WORD,
    V_ASK,
    V_BBO_VERSION,
    V_BID,
    V_LOCAL_NS,
    V_PHASE,
    V_SEQ,
    V_TRADE_QTY,
    V_TRADE_UNITS,
    V_TRADES,
    V_VENUE_NS,
    Words,
)
from sim.kernels.line_arrival import is_level, ring_at
from sim.kernels.line_words import (
    BEGUN,
    CAUGHT_UP,
    LL_BEHIND,
    LL_OWED_NS,
    LL_OWED_UNTIL,
    LL_SIZE,
    LL_STRIKES,
    LN_BAD,
    LN_BEHIND_NS,
    LN_CROSSED,
    LN_DISTRUST,
    LN_DISTRUST_NS,
    LN_HOLE_END,
    LN_LINE,
    LN_MODE,
    LN_RUN_NOTE,
    LN_RUN_NS,
    LN_RUN_QUIET,
    LN_RUN_TO,
    LN_RUN_WRONG,
    LN_TAINT,
    LN_TAINTS,
    N_LINE,
    N_LOCAL,
    N_MISSING,
    N_SEQ,
    N_SIZE,
    N_TS,
    N_WHAT,
    STRIKES,
    TAINT_CAP,
    TAINT_SIZE,
)
from sim.kernels.local_apply import apply_message, needs_room, refresh_best
from sim.kernels.local_batch import note_trade, set_level
from sim.kernels.status import (
    CLEAR,
    CONTINUOUS,
    DONE,
    EXECUTE,
    NEED_LOCAL,
    ON_BBO,
    ON_GAP,
    ON_TRADE,
)
from sim.kernels.subscription import fire


@njit(cache=True)
def note(mem: Words, index: int, now: int, what: int, missing: int, line: int) -> None:
    """Write down what became of a feed; the caller has seen to room."""
    at = mem[H_NOTE_OFF] + mem[H_NOTES] * N_SIZE
    mem[at + N_TS] = now
    mem[at + N_LOCAL] = index
    mem[at + N_WHAT] = what
    mem[at + N_MISSING] = missing
    mem[at + N_LINE] = line
    mem[at + N_SEQ] = mem[local_at(mem, index) + K_CURSOR]
    mem[H_NOTES] += 1


@njit(cache=True)
def watch_line(mem: Words, index: int, line: int, now: int, arrives: int) -> None:
    """Look whether a line brings what the other has brought, one message at a time."""
    ln = mem[local_at(mem, index) + K_LINES]
    ll = ln + LN_LINE + line * LL_SIZE
    until = mem[ll + LL_OWED_UNTIL]
    if until >= 0:
        if now <= until:
            return
        behind = 1 if mem[ll + LL_OWED_NS] > until else 0
        mem[ll + LL_STRIKES] = mem[ll + LL_STRIKES] + 1 if behind != mem[ll + LL_BEHIND] else 0
        if mem[ll + LL_STRIKES] >= STRIKES:
            mem[ll + LL_STRIKES] = 0
            mem[ll + LL_BEHIND] = behind
            note(mem, index, now, BEGUN if behind else CAUGHT_UP, 0, line + 1)
    mem[ll + LL_OWED_NS] = arrives
    mem[ll + LL_OWED_UNTIL] = now + mem[ln + LN_BEHIND_NS]


@njit(cache=True)
def shown_at(mem: Words, levels: Words, ld: int, key: int) -> int:
    """What a level shows, 0 where there is none."""
    index = find_level(mem, ld, key)
    if index < 0 or levels[index * LEVEL + LV_COUNT] == 0:
        return 0
    return levels[index * LEVEL + LV_SHOWN]


@njit(cache=True)
def clean(mem: Words, ln: int, key_side: int) -> None:
    """A level is as it should be again."""
    for place in range(mem[ln + LN_TAINTS]):
        at = mem[ln + LN_TAINT] + place * TAINT_SIZE
        if mem[at] == key_side:
            mem[ln + LN_TAINTS] -= 1
            last = mem[ln + LN_TAINT] + mem[ln + LN_TAINTS] * TAINT_SIZE
            mem[at] = mem[last]
            mem[at + 1] = mem[last + 1]
            return


@njit(cache=True)
def taint(mem: Words, ln: int, key_side: int, truth: int, is_new: bool) -> None:
    """A level is not as it should be; `is_new` says that `truth` is newer than what was known of it."""
    for place in range(mem[ln + LN_TAINTS]):
        at = mem[ln + LN_TAINT] + place * TAINT_SIZE
        if mem[at] == key_side:
            if is_new:
                mem[at + 1] = truth
            return
    at = mem[ln + LN_TAINT] + mem[ln + LN_TAINTS] * TAINT_SIZE
    mem[at] = key_side
    mem[at + 1] = truth
    mem[ln + LN_TAINTS] += 1


@njit(cache=True)
def wrong_key(mem: Words, lk: int, side: int, key: int, wrong: int) -> int:
    """The level that a wrong message speaks of."""
    other = mem[lk + K_LADDER + (1 - side) * L_SIZE + L_BEST]
    if wrong < 0 or other == NONE_KEY:
        return key
    # Keys are negative prices of buys: the other side's best price is the key with its sign changed.
    return -other - (wrong - 1)


@njit(cache=True)
def apply_wrong(mem: Words, levels: Words, lk: int, at: int, wrong: int) -> bool:
    """Apply a level row that says something else than the venue did; False when there is no room."""
    ln = mem[lk + K_LINES]
    side = mem[at + R_WORD] & 1
    price = mem[at + R_PRICE]
    truth = mem[at + R_SHOWN]
    key = price if side else -price
    other = wrong_key(mem, lk, side, key, wrong)
    ld = lk + K_LADDER + side * L_SIZE
    if not room(mem, ld, other):
        return False
    taint(mem, ln, key * 2 + side, truth, True)
    if other == key:
        shown = truth * 10 if truth > 0 else 100
    else:
        shown = max(truth, 1)
        taint(mem, ln, other * 2 + side, shown_at(mem, levels, ld, other), False)
    set_level(mem, levels, ld, other, shown)
    return True


@njit(cache=True)
def apply_row(mem: Words, levels: Words, index: int, at: int) -> int:
    """Apply one row as the run in progress says; triggers, or -1 when there is no room."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    view = lk + K_VIEW
    if needs_room(mem, lk, at):
        return -1
    wrong = mem[ln + LN_RUN_WRONG]
    if wrong != 0 and is_level(mem, at) and mem[ln + LN_TAINTS] + 2 <= TAINT_CAP:
        if not apply_wrong(mem, levels, lk, at, wrong):
            return -1
        if (mem[at + R_WORD] >> 8) & 255 != EXECUTE:
            return 0
        note_trade(mem, lk, mem[at + R_PRICE] * mem[book_of(mem, lk) + B_TICK], mem[at + R_QTY])
        return ON_TRADE
    units = mem[view + V_TRADE_UNITS]
    qty = mem[view + V_TRADE_QTY]
    count = mem[view + V_TRADES]
    fired = apply_message(mem, levels, lk, index, at)
    if mem[ln + LN_RUN_QUIET] != 0:
        mem[view + V_TRADE_UNITS] = units
        mem[view + V_TRADE_QTY] = qty
        mem[view + V_TRADES] = count
        fired &= ~ON_TRADE
    if mem[ln + LN_TAINTS] > 0:
        if (mem[at + R_WORD] >> 8) & 255 == CLEAR:
            mem[ln + LN_TAINTS] = 0
        elif is_level(mem, at):
            side = mem[at + R_WORD] & 1
            price = mem[at + R_PRICE]
            clean(mem, ln, (price if side else -price) * 2 + side)
    return fired


@njit(cache=True)
def heal(mem: Words, levels: Words, lk: int) -> bool:
    """Put right what wrong messages have left behind; False when there is no room."""
    ln = mem[lk + K_LINES]
    while mem[ln + LN_TAINTS] > 0:
        at = mem[ln + LN_TAINT] + (mem[ln + LN_TAINTS] - 1) * TAINT_SIZE
        side = mem[at] & 1
        key = mem[at] >> 1
        ld = lk + K_LADDER + side * L_SIZE
        if not room(mem, ld, key):
            return False
        set_level(mem, levels, ld, key, mem[at + 1])
        mem[ln + LN_TAINTS] -= 1
    return True


@njit(cache=True)
def is_crossed(mem: Words, lk: int) -> bool:
    """Whether the best prices cross or lock while trading is continuous."""
    view = lk + K_VIEW
    if mem[view + V_PHASE] != CONTINUOUS:
        return False
    if mem[view + V_BID + 1] == 0 or mem[view + V_ASK + 1] == 0:
        return False
    return mem[view + V_ASK] + mem[view + V_BID] <= 0  # the word of the bid is its key


@njit(cache=True)
def run(mem: Words, levels: Words, index: int) -> int:
    """Apply what the run in progress still has to. DONE or NEED_LOCAL."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    bk = book_of(mem, lk)
    view = lk + K_VIEW
    while mem[lk + K_CURSOR] < mem[ln + LN_RUN_TO]:
        at = ring_at(mem, bk, mem[lk + K_CURSOR])
        fired = apply_row(mem, levels, index, at)
        if fired < 0:
            mem[H_NEED] = index
            return NEED_LOCAL
        mem[lk + K_HEAD_FIRED] |= fired
        mem[view + V_VENUE_NS] = mem[at + R_TS]
        mem[lk + K_CURSOR] += 1
        mem[H_DELIVERED] += 1
    if mem[ln + LN_RUN_QUIET] != 0 and not heal(mem, levels, lk):
        mem[H_NEED] = index
        return NEED_LOCAL
    finish(mem, levels, index)
    return DONE


@njit(cache=True)
def finish(mem: Words, levels: Words, index: int) -> None:
    """A run is complete: show it, say what it has mended, and wake who waits for it."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    view = lk + K_VIEW
    now = mem[ln + LN_RUN_NS]
    fired = mem[lk + K_HEAD_FIRED]
    mem[lk + K_HEAD_FIRED] = 0
    mem[ln + LN_RUN_TO] = -1
    mem[lk + K_PREV_DUE] = now
    mem[view + V_LOCAL_NS] = now
    mem[view + V_SEQ] = mem[lk + K_CURSOR]
    changed = refresh_best(mem, levels, lk + K_LADDER, view + V_BID)
    if refresh_best(mem, levels, lk + K_LADDER + L_SIZE, view + V_ASK):
        changed = True
    if changed:
        mem[view + V_BBO_VERSION] += 1
        fired |= ON_BBO
    if mem[ln + LN_RUN_QUIET] == 0 and is_crossed(mem, lk):
        mem[ln + LN_CROSSED] = 1
        mem[ln + LN_DISTRUST_NS] = now
    if mem[ln + LN_RUN_NOTE] != 0 and mem[lk + K_CURSOR] >= mem[ln + LN_HOLE_END]:
        note(mem, index, now, mem[ln + LN_RUN_NOTE], 0, 0)
        mem[ln + LN_MODE] = 0
        mem[ln + LN_DISTRUST] = 0
        mem[ln + LN_BAD] = 0
        fired |= ON_GAP
    if mem[lk + K_ARMED] & fired:
        fire(mem, index, now, fired)
