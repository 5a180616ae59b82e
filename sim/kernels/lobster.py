"""LOBSTER messages to tape rows, and the reconciliation with the orderbook file.

Model: the ingest's own book (`ingest_book`) is replayed while reading; nothing is looked up ahead.
A removal takes from the order it names; then, because ids that rested before the file began were
never announced, from the level's anonymous records, oldest first; then from other named orders,
oldest first (victims); and what still is not there was never announced at all (only without a full
orderbook file: a REVEAL brings it in and the removal takes it out at once).

After each message the book's best levels are compared with the orderbook row. Levels that leave
the window of N levels are kept. Where they come back changed, signed REVEALs reconcile them: a
positive one is new anonymous depth at the back of the queue, a negative one takes from the back,
youngest anonymous records first, then youngest named orders, so that nobody gains queue position
by what happened in the dark.

Invariants (a row that would break one is refused):
1. a REVEAL lies strictly beyond the worst level of the row before, where nobody could see; when
   that row had fewer than N levels of the side, everything was seen and no REVEAL is legal;
2. a level that is new or has changed is the worst one of the row; what a REVEAL removes between
   lies beyond the row before and is not in the row at all.

A refused row is reported and healed: its message is not applied (or, when the orderbook row is at
fault, it is), and the book is brought to the orderbook row by REVEALs marked MAYBE_BAD. Whether
that may be tolerated is the caller's decision.
"""

import numpy as np
from numba import njit

from sim.kernels.ingest_book import (
    ANONYMOUS,
    NAMED,
    O_LEVEL,
    O_PRICE,
    O_QTY,
    S_BOOK_END,
    S_LEVELS,
    S_LIVE,
    V_HEAD,
    V_SIDE,
    V_TAIL,
    V_TOTAL,
    find_level,
    forget_name,
    hash_find,
    key_of,
    level_total,
    open_order,
    rank_of,
    shrink_order,
)
from sim.kernels.status import (
    ADD,
    CONTINUOUS,
    CROSS,
    DELETE,
    EXECUTE,
    HALT,
    LAST,
    MAYBE_BAD,
    PHASE,
    PRE_OPEN,
    REDUCE,
    REVEAL,
    SIDE_UNKNOWN,
    SNAPSHOT,
    TRADE,
)

# Scalars of the ingest, in the same array as those of its book.
S_OUT = S_BOOK_END  # rows written and not yet collected
S_SEQ = S_BOOK_END + 1  # source row of the next message
S_CLOCK = S_BOOK_END + 2  # its predecessor's nanoseconds after midnight
S_MIDNIGHT = S_BOOK_END + 3  # nanoseconds from the epoch to the session's midnight
S_TICK = S_BOOK_END + 4  # price units of a tick
S_EDGE = S_BOOK_END + 5  # and the next: worst key of the row before, by side
S_BLIND = S_BOOK_END + 7  # not 0 after an unreadable orderbook row
S_REVEALS = S_BOOK_END + 8
S_REVEAL_MESSAGES = S_BOOK_END + 9
S_VICTIMS = S_BOOK_END + 10
S_UNANNOUNCED = S_BOOK_END + 11
S_UNKNOWN_IDS = S_BOOK_END + 12
S_FAULT = S_BOOK_END + 13  # FAULT_* of the row at which the kernel stopped
S_FOUND = S_BOOK_END + 14
S_ALLOWED = S_BOOK_END + 15
S_FAULT_SIDE = S_BOOK_END + 16
S_FAULT_LEVEL = S_BOOK_END + 17  # counted from 1
S_SIDE = S_BOOK_END + 18  # the side and the level that are being compared
S_LEVEL = S_BOOK_END + 19
STATE_SIZE = S_BOOK_END + 20

M_NS = 0
M_TYPE = 1
M_ID = 2
M_SIZE = 3
M_PRICE = 4
M_DIRECTION = 5
MESSAGE_COLUMNS = 6

SUBMISSION = 1
CANCELLATION = 2
DELETION = 3
EXECUTION = 4
HIDDEN = 5
AUCTION = 6
TRADING_HALT = 7

# Why a row is refused.
FAULT_MESSAGE_TEXT = 1  # the line is not a row of numbers
FAULT_TYPE = 2
FAULT_DIRECTION = 3
FAULT_SIZE = 4
FAULT_PRICE = 5
FAULT_GRID = 6
FAULT_TIME = 7
FAULT_HALT_CODE = 8
FAULT_ID_LIVE = 9
FAULT_ORDER_SIDE = 10
FAULT_ORDER_PRICE = 11
FAULT_TOO_MUCH = 12
FAULT_BOOK_TEXT = 20  # from here on the orderbook row is at fault
FAULT_BOOK_PRICE = 21
FAULT_BOOK_SIZE = 22
FAULT_BOOK_EMPTY = 23
FAULT_BOOK_EXTRA = 24
FAULT_BOOK_MISSING = 25
FAULT_BOOK_LOTS = 26
FAULT_BOOK_KEPT = 27

# Where the kernel stopped.
END_OF_ROWS = 0
NEED_SPACE = 1
ROW_REFUSED = 2

NO_HANDLE = -1
EMPTY_PRICE = 9_999_999_999
SEEN_ALL = 1 << 62  # the edge of a side whose every level is in the window
QTY_MAX = 1 << 40
PRICE_MAX = 1 << 40
NS_MAX = 172_800 * 1_000_000_000  # two days after midnight

EQUAL = 0
DIFFERS = 1
REFUSED = 2


@njit(cache=True)
def emit(state, rows, seqs, kind, flags, handle, price, qty):
    """Write one tape row of the current message."""
    at = state[S_OUT]
    rows[at].ts_ns = state[S_MIDNIGHT] + state[S_CLOCK]
    rows[at].price = price
    rows[at].qty = qty
    rows[at].handle = handle
    rows[at].book_id = 0
    rows[at].kind = kind
    rows[at].side_flags = flags
    seqs[at] = state[S_SEQ]
    state[S_OUT] = at + 1


@njit(cache=True)
def seed_book(book, seeds, rows, seqs):
    """Open anonymous orders for depth that rested before the first message.

    Args:
        book: The ingest's empty book.
        seeds: int64 (n, 3): side, price, lots; in.
        rows: Tape rows; out.
        seqs: Source row of each; out.
    """
    state = book[0]
    for i in range(seeds.shape[0]):
        handle = open_order(book, seeds[i, 0], seeds[i, 1], seeds[i, 2], 0, ANONYMOUS)
        flags = seeds[i, 0] | SNAPSHOT
        if i == seeds.shape[0] - 1:
            flags |= LAST
        emit(state, rows, seqs, ADD, flags, handle, seeds[i, 1], seeds[i, 2])


@njit(cache=True)
def refuse(state, fault, found, allowed):
    """Note why the current row is refused, unless an earlier reason is noted."""
    if state[S_FAULT] == 0:
        state[S_FAULT] = fault
        state[S_FOUND] = found
        state[S_ALLOWED] = allowed
        state[S_FAULT_SIDE] = state[S_SIDE]
        state[S_FAULT_LEVEL] = state[S_LEVEL]
    return fault


@njit(cache=True)
def check_message(book, message, has_truth):
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
        if orders[handle, O_PRICE] != price:
            return refuse(state, FAULT_ORDER_PRICE, price, orders[handle, O_PRICE])
    if has_truth and level_total(book, side, price) < size:
        return refuse(state, FAULT_TOO_MUCH, size, level_total(book, side, price))
    return 0


@njit(cache=True)
def take(book, rows, seqs, kind, side, handle, qty):
    """Take `qty` of one order, as a row of the kind that fits what happens to it."""
    _, orders, _, _, _ = book
    row_kind = EXECUTE
    if kind == CANCELLATION or (kind == DELETION and qty < orders[handle, O_QTY]):
        row_kind = REDUCE
    elif kind == DELETION:
        row_kind = DELETE
    emit(book[0], rows, seqs, row_kind, side, handle, orders[handle, O_PRICE], qty)
    shrink_order(book, handle, qty)


@njit(cache=True)
def apply_removal(book, message, rows, seqs):
    """Types 2, 3 and 4: resolve to orders and exact quantities (see the module's model)."""
    state, orders, levels, _, table = book
    kind = message[M_TYPE]
    price = message[M_PRICE]
    side = 0 if message[M_DIRECTION] == 1 else 1
    rest = message[M_SIZE]
    place = hash_find(table, message[M_ID])
    if place >= 0:
        handle = table[place, 1] - 1
        part = min(rest, orders[handle, O_QTY])
        outlives = kind == DELETION and part < orders[handle, O_QTY]
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
        part = min(rest, orders[handle, O_QTY])
        take(book, rows, seqs, kind, side, handle, part)
        rest -= part
    if rest > 0:
        state[S_UNANNOUNCED] += 1
        handle = open_order(book, side, price, rest, 0, ANONYMOUS)
        emit(state, rows, seqs, REVEAL, side, handle, price, rest)
        take(book, rows, seqs, kind, side, handle, rest)


@njit(cache=True)
def apply_message(book, message, rows, seqs):
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
        emit(state, rows, seqs, CROSS, SIDE_UNKNOWN, NO_HANDLE, price, size)
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
def count_levels(state, truth, side):
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
def check_side(book, truth, side):
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
        if k < count - 1:
            refuse(state, FAULT_BOOK_KEPT, size, own)
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
def reveal(book, side, price, change, mark, rows, seqs):
    """Change the depth at a price by signed REVEALs, at the back of its queue."""
    state, orders, levels, _, _ = book
    if change > 0:
        handle = open_order(book, side, price, change, 0, ANONYMOUS)
        emit(state, rows, seqs, REVEAL, side | mark, handle, price, change)
        state[S_REVEALS] += 1
    while change < 0:
        level = find_level(book, side, price)
        handle = levels[level, V_TAIL]
        if handle < 0:
            handle = levels[level, V_TAIL + 2 * NAMED]
        part = min(-change, orders[handle, O_QTY])
        emit(state, rows, seqs, REVEAL, side | mark, handle, price, -part)
        shrink_order(book, handle, part)
        state[S_REVEALS] += 1
        change += part


@njit(cache=True)
def mend_side(book, truth, side, mark, rows, seqs):
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
def reconcile(book, truth, forced, rows, seqs):
    """Bring the book to an orderbook row; returns whether the row was legal.

    `forced` says that the row is known not to follow from the book, so that nothing is checked but
    that it makes sense.
    """
    state = book[0]
    legal = True
    reveals = state[S_REVEALS]
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
    if state[S_REVEALS] > reveals:
        state[S_REVEAL_MESSAGES] += 1
    for side in range(2):
        worst = key_of(side, truth[truth.shape[0] - 2 - 2 * side])
        state[S_EDGE + side] = SEEN_ALL if worst == EMPTY_PRICE else worst
    state[S_BLIND] = 0
    return legal


@njit(cache=True)
def ingest_rows(book, messages, faults, truths, truth_faults, at, rows, seqs):
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
            rows[state[S_OUT] - 1].side_flags |= LAST
        state[S_SEQ] += 1
        at += 1
        if state[S_FAULT] != 0:
            return ROW_REFUSED, at
    return END_OF_ROWS, at
