"""Trades are held against what other venues showed before and after their instant."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from market.codes import Kind, Phase
from market.messages import NO_PRICE
from sim.schedule.through_watch import Print, Quote, ThroughWatch, lasting

SECOND = 1_000_000_000
TRADING = (Phase.CONTINUOUS, Phase.CONTINUOUS)


class Listing(NamedTuple):
    symbol: str
    venue: str
    currency: str = "USD"
    price_units_per_currency: int = 10_000
    tick_units: int = 100


class Market:
    """Two venues of one symbol, each bid 99 and asked 101; `at` tells of one instant."""

    def __init__(self, **how: Any) -> None:
        self.calls: list[tuple[Callable[[Any], None], object]] = []
        books = [Listing("ABC", "OTHER"), Listing("ABC", "X"), Listing("ABC", "Y")]
        self.watch = ThroughWatch(books, [1, 2], self._later, **how)
        self.now_ns = 0
        self.at(X=((99, 101), []), Y=((99, 101), []))
        self.now_ns = 10 * SECOND

    def _later(self, when_ns: int, call: Callable[[Any], None], argument: object) -> None:
        assert when_ns == self.now_ns
        self.calls.append((call, argument))

    def at(self, phases: tuple[Phase, Phase] = TRADING, **news: tuple[Quote, list[Any]]) -> None:
        """News of some venues: what each shows now, and (kind, price in ticks, lots) of its prints."""
        self.now_ns += SECOND
        for venue, (quote, prints) in news.items():
            told = [Print(kind, 100 * ticks, lots) for kind, ticks, lots in prints]
            self.watch.on_instant(1 + "XY".index(venue), quote, phases, told, self.now_ns)
        assert len(self.calls) == 1
        call, argument = self.calls.pop()
        call(argument)

    def of(self, venue: str) -> Any:
        return self.watch.report()["ABC USD"][venue]


def test_a_trade_past_a_quote_that_stays_is_a_trade_through() -> None:
    market = Market()
    market.at(Y=((99, 103), [(Kind.EXECUTE, 101, 5), (Kind.EXECUTE, 102, 7)]))
    found = market.of("Y")
    assert (found.trades, found.lots) == (2, 12)
    assert (found.violations, found.violation_lots, found.violation_ticks) == (1, 7, 1.0)
    assert market.of("X").passed_over == 1


@pytest.mark.parametrize("order", ["XY", "YX"])
def test_a_sweep_of_all_venues_at_one_instant_passes_nobody_over(order: str) -> None:
    market = Market()
    news: dict[str, tuple[Quote, list[Any]]] = {
        "X": ((99, 104), [(Kind.EXECUTE, 101, 5)]),
        "Y": ((99, 104), [(Kind.EXECUTE, 101, 5), (Kind.EXECUTE, 102, 5)]),
    }
    market.at(TRADING, **{venue: news[venue] for venue in order})
    assert (market.of("X").violations, market.of("Y").violations) == (0, 0)
    assert market.of("Y").exempt == {}


def test_a_quote_of_the_same_instant_is_not_held_against_a_trade() -> None:
    market = Market(flicker_ns=0)
    market.at(X=((99, 100), []), Y=((99, 101), [(Kind.EXECUTE, 101, 5)]))
    assert market.of("Y").violations == 0
    market.at(Y=((99, 101), [(Kind.EXECUTE, 101, 5)]))
    assert market.of("Y").violations == 1


def test_auctions_are_excused_and_the_executions_of_a_cross_are_its_shares() -> None:
    market = Market()
    prints = [(Kind.CROSS, 97, 100), (Kind.EXECUTE, 98, 20), (Kind.EXECUTE, 97, 30)]
    market.at(Y=((99, 101), prints))
    market.at((Phase.HALT, Phase.HALT), Y=((99, 101), [(Kind.EXECUTE, 97, 3)]))
    found = market.of("Y")
    assert (found.trades, found.lots, found.violations) == (2, 103, 0)
    assert found.exempt == {"auction": 2}


def test_a_book_that_does_not_trade_protects_nothing() -> None:
    market = Market(flicker_ns=0)
    market.at((Phase.CONTINUOUS, Phase.HALT), X=((99, 101), []))
    market.at(Y=((99, 101), [(Kind.TRADE, 95, 5)]))
    assert market.of("Y").violations == 0
    market.at((Phase.HALT, Phase.CONTINUOUS), X=((99, 101), []))
    market.at(Y=((99, 101), [(Kind.TRADE, 95, 5)]))
    assert market.of("Y").violation_ticks == 4.0


def test_what_lasts_is_the_worse_of_before_and_after() -> None:
    assert lasting((99, 101), (98, 100)) == (98, 101)
    assert lasting((99, NO_PRICE), (NO_PRICE, 101)) == (NO_PRICE, NO_PRICE)


def test_books_of_one_venue_or_of_different_symbols_are_not_judged() -> None:
    books = [Listing("ABC", "X"), Listing("DEF", "Y"), Listing("ABC", "Z")]
    assert not ThroughWatch(books, [0, 1], lambda *_: None)
    assert ThroughWatch(books, [0, 2], lambda *_: None)
