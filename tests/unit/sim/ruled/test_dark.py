"""Hidden orders, minimum quantities and all-or-none: who is met, in which order, and what is told."""

from collections.abc import Callable

from market.codes import Kind, Liquidity, PostOnly, ReportType
from market.codes import TimeInForce as Tif
from tests.unit.sim.ruled.game import BUY, FROZEN, SELL, Game, expired, fills, makes, news, takes

New = Callable[..., Game]


def test_at_one_price_the_displayed_come_first_and_a_better_hidden_price_comes_before_them(
    new: New,
) -> None:
    game = new()
    game.buy(3, 101, hidden=True)
    game.buy(5, 100, hidden=True)
    game.buy(4, 100)
    assert makes(game.sell(9, 100)) == [(1, 101, 3), (3, 100, 4), (2, 100, 2)]


def test_hidden_orders_of_one_price_stand_by_time(new: New) -> None:
    game = new()
    for lots in (3, 4):
        game.buy(lots, 100, hidden=True)
    outcome = game.sell(5, 100)
    assert fills(outcome) == [
        (1, 100, 3, 0, "H"),
        (3, 100, 3, 2, "T"),
        (2, 100, 2, 2, "H"),
        (3, 100, 2, 0, "T"),
    ]


def test_a_hidden_order_is_never_shown_and_its_trades_are_prints(new: New) -> None:
    game = new()
    assert game.buy(3, 100, hidden=True).messages == []
    assert game.shows(BUY) == []
    outcome = game.sell(2, 90)
    assert [tuple(each) for each in outcome.messages] == [(Kind.TRADE, -1, SELL, 200, 2, 0)]
    assert game.cancel(1).messages == []


def test_frozen_books_print_no_trade_of_ours(new: New) -> None:
    game = new(FROZEN)
    game.buy(3, 100, hidden=True)
    outcome = game.sell(2, 100)
    assert (makes(outcome), outcome.messages) == ([(1, 100, 2)], [])


def test_what_is_left_of_a_hidden_order_that_traded_rests_hidden(new: New) -> None:
    game = new()
    game.add("a", SELL, 2, 100)
    outcome = game.buy(5, 100, hidden=True)
    assert takes(outcome) == [(100, 2)]
    assert news(outcome) == [("EXECUTE", 100, 2, 0)]
    assert game.now.dark[BUY] == [(1, 200, 3, 0)]


def test_post_only_looks_at_what_is_displayed_only(new: New) -> None:
    game = new()
    game.sell(3, 100, hidden=True)
    assert takes(game.buy(5, 100, post=PostOnly.REJECT)) == [(100, 3)]


# Minima.


def test_an_order_that_would_get_less_than_its_minimum_waits_in_the_dark(new: New) -> None:
    game = new()
    game.add("a", SELL, 3, 100)
    outcome = game.buy(9, 100, least=4)
    assert [each.type for each in outcome.reports] == [ReportType.ACCEPTED]
    assert outcome.messages == []
    assert game.now.dark[BUY] == [(1, 200, 9, 4)]


def test_an_order_that_gets_its_minimum_from_several_trades_and_rests_dark(new: New) -> None:
    game = new()
    game.add("a", SELL, 3, 99)
    game.sell(2, 100, hidden=True)
    assert takes(game.buy(9, 100, least=5)) == [(99, 3), (100, 2)]
    assert game.now.dark[BUY] == [(2, 200, 4, 4)]


def test_who_brings_less_than_a_minimum_passes_it_over(new: New) -> None:
    game = new()
    game.buy(9, 101, least=4)
    game.buy(2, 100)
    assert makes(game.sell(3, 99)) == [(2, 100, 2)]
    assert makes(game.sell(3, 101)) == []
    assert makes(game.sell(5, 101)) == [(1, 101, 5)]
    assert game.now.dark[BUY] == [(1, 202, 4, 4)]


def test_eligibility_is_looked_at_anew_after_every_trade(new: New) -> None:
    game = new()
    game.buy(3, 102)
    game.buy(9, 101, least=4)
    game.buy(9, 100)
    assert makes(game.sell(6, 100)) == [(1, 102, 3), (3, 100, 3)]


def test_a_minimum_falls_with_what_is_left_below_it(new: New) -> None:
    game = new()
    game.buy(9, 100, least=4)
    game.sell(7, 100)
    assert game.now.dark[BUY] == [(1, 200, 2, 2)]
    assert makes(game.sell(1, 100)) == []
    assert makes(game.sell(2, 100)) == [(1, 100, 2)]


def test_all_or_none_trades_whole_or_waits(new: New) -> None:
    game = new()
    game.add("a", SELL, 3, 100)
    game.buy(5, 100, aon=True)
    assert game.now.dark[BUY] == [(1, 200, 5, 5)]
    assert makes(game.sell(4, 99)) == []
    assert makes(game.sell(6, 98)) == [(1, 100, 5)]


def test_ioc_with_a_minimum_trades_it_or_more_and_the_rest_expires(new: New) -> None:
    game = new()
    game.add("a", SELL, 6, 100)
    outcome = game.buy(9, 100, least=5, tif=Tif.IOC)
    assert takes(outcome) == [(100, 6)]
    assert [each[:2] for each in expired(outcome)] == [(1, 3)]


def test_a_market_order_with_a_minimum_trades_at_once(new: New) -> None:
    game = new()
    game.add("a", SELL, 6, 100)
    assert takes(game.buy(9, aon=False, least=6, tif=Tif.IOC)) == [(100, 6)]


def test_fok_counts_reserves_and_the_dark_and_trades_all(new: New) -> None:
    game = new()
    game.sell(9, 100, display=2)
    game.sell(3, 100, hidden=True)
    game.sell(2, 101)
    outcome = game.buy(13, 101, tif=Tif.FOK)
    assert sum(lots for _, lots in takes(outcome)) == 13
    assert game.shows(SELL) == [(101, "1*3")]


def test_liquidity_says_who_was_hidden(new: New) -> None:
    game = new()
    game.buy(1, 100, hidden=True)
    game.buy(1, 100)
    liquidity = [each.liquidity for each in game.sell(2, 100).reports[1:]]
    maker, taker, hidden = Liquidity.MAKER, Liquidity.TAKER, Liquidity.HIDDEN_MAKER
    assert liquidity == [maker, taker, hidden, taker]
