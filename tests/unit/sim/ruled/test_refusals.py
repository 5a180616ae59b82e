"""What is refused, why, and by which figure: every row of the table in venue-rules.md."""

from collections.abc import Callable
from typing import Any

import pytest

from market.codes import (
    BandAction,
    Mode,
    OrderType,
    Phase,
    PostOnly,
    Reason,
    ReportType,
    SelfTrade,
)
from market.codes import TimeInForce as Tif
from market.messages import NO_PRICE
from tests.unit.sim.ruled.game import BUY, SELL, Game, others, refusal

New = Callable[..., Game]
FAR = (1 << 40) + 1
STOP, STOP_LIMIT = OrderType.STOP, OrderType.STOP_LIMIT
PRIMARY, MIDPOINT, PEG_MARKET = OrderType.PEG_PRIMARY, OrderType.PEG_MIDPOINT, OrderType.PEG_MARKET
MTL, STRIKE, TRAILING = (
    OrderType.MARKET_TO_LIMIT,
    OrderType.STRIKE_MATCH,
    OrderType.TRAILING_STOP,
)
AUCTIONS = (Tif.AT_OPEN, Tif.AT_CLOSE, Tif.AUCTION)


def asked(game: Game, terms: dict[str, Any]) -> tuple[Reason, int]:
    fields = dict(terms)
    qty, price = fields.pop("qty", 5), fields.pop("price", 100)
    return refusal(game.buy(qty, price, **fields))


@pytest.mark.parametrize("qty", [0, -1, FAR])
def test_a_quantity_out_of_range_is_refused_before_everything_else(new: New, qty: int) -> None:
    game = new()
    game.phase(Phase.CLOSED)
    assert asked(game, {"qty": qty, "price": FAR, "min_qty_lots": -1}) == (Reason.BAD_QTY, 1 << 40)


@pytest.mark.parametrize(
    "terms",
    [
        {"price": FAR},
        {"price": -FAR},
        {"price": None, "type": OrderType.LIMIT},
        {"price": None, "type": STOP_LIMIT, "stop": 100},
        {"price": FAR, "type": MIDPOINT},
    ],
)
def test_a_price_out_of_range_or_missing_is_refused(new: New, terms: dict[str, Any]) -> None:
    assert asked(new(), {**terms, "display": -1}) == (Reason.BAD_PRICE, 1 << 40)


@pytest.mark.parametrize("order_type", [OrderType.MARKET, STOP, TRAILING, MTL])
def test_a_price_that_a_type_has_no_use_for_is_ignored(new: New, order_type: OrderType) -> None:
    game = new()
    game.add("a", SELL, 1, 200)
    game.reference(100)
    outcome = game.buy(5, FAR, type=order_type, stop=150, trail=3)
    accepted = outcome.reports[0]
    assert (accepted.type, accepted.price_ticks) == (ReportType.ACCEPTED, 0)


BAD_FLAGS: list[dict[str, Any]] = [
    # post
    {"type": OrderType.MARKET, "post": PostOnly.REJECT},
    {"tif": Tif.IOC, "post": PostOnly.SLIDE},
    {"tif": Tif.AUCTION, "post": PostOnly.REJECT},
    {"post": PostOnly.REJECT, "hidden": True},
    {"post": PostOnly.REJECT, "least": 1},
    {"post": PostOnly.REJECT, "aon": True},
    # display
    {"type": MTL, "display": 1},
    {"type": PRIMARY, "display": 1},
    {"type": OrderType.MARKET, "high": 1},
    {"display": 1, "hidden": True},
    {"display": 1, "least": 1},
    {"display": -1, "aon": True},
    # hidden
    {"type": OrderType.MARKET, "hidden": True},
    {"type": STOP_LIMIT, "stop": 1, "hidden": True},
    {"type": MTL, "hidden": True},
    # minimum
    {"type": STOP_LIMIT, "stop": 1, "least": 1},
    {"type": PRIMARY, "least": 1},
    {"type": PEG_MARKET, "offset": 1, "aon": True},
    {"type": MTL, "aon": True},
    {"type": OrderType.MARKET, "least": 1},
    {"least": -1},
    # stops
    *({"type": STOP, "stop": 1, "tif": tif} for tif in (Tif.IOC, Tif.FOK, *AUCTIONS)),
    {"type": STOP},
    {"type": STOP_LIMIT, "stop": FAR},
    {"type": STRIKE, "tif": Tif.AUCTION},
    {"type": TRAILING, "trail": 0},
    {"type": TRAILING, "trail": FAR},
    # pegs
    *({"type": MIDPOINT, "tif": tif} for tif in AUCTIONS),
    {"type": PRIMARY, "offset": -1},
    {"type": PRIMARY, "offset": FAR},
    {"type": MIDPOINT, "offset": 1},
    {"type": PEG_MARKET},
    # calls
    {"type": STRIKE, "stop": 1},
    {"type": STRIKE, "stop": 1, "tif": Tif.DAY},
    *({"type": MTL, "tif": tif} for tif in (Tif.IOC, Tif.FOK, *AUCTIONS)),
    {"tif": Tif.AUCTION, "hidden": True},
    {"tif": Tif.AT_CLOSE, "display": 1},
    {"tif": Tif.AT_CLOSE, "aon": True},
    # unknown numbers
    *({"type": number} for number in (-1, 10)),
    *({"tif": number} for number in (-1, 8)),
    *({"post": number} for number in (-1, 3)),
    *({"self_trade": number} for number in (-1, 5)),
]


@pytest.mark.parametrize("terms", BAD_FLAGS, ids=str)
def test_terms_that_do_not_go_together_are_refused(new: New, terms: dict[str, Any]) -> None:
    game = new()
    game.phase(Phase.CLOSED)
    assert asked(game, terms) == (Reason.BAD_FLAGS, 0)


GOOD_FLAGS: list[dict[str, Any]] = [
    {"post": PostOnly.SLIDE, "tif": Tif.GTD, "display": 2},
    {"type": STOP_LIMIT, "stop": 120, "display": 1, "high": 3},
    {"type": PRIMARY, "hidden": True, "offset": 2},
    {"type": PEG_MARKET, "hidden": True},
    {"type": PEG_MARKET, "offset": 1},
    {"type": MIDPOINT, "least": 2, "tif": Tif.DAY},
    {"type": OrderType.LIMIT, "aon": True, "hidden": True},
    {"type": STRIKE, "stop": 100, "tif": Tif.AT_CLOSE},
    {"type": OrderType.MARKET, "tif": Tif.AUCTION},
    {"type": STOP, "stop": 120, "tif": Tif.GTD},
    {"type": STOP, "stop": 1 << 40},
    {"type": PRIMARY, "offset": 1 << 40},
]


@pytest.mark.parametrize("terms", GOOD_FLAGS, ids=str)
def test_terms_that_go_together_are_accepted(new: New, terms: dict[str, Any]) -> None:
    game = new()
    fields = dict(terms)
    outcome = game.buy(5, fields.pop("price", 100), **fields)
    assert [each.type for each in outcome.reports] == [ReportType.ACCEPTED]
    assert game.is_open(1)


def test_a_minimum_above_the_quantity_is_refused_with_the_quantity(new: New) -> None:
    assert asked(new(), {"least": 6}) == (Reason.BAD_MINIMUM, 5)


@pytest.mark.parametrize(
    ("terms", "least"),
    [
        ({"display": -1}, 1),
        ({"display": 6}, 1),
        ({"display": 2, "high": 1}, 1),
        ({"display": 2, "high": 6}, 1),
        ({"display": 2, "high": -1}, 1),
        ({"high": 3}, 1),
        ({"display": 2, "qty": 2_001}, 3),
        ({"display": 1, "qty": 1 << 40}, -(-(1 << 40) // 1000)),
    ],
)
def test_a_peak_that_no_iceberg_may_have_is_refused_with_the_least_one(
    new: New, terms: dict[str, Any], least: int
) -> None:
    assert asked(new(), terms) == (Reason.BAD_DISPLAY, least)


def test_an_iceberg_may_have_a_thousand_peaks(new: New) -> None:
    game = new()
    game.buy(2_000, 100, display=2)
    assert game.now.reserves == {1: 1_998}


def test_a_closed_book_takes_nothing(new: New) -> None:
    game = new()
    game.phase(Phase.CLOSED)
    assert asked(game, {"tif": Tif.AT_OPEN}) == (Reason.CLOSED, Phase.CLOSED)


@pytest.mark.parametrize("phase", sorted(set(Phase) - {Phase.CLOSED}))
def test_orders_for_the_open_come_before_it(new: New, phase: Phase) -> None:
    game = new()
    game.phase(phase)
    if phase in (Phase.PRE_OPEN, Phase.OPENING_CALL, Phase.CONTINUOUS):
        game.buy(5, 100, tif=Tif.AT_OPEN)
        assert game.is_open(1)
    else:
        assert asked(game, {"tif": Tif.AT_OPEN}) == (Reason.NOT_IN_PHASE, phase)


@pytest.mark.parametrize("tif", [Tif.IOC, Tif.FOK])
@pytest.mark.parametrize(
    "phase", sorted(set(Phase) - {Phase.CLOSED, Phase.CONTINUOUS, Phase.TRADE_AT_LAST})
)
def test_what_cannot_wait_is_refused_where_nothing_matches(
    new: New, phase: Phase, tif: Tif
) -> None:
    game = new()
    game.phase(phase)
    assert asked(game, {"tif": tif}) == (Reason.HALTED, phase)


@pytest.mark.parametrize(("price", "bound"), [(89, 90), (111, 110)])
@pytest.mark.parametrize("phase", sorted(set(Phase) - {Phase.CLOSED}))
def test_a_band_that_refuses_names_the_bound(
    new: New, phase: Phase, price: int, bound: int
) -> None:
    game = new(band_action=BandAction.REJECT)
    game.band(90, 110)
    game.phase(phase)
    for terms in ({}, {"type": STOP_LIMIT, "stop": 100}, {"type": PRIMARY}):
        assert asked(game, {**terms, "price": price}) == (Reason.OUTSIDE_BAND, bound)


@pytest.mark.parametrize("action", sorted(set(BandAction) - {BandAction.REJECT}))
def test_other_bands_refuse_nothing(new: New, action: BandAction) -> None:
    game = new(band_action=action)
    game.band(90, 110)
    game.buy(5, 111)
    assert game.is_open(1)


def test_a_band_without_a_bound_refuses_on_its_other_side_only(new: New) -> None:
    game = new(band_action=BandAction.REJECT)
    game.band(None, 110)
    game.buy(5, -1_000)
    assert game.is_open(1)
    assert asked(game, {"price": 111}) == (Reason.OUTSIDE_BAND, 110)


def test_a_stop_must_have_its_trigger_before_it(new: New) -> None:
    game = new()
    game.reference(100.5)
    assert refusal(game.buy(1, type=STOP, stop=100)) == (Reason.BAD_STOP, 100)
    assert refusal(game.sell(1, 90, type=STOP_LIMIT, stop=101)) == (Reason.BAD_STOP, 100)
    game.buy(1, type=STOP, stop=101)
    game.sell(1, type=STOP, stop=100)
    game.reference(102)
    assert refusal(game.buy(1, type=STOP, stop=102)) == (Reason.BAD_STOP, 102)
    assert [each[0] for each in game.now.dormant] == [3, 4]


def test_a_stop_is_not_checked_while_nothing_trades_or_nothing_has(new: New) -> None:
    game = new()
    game.buy(1, type=STOP, stop=90)
    game.reference(100)
    game.phase(Phase.HALT)
    game.buy(1, type=STOP, stop=90)
    assert len(game.now.dormant) == 2


def test_a_trailing_stop_needs_something_to_trail(new: New) -> None:
    game = new()
    game.phase(Phase.HALT)
    assert asked(game, {"type": TRAILING, "trail": 2}) == (Reason.BAD_STOP, 0)


def test_market_to_limit_needs_a_limit_on_the_other_side(new: New) -> None:
    game = new(market_rests=True)
    assert refusal(game.buy(1, type=MTL)) == (Reason.NO_OPPOSITE_LIMIT, 0)
    game.add("a", SELL, 1, 110)
    game.sell(1, 110, hidden=True)
    game.buy(1, type=MTL)
    game.buy(5)
    game.add("b", BUY, 1, 90)
    assert refusal(game.sell(1, type=MTL)) == (Reason.NO_OPPOSITE_LIMIT, 0)


@pytest.mark.parametrize("tif", [Tif.IOC, Tif.FOK])
def test_a_peg_that_cannot_wait_needs_a_reference(new: New, tif: Tif) -> None:
    game = new()
    game.add("a", SELL, 1, 110)
    assert asked(game, {"type": MIDPOINT, "tif": tif}) == (Reason.NO_REFERENCE, 0)


@pytest.mark.parametrize("mode", list(Mode))
def test_post_only_that_would_cross_is_refused_with_the_price_in_its_way(
    new: New, mode: Mode
) -> None:
    game = new(mode)
    game.add("a", SELL, 3, 100)
    assert asked(game, {"post": PostOnly.REJECT, "price": 103}) == (Reason.WOULD_CROSS, 100)
    game.buy(3, 99, post=PostOnly.REJECT)
    assert game.shows(BUY) == [(99, "3*2")]


def test_too_little_for_ioc_with_a_minimum_and_for_fok_is_refused_with_what_there_is(
    new: New,
) -> None:
    game = new()
    game.add("a", SELL, 2, 100)
    game.sell(1, 101, hidden=True)
    game.sell(9, 101, hidden=True, least=7)
    game.sell(9, 102)
    ioc, fok = {"tif": Tif.IOC, "least": 4, "price": 101}, {"tif": Tif.FOK, "price": 101}
    assert asked(game, ioc) == (Reason.BELOW_MINIMUM, 3)
    assert asked(game, {**ioc, "aon": True, "least": 0}) == (Reason.BELOW_MINIMUM, 3)
    assert asked(game, fok) == (Reason.NOT_FILLABLE, 3)
    assert refusal(game.buy(30, tif=Tif.FOK)) == (Reason.NOT_FILLABLE, 21)


def test_checks_of_what_would_trade_look_at_the_clamped_price(new: New) -> None:
    game = new(band_action=BandAction.CLAMP)
    game.band(90, 100)
    game.add("a", SELL, 2, 100)
    game.add("b", SELL, 3, 101)
    outcome = game.buy(5, 105, tif=Tif.FOK)
    assert refusal(outcome) == (Reason.NOT_FILLABLE, 2)
    assert outcome.reports[0].price_ticks == 105


def test_a_refusal_names_the_order_as_it_was_sent(new: New) -> None:
    game = new()
    outcome = game.buy(5, type=OrderType.LIMIT)
    assert tuple(outcome.reports[0]) == (
        *(ReportType.REJECTED, 1, 0, 5, 0, Reason.BAD_PRICE, 0),
        *(1 << 40, 0),
    )
    assert NO_PRICE not in outcome.reports[0]


def test_nothing_that_was_refused_is_in_the_book(new: New) -> None:
    game = new()
    before = game.book.digest()
    for terms in BAD_FLAGS:
        asked(game, terms)
    assert game.book.digest() == before
    assert others(game.cancel(1)) == [(ReportType.CANCEL_REJECTED, 1, 0, Reason.UNKNOWN_ORDER)]


def test_self_trade_rules_are_all_known(new: New) -> None:
    game = new()
    for rule in SelfTrade:
        game.buy(1, 100, self_trade=int(rule), owner=3)
    assert len(game.now.own_lots()) == len(SelfTrade)
