"""Collects tape rows of an ingest in plain Python, and marks the last one of each source message."""

import numpy as np

from market.codes import Kind, RowFlag
from market.columns import TAPE_DTYPE
from sim.tape.write import TapeWriter

_ROWS = 65_536


class RowBuffer:
    """Rows on their way to a writer, with the side columns that the writer has.

    Args:
        writer: Takes the rows, a batch at a time.
        side_columns: Names of the side columns, in the order in which `stamp` gets them.
    """

    def __init__(self, writer: TapeWriter, side_columns: tuple[str, ...]) -> None:
        self._writer = writer
        self._side_columns = side_columns
        self._rows: list[tuple[int, ...]] = []
        self._sides: list[tuple[int, ...]] = []
        self._message_begin = 0
        self._ts_ns = 0
        self._stamps: tuple[int, ...] = ()

    @property
    def pending(self) -> int:
        """Rows of the message that is not closed yet."""
        return len(self._rows) - self._message_begin

    def stamp(self, ts_ns: int, *stamps: int) -> None:
        """Time and side columns of the rows that follow."""
        assert len(stamps) == len(self._side_columns)
        self._ts_ns = ts_ns
        self._stamps = stamps

    def add(
        self,
        kind: Kind,
        flags: int,
        handle: int,
        price_units: int,
        qty_lots: int,
        book_id: int = 0,
    ) -> None:
        """One row of the current message; `flags` are its `side_flags` without LAST."""
        self._rows.append((self._ts_ns, price_units, qty_lots, handle, book_id, int(kind), flags))
        self._sides.append(self._stamps)

    def close_message(self) -> None:
        """Mark the message's last row, if it has any."""
        if self.pending:
            *row, flags = self._rows[-1]
            self._rows[-1] = (*row, flags | RowFlag.LAST)
            self._message_begin = len(self._rows)
        if len(self._rows) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        """Hand all rows to the writer; only between messages."""
        assert self.pending == 0
        if not self._rows:
            return
        rows = np.array(self._rows, TAPE_DTYPE)
        sides = np.array(self._sides, np.int64).reshape(len(rows), len(self._side_columns))
        columns = {name: sides[:, at] for at, name in enumerate(self._side_columns)}
        self._writer.append(rows, columns)
        self._rows.clear()
        self._sides.clear()
        self._message_begin = 0
