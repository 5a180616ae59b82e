"""Trade-throughs: what is one, what excuses it, and how they are counted."""

from typing import Any

import pytest

from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE
from sim.front import Exempt, TradeThroughs
from sim.front.trade_through import NOTHING

SECOND_NS = 1_000_000_000
LATE = 100 * SECOND_NS


def listed(venue: str, symbol: str = "A", *, units: int = 100, tick: int = 1) -> Instrument:
    return Instrument(
        symbol=symbol,
        venue=venue,
        currency="USD",
        price_units_per_currency=units,
        tick_units=tick,
    )


def two_venues(**how: Any) -> TradeThroughs:
    """X shows 1.00 to 1.02 and Y 1.01 to 1.03, both for a long time."""
    judge = TradeThroughs([listed("X"), listed("Y")], **how)
    judge.on_quote(0, 100, 102, 0)
    judge.on_quote(1, 101, 103, 0)
    return judge


def of(judge: TradeThroughs, venue: str) -> Any:
    return judge.report()["A USD"][venue]


@pytest.mark.parametrize(
    ("book", "price", "passed"),
    [
        (0, 100, ("Y",)),  # below Y's bid
        (0, 101, ()),
        (0, 102, ()),
        (0, 104, ("Y",)),  # above Y's ask
        (1, 103, ("X",)),  # above X's ask
        (1, 102, ()),
        (1, 99, ("X",)),
    ],
)
def test_a_price_worse_than_anothers_quote_is_a_trade_through(
    book: int, price: int, passed: tuple[str, ...]
) -> None:
    judge = two_venues()

    found = judge.on_trade(book, price, 10, LATE)

    assert (found.venues if found else ()) == passed
    if found:
        assert (found.worse, found.exempt) == (1, NOTHING)
    assert of(judge, "XY"[book]).violations == len(passed)


def test_lots_and_distances_are_counted_for_both_venues() -> None:
    judge = two_venues()

    judge.on_trade(0, 100, 10, LATE)
    judge.on_trade(0, 98, 30, LATE)
    judge.on_trade(0, 101, 5, LATE)

    x, y = of(judge, "X"), of(judge, "Y")
    assert (x.trades, x.lots, x.violations, x.violation_lots) == (3, 45, 2, 40)
    assert x.violation_ticks == 2.5  # (1 * 10 + 3 * 30) / 40
    assert x.violation_ticks_max == 3.0
    assert (y.trades, y.violations, y.passed_over, y.passed_over_lots) == (0, 0, 2, 40)
    assert y.violation_ticks is None


def test_prices_are_compared_in_one_scale_and_told_in_the_venues_own_ticks() -> None:
    judge = TradeThroughs([listed("X", units=10_000, tick=50), listed("Y", units=1_000, tick=5)])
    judge.on_quote(1, 200, 300, 0)  # 1.000 to 1.500

    assert judge.on_trade(0, 10_000, 1, LATE) is None
    found = judge.on_trade(0, 9_900, 1, LATE)  # 0.99

    assert found is not None
    assert found.worse == 100
    assert of(judge, "X").violation_ticks == 2.0


def test_the_distance_is_that_from_the_best_quote_that_was_passed_over() -> None:
    judge = TradeThroughs([listed("X"), listed("Y"), listed("Z")])
    judge.on_quote(1, 101, 110, 0)
    judge.on_quote(2, 105, 110, 0)

    found = judge.on_trade(0, 100, 10, LATE)

    assert found is not None
    assert (found.venues, found.worse) == (("Y", "Z"), 5)
    assert (of(judge, "Y").passed_over, of(judge, "Z").passed_over) == (1, 1)
    assert of(judge, "X").violations == 1


@pytest.mark.parametrize("exempt", [Exempt.ISO, Exempt.AUCTION, Exempt.BENCHMARK])
def test_a_trade_may_bring_its_excuse(exempt: Exempt) -> None:
    judge = two_venues()

    found = judge.on_trade(0, 100, 10, LATE, exempt)

    assert found is not None
    assert found.exempt is exempt
    x = of(judge, "X")
    assert (x.violations, x.exempt[exempt.name.lower()], sum(x.exempt.values())) == (0, 1, 1)
    assert of(judge, "Y").passed_over == 0


def test_an_excuse_without_a_trade_through_is_not_counted() -> None:
    judge = two_venues()

    assert judge.on_trade(0, 101, 10, LATE, Exempt.ISO) is None
    assert sum(of(judge, "X").exempt.values()) == 0


def test_a_crossed_market_excuses_every_trade() -> None:
    judge = two_venues()
    judge.on_quote(1, 103, 104, 1)  # Y's bid above X's ask

    found = judge.on_trade(0, 102, 10, LATE)

    assert found is not None
    assert found.exempt is Exempt.CROSSED


def test_a_locked_market_excuses_none() -> None:
    judge = two_venues()
    judge.on_quote(1, 102, 104, 1)

    found = judge.on_trade(0, 101, 10, LATE)

    assert found is not None
    assert found.exempt == NOTHING


def test_a_venue_that_is_out_of_order_need_not_be_heeded_until_it_is_back() -> None:
    judge = two_venues()

    judge.out_of_order(1, is_out=True)
    first = judge.on_trade(0, 100, 10, LATE)
    judge.out_of_order(1, is_out=False)
    second = judge.on_trade(0, 100, 10, LATE)

    assert [t.exempt for t in (first, second) if t] == [Exempt.SELF_HELP, NOTHING]


@pytest.mark.parametrize(
    ("changed_ns", "exempt"), [(LATE - SECOND_NS + 1, Exempt.FLICKER), (LATE - SECOND_NS, NOTHING)]
)
def test_a_quote_that_was_no_better_a_moment_ago_excuses_a_trade(
    changed_ns: int, exempt: Exempt
) -> None:
    judge = two_venues()
    judge.on_quote(1, 100, 103, 5)
    judge.on_quote(1, 101, 103, changed_ns)  # a better bid, so lately

    found = judge.on_trade(0, 100, 10, LATE)

    assert found is not None
    assert found.exempt == exempt


def test_a_quote_that_held_for_no_time_excuses_nothing() -> None:
    judge = two_venues()
    judge.on_quote(1, 100, 103, LATE - 5)
    judge.on_quote(1, 101, 103, LATE - 5)

    found = judge.on_trade(0, 100, 10, LATE)

    assert found is not None
    assert found.exempt == NOTHING


def test_flickers_can_be_left_out() -> None:
    judge = two_venues(flicker_ns=0)
    judge.on_quote(1, 100, 103, LATE - 1)
    judge.on_quote(1, 101, 103, LATE)

    found = judge.on_trade(0, 100, 10, LATE)

    assert found is not None
    assert found.exempt == NOTHING


def test_only_those_venues_are_blamed_whose_quote_was_steady_and_that_answer() -> None:
    judge = TradeThroughs([listed("X"), listed("Y"), listed("Z"), listed("W")])
    for book, bid in ((1, 101), (2, 104), (3, 109)):
        judge.on_quote(book, bid, 110, 0)
    judge.out_of_order(3, is_out=True)
    judge.on_quote(2, 100, 110, LATE - 50)
    judge.on_quote(2, 104, 110, LATE - 20)

    found = judge.on_trade(0, 100, 10, LATE)

    assert found is not None
    assert (found.venues, found.worse, found.exempt) == (("Y",), 1, NOTHING)


def test_a_side_without_a_quote_cannot_be_passed_over() -> None:
    judge = two_venues()
    judge.on_quote(1, NO_PRICE, NO_PRICE, 1)

    assert judge.on_trade(0, 1, 10, LATE) is None


def test_a_market_without_one_side_is_not_crossed() -> None:
    judge = TradeThroughs([listed("X"), listed("Y")])
    judge.on_quote(1, 101, NO_PRICE, 0)

    found = judge.on_trade(0, 100, 10, LATE)

    assert found is not None
    assert found.exempt == NOTHING


def test_books_of_one_venue_do_not_pass_over_each_other_and_are_told_together() -> None:
    judge = TradeThroughs([listed("X"), listed("X"), listed("Y")])
    judge.on_quote(1, 150, 160, 0)
    judge.on_quote(2, 101, 103, 0)

    assert judge.on_trade(0, 101, 10, LATE) is None
    judge.on_trade(0, 100, 10, LATE)
    judge.on_trade(1, 100, 10, LATE)

    assert list(judge.report()["A USD"]) == ["X", "Y"]
    assert (of(judge, "X").trades, of(judge, "X").violations) == (3, 0)  # crossed with its own book
    assert of(judge, "X").exempt["crossed"] == 2


def test_a_book_that_no_other_venue_has_is_not_judged() -> None:
    judge = TradeThroughs([listed("X"), listed("Y"), listed("X", "B")])

    judge.on_quote(2, 1, 2, 0)
    assert judge.on_trade(2, 500, 1, 0) is None
    assert list(judge.report()) == ["A USD"]
    assert bool(judge)
    assert not TradeThroughs([listed("X"), listed("X", "B")])


def test_a_flicker_time_is_not_negative() -> None:
    with pytest.raises(InputError, match="flicker_ns: found -1"):
        TradeThroughs([], flicker_ns=-1)
