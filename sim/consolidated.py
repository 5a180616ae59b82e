"""The consolidated best bid and offer over books of one instrument, and how it spent its time.

Model: books of one symbol and one currency on several venues form one group. The best bid of a group
is the highest that any of its books shows in continuous trading, the best ask the lowest. Prices are
compared in one scale, since venues may have ticks and price units of different sizes. Every figure is
a share of time, or a mean over time, and never a count of messages.

Limits: two contracts that share a symbol and a currency count as one instrument, so a spot market
and a perpetual future of the same name lock and cross by their basis. Fees are not part of a price.
What is measured is what venues show, which no participant knows before it has travelled.
"""

from collections.abc import Sequence
from math import lcm
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from sim.kernels import consolidated as k
from sim.kernels.layout import NO_PRICE

Ints = npt.NDArray[np.int64]


class Listed(Protocol):
    """What is asked of a book, of a tape or of a run."""

    @property
    def symbol(self) -> str:
        """Name of the instrument."""
        ...

    @property
    def venue(self) -> str:
        """Where it trades."""
        ...

    @property
    def currency(self) -> str:
        """Of its prices."""
        ...

    @property
    def price_units_per_currency(self) -> int:
        """Price units in one unit of currency."""
        ...

    @property
    def tick_units(self) -> int:
        """Price units between neighboring prices."""
        ...


class ConsolidatedStats(msgspec.Struct, frozen=True, kw_only=True):
    """How the best bid and offer of one group spent the time; None where there was no such time.

    Attributes:
        spread: Mean over the time with both sides, in currency; negative while crossed.
        two_sided_share: Of all time, with a bid and an ask somewhere.
        locked_share: Of the time with both sides, best bid equal to best ask.
        crossed_share: Of the time with both sides, best bid above best ask.
        at_best_bid: By venue, of the time with a bid: it showed the best one, alone or not.
        at_best_ask: By venue, the same of the ask.
    """

    spread: float | None
    two_sided_share: float | None
    locked_share: float | None
    crossed_share: float | None
    at_best_bid: dict[str, float | None]
    at_best_ask: dict[str, float | None]


class Consolidated:
    """Follows every group among some books.

    Args:
        books: Of one tape or one run, in the order of their `book_id`.
        in_ticks: Whether prices arrive in ticks, as in a world, or in the book's price units.
    """

    def __init__(self, books: Sequence[Listed], *, in_ticks: bool) -> None:
        self._books = books
        self._groups = _groups(books)
        self._units = [
            lcm(*(books[number].price_units_per_currency for number in group))
            for group in self._groups
        ]
        quotes = [number for group in self._groups for number in group]
        self._quotes = np.full(len(books), -1, np.int64)
        self._quotes[quotes] = np.arange(len(quotes))
        self.watch = self._layout(quotes, in_ticks=in_ticks)

    def __bool__(self) -> bool:
        """Whether there is any group to follow."""
        return bool(self._groups)

    def follow(self, times: Ints, numbers: Ints, bids: Ints, asks: Ints) -> None:
        """Take rows, each with the book after it.

        Args:
            times: When, in nanoseconds, never falling.
            numbers: Whose row it is, by place among the books.
            bids: Best bid of that book, or NO_PRICE, also while it is not in continuous trading.
            asks: The same of the ask.
        """
        k.follow(self.watch, times, self._quotes[numbers], bids, asks)

    def stats(self) -> dict[str, ConsolidatedStats]:
        """By symbol and currency, what is known up to the last instant taken."""
        found = {}
        for number, group in enumerate(self._groups):
            book = self._books[group[0]]
            found[f"{book.symbol} {book.currency}"] = self._stats(number)
        return found

    def _stats(self, number: int) -> ConsolidatedStats:
        """The outcome of one group."""
        words = self.watch[k.N_SIZE + number * k.G_SIZE :][: k.G_SIZE].tolist()
        both = words[k.G_BOTH]
        spread_ns = (words[k.G_SPREAD_HIGH] << k.SPREAD_BITS) + words[k.G_SPREAD_LOW]
        at_bid: dict[str, float | None] = {}
        at_ask: dict[str, float | None] = {}
        for book_number in self._groups[number]:
            quote = self.watch[self._quote_at(book_number) :][: k.Q_SIZE].tolist()
            venue = self._books[book_number].venue
            at_bid[venue] = _share(quote[k.Q_AT_BID], words[k.G_BID])
            at_ask[venue] = _share(quote[k.Q_AT_ASK], words[k.G_ASK])
        return ConsolidatedStats(
            spread=_share(spread_ns, both * self._units[number]),
            two_sided_share=_share(both, words[k.G_ALL]),
            locked_share=_share(words[k.G_LOCKED], both),
            crossed_share=_share(words[k.G_CROSSED], both),
            at_best_bid=at_bid,
            at_best_ask=at_ask,
        )

    def _layout(self, quotes: list[int], *, in_ticks: bool) -> Ints:
        """The kernel's array before the first instant."""
        size = k.N_SIZE + len(self._groups) * k.G_SIZE + len(quotes) * k.Q_SIZE
        watch = np.zeros(size, np.int64)
        watch[k.N_GROUPS] = len(self._groups)
        watch[k.N_SINCE] = k.BEFORE_ALL
        first = 0
        for number, group in enumerate(self._groups):
            words = watch[k.N_SIZE + number * k.G_SIZE :]
            words[k.G_FIRST], words[k.G_COUNT] = first, len(group)
            first += len(group)
            for book_number in group:
                book = self._books[book_number]
                quote = watch[self._quote_at(book_number) :]
                scale = self._units[number] // book.price_units_per_currency
                quote[k.Q_BOOK] = book_number
                quote[k.Q_SCALE] = scale * book.tick_units if in_ticks else scale
                quote[k.Q_BID] = quote[k.Q_ASK] = NO_PRICE
        return watch

    def _quote_at(self, book_number: int) -> int:
        """Where the words of a book's quote begin."""
        return k.N_SIZE + len(self._groups) * k.G_SIZE + int(self._quotes[book_number]) * k.Q_SIZE


def _groups(books: Sequence[Listed]) -> list[list[int]]:
    """Places of books of one symbol and currency on more than one venue."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, book in enumerate(books):
        found.setdefault((book.symbol, book.currency), []).append(number)
    return [group for group in found.values() if len({books[n].venue for n in group}) > 1]


def _share(part: int, whole: int) -> float | None:
    """One integer in another; None in nothing."""
    return part / whole if whole else None
