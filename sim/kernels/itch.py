"""ITCH 5.0 messages to tape rows.

Model: the feed names every order, so that the ingest keeps no levels: an order is found by its
reference number and holds its stock, side, price and what is left. A stock gets its book with its
first order, print or cross, behind a PHASE row. An order record belongs to one handle of one book
for ever and goes to that book's own free list, last freed first, which keeps handles dense.

What each message says on the tape:
    A, F → ADD; E → EXECUTE; X → REDUCE; D → DELETE; U → REPLACE, which loses priority
    C → EXECUTE at the order's own price, because that is what its queue lost; the price it was
        executed at, when another, is only counted. Not printable: REDUCE, since the print is the
        cross's or was made before
    P → TRADE, Q → CROSS (none for a cross of no shares)
    S, H, h → PHASE of every open book whose phase changes

The state is changed only after a message was found acceptable as a whole.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.kernels.ingest_book import Ints, Whole, hash_find, hash_put, hash_remove
from sim.kernels.itch_phase import act_on_phase, emit, open_book
from sim.kernels.itch_state import (
    ADD_ATTRIBUTED,
    ADD_ORDER,
    AT_ADD_NAME,
    AT_ADD_PRICE,
    AT_ADD_QTY,
    AT_CROSS_NAME,
    AT_CROSS_PRICE,
    AT_CROSS_QTY,
    AT_EXECUTION_PRICE,
    AT_LOCATE,
    AT_NAME,
    AT_NEW_PRICE,
    AT_NEW_QTY,
    AT_NEW_REF,
    AT_PRINTABLE,
    AT_REF,
    AT_SIDE,
    AT_TAKEN,
    AT_TIME,
    CANCEL,
    CENT_UNITS,
    CROSS_TRADE,
    DELETE_ORDER,
    DIRECTORY,
    EXECUTED,
    EXECUTED_AT_PRICE,
    FAULT_CODE,
    FAULT_CUT_OFF,
    FAULT_LENGTH,
    FAULT_LOCATE,
    FAULT_LOST,
    FAULT_NAME,
    FAULT_PRICE,
    FAULT_REF_LIVE,
    FAULT_REF_UNKNOWN,
    FAULT_SHARES,
    FAULT_SIDE,
    FAULT_TIME,
    FAULT_TOO_MUCH,
    FAULT_TYPE,
    K_FREE,
    K_HANDLES,
    K_NAME,
    K_OFF_CENT,
    K_WANTED,
    NEED_DATA,
    NEED_SPACE,
    NO_HANDLE,
    NS_MAX,
    OPERATIONAL_HALT,
    QTY_MAX,
    REFUSED,
    REPLACE_ORDER,
    S_BEGIN,
    S_BOOKS,
    S_CLOCK,
    S_COUNT,
    S_EMPTY_CROSSES,
    S_FAULT,
    S_FILTERED,
    S_KIND,
    S_LIVE,
    S_MISFRAMED,
    S_NAMED_SIDES,
    S_OUT,
    S_PRICED,
    S_SEQ,
    S_SLOTS,
    S_UNPRINTED,
    SIZES,
    SYSTEM_EVENT,
    TRADE_MESSAGE,
    TRADING_ACTION,
    UNWANTED,
    WANTED,
    X_HANDLE,
    X_LOCATE,
    X_NEXT,
    X_PRICE,
    X_QTY,
    X_SIDE,
    be,
    refuse,
)
from sim.kernels.status import (
    ADD,
    CROSS,
    DELETE,
    EXECUTE,
    LAST,
    REDUCE,
    REPLACE,
    SIDE_UNKNOWN,
    TRADE,
)

Bytes: TypeAlias = npt.NDArray[np.uint8]
Rows: TypeAlias = npt.NDArray[np.void]

BUY_LETTER = 66
SELL_LETTER = 83
YES = 89
NO = 78


@njit(cache=True)
def name_stock(state: Ints, stocks: Ints, wanted: Ints, locate: int, name: Whole) -> int:
    """Note a stock's name, or 0 / a fault when it has another one."""
    if stocks[locate, K_NAME] == 0:
        stocks[locate, K_NAME] = name
        stocks[locate, K_WANTED] = WANTED if wanted.shape[0] == 0 else UNWANTED
        for i in range(wanted.shape[0]):
            if wanted[i] == name:
                stocks[locate, K_WANTED] = WANTED
    elif stocks[locate, K_NAME] != name:
        return refuse(state, FAULT_NAME, name, stocks[locate, K_NAME])
    return 0


@njit(cache=True)
def new_order(state: Ints, stocks: Ints, orders: Ints, locate: int) -> int:
    """A record of the stock's book: the last freed one, else a new one with a new handle."""
    if stocks[locate, K_FREE] != 0:
        slot = stocks[locate, K_FREE] - 1
        stocks[locate, K_FREE] = orders[slot, X_NEXT]
    else:
        slot = state[S_SLOTS]
        state[S_SLOTS] += 1
        orders[slot, X_LOCATE] = locate
        orders[slot, X_HANDLE] = stocks[locate, K_HANDLES]
        stocks[locate, K_HANDLES] += 1
    state[S_LIVE] += 1
    return slot


@njit(cache=True)
def shrink(state: Ints, stocks: Ints, orders: Ints, table: Ints, ref: int, slot: int, qty: int) -> None:
    """Take shares of an order; at zero its name is forgotten and its record is free."""
    orders[slot, X_QTY] -= qty
    if orders[slot, X_QTY] > 0:
        return
    locate = orders[slot, X_LOCATE]
    hash_remove(table, ref)
    orders[slot, X_NEXT] = stocks[locate, K_FREE]
    stocks[locate, K_FREE] = slot + 1
    state[S_LIVE] -= 1


@njit(cache=True)
def check_amounts(state: Ints, qty: Whole, price: Whole) -> int:
    """0, or why shares and price of an order or a print can't be."""
    if qty < 1 or qty > QTY_MAX:
        return refuse(state, FAULT_SHARES, qty, QTY_MAX)
    if price < 1:
        return refuse(state, FAULT_PRICE, price, 1)
    return 0
