"""History meets our orders, dark ones too: rows of every kind in both modes."""

from collections.abc import Callable

import pytest

from market.codes import Kind, Mode, OrderType, Phase, RowFlag
from tests.unit.sim.ruled.game import BUY, FROZEN, REACTIVE, SELL, Game, fills, makes, news

New = Callable[..., Game]
BOTH = pytest.mark.parametrize("mode", list(Mode))


@BOTH
def test_a_crossing_add_meets_the_displayed_then_the_dark_of_each_price(
    new: New, mode: Mode
) -> None:
    game = new(mode)
    game.buy(1, 101, hidden=True)
    game.buy(2, 100, hidden=True)
    game.buy(3, 100)
    game.buy(4, 99, hidden=True)
    game.buy(5, 98, hidden=True)
    outcome = game.add("a", SELL, 9, 99)
    assert makes(outcome) == [(1, 101, 1), (3, 100, 3), (2, 100, 2), (4, 99, 3)]
    left = 0 if mode == REACTIVE else 9
    assert game.shows(SELL) == ([(99, f"{left}a")] if left else [])


def test_a_dark_order_that_history_hits_is_a_print_of_the_aggressors_side(new: New) -> None:
    game = new()
    game.buy(3, 100, hidden=True)
    outcome = game.add("a", SELL, 5, 99)
    assert fills(outcome) == [(1, 100, 3, 0, "H")]
    assert [tuple(each)[:5] for each in outcome.messages] == [
        (Kind.TRADE, -1, SELL, 200, 3),
        (Kind.ADD, 0, SELL, 99, 2),
    ]
    game.buy(3, 98, hidden=True)
    game.add("b", BUY, 5, 97)
    outcome = game.execute("b", 3)
    assert tuple(outcome.messages[0])[:5] == (Kind.TRADE, -1, SELL, 196, 3)


@BOTH
def test_a_minimum_is_held_against_what_a_row_has_left(new: New, mode: Mode) -> None:
    game = new(mode)
    game.buy(3, 101)
    game.buy(9, 100, least=4)
    game.buy(9, 99)
    assert makes(game.add("a", SELL, 6, 99)) == [(1, 101, 3), (3, 99, 3)]
    assert makes(game.add("b", SELL, 5, 99)) == [(2, 100, 5)]


@BOTH
def test_an_execution_meets_dark_orders_on_its_way(new: New, mode: Mode) -> None:
    game = new(mode)
    game.buy(1, 101, hidden=True)
    game.buy(2, 101)
    game.add("a", BUY, 9, 100)
    game.buy(4, 100, hidden=True)
    outcome = game.execute("a", 5)
    assert makes(outcome) == [(2, 101, 2), (1, 101, 1)]
    left = 4 if mode == FROZEN else 7
    assert game.shows(BUY) == [(100, f"{left}a")]


def test_a_reactive_execution_ends_with_the_dark_orders_at_its_price(new: New) -> None:
    game = new()
    game.add("a", BUY, 9, 100)
    game.buy(4, 100, hidden=True)
    game.buy(2, 100)
    game.sell(9, 100)
    game.add("b", BUY, 1, 100)
    # Nothing is left of a, so its aggressor takes whoever is there.
    outcome = game.execute("a", 9)
    assert makes(outcome) == [(2, 100, 2), (1, 100, 4)]
    assert game.now.expired_lots == 2


def test_a_frozen_execution_leaves_the_dark_orders_at_its_price_alone(new: New) -> None:
    game = new(FROZEN)
    game.buy(4, 100, hidden=True)
    game.add("a", BUY, 9, 100)
    assert makes(game.execute("a", 9)) == []


@pytest.mark.parametrize(
    ("mode", "filled"),
    [(FROZEN, [(2, 101, 2), (1, 101, 1)]), (REACTIVE, [(2, 101, 2), (1, 101, 1), (3, 100, 4)])],
)
def test_a_print_meets_dark_orders_that_are_good_enough(
    new: New, mode: Mode, filled: list[tuple[int, float, int]]
) -> None:
    game = new(mode)
    game.buy(1, 101, hidden=True)
    game.buy(2, 101)
    game.buy(4, 100, hidden=True)
    assert makes(game.print(SELL, 9, 200)) == filled


def test_prints_are_compared_in_units_with_half_ticks(new: New) -> None:
    for mode, units, lots in (
        (FROZEN, 408, 5),
        (FROZEN, 410, 0),
        (REACTIVE, 410, 5),
        (REACTIVE, 411, 0),
    ):
        game = new(mode, tick_units=4)
        game.add("a", BUY, 1, 100)
        game.add("b", SELL, 1, 105)
        game.buy(5, type=OrderType.PEG_MIDPOINT)
        assert sum(lots for _, _, lots in makes(game.print(SELL, 9, units))) == lots


@BOTH
def test_isolated_midpoints_never_meet_history(new: New, mode: Mode) -> None:
    game = new(mode, mid_isolated=True)
    game.add("a", BUY, 1, 100)
    game.add("b", SELL, 1, 104)
    game.buy(5, type=OrderType.PEG_MIDPOINT)
    assert makes(game.print(SELL, 9, 200)) == []
    assert makes(game.add("c", SELL, 1, 101)) == []
    assert makes(game.execute("a", 1)) == []


@BOTH
def test_a_replace_that_crosses_meets_the_dark(new: New, mode: Mode) -> None:
    game = new(mode)
    game.buy(4, 100, hidden=True)
    game.add("a", SELL, 9, 105)
    outcome = game.row(Kind.REPLACE, "a", 6, side=SELL, price=100)
    assert makes(outcome) == [(1, 100, 4)]


def test_a_frozen_reveal_fills_nobody_and_a_reactive_one_does(new: New) -> None:
    for mode, lots in ((FROZEN, 0), (REACTIVE, 4)):
        game = new(mode)
        game.buy(4, 100, hidden=True)
        outcome = game.row(Kind.REVEAL, "a", 5, side=SELL, price=100)
        assert sum(lots for _, _, lots in makes(outcome)) == lots


def test_history_passes_over_its_own_orders_of_a_crossed_level(new: New) -> None:
    game = new()
    game.add("a", BUY, 3, 100)
    game.buy(3, 100)
    game.buy(2, 100, hidden=True)
    outcome = game.add("b", SELL, 9, 100)
    assert makes(outcome) == [(1, 100, 3), (2, 100, 2)]
    assert game.shows(BUY) == [(100, "3a")]


@BOTH
def test_executions_act_in_every_phase_and_meet_the_dark(new: New, mode: Mode) -> None:
    game = new(mode)
    game.add("a", BUY, 9, 99)
    game.buy(4, 100, hidden=True)
    game.phase(Phase.HALT)
    assert makes(game.add("b", SELL, 1, 98)) == []
    assert makes(game.print(SELL, 1, 180)) == []
    assert makes(game.execute("a", 6)) == [(1, 100, 4)]


@BOTH
def test_the_reference_is_the_last_trade_or_print(new: New, mode: Mode) -> None:
    game = new(mode, tick_units=4)
    assert game.now.reference_x2 is None
    game.add("a", BUY, 9, 100)
    game.execute("a", 1)
    assert game.now.reference_x2 == 200
    game.print(BUY, 1, 403)
    assert game.now.reference_x2 == 201
    game.row(Kind.TRADE, qty=1, price=-403, flags=RowFlag.SIDE_UNKNOWN)
    assert game.now.reference_x2 == -202
    game.cross(1, 398)
    assert game.now.reference_x2 == 199
    game.buy(1, 100)
    game.reference(None)
    game.sell(1, 100)
    assert game.now.reference_x2 == 200


def test_clear_takes_history_and_leaves_every_order_of_ours(new: New) -> None:
    game = new(market_rests=True)
    game.add("a", BUY, 9, 100)
    game.add("b", SELL, 9, 105)
    game.buy(4, 100, hidden=True)
    game.buy(4, 100, display=2)
    game.buy(4, type=OrderType.PEG_MIDPOINT)
    game.buy(4, type=OrderType.STOP, stop=200)
    outcome = game.row(Kind.CLEAR)
    assert news(outcome) == [("CLEAR", 0, 0, 0)]
    assert game.now.own_lots() == dict.fromkeys((1, 2, 3, 4), 4)
    assert game.shows(BUY) == [(100, "2*2")]


@BOTH
def test_a_peg_that_history_pushes_on_moves_after_the_row(new: New, mode: Mode) -> None:
    game = new(mode)
    game.add("a", BUY, 9, 100)
    game.add("b", SELL, 9, 105)
    game.sell(3, type=OrderType.PEG_PRIMARY)
    outcome = game.row(Kind.DELETE, "b", 9)
    assert game.now.dormant == [(1, 3, 0)]
    if mode == REACTIVE:
        assert [each[0] for each in news(outcome)] == ["DELETE", "DELETE"]
