"""A stretch of a tape as a tape of its own that replays.

Model: a slice covers [from, to). What rested at `from` is found by replaying the tape up to it, and
written first, flagged SNAPSHOT, oldest order first, so that every order keeps its handle and its
place in its queue. Then follow the rows of the stretch as they are.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from market.errors import InputError
from sim.rows import Rows
from sim.tape.book import TapeBooks
from sim.tape.meta import TapeMeta
from sim.tape.moment import first_row_at, format_moment, parse_moment, tape_span
from sim.tape.read import Tape, open_tape
from sim.tape.write import TapeWriter

CHUNK_ROWS = 65_536


def slice_tape(
    tape: Path,
    out: Path,
    *,
    start: str | None = None,
    end: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TapeMeta:
    """Write the rows of [start, end) with the state at `start` before them.

    Args:
        tape: The tape to cut.
        out: Where the slice goes.
        start: ISO time, or offset from the tape's first row; from the first row without it.
        end: The same; to the last row, included, without it.
        progress: Told rows done and in all, now and then.

    Raises:
        InputError: The tape or a time is wrong, or nothing is left between the two.
    """
    opened = open_tape(tape)
    if out.exists() and out.samefile(tape):
        raise InputError(f"{out}: found the tape itself to write to, allowed another place")
    span = tape_span(opened)
    if span is None:
        raise InputError(f"{tape}: found no rows, allowed a tape to cut")
    from_ns = span[0] if start is None else parse_moment(start, span[0], "--from")
    to_ns = span[1] + 1 if end is None else parse_moment(end, span[0], "--to")
    if not (from_ns < to_ns and from_ns <= span[1] and to_ns > span[0]):
        raise InputError(
            f"{tape}: found a slice [{format_moment(from_ns)}, {format_moment(to_ns)}), allowed a "
            f"stretch within {format_moment(span[0])} … {format_moment(span[1])}"
        )
    first, end_row = first_row_at(opened, from_ns), first_row_at(opened, to_ns)
    with TapeWriter(out, opened.side_columns) as writer:
        run = _Cut(opened, first, end_row, progress)
        run.write(writer, from_ns)
        statistics = {"rows": writer.row_count, "snapshot_rows": run.snapshot_rows}
        meta = msgspec.structs.replace(opened.meta, statistics=statistics)
        writer.finish(meta)
    return meta


class _Cut:
    """One slice under way: rows before `first` are replayed, those up to `end_row` are copied."""

    def __init__(
        self,
        tape: Tape,
        first: int,
        end_row: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.snapshot_rows = 0
        self._tape = tape
        self._first = first
        self._end_row = end_row
        self._progress = progress
        self._books = TapeBooks(tape.meta)
        # The newest value of each side column in each book, for the rows of the snapshot.
        self._newest = {
            book.book_id: dict.fromkeys(tape.side_columns, 0) for book in tape.meta.books
        }

    def write(self, writer: TapeWriter, from_ns: int) -> None:
        """Replay, write the state, copy."""
        done = 0
        opened = False
        for rows, sides in self._tape.chunks_with_sides(rows=CHUNK_ROWS):
            if opened and done >= self._end_row:
                break
            before = min(max(self._first - done, 0), len(rows))
            self._replay(rows[:before], {name: column[:before] for name, column in sides.items()})
            if not opened and done + before == self._first and before < len(rows):
                self._open(writer, from_ns)
                opened = True
            kept = slice(before, max(before, min(self._end_row - done, len(rows))))
            writer.append(rows[kept], {name: column[kept] for name, column in sides.items()})
            done += len(rows)
            if self._progress is not None:
                self._progress(min(done, self._end_row), self._end_row)

    def _replay(self, rows: Rows, sides: dict[str, np.ndarray]) -> None:
        """Follow the books over rows that come before the slice."""
        self._books.apply(rows)
        for book_id, newest in self._newest.items():
            at = np.flatnonzero(rows["book_id"] == book_id)
            if len(at):
                newest.update({name: int(column[at[-1]]) for name, column in sides.items()})

    def _open(self, writer: TapeWriter, from_ns: int) -> None:
        """Write what rests in every book."""
        for book_id, state in self._books.books.items():
            rows = state.as_rows(from_ns)
            newest = self._newest[book_id]
            writer.append(
                rows,
                {name: np.full(len(rows), value, np.int64) for name, value in newest.items()},
            )
            self.snapshot_rows += len(rows)
