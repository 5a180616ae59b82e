"""The structural invariants that a book with rules adds, checked from scratch."""

from numba import njit

from sim.kernels.audit import audit_book
from sim.kernels.blocks import book_at
from sim.kernels.book import ladder_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_DARK,
    B_DORMANT,
    B_DORMANT_LAST,
    B_DORMANTS,
    B_MARKET,
    B_OWN,
    B_PEG,
    B_PEG_LAST,
    B_PEGS,
    B_PHASE,
    B_REFILLS,
    H_MODE,
    L_BEST,
    LEVEL,
    LV_HEAD,
    LV_PEGS,
    NO_PRICE,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    Words,
)
from sim.kernels.links import next_of, prev_of
from sim.kernels.resume import best_own
from sim.kernels.ruled.terms import is_own, is_peg, terms_of
from sim.kernels.ruled.words import (
    DARK,
    DISPLAYED,
    DORMANT,
    E_EFFECTIVE,
    E_ENTRY,
    E_MIN,
    E_PEG_NEXT,
    E_PEG_PREV,
    E_PLACE,
    E_REFILLS,
    E_RESERVE,
    QUEUED,
)
from sim.kernels.status import CONTINUOUS, REACTIVE


@njit(cache=True)
def audit_term(mem: Words, orders: Words, slot: int, place: int) -> int:
    """Check one order of ours. 0, or the number of the broken rule."""
    tk = terms_of(mem, slot)
    live = orders[slot * ORDER + O_LIVE]
    if mem[tk + E_PLACE] != place:
        return 30
    if live < 1 or mem[tk + E_RESERVE] < 0:
        return 31
    if mem[tk + E_MIN] > live or (place == DISPLAYED and mem[tk + E_MIN] > 0):
        return 32
    if mem[tk + E_RESERVE] > 0 and place != DISPLAYED:
        return 33
    return 0


@njit(cache=True)
def audit_queue(mem: Words, orders: Words, slot: int, place: int, seen: Words) -> int:
    """Check a list of orders from its head on. 0, or the number of the broken rule.

    Args:
        seen: Sums so far: orders, refills, pegs.
    """
    before = -1
    while slot >= 0:
        if is_own(orders, slot):
            broken = audit_term(mem, orders, slot, place)
            if broken != 0:
                return broken
            tk = terms_of(mem, slot)
            seen[0] += 1
            seen[1] += mem[tk + E_REFILLS]
            seen[2] += 1 if is_peg(mem, tk) else 0
            if is_peg(mem, tk) and (mem[tk + E_EFFECTIVE] == NO_PRICE) != (place == DORMANT):
                return 34
        elif place != DISPLAYED:
            return 35
        if prev_of(orders, slot) != before:
            return 36
        if before >= 0 and place == DARK:
            key = orders[slot * ORDER + O_KEY_SIDE] >> 1
            better = orders[before * ORDER + O_KEY_SIDE] >> 1
            entry = mem[terms_of(mem, slot) + E_ENTRY]
            if better > key or (better == key and mem[terms_of(mem, before) + E_ENTRY] >= entry):
                return 37
        if before >= 0 and place == DORMANT:
            if mem[terms_of(mem, before) + E_ENTRY] >= mem[terms_of(mem, slot) + E_ENTRY]:
                return 37
        before = slot
        slot = next_of(orders, slot)
    return 0


@njit(cache=True)
def audit_displayed(
    mem: Words, orders: Words, levels: Words, bk: int, side: int, seen: Words
) -> int:
    """Check the displayed orders of one side and their levels' pegs. 0, or the broken rule."""
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while key != NONE_KEY:
        index = find_level(mem, ld, key)
        pegs = seen[2]
        broken = audit_queue(mem, orders, levels[index * LEVEL + LV_HEAD], DISPLAYED, seen)
        if broken != 0:
            return broken
        if seen[2] - pegs != levels[index * LEVEL + LV_PEGS]:
            return 38
        key = next_key(mem, ld, key)
    return 0


@njit(cache=True)
def audit_pegs(mem: Words, bk: int) -> int:
    """Check the list of pegs. 0, or the number of the broken rule."""
    before = -1
    count = 0
    slot = mem[bk + B_PEG]
    while slot >= 0:
        tk = terms_of(mem, slot)
        if mem[tk + E_PEG_PREV] != before:
            return 39
        if before >= 0 and mem[terms_of(mem, before) + E_ENTRY] >= mem[tk + E_ENTRY]:
            return 40
        count += 1
        before = slot
        slot = mem[tk + E_PEG_NEXT]
    if before != mem[bk + B_PEG_LAST] or count != mem[bk + B_PEGS]:
        return 41
    return 0


@njit(cache=True)
def crosses_ours(mem: Words, orders: Words, levels: Words, bk: int, side: int) -> bool:
    """Whether a displayed order of ours crosses the other side where it may not."""
    if mem[H_MODE] != REACTIVE or mem[bk + B_PHASE] != CONTINUOUS:
        return False
    slot = best_own(mem, orders, levels, bk, side)
    if slot < 0:
        return False
    return mem[ladder_of(bk, 1 - side) + L_BEST] <= -(orders[slot * ORDER + O_KEY_SIDE] >> 1)


@njit(cache=True)
def audit_ruled(mem: Words, orders: Words, levels: Words, book_id: int, seen: Words) -> int:
    """Check every invariant of a book with rules. 0, or the number of the broken one.

    1–19 are those of any book; 30–37 are about orders and lists, 38–41 about pegs, 42–45 are sums. 46
    says that a displayed order of ours rests crossed or locked in a reactive book in continuous trading;
    historical orders may cross each other after a call.

    Args:
        seen: Three words of scratch.
    """
    bk = book_at(mem, book_id)
    seen[0] = 0
    seen[1] = 0
    seen[2] = 0
    for side in range(2):
        broken = audit_displayed(mem, orders, levels, bk, side, seen)
        if broken == 0:
            head = levels[mem[bk + B_MARKET + side] * LEVEL + LV_HEAD]
            broken = audit_queue(mem, orders, head, QUEUED, seen)
        if broken == 0:
            broken = audit_queue(mem, orders, mem[bk + B_DARK + side], DARK, seen)
        if broken != 0:
            return broken
    others = seen[0]
    broken = audit_queue(mem, orders, mem[bk + B_DORMANT], DORMANT, seen)
    if broken == 0:
        broken = audit_pegs(mem, bk)
    if broken != 0:
        return broken
    if seen[0] - others != mem[bk + B_DORMANTS]:
        return 42
    if seen[0] == others and mem[bk + B_DORMANT_LAST] != -1:
        return 43
    if seen[0] != mem[bk + B_OWN] or seen[2] != mem[bk + B_PEGS]:
        return 44
    if seen[1] != mem[bk + B_REFILLS]:
        return 45
    for side in range(2):
        if crosses_ours(mem, orders, levels, bk, side):
            return 46
    broken = audit_book(mem, orders, levels, book_id)
    return 0 if broken == 20 else broken
