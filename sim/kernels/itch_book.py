"""Stocks, orders and phases of an ITCH ingest.

Model: the feed names every order, so no levels are kept: a record holds an order's stock, side,
price and what is left of it. A record belongs to one handle of one book for ever and returns to
that book's free list, last freed first, so that the handles of every book are dense.

A stock's phase is the market's while that is not CONTINUOUS, else HALT during an operational halt,
else what its own trading action asks for: halted and paused are HALT, quotation-only is PRE_OPEN
(orders gather for a cross and may cross each other). Of a stock without any trading action is
assumed that it trades. The market itself trades from the start to the end of system hours.
"""

from numba import njit

from sim.kernels import itch_state as k
from sim.kernels.ingest_book import Ints, Whole, hash_remove
from sim.kernels.itch_state import Bytes, Rows, big_endian, emit, refuse
from sim.kernels.status import CLOSED, CONTINUOUS, HALT, LAST, PHASE, PRE_OPEN


@njit(cache=True)
def name_stock(state: Ints, stocks: Ints, wanted: Ints, locate: Whole, name: Whole) -> int:
    """Note a stock's name; 0, or the fault when it already has another one, or can't have one."""
    if locate == 0 or name == 0:
        return refuse(state, k.FAULT_LOCATE, locate, 0)
    if stocks[locate, k.K_NAME] == 0:
        stocks[locate, k.K_NAME] = name
        stocks[locate, k.K_WANTED] = k.WANTED if wanted.shape[0] == 0 else k.UNWANTED
        for i in range(wanted.shape[0]):
            if wanted[i] == name:
                stocks[locate, k.K_WANTED] = k.WANTED
    elif stocks[locate, k.K_NAME] != name:
        return refuse(state, k.FAULT_NAME, name, stocks[locate, k.K_NAME])
    return 0


@njit(cache=True)
def open_order(
    state: Ints, stocks: Ints, orders: Ints, locate: Whole, side: int, price: Whole, qty: Whole
) -> int:
    """A record of the stock's book: the last freed one, else a new one with a new handle."""
    if stocks[locate, k.K_FREE] != 0:
        slot = stocks[locate, k.K_FREE] - 1
        stocks[locate, k.K_FREE] = orders[slot, k.X_NEXT]
    else:
        slot = state[k.S_SLOTS]
        state[k.S_SLOTS] += 1
        orders[slot, k.X_LOCATE] = locate
        orders[slot, k.X_HANDLE] = stocks[locate, k.K_HANDLES]
        stocks[locate, k.K_HANDLES] += 1
    orders[slot, k.X_SIDE] = side
    orders[slot, k.X_PRICE] = price
    orders[slot, k.X_QTY] = qty
    return slot


@njit(cache=True)
def shrink_order(
    stocks: Ints, orders: Ints, table: Ints, ref: Whole, slot: Whole, qty: Whole
) -> None:
    """Take shares of an order; at zero its name is forgotten and its record is free."""
    orders[slot, k.X_QTY] -= qty
    if orders[slot, k.X_QTY] == 0:
        locate = orders[slot, k.X_LOCATE]
        hash_remove(table, ref)
        orders[slot, k.X_NEXT] = stocks[locate, k.K_FREE]
        stocks[locate, k.K_FREE] = slot + 1


@njit(cache=True)
def say_phase(
    state: Ints, stocks: Ints, locate: Whole, opens: bool, rows: Rows, seqs: Ints
) -> bool:
    """Write a book's phase when it changed or the book opens; whether a row was written."""
    phase = state[k.S_SYSTEM]
    if phase == CONTINUOUS:
        phase = stocks[locate, k.K_STATUS]
        if stocks[locate, k.K_HALTED] != 0:
            phase = HALT
    if phase == stocks[locate, k.K_PHASE] and not opens:
        return False
    stocks[locate, k.K_PHASE] = phase
    book = stocks[locate, k.K_BOOK] - 1
    flags = 0 if opens else LAST
    emit(state, rows, seqs, book, PHASE, flags, k.NO_HANDLE, 0, phase)
    state[k.S_PHASE_ROWS] += 1
    return True


@njit(cache=True)
def book_of(state: Ints, stocks: Ints, books: Ints, locate: Whole, rows: Rows, seqs: Ints) -> Whole:
    """The book of a stock, opened behind its phase when it has none."""
    if stocks[locate, k.K_BOOK] == 0:
        books[state[k.S_BOOKS]] = locate
        state[k.S_BOOKS] += 1
        stocks[locate, k.K_BOOK] = state[k.S_BOOKS]
        say_phase(state, stocks, locate, True, rows, seqs)
    return stocks[locate, k.K_BOOK] - 1


@njit(cache=True)
def act_on_market(
    state: Ints, stocks: Ints, books: Ints, event: Whole, rows: Rows, seqs: Ints
) -> int:
    """A system event: 0, or the fault when there is no such event."""
    if event == k.EVENT_START_OF_MESSAGES:
        state[k.S_SYSTEM] = PRE_OPEN
    elif event == k.EVENT_START_OF_SYSTEM:
        state[k.S_SYSTEM] = CONTINUOUS
    elif event == k.EVENT_END_OF_SYSTEM:
        state[k.S_SYSTEM] = CLOSED
    elif (
        event != k.EVENT_START_OF_MARKET
        and event != k.EVENT_END_OF_MARKET
        and event != k.EVENT_END_OF_MESSAGES
    ):
        return refuse(state, k.FAULT_CODE, event, 0)
    for i in range(state[k.S_BOOKS]):
        say_phase(state, stocks, books[i], False, rows, seqs)
    return 0


@njit(cache=True)
def act_on_stock(
    state: Ints, stocks: Ints, data: Bytes, at: int, kind: Whole, locate: Whole, rows: Rows,
    seqs: Ints,
) -> int:  # fmt: skip
    """A trading action (H) or operational halt (h): 0, or the fault when its letter is none."""
    if kind == k.TRADING_ACTION:
        action = data[at + k.AT_ACTION]
        if action == k.ACTION_HALTED or action == k.ACTION_PAUSED:
            stocks[locate, k.K_STATUS] = HALT
        elif action == k.ACTION_QUOTES:
            stocks[locate, k.K_STATUS] = PRE_OPEN
        elif action == k.ACTION_TRADES:
            stocks[locate, k.K_STATUS] = CONTINUOUS
        else:
            return refuse(state, k.FAULT_CODE, big_endian(data, at + k.AT_ACTION, 1), 0)
    else:
        action = data[at + k.AT_MARKET_ACTION]
        if action != k.ACTION_HALTED and action != k.ACTION_TRADES:
            return refuse(state, k.FAULT_CODE, big_endian(data, at + k.AT_MARKET_ACTION, 1), 0)
        # The feed tells of halts on sister exchanges too; their books are not in it.
        if data[at + k.AT_MARKET] == k.MARKET_NASDAQ:
            stocks[locate, k.K_HALTED] = 1 if action == k.ACTION_HALTED else 0
    if stocks[locate, k.K_BOOK] != 0:
        say_phase(state, stocks, locate, False, rows, seqs)
    return 0
