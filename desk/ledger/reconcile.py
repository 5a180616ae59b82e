"""Reconciliation: the desk's ledger against the venue's own, book by book, to the last unit.

Model: both keep position, cash before funding and borrow, fees and the number of fills that stand.
They were told of the same fills over a wire that may have lost some, so at the end of a day every
figure either is equal or is a break. A break is data: what it means is for a person, or a plan, to say.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Protocol

import msgspec

from desk.ledger.ledger import Ledger


class BreakCode(IntEnum):
    """Which figure of a book differs."""

    POSITION = 1
    CASH = 2
    FEES = 3
    FILLS = 4


class Totals(Protocol):
    """What either side says of one book; money in its price unit × lot."""

    @property
    def position_lots(self) -> int:
        """Signed."""
        ...

    @property
    def cash(self) -> int:
        """Before fees, funding and borrow."""
        ...

    @property
    def fee(self) -> int:
        """Paid, or negative when rebates are more."""
        ...

    @property
    def fills(self) -> int:
        """How many stand."""
        ...


class BookTotals(msgspec.Struct, frozen=True, kw_only=True):
    """One side's figures of one book; all zero where nothing was traded."""

    position_lots: int = 0
    cash: int = 0
    fee: int = 0
    fills: int = 0


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of which the two sides say different things.

    Attributes:
        own: What the desk's ledger says.
        venue: What the venue's does.
    """

    code: BreakCode
    book_id: int
    own: int
    venue: int


NOTHING = BookTotals()


def totals_of(ledger: Ledger) -> dict[int, BookTotals]:
    """The desk's side, all strategies together: the figures of every book that was ever traded."""
    result = {}
    for book_id in range(len(ledger.instruments)):
        found = [account for _, account in ledger.accounts_of(book_id)]
        if found:
            result[book_id] = BookTotals(
                position_lots=sum(one.position_lots for one in found),
                cash=sum(one.cash for one in found),
                fee=sum(one.fees for one in found),
                fills=sum(one.fill_count for one in found),
            )
    return result


def reconcile(own: Mapping[int, Totals], venue: Mapping[int, Totals]) -> list[Break]:
    """Every figure in which two sides differ, by book and code; nothing when they agree.

    Args:
        own: The desk's figures by `book_id` (`totals_of`).
        venue: The venue's; its accounts will do. A book that a side does not name is all zero there.
    """
    breaks = []
    for book_id in sorted({*own, *venue}):
        mine: Totals = own.get(book_id, NOTHING)
        theirs: Totals = venue.get(book_id, NOTHING)
        for code, ours, their in (
            (BreakCode.POSITION, mine.position_lots, theirs.position_lots),
            (BreakCode.CASH, mine.cash, theirs.cash),
            (BreakCode.FEES, mine.fee, theirs.fee),
            (BreakCode.FILLS, mine.fills, theirs.fills),
        ):
            if ours != their:
                breaks.append(Break(code=code, book_id=book_id, own=ours, venue=their))
    return breaks
