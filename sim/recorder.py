"""What happened in a run to those who take part, as rows of integers, and its digest.

Market messages are not recorded: the tape or the flow's seed already is that record. Here is what
cannot be had from them: every view decided on, every command on its way, every answer.
"""

import hashlib
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK_ROWS: Final = 8192


class EventKind(IntEnum):
    """What a row of events says."""

    VIEW = 1  # a host decided on a view: price = bid, qty = ask (both ticks), detail = triggers
    REPORT = 2  # a report reached its host and was decided on
    TIMER = 3  # a timer was decided on: order_id = timer
    SUBMIT = 4  # a command left its host
    CANCEL = 5
    REPLACE = 6
    ARRIVED = 7  # a command reached the venue: detail = EventKind of the command
    ANSWER = 8  # the venue answered: detail = ReportType
    LOST = 9  # a wire lost a command or an answer: detail = its EventKind
    RECEIVED = 10  # a report reached its host, which may be busy: as REPORT
    COMPUTED = 11  # a decision was computed and its commands leave: venue_ns = when it was taken, detail = how many
    QUERY = 12  # a command left its host that asks how an order stands
    TOLD = 13  # an operator's word, a link's status or an accrual was decided on
    MASS_QUOTE = 14  # a command left its host that replaces a set of quotes
    MASS_CANCEL = 15  # a command left its host that takes many orders out
    COMMITTED = 16  # a record is durable and its commands have not left: detail = how many, qty = new orders
    SESSION = 17  # a session has another state: detail = the new, qty = the old, price = 1 at the venue's edge
    FENCED = 18  # an edge refused an old epoch: detail = kind of command, qty = offered, leaves = in force
    LEASE = 19  # of a pair: detail = what became of the lease, qty = epoch
    TAKEOVER = 20  # a stand-by takes over: detail = the step, qty = epoch
    RESTARTED = 21  # a host came back: detail = records replayed, qty = torn bytes that were cut
    JOURNAL = 22  # a store is in trouble, or well again: detail = which
    GAP = 23  # of a feed: detail = what became of it, qty = messages missing, side = line
    ALERT = 24  # of a monitor: detail = code, figure = severity, order_id = root, leaves = 1: page
    INSTRUCTED = 25  # a monitor or a person spoke to a host: detail = the action
    CRASHED = 26  # a host died
    FAULT_BEGUN = 27  # order_id = number in the plan
    FAULT_ENDED = 28
    DROP_COPY = 29  # a copy of an answer reached its reader: as REPORT
    STOOD_DOWN = 30  # a host found itself fenced and sends no more: qty = epoch
    BUSTED = 31  # the venue took a trade back: as ANSWER
    START_REFUSED = 32  # a process could not begin: detail = why (docs/explanation/restarts.md)


class Event(NamedTuple):
    """One row; what does not apply is 0."""

    time_ns: int
    kind: int
    host: int
    book_id: int = 0
    order_id: int = 0
    side: int = 0
    price_ticks: int = 0
    qty_lots: int = 0
    leaves_lots: int = 0
    reason: int = 0
    liquidity: int = 0
    venue_ns: int = 0
    detail: int = 0
    half: int = 0
    fee: int = 0
    figure: int = 0
    exec_id: int = 0


EVENT_COLUMNS: Final = Event._fields


class EventSink(Protocol):
    """Where full chunks of events go."""

    def write(self, rows: npt.NDArray[np.int64]) -> None:
        """Take rows of shape (count, len(EVENT_COLUMNS))."""
        ...


class Recorder:
    """Collects events in order and hashes them as they come.

    `watch` is told of every event as it is recorded, where anybody listens.

    The digest is over the integers, so it does not depend on how rows were cut into chunks, nor on
    whether anybody keeps them.
    """

    def __init__(self, sink: EventSink | None = None) -> None:
        self.count = 0
        self.watch: Callable[[Event], None] | None = None
        self._sink = sink
        self._rows: list[Event] = []
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, event: Event) -> None:
        """Record one event."""
        self._rows.append(event)
        self.count += 1
        if len(self._rows) >= CHUNK_ROWS:
            self.flush()
        if self.watch is not None:
            self.watch(event)

    def flush(self) -> None:
        """Hash and hand on what has been collected."""
        if not self._rows:
            return
        rows = np.array(self._rows, dtype="<i8")
        self._hash.update(rows.tobytes())
        if self._sink is not None:
            self._sink.write(rows)
        self._rows = []

    def digest(self, *more: str) -> str:
        """Digest of all events so far, and of `more` (states of books, say)."""
        self.flush()
        result = self._hash.copy()
        for text in more:
            result.update(text.encode())
        return result.hexdigest()
