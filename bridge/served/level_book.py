"""The levels of a book and its best prices, from absolute quantities."""

from heapq import heappop, heappush, nlargest, nsmallest

from market.live import Level
from market.messages import NO_PRICE


class LevelBook:
    """Two sides of prices and quantities.

    Model: each side is a dictionary, with a heap of candidates for its best price beside it; a
    candidate whose level is gone is thrown away when it comes up.
    """

    def __init__(self) -> None:
        self._lots: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._heaps: tuple[list[int], list[int]] = ([], [])

    def set(self, side: int, price: int, lots: int) -> None:
        """Give a level a quantity; 0 takes it away."""
        levels = self._lots[side]
        if lots <= 0:
            levels.pop(price, None)
            return
        if price not in levels:
            heappush(self._heaps[side], price if side else -price)
        levels[price] = lots

    def clear(self) -> list[tuple[int, int]]:
        """Take everything away; side and price of each level that was there."""
        gone = [(side, price) for side in (0, 1) for price in self._lots[side]]
        for side in (0, 1):
            self._lots[side].clear()
            self._heaps[side].clear()
        return gone

    def lots(self, side: int, price: int) -> int:
        """How much is shown at a price."""
        return self._lots[side].get(price, 0)

    def levels(self, side: int) -> dict[int, int]:
        """A copy of a side."""
        return dict(self._lots[side])

    def best(self, side: int) -> Level:
        """Best price of a side with its quantity; (NO_PRICE, 0) for an empty one."""
        heap, levels = self._heaps[side], self._lots[side]
        while heap:
            price = heap[0] if side else -heap[0]
            if price in levels:
                return price, levels[price]
            heappop(heap)
        return NO_PRICE, 0

    def top(self, side: int, count: int) -> list[Level]:
        """The best `count` levels of a side, best first."""
        levels = self._lots[side]
        prices = nsmallest(count, levels) if side else nlargest(count, levels)
        return [(price, levels[price]) for price in prices]
