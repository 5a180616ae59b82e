"""Pegs: where they stand, when they move or sleep, and midpoints that meet only each other."""

from collections.abc import Callable

import pytest

from market.codes import BandAction, Kind, Mode, OrderType, Phase, Reason, ReportType, SelfTrade
from market.codes import TimeInForce as Tif
from tests.unit.sim.ruled.game import (
    BUY,
    FROZEN,
    REACTIVE,
    SELL,
    Game,
    expired,
    fills,
    makes,
    news,
    takes,
)

New = Callable[..., Game]
PRIMARY, MIDPOINT, MARKET_PEG = OrderType.PEG_PRIMARY, OrderType.PEG_MIDPOINT, OrderType.PEG_MARKET


def quoted(game: Game, bid: int = 100, ask: int = 105) -> Game:
    """Historical orders a and b make the best prices."""
    game.add("a", BUY, 9, bid)
    game.add("b", SELL, 9, ask)
    return game


@pytest.mark.parametrize(
    ("side", "order_type", "terms", "price_x2"),
    [
        (BUY, PRIMARY, {}, 200),
        (SELL, PRIMARY, {}, 210),
        (BUY, PRIMARY, {"offset": 2}, 196),
        (SELL, PRIMARY, {"offset": 2}, 214),
        (BUY, MARKET_PEG, {"offset": 1}, 208),
        (SELL, MARKET_PEG, {"offset": 3}, 206),
        (BUY, MIDPOINT, {}, 205),
        (SELL, MIDPOINT, {}, 205),
        (BUY, MIDPOINT, {"price": 101}, 202),
        (SELL, MIDPOINT, {"price": 104}, 208),
        (BUY, PRIMARY, {"price": 99}, 198),
        (SELL, MARKET_PEG, {"price": 104, "offset": 1}, 208),
    ],
)
def test_effective_prices_of_pegs(
    new: New, side: object, order_type: OrderType, terms: dict[str, int], price_x2: int
) -> None:
    game = quoted(new())
    fields = dict(terms)
    game.send(side, 3, fields.pop("price", None), type=order_type, **fields)
    if order_type == MIDPOINT:
        assert game.now.dark[side] == [(1, price_x2, 3, 0)]
    else:
        assert (price_x2 // 2, "3*1") in [
            (price, text.split()[-1]) for price, text in game.shows(side)
        ]


def test_a_peg_that_follows_the_other_side_closely_takes_it(new: New) -> None:
    game = quoted(new())
    assert takes(game.buy(3, type=MARKET_PEG, hidden=True)) == [(105, 3)]
    assert game.shows(SELL) == [(105, "6b")]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_peg_moves_with_the_best_price_and_is_published_as_gone_and_new(
    new: New, mode: Mode
) -> None:
    game = quoted(new(mode))
    game.buy(3, type=PRIMARY)
    outcome = game.add("c", BUY, 4, 102)
    assert game.shows(BUY) == [(102, "4c 3*1"), (100, "9a")]
    if mode == REACTIVE:
        assert news(outcome)[1:] == [("DELETE", 100, 3, 9), ("ADD", 102, 3, 7)]
    outcome = game.row(Kind.DELETE, "c", 4)
    assert game.shows(BUY) == [(100, "9a 3*1")]
    assert outcome.reports == []


def test_pegs_do_not_follow_pegs(new: New) -> None:
    game = quoted(new())
    game.buy(3, type=MARKET_PEG, offset=1)
    game.buy(3, type=PRIMARY)
    assert game.shows(BUY) == [(104, "3*1"), (100, "9a 3*2")]
    assert game.now.looked == (100, 105)


def test_a_peg_follows_our_own_orders_that_are_displayed(new: New) -> None:
    game = quoted(new())
    game.buy(3, type=PRIMARY)
    game.buy(1, 103, hidden=True)
    assert game.shows(BUY) == [(100, "9a 3*1")]
    game.buy(1, 101)
    assert game.shows(BUY) == [(101, "1*3 3*1"), (100, "9a")]


def test_a_peg_sleeps_without_both_sides_and_wakes_with_them(new: New) -> None:
    game = new()
    game.add("a", BUY, 9, 100)
    game.sell(3, type=MIDPOINT)
    assert game.now.dormant == [(1, 3, 0)]
    game.add("b", SELL, 9, 103)
    assert game.now.dark[SELL] == [(1, 203, 3, 0)]
    game.row(Kind.DELETE, "a", 9)
    assert game.now.dormant == [(1, 3, 0)]
    assert game.now.looked is None


def test_a_peg_sleeps_while_the_best_prices_are_crossed(new: New) -> None:
    game = quoted(new(FROZEN))
    game.buy(3, type=PRIMARY)
    game.row(Kind.REVEAL, "c", 1, side=SELL, price=100)
    assert game.now.dormant == [(1, 3, 0)]


def test_pegs_that_are_sent_while_nothing_matches_sleep_until_it_does(new: New) -> None:
    game = quoted(new())
    game.phase(Phase.HALT)
    game.buy(3, type=PRIMARY)
    assert game.now.dormant == [(1, 3, 0)]
    game.phase(Phase.CONTINUOUS)
    assert game.shows(BUY) == [(100, "9a 3*1")]


def test_moved_pegs_arrive_in_the_order_of_their_entry(new: New) -> None:
    game = quoted(new())
    for lots in (1, 2, 3):
        game.buy(lots, type=PRIMARY)
    game.replace(1, 4)
    assert game.shows(BUY) == [(100, "9a 2*2 3*3 4*1")]
    game.add("c", BUY, 1, 101)
    assert game.shows(BUY)[0] == (101, "1c 2*2 3*3 4*1")


def test_a_peg_that_moves_may_trade_and_move_the_others(new: New) -> None:
    game = quoted(new(), 100, 110)
    game.sell(2, 107, hidden=True)
    game.buy(3, type=PRIMARY)
    outcome = game.add("c", BUY, 1, 108)
    # The new bid takes one hidden lot and is gone; the peg has nothing new to follow.
    assert makes(outcome) == [(1, 107, 1)]
    game.add("d", BUY, 2, 108)
    assert game.shows(BUY)[0] == (108, "1d 3*2")


def test_pegs_trade_among_themselves_when_they_meet(new: New) -> None:
    game = quoted(new())
    game.buy(3, type=MIDPOINT)
    outcome = game.sell(2, type=MIDPOINT)
    assert fills(outcome) == [(1, 102.5, 2, 1, "H"), (2, 102.5, 2, 0, "T")]
    assert [tuple(each) for each in outcome.messages] == [(Kind.TRADE, -1, SELL, 205, 2, 0)]


def test_a_print_between_price_units_is_rounded_down(new: New) -> None:
    game = quoted(new(tick_units=1))
    game.buy(3, type=MIDPOINT)
    assert news(game.sell(2, type=MIDPOINT)) == [("TRADE", 102, 2, 0)]


def test_a_limit_order_that_reaches_the_middle_meets_a_midpoint_peg(new: New) -> None:
    game = quoted(new())
    game.sell(3, type=MIDPOINT)
    assert takes(game.buy(2, 102, tif=Tif.IOC)) == []
    assert takes(game.buy(2, 103)) == [(102.5, 2)]


def test_ioc_pegs_take_what_is_there_and_expire(new: New) -> None:
    game = quoted(new())
    game.sell(3, type=MIDPOINT)
    outcome = game.buy(5, type=MIDPOINT, tif=Tif.IOC)
    assert takes(outcome) == [(102.5, 3)]
    assert expired(outcome) == [(2, 2, Reason.IOC_REMAINDER)]


def test_a_peg_is_reported_by_its_limit_and_not_by_where_it_stands(new: New) -> None:
    game = quoted(new())
    game.buy(3, type=PRIMARY)
    game.buy(3, 103, type=PRIMARY)
    assert game.cancel(1).reports[0].price_ticks == 0
    assert game.cancel(2).reports[0].price_ticks == 103


def test_a_peg_keeps_its_place_when_it_gets_smaller_or_its_limit_does_not_change(new: New) -> None:
    game = quoted(new())
    game.buy(3, 104, type=PRIMARY)
    game.buy(3, type=PRIMARY)
    assert news(game.replace(1, 2, 104)) == [("REPLACE", 100, 2, 14)]
    assert game.shows(BUY) == [(100, "9a 2*1 3*2")]
    game.replace(1, 2, 99)
    assert game.shows(BUY) == [(100, "9a 3*2"), (99, "2*1")]
    game.replace(1, 2)
    assert game.shows(BUY) == [(100, "9a 3*2 2*1")]


# Another book's prices.


def test_pegs_follow_the_book_that_the_rules_name(new: New) -> None:
    other = quoted(new(), 200, 203)
    game = quoted(new(follows=other))
    game.buy(3, type=MIDPOINT)
    assert game.now.dark[BUY] == []  # it took b, whose price is far better
    game.sell(3, type=MIDPOINT)
    assert game.now.dark[SELL] == [(2, 403, 3, 0)]
    other.add("c", SELL, 1, 202)
    assert game.now.dark[SELL] == [(2, 403, 3, 0)]
    game.follow()
    assert game.now.dark[SELL] == [(2, 402, 3, 0)]
    assert game.now.looked == (200, 202)


def test_a_book_without_pegs_looks_at_nothing(new: New) -> None:
    game = quoted(new())
    game.buy(3, type=PRIMARY)
    game.cancel(1)
    game.add("c", BUY, 4, 102)
    assert game.now.looked == (100, 105)


# Rounds.


def test_there_are_at_most_four_rounds_and_the_next_command_goes_on(new: New) -> None:
    game = new()
    game.buy(1, 90)
    for price in range(101, 111):
        game.sell(1, price)
    # It follows the ask, takes it, and follows the next one.
    outcome = game.buy(20, type=MARKET_PEG, hidden=True)
    assert [price for price, _ in takes(outcome)] == [101, 102, 103, 104, 105]
    assert game.now.looked == (90, 105)
    assert [price for price, _ in takes(game.band(None, None))] == [106, 107, 108, 109]
    assert [price for price, _ in takes(game.cancel(99))] == [110]
    assert game.now.dormant == [(12, 10, 0)]


def test_pegs_and_stops_set_each_other_off(new: New) -> None:
    game = new()
    game.buy(1, 90)
    for price in (101, 102, 103, 104):
        game.sell(1, price)
    game.buy(1, type=OrderType.STOP, stop=102)
    outcome = game.buy(3, type=MARKET_PEG, hidden=True)
    # The peg takes 101, then 102; the stop takes 103 before the peg follows to 104.
    assert takes(outcome) == [(101, 1), (102, 1), (103, 1), (104, 1)]
    assert [order_id for order_id, _, _, _, word in fills(outcome) if word == "T"] == [7, 7, 6, 7]


def test_pegs_sleep_when_one_of_them_interrupts_the_book(new: New) -> None:
    game = new(band_action=BandAction.INTERRUPT)
    game.band(80, 102)
    game.buy(1, 90)
    for price in (101, 104):
        game.sell(1, price)
    game.sell(5, 103, hidden=True)
    for _ in range(2):
        game.buy(2, type=MARKET_PEG, offset=1)
    assert game.shows(BUY)[0] == (100, "2*5 2*6")
    outcome = game.buy(1, 101)
    assert game.now.phase == Phase.VOLATILITY_CALL
    assert game.shows(BUY) == [(103, "2*5"), (90, "1*1")]
    assert game.now.dormant == [(6, 2, 0)]
    assert [each[0] for each in news(outcome)] == [
        *("EXECUTE", "DELETE", "DELETE"),
        *("ADD", "PHASE"),
    ]


# Isolated midpoints.


def isolated(new: New, **rules: object) -> Game:
    return quoted(new(mid_isolated=True, **rules), 197, 202)


def test_isolated_midpoints_meet_nobody_else(new: New) -> None:
    game = isolated(new)
    game.buy(5, type=MIDPOINT)
    assert makes(game.sell(3, 198)) == []
    game.cancel(2)
    assert makes(game.add("c", SELL, 3, 198)) == []
    game.row(Kind.DELETE, "c", 3)
    assert makes(game.execute("a", 9)) == []
    assert game.is_open(1)


def test_isolated_midpoints_of_one_owner_are_passed_over(new: New) -> None:
    game = isolated(new)
    game.buy(5, type=MIDPOINT, owner=1)
    game.buy(5, type=MIDPOINT, owner=2)
    outcome = game.sell(7, type=MIDPOINT, owner=1, self_trade=int(SelfTrade.CANCEL_BOTH))
    assert fills(outcome) == [(2, 199.5, 5, 0, "H"), (3, 199.5, 5, 2, "T")]
    assert expired(outcome) == []
    assert game.now.dark[SELL] == [(3, 399, 2, 0)]


def test_the_lack_of_a_minimum_is_taken_back_from_the_latest_first(new: New) -> None:
    game = isolated(new)
    game.buy(4, type=MIDPOINT, least=3)
    game.buy(4, type=MIDPOINT)
    game.buy(9, type=MIDPOINT, least=6)
    outcome = game.sell(10, type=MIDPOINT)
    assert makes(outcome) == [(1, 199.5, 3), (2, 199.5, 1), (3, 199.5, 6)]


def test_a_minimum_that_is_just_met_takes_nothing_back(new: New) -> None:
    game = isolated(new)
    game.buy(9, type=MIDPOINT, least=6)
    assert makes(game.sell(6, type=MIDPOINT)) == [(1, 199.5, 6)]


def test_isolated_midpoints_meet_only_where_their_limits_do(new: New) -> None:
    game = isolated(new)
    game.buy(5, type=MIDPOINT)
    game.buy(5, 199, type=MIDPOINT)
    assert makes(game.sell(9, type=MIDPOINT)) == [(1, 199.5, 5)]
    assert makes(game.buy(9, 200, type=MIDPOINT)) == [(3, 199.5, 4)]
    assert [each[:2] for each in game.now.dark[BUY]] == [(4, 399), (2, 398)]


def test_a_minimum_that_nobody_can_make_good_gets_nothing(new: New) -> None:
    game = isolated(new)
    game.buy(4, type=MIDPOINT, least=3)
    game.buy(9, type=MIDPOINT, least=9)
    game.buy(2, type=MIDPOINT)
    outcome = game.sell(8, type=MIDPOINT)
    assert makes(outcome) == [(1, 199.5, 4), (3, 199.5, 2)]


def test_an_isolated_peg_that_would_get_too_little_does_not_trade(new: New) -> None:
    game = isolated(new)
    game.buy(4, type=MIDPOINT)
    refused = game.sell(9, type=MIDPOINT, least=5, tif=Tif.IOC).reports[0]
    assert (refused.reason, refused.figure) == (Reason.BELOW_MINIMUM, 4)
    outcome = game.sell(9, type=MIDPOINT, least=5)
    assert [each.type for each in outcome.reports] == [ReportType.ACCEPTED]
    assert game.now.dark[SELL] == [(3, 399, 9, 5)]


def test_isolated_midpoints_outside_a_band_neither_trade_nor_interrupt(new: New) -> None:
    game = isolated(new, band_action=BandAction.INTERRUPT)
    game.band(200, 210)
    game.buy(4, type=MIDPOINT)
    assert fills(game.sell(4, type=MIDPOINT)) == []
    assert game.now.phase == Phase.CONTINUOUS
