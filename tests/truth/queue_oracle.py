"""When a small order at a visible price can be filled, from the vendor's raw files alone.

This reads the message and orderbook files of the zip by itself and knows no tape, no kernel and no
reference book. It follows one price on one side through the day by the documented rules:

- a removal takes from the order it names; then from anonymous depth, oldest first; then from other
  named orders, oldest first; what a deletion leaves of the order it names becomes anonymous and
  comes last of the anonymous, though it keeps its place in the queue;
- where the price is visible, the orderbook row says what is there. More than the messages explain
  joined the back, anonymous; less left from the back, youngest anonymous first, then named.

An order of ours that joins after message i stands behind what joined by then and before the rest.
It is filled, up to the size of each message, by executions of orders behind it at its price, by
executions on its side at worse prices, by arrivals of the other side that cross it, and by hidden
executions on its side at a strictly worse price (frozen), or at its own price too (reactive).
In reactive mode depth of the other side that comes into view at a crossing price arrives as well.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

SUBMISSION, DELETION, EXECUTION, HIDDEN = 1, 3, 4, 5
TYPE, ORDER_ID, SIZE, PRICE, DIRECTION = range(5)
SIGN = (-1, 1)
"""By side: a greater `SIGN[side] * price` is worse; the files' direction is `-SIGN[side]`."""
EMPTY = 9_999_999_999


class Fill(NamedTuple):
    """Lots that message number `message` (from 0) can give us."""

    message: int
    lots: int


class Taken(NamedTuple):
    """Lots of an execution, and after which message the order that it took from joined."""

    message: int
    lots: int
    joined: int


class Day(NamedTuple):
    """What happened at one price of one side: executions, and depth that came into view."""

    taken: list[Taken]
    revealed: list[Fill]


class Resting:
    """Depth in a queue."""

    def __init__(self, lots: int, joined: int) -> None:
        self.lots = lots
        self.joined = joined


class PriceQueue:
    """The queue at one price of one side: anonymous depth and named orders, oldest first."""

    def __init__(self) -> None:
        self.anonymous: list[Resting] = []
        self.named: dict[int, Resting] = {}
        self.total = 0

    def add(self, order_id: int, lots: int, joined: int) -> None:
        self.named[order_id] = Resting(lots, joined)
        self.total += lots

    def remove(self, order_id: int, lots: int, *, deletes: bool) -> list[tuple[int, int]]:
        """Take lots away; how many from an order that joined when, in turn."""
        parts = []
        order = self.named.get(order_id)
        if order is not None:
            part = min(lots, order.lots)
            parts.append((part, order.joined))
            self._take(order, order_id, part)
            lots -= part
            if deletes and order.lots:
                self.anonymous.append(self.named.pop(order_id))
        while lots:
            name, victim = self._oldest()
            part = min(lots, victim.lots)
            parts.append((part, victim.joined))
            self._take(victim, name, part)
            lots -= part
        return parts

    def correct(self, lots: int, message: int) -> None:
        """Make the total what the orderbook row shows."""
        if lots > self.total:
            self.anonymous.append(Resting(lots - self.total, message))
            self.total = lots
        while lots < self.total:
            if self.anonymous:
                name, victim = None, self.anonymous[-1]
            else:
                name, victim = next(reversed(self.named.items()))
            self._take(victim, name, min(self.total - lots, victim.lots))

    def _oldest(self) -> tuple[int | None, Resting]:
        if self.anonymous:
            return None, self.anonymous[0]
        return next(iter(self.named.items()))

    def _take(self, order: Resting, name: int | None, lots: int) -> None:
        order.lots -= lots
        self.total -= lots
        if order.lots:
            return
        if name is None:
            self.anonymous.remove(order)
        else:
            del self.named[name]


class Oracle:
    """The raw day. Prices are in the files' units, sides 0 (buy) and 1 (sell)."""

    def __init__(self, zip_path: Path) -> None:
        with zipfile.ZipFile(zip_path) as archive:
            names = {word: _named(archive, word) for word in ("message", "orderbook")}
            with archive.open(names["orderbook"]) as lines:
                self.book = np.loadtxt(lines, delimiter=",", dtype=np.int64)
            with archive.open(names["message"]) as lines:
                fields = [line.rstrip().split(b",")[1:] for line in lines]
        self.messages = np.array(fields, dtype=np.bytes_).astype(np.int64)
        assert len(self.messages) == len(self.book)
        self._days: dict[tuple[int, int], Day] = {}

    def visible(self, message: int, side: int, level: int) -> int | None:
        """The price of a level (from 0) after a message, or None where there is none."""
        price, lots = self.book[message, 4 * level + 2 - 2 * side :][:2].tolist()
        return price if lots else None

    def fills(
        self, message: int, side: int, price: int, lots: int, *, reactive: bool
    ) -> list[Fill]:
        """The earliest fills of an order that joins after `message`, until it is filled."""
        fills = []
        for event in self._events(message, side, price, reactive=reactive):
            part = min(lots, event.lots)
            fills.append(Fill(event.message, part))
            lots -= part
            if lots == 0:
                break
        return fills

    def _events(self, message: int, side: int, price: int, *, reactive: bool) -> Iterator[Fill]:
        """Every message that can fill the order, with the lots it has for us."""
        worse = SIGN[side] * (self.messages[:, PRICE] - price)
        same = self.messages[:, DIRECTION] == -SIGN[side]
        kind = self.messages[:, TYPE]
        hits = same & (kind == EXECUTION) & (worse > 0)
        hits |= ~same & (kind == SUBMISSION) & (worse >= 0)
        hits |= same & (kind == HIDDEN) & (worse >= (0 if reactive else 1))
        hits[: message + 1] = False
        lots = dict(
            zip(np.flatnonzero(hits).tolist(), self.messages[hits, SIZE].tolist(), strict=True)
        )
        more = [
            Fill(taken.message, taken.lots)
            for taken in self.day(side, price).taken
            if taken.joined > message
        ]
        if reactive:
            more += self._arrivals_in_view(message, side, price)
        for event in more:
            if event.message > message:
                lots[event.message] = lots.get(event.message, 0) + event.lots
        for number in sorted(lots):
            yield Fill(number, lots[number])

    def _arrivals_in_view(self, message: int, side: int, price: int) -> list[Fill]:
        """Depth that comes into view at the other side's worst level, where that crosses a price."""
        worst = self.book[message + 1 :, 2 * side - 4]
        crossing = (SIGN[side] * (worst - price) >= 0) & (np.abs(worst) != EMPTY)
        prices = np.unique(worst[crossing]).tolist()
        return [fill for other in prices for fill in self.day(1 - side, other).revealed]

    def day(self, side: int, price: int) -> Day:
        """The queue at a price, followed through the day; computed once."""
        if (side, price) not in self._days:
            self._days[side, price] = self._follow(side, price)
        return self._days[side, price]

    def _follow(self, side: int, price: int) -> Day:
        first = 2 - 2 * side
        prices = self.book[:, first::4]
        shown = np.where(prices == price, self.book[:, first + 1 :: 4], 0).sum(axis=1)
        # An empty level is ±9999999999, beyond every price, so that all prices are visible then.
        visible = prices[:, -1] >= price if side else prices[:, -1] <= price
        at_price = (
            (self.messages[:, PRICE] == price)
            & (self.messages[:, DIRECTION] == -SIGN[side])
            & (self.messages[:, TYPE] <= EXECUTION)
        )
        news = at_price | visible
        news[1:] &= at_price[1:] | (shown[1:] != shown[:-1]) | ~visible[:-1]
        day = Day([], [])
        queue = PriceQueue()
        if visible[0]:
            queue.correct(self._before_first(at_price[0], int(shown[0])), -1)
        for number in np.flatnonzero(news).tolist():
            if at_price[number]:
                kind, order_id, size, _, _ = self.messages[number].tolist()
                if kind == SUBMISSION:
                    queue.add(order_id, size, number)
                else:
                    parts = queue.remove(order_id, size, deletes=kind == DELETION)
                    if kind == EXECUTION:
                        day.taken.extend(Taken(number, lots, joined) for lots, joined in parts)
            if visible[number]:
                hidden = int(shown[number]) - queue.total
                queue.correct(int(shown[number]), number)
                if hidden > 0:
                    day.revealed.append(Fill(number, hidden))
        return day

    def _before_first(self, touched: np.bool_, shown: int) -> int:
        """What rested at a price before the first message, by the first orderbook row."""
        if not touched:
            return shown
        kind, _, size, _, _ = self.messages[0].tolist()
        return shown - size if kind == SUBMISSION else shown + size


def _named(archive: zipfile.ZipFile, word: str) -> str:
    """The one file of the archive whose name has the word."""
    (name,) = (name for name in archive.namelist() if f"_{word}_" in name)
    return name
