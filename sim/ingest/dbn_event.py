"""Gathers the records of one DBN event and writes them as one source message.

A venue's event ends with the record flagged F_LAST; what happened in it becomes known at once, when
that record was sent. So every row of it has the same `ts_ns`: the time at which the venue sent the
last record (local receive time less the feed's own delay), and never before the event before it.

The first snapshot of a book tells its phase: PRE_OPEN when the book is crossed, for it then waits for
an auction, else CONTINUOUS. It is written in front of the snapshot's rows. A book in PRE_OPEN goes
to CONTINUOUS with the first event that prints a trade and leaves the book uncrossed; what trades until
then, trades in the auction, and of a book of orders is a CROSS row in front of the executions of its
shares. DBN itself names phases only in a schema of its own, which is not read here.
"""

import math
from collections.abc import Callable

from market.codes import Kind, Phase, RowFlag
from sim.ingest.bad_records import RefusedRecord
from sim.ingest.dbn_records import (
    F_BAD_TS_RECV,
    F_MAYBE_BAD_BOOK,
    F_SNAPSHOT,
    UNDEF_PRICE,
)
from sim.ingest.row_buffer import RowBuffer

SIDE_COLUMNS = ("venue_stamp_ns", "recv_delta_ns", "source_seq")
QTY_LOTS_MAX = 1 << 32
NS_MAX = 1 << 62
EVENT_RECORDS_MAX = 1 << 21
NO_HANDLE = -1

_PRINT_FLAGS = {
    ord("B"): 0,
    ord("A"): int(RowFlag.SELL),
    ord("N"): int(RowFlag.SIDE_UNKNOWN),
}

# Plain numbers: arithmetic on the members of an enum costs more than all else here.
_SNAPSHOT = int(RowFlag.SNAPSHOT)
_MAYBE_BAD = int(RowFlag.MAYBE_BAD)
_TRADE = int(Kind.TRADE)
_CROSS = int(Kind.CROSS)
_EXECUTE = int(Kind.EXECUTE)
_PHASE = int(Kind.PHASE)

Row = tuple[int, int, int, int, int, int, int]
"""Price, quantity, handle, kind, flags, venue's stamp, sequence number."""


class Clock:
    """When events become known, over all books of a stream."""

    def __init__(self) -> None:
        self.recv_ns = 0
        self.sent_ns = 0

    def take(self, recv_ns: int, delay_ns: int, flags: int) -> None:
        """Take a record's local receive time and the feed's own delay before it.

        Raises:
            RefusedRecord: No record of this stream can have been received then.
        """
        if recv_ns > NS_MAX:
            raise RefusedRecord(f"found ts_recv {recv_ns}, allowed times up to {NS_MAX}")
        if recv_ns < self.recv_ns and not flags & F_BAD_TS_RECV:
            raise RefusedRecord(
                f"found ts_recv {recv_ns}, allowed from {self.recv_ns}, that of the record before"
            )
        self.recv_ns = max(self.recv_ns, recv_ns)
        self.sent_ns = max(self.sent_ns, recv_ns - max(0, delay_ns))


class Event:
    """The rows of one book's event under way, and the phase of that book."""

    def __init__(self, book_id: int) -> None:
        self._book_id = book_id
        self._rows: list[Row] = []
        self._stamp = (0, 0)
        self._flags = 0
        self._has_snapshot = False
        self._has_trade = False
        self._phase: Phase | None = None
        self.record_count = 0
        self.grid_units = 0  # the largest that all displayed prices are multiples of
        self.print_units = 0  # the same of trades
        self.price_max = 0

    def begin(self, flags: int, venue_ns: int, sequence: int) -> None:
        """Note what the rows of the next record have in common."""
        self.record_count += 1
        self._stamp = (min(venue_ns, NS_MAX), sequence)
        self._flags = 0
        if flags & F_SNAPSHOT:
            self._flags |= _SNAPSHOT
        if flags & F_MAYBE_BAD_BOOK:
            self._flags |= _MAYBE_BAD

    @property
    def is_open(self) -> bool:
        """Whether a record came and the event has not ended."""
        return self.record_count > 0

    def add(self, kind: int, side_flags: int, handle: int, price: int, qty: int) -> None:
        """Take one row about the book."""
        self.grid_units = math.gcd(self.grid_units, price)
        self.price_max = max(self.price_max, abs(price))
        flags = self._flags | side_flags
        self._has_snapshot = self._has_snapshot or flags & _SNAPSHOT > 0
        self._rows.append((price, qty, handle, kind, flags, *self._stamp))

    def print_trade(self, side_letter: int, price: int, qty: int) -> None:
        """Take a print; its side is the aggressor's."""
        self.print_units = math.gcd(self.print_units, price)
        flags = self._flags | _PRINT_FLAGS[side_letter]
        self._rows.append((price, qty, NO_HANDLE, _TRADE, flags, *self._stamp))

    @property
    def awaits_auction(self) -> bool:
        """Whether the book gathers orders for an auction."""
        return self._phase is Phase.PRE_OPEN

    def print_cross(self, price: int, qty: int) -> None:
        """Take the print of an auction, which goes in front of the executions of its shares."""
        self.print_units = math.gcd(self.print_units, price)
        kinds = [row[3] for row in self._rows]
        at = kinds.index(_EXECUTE) if _EXECUTE in kinds else len(kinds)
        flags = self._flags | _PRINT_FLAGS[ord("N")]
        self._rows.insert(at, (price, qty, NO_HANDLE, _CROSS, flags, *self._stamp))

    def note_trade(self) -> None:
        """Remember that this event has a trade, printed or told as executions."""
        self._has_trade = True

    def end(self, buffer: RowBuffer, clock: Clock, is_crossed: Callable[[], bool]) -> None:
        """Write the event's rows; `is_crossed` looks at the book as they leave it."""
        if self._has_snapshot and self._phase is None:
            self._phase = Phase.PRE_OPEN if is_crossed() else Phase.CONTINUOUS
            self._rows.insert(0, self._phase_row(self._phase))
        elif self._phase is Phase.PRE_OPEN and self._has_trade and not is_crossed():
            self._phase = Phase.CONTINUOUS
            self._rows.append(self._phase_row(self._phase))
        buffer.book_id = self._book_id
        delta_ns = clock.recv_ns - clock.sent_ns
        for price, qty, handle, kind, flags, venue_ns, sequence in self._rows:
            sides = (venue_ns, delta_ns, sequence)
            buffer.add(clock.sent_ns, price, qty, handle, kind, flags, sides)
        buffer.end_message()
        self._rows.clear()
        self.record_count = 0
        self._has_snapshot = False
        self._has_trade = False

    def _phase_row(self, phase: Phase) -> Row:
        return (0, int(phase), NO_HANDLE, _PHASE, self._flags, *self._stamp)


def check_trade(side_letter: int, price: int, qty: int) -> None:
    """Refuse a trade that can't be."""
    if side_letter not in _PRINT_FLAGS:
        raise RefusedRecord(f"found side {chr(side_letter)!r}, allowed 'A', 'B' or 'N'")
    check_amounts(price, qty)


def check_amounts(price: int, qty: int) -> None:
    """Refuse what can't be price and quantity of an order or a trade."""
    if abs(price) >= UNDEF_PRICE:
        raise RefusedRecord("found no price, allowed one")
    if not 1 <= qty < QTY_LOTS_MAX - 1:
        raise RefusedRecord(f"found size {qty}, allowed 1..{QTY_LOTS_MAX - 2}")
