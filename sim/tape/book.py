"""The books that a tape describes, followed row by row; what a venue would start from at any row.

A wrapper of `sim/kernels/tape_book.py`: no venue and no orders of ours, so it reads L3, L2 and L1
tapes alike, and it is what the tape tools (slice, stats, check, split) look through.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from market.codes import Kind, Phase, RowFlag, Side
from market.columns import TAPE_DTYPE
from sim.kernels import ingest_book, status
from sim.kernels import tape_book as k
from sim.rows import Rows, bad_row
from sim.tape.meta import TapeBook, TapeMeta

LEVELS: Final = 1_024
OPENING_KIND: Final = {"L3": Kind.ADD, "L2": Kind.LEVEL, "L1": Kind.QUOTE}
NO_PRICE: Final = k.NO_PRICE
_NOBODY_ASKS: Final = np.zeros((0, k.BEST_WIDTH), np.int64)

Best = npt.NDArray[np.int64]
"""One row of `sim.kernels.tape_book.B_*` columns for each row of a tape."""


class Resting(NamedTuple):
    """What rests in a book, one item a handle, oldest first."""

    handle: npt.NDArray[np.int64]
    side: npt.NDArray[np.int64]
    price_units: npt.NDArray[np.int64]
    qty_lots: npt.NDArray[np.int64]


class BookState:
    """One book of a tape, at some row of it."""

    def __init__(self, book: TapeBook) -> None:
        self.book = book
        self._state = np.zeros(k.STATE_SIZE, np.int64)
        self._state[k.T_PHASE] = int(Phase.CONTINUOUS)
        self._orders = np.zeros((book.handle_count, k.T_WIDTH), np.int64)
        self._levels = np.zeros((LEVELS, ingest_book.LEVEL_WIDTH), np.int64)
        self._ladder = np.zeros((2, LEVELS, 2), np.int64)
        self._table = np.zeros((1, 2), np.int64)

    @property
    def phase(self) -> Phase:
        """The trading phase; CONTINUOUS until the tape says another."""
        return Phase(int(self._state[k.T_PHASE]))

    @property
    def live_max(self) -> int:
        """Most orders (L2: levels) that rested at once."""
        return int(self._state[k.T_LIVE_MAX])

    def apply(self, rows: Rows, numbers: npt.NDArray[np.int64], best: Best | None = None) -> None:
        """Apply rows of this book.

        Args:
            rows: Rows of this book alone, prices in units.
            numbers: The number of each row on its tape, for errors.
            best: Filled with the book after each row, if given; as long as `rows`.

        Raises:
            BadRow: When a row contradicts the rows before it.
        """
        out = _NOBODY_ASKS if best is None else best
        self._state[k.T_POS] = 0
        while True:
            book = (self._state, self._orders, self._levels, self._ladder, self._table)
            code = k.take_rows(book, rows, out)
            if code == status.DONE:
                return
            if code == status.BAD_ROW:
                at = int(self._state[k.T_POS])
                raise bad_row(rows[at], int(self._state[k.T_BAD]), int(numbers[at]))
            self._grow()

    def resting(self) -> Resting:
        """Everything that rests now."""
        handles = np.flatnonzero(self._orders[:, k.T_QTY])
        handles = handles[np.argsort(self._orders[handles, k.T_SEQ], kind="stable")]
        held = self._orders[handles]
        return Resting(handles, held[:, k.T_SIDE], held[:, k.T_PRICE], held[:, k.T_QTY])

    def levels(self, side: Side) -> list[tuple[int, int]]:
        """Every level of a side as (price_units, qty_lots), best first."""
        count = int(self._state[ingest_book.S_LEVELS + int(side)])
        records = self._ladder[int(side), :count, 1][::-1]
        keys = self._levels[records, ingest_book.V_KEY]
        totals = self._levels[records, ingest_book.V_TOTAL]
        return list(zip((-side.sign * keys).tolist(), totals.tolist(), strict=True))

    def as_rows(self, ts_ns: int) -> Rows:
        """The state as rows with which a tape may begin: the phase, then what rests."""
        held = self.resting()
        phase_rows = 0 if self.phase is Phase.CONTINUOUS else 1
        rows = np.zeros(len(held.handle) + phase_rows, TAPE_DTYPE)
        rows["ts_ns"] = ts_ns
        rows["book_id"] = self.book.book_id
        rows["side_flags"] = RowFlag.SNAPSHOT
        if phase_rows:
            rows[0]["kind"], rows[0]["qty"], rows[0]["handle"] = Kind.PHASE, int(self.phase), -1
        orders = rows[phase_rows:]
        orders["kind"] = OPENING_KIND[self.book.depth]
        orders["handle"] = held.handle
        orders["side_flags"] |= held.side.astype(np.uint8)
        orders["price"] = held.price_units
        orders["qty"] = held.qty_lots
        if len(rows):
            rows["side_flags"][-1] |= RowFlag.LAST
        return rows

    def _grow(self) -> None:
        """Double the room for levels."""
        capacity = 2 * len(self._levels)
        levels = np.zeros((capacity, ingest_book.LEVEL_WIDTH), np.int64)
        levels[: len(self._levels)] = self._levels
        ladder = np.zeros((2, capacity, 2), np.int64)
        ladder[:, : self._ladder.shape[1]] = self._ladder
        self._levels, self._ladder = levels, ladder


class TapeBooks:
    """Every book of a tape, fed with the tape's rows in order."""

    def __init__(self, meta: TapeMeta) -> None:
        self.books = {book.book_id: BookState(book) for book in meta.books}
        self._taken = 0

    def apply(self, rows: Rows) -> None:
        """Apply the next rows of the tape."""
        for book_id, at in self._parts(rows):
            self.books[book_id].apply(_picked(rows, at), self._taken + at)
        self._taken += len(rows)

    def apply_watched(self, rows: Rows) -> dict[int, tuple[npt.NDArray[np.int64], Best]]:
        """The same; for each book that has rows, their places in `rows` and the book after each."""
        result = {}
        for book_id, at in self._parts(rows):
            best = np.zeros((len(at), k.BEST_WIDTH), np.int64)
            self.books[book_id].apply(_picked(rows, at), self._taken + at, best)
            result[book_id] = (at, best)
        self._taken += len(rows)
        return result

    def _parts(self, rows: Rows) -> list[tuple[int, npt.NDArray[np.int64]]]:
        """Which rows belong to which book."""
        if len(self.books) == 1:
            return [(next(iter(self.books)), np.arange(len(rows)))] if len(rows) else []
        parts = [(book_id, np.flatnonzero(rows["book_id"] == book_id)) for book_id in self.books]
        return [(book_id, at) for book_id, at in parts if len(at)]


def _picked(rows: Rows, at: npt.NDArray[np.int64]) -> Rows:
    """The rows at these places, without a copy when they are all of them."""
    return rows if len(at) == len(rows) else rows[at]
