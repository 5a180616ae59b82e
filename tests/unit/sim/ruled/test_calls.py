"""Calls: how they are joined and crossed, who is filled, and what ends with them."""

from collections.abc import Callable

import pytest

from market.codes import Kind, OrderType, Phase, Reason
from market.codes import TimeInForce as Tif
from market.messages import NO_PRICE
from sim.reference.ruled import RuledBook
from sim.venue_rules.auction_policy import AuctionPolicy, OutsideBand
from tests.unit.sim.ruled.game import BUY, FROZEN, SELL, Game, expired, fills, makes, news

New = Callable[..., Game]
OPENING, CLOSING, INTRADAY = Phase.OPENING_CALL, Phase.CLOSING_CALL, Phase.INTRADAY_CALL
VOLATILITY, CONTINUOUS, HALT = Phase.VOLATILITY_CALL, Phase.CONTINUOUS, Phase.HALT
MTL, STRIKE, MIDPOINT = OrderType.MARKET_TO_LIMIT, OrderType.STRIKE_MATCH, OrderType.PEG_MIDPOINT
CALLS = [phase for phase in Phase if phase.is_call]


def in_call(new: New, phase: Phase = OPENING, **rules: object) -> Game:
    game = new(**rules)
    game.phase(phase)
    return game


# Joining.


@pytest.mark.parametrize(
    ("tif", "calls"),
    [(Tif.AT_OPEN, [OPENING]), (Tif.AT_CLOSE, [CLOSING]), (Tif.AUCTION, CALLS)],
)
def test_orders_for_calls_are_parked_until_theirs(new: New, tif: Tif, calls: list[Phase]) -> None:
    for call in CALLS:
        game = in_call(new, Phase.PRE_OPEN)
        outcome = game.buy(5, 100, tif=tif)
        assert (outcome.messages, game.now.dormant) == ([], [(1, 5, 0)])
        outcome = game.phase(call)
        joined = [("ADD", 100, 5, 5)] if call in calls else []
        assert news(outcome)[1:] == joined
        assert (game.now.dormant == []) == (call in calls)


def test_an_order_that_is_sent_in_its_call_joins_at_once(new: New) -> None:
    game = in_call(new, CLOSING)
    game.buy(5, 100, tif=Tif.AT_CLOSE)
    game.buy(6, tif=Tif.AUCTION)
    assert (game.shows(BUY), game.now.waiting[BUY]) == ([(100, "5*1")], [(2, 6)])


def test_parked_orders_join_in_the_order_of_their_entry(new: New) -> None:
    game = new()
    for lots in (1, 2, 3):
        game.buy(lots, 100, tif=Tif.AUCTION)
    game.replace(1, 9, 100)
    game.phase(INTRADAY)
    assert game.shows(BUY) == [(100, "9*1 2*2 3*3")]


@pytest.mark.parametrize("phase", CALLS)
def test_nothing_matches_in_a_call(new: New, phase: Phase) -> None:
    game = in_call(new, phase)
    game.add("a", SELL, 5, 100)
    assert fills(game.buy(5, 101)) == []
    assert fills(game.sell(5, 99)) == []
    assert makes(game.add("b", BUY, 5, 102)) == []


# Uncrossing.


def test_the_price_of_a_call_fills_all_at_one_price_and_is_published_first(new: New) -> None:
    game = in_call(new)
    game.buy(5, 102)
    game.buy(4, 101)
    game.sell(6, 99)
    game.add("a", SELL, 2, 100)
    outcome = game.phase(CONTINUOUS)
    assert fills(outcome) == [
        (1, 101, 5, 0, "A"),
        (2, 101, 3, 1, "A"),
        (3, 101, 6, 0, "A"),
    ]
    assert [tuple(each) for each in outcome.messages] == [
        (Kind.CROSS, -1, 0, 202, 8, 0),
        (Kind.DELETE, -1, BUY, 102, 5, 0),
        (Kind.REDUCE, -1, BUY, 101, 3, 1),
        (Kind.DELETE, -1, SELL, 99, 6, 0),
        (Kind.DELETE, 0, SELL, 100, 2, 0),
        (Kind.PHASE, -1, 0, 0, CONTINUOUS, 0),
    ]
    assert game.now.reference_x2 == 202


def test_historical_orders_that_fill_keep_what_the_tape_says(new: New) -> None:
    game = in_call(new)
    game.add("a", SELL, 5, 100)
    game.add("b", SELL, 5, 100)
    game.buy(7, 100)
    game.phase(CONTINUOUS)
    assert game.shows(SELL) == [(100, "3b")]
    assert game.now.spent == {0: 5}
    ((_, _, (left,)),) = game.now.levels[SELL]
    assert (left.live, left.tape) == (3, 5)


def test_market_orders_come_first_then_prices_then_the_displayed_then_the_dark(new: New) -> None:
    game = in_call(new)
    game.buy(2, 101, hidden=True)
    game.buy(2, 100, hidden=True)
    game.buy(2, 100)
    game.buy(2)
    game.sell(7, 100)
    game.reference(100)
    assert fills(game.phase(HALT)) == []
    game.phase(VOLATILITY)
    outcome = game.phase(CONTINUOUS)
    assert [each[:4:2] for each in fills(outcome)] == [(4, 2), (3, 2), (1, 2), (2, 1), (5, 7)]


def test_an_iceberg_takes_part_with_all_it_has_and_loses_its_peak_first(new: New) -> None:
    for sold, messages, shown in (
        (2, [("REDUCE", 100, 2, 1)], "1*1"),
        (3, [("DELETE", 100, 3, 0), ("ADD", 100, 3, 3)], "3*1"),
        (8, [("DELETE", 100, 3, 0), ("ADD", 100, 2, 2)], "2*1"),
        (10, [("DELETE", 100, 3, 0)], ""),
    ):
        game = in_call(new)
        game.buy(10, 100, display=3)
        game.sell(sold, hidden=False)
        outcome = game.phase(CONTINUOUS)
        assert fills(outcome)[0] == (1, 100, sold, 10 - sold, "A")
        assert news(outcome)[1:-1] == messages
        assert game.shows(BUY) == ([(100, shown)] if shown else [])


def test_a_new_peak_after_a_call_stands_at_the_back(new: New) -> None:
    game = in_call(new)
    game.buy(10, 100, display=3)
    game.buy(10, 100)
    game.sell(4, 100)
    game.phase(CONTINUOUS)
    assert game.shows(BUY) == [(100, "10*2 3*1")]


def test_a_dark_half_tick_takes_part_towards_its_own_side(new: New) -> None:
    game = new()
    game.buy(1, 97)
    game.sell(1, 104)
    game.sell(5, type=MIDPOINT)
    assert game.now.dark[SELL] == [(3, 201, 5, 0)]
    game.phase(INTRADAY)
    game.buy(5, 101)
    outcome = game.phase(CLOSING)
    assert fills(outcome) == [(4, 101, 5, 0, "A"), (3, 101, 5, 0, "A")]


def test_isolated_midpoints_take_no_part(new: New) -> None:
    game = new(mid_isolated=True)
    game.buy(1, 97)
    game.sell(1, 104)
    game.sell(5, type=MIDPOINT)
    game.phase(INTRADAY)
    game.buy(5, 101)
    assert fills(game.phase(CLOSING)) == []


def test_minima_hold_in_a_call(new: New) -> None:
    game = in_call(new)
    game.buy(9, 101, least=6)
    game.sell(5, 100)
    assert fills(game.phase(CONTINUOUS)) == []
    assert game.is_open(1)


def test_a_strike_match_order_trades_at_its_strike_or_better_only(new: New) -> None:
    for strike, lots in ((100, 5), (101, 0)):
        game = in_call(new, CLOSING)
        game.buy(5, type=STRIKE, stop=strike, tif=Tif.AT_CLOSE)
        game.sell(9, 100)
        outcome = game.phase(Phase.CLOSED)
        assert sum(filled for _, _, filled in makes(outcome)) == 2 * lots
        assert expired(outcome) == ([] if lots else [(1, 5, Reason.AUCTION_OVER)])


def test_an_indication_is_what_the_call_would_print_and_changes_nothing() -> None:
    # Only the specification has it as a method; the compiled one is asked through its world.
    game = Game(RuledBook)
    game.phase(OPENING)
    for name, terms in (("none", {}), ("some", {"least": 4})):
        game.buy(9, 101, **terms)
        before = game.book.digest()
        outcome = game.book.indicate()
        assert [tuple(each) for each in outcome.messages] == [
            (Kind.INDICATION, -1, 0, *((NO_PRICE, 0, 0) if name == "none" else (101, 5, 13)))
        ]
        assert game.book.digest() == before
        game.sell(5, 100)
    # The last lot would go to the second buy, which wants four: it leaves, and sells are left over.
    assert game.book.indicate().messages[0][3:] == (100, 9, -1)
    assert news(game.phase(CONTINUOUS))[0] == ("CROSS", 200, 9, 0)


def test_a_frozen_indication_has_no_price() -> None:
    game = Game(RuledBook, FROZEN)
    game.phase(OPENING)
    game.buy(9, 101)
    game.sell(9, 101)
    assert news(game.book.indicate()) == [("INDICATION", NO_PRICE, 0, 0)]


# What ends with a call.


def test_what_was_for_the_call_expires_in_its_order(new: New) -> None:
    game = in_call(new)
    game.sell(1, 105, tif=Tif.AUCTION)
    game.sell(1, 106, tif=Tif.AT_OPEN)
    game.buy(3, 100, tif=Tif.AT_OPEN)
    game.buy(2, type=STRIKE, stop=110, tif=Tif.AUCTION)
    game.buy(4, 99)
    outcome = game.phase(CONTINUOUS)
    assert expired(outcome) == [
        (4, 2, Reason.AUCTION_OVER),
        (3, 3, Reason.AUCTION_OVER),
        (1, 1, Reason.AUCTION_OVER),
        (2, 1, Reason.AUCTION_OVER),
    ]
    assert [each[:2] for each in news(outcome)[:-1]] == [
        *(("DELETE", 100), ("DELETE", 105), ("DELETE", 106)),
    ]
    assert game.shows(BUY) == [(99, "4*5")]


@pytest.mark.parametrize("keeps", [False, True])
def test_market_orders_that_a_print_left_over(new: New, keeps: bool) -> None:
    game = in_call(new, INTRADAY, market_after_call=keeps)
    game.buy(5)
    game.sell(3, 100)
    outcome = game.phase(INTRADAY)
    assert fills(outcome) == [(1, 100, 3, 2, "A"), (2, 100, 3, 0, "A")]
    assert expired(outcome) == ([] if keeps else [(1, 2, Reason.NO_LIQUIDITY)])
    assert game.is_open(1) == keeps


def test_market_to_limit_becomes_a_limit_at_the_print(new: New) -> None:
    game = in_call(new)
    game.buy(5)
    game.buy(4, type=MTL)
    game.sell(6, 100)
    outcome = game.phase(INTRADAY)
    assert fills(outcome)[1] == (2, 100, 1, 3, "A")
    assert news(outcome)[-2:] == [("ADD", 100, 3, 3), ("PHASE", 0, INTRADAY, 0)]
    assert game.shows(BUY) == [(100, "3*2")]


@pytest.mark.parametrize(
    ("keeps", "after", "waits"),
    [(False, CONTINUOUS, False), (False, INTRADAY, True), (True, Phase.CLOSED, True)],
)
def test_market_orders_without_a_print(new: New, keeps: bool, after: Phase, waits: bool) -> None:
    game = in_call(new, market_after_call=keeps)
    game.buy(5)
    game.buy(4, type=MTL)
    outcome = game.phase(after)
    assert expired(outcome) == (
        [] if waits else [(1, 5, Reason.NO_LIQUIDITY), (2, 4, Reason.NO_LIQUIDITY)]
    )
    assert game.is_open(1) == waits


def test_a_halt_breaks_a_call_off_and_its_orders_go_on_in_the_next(new: New) -> None:
    game = in_call(new)
    game.buy(5, 101, tif=Tif.AUCTION)
    game.sell(5, 100)
    assert fills(game.phase(HALT)) == []
    assert game.shows(BUY) == [(101, "5*1")]
    game.phase(Phase.HALT_CALL)
    assert len(fills(game.phase(CONTINUOUS))) == 2


def test_orders_of_a_call_that_never_came_to_an_end_expire_when_trading_begins(new: New) -> None:
    game = in_call(new)
    game.buy(5, 101, tif=Tif.AUCTION)
    game.sell(5, tif=Tif.AT_OPEN)
    game.sell(5, 100)
    game.phase(HALT)
    outcome = game.phase(CONTINUOUS)
    assert expired(outcome) == [(1, 5, Reason.AUCTION_OVER), (2, 5, Reason.AUCTION_OVER)]
    assert [each[0] for each in news(outcome)] == ["PHASE", "DELETE"]
    assert fills(outcome) == []


def test_a_periodic_auction_crosses_every_time_it_is_set(new: New) -> None:
    game = in_call(new, INTRADAY)
    game.buy(5, 100)
    game.sell(3, 100)
    assert fills(game.phase(INTRADAY)) == [(1, 100, 3, 2, "A"), (2, 100, 3, 0, "A")]
    game.sell(2, 100)
    assert fills(game.phase(INTRADAY)) == [(1, 100, 2, 0, "A"), (3, 100, 2, 0, "A")]


# Bands.


def test_a_call_that_would_print_outside_the_band_goes_on_with_everybody(new: New) -> None:
    game = in_call(new, call_extends=True)
    game.band(90, 99)
    game.buy(5, 101, tif=Tif.AT_OPEN)
    game.buy(5, type=MTL)
    game.sell(5, 101, tif=Tif.AUCTION)
    outcome = game.phase(Phase.CLOSED)
    assert (fills(outcome), expired(outcome)) == ([], [])
    assert game.now.phase == VOLATILITY
    game.band(90, 101)
    outcome = game.phase(CONTINUOUS)
    assert [each[:3] for each in fills(outcome)] == [(2, 101, 5), (3, 101, 5)]
    assert expired(outcome) == [(1, 5, Reason.AUCTION_OVER)]


def test_without_extension_a_call_outside_the_band_just_ends(new: New) -> None:
    game = in_call(new)
    game.band(90, 99)
    game.buy(5, 101, tif=Tif.AT_OPEN)
    game.sell(5, 101)
    outcome = game.phase(CONTINUOUS)
    assert fills(outcome) == []
    assert expired(outcome) == [(1, 5, Reason.AUCTION_OVER)]
    assert game.now.phase == CONTINUOUS


def test_a_policy_may_move_the_print_into_the_band(new: New) -> None:
    game = in_call(new, auction=AuctionPolicy(outside_band=OutsideBand.RESTRICT))
    game.band(None, 99)
    game.buy(5, 101)
    game.sell(5, 98)
    assert fills(game.phase(CONTINUOUS))[0][:3] == (1, 99, 5)


# Afterwards.


def test_the_print_triggers_stops_once_trading_begins(new: New) -> None:
    game = in_call(new)
    game.buy(1, type=OrderType.STOP, stop=101)
    game.buy(5, 101)
    game.sell(5, 101)
    game.add("a", SELL, 5, 103)
    outcome = game.phase(CONTINUOUS)
    assert fills(outcome)[-1] == (1, 103, 1, 0, "T")


def test_what_still_crosses_after_a_call_is_swept(new: New) -> None:
    game = in_call(new)
    game.band(90, 99)
    game.buy(5, 101)
    game.add("a", SELL, 3, 101)
    outcome = game.phase(CONTINUOUS)
    assert fills(outcome) == [(1, 101, 3, 2, "T")]
