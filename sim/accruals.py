"""What holding costs over time: funding at its hours, borrow for the nights between trading days.

Model: an accrual falls due as a control event. The venue books it on every account of the book, and every
host that follows the book is told, so that both ledgers do the same sum. Funding's premium is sampled
from the book's impact prices against the middle of an index book; borrow is charged when a trading day
ends, on its last price, for the nights until the next one.

Limits: a book without an index has no premium, and then pays the interest within its damper; a book that
has never traded has no price to charge on, and is not charged.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from market.codes import Side
from market.instruments import Instrument
from market.messages import Accrual
from sim.clock import Clock
from sim.costs.borrow import BorrowTerms
from sim.costs.funding import FundingTerms, PremiumAverage, Ratio, impact_price, premium_ppb

DEPTH_LEVELS = 200
"""Levels of a side that impact prices may use."""


class PricedBooks(Protocol):
    """What accruals must know of the books."""

    def reference_x2(self, book_id: int) -> int | None:
        """The last price in half ticks."""
        ...

    def venue_depth(self, book_id: int, side: Side, count: int) -> list[tuple[int, int]]:
        """Best levels of one side, (price_ticks, lots)."""
        ...


class HeldBook(NamedTuple):
    """A book whose positions cost something.

    Attributes:
        instrument: What it trades.
        funding: Its funding.
        borrow: What its short positions cost.
        index_book: Whose middle is the index; −1 for none.
        nights: Nights after each trading day, by day as 20240703.
    """

    instrument: Instrument
    funding: FundingTerms = FundingTerms()
    borrow: BorrowTerms = BorrowTerms()
    index_book: int = -1
    nights: Mapping[int, int] = {}


class Accruals:
    """Lets funding and borrow fall due.

    Args:
        clock: Of the run.
        books: Their prices.
        held: The books, by `book_id`.
        pay: Books an accrual on the venue's ledger, and tells hosts.
    """

    def __init__(
        self,
        clock: Clock,
        books: PricedBooks,
        held: Mapping[int, HeldBook],
        pay: Callable[[Accrual], None],
    ) -> None:
        self._clock = clock
        self._books = books
        self._held = held
        self._pay = pay
        self._premiums = {
            book_id: PremiumAverage(book.funding.weights) for book_id, book in held.items()
        }

    def start(self) -> None:
        """Wait for the first payment and the first sample of every book."""
        now_ns = self._clock.start_ns
        for book_id, book in self._held.items():
            funding = book.funding
            if not funding.interval_ns:
                continue
            self._clock.at(funding.next_due_ns(now_ns - 1), self._fund, book_id)
            if funding.source == "premium" and book.index_book >= 0:
                self._clock.at(now_ns + funding.sample_ns, self._sample, book_id)

    def end_day(self, book_id: int, day: int) -> None:
        """A trading day has ended: short positions pay for the nights after it."""
        book = self._held.get(book_id)
        close_units = self._mark_units(book_id)
        if book is None or not book.borrow.year_ppb or close_units is None:
            return
        nights = book.nights.get(day, 1)
        self._pay(book.borrow.accrual(book_id, close_units, nights, book.instrument))

    def _fund(self, book_id: object) -> None:
        """A payment of funding falls due."""
        assert isinstance(book_id, int)
        funding = self._held[book_id].funding
        premium = self._premiums[book_id].take()
        mark_units = self._mark_units(book_id)
        if mark_units is not None:
            self._pay(funding.accrual(book_id, funding.rate(premium), mark_units))
        due_ns = funding.next_due_ns(self._clock.now_ns)
        self._clock.at(due_ns, self._fund, book_id)

    def _sample(self, book_id: object) -> None:
        """Take a sample of the premium."""
        assert isinstance(book_id, int)
        book = self._held[book_id]
        index_units = self._mid_units(book.index_book, self._held_tick(book_id))
        if index_units is not None and index_units > 0:
            worth = self._impact_worth(book)
            bid, ask = (self._impact(book_id, book, side, worth) for side in Side)
            self._premiums[book_id].add(premium_ppb(bid, ask, index_units))
        self._clock.at(self._clock.now_ns + book.funding.sample_ns, self._sample, book_id)

    # --- prices -------------------------------------------------------------------------------------

    def _held_tick(self, book_id: int) -> int:
        return self._held[book_id].instrument.tick_units

    def _mark_units(self, book_id: int) -> int | None:
        """The middle of a book's best prices, or its last price; in price units, rounded down."""
        tick_units = self._held_tick(book_id) if book_id in self._held else 1
        mid = self._mid_units(book_id, tick_units)
        last_x2 = self._books.reference_x2(book_id)
        if mid is not None or last_x2 is None:
            return mid
        return last_x2 * tick_units // 2

    def _mid_units(self, book_id: int, tick_units: int) -> int | None:
        best = [self._books.venue_depth(book_id, side, 1) for side in Side]
        if not all(best):
            return None
        return (best[0][0][0] + best[1][0][0]) * tick_units // 2

    def _impact_worth(self, book: HeldBook) -> int:
        """The worth that impact prices are asked for, in price unit × lot."""
        one = book.instrument
        worth = book.funding.impact_currency * one.price_units_per_currency * one.lot_den
        return max(1, worth // one.lot_num)

    def _impact(self, book_id: int, book: HeldBook, side: Side, worth: int) -> Ratio | None:
        levels = self._books.venue_depth(book_id, side, DEPTH_LEVELS)
        tick_units = book.instrument.tick_units
        return impact_price(((ticks * tick_units, lots) for ticks, lots in levels), worth)
