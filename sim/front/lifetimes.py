"""Lifetimes: which orders end when, without anybody asking.

Model: a GTD order ends at its time with TIME_OVER, a DAY order when its book's trading day ends, with
DAY_OVER. All are in one heap by (due_ns, order_id). A DAY order's due time is the scheduled end of the
day, if there is one; and whenever a book's day does end, early or late, its DAY orders end then. Orders
of other kinds are not known here.

What an order does meanwhile changes nothing about its time: a replace keeps it, a fill or a cancel that
ends the order takes it out. An entry that has become wrong stays in the heap until it comes up, or until
wrong ones are the majority.

Invariants:
1. An order that was added and has not been taken out comes up exactly once, at its due time or later.
2. What comes up is in order of (due_ns, order_id), whatever the order of entry was.
3. The heap has at most twice as many entries as there are orders, and one.

Order of events: a venue ends orders as control events, so what the market does at the very instant may
still trade with them.

Limits: a GTD order given for a date, and not for a time, needs its caller to say when that date ends.
"""

from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from market.codes import Reason, TimeInForce
from sim.front.ending import Ending

NEVER_NS: Final = 1 << 62
"""Due time of a DAY order in a venue whose days have no scheduled end."""


class _Life(NamedTuple):
    due_ns: int
    book_id: int
    reason: Reason


class Lifetimes:
    """The orders of one venue that end by themselves."""

    def __init__(self) -> None:
        self._lives: dict[int, _Life] = {}
        self._heap: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._lives)

    def add(
        self, order_id: int, book_id: int, tif: TimeInForce, *, expire_ns: int = 0,
        day_end_ns: int = NEVER_NS,
    ) -> None:  # fmt: skip
        """An order has been accepted, or is given another time.

        Args:
            order_id: Its id.
            book_id: Where it is.
            tif: DAY and GTD have a time; anything else ends here what was known of it.
            expire_ns: When a GTD order ends.
            day_end_ns: When the book's trading day is scheduled to end.
        """
        self.remove(order_id)
        if tif is TimeInForce.GTD:
            life = _Life(expire_ns, book_id, Reason.TIME_OVER)
        elif tif is TimeInForce.DAY:
            life = _Life(day_end_ns, book_id, Reason.DAY_OVER)
        else:
            return
        self._lives[order_id] = life
        heappush(self._heap, (life.due_ns, order_id))

    def remove(self, order_id: int) -> None:
        """An order has ended in another way; nothing if it had no time."""
        if self._lives.pop(order_id, None) is not None:
            self._tidy()

    def next_ns(self) -> int | None:
        """When the next order ends; None when none is scheduled to."""
        self._skip()
        due_ns = self._heap[0][0] if self._heap else NEVER_NS
        return due_ns if due_ns < NEVER_NS else None

    def due(self, now_ns: int) -> list[Ending]:
        """Orders whose time is over, in order of (due_ns, order_id); each is named once."""
        endings: list[Ending] = []
        while (due_ns := self.next_ns()) is not None and due_ns <= now_ns:
            _, order_id = heappop(self._heap)
            life = self._lives.pop(order_id)
            endings.append(Ending(order_id, life.book_id, life.reason))
        self._tidy()
        return endings

    def end_day(self, book_id: int) -> list[Ending]:
        """A book's trading day ends now: its DAY orders, by order id; each is named once."""
        ended = sorted(
            order_id
            for order_id, life in self._lives.items()
            if life.book_id == book_id and life.reason is Reason.DAY_OVER
        )
        for order_id in ended:
            del self._lives[order_id]
        self._tidy()
        return [Ending(order_id, book_id, Reason.DAY_OVER) for order_id in ended]

    def move_day_end(self, book_id: int, day_end_ns: int) -> None:
        """A book's trading day is to end at another time than was scheduled."""
        for order_id, life in list(self._lives.items()):
            if life.book_id == book_id and life.reason is Reason.DAY_OVER:
                self._lives[order_id] = life._replace(due_ns=day_end_ns)
                heappush(self._heap, (day_end_ns, order_id))
        self._tidy()

    def _skip(self) -> None:
        """Drop entries at the top that are about no order any more."""
        while self._heap and not self._is_right(self._heap[0]):
            heappop(self._heap)

    def _is_right(self, entry: tuple[int, int]) -> bool:
        life = self._lives.get(entry[1])
        return life is not None and life.due_ns == entry[0]

    def _tidy(self) -> None:
        """Build the heap anew once wrong entries are the majority."""
        if len(self._heap) > 2 * len(self._lives) + 1:
            self._heap = [(life.due_ns, order_id) for order_id, life in self._lives.items()]
            heapify(self._heap)
