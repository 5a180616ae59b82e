"""Is a tape fit for use? Every quality gate of every book, from one pass over the tape."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from market.errors import InputError
from sim.tape.book import TapeBooks
from sim.tape.gates import FAIL, Gate, Thresholds
from sim.tape.moment import parse_moment, tape_span
from sim.tape.quality_book import BookQuality
from sim.tape.quality_rows import RowQuality
from sim.tape.read import open_tape

CHUNK_ROWS: Final = 65_536


def check_tape(
    tape: Path,
    thresholds: Thresholds,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[Gate]:
    """Judge a tape.

    Args:
        tape: Of any depth and any number of books.
        thresholds: What is allowed.
        progress: Told rows done and in all, now and then.

    Returns:
        The gates of each book, in the order of the books.

    Raises:
        InputError: The tape is wrong, or a row contradicts the rows before it.
    """
    opened = open_tape(tape)
    span = tape_span(opened)
    start_ns = span[0] if span is not None else 0
    sessions = [_session(pair, start_ns) for pair in thresholds.sessions]
    books = TapeBooks(opened.meta)
    names = {book.book_id: f"{book.symbol}@{book.venue}" for book in opened.meta.books}
    by_row = {
        book_id: RowQuality(name, thresholds, sessions, opened.row_count)
        for book_id, name in names.items()
    }
    by_book = {book_id: BookQuality(name, thresholds) for book_id, name in names.items()}
    done = 0
    for rows, sides in opened.chunks_with_sides(rows=CHUNK_ROWS):
        for book_id, (at, best) in books.apply_watched(rows).items():
            own = rows[at]
            by_row[book_id].take(own, {name: column[at] for name, column in sides.items()})
            by_book[book_id].take(own, best)
        done += len(rows)
        if progress is not None:
            progress(done, opened.row_count)
    return [
        gate for book_id in names for gate in (*by_book[book_id].gates(), *by_row[book_id].gates())
    ]


def passes(gates: list[Gate]) -> bool:
    """Whether no gate is past its threshold."""
    return all(gate.verdict != FAIL for gate in gates)


def _session(pair: tuple[str, str], start_ns: int) -> tuple[int, int]:
    """Trading hours in nanoseconds."""
    first, end = (parse_moment(text, start_ns, "sessions") for text in pair)
    if first >= end:
        raise InputError(f"sessions: found {list(pair)}, allowed a start before its end")
    return first, end
