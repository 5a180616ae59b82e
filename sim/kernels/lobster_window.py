"""The book of a LOBSTER ingest against a row of the orderbook file.

Model: a row shows the best N levels of each side. Levels that leave this window are kept. Where
they come back changed, signed REVEALs reconcile them: a positive one is new anonymous depth at the
back of the queue, a negative one takes from the back, youngest anonymous records first, then
youngest named orders, so that nobody gains queue position by what happened in the dark. One
correction of a level may need several rows, one for each order it takes. REVEALs are about anonymous
depth alone: a named order that is gone when its level comes back was deleted (or reduced) unseen, so
that is what its row says, marked INFERRED.

Invariants (a row that would break one is refused):
1. a correction lies strictly beyond the worst level of the row before, where nobody could see;
   when that row had fewer than N levels of the side, everything was seen and none is legal;
2. every level that the row before showed is in the row unless the message removed it. So at most
   one level enters at the bottom, a level that is new or has changed is the worst one of the row,
   and what a correction removes lies between and is not in the row at all.
"""

import numpy as np
from numba import njit

from sim.kernels.ingest_book import (
    ANONYMOUS,
    NAMED,
    NO_ID,
    S_LEVELS,
    V_TAIL,
    V_TOTAL,
    X_QTY,
    Book,
    Ints,
    find_level,
    key_of,
    open_order,
    rank_of,
    shrink_order,
)
from sim.kernels.lobster_state import (
    DIFFERS,
    EMPTY_PRICE,
    EQUAL,
    FAULT_BOOK_EMPTY,
    FAULT_BOOK_EXTRA,
    FAULT_BOOK_LOTS,
    FAULT_BOOK_MISSING,
    FAULT_BOOK_PRICE,
    FAULT_BOOK_SIZE,
    PRICE_MAX,
    QTY_MAX,
    REFUSED,
    S_BLIND,
    S_CORRECTIONS,
    S_EDGE,
    S_INFERRED,
    S_LEVEL,
    S_REVEAL_MESSAGES,
    S_REVEALS,
    S_SIDE,
    S_TICK,
    SEEN_ALL,
    Rows,
    emit,
    refuse,
)
from sim.kernels.status import (
    DELETE,
    INFERRED,
    MAYBE_BAD,
    REDUCE,
    REVEAL,
)


@njit(cache=True)
def count_levels(state: Ints, truth: Ints, side: int) -> int:
    """Occupied levels of one side of an orderbook row, or -1 when the row makes no sense."""
    sign = -1 if side == 0 else 1
    first = 2 - 2 * side
    before = -SEEN_ALL
    count = 0
    for k in range(truth.shape[0] // 4):
        price = truth[4 * k + first]
        size = truth[4 * k + first + 1]
        state[S_LEVEL] = k + 1
        if price == sign * EMPTY_PRICE:
            if size != 0:
                refuse(state, FAULT_BOOK_EMPTY, size, 0)
                return -1
            continue
        if count < k:
            refuse(state, FAULT_BOOK_EMPTY, price, sign * EMPTY_PRICE)
            return -1
        key = sign * price
        if key <= before or price < 1 or price > PRICE_MAX or price % state[S_TICK] != 0:
            refuse(state, FAULT_BOOK_PRICE, price, sign * before)
            return -1
        if size < 1 or size > QTY_MAX:
            refuse(state, FAULT_BOOK_SIZE, size, QTY_MAX)
            return -1
        before = key
        count += 1
    return count


@njit(cache=True)
def check_side(book: Book, truth: Ints, side: int) -> int:
    """Compare one side with an orderbook row: EQUAL, DIFFERS (legally) or REFUSED."""
    state, _, levels, ladder, _ = book
    sign = -1 if side == 0 else 1
    first = 2 - 2 * side
    state[S_SIDE] = side
    count = count_levels(state, truth, side)
    if count < 0:
        return REFUSED
    edge = state[S_EDGE + side]
    answer = EQUAL
    rank = state[S_LEVELS + side] - 1
    for k in range(count):
        key = sign * truth[4 * k + first]
        size = truth[4 * k + first + 1]
        state[S_LEVEL] = k + 1
        while rank >= 0 and ladder[side, rank, 0] < key:
            if ladder[side, rank, 0] <= edge:
                refuse(state, FAULT_BOOK_MISSING, sign * key, sign * ladder[side, rank, 0])
                return REFUSED
            answer = DIFFERS
            rank -= 1
        own = np.int64(0)
        if rank >= 0 and ladder[side, rank, 0] == key:
            own = levels[ladder[side, rank, 1], V_TOTAL]
            rank -= 1
        if own == size:
            continue
        if key <= edge:
            refuse(state, FAULT_BOOK_EXTRA if own == 0 else FAULT_BOOK_LOTS, size, own)
            return REFUSED
        answer = DIFFERS
    if count < truth.shape[0] // 4 and rank >= 0:
        state[S_LEVEL] = count + 1
        if ladder[side, rank, 0] <= edge:
            refuse(state, FAULT_BOOK_MISSING, 0, sign * ladder[side, rank, 0])
            return REFUSED
        answer = DIFFERS
    return answer


@njit(cache=True)
def reveal(
    book: Book, side: int, price: int, change: int, mark: int, rows: Rows, seqs: Ints
) -> None:
    """Correct the depth at a price, at the back of its queue."""
    state, orders, levels, _, _ = book
    if change != 0:
        state[S_CORRECTIONS] += 1
    if change > 0:
        handle = open_order(book, side, price, change, NO_ID, ANONYMOUS)
        emit(state, rows, seqs, REVEAL, side | mark, handle, price, change)
        state[S_REVEALS] += 1
    while change < 0:
        level = find_level(book, side, price)
        handle = levels[level, V_TAIL]
        if handle >= 0:
            part = min(-change, orders[handle, X_QTY])
            emit(state, rows, seqs, REVEAL, side | mark, handle, price, -part)
            state[S_REVEALS] += 1
        else:
            handle = levels[level, V_TAIL + 2 * NAMED]
            part = min(-change, orders[handle, X_QTY])
            kind = DELETE if part == orders[handle, X_QTY] else REDUCE
            emit(state, rows, seqs, kind, side | mark | INFERRED, handle, price, part)
            state[S_INFERRED] += 1
        shrink_order(book, handle, part)
        change += part


@njit(cache=True)
def mend_side(book: Book, truth: Ints, side: int, mark: int, rows: Rows, seqs: Ints) -> None:
    """Make the best levels of one side equal to an orderbook row that makes sense."""
    state, _, levels, ladder, _ = book
    sign = -1 if side == 0 else 1
    first = 2 - 2 * side
    window = truth.shape[0] // 4
    count = count_levels(state, truth, side)
    rank = state[S_LEVELS + side] - 1
    for k in range(count + 1):
        key = SEEN_ALL
        if k < count:
            key = sign * truth[4 * k + first]
        elif count == window:
            break
        while rank >= 0 and ladder[side, rank, 0] < key:
            stale = levels[ladder[side, rank, 1], V_TOTAL]
            reveal(book, side, sign * ladder[side, rank, 0], -stale, mark, rows, seqs)
            rank -= 1
        if k < count:
            own = np.int64(0)
            if rank >= 0 and ladder[side, rank, 0] == key:
                own = levels[ladder[side, rank, 1], V_TOTAL]
            reveal(book, side, sign * key, truth[4 * k + first + 1] - own, mark, rows, seqs)
            rank = rank_of(book, side, key) - 1


@njit(cache=True)
def reconcile(book: Book, truth: Ints, forced: bool, rows: Rows, seqs: Ints) -> bool:
    """Bring the book to an orderbook row; returns whether the row was legal.

    `forced` says that the row is known not to follow from the book, so that nothing is checked but
    that it makes sense.
    """
    state = book[0]
    legal = True
    corrections = state[S_CORRECTIONS]
    for side in range(2):
        state[S_SIDE] = side
        answer = DIFFERS if forced else check_side(book, truth, side)
        if answer == REFUSED:
            legal = False
        if answer != EQUAL:
            count = count_levels(state, truth, side)
            if count < 0:
                state[S_BLIND] = 1
                return False
            mark = 0 if answer == DIFFERS and not forced else MAYBE_BAD
            mend_side(book, truth, side, mark, rows, seqs)
    if state[S_CORRECTIONS] > corrections:
        state[S_REVEAL_MESSAGES] += 1
    for side in range(2):
        worst = key_of(side, truth[truth.shape[0] - 2 - 2 * side])
        state[S_EDGE + side] = SEEN_ALL if worst == EMPTY_PRICE else worst
    state[S_BLIND] = 0
    return legal
