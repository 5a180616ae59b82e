"""What every row of a tape must satisfy on its own, checked a chunk at a time.

Whether rows agree with each other is the venue's to judge (`BadRow`); this only makes sure that
no number can lead a kernel out of its arrays or off the price grid.
"""

import numpy as np

from market.codes import Kind, RowFlag
from market.errors import InputError
from sim.tape.meta import TapeMeta

_KIND_MAX = max(int(kind) for kind in Kind if kind is not Kind.INDICATION)
_FLAGS_MAX = sum(int(flag) for flag in RowFlag)
_ORDER_KINDS = (Kind.ADD, Kind.REDUCE, Kind.DELETE, Kind.EXECUTE, Kind.REPLACE, Kind.REVEAL)
_DISPLAYED_KINDS = (*_ORDER_KINDS, Kind.LEVEL, Kind.QUOTE)


class RowCheck:
    """Checks chunks of one tape in order; remembers the newest time between them."""

    def __init__(self, meta: TapeMeta, where: str) -> None:
        self._where = where
        self._ids = [book.book_id for book in meta.books]
        known = max(self._ids, default=0) + 1
        self._handles = np.full(known, -1, np.int64)
        self._ticks = np.ones(known, np.int64)
        for book in meta.books:
            self._handles[book.book_id] = book.handle_count
            self._ticks[book.book_id] = book.tick_units
        self._is_order = _table(_ORDER_KINDS)
        self._is_displayed = _table(_DISPLAYED_KINDS)
        self._last_ns: int | None = None

    def check(self, rows: np.ndarray, first_row: int) -> None:
        """Raise InputError for the first row that is wrong, named by its number in the tape."""
        if len(rows) == 0:
            return
        kind, book_id, ts_ns = rows["kind"], rows["book_id"], rows["ts_ns"]
        self._refuse((kind < 1) | (kind > _KIND_MAX), kind, first_row, "kind", f"1..{_KIND_MAX}")
        flags = rows["side_flags"]
        self._refuse(flags > _FLAGS_MAX, flags, first_row, "side_flags", f"0..{_FLAGS_MAX}")
        ids = ", ".join(str(book_id) for book_id in self._ids) or "none"
        known = book_id < len(self._handles)
        safe = np.where(known, book_id, 0)
        self._refuse(~known | (self._handles[safe] < 0), book_id, first_row, "book_id", ids)
        floor = ts_ns[0] if self._last_ns is None else self._last_ns
        before = np.concatenate((np.array([floor], np.int64), ts_ns[:-1]))
        self._refuse(ts_ns < before, ts_ns, first_row, "ts_ns", "times that never go back")
        handle, price = rows["handle"], rows["price"]
        outside = (handle < 0) | (handle >= self._handles[book_id])
        self._refuse(
            outside & self._is_order[kind],
            handle,
            first_row,
            "handle",
            "handles below handle_count",
        )
        off_grid = price % self._ticks[book_id] != 0
        self._refuse(
            off_grid & self._is_displayed[kind], price, first_row, "price", "multiples of the tick"
        )
        self._last_ns = int(ts_ns[-1])

    def _refuse(
        self, wrong: np.ndarray, column: np.ndarray, first_row: int, name: str, allowed: str
    ) -> None:
        if not wrong.any():
            return
        at = int(np.argmax(wrong))
        raise InputError(
            f"{self._where}: row {first_row + at}: found {name} {int(column[at])}, "
            f"allowed {allowed}"
        )


def _table(kinds: tuple[Kind, ...]) -> np.ndarray:
    """One boolean for each possible kind byte."""
    table = np.zeros(256, np.bool_)
    table[[int(kind) for kind in kinds]] = True
    return table
