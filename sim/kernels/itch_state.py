"""What the ITCH kernels share: the sizes of messages, scalars, and reasons to refuse.

Every message begins with type, stock locate, tracking number and a time stamp of six bytes; the
offsets below count from the type byte, and all numbers are big-endian.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.kernels.ingest_book import Ints, Whole

Bytes: TypeAlias = npt.NDArray[np.uint8]
Rows: TypeAlias = npt.NDArray[np.void]
"""Tape rows, TAPE_DTYPE."""

SIZES: Ints = np.zeros(256, np.int64)
"""Bytes of a message by its type byte, without the length in front; 0 where there is no such type."""
for _letter, _size in {
    "S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21,
    "A": 36, "F": 40, "E": 31, "C": 36, "X": 23, "D": 19, "U": 35,
    "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20, "O": 48,
}.items():  # fmt: skip
    SIZES[ord(_letter)] = _size

SYSTEM_EVENT = 83  # S
DIRECTORY = 82  # R
TRADING_ACTION = 72  # H
OPERATIONAL_HALT = 104  # h
ADD_ORDER = 65  # A
ADD_ATTRIBUTED = 70  # F
EXECUTED = 69  # E
EXECUTED_AT_PRICE = 67  # C
CANCEL = 88  # X
DELETE_ORDER = 68  # D
REPLACE_ORDER = 85  # U
TRADE_MESSAGE = 80  # P
CROSS_TRADE = 81  # Q

EVENT_START_OF_MESSAGES = 79  # O
EVENT_START_OF_SYSTEM = 83  # S
EVENT_START_OF_MARKET = 81  # Q
EVENT_END_OF_MARKET = 77  # M
EVENT_END_OF_SYSTEM = 69  # E
EVENT_END_OF_MESSAGES = 67  # C
ACTION_HALTED = 72  # H
ACTION_PAUSED = 80  # P
ACTION_QUOTES = 81  # Q
ACTION_TRADES = 84  # T
MARKET_NASDAQ = 81  # Q

AT_LOCATE = 1
AT_TIME = 5
AT_EVENT = 11  # of S
AT_NAME = 11  # of R and H
AT_ACTION = 19  # of H
AT_MARKET = 19  # of h
AT_MARKET_ACTION = 20
AT_REF = 11  # of order messages and P
AT_SIDE = 19  # of A, F and P
AT_ADD_QTY = 20
AT_ADD_NAME = 24
AT_ADD_PRICE = 32
AT_TAKEN = 19  # of E, C and X
AT_PRINTABLE = 31  # of C
AT_EXECUTION_PRICE = 32
AT_NEW_REF = 19  # of U
AT_NEW_QTY = 27
AT_NEW_PRICE = 31
AT_CROSS_QTY = 11  # of Q, eight bytes
AT_CROSS_NAME = 19
AT_CROSS_PRICE = 27
AT_CROSS_TYPE = 39

NAME_AT: Ints = np.zeros(256, np.int64)
"""Where a message by its type has the stock's name, which must be its locate's; 0 for nowhere."""
TOUCHES_STATE: Ints = np.zeros(256, np.int64)
"""1 for the messages of one stock that say something about its book or its phase."""
for _kind, _at in (
    (DIRECTORY, AT_NAME), (TRADING_ACTION, AT_NAME), (OPERATIONAL_HALT, AT_NAME),
    (ADD_ORDER, AT_ADD_NAME), (ADD_ATTRIBUTED, AT_ADD_NAME),
    (TRADE_MESSAGE, AT_ADD_NAME), (CROSS_TRADE, AT_CROSS_NAME),
):  # fmt: skip
    NAME_AT[_kind] = _at
for _kind in (
    TRADING_ACTION, OPERATIONAL_HALT, ADD_ORDER, ADD_ATTRIBUTED, EXECUTED, EXECUTED_AT_PRICE,
    CANCEL, DELETE_ORDER, REPLACE_ORDER, TRADE_MESSAGE, CROSS_TRADE,
):  # fmt: skip
    TOUCHES_STATE[_kind] = 1

# Why a message is refused; those of framing come first.
FAULT_CUT_OFF = 1  # the file ends inside it
FAULT_LOST = 2  # an unknown type without a length: nothing after it can be found
FAULT_TYPE = 3
FAULT_LENGTH = 4
FAULT_TIME = 5
FAULT_LOCATE = 6
FAULT_CODE = 7  # a letter that the message does not have
FAULT_SIDE = 8
FAULT_SHARES = 9
FAULT_PRICE = 10
FAULT_REF_LIVE = 11
FAULT_REF_UNKNOWN = 12
FAULT_TOO_MUCH = 13
FAULT_NAME = 14

# Where the kernel stopped.
NEED_DATA = 0
NEED_SPACE = 1
REFUSED = 2

S_OUT = 0  # rows written and not yet collected
S_SEQ = 1  # messages walked
S_CLOCK = 2  # nanoseconds after midnight of the newest accepted message
S_MIDNIGHT = 3  # nanoseconds from the epoch to the session's midnight
S_SYSTEM = 4  # phase of the whole market
S_BOOKS = 5  # books opened
S_SLOTS = 6  # order records ever used
S_NAMED_SIDES = 7  # not 0 where the side of a P message means something
S_FILTERED = 8  # messages of stocks that were not asked for
S_MISFRAMED = 9
S_PHASE_ROWS = 10
S_PRICED = 11  # printable executions at another price than the order's
S_UNPRINTED = 12  # executions that say they must not be printed
S_EMPTY_CROSSES = 13
S_FAULT = 14  # FAULT_* of the message at which the kernel stopped
S_FOUND = 15
S_ALLOWED = 16
S_KIND = 17  # type byte of that message
S_BEGIN = 18  # offset in the data at which it begins
S_COUNT = 19  # and the 255 after it: messages by type byte
STATE_SIZE = S_COUNT + 256

# One record a stock, by its locate.
K_NAME = 0  # eight characters as one number, 0 while unknown
K_BOOK = 1  # book id + 1, 0 while it has none
K_STATUS = 2  # phase that trading actions ask for
K_HALTED = 3  # not 0 during an operational halt
K_PHASE = 4  # phase that the tape says
K_FREE = 5  # last freed order record + 1, 0 for none
K_HANDLES = 6  # handles ever given out
K_OFF_CENT = 7  # not 0 once an order lay between cents
K_WANTED = 8  # 0 unknown, 1 yes, 2 no
STOCK_WIDTH = 9
LOCATES = 1 << 16

WANTED = 1
UNWANTED = 2

# One record a handle; it keeps its stock and handle for ever, so that handles are dense by book.
X_HANDLE = 0
X_LOCATE = 1
X_SIDE = 2
X_PRICE = 3
X_QTY = 4
X_NEXT = 5
ORDER_WIDTH = 6

QTY_MAX = 1 << 40
NS_MAX = 86_400 * 1_000_000_000
CENT_UNITS = 100
NO_HANDLE = -1
UNTOLD = 0  # kind of a row that is EXECUTE or REDUCE, which `sim/ingest/cross_order.py` finds out

OPENING_CROSS = 79  # O
CLOSING_CROSS = 67  # C
HALT_CROSS = 72  # H, of an IPO too

BUY_LETTER = 66  # B
SELL_LETTER = 83  # S
YES_LETTER = 89  # Y
NO_LETTER = 78  # N


@njit(cache=True)
def big_endian(data: Bytes, at: int, width: int) -> Whole:
    """An unsigned number of up to eight bytes; one of eight keeps its bits, not its sign."""
    value = np.int64(0)
    for i in range(at, at + width):
        value = (value << 8) | np.int64(data[i])
    return value


@njit(cache=True)
def refuse(state: Ints, fault: int, found: Whole, allowed: Whole) -> int:
    """Note why the current message is refused."""
    state[S_FAULT] = fault
    state[S_FOUND] = found
    state[S_ALLOWED] = allowed
    return fault


@njit(cache=True)
def emit(
    state: Ints,
    rows: Rows,
    seqs: Ints,
    book: Whole,
    kind: int,
    flags: Whole,
    handle: Whole,
    price: Whole,
    qty: Whole,
) -> None:
    """Write one tape row of the current message."""
    at = state[S_OUT]
    row = rows[at]
    row["ts_ns"] = state[S_MIDNIGHT] + state[S_CLOCK]
    row["price"] = price
    row["qty"] = qty
    row["handle"] = handle
    row["book_id"] = book
    row["kind"] = kind
    row["side_flags"] = flags
    seqs[at] = state[S_SEQ]
    state[S_OUT] = at + 1
