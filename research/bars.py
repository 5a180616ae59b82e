"""A tape as bars: the relative change of one book's mid over stretches of equal length.

Model: bars end at whole multiples of their length since the epoch. The mid at an end is that of the
last row before it after which the book had both sides in continuous trading; a bar in which nothing
changed has a change of zero. The desk's own bars end at the same moments, of local time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from market.codes import Phase
from market.errors import InputError
from market.units import format_ns
from sim.kernels import tape_book as k
from sim.tape.book import BookState
from sim.tape.moment import tape_span
from sim.tape.read import Tape, open_tape

CHUNK_ROWS: Final = 65_536
BARS_MAX: Final = 10_000_000

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Bars:
    """Changes of one book.

    Attributes:
        tape: Digest of the tape.
        book: Number, symbol and venue.
        start_ns: Start of the first bar.
        bar_ns: Length of a bar.
        changes: Mid at a bar's end over the mid at its start, minus one.
    """

    tape: str
    book: str
    start_ns: int
    bar_ns: int
    changes: Floats

    @property
    def end_ns(self) -> int:
        """End of the last bar."""
        return self.start_ns + len(self.changes) * self.bar_ns

    def before(self, end_ns: int) -> "Bars":
        """The bars that have ended by a moment."""
        count = max(0, (end_ns - self.start_ns) // self.bar_ns)
        return Bars(self.tape, self.book, self.start_ns, self.bar_ns, self.changes[:count])


def read_bars(
    path: Path, bar_ns: int, *, book_id: int | None = None, progress: Progress | None = None
) -> Bars:
    """Read a tape once.

    Args:
        path: A tape of any depth.
        bar_ns: Length of a bar, at least 1.
        book_id: Which book; may be left out when there is one.
        progress: Told rows done and in all, now and then.

    Raises:
        InputError: The tape is wrong, there is no such book, or there are too many bars or none.
    """
    tape = open_tape(path)
    number = _book_of(tape, path, book_id)
    span = tape_span(tape)
    if bar_ns < 1 or (span is not None and (span[1] - span[0]) // bar_ns > BARS_MAX):
        raise InputError(
            f"{path}: found bars of {format_ns(bar_ns)}, allowed are at most {BARS_MAX:,} of them"
        )
    mids = np.array(list(_mids(tape, number, bar_ns, progress)), np.int64)
    known = np.flatnonzero(mids > 0)
    if len(known) == 0 or len(mids) - known[0] < 2:
        raise InputError(
            f"{path}: found no bar of {format_ns(bar_ns)} with a mid at both ends, allowed is a "
            "tape that trades longer than that"
        )
    assert span is not None
    mids = mids[known[0] :]
    first_ns = span[0] - span[0] % bar_ns + bar_ns
    named = next(book for book in tape.meta.books if book.book_id == number)
    return Bars(
        tape=tape.digest,
        book=f"{number} {named.symbol}@{named.venue}",
        start_ns=first_ns + int(known[0]) * bar_ns,
        bar_ns=bar_ns,
        changes=(mids[1:] - mids[:-1]) / mids[:-1],
    )


def _book_of(tape: Tape, path: Path, book_id: int | None) -> int:
    """The book asked for, or the only one."""
    numbers = [book.book_id for book in tape.meta.books]
    if book_id is None and len(numbers) == 1:
        return numbers[0]
    if book_id is None or book_id not in numbers:
        asked = "no book named" if book_id is None else f"book {book_id}"
        raise InputError(f"{path}: found {asked}, allowed is one of {', '.join(map(str, numbers))}")
    return book_id


def _mids(tape: Tape, book_id: int, bar_ns: int, progress: Progress | None) -> Iterator[int]:
    """Twice the mid at the end of every bar that the tape covers; 0 before there was one."""
    book = BookState(next(book for book in tape.meta.books if book.book_id == book_id))
    edge_ns, mid_x2, done = 0, 0, 0
    for rows in tape.chunks(rows=CHUNK_ROWS):
        times_ns, mids = _two_sided(book, rows, done)
        if done == 0:
            first_ns = int(rows["ts_ns"][0])
            edge_ns = first_ns - first_ns % bar_ns + bar_ns
        # A bar has ended once any row at or after its end was seen: no earlier one can follow.
        last_ns = int(rows["ts_ns"][-1])
        edges = np.arange(edge_ns, last_ns + 1, bar_ns, dtype=np.int64)
        for at in np.searchsorted(times_ns, edges, side="left").tolist():
            yield int(mids[at - 1]) if at else mid_x2
        edge_ns += len(edges) * bar_ns
        mid_x2 = int(mids[-1]) if len(mids) else mid_x2
        done += len(rows)
        if progress is not None:
            progress(done, tape.row_count)


def _two_sided(book: BookState, rows: np.ndarray, done: int) -> tuple[Ints, Ints]:
    """Times of the rows after which a book has a mid that counts, and twice that mid."""
    at = np.flatnonzero(rows["book_id"] == book.book.book_id)
    best = np.zeros((len(at), k.BEST_WIDTH), np.int64)
    book.apply(np.ascontiguousarray(rows[at]), done + at, best)
    bid, ask = best[:, k.B_BID], best[:, k.B_ASK]
    trading = best[:, k.B_PHASE] == Phase.CONTINUOUS
    counts = trading & (bid != k.NO_PRICE) & (ask != k.NO_PRICE) & (bid + ask > 0)
    return rows["ts_ns"][at][counts], (bid + ask)[counts]
