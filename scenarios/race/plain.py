"""The book of a race in a page of plain Python: what every competitor's best prices are held against.

Model: levels with their total quantity, and the best price of each side in a sorted list. It knows
nothing of queues or of own orders, which no competitor shows in its public book.
"""

from bisect import bisect_left, insort
from typing import NamedTuple

from market.codes import Kind


class Top(NamedTuple):
    """Best prices in ticks and what they show in lots; quantity 0 says that a side is empty."""

    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int


class PlainBook:
    """Levels of both sides, fed with the neutral messages of any depth."""

    def __init__(self) -> None:
        self._orders: dict[int, tuple[int, int, int]] = {}  # id: side, price, left
        self._levels: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._prices: tuple[list[int], list[int]] = ([], [])
        self._quoted: list[int | None] = [None, None]

    def apply(
        self, kind: int, side: int, price: int, left: int, order_id: int
    ) -> list[tuple[int, int]]:
        """Apply one message; a print changes nothing.

        Returns:
            The (side, price) of every level that may have changed.
        """
        if kind == Kind.TRADE:
            return []
        if kind == Kind.QUOTE:
            return self._quote(side, price, left)
        if kind == Kind.LEVEL:
            self._set(side, price, left)
            return [(side, price)]
        changed = []
        before = self._orders.pop(order_id, None)
        if before is not None:
            self._set(before[0], before[1], self.level(before[0], before[1]) - before[2])
            changed.append(before[:2])
        if left:
            self._orders[order_id] = (side, price, left)
            self._set(side, price, self.level(side, price) + left)
            if (side, price) not in changed:
                changed.append((side, price))
        return changed

    def level(self, side: int, price: int) -> int:
        """What a level shows, in lots."""
        return self._levels[side].get(price, 0)

    def best(self, side: int) -> tuple[int, int] | None:
        """The best price of a side and what it shows, or None when it is empty."""
        prices = self._prices[side]
        if not prices:
            return None
        price = prices[0] if side else prices[-1]
        return price, self._levels[side][price]

    def top(self) -> Top:
        """Both best prices."""
        return Top(*(self.best(0) or (0, 0)), *(self.best(1) or (0, 0)))

    def _quote(self, side: int, price: int, left: int) -> list[tuple[int, int]]:
        """Let a side have this best price and no other."""
        old = self._quoted[side]
        if old is not None:
            self._set(side, old, 0)
        self._set(side, price, left)
        self._quoted[side] = price if left else None
        return [(side, price)]

    def _set(self, side: int, price: int, lots: int) -> None:
        """Let a level show so much; a level that shows nothing is gone."""
        levels, prices = self._levels[side], self._prices[side]
        if lots and price not in levels:
            insort(prices, price)
        if lots:
            levels[price] = lots
        elif price in levels:
            del levels[price]
            del prices[bisect_left(prices, price)]
