"""Replaying a tape against the books that its vendor publishes, a source message at a time.

Model: rows are applied as in `world.run_rows`, without local books, flow or orders of ours. After
the last row of each source message that is not part of a snapshot, the best shown levels of both
sides are held against one row of the truth: (ask price, ask lots, bid price, bid lots) for each
level, best first, prices in units. A level that is not there is ±EMPTY_UNITS with no lots.

The tally remembers how many rows were equal and where the first difference is. A difference does
not stop the replay, because later rows may be equal again.
"""

from numba import njit

from sim.kernels.book import ladder_of, price_of
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_TICK,
    H_BOOK_OFF,
    H_POS,
    H_ROWS,
    L_BEST,
    LEVEL,
    LV_SHOWN,
    NONE_KEY,
    ROW,
    W_TS,
    W_WORD,
    Words,
)
from sim.kernels.pointer import pointer
from sim.kernels.status import DONE, LAST, NEED_ROWS, SNAPSHOT
from sim.kernels.world import step_row

NEED_TRUTH = -100  # beside the statuses of `status`: a source message waits for its row of truth
EMPTY_UNITS = 9_999_999_999

# --- the tally ----------------------------------------------------------------------------------
C_AT = 0  # next row of the loaded block of truth
C_BLOCK = 1  # rows in that block
C_LEVELS = 2  # levels in a row
C_ROWS = 3  # rows compared in all
C_EQUAL = 4
C_FIRST = 5  # number of the first row that differs, -1: none yet
C_COLUMN = 6  # its first differing column, what the book says there, and what the truth says
C_FOUND = 7
C_TRUTH = 8
C_SIZE = 9


@njit(cache=True)
def compare_side(
    mem: Words, levels: Words, bk: int, side: int, truth: Words, at: int, tally: Words
) -> bool:
    """Hold one side against the row at `truth[at]`; whether it is equal.

    At the first difference, column, found and expected value are left in the tally.
    """
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    for level in range(tally[C_LEVELS]):
        price = EMPTY_UNITS if side else -EMPTY_UNITS
        lots = 0
        while key != NONE_KEY and lots == 0:
            lots = levels[find_level(mem, ld, key) * LEVEL + LV_SHOWN]
            if lots > 0:
                price = price_of(key * 2 + side) * mem[bk + B_TICK]
            key = next_key(mem, ld, key)
        column = 4 * level + 2 - 2 * side
        found = price
        if truth[at + column] == price:
            column += 1
            found = lots
            if truth[at + column] == lots:
                continue
        tally[C_COLUMN] = column
        tally[C_FOUND] = found
        tally[C_TRUTH] = truth[at + column]
        return False
    return True


@njit(cache=True)
def compare_row(mem: Words, levels: Words, bk: int, truth: Words, tally: Words) -> None:
    """Hold the book against the next row of truth and count the outcome."""
    at = tally[C_AT] * tally[C_LEVELS] * 4
    column = tally[C_COLUMN]
    found = tally[C_FOUND]
    expected = tally[C_TRUTH]
    equal = compare_side(mem, levels, bk, 1, truth, at, tally)
    if equal:
        equal = compare_side(mem, levels, bk, 0, truth, at, tally)
    if equal:
        tally[C_EQUAL] += 1
    elif tally[C_FIRST] < 0:
        tally[C_FIRST] = tally[C_ROWS]
    else:
        # Only the first difference is told.
        tally[C_COLUMN] = column
        tally[C_FOUND] = found
        tally[C_TRUTH] = expected
    tally[C_AT] += 1
    tally[C_ROWS] += 1


@njit(cache=True)
def compare_rows(
    mem: Words, rows: Words, orders: Words, levels: Words, truth: Words, tally: Words
) -> int:
    """Apply the loaded rows of the tape and compare after each source message.

    Returns:
        NEED_ROWS when all are applied, NEED_TRUTH, or a status of `step_row` with the row at H_POS
        not applied.
    """
    bk = mem[H_BOOK_OFF]
    while mem[H_POS] < mem[H_ROWS]:
        at = mem[H_POS] * ROW
        flags = (rows[at + W_WORD] >> 56) & 255
        compared = flags & (LAST | SNAPSHOT) == LAST
        if compared and tally[C_AT] == tally[C_BLOCK]:
            return NEED_TRUTH
        status = step_row(mem, rows, orders, levels, rows[at + W_TS], None)
        if status != DONE:
            return status
        if compared:
            compare_row(mem, levels, bk, truth, tally)
    return NEED_ROWS


@njit(cache=True)
def verify(
    mem: Words, rows: Words, orders: Words, levels: Words, truth: Words, tally: Words
) -> int:
    """Entry point of `compare_rows`; all arrays are C-contiguous int64.

    Arrays:
        mem: The world's words, with one book; inout.
        rows: The loaded piece of the tape, prices of book rows in ticks; in.
        orders: Order records; inout.
        levels: Level records; inout.
        truth: The loaded block of truth, 4 words a level; in.
        tally: C_SIZE words; inout.
    """
    return compare_rows(
        pointer(mem),
        pointer(rows),
        pointer(orders),
        pointer(levels),
        pointer(truth),
        pointer(tally),
    )
