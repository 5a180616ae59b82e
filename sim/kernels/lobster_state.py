"""What the LOBSTER kernels share: scalars, the vendor's codes, reasons to refuse, and how to write.

The scalars live in the same array as those of the ingest's book (`ingest_book`), behind them.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.kernels.ingest_book import S_BOOK_END, Ints, Whole

Rows: TypeAlias = npt.NDArray[np.void]
"""Tape rows, TAPE_DTYPE."""

S_OUT = S_BOOK_END  # rows written and not yet collected
S_SEQ = S_BOOK_END + 1  # source row of the next message
S_CLOCK = S_BOOK_END + 2  # its predecessor's nanoseconds after midnight
S_MIDNIGHT = S_BOOK_END + 3  # nanoseconds from the epoch to the session's midnight
S_TICK = S_BOOK_END + 4  # price units of a tick
S_EDGE = S_BOOK_END + 5  # and the next: worst key of the row before, by side
S_BLIND = S_BOOK_END + 7  # not 0 after an unreadable orderbook row
S_REVEALS = S_BOOK_END + 8  # rows
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
S_CORRECTIONS = S_BOOK_END + 20
S_INFERRED = S_BOOK_END + 21  # DELETE and REDUCE rows that the source does not say itself
STATE_SIZE = S_BOOK_END + 22

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

# Pseudo orders of crosses; -3 and -4 are those of halts, of IPOs and of crosses in the day.
OPENING_CROSS = -1
CLOSING_CROSS = -2

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


@njit(cache=True, inline="always")
def emit(
    state: Ints,
    rows: Rows,
    seqs: Ints,
    kind: int,
    flags: int,
    handle: int,
    price: int,
    qty: int,
) -> None:
    """Write one tape row of the current message."""
    at = state[S_OUT]
    row = rows[at]
    row["ts_ns"] = state[S_MIDNIGHT] + state[S_CLOCK]
    row["price"] = price
    row["qty"] = qty
    row["handle"] = handle
    row["book_id"] = 0
    row["kind"] = kind
    row["side_flags"] = flags
    seqs[at] = state[S_SEQ]
    state[S_OUT] = at + 1


@njit(cache=True, inline="always")
def refuse(state: Ints, fault: int, found: Whole, allowed: Whole) -> int:
    """Note why the current row is refused, unless an earlier reason is noted."""
    if state[S_FAULT] == 0:
        state[S_FAULT] = fault
        state[S_FOUND] = found
        state[S_ALLOWED] = allowed
        state[S_FAULT_SIDE] = state[S_SIDE]
        state[S_FAULT_LEVEL] = state[S_LEVEL]
    return fault
