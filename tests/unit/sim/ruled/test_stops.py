"""Stops: what triggers them, in which order, what they become, and how trailing ones follow."""

from collections.abc import Callable

import pytest

from market.codes import BandAction, Kind, Mode, OrderType, Phase, Reason, ReportType, RowFlag
from tests.unit.sim.ruled.game import (
    BUY,
    FROZEN,
    SELL,
    Game,
    expired,
    fills,
    makes,
    news,
    others,
    takes,
)

New = Callable[..., Game]
STOP, STOP_LIMIT, TRAILING = OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP
TRIGGERED = ReportType.TRIGGERED


def triggered(outcome: object) -> list[int]:
    return [order_id for kind, order_id, _, _ in others(outcome) if kind == TRIGGERED]


def trade_at(game: Game, price: int, lots: int = 1) -> object:
    """Two orders of ours meet at a price and nothing of them is left."""
    game.buy(lots, price, hidden=True)
    return game.sell(lots, price)


def test_a_stop_waits_unseen_and_untouched(new: New) -> None:
    game = new()
    outcome = game.buy(3, type=STOP, stop=105)
    assert [each.type for each in outcome.reports] == [ReportType.ACCEPTED]
    assert outcome.messages == []
    assert game.now.dormant == [(1, 3, 210)]
    assert makes(game.sell(3, 90)) == []


@pytest.mark.parametrize(("side", "stop"), [(BUY, 105), (SELL, 95)])
def test_a_trade_at_the_stop_triggers_it_and_one_short_of_it_does_not(
    new: New, side: object, stop: int
) -> None:
    game = new()
    game.reference(100)
    game.send(side, 3, type=STOP, stop=stop)
    short = 104 if side == BUY else 96
    assert triggered(trade_at(game, short)) == []
    outcome = trade_at(game, stop)
    assert others(outcome) == [
        (TRIGGERED, 1, 3, Reason.NONE),
        (ReportType.EXPIRED, 1, 3, Reason.NO_LIQUIDITY),
    ]
    assert not game.is_open(1)


def test_a_stop_becomes_a_market_order_that_cannot_wait(new: New) -> None:
    game = new(market_rests=True)
    game.buy(3, type=STOP, stop=105)
    game.sell(2, 107)
    outcome = trade_at(game, 105)
    assert fills(outcome)[2:] == [(2, 107, 2, 0, "M"), (1, 107, 2, 1, "T")]
    assert expired(outcome) == [(1, 1, Reason.NO_LIQUIDITY)]


def test_a_stop_limit_becomes_a_limit_order_with_its_peak(new: New) -> None:
    game = new()
    game.buy(9, 106, type=STOP_LIMIT, stop=105, display=2)
    game.sell(2, 107)
    outcome = trade_at(game, 105)
    accepted = outcome.reports[3]
    assert (accepted.type, accepted.price_ticks, accepted.leaves_lots) == (TRIGGERED, 106, 9)
    assert game.shows(BUY) == [(106, "2*1")]
    assert game.now.reserves == {1: 7}


def test_stops_arrive_in_the_order_of_their_entry(new: New) -> None:
    game = new()
    for stop in (106, 105, 111):
        game.buy(1, type=STOP, stop=stop)
    game.sell(1, 110)
    outcome = trade_at(game, 106)
    assert triggered(outcome) == [1, 2]
    assert fills(outcome)[-1] == (1, 110, 1, 0, "T")
    assert [each[0] for each in game.now.dormant] == [3]


def test_a_stop_that_trades_triggers_the_next(new: New) -> None:
    game = new()
    for price in (104, 106, 108):
        game.sell(1, price)
    for stop in (107, 106, 104):
        game.buy(1, type=STOP, stop=stop)
    outcome = game.buy(1, 104)
    assert triggered(outcome) == [6, 5, 4]
    assert makes(outcome) == [(1, 104, 1), (2, 106, 1), (3, 108, 1)]
    assert expired(outcome) == [(4, 1, Reason.NO_LIQUIDITY)]


def test_all_trades_of_a_command_count_not_only_the_last(new: New) -> None:
    game = new()
    game.buy(1, 106)
    game.buy(1, 100)
    game.buy(9, type=STOP, stop=106)
    outcome = game.sell(2, 100)
    assert triggered(outcome) == [3]


def test_a_trade_at_a_half_tick_counts_as_one(new: New) -> None:
    game = new()
    game.buy(9, 100)
    game.sell(9, 101)
    game.buy(1, type=STOP, stop=101)
    game.sell(1, type=OrderType.PEG_MIDPOINT)
    assert triggered(game.buy(1, type=OrderType.PEG_MIDPOINT)) == []
    assert game.now.reference_x2 == 201


@pytest.mark.parametrize("mode", list(Mode))
def test_prints_and_executions_of_history_trigger_stops(new: New, mode: Mode) -> None:
    game = new(mode)
    game.add("a", SELL, 9, 105)
    game.add("b", BUY, 9, 90)
    game.buy(1, type=STOP, stop=105)
    game.buy(1, type=STOP, stop=110)
    game.sell(1, type=STOP, stop=80)
    game.sell(1, type=STOP, stop=70)
    assert triggered(game.print(BUY, 1, 219)) == [1]
    assert triggered(game.row(Kind.TRADE, qty=1, price=220, flags=RowFlag.SIDE_UNKNOWN)) == [2]
    assert triggered(game.cross(1, 160)) == [3]
    game.add("c", BUY, 1, 70)
    game.row(Kind.DELETE, "b", 9)
    assert triggered(game.execute("c", 1)) == [4]


def test_a_print_that_our_orders_took_whole_is_none(new: New) -> None:
    game = new()
    game.buy(5, 100)
    game.sell(1, type=STOP, stop=90)
    game.row(Kind.TRADE, qty=5, side=SELL, price=180)
    assert game.now.reference_x2 == 200
    assert game.is_open(2)


def test_what_traded_while_nothing_matched_is_remembered(new: New) -> None:
    game = new()
    game.buy(1, type=STOP, stop=105)
    game.phase(Phase.HALT)
    assert triggered(game.print(BUY, 1, 212)) == []
    assert triggered(game.phase(Phase.CONTINUOUS)) == [1]


def test_a_reference_that_the_venue_sets_is_no_trade(new: New) -> None:
    game = new()
    game.buy(1, type=STOP, stop=105)
    assert triggered(game.reference(120)) == []


# Trailing.


def test_a_trailing_sell_follows_the_last_price_up_and_not_down(new: New) -> None:
    game = new()
    game.reference(100)
    game.sell(2, type=TRAILING, trail=3)
    assert game.now.dormant == [(1, 2, 194)]
    trade_at(game, 105)
    assert game.now.dormant == [(1, 2, 204)]
    trade_at(game, 103)
    assert game.now.dormant == [(1, 2, 204)]
    assert triggered(trade_at(game, 102)) == [1]


def test_a_trailing_buy_follows_down(new: New) -> None:
    game = new()
    game.reference(100.5)
    game.buy(2, type=TRAILING, trail=3)
    trade_at(game, 95)
    assert game.now.dormant == [(1, 2, 196)]
    assert triggered(trade_at(game, 98)) == [1]


def test_a_trailing_stop_is_triggered_by_where_it_was_before(new: New) -> None:
    game = new()
    game.buy(1, 104)
    game.buy(1, 96)
    game.reference(100)
    game.sell(2, type=TRAILING, trail=4)
    assert triggered(game.sell(2, 96)) == [3]


def test_a_trailing_stop_follows_the_last_of_several_prices(new: New) -> None:
    game = new()
    game.sell(1, 104)
    game.sell(1, 106)
    game.reference(100)
    game.sell(2, type=TRAILING, trail=4)
    game.buy(2, 106)
    assert game.now.dormant == [(3, 2, 204)]


# With bands and calls.


def test_stops_after_an_interruption_rest_as_in_its_call(new: New) -> None:
    game = new(band_action=BandAction.INTERRUPT)
    game.band(90, 110)
    game.sell(1, 111)
    game.buy(1, type=STOP, stop=105)
    game.buy(1, type=STOP, stop=105)
    game.buy(1, 112, type=STOP_LIMIT, stop=105)
    outcome = trade_at(game, 105)
    assert triggered(outcome) == [2, 3, 4]
    assert expired(outcome) == [(2, 1, Reason.OUTSIDE_BAND)]
    assert game.now.phase == Phase.VOLATILITY_CALL
    assert game.now.waiting[BUY] == [(3, 1)]
    assert game.shows(BUY) == [(112, "1*4")]
    assert [each[0] for each in news(outcome)][-2:] == ["PHASE", "ADD"]


def test_frozen_stops_trigger_too(new: New) -> None:
    game = new(FROZEN)
    game.add("a", SELL, 5, 105)
    game.buy(2, type=STOP, stop=105)
    outcome = game.execute("a", 1)
    assert triggered(outcome) == [1]
    assert takes(outcome) == [(105, 2)]
    assert game.shows(SELL) == [(105, "2a")]
