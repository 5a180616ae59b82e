"""Trade-throughs: trades at a price worse than what another venue showed for the same instrument.

Model: books of one symbol and one currency on several venues form a group, as in `sim/consolidated.py`.
A trade is a *trade-through* if it is below the best bid of another venue of its group, or above the best
ask of one (the definition of Regulation NMS, rule 600), whoever was the aggressor. It is counted once for
the venue where it took place, and for each venue that was passed over; how far is measured from the best
quote that was passed over.

Quotes of a venue that is out of order, or that flickered, are not held against a trade when others are
left. Some trade-throughs are allowed: those that the trade itself excuses (`Exempt.ISO`, an intermarket sweep order, whose
sender takes the better quotes at the same time; `AUCTION`; `BENCHMARK`), those while the group is crossed
(`CROSSED`), and those of which every venue passed over is out of order (`SELF_HELP`) or had shown a quote
no better than the trade, or none, within the last `flicker_ns` (`FLICKER`, one second in rule 611). The
first that fits in the order of the flags is counted; what is left is a violation.

Prices of a group are compared in one scale, the least common multiple of the books' price units.

Invariants:
1. For every venue trades = clean + exempt of each kind + violations.
2. Lots passed over at others never exceed the lots traded through, each counted once a venue.

Order of events: quotes are what venues show when a trade takes place, before the trade changes them; the
caller tells of a trade first, then of the quotes that it leaves.

Limits: this measures what was true. A venue knows other venues' quotes only after they have travelled, so
it may be honest and still pass a better price over. Sizes of quotes are not looked at, nor are odd lots
told apart, which are not protected.
"""

from collections import deque
from collections.abc import Sequence
from enum import IntFlag
from math import lcm
from typing import Final, NamedTuple

from market.codes import Side
from market.errors import InputError
from market.messages import NO_PRICE
from market.units import DURATION_NS_MAX
from sim.consolidated import Listed
from sim.front.through_tally import Tally, VenueThroughs

RULE_611_FLICKER_NS: Final = 1_000_000_000


class Exempt(IntFlag):
    """Why a trade-through is allowed."""

    ISO = 1
    AUCTION = 2
    BENCHMARK = 4
    CROSSED = 8
    SELF_HELP = 16
    FLICKER = 32


NOTHING: Final = Exempt(0)
BY_TRADE: Final = Exempt.ISO | Exempt.AUCTION | Exempt.BENCHMARK
"""What a trade brings along; the others follow from quotes."""


class Through(NamedTuple):
    """What was passed over by one trade.

    Attributes:
        venues: Whose quotes, by name.
        worse: How far the trade is behind the best of them, in the group's scale; > 0.
        exempt: Why it is allowed; none for a violation.
    """

    venues: tuple[str, ...]
    worse: int
    exempt: Exempt


class _Shown:
    """Best prices of one book in its group's scale, and those of the last moments."""

    __slots__ = ("_last", "_since_ns", "best")

    def __init__(self) -> None:
        self.best = [NO_PRICE, NO_PRICE]
        self._since_ns = [-1, -1]
        self._last: tuple[deque[tuple[int, int]], ...] = (deque(), deque())

    def set(self, side: Side, price: int, now_ns: int, keep_ns: int) -> None:
        """A best price changes; what it was is kept with the time until which it held."""
        if price == self.best[side]:
            return
        last = self._last[side]
        if now_ns > self._since_ns[side]:  # what held for no time at all was seen by nobody
            last.append((now_ns, self.best[side]))
        self.best[side] = price
        self._since_ns[side] = now_ns
        while last and last[0][0] <= now_ns - keep_ns:
            last.popleft()

    def was_no_better(self, side: Side, price: int, since_ns: int) -> bool:
        """Whether it showed nothing better than a price at some moment after `since_ns`."""
        return any(
            until_ns > since_ns and (shown == NO_PRICE or not _better(side, shown, price))
            for until_ns, shown in self._last[side]
        )


def _better(side: Side, shown: int, price: int) -> bool:
    """Whether a quote of a side is better than a price for who trades with it."""
    return shown != NO_PRICE and side.sign * (shown - price) > 0


class TradeThroughs:
    """Judges the trades of every group among some books.

    Args:
        books: Of one run, in the order of their `book_id`.
        flicker_ns: How long ago another quote excuses a trade; 0 for never.
    """

    def __init__(self, books: Sequence[Listed], *, flicker_ns: int = RULE_611_FLICKER_NS) -> None:
        if not 0 <= flicker_ns <= DURATION_NS_MAX:
            raise InputError(
                f"trade-throughs flicker_ns: found {flicker_ns}, allowed is 0 to {DURATION_NS_MAX}"
            )
        self._books = books
        self._flicker_ns = flicker_ns
        self._groups = _groups(books)
        self._group_of = {book: group for group in self._groups for book in group}
        self._units = {
            book: _scale(books, group) // books[book].price_units_per_currency
            for group in self._groups
            for book in group
        }
        self._shown = {book: _Shown() for book in self._units}
        self._tallies = {
            (group, books[book].venue): Tally(
                tick=self._units[book] * books[book].tick_units, kinds=len(Exempt)
            )
            for group in self._groups
            for book in reversed(group)  # the first book of a venue says what its ticks are
        }
        self._out: set[int] = set()

    def __bool__(self) -> bool:
        """Whether there is any group to judge."""
        return bool(self._groups)

    def on_quote(self, book_id: int, bid_ticks: int, ask_ticks: int, now_ns: int) -> None:
        """A book shows other best prices.

        Args:
            book_id: Whose.
            bid_ticks: Best bid, NO_PRICE without one, or while the book does not trade.
            ask_ticks: The same of the ask.
            now_ns: The time; never falls.
        """
        if book_id not in self._units:
            return
        scale = self._units[book_id] * self._books[book_id].tick_units
        for side, ticks in ((Side.BUY, bid_ticks), (Side.SELL, ask_ticks)):
            price = NO_PRICE if ticks == NO_PRICE else ticks * scale
            self._shown[book_id].set(side, price, now_ns, self._flicker_ns)

    def out_of_order(self, book_id: int, *, is_out: bool) -> None:
        """Whether others need not heed a book's quotes, because it does not answer."""
        if is_out:
            self._out.add(book_id)
        else:
            self._out.discard(book_id)

    def on_trade(
        self, book_id: int, price_units: int, qty_lots: int, now_ns: int,
        exempt: Exempt = NOTHING,
    ) -> Through | None:  # fmt: skip
        """A trade takes place; what it passed over, None when nothing.

        Args:
            book_id: Where.
            price_units: Its price in the book's price units.
            qty_lots: How much.
            now_ns: The time; never falls.
            exempt: What excuses the trade itself, of `BY_TRADE`.
        """
        assert not exempt & ~BY_TRADE
        if book_id not in self._units:
            return None
        group = self._group_of[book_id]
        tally = self._tallies[group, self._books[book_id].venue]
        tally.trade(qty_lots)
        through = self._judge(book_id, price_units * self._units[book_id], now_ns, exempt)
        if through is None:
            return None
        if through.exempt:
            tally.excuse(through.exempt.bit_length() - 1)
            return through
        tally.violate(qty_lots, through.worse)
        for venue in through.venues:
            self._tallies[group, venue].passed_over(qty_lots)
        return through

    def _judge(self, book_id: int, price: int, now_ns: int, exempt: Exempt) -> Through | None:
        """What a trade passed over."""
        venue = self._books[book_id].venue
        others = [b for b in self._group_of[book_id] if self._books[b].venue != venue]
        passed = [
            (other, side)
            for other in others
            for side in Side
            if _better(side, self._shown[other].best[side], price)
        ]
        if not passed:
            return None
        since_ns = now_ns - self._flicker_ns
        heeded = [(other, side) for other, side in passed if other not in self._out]
        steady = [
            (other, side)
            for other, side in heeded
            if not self._shown[other].was_no_better(side, price, since_ns)
        ]
        found = exempt
        found |= Exempt.CROSSED if self._crossed(self._group_of[book_id]) else NOTHING
        found |= NOTHING if heeded else Exempt.SELF_HELP
        found |= NOTHING if steady else Exempt.FLICKER
        first = next((kind for kind in Exempt if kind & found), NOTHING)
        blamed = steady or heeded or passed
        worse = max(abs(self._shown[other].best[side] - price) for other, side in blamed)
        venues = tuple(sorted({self._books[other].venue for other, _ in blamed}))
        return Through(venues, worse, first)

    def _crossed(self, group: tuple[int, ...]) -> bool:
        """Whether the best bid of a group is above its best ask."""
        bids = [p for book in group if (p := self._shown[book].best[Side.BUY]) != NO_PRICE]
        asks = [p for book in group if (p := self._shown[book].best[Side.SELL]) != NO_PRICE]
        return bool(bids and asks) and max(bids) > min(asks)

    def report(self) -> dict[str, dict[str, VenueThroughs]]:
        """By symbol and currency, then by venue, what was found; for the summary of a run."""
        names = [(kind.name or "").lower() for kind in Exempt]
        found: dict[str, dict[str, VenueThroughs]] = {}
        for group in self._groups:
            first = self._books[group[0]]
            venues = sorted({self._books[book].venue for book in group})
            found[f"{first.symbol} {first.currency}"] = {
                venue: self._tallies[group, venue].report(names) for venue in venues
            }
        return found


def _groups(books: Sequence[Listed]) -> tuple[tuple[int, ...], ...]:
    """Numbers of books of one symbol and currency on more than one venue."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, book in enumerate(books):
        found.setdefault((book.symbol, book.currency), []).append(number)
    return tuple(
        tuple(group) for group in found.values() if len({books[n].venue for n in group}) > 1
    )


def _scale(books: Sequence[Listed], group: tuple[int, ...]) -> int:
    """Price units in a unit of currency in which all prices of a group are whole."""
    return lcm(*(books[number].price_units_per_currency for number in group))
