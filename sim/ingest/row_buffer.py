"""Collects tape rows that plain Python makes one by one, and hands them to the writer in batches."""

import numpy as np

from market.codes import RowFlag
from market.columns import TAPE_DTYPE
from sim.tape.write import TapeWriter

_BATCH_ROWS = 16_384
_LAST = int(RowFlag.LAST)


class RowBuffer:
    """Rows of one book at a time, in order; a message's rows are closed by `end_message`.

    Args:
        writer: Where batches go.
        side_columns: Names of the side columns, in the order in which `add` takes them.
        book_id: Of every row, until `book_id` is set to another one between messages.
    """

    def __init__(self, writer: TapeWriter, side_columns: tuple[str, ...], book_id: int = 0) -> None:
        self._writer = writer
        self._side_columns = side_columns
        self.book_id = book_id
        self._rows: list[tuple[int, ...]] = []
        self._sides: list[tuple[int, ...]] = []
        self._message_row = 0

    def add(
        self,
        ts_ns: int,
        price: int,
        qty: int,
        handle: int,
        kind: int,
        flags: int,
        sides: tuple[int, ...],
    ) -> None:
        """Take one row; `sides` are its side columns' values."""
        self._rows.append((ts_ns, price, qty, handle, self.book_id, kind, flags))
        self._sides.append(sides)

    def end_message(self) -> None:
        """Flag the newest row LAST; nothing happens where the message has no row."""
        if self._message_row == len(self._rows):
            return
        *row, flags = self._rows[-1]
        self._rows[-1] = (*row, flags | _LAST)
        self._message_row = len(self._rows)
        if self._message_row >= _BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the writer; all messages must have ended."""
        assert self._message_row == len(self._rows)
        rows = np.array(self._rows, TAPE_DTYPE)
        values = np.array(self._sides, np.int64).reshape(len(rows), len(self._side_columns))
        sides = {name: values[:, column] for column, name in enumerate(self._side_columns)}
        self._writer.append(rows, sides)
        self._rows.clear()
        self._sides.clear()
        self._message_row = 0
