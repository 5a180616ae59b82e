"""Icebergs: peaks that come forward, what their level shows, and peaks that are drawn."""

from collections.abc import Callable

import pytest

from sim.streams import draw
from tests.unit.sim.ruled.game import BUY, FROZEN, REACTIVE, SELL, Game, fills, makes, news

New = Callable[..., Game]
KEY = 77


def test_an_iceberg_shows_its_peak_and_counts_with_all_it_has(new: New) -> None:
    game = new()
    outcome = game.sell(10, 100, display=3)
    assert news(outcome) == [("ADD", 100, 3, 3)]
    assert game.shows(SELL) == [(100, "3*1")]
    assert game.now.reserves == {1: 7}


def test_a_used_peak_comes_forward_at_the_back_as_an_add_after_its_execution(new: New) -> None:
    game = new()
    game.sell(8, 100, display=3)
    game.add("a", SELL, 5, 100)
    outcome = game.buy(4, 100)
    assert fills(outcome)[0] == (1, 100, 3, 5, "M")
    assert news(outcome) == [
        ("EXECUTE", 100, 3, 5),
        ("ADD", 100, 3, 8),
        ("EXECUTE", 100, 1, 7),
    ]
    assert game.shows(SELL) == [(100, "4a 3*1")]


def test_the_last_peak_is_what_is_left(new: New) -> None:
    game = new()
    game.sell(8, 100, display=3)
    game.buy(6, 100)
    assert game.shows(SELL) == [(100, "2*1")]
    assert game.now.reserves == {}


def test_one_order_may_take_every_peak_of_an_iceberg_alone_at_its_price(new: New) -> None:
    game = new()
    game.sell(8, 100, display=3)
    assert [lots for _, _, lots in makes(game.buy(9, 100))] == [3, 3, 2]
    assert game.shows(SELL) == []
    assert game.shows(BUY) == [(100, "1*2")]


def test_an_iceberg_that_arrives_trades_with_all_it_has_and_then_shows_a_peak(new: New) -> None:
    game = new()
    game.add("a", BUY, 6, 100)
    outcome = game.sell(10, 100, display=3)
    assert news(outcome) == [("EXECUTE", 100, 6, 0), ("ADD", 100, 3, 3)]
    assert game.now.reserves == {1: 1}


@pytest.mark.parametrize(("took", "shown"), [(2, 1), (3, 3), (4, 2), (8, 1), (9, 1)])
def test_what_an_iceberg_takes_on_arriving_comes_off_its_peaks(
    new: New, took: int, shown: int
) -> None:
    game = new()
    game.add("a", BUY, took, 100)
    game.sell(10, 100, display=3)
    assert game.shows(SELL) == [(100, f"{shown}*1")]
    assert game.now.reserves == ({1: 10 - took - shown} if took + shown < 10 else {})


def test_random_peaks_are_used_up_on_arriving_too(new: New) -> None:
    game = new(peak_key=KEY)
    sizes = [drawn(1, number) for number in range(3)]
    game.add("a", BUY, sizes[0] + 1, 100)
    game.sell(40, 100, display=2, high=5)
    assert game.shows(SELL) == [(100, f"{sizes[1] - 1}*1")]
    game.buy(sizes[1] - 1, 100)
    assert game.shows(SELL) == [(100, f"{sizes[2]}*1")]


def test_frozen_an_iceberg_is_no_news_and_its_new_peak_stands_behind_history(new: New) -> None:
    game = new(FROZEN)
    game.sell(8, 100, display=3)
    game.add("a", SELL, 5, 100)
    assert game.buy(4, 100).messages == []
    assert game.shows(SELL) == [(100, "4a 3*1")]


@pytest.mark.parametrize("mode", [FROZEN, REACTIVE])
def test_history_takes_a_peak_and_meets_the_new_one_behind_it(new: New, mode: object) -> None:
    game = new(mode)
    game.sell(8, 99, display=3)
    game.add("a", SELL, 9, 100)
    outcome = game.execute("a", 7)
    assert [lots for _, _, lots in makes(outcome)] == [3, 3, 1]
    assert game.shows(SELL)[0] == (99, "1*1")


def test_a_peak_ahead_of_history_comes_forward_behind_it(new: New) -> None:
    game = new()
    game.sell(8, 100, display=3)
    game.add("a", SELL, 9, 100)
    assert makes(game.execute("a", 5)) == [(1, 100, 3)]
    assert game.shows(SELL) == [(100, "7a 3*1")]


def drawn(order_id: int, number: int) -> int:
    return 2 + draw(KEY, order_id, number) % 4


def test_random_peaks_are_drawn_by_order_and_count(new: New) -> None:
    game = new(peak_key=KEY)
    game.sell(1, 200)
    game.sell(40, 100, display=2, high=5)
    shown = []
    while game.is_open(2):
        ((_, _, (order,)), *_) = game.now.levels[SELL]
        shown.append(order.live)
        game.buy(order.live, 100)
    assert shown[:-1] == [drawn(2, number) for number in range(len(shown) - 1)]
    assert 1 <= shown[-1] <= drawn(2, len(shown) - 1)
    assert sum(shown) == 40
    assert len({*shown}) > 1


def test_a_replaced_iceberg_goes_on_counting_its_peaks(new: New) -> None:
    game = new(peak_key=KEY)
    game.sell(40, 100, display=2, high=5)
    game.replace(1, 40, 101)
    assert game.shows(SELL) == [(101, f"{drawn(1, 1)}*1")]


def test_a_peak_of_the_whole_order_hides_nothing(new: New) -> None:
    game = new()
    game.sell(3, 100, display=3)
    assert game.now.reserves == {}
    assert makes(game.buy(3, 100)) == [(1, 100, 3)]
