"""The consolidated best bid and offer over several books of one instrument.

Model: on each side the best price that any book shows, the quantity of all books that show it, and
which books those are. Books may have ticks of different sizes, so prices are compared in units.
What a participant may know is the local form; the venues' own is for judging it afterwards.
"""

# tidy: unimported asked by those who route over several books and by those who judge it
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from market.codes import Side

Tops = Sequence[tuple[int, int] | None]
"""One for each book: its best (price, qty_lots) of a side, or None when that is empty."""


class Best(NamedTuple):
    """The best price of one side; `holders` are positions in the list of books asked about."""

    price_units: int
    qty_lots: int
    holders: tuple[int, ...]


class Consolidated(NamedTuple):
    """Best bid and offer; None where no book has that side."""

    bid: Best | None
    ask: Best | None

    @property
    def crossed(self) -> bool:
        """Whether one book bids at or above what another one asks."""
        if self.bid is None or self.ask is None:
            return False
        return self.bid.price_units >= self.ask.price_units


class Books(Protocol):
    """What is asked of a world."""

    def venue_depth(self, book_id: int, side: Side, count: int) -> list[tuple[int, int]]:
        """Best levels of a venue's book, (price_ticks, qty_lots) each."""
        ...

    def depth(self, index: int, side: Side, count: int) -> list[tuple[int, int]]:
        """Best levels of a local book, (price_ticks, qty_lots) each."""
        ...


def best_of(tops: Tops, side: Side) -> Best | None:
    """The best price among several tops of one side.

    Args:
        tops: Prices on one grid.
        side: Which side they are of; the best bid is the highest.
    """
    best: Best | None = None
    for number, top in enumerate(tops):
        if top is None:
            continue
        price, qty_lots = top
        if best is None or side.sign * (price - best.price_units) > 0:
            best = Best(price, qty_lots, (number,))
        elif price == best.price_units:
            best = Best(price, best.qty_lots + qty_lots, (*best.holders, number))
    return best


def venue_best(world: Books, book_ids: Sequence[int], tick_units: Sequence[int]) -> Consolidated:
    """Best bid and offer over venue books: the truth now, which nobody can know yet.

    Args:
        world: The run's world.
        book_ids: Books of one instrument.
        tick_units: The tick of each of them, in price units.
    """

    def top(side: Side) -> list[tuple[int, int] | None]:
        found = zip(book_ids, tick_units, strict=True)
        return [_top(world.venue_depth(book_id, side, 1), tick) for book_id, tick in found]

    return Consolidated(best_of(top(Side.BUY), Side.BUY), best_of(top(Side.SELL), Side.SELL))


def local_best(world: Books, locals_: Sequence[int], tick_units: Sequence[int]) -> Consolidated:
    """Best bid and offer over local books: what their observer knows now.

    Args:
        world: The run's world.
        locals_: Local books, each of a book of one instrument.
        tick_units: The tick of each of them, in price units.
    """

    def top(side: Side) -> list[tuple[int, int] | None]:
        found = zip(locals_, tick_units, strict=True)
        return [_top(world.depth(index, side, 1), tick) for index, tick in found]

    return Consolidated(best_of(top(Side.BUY), Side.BUY), best_of(top(Side.SELL), Side.SELL))


def _top(levels: list[tuple[int, int]], tick_units: int) -> tuple[int, int] | None:
    """The best level with its price in units."""
    return (levels[0][0] * tick_units, levels[0][1]) if levels else None
