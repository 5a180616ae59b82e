"""Several tapes as one: rows in order of time, and at one instant in the order of the tapes given.

Model: book ids are numbered anew, in the order of the tapes and within a tape in the order of its
books. A tape's own order is kept, so a source message stays whole. Each tape is read a chunk at a
time: rows are merged up to the earliest time at which some tape's chunk ends.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import numpy as np

from market.columns import SIDE_COLUMNS
from market.errors import InputError
from sim.rows import Rows
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.read import Tape, open_tape
from sim.tape.write import TapeWriter

CHUNK_ROWS = 65_536
BOOKS_MAX = 0x10000
MEANT_BY_ALL = ("venue_stamp_ns", "source_seq")

Sides = Mapping[str, np.ndarray]


def merge_tapes(
    tapes: list[Path],
    out: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> TapeMeta:
    """Merge tapes into one.

    A side column that only some tapes have gets what it means for the others: `venue_stamp_ns` the
    row's time, `source_seq` the row's number. Nothing stands for a receive time that nobody took,
    so any other column is kept only if every tape has it.

    Args:
        tapes: At least two.
        out: Where the merged tape goes.
        progress: Told rows done and in all, now and then.
        warn: Told what could not be kept.

    Raises:
        InputError: A tape is wrong, or two of them hold the same book.
    """
    if len(tapes) < 2:
        raise InputError(f"merge: found {len(tapes)} tape, allowed at least two")
    if out.exists() and any(out.samefile(tape) for tape in tapes if tape.exists()):
        raise InputError(f"{out}: found a source tape to write to, allowed another place")
    opened = [open_tape(tape) for tape in tapes]
    columns = _side_columns(opened, warn)
    meta = _merged_meta(opened)
    total = sum(tape.row_count for tape in opened)
    first_id = 0
    readers = []
    for tape in opened:
        readers.append(_Reader(tape, first_id, columns))
        first_id += len(tape.meta.books)
    with TapeWriter(out, columns) as writer:
        for rows, sides in _merged(readers):
            writer.append(rows, sides)
            if progress is not None:
                progress(writer.row_count, total)
        meta = msgspec.structs.replace(
            meta, statistics={**meta.statistics, "rows": writer.row_count}
        )
        writer.finish(meta)
    return meta


def _side_columns(tapes: list[Tape], warn: Callable[[str], None] | None) -> tuple[str, ...]:
    """The side columns of the merged tape."""
    kept = []
    for name in SIDE_COLUMNS:
        lacking = [str(tape.path) for tape in tapes if name not in tape.side_columns]
        if len(lacking) == len(tapes):
            continue
        if not lacking or name in MEANT_BY_ALL:
            kept.append(name)
        elif warn is not None:
            warn(f"{name} is left out, for {', '.join(lacking)} does not have it")
    return tuple(kept)


def _merged_meta(tapes: list[Tape]) -> TapeMeta:
    """Books one after another; counters added; the earliest session date."""
    books: list[TapeBook] = []
    statistics: dict[str, int] = {}
    for tape in tapes:
        for book in tape.meta.books:
            if any((book.symbol, book.venue) == (one.symbol, one.venue) for one in books):
                raise InputError(
                    f"{tape.path}: found {book.symbol} of {book.venue} a second time, "
                    "allowed each book in one tape only"
                )
            books.append(msgspec.structs.replace(book, book_id=len(books)))
        for name, value in tape.meta.statistics.items():
            statistics[name] = statistics.get(name, 0) + value
    if len(books) > BOOKS_MAX:
        raise InputError(f"merge: found {len(books)} books, allowed {BOOKS_MAX}")
    return TapeMeta(
        books=tuple(books),
        session_date=min(tape.meta.session_date for tape in tapes),
        sources=tuple(source for tape in tapes for source in tape.meta.sources),
        statistics=statistics,
    )


class _Reader:
    """One tape, with the rows that are read and not yet written."""

    def __init__(self, tape: Tape, first_id: int, columns: tuple[str, ...]) -> None:
        known = max((book.book_id for book in tape.meta.books), default=0) + 1
        self._ids = np.zeros(known, np.uint16)
        for number, book in enumerate(tape.meta.books):
            self._ids[book.book_id] = first_id + number
        self._chunks = tape.chunks_with_sides(rows=CHUNK_ROWS)
        self._columns = columns
        self._taken = 0
        self.rows: Rows | None = None
        self.sides: dict[str, np.ndarray] = {}
        self.more()

    def more(self) -> None:
        """Read one chunk more behind the rows that wait; at the end of the tape, nothing."""
        chunk = next(self._chunks, None)
        if chunk is None:
            self._ended = True
            return
        self._ended = False
        rows, given = chunk
        rows = rows.copy()
        rows["book_id"] = self._ids[rows["book_id"]]
        sides = {name: self._column(name, rows, given) for name in self._columns}
        self._taken += len(rows)
        if self.rows is not None and len(self.rows):
            rows = np.concatenate((self.rows, rows))
            sides = {
                name: np.concatenate((self.sides[name], column)) for name, column in sides.items()
            }
        self.rows, self.sides = rows, sides

    def horizon_ns(self) -> int | None:
        """Rows before this time are all here; None when the tape's every row is."""
        if self._ended:
            return None
        assert self.rows is not None
        return int(self.rows["ts_ns"][-1])

    def take(self, before_ns: int | None) -> tuple[Rows, dict[str, np.ndarray]] | None:
        """Take the waiting rows before a time, or all of them; None when there are none."""
        if self.rows is None or len(self.rows) == 0:
            return None
        count = len(self.rows)
        if before_ns is not None:
            count = int(np.searchsorted(self.rows["ts_ns"], before_ns, side="left"))
        taken = self.rows[:count], {name: column[:count] for name, column in self.sides.items()}
        self.rows = self.rows[count:]
        self.sides = {name: column[count:] for name, column in self.sides.items()}
        return taken

    def _column(self, name: str, rows: Rows, given: Sides) -> np.ndarray:
        """A side column of the tape, or what it means where the tape has none."""
        if name in given:
            return given[name]
        if name == "venue_stamp_ns":
            return rows["ts_ns"].copy()
        assert name == "source_seq"
        return np.arange(self._taken, self._taken + len(rows), dtype=np.int64)


def _merged(readers: list[_Reader]) -> Iterator[tuple[Rows, Sides]]:
    """Merged pieces, in order."""
    while True:
        horizons = [reader.horizon_ns() for reader in readers]
        open_ones = [one for one in horizons if one is not None]
        before_ns = min(open_ones) if open_ones else None
        parts = [part for reader in readers if (part := reader.take(before_ns)) is not None]
        if parts and sum(len(rows) for rows, _ in parts):
            rows = np.concatenate([rows for rows, _ in parts])
            order = np.argsort(rows["ts_ns"], kind="stable")
            sides = {
                name: np.concatenate([columns[name] for _, columns in parts])[order]
                for name in parts[0][1]
            }
            yield rows[order], sides
        if before_ns is None:
            return
        for reader, horizon_ns in zip(readers, horizons, strict=True):
            if horizon_ns == before_ns:
                reader.more()
