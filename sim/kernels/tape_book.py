"""The book that a tape itself describes: what rests, in which order, and the best of each side.

Model: rows are taken at their word, without a venue, own orders or matching, so L3, L2 and L1 tapes
are read by one rule: a handle holds (side, price, quantity), and a level's total is the sum over
its handles. An L2 level and an L1 side are handles that are set instead of added to. Levels of a
side are kept by `ingest_book`'s ladder.

Arrays, all inout:
    book: `ingest_book.Book`; its state goes on with the T_* scalars below, `orders` has one record
        (T_WIDTH columns) for each handle of the book, and the hash table is not used.
"""

import numpy as np
from numba import njit

from sim.kernels import status
from sim.kernels.ingest_book import (
    LEVEL_WIDTH,
    S_BOOK_END,
    S_LEVEL_NEXT,
    S_LEVELS,
    V_KEY,
    V_TOTAL,
    Book,
    Ints,
    Whole,
    drop_level,
    find_level,
    make_level,
)

T_PHASE = S_BOOK_END
T_LIVE = S_BOOK_END + 1  # handles that hold something
T_LIVE_MAX = S_BOOK_END + 2
T_NEXT = S_BOOK_END + 3  # number of the next entry into a queue
T_POS = S_BOOK_END + 4  # next row of the loaded piece
T_BAD = S_BOOK_END + 5  # why that row was refused
STATE_SIZE = S_BOOK_END + 6

T_QTY = 0  # 0: the handle is free
T_PRICE = 1  # units
T_SIDE = 2
T_SEQ = 3  # when it joined its queue; smaller is older
T_WIDTH = 4

# What is known after each row of the book.
B_BID = 0  # price units, NO_PRICE when the side is empty
B_BID_QTY = 1
B_ASK = 2
B_ASK_QTY = 3
B_DEPTH = 4  # and 5: lots on the best DEPTH_LEVELS levels of each side
B_PHASE = 6
BEST_WIDTH = 7

DEPTH_LEVELS = 5
NO_PRICE = -(1 << 62)
QTY_MAX = 1 << 40
assert LEVEL_WIDTH > V_TOTAL


@njit(cache=True)
def leave(book: Book, handle: Whole, qty: Whole) -> None:
    """Take `qty` lots, at most what it holds, from a handle; at zero it is free."""
    orders = book[1]
    levels = book[2]
    level = find_level(book, orders[handle, T_SIDE], orders[handle, T_PRICE])
    orders[handle, T_QTY] -= qty
    levels[level, V_TOTAL] -= qty
    if orders[handle, T_QTY] == 0:
        book[0][T_LIVE] -= 1
    if levels[level, V_TOTAL] == 0:
        drop_level(book, level)


@njit(cache=True)
def join(book: Book, handle: Whole, side: Whole, price: int, qty: Whole) -> None:
    """A free handle holds `qty` lots at the back of a level."""
    state = book[0]
    orders = book[1]
    orders[handle, T_QTY] = qty
    orders[handle, T_PRICE] = price
    orders[handle, T_SIDE] = side
    orders[handle, T_SEQ] = state[T_NEXT]
    state[T_NEXT] += 1
    state[T_LIVE] += 1
    state[T_LIVE_MAX] = max(state[T_LIVE_MAX], state[T_LIVE])
    level = make_level(book, orders[handle, T_SIDE], price)
    book[2][level, V_TOTAL] += qty


@njit(cache=True)
def clear(book: Book) -> None:
    """Nothing rests any more."""
    state = book[0]
    book[1][:, T_QTY] = 0
    state[:S_BOOK_END] = 0
    state[T_LIVE] = 0


@njit(cache=True)
def take_order(book: Book, kind: Whole, flags: Whole, handle: Whole, price: int, qty: int) -> int:
    """Apply a row about one order of an L3 book; DONE or why not."""
    orders = book[1]
    held = orders[handle, T_QTY]
    joins = kind == status.ADD or (kind == status.REVEAL and qty > 0)
    lots = -qty if kind == status.REVEAL and qty < 0 else qty
    if lots < 1 or lots > QTY_MAX:
        return status.BAD_ROW_QTY
    if joins:
        if held > 0:
            return status.BAD_HANDLE_LIVE
        join(book, handle, flags & 1, price, lots)
        return status.DONE
    if held == 0:
        return status.BAD_HANDLE_DEAD
    if kind == status.DELETE:
        leave(book, handle, held)
        return status.DONE
    if kind != status.REPLACE:
        if lots > held:
            return status.BAD_TOO_MUCH
        leave(book, handle, lots)
        return status.DONE
    if orders[handle, T_SIDE] != flags & 1:
        return status.BAD_ROW_SIDE
    if flags & status.KEEP_PRIORITY and orders[handle, T_PRICE] == price:
        level = find_level(book, orders[handle, T_SIDE], price)
        book[2][level, V_TOTAL] += lots - held
        orders[handle, T_QTY] = lots
        return status.DONE
    leave(book, handle, held)
    join(book, handle, flags & 1, price, lots)
    return status.DONE


@njit(cache=True)
def set_level(book: Book, flags: Whole, handle: Whole, price: int, qty: int) -> int:
    """Apply a LEVEL or QUOTE row: the handle holds `qty` lots from now on; DONE or why not."""
    if qty < 0 or qty > QTY_MAX:
        return status.BAD_ROW_QTY
    held = book[1][handle, T_QTY]
    if held > 0:
        leave(book, handle, held)
    if qty > 0:
        join(book, handle, flags & 1, price, qty)
    return status.DONE


@njit(cache=True)
def take_row(book: Book, kind: Whole, flags: Whole, handle: Whole, price: int, qty: int) -> int:
    """Apply one row; DONE or why not."""
    if kind in (status.TRADE, status.CROSS):
        return status.DONE
    if kind == status.PHASE:
        if qty < status.PRE_OPEN or qty > status.CLOSED:
            return status.BAD_ROW_PHASE
        book[0][T_PHASE] = qty
        return status.DONE
    if kind == status.CLEAR:
        clear(book)
        return status.DONE
    if handle < 0 or handle >= book[1].shape[0]:
        return status.BAD_HANDLE
    if kind in (status.LEVEL, status.QUOTE):
        return set_level(book, flags, handle, price, qty)
    return take_order(book, kind, flags, handle, price, qty)


@njit(cache=True)
def write_best(book: Book, out: Ints) -> None:
    """Write the B_* columns of the book as it is now."""
    state = book[0]
    levels = book[2]
    ladder = book[3]
    out[B_PHASE] = state[T_PHASE]
    for side in range(2):
        count = state[S_LEVELS + side]
        out[2 * side] = NO_PRICE
        out[2 * side + 1] = 0
        depth = 0
        for rank in range(count - 1, max(count - 1 - DEPTH_LEVELS, -1), -1):
            level = ladder[side, rank, 1]
            if rank == count - 1:
                key = levels[level, V_KEY]
                out[2 * side] = key if side == 1 else -key
                out[2 * side + 1] = levels[level, V_TOTAL]
            depth += levels[level, V_TOTAL]
        out[B_DEPTH + side] = depth


@njit(cache=True)
def take_rows(book: Book, rows: np.ndarray, best: Ints) -> int:
    """Apply rows of one book from T_POS on.

    Arrays:
        rows: TAPE_DTYPE, prices in units; in.
        best: int64 (len(rows), BEST_WIDTH), the book after each row; or no rows at all, when
            nobody asks; out.

    Returns:
        DONE when all are applied; NEED_BOOK when the ladder must grow first; BAD_ROW with the
        row at T_POS not applied and the reason in T_BAD.
    """
    state = book[0]
    while state[T_POS] < rows.shape[0]:
        at = state[T_POS]
        if state[S_LEVEL_NEXT] >= book[2].shape[0]:
            return status.NEED_BOOK
        row = rows[at]
        reason = take_row(
            book,
            np.int64(row["kind"]),
            np.int64(row["side_flags"]),
            np.int64(row["handle"]),
            row["price"],
            row["qty"],
        )
        if reason != status.DONE:
            state[T_BAD] = reason
            return status.BAD_ROW
        if best.shape[0] > 0:
            write_best(book, best[at])
        state[T_POS] += 1
    return status.DONE
