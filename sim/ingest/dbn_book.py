"""One instrument of a DBN stream: its records, its book and its event under way."""

from collections.abc import Iterator
from itertools import repeat
from typing import NamedTuple

import numpy as np

from sim.ingest.dbn_event import Clock, Event
from sim.ingest.dbn_levels import Level, LevelsBook, TradesBook
from sim.ingest.dbn_mbo import ACTIONS, MboBook
from sim.ingest.dbn_records import F_LAST
from sim.ingest.row_buffer import RowBuffer

DEPTHS = {"mbo": "L3", "mbp-10": "L2", "mbp-1": "L1", "trades": "L1"}


class Record(NamedTuple):
    """What the records of all schemas have in common, and what two of them have beyond it.

    Letters are their codes. `order_id` is 0 and `levels` is empty where the schema has none.
    """

    publisher: int
    instrument: int
    venue_ns: int
    price: int
    size: int
    flags: int
    action: int
    side: int
    recv_ns: int
    delay_ns: int
    sequence: int
    order_id: int
    levels: list[Level]


_COLUMNS = (
    "publisher_id", "instrument_id", "ts_event", "price", "size", "flags", "action", "side",
    "ts_recv", "ts_in_delta", "sequence",
)  # fmt: skip
_NO_LEVELS: list[Level] = []


def records_of(run: np.ndarray) -> Iterator[Record]:
    """The records of a run, one by one."""
    names = run.dtype.names or ()
    order_ids = run["order_id"].tolist() if "order_id" in names else repeat(0)
    levels = run["levels"].tolist() if "levels" in names else repeat(_NO_LEVELS)
    columns = (run[name].tolist() for name in _COLUMNS)
    return map(Record._make, zip(*columns, order_ids, levels, strict=False))


class DbnBook:
    """One instrument under way."""

    def __init__(self, book_id: int, schema: str, statistics: dict[str, int]) -> None:
        self.book_id = book_id
        self.depth = DEPTHS[schema]
        self.event = Event(book_id)
        self._statistics = statistics
        # A trade is never the last record of its event, so that a file of trades alone has no ends.
        self._ends_always = schema == "trades"
        self._orders: MboBook | None = None
        if schema == "mbo":
            self._orders = MboBook(self.event, statistics)
        self._levels: LevelsBook | TradesBook = TradesBook(self.event, statistics)
        if schema.startswith("mbp"):
            self._levels = LevelsBook(self.event, statistics, is_quote=self.depth == "L1")

    @property
    def handle_count(self) -> int:
        """Handles that the rows use."""
        book = self._levels if self._orders is None else self._orders.orders
        return book.handle_count

    def take(self, record: Record) -> None:
        """Apply a record.

        Raises:
            RefusedRecord: The record can't be accepted; the book is as it was.
        """
        self.event.begin(record.flags, record.venue_ns, record.sequence)
        if self._orders is not None:
            self._orders.take(
                record.order_id, record.price, record.size, record.flags, record.action, record.side
            )
        else:
            self._levels.take(record.action, record.side, record.price, record.size, record.levels)
        name = ACTIONS[record.action]
        self._statistics[name] = self._statistics.get(name, 0) + 1

    def is_done(self, flags: int) -> bool:
        """Whether a record of such flags is the last one of its event."""
        return bool(flags & F_LAST) or self._ends_always

    def end_event(self, buffer: RowBuffer, clock: Clock) -> None:
        """Write the event's rows."""
        if self._orders is not None:
            self._orders.end_event()
        book = self._levels if self._orders is None else self._orders
        self.event.end(buffer, clock, book.is_crossed)
