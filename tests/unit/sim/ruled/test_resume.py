"""Trading begins: market orders, displayed orders, then the dark, each by the rules."""

from collections.abc import Callable

import pytest

from market.codes import BandAction, Mode, OrderType, Phase, Reason, SelfTrade
from tests.unit.sim.ruled.game import BUY, FROZEN, SELL, Game, expired, fills, makes, news, takes

New = Callable[..., Game]
HALT, CONTINUOUS = Phase.HALT, Phase.CONTINUOUS


def halted(new: New, *args: object, **rules: object) -> Game:
    game = new(*args, **rules)
    game.phase(HALT)
    return game


def test_market_orders_come_first_then_crossing_limits_then_the_dark(new: New) -> None:
    game = halted(new)
    game.add("a", SELL, 9, 100)
    game.buy(2, 101, hidden=True)
    game.buy(3, 101)
    game.buy(4)
    outcome = game.phase(CONTINUOUS)
    assert [(each[0], each[2]) for each in fills(outcome)] == [(3, 4), (2, 3), (1, 2)]


def test_what_is_left_of_market_orders_waits_where_the_venue_lets_it(new: New) -> None:
    for rests in (False, True):
        game = halted(new, market_rests=rests)
        game.add("a", SELL, 3, 100)
        game.buy(5)
        game.buy(5)
        outcome = game.phase(CONTINUOUS)
        assert takes(outcome) == [(100, 3)]
        assert game.now.waiting[BUY] == ([(1, 2), (2, 5)] if rests else [])


def test_waiting_market_orders_of_both_sides_meet(new: New) -> None:
    game = halted(new, market_rests=True)
    game.reference(100)
    game.buy(5)
    game.sell(3)
    game.sell(4)
    outcome = game.phase(CONTINUOUS)
    assert fills(outcome) == [
        (2, 100, 3, 0, "M"),
        (1, 100, 3, 2, "T"),
        (3, 100, 2, 2, "M"),
        (1, 100, 2, 0, "T"),
    ]
    assert game.now.waiting[SELL] == [(3, 2)]


@pytest.mark.parametrize("mode", list(Mode))
def test_dark_orders_arrive_best_first_and_each_once(new: New, mode: Mode) -> None:
    game = halted(new, mode)
    game.add("a", SELL, 4, 100)
    game.buy(3, 100, hidden=True)
    game.buy(3, 102, hidden=True)
    game.buy(9, 101, least=9)
    outcome = game.phase(CONTINUOUS)
    assert [(each[0], each[2]) for each in fills(outcome)] == [(2, 3), (1, 1)]
    assert game.now.dark[BUY] == [(3, 202, 9, 9), (1, 200, 2, 0)]


def test_a_dark_order_that_arrives_in_vain_goes_to_the_back_of_its_price(new: New) -> None:
    game = halted(new)
    game.add("a", SELL, 4, 100)
    game.buy(9, 100, least=9)
    game.buy(8, 100, least=8)
    game.buy(7, 99, hidden=True)
    game.phase(CONTINUOUS)
    assert [each[0] for each in game.now.dark[BUY]] == [1, 2, 3]
    game.phase(HALT)
    game.replace(1, 10, 100)
    assert [each[0] for each in game.now.dark[BUY]] == [2, 1, 3]


def test_dark_orders_of_both_sides_meet(new: New) -> None:
    game = halted(new)
    game.buy(3, 101, hidden=True)
    game.sell(5, 100, hidden=True)
    outcome = game.phase(CONTINUOUS)
    assert fills(outcome) == [(2, 100, 3, 2, "H"), (1, 100, 3, 0, "T")]


def test_an_iceberg_arrives_with_all_it_has(new: New) -> None:
    game = halted(new)
    game.add("a", SELL, 7, 100)
    game.buy(10, 100, display=2)
    outcome = game.phase(CONTINUOUS)
    assert takes(outcome) == [(100, 7)]
    assert [each[:3] for each in news(outcome)] == [
        ("PHASE", 0, CONTINUOUS),
        ("DELETE", 100, 2),
        ("EXECUTE", 100, 7),
        ("ADD", 100, 1),
    ]
    assert game.now.reserves == {1: 2}


def test_self_trade_rules_hold_and_the_sweep_goes_on(new: New) -> None:
    game = halted(new)
    game.buy(3, 101, owner=1, self_trade=int(SelfTrade.CANCEL_NEWEST))
    game.buy(3, 100, owner=2)
    game.sell(5, 100, owner=1)
    outcome = game.phase(CONTINUOUS)
    assert expired(outcome) == [(1, 3, Reason.SELF_TRADE)]
    assert takes(outcome) == [(100, 3)]
    assert game.shows(SELL) == [(100, "2*3")]


def test_a_frozen_sweep_ends_with_an_order_that_rests_with_all_it_had(new: New) -> None:
    game = new(FROZEN)
    game.add("a", SELL, 2, 100)
    game.buy(2, 100)
    game.phase(HALT)
    game.buy(5, 100)
    game.buy(5, 100)
    outcome = game.phase(CONTINUOUS)
    assert fills(outcome) == []
    assert game.shows(BUY) == [(100, "5*3 5*2")]


def test_an_interruption_ends_the_sweep(new: New) -> None:
    game = halted(new, band_action=BandAction.INTERRUPT)
    game.band(90, 99)
    game.add("a", SELL, 2, 100)
    game.buy(5)
    game.buy(5)
    game.buy(5, 101)
    outcome = game.phase(CONTINUOUS)
    assert (fills(outcome), game.now.phase) == ([], Phase.VOLATILITY_CALL)
    assert game.now.waiting[BUY] == [(2, 5), (1, 5)]
    assert game.shows(BUY) == [(101, "5*3")]


def test_a_displayed_peg_arrives_where_it_stood_and_follows_afterwards(new: New) -> None:
    game = new()
    game.add("a", BUY, 9, 100)
    game.add("b", SELL, 9, 105)
    game.buy(3, type=OrderType.PEG_PRIMARY)
    game.phase(HALT)
    game.sell(2, 99)
    outcome = game.phase(CONTINUOUS)
    # The peg is not the best bid's first, and so is the first own one: it takes the offer at 99.
    assert takes(outcome)[0] == (99, 2)
    assert game.shows(BUY) == [(100, "9a 1*1")]


def test_a_repeated_continuous_sweeps_nothing(new: New) -> None:
    game = new(FROZEN)
    game.buy(3, 100)
    game.add("a", BUY, 1, 90)
    outcome = game.phase(CONTINUOUS)
    assert (makes(outcome), news(outcome)) == ([], [("PHASE", 0, CONTINUOUS, 0)])
