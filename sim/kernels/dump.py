"""The state of a book as a list of integers (docs/explanation/venue-truth.md, "The state dump")."""

from numba import njit

from sim.kernels.blocks import book_at
from sim.kernels.book import ladder_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_DEPTH,
    B_DIVERGED,
    B_EXPIRED,
    B_HANDLE_BASE,
    B_HANDLES,
    B_LINKED,
    B_MARKET,
    B_MOVED,
    B_PHASE,
    B_VOID,
    H_MODE,
    H_SLOTS,
    L_BEST,
    L_NLEV,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_SHOWN,
    NONE_KEY,
    O_LIVE,
    O_TAPE,
    ORDER,
    T_AHEAD,
    T_ID,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.pool import tag_of
from sim.kernels.status import DEPTH_L3, REACTIVE


@njit(cache=True)
def name_of(mem: Words, orders: Words, bk: int, slot: int) -> int:
    """The name of an order in dumps."""
    tape = orders[slot * ORDER + O_TAPE]
    if tape == -1:
        return mem[tag_of(mem, slot) + T_ID] * 4 + 1
    if tape == 0:
        return mem[tag_of(mem, slot) + T_ID] * 4 + 2
    return (slot - mem[bk + B_HANDLE_BASE]) * 4


@njit(cache=True)
def dump_side(
    mem: Words, orders: Words, levels: Words, bk: int, side: int, out: Words, at: int
) -> int:
    """Write one side of a book from `out[at]` on; where it ends."""
    ld = ladder_of(bk, side)
    out[at] = mem[ld + L_NLEV]
    at += 1
    key = mem[ld + L_BEST]
    while key != NONE_KEY:
        index = find_level(mem, ld, key)
        out[at] = key if side else -key
        out[at + 1] = levels[index * LEVEL + LV_SHOWN]
        out[at + 2] = levels[index * LEVEL + LV_COUNT]
        at += 3
        slot = levels[index * LEVEL + LV_HEAD]
        while slot >= 0:
            out[at] = name_of(mem, orders, bk, slot)
            out[at + 1] = orders[slot * ORDER + O_LIVE]
            out[at + 2] = orders[slot * ORDER + O_TAPE]
            if out[at + 2] == -1 and mem[bk + B_DEPTH] != DEPTH_L3:
                out[at + 2] = -1 - mem[tag_of(mem, slot) + T_AHEAD]
            at += 3
            slot = next_of(orders, slot)
        key = next_key(mem, ld, key)
    queue = mem[bk + B_MARKET + side]
    out[at] = levels[queue * LEVEL + LV_COUNT]
    at += 1
    slot = levels[queue * LEVEL + LV_HEAD]
    while slot >= 0:
        out[at] = name_of(mem, orders, bk, slot)
        out[at + 1] = orders[slot * ORDER + O_LIVE]
        at += 2
        slot = next_of(orders, slot)
    return at


@njit(cache=True)
def dump_book(mem: Words, orders: Words, levels: Words, book_id: int, out: Words) -> int:
    """Write a book's state dump (docs/explanation/venue-truth.md) into `out`; its length.

    `out` must hold 16 + 4 words an order in the book or spent; the caller sizes it.
    """
    bk = book_at(mem, book_id)
    out[0] = mem[bk + B_PHASE]
    at = dump_side(mem, orders, levels, bk, 0, out, 1)
    at = dump_side(mem, orders, levels, bk, 1, out, at)
    count_at = at
    at += 1
    spent = 0
    if mem[H_MODE] == REACTIVE:
        base = mem[bk + B_HANDLE_BASE]
        for handle in range(mem[bk + B_HANDLES]):
            if (
                orders[(base + handle) * ORDER + O_TAPE] > 0
                and orders[(base + handle) * ORDER + O_LIVE] == 0
            ):
                out[at] = handle
                out[at + 1] = orders[(base + handle) * ORDER + O_TAPE]
                at += 2
                spent += 1
    out[count_at] = spent
    out[at] = mem[bk + B_VOID]
    out[at + 1] = mem[bk + B_EXPIRED]
    out[at + 2] = mem[bk + B_DIVERGED]
    out[at + 3] = mem[bk + B_MOVED]
    return at + 4


@njit(cache=True)
def dump_size(mem: Words, orders: Words, book_id: int) -> int:
    """Words that `dump_book` needs at most."""
    bk = book_at(mem, book_id)
    alive = mem[bk + B_LINKED] + mem[bk + B_LINKED + 1]
    base = mem[bk + B_HANDLE_BASE]
    for slot in range(base, base + mem[bk + B_HANDLES]):
        if orders[slot * ORDER + O_TAPE] > 0:
            alive += 1
    market = mem[H_SLOTS] - base
    return 32 + 6 * alive + 2 * market
