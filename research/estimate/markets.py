"""In which books an order trades, how their price swings, and how two of them go together.

Model: an order without a venue has all books of its symbol, whose volumes and depths add up; mid, volatility
and correlation are those of the tightest of them. A correlation is of the bars that both have, and one below
two standard errors counts as none.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from market.errors import InputError
from market.units import format_ns
from research.estimate.liquidity import BookLiquidity, Floats, TapeLiquidity
from research.estimate.orders import OrderLine

BARS_MIN: Final = 10
"""Below this many bars nothing is said of how a price swings."""


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """What an order trades in: one book, or all of its symbol's.

    Attributes:
        home: The tightest of the books; mid, volatility and correlation are its.
        variance: Of the price's relative change, in each bar.
        span: Bars that count: what volume is over.
    """

    books: list[BookLiquidity]
    home: BookLiquidity
    variance: float
    span: int

    @property
    def volume_lots(self) -> int:
        """Printed in all books, on the whole tape."""
        return sum(one.volume_lots for one in self.books)


def market_of(order: OrderLine, seen: TapeLiquidity, tape: Path) -> Market:
    """The books that an order trades in.

    Raises:
        InputError: The tape has none, or too little of it.
    """
    books = [
        book
        for book in seen.books
        if book.instrument.symbol == order.symbol and order.venue in ("", book.instrument.venue)
    ]
    if not books:
        asked = f"{order.symbol}@{order.venue}" if order.venue else order.symbol
        allowed = ", ".join(book.name for book in seen.books) or "a tape with a two-sided book"
        raise InputError(
            f"{order.where}: found {asked!r}, which never had two sides on {tape}, allowed is {allowed}"
        )
    home = min(books, key=lambda book: (book.spread, book.name))
    if home.bars < BARS_MIN:
        raise InputError(
            f"{tape}: found {home.bars} bars of {format_ns(seen.bar_ns)} with two sides in {home.name}, "
            f"allowed are {BARS_MIN} or more: take shorter bars"
        )
    volume_lots = sum(one.volume_lots for one in books)
    if not volume_lots:
        raise InputError(
            f"{tape}: found no trade in {home.name}, allowed is a tape on which it traded"
        )
    known = home.changes[~np.isnan(home.changes)]
    return Market(books=books, home=home, variance=float(np.mean(known**2)), span=home.bars)


def correlations(homes: Sequence[BookLiquidity]) -> Floats:
    """Of each pair of books by the bars that both have; what could be noise is nought."""
    count = len(homes)
    rho = np.eye(count)
    for one in range(count):
        for other in range(one):
            if homes[one].name == homes[other].name:
                found = 1.0
            else:
                found = _correlation(homes[one].changes, homes[other].changes)
            rho[one, other] = rho[other, one] = found
    return rho


def _correlation(one: Floats, other: Floats) -> float:
    """Of two series of bars that end together."""
    bars = min(len(one), len(other))
    one, other = one[len(one) - bars :], other[len(other) - bars :]
    both = ~np.isnan(one) & ~np.isnan(other)
    one, other = one[both], other[both]
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    if len(one) < BARS_MIN or scale == 0.0:
        return 0.0
    found = float((one * other).sum()) / scale
    return found if abs(found) > 2 / np.sqrt(len(one)) else 0.0
