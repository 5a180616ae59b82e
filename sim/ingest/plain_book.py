"""The book that an ingest in plain Python replays while it reads: names, levels, dense handles.

Model: orders by the source's own names; each level is a queue, oldest first. For sources whose rate
does not need a kernel; the rules of what takes from whom are the ingest's.

Invariants:
1. an order is alive exactly while it has lots; a dead order's handle is the next one given out;
2. a level exists while an order stands in its queue.
"""

from bisect import bisect_left, insort
from collections.abc import Hashable
from typing import Generic, TypeVar

from market.codes import Side
from market.columns import HANDLES_MAX
from market.errors import InputError

Name = TypeVar("Name", bound=Hashable)


class BookOrder(Generic[Name]):
    """One live order; price in price units, quantity in lots."""

    __slots__ = ("handle", "name", "price_units", "qty_lots", "side")

    def __init__(self, name: Name, side: Side, price_units: int, qty_lots: int, handle: int):
        self.name = name
        self.side = side
        self.price_units = price_units
        self.qty_lots = qty_lots
        self.handle = handle


class PlainBook(Generic[Name]):
    """All live orders of one book."""

    def __init__(self) -> None:
        self._orders: dict[Name, BookOrder[Name]] = {}
        self._queues: tuple[dict[int, dict[Name, BookOrder[Name]]], ...] = ({}, {})
        self._ranks: tuple[list[int], list[int]] = ([], [])  # side's sign × price, best last
        self._free: list[int] = []
        self.handle_count = 0

    def __len__(self) -> int:
        return len(self._orders)

    def find(self, name: Name) -> BookOrder[Name] | None:
        """The live order of that name."""
        return self._orders.get(name)

    def best(self, side: Side) -> int | None:
        """The best price of a side in units, None when it is empty."""
        ranks = self._ranks[side]
        return side.sign * ranks[-1] if ranks else None

    def crosses(self, side: Side, price_units: int) -> bool:
        """Whether an order of that side and price would trade with the other side."""
        other = self._ranks[side.other]
        return bool(other) and side.sign * price_units >= -other[-1]

    def first_crossed(self, side: Side, price_units: int) -> BookOrder[Name] | None:
        """The first order of the other side that such an order would trade with."""
        if not self.crosses(side, price_units):
            return None
        queue = self._queues[side.other][self._ranks[side.other][-1]]
        return next(iter(queue.values()))

    def open(self, name: Name, side: Side, price_units: int, qty_lots: int) -> BookOrder[Name]:
        """A new order at the back of its level."""
        assert name not in self._orders
        assert qty_lots > 0
        if self._free:
            handle = self._free.pop()
        else:
            handle = self.handle_count
            if handle == HANDLES_MAX:
                raise InputError(f"found over {handle} live orders, allowed {HANDLES_MAX}")
            self.handle_count += 1
        order = BookOrder(name, side, price_units, qty_lots, handle)
        self._orders[name] = order
        self._enqueue(order)
        return order

    def take(self, order: BookOrder[Name], qty_lots: int) -> None:
        """Take lots of an order; without any left it dies."""
        assert 0 < qty_lots <= order.qty_lots
        order.qty_lots -= qty_lots
        if order.qty_lots == 0:
            self._dequeue(order)
            del self._orders[order.name]
            self._free.append(order.handle)

    def move(self, order: BookOrder[Name], price_units: int, qty_lots: int) -> None:
        """Give an order a new price and quantity at the back of that level."""
        assert qty_lots > 0
        self._dequeue(order)
        order.price_units = price_units
        order.qty_lots = qty_lots
        self._enqueue(order)

    def clear(self) -> None:
        """Every order dies; the next handle given out is 0 again."""
        self._orders.clear()
        self._free = list(range(self.handle_count - 1, -1, -1))
        for side in Side:
            self._queues[side].clear()
            self._ranks[side].clear()

    def _enqueue(self, order: BookOrder[Name]) -> None:
        rank = order.side.sign * order.price_units
        queue = self._queues[order.side].get(rank)
        if queue is None:
            queue = self._queues[order.side][rank] = {}
            insort(self._ranks[order.side], rank)
        queue[order.name] = order

    def _dequeue(self, order: BookOrder[Name]) -> None:
        rank = order.side.sign * order.price_units
        queue = self._queues[order.side][rank]
        del queue[order.name]
        if not queue:
            del self._queues[order.side][rank]
            ranks = self._ranks[order.side]
            ranks.pop(bisect_left(ranks, rank))
