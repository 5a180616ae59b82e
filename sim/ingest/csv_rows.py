"""Streams strict integer rows out of a comma-separated source, in batches of bounded size."""

import numpy as np

from market.errors import InputError
from sim.ingest.source import Source
from sim.kernels.csv_rows import FAULT_LENGTH, parse_rows

BLOCK_BYTES = 1 << 20
LINE_BYTES_MAX = 1 << 20
_QUOTE_MAX = 40


class CsvRows:
    """Rows of one source, all with the same number of columns.

    Args:
        source: Where the bytes come from.
        columns: Names of the columns; empty to take their number from the first line.
        scaled: Whether column 0 is seconds, to become nanoseconds.
    """

    def __init__(self, source: Source, columns: tuple[str, ...], *, scaled: bool) -> None:
        self._source = source
        self._scaled = int(scaled)
        self._data = b""
        self._offset = 0
        self._final = False
        self._taken = 0
        self._refused: dict[int, tuple[int, bytes]] = {}
        self.name = source.name
        self.columns = columns or self._numbered_columns()

    @property
    def taken(self) -> int:
        """Rows handed out so far."""
        return self._taken

    def read(self, row_count: int) -> tuple[np.ndarray, np.ndarray]:
        """The next rows: values (n, columns) and faults (n, 3); fewer than asked only at the end.

        A row whose fault is not 0 could not be read; `describe` words it until the next `read`.
        """
        values = np.zeros((row_count, len(self.columns)), np.int64)
        faults = np.zeros((row_count, 3), np.int64)
        self._refused.clear()
        filled = 0
        while True:
            # A view of the bytes, not a copy; the kernel only ever sees this one type.
            data = np.frombuffer(self._data, np.uint8)
            before = filled
            filled, self._offset = parse_rows(
                data, self._offset, int(self._final), self._scaled, values, faults, filled
            )
            for row in np.flatnonzero(faults[before:filled, 0]) + before:
                fault, begin, stop = faults[row].tolist()
                self._refused[int(row)] = fault, self._data[begin:stop]
            if filled == row_count or self._final:
                break
            self._refill()
        self._taken += filled
        return values[:filled], faults[:filled]

    def describe(self, row: int) -> str:
        """What was found and what is allowed, for a faulty row of the last batch."""
        fault, line = self._refused[row]
        code, column = fault & 0xFF, fault >> 8
        fields = line.split(b",")
        if len(fields) != len(self.columns):
            return f"found {len(fields)} columns, allowed {len(self.columns)}"
        text = fields[column].decode("ascii", errors="backslashreplace")
        text = text if len(text) <= _QUOTE_MAX else text[:_QUOTE_MAX] + "…"
        seconds = self._scaled and column == 0
        allowed = "a number" if seconds else "a whole number"
        if code == FAULT_LENGTH:
            allowed = "at most 9 digits and 12 decimals" if seconds else "at most 18 digits"
        return f"found {text!r} as {self.columns[column]}, allowed {allowed}"

    def _refill(self) -> None:
        """Append a block to the unread bytes."""
        rest = self._data[self._offset :]
        if len(rest) > LINE_BYTES_MAX:
            raise InputError(
                f"{self.name}: found a line of over {LINE_BYTES_MAX} bytes, allowed rows of numbers"
            )
        block = self._source.read(BLOCK_BYTES)
        self._final = not block
        self._data = rest + block
        self._offset = 0

    def _numbered_columns(self) -> tuple[str, ...]:
        """Names for as many columns as the first line has."""
        while b"\n" not in self._data and not self._final:
            self._refill()
        if not self._data:
            raise InputError(f"{self.name}: found no rows, allowed at least one")
        count = self._data.partition(b"\n")[0].count(b",") + 1
        return tuple(f"column {i + 1}" for i in range(count))
