"""Tape rows out of live updates: what a feed says, as a world takes it.

Model: the rows of one update are one source message, stamped with the time at which the twin took it. A
snapshot clears the book and sets its levels; a delta sets levels; trouble clears the book, so that nobody
decides on it, until the next snapshot (`market.live`).

Invariants: a level's handle is its own from its first quantity to its removal; the removal of a level
that is not there is no row.

Limits: a best quote is a check and makes no row.
"""

from collections.abc import Sequence

import numpy as np

from market.codes import Kind, RowFlag, Side
from market.columns import TAPE_DTYPE
from market.instruments import Instrument
from market.live import BookDelta, BookSnapshot, BookTrouble, Level, Print, TroubleReason, Update
from sim.ingest.level_book import VOID, LevelBook
from sim.rows import Rows

Row = tuple[int, int, int, int, int, int, int]
LAST = int(RowFlag.LAST)


class LiveRows:
    """Makes rows for all books of a world.

    Args:
        instruments: By book_id.

    Attributes:
        counts: Rows and updates made, by name.
    """

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self._ticks = [one.tick_units for one in instruments]
        self._levels = [LevelBook() for _ in instruments]
        self.counts = dict.fromkeys(("snapshots", "deltas", "prints", "troubles", "rows"), 0)

    def rows(self, updates: Sequence[Update], stamp_ns: int) -> Rows:
        """The rows of updates that were taken at one time, in order."""
        made: list[Row] = []
        for one in updates:
            if isinstance(one, BookDelta):
                self.counts["deltas"] += 1
                self._put(made, one, stamp_ns, 0)
            elif isinstance(one, Print):
                self.counts["prints"] += 1
                flags = (int(RowFlag.SELL) if one.aggressor is Side.SELL else 0) | LAST
                price = one.price_ticks * self._ticks[one.book_id]
                made.append((stamp_ns, price, one.qty_lots, -1, one.book_id, Kind.TRADE, flags))
            elif isinstance(one, BookSnapshot):
                self.counts["snapshots"] += 1
                self._clear(made, one.book_id, stamp_ns)
                self._put(made, one, stamp_ns, int(RowFlag.SNAPSHOT))
            elif isinstance(one, BookTrouble) and one.reason is not TroubleReason.STALE:
                self.counts["troubles"] += 1
                self._clear(made, one.book_id, stamp_ns)
        self.counts["rows"] += len(made)
        return np.array(made, TAPE_DTYPE)

    def _clear(self, made: list[Row], book_id: int, stamp_ns: int) -> None:
        """Nothing is known of a book any more."""
        self._levels[book_id].clear()
        made.append((stamp_ns, 0, 0, -1, book_id, Kind.CLEAR, LAST))

    def _put(
        self, made: list[Row], one: BookDelta | BookSnapshot, stamp_ns: int, flags: int
    ) -> None:
        """Set levels; the newest row ends the message."""
        before = len(made)
        sides: tuple[tuple[Side, tuple[Level, ...]], ...] = (
            (Side.BUY, one.bids),
            (Side.SELL, one.asks),
        )
        levels, ticks, book_id = self._levels[one.book_id], self._ticks[one.book_id], one.book_id
        for side, changes in sides:
            for price_ticks, qty_lots in changes:
                handle = levels.put(side, price_ticks, qty_lots)
                if handle != VOID:
                    made.append(
                        (stamp_ns, price_ticks * ticks, qty_lots, handle, book_id, Kind.LEVEL,
                         flags | int(side))
                    )  # fmt: skip
        if len(made) > before:
            *row, last = made[-1]
            made[-1] = (*row, last | LAST)  # type: ignore[assignment]
