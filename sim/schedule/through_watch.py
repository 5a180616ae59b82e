"""Feeds the judge of trade-throughs with what venues publish, instant by instant.

Model: what happens at one instant takes no time, so a sweep that takes the best prices of several
venues at once is never seen half done. A trade is held against the quotes of other venues that stood
before its instant and stand after it: what the same instant took or withdrew was not passed over. Of a
book that does not trade continuously nothing is protected, and its trades are an auction's; so is a
cross, of which the executions at its instant are the shares.

Limits: frozen books publish history alone, so that our own trades are not judged there.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from market.codes import Kind, Phase
from market.messages import NO_PRICE
from sim.consolidated import Listed
from sim.front.through_tally import VenueThroughs
from sim.front.trade_through import NOTHING, RULE_611_FLICKER_NS, Exempt, TradeThroughs

Quote = tuple[int, int]
"""Best bid and ask in ticks."""

NO_QUOTE: Final[Quote] = (NO_PRICE, NO_PRICE)


class Print(NamedTuple):
    """One trade, in the book's price units and lots."""

    kind: int
    price_units: int
    qty_lots: int


class ThroughWatch:
    """Watches some books of a run.

    Args:
        instruments: Of the run, by book.
        books: Those that are watched.
        later: Calls something with an argument at a time, after what is due then already.
        flicker_ns: How long ago another quote excuses a trade; 0 for never.
    """

    def __init__(
        self,
        instruments: Sequence[Listed],
        books: Sequence[int],
        later: Callable[[int, Callable[[Any], None], object], object],
        *,
        flicker_ns: int = RULE_611_FLICKER_NS,
    ) -> None:
        self._judge = TradeThroughs([instruments[book] for book in books], flicker_ns=flicker_ns)
        self._places = {book: place for place, book in enumerate(books)}
        self._later = later
        self._shown = [NO_QUOTE] * len(books)
        self._next: dict[int, Quote] = {}
        self._trades: list[tuple[int, Print, Exempt]] = []

    def __bool__(self) -> bool:
        """Whether any two of the books are of one symbol on different venues."""
        return bool(self._judge)

    def on_instant(
        self, book_id: int, quote: Quote, phases: tuple[Phase, Phase], prints: list[Print], now_ns: int
    ) -> None:  # fmt: skip
        """Something happened in a book at an instant, of which this is all.

        Args:
            book_id: One of those that are watched.
            quote: What it shows now.
            phases: Before and after the instant.
            prints: In order.
            now_ns: The clock's present, of which the other books' news is still to come.
        """
        if not self._next:
            self._later(now_ns, self._settle, now_ns)
        place = self._places[book_id]
        trades = phases == (Phase.CONTINUOUS, Phase.CONTINUOUS)
        self._next[place] = quote if phases[1] is Phase.CONTINUOUS else NO_QUOTE
        crosses = [each for each in prints if each.kind == Kind.CROSS]
        for each in crosses or prints:
            excused = NOTHING if trades and not crosses else Exempt.AUCTION
            self._trades.append((place, each, excused))

    def report(self) -> dict[str, dict[str, VenueThroughs]]:
        """By symbol and currency, then by venue, what was found; excuses that nobody had are left out."""
        return {
            name: {
                venue: msgspec.structs.replace(
                    one, exempt={reason: count for reason, count in one.exempt.items() if count}
                )
                for venue, one in venues.items()
            }
            for name, venues in self._judge.report().items()
        }

    def _settle(self, now_ns: int) -> None:
        """All books have told of an instant: judge its trades."""
        for place, quote in self._next.items():
            self._judge.on_quote(place, *lasting(self._shown[place], quote), now_ns)
        for place, each, excused in self._trades:
            self._judge.on_trade(place, each.price_units, each.qty_lots, now_ns, excused)
        for place, quote in self._next.items():
            self._judge.on_quote(place, *quote, now_ns)
            self._shown[place] = quote
        self._next.clear()
        self._trades.clear()


def lasting(before: Quote, after: Quote) -> Quote:
    """Of each side what stood before and stands after, so the worse price of the two."""
    bids, asks = zip(before, after, strict=True)
    return (
        NO_PRICE if NO_PRICE in bids else min(bids),
        NO_PRICE if NO_PRICE in asks else max(asks),
    )
