"""Price bands: refused, moved inside, or an interruption and its call."""

from collections.abc import Callable

import pytest

from market.codes import BandAction, Mode, OrderType, Phase, PostOnly, Reason, ReportType
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
CLAMP, REJECT, INTERRUPT = BandAction.CLAMP, BandAction.REJECT, BandAction.INTERRUPT
MTL = OrderType.MARKET_TO_LIMIT


def banded(new: New, action: BandAction, **rules: object) -> Game:
    game = new(band_action=action, **rules)
    game.band(90, 110)
    return game


# SLIDE and CLAMP.


def test_a_sliding_order_rests_one_tick_behind_what_it_would_cross(new: New) -> None:
    game = new()
    game.add("a", SELL, 5, 100)
    game.add("b", BUY, 5, 90)
    bought = game.buy(3, 104, post=PostOnly.SLIDE).reports[0]
    sold = game.sell(3, 80, post=PostOnly.SLIDE).reports[0]
    assert (bought.type, bought.price_ticks) == (ReportType.ACCEPTED, 99)
    assert (sold.type, sold.price_ticks) == (ReportType.ACCEPTED, 100)
    assert (game.shows(BUY)[0], game.shows(SELL)) == ((99, "3*1"), [(100, "5a 3*2")])


def test_nothing_slides_while_nothing_matches(new: New) -> None:
    game = new()
    game.phase(Phase.HALT)
    game.add("a", SELL, 5, 100)
    game.buy(3, 104, post=PostOnly.SLIDE)
    assert game.shows(BUY) == [(104, "3*1")]


@pytest.mark.parametrize(("side", "price", "end"), [(BUY, 111, 110), (SELL, 89, 90)])
@pytest.mark.parametrize("phase", [Phase.CONTINUOUS, Phase.OPENING_CALL])
def test_a_limit_is_clamped_to_the_far_end_of_the_band(
    new: New, side: object, price: int, end: int, phase: Phase
) -> None:
    game = banded(new, CLAMP)
    game.phase(phase)
    assert game.send(side, 3, price).reports[0].price_ticks == end
    assert game.shows(side) == [(end, "3*1")]


def test_a_clamped_limit_is_only_moved_towards_its_own_side(new: New) -> None:
    game = banded(new, CLAMP)
    game.buy(3, 80)
    game.sell(3, 120)
    assert (game.shows(BUY), game.shows(SELL)) == ([(80, "3*1")], [(120, "3*2")])


def test_only_limit_orders_are_clamped(new: New) -> None:
    game = banded(new, CLAMP)
    game.add("a", BUY, 1, 100)
    game.add("b", SELL, 1, 130)
    game.buy(3, 120, type=OrderType.STOP_LIMIT, stop=119)
    game.buy(3, 125, type=OrderType.PEG_MARKET, offset=1)
    assert game.shows(BUY)[0] == (125, "3*2")


def test_clamp_comes_before_slide(new: New) -> None:
    game = banded(new, CLAMP)
    game.add("a", SELL, 1, 108)
    assert game.buy(3, 120, post=PostOnly.SLIDE).reports[0].price_ticks == 107


@pytest.mark.parametrize("action", [CLAMP, REJECT])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_market_order_goes_to_the_far_end_of_the_band(
    new: New, action: BandAction, mode: Mode
) -> None:
    game = new(mode, band_action=action)
    game.band(90, 110)
    game.add("a", SELL, 2, 110)
    game.add("b", SELL, 9, 111)
    outcome = game.buy(5)
    assert takes(outcome) == [(110, 2)]
    assert expired(outcome) == [(1, 3, Reason.OUTSIDE_BAND)]
    outcome = game.buy(5, tif=Tif.IOC)
    assert expired(outcome) == [(2, 5, Reason.NO_LIQUIDITY)]


def test_a_market_order_that_found_everything_inside_had_no_liquidity(new: New) -> None:
    game = banded(new, CLAMP)
    game.add("a", SELL, 2, 110)
    assert expired(game.buy(5)) == [(1, 3, Reason.NO_LIQUIDITY)]


def test_market_to_limit_takes_no_price_beyond_the_band(new: New) -> None:
    game = banded(new, CLAMP)
    game.add("a", SELL, 2, 111)
    assert takes(game.buy(5, type=MTL)) == []
    assert game.shows(BUY) == [(110, "5*1")]


# INTERRUPT.


@pytest.mark.parametrize("mode", list(Mode))
def test_matching_stops_before_the_first_trade_outside_and_a_call_begins(
    new: New, mode: Mode
) -> None:
    game = new(mode, band_action=INTERRUPT)
    game.band(90, 110)
    game.add("a", SELL, 2, 110)
    game.add("b", SELL, 2, 111)
    outcome = game.buy(5, 120)
    assert takes(outcome) == [(110, 2)]
    assert game.now.phase == Phase.VOLATILITY_CALL
    assert game.shows(BUY) == [(120, "3*1")]
    assert news(outcome)[-1] == ("PHASE", 0, Phase.VOLATILITY_CALL, 0)


def test_an_interrupted_market_order_waits_in_its_queue(new: New) -> None:
    game = banded(new, INTERRUPT)
    game.sell(2, 111)
    game.buy(5)
    assert game.now.waiting[BUY] == [(2, 5)]


def test_an_order_for_calls_that_an_interrupted_start_lets_in_stays_one_for_calls(new: New) -> None:
    game = banded(new, INTERRUPT)
    game.phase(Phase.HALT)
    game.add("a", SELL, 2, 111)
    game.buy(5)
    game.sell(4, tif=Tif.AUCTION, type=OrderType.STRIKE_MATCH, stop_ticks=112)
    game.phase(Phase.CONTINUOUS)
    assert game.now.phase == Phase.VOLATILITY_CALL
    assert game.now.waiting[SELL] == [(2, 4)]
    assert (2, 4, Reason.AUCTION_OVER) in expired(game.phase(Phase.INTRADAY_CALL))


@pytest.mark.parametrize("price", [None, 120])
def test_an_interrupted_order_that_cannot_wait_expires(new: New, price: int | None) -> None:
    game = banded(new, INTERRUPT)
    game.sell(2, 110)
    game.sell(2, 111)
    outcome = game.buy(5, price, tif=Tif.IOC)
    assert takes(outcome) == [(110, 2)]
    assert expired(outcome) == [(3, 3, Reason.OUTSIDE_BAND)]
    assert game.now.phase == Phase.VOLATILITY_CALL


def test_fok_looks_inside_the_band_only_and_interrupts_nothing(new: New) -> None:
    game = banded(new, INTERRUPT)
    game.sell(2, 110)
    game.sell(2, 111)
    assert refusal(game.buy(3, 120, tif=Tif.FOK)) == (Reason.NOT_FILLABLE, 2)
    assert game.now.phase == Phase.CONTINUOUS


def test_an_order_that_waits_for_its_minimum_interrupts_nothing(new: New) -> None:
    game = banded(new, INTERRUPT)
    game.sell(2, 110)
    game.sell(2, 111)
    assert takes(game.buy(5, 120, least=3)) == []
    assert game.now.phase == Phase.CONTINUOUS


def test_a_dark_order_that_cannot_be_met_is_outside_nothing(new: New) -> None:
    game = banded(new, INTERRUPT)
    game.buy(13, 115, aon=True)
    game.add("a", BUY, 9, 104)
    assert takes(game.sell(7, 104, least=1)) == [(104, 7)]
    assert game.now.phase == Phase.CONTINUOUS


def test_what_we_have_eaten_is_outside_nothing(new: New) -> None:
    game = new(FROZEN, band_action=INTERRUPT)
    game.add("a", BUY, 14, 111)
    game.sell(14, 111)
    game.add("b", BUY, 13, 108)
    game.band(90, 110)
    assert takes(game.sell(1, tif=Tif.FOK)) == [(108, 1)]


def test_half_ticks_outside_the_band_interrupt_too(new: New) -> None:
    game = banded(new, INTERRUPT)
    game.buy(1, 105)
    game.sell(1, 116)
    game.sell(2, type=OrderType.PEG_MIDPOINT)
    assert game.now.dark[SELL] == [(3, 221, 2, 0)]
    game.buy(2, 112)
    assert game.now.phase == Phase.VOLATILITY_CALL


def test_orders_parked_for_a_call_join_an_interrupted_book(new: New) -> None:
    game = banded(new, INTERRUPT)
    game.sell(2, 111)
    game.sell(4, 100, tif=Tif.AUCTION)
    game.sell(4, 100, tif=Tif.AT_CLOSE)
    outcome = game.buy(3, 111)
    assert game.shows(SELL) == [(100, "4*2"), (111, "2*1")]
    assert [each[0] for each in news(outcome)] == ["ADD", "PHASE", "ADD"]
    outcome = game.phase(Phase.CONTINUOUS)
    assert makes(outcome) == [(4, 100, 3), (2, 100, 3)]
    assert expired(outcome) == [(2, 1, Reason.AUCTION_OVER)]


def test_history_is_bound_by_no_band(new: New) -> None:
    game = banded(new, INTERRUPT)
    game.buy(3, 120)
    assert makes(game.add("a", SELL, 2, 115)) == [(1, 120, 2)]
    assert game.now.phase == Phase.CONTINUOUS


def test_without_a_band_nothing_is_outside(new: New) -> None:
    game = new(band_action=INTERRUPT)
    game.sell(2, 1_000_000)
    assert takes(game.buy(2)) == [(1_000_000, 2)]
    assert len(fills(game.buy(2))) == 0
