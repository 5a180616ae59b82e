"""What a book with rules adds to a state dump (docs/explanation/venue-rules.md, "What a dump adds")."""

from numba import njit

from sim.kernels.blocks import book_at
from sim.kernels.book import ladder_of
from sim.kernels.dump import dump_book, dump_size, name_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_BAND_HIGH,
    B_BAND_LOW,
    B_CROSSED,
    B_DARK,
    B_DORMANT,
    B_DORMANTS,
    B_OWN,
    B_PEG_ASK,
    B_PEG_BID,
    B_REFERENCE,
    L_BEST,
    LEVEL,
    LV_HEAD,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.ruled.terms import is_own, terms_of
from sim.kernels.ruled.words import E_MIN, E_RESERVE, E_TRIGGER, E_TYPE
from sim.kernels.status import STOP, TRAILING_STOP


@njit(cache=True)
def dump_dark(mem: Words, orders: Words, bk: int, side: int, out: Words, at: int) -> int:
    """Write a dark queue from `out[at]` on; where it ends."""
    count_at = at
    count = 0
    at += 1
    slot = mem[bk + B_DARK + side]
    while slot >= 0:
        key = orders[slot * ORDER + O_KEY_SIDE] >> 1
        out[at] = name_of(mem, orders, bk, slot)
        out[at + 1] = key if side else -key
        out[at + 2] = orders[slot * ORDER + O_LIVE]
        out[at + 3] = mem[terms_of(mem, slot) + E_MIN]
        at += 4
        count += 1
        slot = next_of(orders, slot)
    out[count_at] = count
    return at


@njit(cache=True)
def dump_dormant(mem: Words, orders: Words, bk: int, out: Words, at: int) -> int:
    """Write the dormant list from `out[at]` on; where it ends."""
    out[at] = mem[bk + B_DORMANTS]
    at += 1
    slot = mem[bk + B_DORMANT]
    while slot >= 0:
        tk = terms_of(mem, slot)
        out[at] = name_of(mem, orders, bk, slot)
        out[at + 1] = orders[slot * ORDER + O_LIVE]
        is_stop = STOP <= mem[tk + E_TYPE] <= TRAILING_STOP
        out[at + 2] = mem[tk + E_TRIGGER] if is_stop else 0
        at += 3
        slot = next_of(orders, slot)
    return at


@njit(cache=True)
def dump_reserves(mem: Words, orders: Words, levels: Words, bk: int, out: Words, at: int) -> int:
    """Write the displayed orders with a reserve from `out[at]` on; where it ends."""
    count_at = at
    count = 0
    at += 1
    for side in range(2):
        ld = ladder_of(bk, side)
        key = mem[ld + L_BEST]
        while key != NONE_KEY:
            slot = levels[find_level(mem, ld, key) * LEVEL + LV_HEAD]
            while slot >= 0:
                if is_own(orders, slot) and mem[terms_of(mem, slot) + E_RESERVE] > 0:
                    out[at] = name_of(mem, orders, bk, slot)
                    out[at + 1] = mem[terms_of(mem, slot) + E_RESERVE]
                    at += 2
                    count += 1
                slot = next_of(orders, slot)
            key = next_key(mem, ld, key)
    out[count_at] = count
    return at


@njit(cache=True)
def dump_ruled(mem: Words, orders: Words, levels: Words, book_id: int, out: Words) -> int:
    """Write the state dump of a book with rules into `out`; its length."""
    bk = book_at(mem, book_id)
    at = dump_book(mem, orders, levels, book_id, out)
    out[at] = mem[bk + B_REFERENCE]
    out[at + 1] = mem[bk + B_BAND_LOW]
    out[at + 2] = mem[bk + B_BAND_HIGH]
    out[at + 3] = mem[bk + B_CROSSED]
    out[at + 4] = mem[bk + B_PEG_BID]
    out[at + 5] = mem[bk + B_PEG_ASK]
    at += 6
    for side in range(2):
        at = dump_dark(mem, orders, bk, side, out, at)
    at = dump_dormant(mem, orders, bk, out, at)
    return dump_reserves(mem, orders, levels, bk, out, at)


@njit(cache=True)
def dump_ruled_size(mem: Words, orders: Words, book_id: int) -> int:
    """Words that `dump_ruled` needs at most."""
    return dump_size(mem, orders, book_id) + 16 + 9 * mem[book_at(mem, book_id) + B_OWN]
