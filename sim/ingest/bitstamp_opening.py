"""The orders that rested before a Bitstamp file begins, read off a first pass over it.

Model: the file opens in the middle of a day and shows no book. An order that it names without ever
creating it, and whose own stamp lies before the file, did rest when it began. Its quantity is what
its first row says is left; where that row is a fill (a deletion with nothing left, or a change), what
was filled is added: the reduction of an order of the other side in a row close by, because every
trade is told once for either side.

Limits: an order that rested throughout, and is never named, stays unknown. What is opened here is
true of the exchange, but the file says so only later, so the ingest can be told to do without.
What is in memory is the live orders and the orders found.
"""

from collections import deque

from sim.ingest.bitstamp_rows import CREATED, DELETED, Record, records_of
from sim.ingest.source import Source

_NEAR_ROWS = 3
_NEAR_NS = 100_000_000
_ROUNDED_LOTS = 2  # the file's volumes went through a float and lost up to one lot each


class _Near:
    """A row, what it took off its order, and whether a fill has been explained by that."""

    __slots__ = ("record", "taken_lots")

    def __init__(self, record: Record, taken_lots: int) -> None:
        self.record = record
        self.taken_lots = taken_lots


def read_opening(source: Source) -> list[Record]:
    """The orders before the file as creations, oldest (lowest id) first; bad rows are passed over."""
    return _OpeningPass().read(source)


class _OpeningPass:
    """The first pass under way."""

    def __init__(self) -> None:
        self._left: dict[int, int] = {}
        self._named: set[int] = set()
        self._found: list[Record] = []
        self._near: deque[_Near] = deque(maxlen=2 * _NEAR_ROWS + 1)
        self._waiting: deque[tuple[Record, int]] = deque()  # with the number of the row
        self._row_count = 0
        self._first_second_ns = 0

    def read(self, source: Source) -> list[Record]:
        """All rows of the source."""
        for _, record in records_of(source):
            if isinstance(record, Record):
                self._take(record)
                while self._waiting and self._row_count - self._waiting[0][1] >= _NEAR_ROWS:
                    self._explain(self._waiting.popleft()[0])
        for record, _ in self._waiting:
            self._explain(record)
        return sorted(self._found, key=lambda record: record.order_id)

    def _take(self, record: Record) -> None:
        if self._row_count == 0:
            self._first_second_ns = record.ts_ns - record.ts_ns % 1_000_000_000
        self._row_count += 1
        known = self._left.get(record.order_id)
        near = _Near(record, 0 if known is None else max(0, known - record.volume_lots))
        self._settle(near)
        self._near.append(near)
        if known is None and record.action != CREATED and self._is_before(record):
            self._named.add(record.order_id)
            if record.action == DELETED and record.volume_lots > 0:
                self._open(record, 0)
            else:
                self._waiting.append((record, self._row_count))
        if record.action == DELETED:
            self._left.pop(record.order_id, None)
        else:
            self._left[record.order_id] = record.volume_lots

    def _is_before(self, record: Record) -> bool:
        """Whether an order without a creation was made before the file, and is new here."""
        return record.stamp_ns < self._first_second_ns and record.order_id not in self._named

    def _settle(self, near: _Near) -> None:
        """Two reductions of one quantity on either side are one trade, and explain nothing else."""
        for other in self._near:
            equal = abs(other.taken_lots - near.taken_lots) <= _ROUNDED_LOTS
            if equal and near.taken_lots > 0 and _explains(other, near.record):
                other.taken_lots = near.taken_lots = 0
                return

    def _explain(self, record: Record) -> None:
        """Open an order whose first row is a fill: the nearest reduction of the other side says which."""
        nearest: _Near | None = None
        for near in self._near:
            if _explains(near, record) and (
                nearest is None or _apart_ns(near, record) < _apart_ns(nearest, record)
            ):
                nearest = near
        filled_lots = 0
        if nearest is not None:
            filled_lots, nearest.taken_lots = nearest.taken_lots, 0
        self._open(record, filled_lots)

    def _open(self, record: Record, filled_lots: int) -> None:
        """Note an order; one of unknown quantity can't be opened."""
        volume_lots = record.volume_lots + filled_lots
        if volume_lots > 0:
            self._found.append(record._replace(volume_lots=volume_lots, action=CREATED))


def _explains(near: _Near, record: Record) -> bool:
    """Whether the reduction of one row can be the other side of a fill in another."""
    other_side = near.record.side != record.side
    return near.taken_lots > 0 and other_side and _apart_ns(near, record) <= _NEAR_NS


def _apart_ns(near: _Near, record: Record) -> int:
    return abs(near.record.ts_ns - record.ts_ns)
