"""Market orders that wait while trading, their price, and market-to-limit orders."""

from collections.abc import Callable

import pytest

from market.codes import Kind, Mode, OrderType, Phase, Reason, ReportType
from market.codes import TimeInForce as Tif
from tests.unit.sim.ruled.game import BUY, SELL, Game, expired, fills, makes, news, refusal, takes

New = Callable[..., Game]
MTL = OrderType.MARKET_TO_LIMIT


@pytest.mark.parametrize("tif", [Tif.GTC, Tif.DAY, Tif.GTD])
def test_a_market_order_waits_where_the_venue_lets_it(new: New, tif: Tif) -> None:
    game = new(market_rests=True)
    outcome = game.buy(5, tif=tif)
    assert [each.type for each in outcome.reports] == [ReportType.ACCEPTED]
    assert game.now.waiting[BUY] == [(1, 5)]
    assert new().buy(5, tif=tif).reports[-1].reason == Reason.NO_LIQUIDITY


def test_a_waiting_market_order_that_trades_is_a_print_and_a_maker(new: New) -> None:
    game = new(market_rests=True)
    game.reference(100)
    game.buy(5)
    outcome = game.sell(3, 98)
    assert fills(outcome) == [(1, 100, 3, 2, "M"), (2, 100, 3, 0, "T")]
    assert [tuple(each) for each in outcome.messages] == [(Kind.TRADE, -1, SELL, 200, 3, 0)]


def test_waiting_market_orders_come_first_and_by_time(new: New) -> None:
    game = new(market_rests=True)
    game.reference(100)
    game.buy(2, 101)
    game.buy(3)
    game.buy(4)
    assert makes(game.sell(8, 101)) == [(2, 101, 3), (3, 101, 4), (1, 101, 1)]


@pytest.mark.parametrize(
    ("reference", "best", "limit", "price"),
    [
        (100, 102, 98, 102),
        (100, 95, 98, 100),
        (100, 95, 103, 103),
        (None, 95, 98, 98),
        (None, None, 98, 98),
        (100.5, None, 98, 100.5),
        (100, None, None, 100),
        (None, 95, None, 95),
        (None, None, None, None),
    ],
)
@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_price_of_a_waiting_market_order(
    new: New,
    side: object,
    reference: float | None,
    best: int | None,
    limit: int | None,
    price: float | None,
) -> None:
    """Prices are as an arriving sell sees them; for a buy all of them are mirrored at zero."""
    sign = 1 if side == SELL else -1
    game = new(market_rests=True)
    game.send(side.other, 5)
    if best is not None:
        game.send(side.other, 1, sign * best)
    game.reference(None if reference is None else sign * reference)
    outcome = game.send(side, 4, None if limit is None else sign * limit)
    assert takes(outcome) == ([] if price is None else [(sign * price, 4)])


def test_waiting_market_orders_are_fillable_where_they_have_a_price(new: New) -> None:
    game = new(market_rests=True)
    game.buy(5)
    assert refusal(game.sell(5, tif=Tif.FOK)) == (Reason.NOT_FILLABLE, 0)
    assert refusal(game.sell(6, 98, tif=Tif.FOK)) == (Reason.NOT_FILLABLE, 5)
    assert takes(game.sell(5, 98, tif=Tif.FOK)) == [(98, 5)]


def test_history_does_not_meet_waiting_market_orders(new: New) -> None:
    game = new(market_rests=True)
    game.reference(100)
    game.buy(5)
    assert makes(game.add("a", SELL, 2, 90)) == []
    assert makes(game.execute("a", 1)) == []
    assert makes(game.print(SELL, 3, 100)) == []


@pytest.mark.parametrize("mode", list(Mode))
def test_market_to_limit_takes_the_best_price_and_rests_there(new: New, mode: Mode) -> None:
    game = new(mode)
    game.add("a", BUY, 3, 100)
    game.add("b", BUY, 3, 99)
    outcome = game.sell(5, type=MTL)
    assert outcome.reports[0].price_ticks == 0
    assert takes(outcome) == [(100, 3)]
    assert game.shows(SELL) == [(100, "2*1")]
    assert game.cancel(1).reports[0].price_ticks == 100


def test_market_to_limit_waits_for_trading_and_may_then_find_nothing(new: New) -> None:
    game = new()
    game.phase(Phase.HALT)
    game.buy(5, type=MTL)
    game.sell(5, type=MTL)
    game.add("a", SELL, 3, 100)
    assert (game.now.waiting[BUY], game.now.waiting[SELL]) == ([(1, 5)], [(2, 5)])
    outcome = game.phase(Phase.CONTINUOUS)
    assert takes(outcome)[0] == (100, 3)
    # The first rests at 100, which the second takes.
    assert makes(outcome) == [(1, 100, 2)]
    assert expired(outcome) == []
    assert game.shows(SELL) == [(100, "3*2")]


def test_market_to_limit_expires_when_trading_begins_without_a_limit(new: New) -> None:
    game = new()
    game.phase(Phase.HALT)
    game.buy(5, type=MTL)
    assert expired(game.phase(Phase.CONTINUOUS)) == [(1, 5, Reason.NO_OPPOSITE_LIMIT)]


def test_a_waiting_market_order_may_be_cancelled_but_not_replaced(new: New) -> None:
    game = new(market_rests=True)
    game.buy(5)
    refused = game.replace(1, 4, 100).reports[0]
    assert tuple(refused)[:6] == (ReportType.REPLACE_REJECTED, 1, 100, 4, 5, Reason.BAD_FLAGS)
    assert game.replace(1, 4).reports[0].reason == Reason.BAD_PRICE
    outcome = game.cancel(1)
    assert (outcome.reports[0].type, news(outcome)) == (ReportType.CANCELLED, [])
