"""LOBSTER messages to tape rows.

Model: the ingest's own book (`ingest_book`) is replayed while reading; nothing is looked up ahead.
A removal takes from the order it names; then, because ids that rested before the file began were
never announced, from the level's anonymous records, oldest first; then from other named orders,
oldest first (victims); and what still is not there was never announced at all (only without a full
orderbook file: a REVEAL brings it in and the removal takes it out at once). What a deletion leaves
of the order it names is nobody's and becomes anonymous. After each message the book is compared
with the orderbook row (`lobster_window`).

A refused row is reported and healed: its message is not applied (or, when the orderbook row is at
fault, it is), and the book is brought to the orderbook row by REVEALs marked MAYBE_BAD. Whether
that may be tolerated is the caller's decision.
"""

from numba import njit

from sim.kernels.ingest_book import (
    ANONYMOUS,
    NAMED,
    NO_ID,
    O_LEVEL,
    S_LEVELS,
    S_LIVE,
    V_HEAD,
    V_SIDE,
    X_PRICE,
    X_QTY,
    Book,
    Ints,
    Whole,
    find_level,
    forget_name,
    hash_find,
    level_total,
    open_order,
    shrink_order,
)
from sim.kernels.lobster_state import (
    AUCTION,
    CANCELLATION,
    CLOSING_CROSS,
    DELETION,
    END_OF_ROWS,
    FAULT_BOOK_TEXT,
    FAULT_DIRECTION,
    FAULT_GRID,
    FAULT_HALT_CODE,
    FAULT_ID_LIVE,
    FAULT_MESSAGE_TEXT,
    FAULT_ORDER_PRICE,
    FAULT_ORDER_SIDE,
    FAULT_PRICE,
    FAULT_SIZE,
    FAULT_TIME,
    FAULT_TOO_MUCH,
    FAULT_TYPE,
    HIDDEN,
    M_DIRECTION,
    M_ID,
    M_NS,
    M_PRICE,
    M_SIZE,
    M_TYPE,
    NEED_SPACE,
    NO_HANDLE,
    NS_MAX,
    OPENING_CROSS,
    PRICE_MAX,
    QTY_MAX,
    ROW_REFUSED,
    S_BLIND,
    S_CLOCK,
    S_FAULT,
    S_OUT,
    S_SEQ,
    S_TICK,
    S_UNANNOUNCED,
    S_UNKNOWN_IDS,
    S_VICTIMS,
    SUBMISSION,
    TRADING_HALT,
    Rows,
    emit,
    refuse,
)
from sim.kernels.lobster_window import (
    reconcile,
)
from sim.kernels.status import (
    ADD,
    CLOSING_CALL,
    CONTINUOUS,
    CROSS,
    DELETE,
    EXECUTE,
    HALT,
    LAST,
    OPENING_CALL,
    PHASE,
    PRE_OPEN,
    REDUCE,
    REVEAL,
    SIDE_UNKNOWN,
    SNAPSHOT,
    TRADE,
)


@njit(cache=True)
def seed_book(book: Book, seeds: Ints, rows: Rows, seqs: Ints) -> None:
    """Open anonymous orders for depth that rested before the first message.

    Args:
        book: The ingest's empty book.
        seeds: int64 (n, 3): side, price, lots; in.
        rows: Tape rows; out.
        seqs: Source row of each; out.
    """
    state = book[0]
    for i in range(seeds.shape[0]):
        handle = open_order(book, seeds[i, 0], seeds[i, 1], seeds[i, 2], NO_ID, ANONYMOUS)
        flags = seeds[i, 0] | SNAPSHOT
        if i == seeds.shape[0] - 1:
            flags |= LAST
        emit(state, rows, seqs, ADD, flags, handle, seeds[i, 1], seeds[i, 2])


@njit(cache=True)
def check_message(book: Book, message: Ints, has_truth: bool) -> int:
    """0, or why a message can't be accepted. Changes nothing but the note of the reason."""
    state, orders, levels, _, table = book
    kind = message[M_TYPE]
    size = message[M_SIZE]
    price = message[M_PRICE]
    if message[M_NS] < 0 or message[M_NS] > NS_MAX or message[M_NS] < state[S_CLOCK]:
        return refuse(state, FAULT_TIME, message[M_NS], state[S_CLOCK])
    if kind < SUBMISSION or kind > TRADING_HALT:
        return refuse(state, FAULT_TYPE, kind, 0)
    if kind == TRADING_HALT:
        if price < -1 or price > 1:
            return refuse(state, FAULT_HALT_CODE, price, 0)
        return 0
    direction = message[M_DIRECTION]
    if direction != 1 and direction != -1 and not (kind == AUCTION and direction == 0):
        return refuse(state, FAULT_DIRECTION, direction, 0)
    if size < 1 or size > QTY_MAX:
        return refuse(state, FAULT_SIZE, size, QTY_MAX)
    if price < 1 or price > PRICE_MAX:
        return refuse(state, FAULT_PRICE, price, PRICE_MAX)
    if kind == HIDDEN or kind == AUCTION:
        return 0
    if price % state[S_TICK] != 0:
        return refuse(state, FAULT_GRID, price, state[S_TICK])
    side = 0 if direction == 1 else 1
    place = hash_find(table, message[M_ID])
    if kind == SUBMISSION:
        if place >= 0:
            return refuse(state, FAULT_ID_LIVE, message[M_ID], 0)
        return 0
    if place >= 0:
        handle = table[place, 1] - 1
        if levels[orders[handle, O_LEVEL], V_SIDE] != side:
            return refuse(state, FAULT_ORDER_SIDE, direction, -direction)
        if orders[handle, X_PRICE] != price:
            return refuse(state, FAULT_ORDER_PRICE, price, orders[handle, X_PRICE])
    if has_truth and level_total(book, side, price) < size:
        return refuse(state, FAULT_TOO_MUCH, size, level_total(book, side, price))
    return 0


@njit(cache=True)
def take(book: Book, rows: Rows, seqs: Ints, kind: int, side: int, handle: int, qty: int) -> None:
    """Take `qty` of one order, as a row of the kind that fits what happens to it."""
    _, orders, _, _, _ = book
    row_kind = EXECUTE
    if kind == CANCELLATION or (kind == DELETION and qty < orders[handle, X_QTY]):
        row_kind = REDUCE
    elif kind == DELETION:
        row_kind = DELETE
    emit(book[0], rows, seqs, row_kind, side, handle, orders[handle, X_PRICE], qty)
    shrink_order(book, handle, qty)


@njit(cache=True)
def apply_removal(book: Book, message: Ints, rows: Rows, seqs: Ints) -> None:
    """Types 2, 3 and 4: resolve to orders and exact quantities (see the module's model)."""
    state, orders, levels, _, table = book
    kind = message[M_TYPE]
    price = message[M_PRICE]
    side = 0 if message[M_DIRECTION] == 1 else 1
    rest = message[M_SIZE]
    place = hash_find(table, message[M_ID])
    if place >= 0:
        handle = table[place, 1] - 1
        part = min(rest, orders[handle, X_QTY])
        outlives = kind == DELETION and part < orders[handle, X_QTY]
        take(book, rows, seqs, kind, side, handle, part)
        if outlives:
            forget_name(book, handle)
        rest -= part
    else:
        state[S_UNKNOWN_IDS] += 1
    while rest > 0:
        level = find_level(book, side, price)
        if level < 0:
            break
        handle = levels[level, V_HEAD]
        if handle < 0:
            handle = levels[level, V_HEAD + 2 * NAMED]
            state[S_VICTIMS] += 1
        part = min(rest, orders[handle, X_QTY])
        take(book, rows, seqs, kind, side, handle, part)
        rest -= part
    if rest > 0:
        state[S_UNANNOUNCED] += 1
        handle = open_order(book, side, price, rest, NO_ID, ANONYMOUS)
        emit(state, rows, seqs, REVEAL, side, handle, price, rest)
        take(book, rows, seqs, kind, side, handle, rest)


@njit(cache=True)
def call_handle(order_id: Whole) -> int:
    """The handle of a CROSS row, which names its call, by the pseudo order of its message."""
    if order_id == OPENING_CROSS:
        return NO_HANDLE - OPENING_CALL
    if order_id == CLOSING_CROSS:
        return NO_HANDLE - CLOSING_CALL
    return NO_HANDLE


@njit(cache=True)
def apply_message(book: Book, message: Ints, rows: Rows, seqs: Ints) -> None:
    """Apply an acceptable message and write its rows."""
    state = book[0]
    kind = message[M_TYPE]
    price = message[M_PRICE]
    size = message[M_SIZE]
    direction = message[M_DIRECTION]
    side = 0 if direction == 1 else 1
    if kind == SUBMISSION:
        handle = open_order(book, side, price, size, message[M_ID], NAMED)
        emit(state, rows, seqs, ADD, side, handle, price, size)
    elif kind == HIDDEN:
        # The message names the hidden order's side; a print carries the aggressor's.
        emit(state, rows, seqs, TRADE, 1 - side, NO_HANDLE, price, size)
    elif kind == AUCTION:
        emit(state, rows, seqs, CROSS, SIDE_UNKNOWN, call_handle(message[M_ID]), price, size)
    elif kind == TRADING_HALT:
        phase = HALT
        if price == 0:
            phase = PRE_OPEN
        elif price == 1:
            phase = CONTINUOUS
        emit(state, rows, seqs, PHASE, 0, NO_HANDLE, 0, phase)
    else:
        apply_removal(book, message, rows, seqs)


@njit(cache=True)
def ingest_rows(
    book: Book,
    messages: Ints,
    faults: Ints,
    truths: Ints,
    truth_faults: Ints,
    at: int,
    rows: Rows,
    seqs: Ints,
) -> tuple[int, int]:
    """Turn messages into tape rows until the end, a refused row, or the end of the space.

    Arrays:
        book: The ingest's book, see `ingest_book`; inout.
        messages: int64 (n, 6), the message rows; in.
        faults: int64 (n, 3), first column not 0 where a message line could not be read; in.
        truths: int64 (n, 4 * levels), or no rows at all when nothing is compared; in.
        truth_faults: int64 (n, 3), the same of the orderbook lines; in.
        rows: TAPE_DTYPE, from S_OUT on; out.
        seqs: int64, source row of each tape row; out.

    Returns:
        Why it stopped, and the next message to take.
    """
    state, orders, levels, _, _ = book
    has_truth = truths.shape[0] > 0
    margin = truths.shape[1] + 8
    while at < messages.shape[0]:
        level_count = state[S_LEVELS] + state[S_LEVELS + 1]
        if (
            rows.shape[0] - state[S_OUT] < state[S_LIVE] + margin
            or orders.shape[0] - state[S_LIVE] < margin
            or levels.shape[0] - level_count < margin
        ):
            return NEED_SPACE, at
        message = messages[at]
        state[S_FAULT] = 0
        before = state[S_OUT]
        fault = faults[at, 0]
        if fault != 0:
            refuse(state, FAULT_MESSAGE_TEXT, 0, 0)
        else:
            fault = check_message(book, message, has_truth)
        if fault == 0:
            state[S_CLOCK] = message[M_NS]
            apply_message(book, message, rows, seqs)
        if has_truth:
            if truth_faults[at, 0] != 0:
                refuse(state, FAULT_BOOK_TEXT, 0, 0)
                state[S_BLIND] = 1
            else:
                reconcile(book, truths[at], fault != 0 or state[S_BLIND] != 0, rows, seqs)
        if state[S_OUT] > before:
            last = rows[state[S_OUT] - 1]
            last["side_flags"] = last["side_flags"] | LAST
        state[S_SEQ] += 1
        at += 1
        if state[S_FAULT] != 0:
            return ROW_REFUSED, at
    return END_OF_ROWS, at
