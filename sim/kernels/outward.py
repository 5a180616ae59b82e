"""What leaves a book: messages of the public feed, and reports to the owners of orders.

Both are rows in preallocated regions. `ring.py` made sure of room before the step began.
"""

from numba import njit

from sim.kernels.blocks import book_number
from sim.kernels.layout import (
    B_RING_CAP,
    B_RING_OFF,
    B_RING_WRITE,
    H_OUT,
    H_OUT_OFF,
    R_CAUSE,
    R_PRICE,
    R_QTY,
    R_SHOWN,
    R_SIZE,
    R_TS,
    R_WORD,
    SORT_FLOW,
    SORT_MASK,
    T_ID,
    T_WORD,
    X_BOOK,
    X_FIGURE,
    X_HALF,
    X_ID,
    X_LEAVES,
    X_LIQUIDITY,
    X_PRICE,
    X_QTY,
    X_REASON,
    X_SIZE,
    X_TS,
    X_TYPE,
    Words,
)
from sim.kernels.pool import tag_of
from sim.kernels.status import FILLED, NO_REASON


@njit(cache=True)
def publish(
    mem: Words,
    bk: int,
    ts: int,
    cause: int,
    kind: int,
    handle: int,
    side: int,
    price: int,
    qty: int,
    shown: int,
) -> None:
    """Write one message into the book's ring; observable once its source message is committed."""
    cap = mem[bk + B_RING_CAP]
    if cap == 0:
        return
    write = mem[bk + B_RING_WRITE]
    at = mem[bk + B_RING_OFF] + (write & (cap - 1)) * R_SIZE
    mem[at + R_TS] = ts
    mem[at + R_PRICE] = price
    mem[at + R_QTY] = qty
    mem[at + R_SHOWN] = shown
    mem[at + R_WORD] = side | kind << 8 | handle << 16
    mem[at + R_CAUSE] = cause
    mem[bk + B_RING_WRITE] = write + 1


@njit(cache=True)
def report(
    mem: Words,
    bk: int,
    ts: int,
    kind: int,
    order_id: int,
    price: int,
    qty: int,
    leaves: int,
    reason: int,
    liquidity: int,
) -> None:
    """Write one report row for the owner of an order."""
    at = mem[H_OUT_OFF] + mem[H_OUT] * X_SIZE
    mem[at + X_TYPE] = kind
    mem[at + X_TS] = ts
    mem[at + X_BOOK] = book_number(mem, bk)
    mem[at + X_ID] = order_id
    mem[at + X_PRICE] = price
    mem[at + X_QTY] = qty
    mem[at + X_LEAVES] = leaves
    mem[at + X_REASON] = reason
    mem[at + X_LIQUIDITY] = liquidity
    mem[at + X_FIGURE] = 0
    mem[at + X_HALF] = 0
    mem[H_OUT] += 1


@njit(cache=True)
def report_refusal(
    mem: Words,
    bk: int,
    ts: int,
    kind: int,
    order_id: int,
    price: int,
    qty: int,
    leaves: int,
    reason: int,
    figure: int,
) -> None:
    """Tell the owner of an order why a command was refused, and the figure that decided it."""
    report(mem, bk, ts, kind, order_id, price, qty, leaves, reason, 0)
    mem[mem[H_OUT_OFF] + (mem[H_OUT] - 1) * X_SIZE + X_FIGURE] = figure


@njit(cache=True)
def report_fill(
    mem: Words, bk: int, ts: int, slot: int, price: int, qty: int, leaves: int, liquidity: int
) -> None:
    """Tell the owner of an own order of a fill; flow has no owner."""
    tag = tag_of(mem, slot)
    if mem[tag + T_WORD] & SORT_MASK != SORT_FLOW:
        report(mem, bk, ts, FILLED, mem[tag + T_ID], price, qty, leaves, NO_REASON, liquidity)
