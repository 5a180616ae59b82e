"""Dealing the orders of one tape to several venues, each order whole.

Model: an order goes to a venue when it is born (ADD, or a REVEAL of new depth) by a draw whose cause
is the instant of its birth and its number among the orders born in that instant, so taking one order
off the tape moves no draw outside its instant. Everything that happens to the order follows it.
Prints have draws of their own; PHASE and CLEAR go to every venue. Handles are dense for each venue,
and the last one freed is the next one given out. Orders that are marked are drawn by shares of their own.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.kernels import status
from sim.kernels.draw import draw, uniform_below
from sim.kernels.ingest_book import Ints, Whole

DRAW_ONE = 1 << 62  # shares are cumulative in units of 1 / DRAW_ONE

# An order as it was dealt, by its handle on the tape that is split.
D_QTY = 0  # lots left; 0: free
D_VENUE = 1
D_HANDLE = 2  # its handle at the venue
D_WIDTH = 3

# Where the dealing is.
G_TS = 0  # the instant whose births and prints are counted
G_BIRTHS = 1
G_PRINTS = 2
G_OUT = 3  # rows written by the last call
G_BAD_AT = 4  # row that was refused
G_SIZE = 5

# A row of the outcome.
Q_ROW = 0  # which row of the piece it is
Q_VENUE = 1
Q_HANDLE = 2
Q_WIDTH = 3


@njit(cache=True)
def venue_drawn(shares: Ints, mark: int, key: int, ts_ns: int, number: int) -> int:
    """The venue of a cause; `shares` of its mark are cumulative, the last one DRAW_ONE."""
    at = uniform_below(draw(key, ts_ns, number), DRAW_ONE)
    venue = 0
    while at >= shares[mark, venue]:
        venue += 1
    return venue


@njit(cache=True)
def free_order(dealt: Ints, free: Ints, used: Ints, handle: Whole) -> None:
    """The order has died; its venue's handle is the next one given out."""
    venue = dealt[handle, D_VENUE]
    free[venue, used[venue, 1]] = dealt[handle, D_HANDLE]
    used[venue, 1] += 1
    dealt[handle, D_QTY] = 0


@njit(cache=True)
def give_handle(free: Ints, used: Ints, venue: int) -> int:
    """A handle of a venue: the last one freed, or a new one."""
    if used[venue, 1] > 0:
        used[venue, 1] -= 1
        return free[venue, used[venue, 1]]
    used[venue, 0] += 1
    return used[venue, 0] - 1


@njit(cache=True)
def write_out(state: Ints, out: Ints, row: int, venue: int, handle: Whole) -> None:
    """Append one row of the outcome."""
    at = state[G_OUT]
    out[at, Q_ROW] = row
    out[at, Q_VENUE] = venue
    out[at, Q_HANDLE] = handle
    state[G_OUT] = at + 1


@njit(cache=True)
def take_from(dealt: Ints, free: Ints, used: Ints, kind: Whole, handle: Whole, qty: int) -> int:
    """What a row does to a live order's quantity; DONE or why not."""
    held = dealt[handle, D_QTY]
    if kind == status.REPLACE:
        dealt[handle, D_QTY] = qty
        return status.DONE
    lots = held if kind == status.DELETE else abs(qty)
    if lots > held:
        return status.BAD_TOO_MUCH
    dealt[handle, D_QTY] = held - lots
    if held == lots:
        free_order(dealt, free, used, handle)
    return status.DONE


@njit(cache=True)
def deal(
    rows: npt.NDArray[np.void],
    order_key: int,
    print_key: int,
    shares: Ints,
    marks: Ints,
    dealt: Ints,
    free: Ints,
    used: Ints,
    state: Ints,
    out: Ints,
) -> int:
    """Deal a piece of a tape.

    Arrays:
        rows: TAPE_DTYPE, of one L3 book, handles within `dealt`; in.
        shares: int64 (2, venues), cumulative, of unmarked and of marked orders; in.
        marks: int64 (rows,), 1 where an order is born that is marked, else 0; in.
        dealt: int64 (handles, D_WIDTH); inout.
        free: int64 (venues, handles), freed handles, the last one on top; inout.
        used: int64 (venues, 2), handles ever given out, and how many are in `free`; inout.
        state: int64 (G_SIZE,); inout.
        out: int64 (enough, Q_WIDTH), one for each row and venue that gets it; out.

    Returns:
        DONE, or why the row at G_BAD_AT was refused.
    """
    venues = shares.shape[1]
    state[G_OUT] = 0
    for at in range(rows.shape[0]):
        row = rows[at]
        kind = np.int64(row["kind"])
        handle = np.int64(row["handle"])
        qty = row["qty"]
        state[G_BAD_AT] = at
        if row["ts_ns"] != state[G_TS]:
            state[G_TS] = row["ts_ns"]
            state[G_BIRTHS] = 0
            state[G_PRINTS] = 0
        if kind == status.PHASE or kind == status.CLEAR:
            if kind == status.CLEAR:
                for one in range(dealt.shape[0]):
                    if dealt[one, D_QTY] > 0:
                        free_order(dealt, free, used, one)
            for venue in range(venues):
                write_out(state, out, at, venue, handle)
        elif kind == status.TRADE or kind == status.CROSS:
            venue = venue_drawn(shares, 0, print_key, state[G_TS], state[G_PRINTS])
            state[G_PRINTS] += 1
            write_out(state, out, at, venue, handle)
        elif kind == status.LEVEL or kind == status.QUOTE:
            return status.BAD_KIND
        elif kind == status.ADD or (kind == status.REVEAL and qty > 0):
            if dealt[handle, D_QTY] > 0:
                return status.BAD_HANDLE_LIVE
            if qty < 1:
                return status.BAD_ROW_QTY
            venue = venue_drawn(shares, marks[at], order_key, state[G_TS], state[G_BIRTHS])
            state[G_BIRTHS] += 1
            dealt[handle, D_QTY] = qty
            dealt[handle, D_VENUE] = venue
            dealt[handle, D_HANDLE] = give_handle(free, used, venue)
            write_out(state, out, at, venue, dealt[handle, D_HANDLE])
        else:
            if dealt[handle, D_QTY] == 0:
                return status.BAD_HANDLE_DEAD
            if qty == 0 or (qty < 0 and kind != status.REVEAL):
                return status.BAD_ROW_QTY
            write_out(state, out, at, dealt[handle, D_VENUE], dealt[handle, D_HANDLE])
            reason = take_from(dealt, free, used, kind, handle, qty)
            if reason != status.DONE:
                return reason
    return status.DONE
