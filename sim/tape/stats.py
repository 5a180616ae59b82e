"""What a tape holds, in numbers: messages by kind, rate by hour, spread and depth, trades, orders.

Spread and depth are distributions over time, not over messages: the book is looked at on moments at
equal distances between the first and the last row, as it stood just before each of them. One-sided
books have no spread and are counted as such. The best bid and offer over several venues
(`sim.consolidated`) is not sampled: every change of it counts with the time that it lasted.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from market.codes import Kind, Phase, RowFlag
from market.units import DURATION_NS, format_ns
from sim.consolidated import Consolidated, ConsolidatedStats
from sim.kernels import tape_book as k
from sim.rows import Rows
from sim.tape.book import NO_PRICE, Best, TapeBooks
from sim.tape.moment import format_moment, tape_span
from sim.tape.read import open_tape

CHUNK_ROWS: Final = 65_536
SAMPLES: Final = 1_000
HOUR_NS: Final = DURATION_NS["h"]
PRINTS: Final = (Kind.EXECUTE, Kind.TRADE, Kind.CROSS)

Ints = npt.NDArray[np.int64]


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Distribution over the sampled moments; None when no sample had the thing at all."""

    p10: int | None
    p50: int | None
    p90: int | None
    max: int | None


class BookStats(msgspec.Struct, frozen=True, kw_only=True):
    """One book. `depth` is lots on the best five levels of both sides, `touch` on the best one."""

    rows_by_kind: dict[str, int]
    messages: int
    prints: int
    volume_lots: int
    live_max: int
    samples: int
    samples_one_sided: int
    samples_crossed_or_locked: int
    spread_units: Spread
    touch_lots: Spread
    depth_lots: Spread


class TapeStats(msgspec.Struct, frozen=True, kw_only=True):
    """A whole tape; books by number and name, consolidated ones by symbol and currency."""

    rows: int
    messages: int
    first_row: str | None
    last_row: str | None
    duration: str | None
    messages_by_hour: dict[str, int]
    books: dict[str, BookStats]
    consolidated: dict[str, ConsolidatedStats]


class Sampler:
    """Keeps one book as it stood just before each of some moments.

    Args:
        moments_ns: Rising.
    """

    def __init__(self, moments_ns: Ints) -> None:
        self._moments_ns = moments_ns
        self._taken = 0
        self._last: Best | None = None
        self._seen: list[Best] = []

    def take(self, ts_ns: Ints, best: Best) -> None:
        """The next rows of the book: their times, and the book after each."""
        # A moment is decided once a row at or after it was seen: no earlier row can follow.
        end = int(np.searchsorted(self._moments_ns, ts_ns[-1], side="right"))
        due = self._moments_ns[self._taken : end]
        at = np.searchsorted(ts_ns, due, side="left") - 1
        before = at < 0
        if self._last is None:
            at = at[~before]
        elif before.any():
            self._seen.append(np.repeat(self._last, int(before.sum()), axis=0))
            at = at[~before]
        self._seen.append(best[at])
        self._taken = end
        self._last = best[-1:].copy()

    def finish(self) -> Best:
        """The book at every moment before which it had a row."""
        left = len(self._moments_ns) - self._taken
        if self._last is not None and left:
            self._seen.append(np.repeat(self._last, left, axis=0))
            self._taken += left
        return np.concatenate(self._seen) if self._seen else np.zeros((0, k.BEST_WIDTH), np.int64)


def grid(start_ns: int, end_ns: int, count: int = SAMPLES) -> Ints:
    """Moments at equal distances in (start, end]."""
    return np.array([start_ns + (end_ns - start_ns) * i // count for i in range(1, count + 1)])


def tape_stats(tape: Path, *, progress: Callable[[int, int], None] | None = None) -> TapeStats:
    """Read a tape once and count.

    Args:
        tape: Of any depth and any number of books.
        progress: Told rows done and in all, now and then.

    Raises:
        InputError: The tape is wrong, or a row contradicts the rows before it.
    """
    opened = open_tape(tape)
    span = tape_span(opened)
    moments = grid(*span) if span is not None else np.zeros(0, np.int64)
    books = TapeBooks(opened.meta)
    counts = {book.book_id: _Counts(moments) for book in opened.meta.books}
    together = Consolidated(opened.meta.books, in_ticks=False)
    hours: dict[int, int] = {}
    done = 0
    for rows in opened.chunks(rows=CHUNK_ROWS):
        last = (rows["side_flags"] & RowFlag.LAST) != 0
        found, number = np.unique(rows["ts_ns"][last] // HOUR_NS, return_counts=True)
        for hour, messages in zip(found.tolist(), number.tolist(), strict=True):
            hours[hour] = hours.get(hour, 0) + messages
        found_best = books.apply_watched(rows)
        for book_id, (at, best) in found_best.items():
            counts[book_id].take(rows[at], best)
        if together:
            _follow(together, rows, [found_best.get(book.book_id) for book in opened.meta.books])
        done += len(rows)
        if progress is not None:
            progress(done, opened.row_count)
    return TapeStats(
        rows=opened.row_count,
        messages=sum(hours.values()),
        first_row=format_moment(span[0]) if span else None,
        last_row=format_moment(span[1]) if span else None,
        duration=format_ns(span[1] - span[0]) if span else None,
        messages_by_hour={format_moment(h * HOUR_NS)[:13] + "h": hours[h] for h in sorted(hours)},
        books={
            f"{book.book_id} {book.symbol}@{book.venue}": counts[book.book_id].stats(
                books.books[book.book_id].live_max
            )
            for book in opened.meta.books
        },
        consolidated=together.stats(),
    )


def _follow(together: Consolidated, rows: Rows, found: Sequence[tuple[Ints, Best] | None]) -> None:
    """Hand on a chunk; `found` are, for each book in turn, its places in it and the book there."""
    numbers, bids, asks = np.full((3, len(rows)), NO_PRICE)
    for number, part in enumerate(found):
        if part is not None:
            at, best = part
            trading = best[:, k.B_PHASE] == Phase.CONTINUOUS
            numbers[at] = number
            bids[at] = np.where(trading, best[:, k.B_BID], NO_PRICE)
            asks[at] = np.where(trading, best[:, k.B_ASK], NO_PRICE)
    together.follow(np.ascontiguousarray(rows["ts_ns"]), numbers, bids, asks)


class _Counts:
    """What is added up for one book."""

    def __init__(self, moments_ns: Ints) -> None:
        self._kinds = np.zeros(256, np.int64)
        self._messages = 0
        self._volume_lots = 0
        self._sampler = Sampler(moments_ns)

    def take(self, rows: Rows, best: Best) -> None:
        """The next rows of the book, and the book after each."""
        self._kinds += np.bincount(rows["kind"], minlength=256)
        self._messages += int(np.count_nonzero(rows["side_flags"] & RowFlag.LAST))
        self._volume_lots += int(rows["qty"][np.isin(rows["kind"], PRINTS)].sum())
        self._sampler.take(rows["ts_ns"], best)

    def stats(self, live_max: int) -> BookStats:
        """The outcome."""
        seen = self._sampler.finish()
        bid, ask = seen[:, k.B_BID], seen[:, k.B_ASK]
        two_sided = (bid != NO_PRICE) & (ask != NO_PRICE)
        spread = (ask - bid)[two_sided]
        return BookStats(
            rows_by_kind={kind.name: int(self._kinds[kind]) for kind in Kind if self._kinds[kind]},
            messages=self._messages,
            prints=int(self._kinds[list(PRINTS)].sum()),
            volume_lots=self._volume_lots,
            live_max=live_max,
            samples=len(seen),
            samples_one_sided=int(np.count_nonzero(~two_sided)),
            samples_crossed_or_locked=int(np.count_nonzero(spread <= 0)),
            spread_units=_spread(spread),
            touch_lots=_spread(seen[:, k.B_BID_QTY] + seen[:, k.B_ASK_QTY]),
            depth_lots=_spread(seen[:, k.B_DEPTH] + seen[:, k.B_DEPTH + 1]),
        )


def _spread(values: Ints) -> Spread:
    """The distribution of some values, by nearest rank."""
    if len(values) == 0:
        return Spread(p10=None, p50=None, p90=None, max=None)
    ranked = np.sort(values)
    p10, p50, p90 = (int(ranked[(len(ranked) * share - 1) // 100]) for share in (10, 50, 90))
    return Spread(p10=p10, p50=p50, p90=p90, max=int(ranked[-1]))
