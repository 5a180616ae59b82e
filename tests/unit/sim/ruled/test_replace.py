"""Replace, cancel and expire, wherever an order is."""

from collections.abc import Callable

import pytest

from market.codes import BandAction, Mode, OrderType, Phase, PostOnly, Reason, ReportType
from market.codes import TimeInForce as Tif
from tests.unit.sim.ruled.game import BUY, SELL, Game, expired, news, refusal, takes

New = Callable[..., Game]
STOP, STOP_LIMIT = OrderType.STOP, OrderType.STOP_LIMIT
FAR = (1 << 40) + 1


def test_the_checks_of_a_replace_and_their_figures(new: New) -> None:
    game = new()
    game.buy(5, 100)
    assert refusal(game.replace(9, 0, FAR)) == (Reason.UNKNOWN_ORDER, 0)
    assert refusal(game.replace(1, 0, FAR)) == (Reason.BAD_QTY, 1 << 40)
    assert refusal(game.replace(1, 5, FAR)) == (Reason.BAD_PRICE, 1 << 40)
    assert refusal(game.replace(1, 5)) == (Reason.BAD_PRICE, 1 << 40)
    game.phase(Phase.CLOSED)
    assert refusal(game.replace(1, 5, 100)) == (Reason.CLOSED, Phase.CLOSED)


@pytest.mark.parametrize("edge", [1, 1 << 40])
def test_the_bounds_themselves_are_allowed(new: New, edge: int) -> None:
    game = new()
    assert game.buy(edge, -edge).reports[0].type == ReportType.ACCEPTED
    report = game.replace(1, edge, edge).reports[0]
    assert (report.type, report.price_ticks, report.qty_lots) == (ReportType.REPLACED, edge, edge)


def test_a_refused_replace_names_what_was_sent_and_what_is_open(new: New) -> None:
    game = new()
    game.buy(5, 100, display=2)
    report = game.replace(1, 0).reports[0]
    assert tuple(report) == (
        *(ReportType.REPLACE_REJECTED, 1, 0, 0, 5, Reason.BAD_QTY, 0),
        *(1 << 40, 0),
    )


def test_post_only_is_looked_at_when_the_price_changes(new: New) -> None:
    game = new()
    game.add("a", SELL, 5, 100)
    game.buy(5, 90, post=PostOnly.REJECT)
    assert refusal(game.replace(1, 5, 101)) == (Reason.WOULD_CROSS, 100)
    assert game.replace(1, 9, 90).reports[0].type == ReportType.REPLACED


def test_a_sliding_order_slides_when_its_price_changes(new: New) -> None:
    game = new()
    game.add("a", SELL, 5, 100)
    game.buy(5, 90, post=PostOnly.SLIDE)
    report = game.replace(1, 5, 105).reports[0]
    assert (report.type, report.price_ticks) == (ReportType.REPLACED, 99)
    assert news(game.replace(1, 4, 105)) == [("REPLACE", 99, 4, 4)]


def test_a_band_refuses_or_clamps_a_replacement(new: New) -> None:
    for action in (BandAction.REJECT, BandAction.CLAMP):
        game = new(band_action=action)
        game.buy(5, 100)
        game.buy(5, 100, type=STOP_LIMIT, stop=99)
        game.band(90, 110)
        if action == BandAction.REJECT:
            assert refusal(game.replace(1, 5, 111)) == (Reason.OUTSIDE_BAND, 110)
            assert refusal(game.replace(2, 5, 89)) == (Reason.OUTSIDE_BAND, 90)
        else:
            assert game.replace(1, 5, 111).reports[0].price_ticks == 110
            assert game.replace(2, 5, 111).reports[0].price_ticks == 111


def test_an_iceberg_may_not_grow_beyond_a_thousand_peaks(new: New) -> None:
    game = new()
    game.buy(1_000, 100, display=2)
    assert refusal(game.replace(1, 2_001, 100)) == (Reason.BAD_DISPLAY, 3)
    game.replace(1, 2_000, 100)
    assert game.now.reserves == {1: 1_998}


def test_in_place_an_icebergs_reserve_goes_first_and_its_peak_stays_quiet(new: New) -> None:
    game = new()
    game.buy(10, 100, display=3)
    game.buy(1, 100)
    outcome = game.replace(1, 5, 100)
    assert (news(outcome), game.now.reserves) == ([], {1: 2})
    assert news(game.replace(1, 2, 100)) == [("REPLACE", 100, 2, 3)]
    assert game.shows(BUY) == [(100, "2*1 1*2")]


def test_peaks_are_never_more_than_the_order(new: New) -> None:
    game = new()
    game.buy(10, 100, display=5)
    game.replace(1, 2, 100)
    game.replace(1, 8, 101)
    assert game.shows(BUY) == [(101, "2*1")]
    assert game.now.reserves == {1: 6}


@pytest.mark.parametrize("mode", list(Mode))
def test_growth_and_a_new_price_lose_the_place_and_trade(new: New, mode: Mode) -> None:
    game = new(mode)
    game.add("a", SELL, 4, 101)
    game.buy(5, 100)
    game.buy(5, 100)
    game.replace(1, 6, 100)
    assert game.shows(BUY) == [(100, "5*2 6*1")]
    assert takes(game.replace(2, 5, 101)) == [(101, 4)]
    assert game.shows(BUY) == [(101, "1*2"), (100, "6*1")]


def test_a_hidden_order_keeps_its_place_when_it_gets_smaller(new: New) -> None:
    game = new()
    game.buy(5, 100, hidden=True)
    game.buy(5, 100, hidden=True)
    assert game.replace(1, 4, 100).messages == []
    assert [each[0] for each in game.now.dark[BUY]] == [1, 2]
    game.replace(1, 5, 100)
    assert [each[0] for each in game.now.dark[BUY]] == [2, 1]


def test_minima_are_cut_and_follow_all_or_none(new: New) -> None:
    game = new()
    game.buy(9, 100, least=6)
    game.buy(9, 100, aon=True)
    game.replace(1, 4, 100)
    game.replace(2, 4, 100)
    assert game.now.dark[BUY] == [(1, 200, 4, 4), (2, 200, 4, 4)]
    game.replace(1, 7, 100)
    game.replace(2, 7, 100)
    assert game.now.dark[BUY] == [(1, 200, 7, 4), (2, 200, 7, 7)]


def test_a_larger_all_or_none_order_trades_once_it_finds_enough(new: New) -> None:
    game = new()
    game.buy(3, 99, aon=True)
    game.add("a", SELL, 5, 100)
    assert takes(game.replace(1, 6, 100)) == []
    assert takes(game.replace(1, 5, 101)) == [(100, 5)]


def test_dormant_orders_change_in_place(new: New) -> None:
    game = new()
    game.buy(5, type=STOP, stop=110)
    game.buy(5, 112, type=STOP_LIMIT, stop=110)
    game.buy(5, tif=Tif.AUCTION)
    report = game.replace(1, 9, FAR).reports[0]
    assert (report.type, report.price_ticks, report.leaves_lots) == (ReportType.REPLACED, 0, 9)
    assert game.replace(2, 9, 113).reports[0].price_ticks == 113
    assert game.replace(3, 9, 5).reports[0].price_ticks == 0
    assert game.now.dormant == [(1, 9, 220), (2, 9, 220), (3, 9, 0)]
    game.phase(Phase.HALT)
    assert refusal(game.replace(2, 9)) == (Reason.BAD_PRICE, 1 << 40)


def test_outside_continuous_a_moved_order_rests(new: New) -> None:
    game = new()
    game.buy(5, 100)
    game.phase(Phase.HALT)
    game.add("a", SELL, 5, 101)
    assert takes(game.replace(1, 5, 102)) == []
    assert game.shows(BUY) == [(102, "5*1")]


def test_a_moved_peg_sleeps_while_nothing_matches(new: New) -> None:
    game = new()
    game.add("a", BUY, 5, 100)
    game.add("b", SELL, 5, 105)
    game.buy(5, type=OrderType.PEG_PRIMARY)
    game.phase(Phase.HALT)
    game.replace(1, 6)
    assert game.now.dormant == [(1, 6, 0)]


@pytest.mark.parametrize(
    "terms",
    [
        {"price": 100},
        {"price": 100, "display": 2},
        {"price": 100, "hidden": True},
        {"price": 100, "least": 3},
        {"type": STOP, "stop": 110},
        {"tif": Tif.AUCTION},
        {"type": OrderType.PEG_MIDPOINT},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize("expires", [False, True])
def test_an_order_is_found_wherever_it_is(
    new: New, terms: dict[str, object], expires: bool
) -> None:
    game = new(market_rests=True)
    fields = dict(terms)
    game.buy(5, fields.pop("price", None), **fields)
    price = terms.get("price", 0)
    if expires:
        outcome = game.expire(1, Reason.DAY_OVER)
        assert expired(outcome) == [(1, 5, Reason.DAY_OVER)]
    else:
        outcome = game.cancel(1)
        assert [each.type for each in outcome.reports] == [ReportType.CANCELLED]
    assert tuple(outcome.reports[0])[2:5] == (price, 5, 0)
    shown = {"price": 100} == terms or "display" in terms
    assert [each[0] for each in news(outcome)] == (["DELETE"] if shown else [])
    assert game.now.own_lots() == {}
    assert game.expire(1, Reason.DAY_OVER) == ([], [])
    assert game.cancel(1).reports[0].type == ReportType.CANCEL_REJECTED
