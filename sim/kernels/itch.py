"""ITCH 5.0 messages to tape rows.

Model: what each message says on the tape, after it was found acceptable as a whole:

    A, F → ADD; E → EXECUTE; X → REDUCE; D → DELETE; U → REPLACE, which loses priority
    C → EXECUTE at the order's own price, because that is the level that lost the shares; at which
        other price they went is counted, not told. Not printable: REDUCE, because the print is
        a cross's or was made before
    P → TRADE; Q → CROSS, none for a cross of no shares
    S, H, h → PHASE of every open book whose phase changes (`itch_book`)

A stock gets its book, behind a PHASE row, with its first order, print or cross. All other messages
are walked and counted. The two bytes in front of a message are its length; where they are zero
its type tells the length.
"""

from numba import njit

from sim.kernels import itch_state as k
from sim.kernels.ingest_book import Ints, Whole, hash_find, hash_put, hash_remove
from sim.kernels.itch_book import (
    act_on_market,
    act_on_stock,
    book_of,
    name_stock,
    open_order,
    shrink_order,
)
from sim.kernels.itch_state import Bytes, Rows, big_endian, emit, refuse
from sim.kernels.status import (
    ADD,
    CLOSING_CALL,
    CROSS,
    DELETE,
    EXECUTE,
    HALT_CALL,
    LAST,
    OPENING_CALL,
    REDUCE,
    REPLACE,
    SIDE_UNKNOWN,
    TRADE,
)


@njit(cache=True)
def check_amounts(state: Ints, qty: Whole, price: Whole) -> int:
    """0, or why these can't be shares and price of an order or a print."""
    if qty < 1 or qty > k.QTY_MAX:
        return refuse(state, k.FAULT_SHARES, qty, k.QTY_MAX)
    if price < 1:
        return refuse(state, k.FAULT_PRICE, price, 1)
    return 0


@njit(cache=True)
def check_side(state: Ints, letter: Whole) -> int:
    """0, or the fault of a letter that is no side."""
    if letter != k.BUY_LETTER and letter != k.SELL_LETTER:
        return refuse(state, k.FAULT_SIDE, letter, 0)
    return 0


@njit(cache=True)
def note_tick(stocks: Ints, locate: Whole, price: Whole) -> None:
    """Remember when an order lies between two cents."""
    if price % k.CENT_UNITS != 0:
        stocks[locate, k.K_OFF_CENT] = 1


@njit(cache=True)
def act_on_add(
    state: Ints, stocks: Ints, books: Ints, orders: Ints, table: Ints, data: Bytes, at: int,
    locate: Whole, rows: Rows, seqs: Ints,
) -> int:  # fmt: skip
    """A and F: a new order at the back of its level; 0, or the fault."""
    ref = big_endian(data, at + k.AT_REF, 8)
    letter = big_endian(data, at + k.AT_SIDE, 1)
    qty = big_endian(data, at + k.AT_ADD_QTY, 4)
    price = big_endian(data, at + k.AT_ADD_PRICE, 4)
    fault = check_side(state, letter)
    if fault == 0:
        fault = check_amounts(state, qty, price)
    if fault == 0 and hash_find(table, ref) >= 0:
        fault = refuse(state, k.FAULT_REF_LIVE, ref, 0)
    if fault != 0:
        return fault
    side = 1 if letter == k.SELL_LETTER else 0
    book = book_of(state, stocks, books, locate, rows, seqs)
    slot = open_order(state, stocks, orders, locate, side, price, qty)
    hash_put(table, ref, slot)
    note_tick(stocks, locate, price)
    emit(state, rows, seqs, book, ADD, side | LAST, orders[slot, k.X_HANDLE], price, qty)
    return 0


@njit(cache=True)
def act_on_taken(
    state: Ints, stocks: Ints, orders: Ints, table: Ints, data: Bytes, at: int, kind: Whole,
    ref: Whole, slot: Whole, rows: Rows, seqs: Ints,
) -> int:  # fmt: skip
    """E, C, X and D: shares leave an order; 0, or the fault."""
    price = orders[slot, k.X_PRICE]
    left = orders[slot, k.X_QTY]
    qty = left if kind == k.DELETE_ORDER else big_endian(data, at + k.AT_TAKEN, 4)
    if qty < 1:
        return refuse(state, k.FAULT_SHARES, qty, left)
    if qty > left:
        return refuse(state, k.FAULT_TOO_MUCH, qty, left)
    row_kind = EXECUTE
    if kind == k.DELETE_ORDER:
        row_kind = DELETE
    elif kind == k.CANCEL:
        row_kind = REDUCE
    elif kind == k.EXECUTED_AT_PRICE:
        printable = big_endian(data, at + k.AT_PRINTABLE, 1)
        if printable == k.NO_LETTER:
            row_kind = k.UNTOLD
            state[k.S_UNPRINTED] += 1
        elif printable != k.YES_LETTER:
            return refuse(state, k.FAULT_CODE, printable, 0)
        elif big_endian(data, at + k.AT_EXECUTION_PRICE, 4) != price:
            state[k.S_PRICED] += 1
    book = stocks[orders[slot, k.X_LOCATE], k.K_BOOK] - 1
    flags = orders[slot, k.X_SIDE] | LAST
    emit(state, rows, seqs, book, row_kind, flags, orders[slot, k.X_HANDLE], price, qty)
    shrink_order(stocks, orders, table, ref, slot, qty)
    return 0


@njit(cache=True)
def act_on_replace(
    state: Ints, stocks: Ints, orders: Ints, table: Ints, data: Bytes, at: int, ref: Whole,
    slot: Whole, rows: Rows, seqs: Ints,
) -> int:  # fmt: skip
    """U: the order keeps its handle and side under a new name, at the back; 0, or the fault."""
    new_ref = big_endian(data, at + k.AT_NEW_REF, 8)
    qty = big_endian(data, at + k.AT_NEW_QTY, 4)
    price = big_endian(data, at + k.AT_NEW_PRICE, 4)
    fault = check_amounts(state, qty, price)
    if fault == 0 and hash_find(table, new_ref) >= 0:
        fault = refuse(state, k.FAULT_REF_LIVE, new_ref, 0)
    if fault != 0:
        return fault
    hash_remove(table, ref)
    hash_put(table, new_ref, slot)
    orders[slot, k.X_PRICE] = price
    orders[slot, k.X_QTY] = qty
    locate = orders[slot, k.X_LOCATE]
    note_tick(stocks, locate, price)
    flags = orders[slot, k.X_SIDE] | LAST
    book = stocks[locate, k.K_BOOK] - 1
    emit(state, rows, seqs, book, REPLACE, flags, orders[slot, k.X_HANDLE], price, qty)
    return 0


@njit(cache=True)
def call_handle(letter: Whole) -> int:
    """The handle of a CROSS row by the letter of its cross."""
    if letter == k.OPENING_CROSS:
        return k.NO_HANDLE - OPENING_CALL
    if letter == k.CLOSING_CROSS:
        return k.NO_HANDLE - CLOSING_CALL
    if letter == k.HALT_CROSS:
        return k.NO_HANDLE - HALT_CALL
    return k.NO_HANDLE


@njit(cache=True)
def act_on_print(
    state: Ints, stocks: Ints, books: Ints, data: Bytes, at: int, kind: Whole, locate: Whole,
    rows: Rows, seqs: Ints,
) -> int:  # fmt: skip
    """P and Q: a print that touches no displayed order; 0, or the fault."""
    handle = k.NO_HANDLE
    if kind == k.CROSS_TRADE:
        qty = big_endian(data, at + k.AT_CROSS_QTY, 8)
        price = big_endian(data, at + k.AT_CROSS_PRICE, 4)
        if qty == 0:
            state[k.S_EMPTY_CROSSES] += 1
            return 0
        fault = check_amounts(state, qty, price)
        row_kind, flags = CROSS, SIDE_UNKNOWN
        handle = call_handle(big_endian(data, at + k.AT_CROSS_TYPE, 1))
    else:
        letter = big_endian(data, at + k.AT_SIDE, 1)
        qty = big_endian(data, at + k.AT_ADD_QTY, 4)
        price = big_endian(data, at + k.AT_ADD_PRICE, 4)
        fault = check_side(state, letter)
        if fault == 0:
            fault = check_amounts(state, qty, price)
        row_kind = TRADE
        # The message names the hidden order's side; a print carries the aggressor's.
        flags = 0 if letter == k.SELL_LETTER else 1
        if state[k.S_NAMED_SIDES] == 0:
            flags = SIDE_UNKNOWN
    if fault != 0:
        return fault
    book = book_of(state, stocks, books, locate, rows, seqs)
    emit(state, rows, seqs, book, row_kind, flags | LAST, handle, price, qty)
    return 0


@njit(cache=True)
def act_on_named(
    state: Ints, stocks: Ints, books: Ints, orders: Ints, table: Ints, data: Bytes, at: int,
    kind: Whole, locate: Whole, rows: Rows, seqs: Ints,
) -> int:  # fmt: skip
    """Apply a message whose stock has a name, if it carries one; 0, or why it is refused."""
    if kind == k.SYSTEM_EVENT:
        event = big_endian(data, at + k.AT_EVENT, 1)
        return act_on_market(state, stocks, books, event, rows, seqs)
    if k.TOUCHES_STATE[kind] == 0:
        return 0
    if stocks[locate, k.K_WANTED] == k.UNWANTED:
        state[k.S_FILTERED] += 1
        return 0
    if kind == k.TRADING_ACTION or kind == k.OPERATIONAL_HALT:
        return act_on_stock(state, stocks, data, at, kind, locate, rows, seqs)
    if kind == k.TRADE_MESSAGE or kind == k.CROSS_TRADE:
        return act_on_print(state, stocks, books, data, at, kind, locate, rows, seqs)
    if kind == k.ADD_ORDER or kind == k.ADD_ATTRIBUTED:
        return act_on_add(state, stocks, books, orders, table, data, at, locate, rows, seqs)
    ref = big_endian(data, at + k.AT_REF, 8)
    place = hash_find(table, ref)
    if place < 0:
        return refuse(state, k.FAULT_REF_UNKNOWN, ref, 0)
    slot = table[place, 1] - 1
    if orders[slot, k.X_LOCATE] != locate:
        return refuse(state, k.FAULT_LOCATE, locate, orders[slot, k.X_LOCATE])
    if kind == k.REPLACE_ORDER:
        return act_on_replace(state, stocks, orders, table, data, at, ref, slot, rows, seqs)
    return act_on_taken(state, stocks, orders, table, data, at, kind, ref, slot, rows, seqs)


@njit(cache=True)
def act(
    state: Ints, stocks: Ints, books: Ints, orders: Ints, table: Ints, wanted: Ints, data: Bytes,
    at: int, kind: Whole, rows: Rows, seqs: Ints,
) -> int:  # fmt: skip
    """Apply a message that is whole; 0, or why it is refused."""
    locate = big_endian(data, at + k.AT_LOCATE, 2)
    known = stocks[locate, k.K_NAME]
    name_at = k.NAME_AT[kind]
    fault = 0
    if name_at != 0:
        name = big_endian(data, at + name_at, 8)
        fault = name_stock(state, stocks, wanted, locate, name)
    if fault == 0:
        fault = act_on_named(
            state, stocks, books, orders, table, data, at, kind, locate, rows, seqs
        )
    if fault != 0 and known == 0:
        # A message that is not believed names no stock either.
        stocks[locate, k.K_NAME] = 0
        stocks[locate, k.K_WANTED] = 0
    return fault


@njit(cache=True)
def frame(state: Ints, data: Bytes, at: int, final: int) -> Whole:
    """Bytes of the message at `at` with its length in front; 0 when more data is needed.

    A message that is not framed as its type should be leaves a fault; how far it reaches its
    length says, and at the end of the file all that is left.
    """
    rest = data.shape[0] - at
    state[k.S_KIND] = 0
    if rest >= 3:
        length = big_endian(data, at, 2)
        kind = big_endian(data, at + 2, 1)
        size = k.SIZES[kind]
        state[k.S_KIND] = kind
        if length == 0 and size == 0:
            refuse(state, k.FAULT_LOST, kind, 0)
            return rest
        if length == 0:
            length = size
        if rest >= 2 + length:
            if size == 0:
                refuse(state, k.FAULT_TYPE, kind, 0)
            elif length != size:
                refuse(state, k.FAULT_LENGTH, length, size)
            return 2 + length
    if final == 0:
        return 0
    refuse(state, k.FAULT_CUT_OFF, rest, 0)
    return rest


@njit(cache=True)
def ingest_messages(
    state: Ints, stocks: Ints, books: Ints, orders: Ints, table: Ints, wanted: Ints, data: Bytes,
    at: int, final: int, rows: Rows, seqs: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Turn messages into tape rows until the data or the space ends, or one is refused.

    Arrays:
        state: int64 (STATE_SIZE,), the scalars S_*; inout.
        stocks: int64 (LOCATES, STOCK_WIDTH), one record a stock, the columns K_*; inout.
        books: int64 (LOCATES,), locate of each book; inout.
        orders: int64 (capacity, ORDER_WIDTH), one record a handle, the columns X_*; inout.
        table: int64 (power of two, 2), reference number and record + 1, 0 when empty; inout.
        wanted: int64 (n,), names of the stocks to take; none for all; in.
        data: uint8, the bytes; in.
        rows: TAPE_DTYPE, from S_OUT on; out.
        seqs: int64, source message of each tape row; out.

    Args:
        state: See above.
        stocks: See above.
        books: See above.
        orders: See above.
        table: See above.
        wanted: See above.
        data: See above.
        at: Offset of the first message not yet taken.
        final: Not 0 when no byte follows `data`.
        rows: See above.
        seqs: See above.

    Returns:
        Why it stopped, and the offset of the next message to take.
    """
    while at < data.shape[0]:
        room = rows.shape[0] - state[k.S_OUT]
        if room < state[k.S_BOOKS] + 2 or state[k.S_SLOTS] == orders.shape[0]:
            return k.NEED_SPACE, at
        if final != 0 and data.shape[0] - at == 2 and data[at] == 0 and data[at + 1] == 0:
            # A length of zero at the end says that the session is over.
            return k.NEED_DATA, at + 2
        state[k.S_FAULT] = 0
        length = frame(state, data, at, final)
        if length == 0:
            return k.NEED_DATA, at
        if state[k.S_FAULT] == 0:
            kind = state[k.S_KIND]
            state[k.S_COUNT + kind] += 1
            stamp = big_endian(data, at + 2 + k.AT_TIME, 6)
            if stamp < state[k.S_CLOCK] or stamp > k.NS_MAX:
                refuse(state, k.FAULT_TIME, stamp, state[k.S_CLOCK])
            else:
                before = state[k.S_CLOCK]
                state[k.S_CLOCK] = stamp
                fault = act(
                    state, stocks, books, orders, table, wanted, data, at + 2, kind, rows, seqs
                )
                if fault != 0:
                    state[k.S_CLOCK] = before
        else:
            state[k.S_MISFRAMED] += 1
        state[k.S_BEGIN] = at
        state[k.S_SEQ] += 1
        at += int(length)
        if state[k.S_FAULT] != 0:
            return k.REFUSED, at
    return k.NEED_DATA, at
