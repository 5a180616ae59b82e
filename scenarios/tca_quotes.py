"""The quotes of a run: what each host saw of a book, and what stood at its venue, from the views.

Model: a run's events hold every view that a host decided on. At the host it is what was believed from
then on; at the venue it is what stood at the view's `venue_ns`. So the venue's quotes of a book are the
views of all hosts together, by venue time: between two of them the book may have moved unseen, and the
more a host looks, the nearer this is to the venue's own book. That holds for generated flow and for a
tape alike; with a tape the venue's book could be replayed, but our own fills would not be in it.

A book that shows nothing, such as a dark pool's, has the quotes of the first book of the same symbol
that shows both sides. Before the first two-sided view that one stands, and `Quotes.ahead` counts how
often it was asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from desk.tca import MidSeries, Quote, Seen
from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE
from sim.recorder import EventKind

Ints = npt.NDArray[np.int64]
Columns = Mapping[str, Ints]


class Series:
    """Two-sided quotes in order of time; of equal times the last counts."""

    def __init__(self, times_ns: Ints, bids_units: Ints, asks_units: Ints) -> None:
        self.times_ns: list[int] = times_ns.tolist()
        self.bids_units: list[int] = bids_units.tolist()
        self.asks_units: list[int] = asks_units.tolist()

    def at(self, index: int) -> Quote:
        """One of them."""
        return Quote(self.bids_units[index], self.asks_units[index])

    def as_of(self, at_ns: int) -> int:
        """Number of the quote that stands at a moment; −1 before the first."""
        return bisect_right(self.times_ns, at_ns) - 1


class Quotes:
    """All quotes of a run.

    Args:
        events: Columns of events.parquet.
        books: What was traded, by `book_id`.
    """

    def __init__(self, events: Columns, books: list[Instrument]) -> None:
        self.ahead = 0
        self.books: Final = books
        self._local: dict[tuple[int, int], Series] = {}
        self._venue: dict[int, Series] = {}
        views = np.flatnonzero(events["kind"] == EventKind.VIEW)
        bids, asks = events["price_ticks"][views], events["qty_lots"][views]
        views = views[(bids != NO_PRICE) & (asks != NO_PRICE)]
        for book_id, book in enumerate(books):
            rows = views[events["book_id"][views] == book_id]
            if not len(rows):
                continue
            for host in np.unique(events["host"][rows]).tolist():
                own = rows[events["host"][rows] == host]
                self._local[host, book_id] = _series(events, own, "time_ns", book)
            by_venue = np.lexsort((events["leaves_lots"][rows], events["venue_ns"][rows]))
            self._venue[book_id] = _series(events, rows[by_venue], "venue_ns", book)
        self._shown = [self._twin(book_id) for book_id in range(len(books))]

    def _twin(self, book_id: int) -> int | None:
        """The book whose quotes count for a book: itself, or the first of its symbol that shows any."""
        one = self.books[book_id]
        twins = [
            other
            for other, two in enumerate(self.books)
            if msgspec.structs.replace(two, venue=one.venue, tick_units=one.tick_units) == one
        ]
        return next((each for each in (book_id, *twins) if each in self._venue), None)

    def _of_venue(self, book_id: int) -> Series:
        shown = self._shown[book_id]
        if shown is None:
            book = self.books[book_id]
            raise InputError(
                f"book {book.symbol}@{book.venue}: found no two-sided view of any host, "
                "allowed is a run whose hosts saw a price"
            )
        return self._venue[shown]

    def seen(self, host: int, book_id: int, at_ns: int, *, own: bool = False) -> Seen:
        """What a host believed and what was true at a moment.

        Args:
            own: Whether an order of ours acts at that moment; what stood just before it is then true.
        """
        venue = self._of_venue(book_id)
        shown = self._shown[book_id]
        assert shown is not None
        true = venue.as_of(at_ns - 1 if own else at_ns)
        if true < 0:
            self.ahead += 1
        truth = venue.at(max(true, 0))
        local = self._local.get((host, shown))
        believed = -1 if local is None else local.as_of(at_ns)
        if local is None or believed < 0:
            # Who has seen nothing yet believes what is true.
            return Seen(at_ns, truth, truth)
        return Seen(at_ns, local.at(believed), truth)

    def after_x2(self, book_id: int, at_ns: int) -> int:
        """Twice the venue's mid at the first look that knows of a moment, or at the last one."""
        venue = self._of_venue(book_id)
        index = min(bisect_left(venue.times_ns, at_ns), len(venue.times_ns) - 1)
        return venue.at(index).mid_x2_units

    def mid_x2(self, book_id: int, at_ns: int) -> int:
        """Twice the venue's mid at a moment."""
        venue = self._of_venue(book_id)
        return venue.at(max(venue.as_of(at_ns), 0)).mid_x2_units

    def close_x2(self, book_id: int) -> int:
        """Twice the last mid of the run."""
        return self._of_venue(book_id).at(-1).mid_x2_units

    def mids(self, end_ns: int) -> dict[str, MidSeries]:
        """By symbol the mids of its first book that shows both sides."""
        found: dict[str, MidSeries] = {}
        for book_id, series in sorted(self._venue.items()):
            symbol = self.books[book_id].symbol
            if symbol not in found:
                mids = [
                    bid + ask for bid, ask in zip(series.bids_units, series.asks_units, strict=True)
                ]
                found[symbol] = MidSeries(series.times_ns, mids, end_ns)
        return found


def _series(events: Columns, rows: Ints, time: str, book: Instrument) -> Series:
    return Series(
        events[time][rows],
        events["price_ticks"][rows] * book.tick_units,
        events["qty_lots"][rows] * book.tick_units,
    )


def columns_of(table: Any) -> dict[str, Ints]:
    """Columns of an Arrow table of events; those that older runs lack are zero."""
    found = {name: table.column(name).to_numpy() for name in table.column_names}
    for name in ("half", "fee", "figure", "exec_id"):
        found.setdefault(name, np.zeros(table.num_rows, dtype=np.int64))
    return found
