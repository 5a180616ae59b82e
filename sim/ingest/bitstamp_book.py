"""Bitstamp's order events to tape rows of a book that is never crossed and matches nothing twice.

Model: the feed tells of a trade twice, on either side, and shows a market order as a creation that
crosses the book, moved along (`changed` to another price) as it eats. The rules:

1. A created order that crosses the tape's book is *held*: it is an aggressor and not on the tape.
2. A fill of an order on the tape (`changed` to less, or `deleted` with less left than before) is an
   EXECUTE of the difference. The same lots are taken off held orders of the other side that cross
   its price, oldest first; the rows that later tell of them for those orders write nothing.
3. Rows of a held order write nothing; they say how much of it is left.
4. When the book no longer crosses a held order, what is left of it is an ADD.
5. A held order that still crosses after PATIENCE_NS proves the orders it crosses *stale*: their
   deletions are late or lost. They are taken out as DELETEs marked INFERRED, and rule 4 applies.
6. A change to another price is a move: an order on the tape is taken out (DELETE, INFERRED) and
   comes again as if created.
7. An order that is changed but unknown is opened with what is left, as a REVEAL (or held).
8. An id that is over stays over: what is said of it within MEMORY_NS writes nothing.

Every row has exactly one outcome, named in `OUTCOMES`; `EXTRAS` count what happens beside.
"""

from collections import Counter, deque

from market.codes import Kind, RowFlag, Side
from sim.ingest.bitstamp_rows import CHANGED, CREATED, Record
from sim.ingest.plain_book import BookOrder, PlainBook
from sim.ingest.row_buffer import RowBuffer

PATIENCE_NS = 5_000_000_000
MEMORY_NS = 60_000_000_000

OUTCOMES = (
    "created",  # on the tape at once
    "held",  # created across the book
    "filled",  # EXECUTE, of a part or of all
    "cancelled",  # DELETE, perhaps after an EXECUTE
    "moved",  # to another price
    "revealed",  # changed, but unknown: opened
    "held_changes",  # of a held order
    "held_deletes",
    "unchanged",  # a change that changes nothing, or tells of lots already taken
    "grown_changes",  # a change to more than was left: out of order
    "duplicate_creates",  # of an order that is alive
    "late_creates",  # of an order that is over
    "late_changes",
    "duplicate_deletes",
    "stale_deletes",  # late deletions of orders that were found stale
    "unknown_deletes",  # of orders never seen, and lots left: from before the file
    "unknown_fills",  # the same, nothing left
)
EXTRAS = (
    "released",  # held orders that came to rest
    "stale_evicted",  # orders taken out by rule 5
    "unmatched_fills",  # fills on the tape whose aggressor was not held
    "unmatched_claims",  # fills told of a held order only
    "delete_quantity_differs",
)
_STALE, _OVER = "stale", "over"


class _Held:
    """An aggressor; `told_lots` as the source last said, `ahead_lots` taken before it said so."""

    __slots__ = ("ahead_lots", "over", "owed_lots", "record", "since_ns", "told_lots")

    def __init__(self, record: Record, since_ns: int) -> None:
        self.record = record
        self.since_ns = since_ns
        self.told_lots = record.volume_lots
        self.ahead_lots = 0
        self.owed_lots = 0  # told of this order, not yet of those it met
        self.over = False

    @property
    def left_lots(self) -> int:
        """What is left of it when all that is known has happened."""
        return self.told_lots - self.ahead_lots


class BitstampBook:
    """The book of one ingest; `apply` takes the records in order."""

    def __init__(self, out: RowBuffer) -> None:
        self.book: PlainBook[int] = PlainBook()
        self.counts: Counter[str] = Counter(dict.fromkeys((*OUTCOMES, *EXTRAS), 0))
        self._out = out
        self._held: dict[int, _Held] = {}
        self._ahead: dict[int, int] = {}  # of orders on the tape that were held before
        self._gone: dict[int, str] = {}
        self._gone_times: deque[tuple[int, int]] = deque()
        self._flags = 0
        self._clock_ns = 0
        self._sides = (0, 0)  # the order's stamp and the row's number

    def open_before(self, records: list[Record], first: Record) -> None:
        """Open what rested before the first record, as one snapshot message."""
        self._flags = RowFlag.SNAPSHOT | RowFlag.INFERRED
        self._clock_ns = first.ts_ns
        for record in records:
            self._sides = (record.stamp_ns, -1)
            self._arrive(record, Kind.ADD)
        self._out.end_message()
        self._flags = 0

    def check(self, record: Record) -> str | None:
        """Why a record can't be accepted, None when it can."""
        order = self.book.find(record.order_id)
        held = self._held.get(record.order_id)
        side = order.side if order else held.record.side if held else record.side
        if side == record.side:
            return None
        return f"found order {record.order_id} as {record.side.name}, allowed {side.name} as before"

    def apply(self, record: Record, ts_ns: int, row_number: int) -> None:
        """Apply an acceptable record, published at `ts_ns`, and write its rows as one message."""
        self._clock_ns = ts_ns
        self._sides = (record.stamp_ns, row_number)
        self._forget()
        self._evict()
        if record.action == CREATED:
            outcome = self._create(record)
        elif record.action == CHANGED:
            outcome = self._change(record)
        else:
            outcome = self._delete(record)
        self.counts[outcome] += 1
        self._release()
        self._out.end_message()

    # --- the three actions --------------------------------------------------------------------

    def _create(self, record: Record) -> str:
        if record.order_id in self._gone:
            return "late_creates"
        if record.order_id in self._held or self.book.find(record.order_id):
            return "duplicate_creates"
        return "created" if self._arrive(record, Kind.ADD) else "held"

    def _change(self, record: Record) -> str:
        held = self._held.get(record.order_id)
        if held is not None:
            if held.over:
                return "late_changes"
            self._tell_held(held, record)
            return "held_changes"
        order = self.book.find(record.order_id)
        if order is None:
            if record.order_id in self._gone:
                return "late_changes"
            self._arrive(record, Kind.REVEAL)
            return "revealed"
        if order.price_units != record.price_units:
            self._row(Kind.DELETE, order, order.qty_lots, RowFlag.INFERRED)
            self.book.take(order, order.qty_lots)
            self._ahead.pop(record.order_id, None)
            self._arrive(record, Kind.ADD)
            return "moved"
        return self._fill(order, record.volume_lots)

    def _delete(self, record: Record) -> str:
        held = self._held.get(record.order_id)
        if held is not None:
            if held.over:
                return "duplicate_deletes"
            self._tell_held(held, record)
            held.told_lots = held.ahead_lots = 0
            held.over = True
            return "held_deletes"
        order = self.book.find(record.order_id)
        if order is None:
            why = self._gone.get(record.order_id)
            self._bury(record.order_id, _OVER)
            if why is not None:
                return "stale_deletes" if why == _STALE else "duplicate_deletes"
            return "unknown_deletes" if record.volume_lots else "unknown_fills"
        self._fill(order, record.volume_lots)
        self._ahead.pop(record.order_id, None)
        self._bury(record.order_id, _OVER)
        if record.volume_lots == 0:
            return "filled"
        self.counts["delete_quantity_differs"] += order.qty_lots != record.volume_lots
        self._row(Kind.DELETE, order, order.qty_lots)
        self.book.take(order, order.qty_lots)
        return "cancelled"

    # --- fills ----------------------------------------------------------------------------------

    def _fill(self, order: BookOrder[int], left_lots: int) -> str:
        """Bring an order on the tape to what the source says is left of it."""
        ahead = self._ahead.get(order.name, 0)
        taken = order.qty_lots + ahead - left_lots
        if taken < 0:
            return "grown_changes"
        covered = min(taken, ahead)
        if ahead:
            self._ahead[order.name] = ahead - covered
        taken -= covered
        if taken == 0:
            return "unchanged"
        self._row(Kind.EXECUTE, order, taken)
        self._charge(order, taken)
        self.book.take(order, taken)
        return "filled"

    def _charge(self, order: BookOrder[int], lots: int) -> None:
        """Take a fill off the held orders that it was a fill with, oldest first."""
        for held in self._held.values():
            reach = held.record.side.sign * (held.record.price_units - order.price_units)
            if held.record.side == order.side or reach < 0:
                continue
            claimed = min(lots, held.owed_lots)
            held.owed_lots -= claimed
            taken = min(lots - claimed, held.left_lots)
            held.ahead_lots += taken
            lots -= claimed + taken
            if lots == 0:
                return
        self.counts["unmatched_fills"] += 1

    def _tell_held(self, held: _Held, record: Record) -> None:
        """Take in what the source says is left of a held order, and at which price it is."""
        if record.price_units != held.record.price_units:
            # A market order with a budget: at another price it is for another quantity.
            held.record = record
            held.told_lots = record.volume_lots
            held.ahead_lots = min(held.ahead_lots, held.told_lots)
            return
        taken = held.told_lots - record.volume_lots
        if record.action != CHANGED and record.volume_lots:
            taken = min(taken, held.ahead_lots)  # the rest was cancelled
        covered = min(max(taken, 0), held.ahead_lots)
        held.ahead_lots = min(held.ahead_lots - covered, record.volume_lots)
        held.owed_lots += max(taken - covered, 0)
        held.told_lots = record.volume_lots

    # --- held orders ----------------------------------------------------------------------------

    def _arrive(self, record: Record, kind: Kind) -> bool:
        """Open an order, or hold it where it crosses; whether it was opened."""
        if self.book.crosses(record.side, record.price_units):
            self._held[record.order_id] = _Held(record, self._clock_ns)
            return False
        self._open(record, record.volume_lots, kind)
        return True

    def _open(self, record: Record, lots: int, kind: Kind) -> None:
        order = self.book.open(record.order_id, record.side, record.price_units, lots)
        self._row(kind, order, lots)

    def _release(self) -> None:
        """Let held orders rest that no longer cross, oldest first; drop those that are over."""
        for order_id, held in list(self._held.items()):
            if held.over:
                if held.owed_lots == 0 or self._is_overdue(held):
                    self._drop(order_id, held)
                continue
            record = held.record
            if held.left_lots == 0 or self.book.crosses(record.side, record.price_units):
                if held.left_lots == 0 and self._is_overdue(held):
                    self._drop(order_id, held)
                continue
            del self._held[order_id]
            self.counts["released"] += 1
            self.counts["unmatched_claims"] += held.owed_lots > 0
            if held.ahead_lots:
                self._ahead[order_id] = held.ahead_lots
            self._open(record, held.left_lots, Kind.ADD)

    def _drop(self, order_id: int, held: _Held) -> None:
        """A held order ends without coming to rest."""
        del self._held[order_id]
        self.counts["unmatched_claims"] += held.owed_lots > 0
        self._bury(order_id, _OVER)

    def _is_overdue(self, held: _Held) -> bool:
        return self._clock_ns - held.since_ns > PATIENCE_NS

    def _evict(self) -> None:
        """Take out the orders that a held order has crossed for too long."""
        for held in self._held.values():
            if held.over or held.left_lots == 0 or not self._is_overdue(held):
                continue
            record = held.record
            while (order := self.book.first_crossed(record.side, record.price_units)) is not None:
                self.counts["stale_evicted"] += 1
                self._row(Kind.DELETE, order, order.qty_lots, RowFlag.INFERRED)
                self.book.take(order, order.qty_lots)
                self._ahead.pop(order.name, None)
                self._bury(order.name, _STALE)
        self._release()

    # --- ids that are over ----------------------------------------------------------------------

    def _bury(self, order_id: int, why: str) -> None:
        self._gone[order_id] = why
        self._gone_times.append((self._clock_ns, order_id))

    def _forget(self) -> None:
        """Forget ids that have been over for long, so that memory does not grow."""
        while self._gone_times and self._clock_ns - self._gone_times[0][0] > MEMORY_NS:
            _, order_id = self._gone_times.popleft()
            self._gone.pop(order_id, None)

    def _row(self, kind: Kind, order: BookOrder[int], lots: int, flags: int = 0) -> None:
        side_flags = int(order.side == Side.SELL) | flags | self._flags
        self._out.add(
            self._clock_ns,
            order.price_units,
            lots,
            order.handle,
            int(kind),
            side_flags,
            self._sides,
        )
