"""TRADE_AT_LAST: what arrives trades at the reference or not at all."""

from collections.abc import Callable
from typing import Any

import pytest

from market.codes import Kind, Mode, OrderType, Phase, Reason
from market.codes import TimeInForce as Tif
from tests.unit.sim.ruled.game import (
    BUY,
    FROZEN,
    SELL,
    Game,
    expired,
    fills,
    makes,
    news,
    refusal,
    takes,
)

New = Callable[..., Game]
LAST = Phase.TRADE_AT_LAST


def at_last(new: New, reference: float | None = 100, *args: Any, **rules: Any) -> Game:
    game = new(*args, **rules)
    game.reference(reference)
    game.phase(LAST)
    return game


def test_orders_meet_at_the_reference_market_orders_first_then_by_price(new: New) -> None:
    game = at_last(new)
    game.buy(1, 100)
    game.buy(2, 101, hidden=True)
    game.buy(3, 101)
    game.buy(4)
    game.buy(5, 99)
    outcome = game.sell(20, 95)
    assert makes(outcome) == [(4, 100, 4), (3, 100, 3), (2, 100, 2), (1, 100, 1)]
    assert game.shows(SELL) == [(95, "10*6")]
    assert game.now.phase == LAST


@pytest.mark.parametrize(("side", "limit"), [(BUY, 99), (SELL, 101)])
def test_a_limit_that_does_not_reach_the_reference_rests(
    new: New, side: object, limit: int
) -> None:
    game = at_last(new)
    game.send(side.other, 5, 100)
    assert fills(game.send(side, 5, limit)) == []
    assert game.is_open(2)


def test_without_a_reference_nothing_trades(new: New) -> None:
    game = at_last(new, None)
    game.buy(5, 100)
    assert fills(game.sell(5, 100)) == []
    assert refusal(game.sell(5, 100, tif=Tif.FOK)) == (Reason.NOT_FILLABLE, 0)


def test_orders_that_cannot_wait_are_taken_and_counted_at_the_reference(new: New) -> None:
    game = at_last(new)
    game.buy(5, 100)
    game.buy(5, 99)
    assert refusal(game.sell(6, 90, tif=Tif.FOK)) == (Reason.NOT_FILLABLE, 5)
    assert refusal(game.sell(6, least=6, tif=Tif.IOC)) == (Reason.BELOW_MINIMUM, 5)
    outcome = game.sell(6, tif=Tif.IOC)
    assert takes(outcome) == [(100, 5)]
    assert expired(outcome) == [(5, 1, Reason.NO_LIQUIDITY)]


def test_market_orders_wait_here(new: New) -> None:
    game = at_last(new)
    game.sell(5)
    assert game.now.waiting[SELL] == [(1, 5)]
    assert takes(game.buy(3, 100)) == [(100, 3)]


def test_pegs_and_stops_and_orders_for_calls_wait_as_ever(new: New) -> None:
    game = at_last(new)
    game.buy(5, 100)
    game.sell(1, type=OrderType.PEG_MIDPOINT)
    game.sell(1, type=OrderType.STOP, stop=200)
    game.sell(1, 100, tif=Tif.AUCTION)
    game.sell(1, type=OrderType.MARKET_TO_LIMIT)
    assert [each[0] for each in game.now.dormant] == [2, 3, 4]
    assert game.now.waiting[SELL] == [(5, 1)]
    refused = game.sell(1, type=OrderType.PEG_MIDPOINT, tif=Tif.IOC)
    assert refusal(refused) == (Reason.HALTED, LAST)


def test_a_displayed_order_that_trades_away_from_its_price_is_a_print_and_a_loss(new: New) -> None:
    game = at_last(new)
    game.buy(5, 102)
    game.add("a", BUY, 5, 101)
    game.buy(5, 100)
    outcome = game.sell(12, 100)
    assert [tuple(each)[:1] + tuple(each)[2:] for each in outcome.messages] == [
        (Kind.TRADE, SELL, 200, 5, 0),
        (Kind.DELETE, BUY, 102, 5, 0),
        (Kind.TRADE, SELL, 200, 5, 0),
        (Kind.DELETE, BUY, 101, 5, 0),
        (Kind.EXECUTE, BUY, 100, 2, 3),
    ]
    assert game.now.spent == {0: 5}


def test_an_iceberg_trades_peak_by_peak(new: New) -> None:
    game = at_last(new)
    game.buy(8, 101, display=3)
    outcome = game.sell(4, 100)
    assert fills(outcome) == [
        (1, 100, 3, 5, "M"),
        (2, 100, 3, 1, "T"),
        (1, 100, 1, 4, "M"),
        (2, 100, 1, 0, "T"),
    ]
    assert news(outcome) == [
        ("TRADE", 200, 3, 0),
        ("DELETE", 101, 3, 0),
        ("ADD", 101, 3, 3),
        ("TRADE", 200, 1, 0),
        ("REDUCE", 101, 1, 2),
    ]


def test_a_half_tick_reference_is_a_half_tick_price(new: New) -> None:
    game = at_last(new, 100.5)
    game.buy(5, 101)
    assert takes(game.sell(2, 100)) == [(100.5, 2)]
    assert takes(game.sell(2, 101)) == []


def test_history_neither_matches_nor_meets_the_dark(new: New) -> None:
    game = at_last(new)
    game.buy(5, 103, hidden=True)
    game.add("a", BUY, 5, 99)
    assert makes(game.add("b", SELL, 5, 98)) == []
    assert makes(game.print(SELL, 5, 190)) == []
    assert makes(game.execute("a", 2)) == []


@pytest.mark.parametrize("mode", list(Mode))
def test_a_replace_that_loses_its_place_arrives(new: New, mode: Mode) -> None:
    game = at_last(new, 100, mode)
    game.add("a", SELL, 3, 99)
    game.buy(5, 98)
    assert takes(game.replace(1, 5, 100)) == [(100, 3)]


def test_frozen_nothing_of_ours_is_published(new: New) -> None:
    game = at_last(new, 100, FROZEN)
    game.add("a", BUY, 5, 101)
    outcome = game.sell(3, 100)
    assert (takes(outcome), outcome.messages) == ([(100, 3)], [])
    assert game.shows(BUY) == [(101, "2a")]


def test_no_sweep_goes_before_it_but_one_goes_after(new: New) -> None:
    game = new()
    game.phase(Phase.HALT)
    game.buy(5, 101)
    game.sell(5, 100)
    assert fills(game.phase(LAST)) == []
    assert takes(game.phase(Phase.CONTINUOUS)) == [(100, 5)]


def test_a_closing_call_prints_what_is_traded_at_last(new: New) -> None:
    game = new()
    game.phase(Phase.CLOSING_CALL)
    game.buy(5, 101)
    game.sell(3, 101)
    game.phase(LAST)
    assert takes(game.sell(9)) == [(101, 2)]
