"""History's own auctions: CROSS and EXECUTE rows in calls, frozen and reactive."""

from collections.abc import Callable

import pytest

from market.codes import Kind, OrderType, Phase, Reason
from market.codes import TimeInForce as Tif
from market.errors import BadRow
from tests.unit.sim.ruled.game import BUY, FROZEN, SELL, Game, expired, fills, news

New = Callable[..., Game]
OPENING, CONTINUOUS = Phase.OPENING_CALL, Phase.CONTINUOUS


def in_call(new: New, *args: object, **rules: object) -> Game:
    game = new(*args, **rules)
    game.phase(OPENING)
    return game


# Reactive.


def test_historys_cross_crosses_the_call_as_it_is_now_and_says_nothing_itself(new: New) -> None:
    game = in_call(new)
    game.add("a", SELL, 5, 100)
    game.add("b", BUY, 5, 100)
    game.buy(3, 101)
    outcome = game.cross(5, 200)
    assert fills(outcome) == [(1, 100, 3, 0, "A")]
    assert news(outcome) == [
        ("CROSS", 200, 5, 0),
        ("DELETE", 101, 3, 0),
        ("REDUCE", 100, 2, 3),
        ("DELETE", 100, 5, 0),
    ]
    assert game.now.crossed


def test_a_call_is_crossed_once(new: New) -> None:
    game = in_call(new)
    game.buy(3, 100)
    game.sell(3, 100)
    game.cross(5, 200)
    game.buy(3, 100)
    game.sell(3, 99)
    assert news(game.cross(1, 198)) == [("CROSS", 198, 1, 0)]
    outcome = game.phase(Phase.CLOSING_CALL)
    assert fills(outcome) == []
    assert not game.now.crossed
    assert len(fills(game.phase(Phase.CLOSED))) == 2


def test_without_a_print_of_ours_historys_is_published_and_the_call_counts_as_crossed(
    new: New,
) -> None:
    game = in_call(new)
    game.buy(3, 100, tif=Tif.AUCTION)
    game.buy(3)
    outcome = game.cross(5, 201)
    assert news(outcome) == [("DELETE", 100, 3, 0), ("CROSS", 201, 5, 0)]
    assert expired(outcome) == [(1, 3, Reason.AUCTION_OVER)]
    assert game.now.waiting[BUY] == [(2, 3)]
    assert (game.now.crossed, game.now.reference_x2) == (True, 201)


def test_a_call_that_goes_on_is_not_crossed_by_historys_cross(new: New) -> None:
    game = in_call(new, call_extends=True)
    game.band(90, 99)
    game.buy(3, 100, tif=Tif.AUCTION)
    game.sell(3, 100)
    outcome = game.cross(5, 200)
    assert (news(outcome), expired(outcome)) == ([("CROSS", 200, 5, 0)], [])
    assert not game.now.crossed
    assert game.now.phase == OPENING


def test_historys_executions_after_the_cross_take_what_our_auction_left_of_their_share(
    new: New,
) -> None:
    game = in_call(new)
    game.add("a", SELL, 10, 100)
    game.add("b", SELL, 10, 101)
    game.add("c", SELL, 3, 102)
    game.buy(4, 100)
    game.buy(3, 102)
    game.cross(7, 204)
    assert game.shows(SELL) == [(100, "3a"), (101, "10b"), (102, "3c")]
    # Three of the seven that history took are gone already, as are four of ours.
    assert news(game.execute("a", 5)) == []
    assert game.shows(SELL)[0] == (100, "3a")
    assert news(game.execute("a", 3)) == [("REDUCE", 100, 1, 2)]
    assert news(game.execute("b", 10)) == [("REDUCE", 101, 10, 0)]
    assert game.now.void == 0


def test_historys_execution_of_an_order_that_our_auction_spent_is_silent(new: New) -> None:
    game = in_call(new)
    game.add("a", SELL, 5, 100)
    game.buy(5, 100)
    game.cross(5, 200)
    outcome = game.execute("a", 2)
    assert (outcome.messages, game.now.spent, game.now.void) == ([], {0: 3}, 0)
    game.execute("a", 3)
    game.add("a", SELL, 5, 100)
    assert game.shows(SELL) == [(100, "5a")]


def test_before_the_cross_executions_in_a_call_are_as_ever(new: New) -> None:
    game = in_call(new)
    game.add("a", SELL, 5, 100)
    game.sell(2, 99)
    assert fills(game.execute("a", 3)) == [(1, 99, 2, 0, "M")]


@pytest.mark.parametrize("mode", [0, 1])
def test_outside_calls_historys_cross_is_a_print(new: New, mode: int) -> None:
    game = new(mode)
    game.buy(3, 100)
    game.sell(3, 101)
    outcome = game.cross(5, 190)
    assert (fills(outcome), news(outcome)) == ([], [("CROSS", 190, 5, 0)])
    assert game.now.reference_x2 == 190


# Frozen.


def test_frozen_our_better_orders_fill_at_historys_price(new: New) -> None:
    game = in_call(new, FROZEN)
    game.add("a", SELL, 5, 100)
    game.buy(2, 101)
    game.buy(2, 100)
    game.sell(2, 99)
    game.sell(2, 98, hidden=True)
    game.sell(1)
    outcome = game.cross(4, 200)
    assert fills(outcome) == [
        (1, 100, 2, 0, "A"),
        (5, 100, 1, 0, "A"),
        (4, 100, 2, 0, "A"),
        (3, 100, 1, 1, "A"),
    ]
    assert news(outcome) == [("CROSS", 200, 4, 0)]
    assert not game.now.crossed


def test_frozen_a_cross_between_ticks_is_reported_in_half_ticks_rounded_down(new: New) -> None:
    game = new(FROZEN, tick_units=3)
    game.phase(OPENING)
    game.buy(2, 101)
    assert fills(game.cross(4, 302)) == [(1, 100.5, 2, 0, "A")]


def test_frozen_minima_and_strikes_hold_against_historys_cross(new: New) -> None:
    game = in_call(new, FROZEN)
    game.buy(9, 105, least=5)
    game.buy(9, type=OrderType.STRIKE_MATCH, stop=101, tif=Tif.AUCTION)
    game.buy(9, type=OrderType.STRIKE_MATCH, stop=100, tif=Tif.AUCTION)
    assert fills(game.cross(4, 200)) == [(3, 100, 4, 5, "A")]
    assert fills(game.cross(6, 202)) == [(2, 101, 6, 3, "A")]
    assert fills(game.cross(8, 200)) == [(3, 100, 5, 0, "A")]


def test_frozen_a_minimum_that_historys_cross_just_meets_is_met(new: New) -> None:
    game = in_call(new, FROZEN)
    game.buy(9, 105, least=5)
    assert fills(game.cross(5, 200)) == [(1, 100, 5, 4, "A")]


def test_frozen_an_iceberg_fills_with_all_it_has(new: New) -> None:
    game = in_call(new, FROZEN)
    game.buy(10, 105, display=3)
    assert fills(game.cross(7, 200)) == [(1, 100, 7, 3, "A")]
    assert game.shows(BUY) == [(105, "3*1")]


def test_frozen_nothing_is_computed_and_what_is_over_ends(new: New) -> None:
    game = in_call(new, FROZEN)
    game.add("a", SELL, 5, 100)
    game.buy(2, 101, tif=Tif.AUCTION)
    game.buy(2)
    game.sell(2, 100)
    outcome = game.phase(Phase.CLOSED)
    assert fills(outcome) == []
    assert expired(outcome) == [(1, 2, Reason.AUCTION_OVER), (2, 2, Reason.NO_LIQUIDITY)]
    assert news(outcome) == [("PHASE", 0, Phase.CLOSED, 0)]


@pytest.mark.parametrize("phase", [-1, 10, 99])
def test_a_phase_that_does_not_exist_is_refused(new: New, phase: int) -> None:
    game = new()
    with pytest.raises(BadRow):
        game.row(Kind.PHASE, qty=phase)


@pytest.mark.parametrize("phase", list(Phase))
def test_rows_set_every_phase(new: New, phase: Phase) -> None:
    game = new()
    game.row(Kind.PHASE, qty=int(phase))
    assert game.now.phase == phase
