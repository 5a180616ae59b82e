"""Rows of an L2 book by which nobody of ours fills, as many in one go as there are.

Model: most rows of a feed touch no order of ours. They need none of what a fill needs (room for
reports, a walk down the other side), and between two of them nobody looks, so the position in the
tape, the ring and the counts stay in registers. Whatever is not plainly quiet is left to
`world.step_row`, which applies any row: one that is refused, a level or print that reaches an order of
ours, a ring or ladder without room, another kind of row or another book.

What a quiet row does is what `level_rows.py` says; here it is done in place for a level whose only
order is the level's own, and by `level_rows.change_level` where orders of ours stand in its queue.
"""

from numba import njit

from sim.kernels.blocks import book_at
from sim.kernels.book import beyond_prices, key_of, ladder_of
from sim.kernels.far import far_remove, far_seek, far_take
from sim.kernels.ladder import mark_level, room
from sim.kernels.layout import (
    B_DEPTH,
    B_HANDLE_BASE,
    B_HANDLES,
    B_LINKED,
    B_RING_CAP,
    B_RING_COMMIT,
    B_RING_LIMIT,
    B_RING_OFF,
    B_RING_WRITE,
    B_SEQ,
    B_SPECIAL,
    B_TICK,
    H_EAGER,
    H_MESSAGES,
    H_POS,
    H_ROWS,
    H_ROWS_DONE,
    L_BASE,
    L_BEST,
    L_FARLV,
    L_LV,
    L_NLEV,
    L_WIN,
    LEVEL,
    LV_COUNT,
    LV_HEAD,
    LV_LIVE,
    LV_SHOWN,
    LV_SPECIAL,
    LV_TAIL,
    NEVER,
    O_KEY_SIDE,
    O_LINKS,
    O_LIVE,
    O_TAPE,
    ORDER,
    PRICE_MAX,
    QTY_MAX,
    R_CAUSE,
    R_PRICE,
    R_QTY,
    R_SHOWN,
    R_SIZE,
    R_TS,
    R_WORD,
    ROW,
    W_PRICE,
    W_QTY,
    W_TS,
    W_WORD,
    Words,
)
from sim.kernels.level_rows import change_level
from sim.kernels.prefetch import ROWS_AHEAD, fetch_level, is_wide, prefetch
from sim.kernels.ring import SLACK
from sim.kernels.status import DEPTH_L2, LAST, SELL, SIDE_UNKNOWN, TRADE
from sim.kernels.status import LEVEL as LEVEL_ROW

NOT_QUIET = -1


@njit(cache=True, forceinline=True)
def quiet_print(mem: Words, levels: Words, bk: int, flags: int, units: int, qty: int) -> bool:
    """Whether a TRADE is sound and reaches no order of ours."""
    if qty < 1 or qty > QTY_MAX or beyond_prices(mem, bk, units):
        return False
    passive = 1 - (flags & SELL)
    if mem[bk + B_SPECIAL + passive] == 0 or flags & SIDE_UNKNOWN:
        return True
    ld = ladder_of(bk, passive)
    best = mem[ld + L_BEST]
    beyond = (units if passive else -units) - best * mem[bk + B_TICK]
    if beyond != 0:
        return beyond < 0
    index = mem[ld + L_LV] + (best & (mem[ld + L_WIN] - 1))
    return levels[index * LEVEL + LV_SPECIAL] == 0


@njit(cache=True, forceinline=True)
def quiet_level(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    side: int,
    handle: int,
    price: int,
    qty: int,
) -> int:
    """Apply a LEVEL row by which nobody fills: what the level shows then. Or NOT_QUIET, untouched."""
    if handle < 0 or handle >= mem[bk + B_HANDLES] or qty < 0 or qty > QTY_MAX:
        return NOT_QUIET
    if price < -PRICE_MAX or price > PRICE_MAX:
        return NOT_QUIET
    key = key_of(side, price)
    key_side = key * 2 + side
    slot = mem[bk + B_HANDLE_BASE] + handle
    tape = orders[slot * ORDER + O_TAPE]
    if tape == 0:
        if qty == 0:
            return NOT_QUIET
    elif orders[slot * ORDER + O_KEY_SIDE] != key_side:
        return NOT_QUIET
    if mem[ladder_of(bk, 1 - side) + L_BEST] <= -key and mem[bk + B_SPECIAL + 1 - side] > 0:
        return NOT_QUIET
    ld = ladder_of(bk, side)
    position = key & (mem[ld + L_WIN] - 1)
    index = mem[ld + L_LV] + position
    distance = key - mem[ld + L_BASE]
    near = 0 <= distance and distance < mem[ld + L_WIN]
    if not near and distance > 0:
        position = far_seek(mem, ld, key)
        index = mem[ld + L_FARLV] + position
    alone = levels[index * LEVEL + LV_COUNT] == (1 if tape > 0 else 0)
    if distance < 0 or not alone or mem[ld + L_NLEV] == 0:
        if not room(mem, ld, key):
            return NOT_QUIET
        return change_level(mem, orders, levels, bk, ts, cause, slot, key_side, qty)
    came = (1 if qty > 0 else 0) - (1 if tape > 0 else 0)
    if came > 0 and not near and not room(mem, ld, key):
        return NOT_QUIET
    live = orders[slot * ORDER + O_LIVE]
    live = min(live, qty) if qty <= tape else live + qty - tape
    orders[slot * ORDER + O_LIVE] = live
    orders[slot * ORDER + O_TAPE] = qty
    levels[index * LEVEL + LV_LIVE] = live
    levels[index * LEVEL + LV_SHOWN] = qty
    if came != 0:
        mem[bk + B_LINKED + side] += came
        mem[ld + L_NLEV] += came
        orders[slot * ORDER + O_KEY_SIDE] = key_side
        orders[slot * ORDER + O_LINKS] = -1  # nobody in front and nobody behind
        levels[index * LEVEL + LV_HEAD] = slot if qty > 0 else -1
        levels[index * LEVEL + LV_TAIL] = slot if qty > 0 else -1
        levels[index * LEVEL + LV_COUNT] = 1 if qty > 0 else 0
        if near:
            mark_level(mem, levels, ld, key, qty)
        elif qty > 0:
            far_take(mem, ld, key, position)
        else:
            far_remove(mem, levels, ld, position)
    return qty


@njit(cache=True, forceinline=True)
def fetch_row(mem: Words, rows: Words, orders: Words, levels: Words, bk: int, at: int) -> None:
    """Ask for the order and the level that a later row of this book will want."""
    word = rows[at + W_WORD]
    side = (word >> 56) & SELL
    prefetch(orders, (mem[bk + B_HANDLE_BASE] + ((word << 32) >> 32)) * ORDER)
    fetch_level(mem, levels, ladder_of(bk, side), key_of(side, rows[at + W_PRICE]))


@njit(cache=True)
def run_quiet(
    mem: Words, rows: Words, orders: Words, levels: Words, until: int
) -> None:  # tidy: long its registers are what makes it fast
    """Apply the rows from H_POS on that are due by `until`, up to the first that is not quiet."""
    pos = mem[H_POS]
    book_id = (rows[pos * ROW + W_WORD] >> 32) & 0xFFFF
    bk = book_at(mem, book_id)
    if mem[bk + B_DEPTH] != DEPTH_L2:
        return
    first = pos
    end = pos + 1 if mem[H_EAGER] > 0 else mem[H_ROWS]
    cap = mem[bk + B_RING_CAP]
    ring = mem[bk + B_RING_OFF]
    write = mem[bk + B_RING_WRITE]
    committed = mem[bk + B_RING_COMMIT]
    limit = mem[bk + B_RING_LIMIT] - SLACK if cap > 0 else NEVER
    cause = mem[bk + B_SEQ]
    wide = is_wide(mem, ladder_of(bk, 0))
    while pos < end and write <= limit:
        at = pos * ROW
        if wide and pos + ROWS_AHEAD < end:
            fetch_row(mem, rows, orders, levels, bk, at + ROWS_AHEAD * ROW)
        ts = rows[at + W_TS]
        word = rows[at + W_WORD]
        if ts > until or (word >> 32) & 0xFFFF != book_id:
            break
        flags = (word >> 56) & 255
        kind = (word >> 48) & 255
        handle = (word << 32) >> 32
        price = rows[at + W_PRICE]
        qty = rows[at + W_QTY]
        slot = -1
        shown = 0
        if kind == LEVEL_ROW:
            side = flags & SELL
            slot = mem[bk + B_HANDLE_BASE] + handle
            shown = quiet_level(mem, orders, levels, bk, ts, cause, side, handle, price, qty)
            if shown == NOT_QUIET:
                break
        elif kind != TRADE or not quiet_print(mem, levels, bk, flags, price, qty):
            break
        if cap > 0:
            to = ring + (write & (cap - 1)) * R_SIZE
            mem[to + R_TS] = ts
            mem[to + R_PRICE] = price
            mem[to + R_QTY] = qty
            mem[to + R_SHOWN] = shown
            mem[to + R_WORD] = flags & (SELL | LAST) | kind << 8 | slot << 16
            mem[to + R_CAUSE] = cause
            write += 1
        pos += 1
        if flags & LAST:
            committed = write
            cause += 1
    mem[H_POS] = pos
    mem[H_ROWS_DONE] += pos - first
    mem[H_MESSAGES] += cause - mem[bk + B_SEQ]
    mem[bk + B_SEQ] = cause
    mem[bk + B_RING_WRITE] = write
    mem[bk + B_RING_COMMIT] = committed
