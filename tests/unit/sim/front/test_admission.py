"""What a venue looks at before a book: each check, their order, and what replaces and cancels may do."""

from typing import Any

import pytest

from market.codes import OrderType, Phase, PostOnly, Reason, SelfTrade, Side, TimeInForce
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import InputError
from market.messages import NO_PRICE
from market.refusals import OrderTerm, Refusal, mask_of
from sim.front import NASDAQ_CLOSE, NYSE_CLOSE, Accepted, CutOff, Held, OddLot
from sim.front.kinds import terms_of
from sim.venue_rules.bands import Band
from sim.venue_rules.collars import Width
from sim.venue_rules.tick_table import US_EQUITY
from tests.unit.sim.front.orders import NOW, before_close, order, replaced, rules

# --- kinds ------------------------------------------------------------------------------------------


def test_a_sheet_without_rules_takes_everything() -> None:
    for order_type in OrderType:
        for tif in TimeInForce:
            terms = {"expire_ns": 2_000} if tif is TimeInForce.GTD else {}
            assert rules().check(order(order_type=order_type, tif=tif, **terms), NOW) is None


def test_a_type_that_is_not_taken_is_answered_with_those_that_are() -> None:
    limit_only = rules(accepted=Accepted(types=(OrderType.LIMIT,)))

    found = limit_only.check(order(order_type=OrderType.MARKET), NOW)

    assert found == Refusal(Reason.UNSUPPORTED_TYPE, 0b1)


def test_a_time_in_force_that_is_not_taken_is_answered_with_those_that_are() -> None:
    tifs = (TimeInForce.DAY, TimeInForce.IOC)

    found = rules(accepted=Accepted(tifs=tifs)).check(order(), NOW)

    assert found == Refusal(Reason.UNSUPPORTED_TIF, mask_of(tifs))
    assert found.figure == 0b1010


@pytest.mark.parametrize(
    ("made", "term"),
    [
        (order(display_lots=10), OrderTerm.DISPLAY),
        (order(display_high_lots=20), OrderTerm.RANDOM_DISPLAY),
        (order(hidden=True), OrderTerm.HIDDEN),
        (order(min_qty_lots=1), OrderTerm.MIN_QTY),
        (order(all_or_none=True), OrderTerm.ALL_OR_NONE),
        (order(peg_offset_ticks=1), OrderTerm.PEG_OFFSET),
        (order(post_only=True), OrderTerm.POST_REJECT),
        (order(post=PostOnly.REJECT), OrderTerm.POST_REJECT),
        (order(post=PostOnly.SLIDE), OrderTerm.POST_SLIDE),
        (order(self_trade=SelfTrade.CANCEL_BOTH), OrderTerm.SELF_TRADE),
        (order(quote=True), OrderTerm.QUOTE),
    ],
)
def test_every_term_can_be_refused(made: Any, term: OrderTerm) -> None:
    assert terms_of(made) == term
    every_other = rules(accepted=Accepted(terms=OrderTerm(0)))

    assert every_other.check(made, NOW) == Refusal(Reason.UNSUPPORTED_TERMS, term)
    assert rules(accepted=Accepted(terms=term)).check(made, NOW) is None


def test_all_terms_that_are_not_taken_are_named_at_once() -> None:
    made = order(hidden=True, min_qty_lots=5, quote=True)

    found = rules(accepted=Accepted(terms=OrderTerm.QUOTE)).check(made, NOW)

    assert found == Refusal(Reason.UNSUPPORTED_TERMS, OrderTerm.HIDDEN | OrderTerm.MIN_QTY)


def test_a_phase_may_take_less() -> None:
    gathering = rules(in_phase={Phase.OPENING_CALL: Accepted(types=(OrderType.LIMIT,))})
    market = order(order_type=OrderType.MARKET)
    call = NOW._replace(phase=Phase.OPENING_CALL)

    assert gathering.check(market, NOW) is None
    assert gathering.check(market, call) == Refusal(Reason.NOT_IN_PHASE, Phase.OPENING_CALL)
    assert gathering.check(order(), call) is None


# --- sizes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd_lots", "qty_lots", "taken"),
    [
        (OddLot.REFUSE, 200, True),
        (OddLot.REFUSE, 99, False),
        (OddLot.REFUSE, 101, False),
        (OddLot.SMALL, 99, True),
        (OddLot.SMALL, 101, False),
        (OddLot.ACCEPT, 101, True),
    ],
)
def test_odd_lots_are_taken_by_the_venues_policy(
    odd_lots: OddLot, qty_lots: int, *, taken: bool
) -> None:
    found = rules(round_lots=100, odd_lots=odd_lots).check(order(qty_lots=qty_lots), NOW)

    assert found == (None if taken else Refusal(Reason.BAD_LOT, 100))


def test_an_order_has_a_largest_size() -> None:
    sheet = rules(qty_lots_max=500)

    assert sheet.check(order(qty_lots=500), NOW) is None
    assert sheet.check(order(qty_lots=501), NOW) == Refusal(Reason.TOO_LARGE, 500)


def test_an_order_has_a_smallest_size_and_a_least_worth() -> None:
    sheet = rules(qty_lots_min=10, notional_min=10_000_000)

    assert sheet.check(order(qty_lots=9), NOW) == Refusal(Reason.TOO_SMALL, 10)
    worth = sheet.instrument.notional(10_000, 1)
    least = -(-10_000_000 // worth)
    assert sheet.check(order(qty_lots=least, price_ticks=10_000), NOW) is None
    found = sheet.check(order(qty_lots=least - 1, price_ticks=10_000), NOW)
    assert found == Refusal(Reason.TOO_LITTLE_NOTIONAL, 10_000_000)


def test_an_order_has_a_largest_worth_at_its_limit_or_at_the_reference() -> None:
    sheet = rules(notional_max=10_000_000)
    traded = NOW._replace(reference_ticks=100_001)
    refused = Refusal(Reason.TOO_MUCH_NOTIONAL, 10_000_000)
    market = order(order_type=OrderType.MARKET, price_ticks=0)

    assert sheet.check(order(price_ticks=100_000), NOW) is None
    assert sheet.check(order(price_ticks=100_001), NOW) == refused
    assert sheet.check(order(price_ticks=-100_001), NOW) == refused
    assert sheet.check(market, traded) == refused
    assert sheet.check(market, NOW) is None  # nothing says what it is worth


@pytest.mark.parametrize(
    ("display_lots", "least"), [(0, None), (24, 25), (25, None), (99, None), (100, None)]
)
def test_an_iceberg_shows_a_share_of_itself(display_lots: int, least: int | None) -> None:
    found = rules(display_ppm_min=245_000).check(order(display_lots=display_lots), NOW)

    assert found == (None if least is None else Refusal(Reason.BAD_DISPLAY, least))


def test_an_iceberg_shows_so_many_lots_but_never_more_than_it_has() -> None:
    sheet = rules(display_lots_min=200)

    assert sheet.check(order(display_lots=99), NOW) == Refusal(Reason.BAD_DISPLAY, 100)
    assert sheet.check(order(display_lots=100), NOW) is None


# --- prices -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price_ticks", "step_units"),
    [(9_999, None), (10_000, None), (10_050, 100), (10_100, None), (0, None), (-1, 1)],
)
def test_a_limit_lies_on_the_grid(price_ticks: int, step_units: int | None) -> None:
    found = rules(ticks=US_EQUITY).check(order(price_ticks=price_ticks), NOW)

    assert found == (None if step_units is None else Refusal(Reason.BAD_TICK, step_units))


def test_a_stop_lies_on_the_grid_too() -> None:
    sheet = rules(ticks=US_EQUITY)
    stop = order(order_type=OrderType.STOP, price_ticks=NO_PRICE, stop_ticks=10_050)

    assert sheet.check(stop, NOW) == Refusal(Reason.BAD_TICK, 100)
    limit = order(order_type=OrderType.STOP_LIMIT, price_ticks=10_100, stop_ticks=10_200)
    assert sheet.check(limit, NOW) is None


def test_prices_that_an_order_does_not_have_are_not_looked_at() -> None:
    sheet = rules(ticks=US_EQUITY, price_limits=Band(1, 2))

    for made in (
        order(order_type=OrderType.MARKET, price_ticks=10_050),
        order(order_type=OrderType.PEG_MIDPOINT, price_ticks=NO_PRICE),
        order(order_type=OrderType.STOP, price_ticks=NO_PRICE),
    ):
        assert sheet.check(made, NOW) is None


def test_price_limits_bind_both_sides_whatever_the_market_does() -> None:
    sheet = rules(price_limits=Band(90_000, 110_000))

    for side in Side:
        assert sheet.check(order(side=side, price_ticks=90_000), NOW) is None
        high = sheet.check(order(side=side, price_ticks=110_001), NOW)
        low = sheet.check(order(side=side, price_ticks=89_999), NOW)
        assert high == Refusal(Reason.PRICE_COLLAR, 110_000)
        assert low == Refusal(Reason.PRICE_COLLAR, 90_000)


@pytest.mark.parametrize(
    ("side", "price_ticks", "bound", "both_ways"),
    [
        (Side.BUY, 110_001, 110_000, False),
        (Side.BUY, 110_000, None, False),
        (Side.BUY, 1, None, False),
        (Side.BUY, 89_999, 90_000, True),
        (Side.SELL, 89_999, 90_000, False),
        (Side.SELL, 500_000, None, False),
        (Side.SELL, 110_001, 110_000, True),
    ],
)
def test_a_collar_lies_around_the_reference(
    side: Side, price_ticks: int, bound: int | None, *, both_ways: bool
) -> None:
    sheet = rules(collar=Width(ppm=100_000), collar_both_ways=both_ways)

    found = sheet.check(
        order(side=side, price_ticks=price_ticks), NOW._replace(reference_ticks=100_000)
    )

    assert found == (None if bound is None else Refusal(Reason.PRICE_COLLAR, bound))
    assert sheet.check(order(side=side, price_ticks=price_ticks), NOW) is None  # no reference


# --- order of checks, and what is a book's to refuse ------------------------------------------------


def test_checks_come_in_the_order_that_is_written_down() -> None:
    sheet = rules(
        accepted=Accepted(
            types=(OrderType.LIMIT,),
            tifs=(TimeInForce.AT_CLOSE, TimeInForce.GTD),
            terms=OrderTerm.DISPLAY,
        ),
        in_phase={Phase.HALT: Accepted(tifs=(TimeInForce.GTD,), terms=OrderTerm.DISPLAY)},
        cut_offs=NYSE_CLOSE,
        round_lots=100,
        qty_lots_max=200,
        display_lots_min=50,
        ticks=US_EQUITY,
        notional_max=1,
        price_limits=Band(0, 1),
    )
    halted = before_close(1, phase=Phase.HALT)
    wrong = {
        "order_type": OrderType.MARKET,
        "tif": TimeInForce.DAY,
        "hidden": True,
        "expire_ns": 5,
        "qty_lots": 301,
        "display_lots": 1,
        "price_ticks": 10_050,
    }
    mended: list[tuple[dict[str, Any], Any, Reason]] = [
        ({}, halted, Reason.UNSUPPORTED_TYPE),
        ({"order_type": OrderType.LIMIT}, halted, Reason.UNSUPPORTED_TIF),
        ({"tif": TimeInForce.AT_CLOSE}, halted, Reason.UNSUPPORTED_TERMS),
        ({"hidden": False}, halted, Reason.NOT_IN_PHASE),
        ({}, before_close(1), Reason.TOO_LATE),
        ({}, before_close(20), Reason.BAD_EXPIRY),
        ({"expire_ns": 0}, before_close(20), Reason.BAD_LOT),
        ({"qty_lots": 300}, before_close(20), Reason.TOO_LARGE),
        ({"qty_lots": 200}, before_close(20), Reason.BAD_DISPLAY),
        ({"display_lots": 50}, before_close(20), Reason.BAD_TICK),
        ({"price_ticks": 10_100}, before_close(20), Reason.TOO_MUCH_NOTIONAL),
        ({"price_ticks": 2}, before_close(20), Reason.TOO_MUCH_NOTIONAL),
        ({"price_ticks": 0}, before_close(20), Reason.NONE),
    ]
    for change, situation, reason in mended:
        wrong |= change
        found = sheet.check(order(**wrong), situation)
        assert (found.reason if found else Reason.NONE) is reason, (change, found)


def test_what_no_book_can_hold_is_left_for_the_book_to_refuse() -> None:
    sheet = rules(round_lots=7, qty_lots_max=7, price_limits=Band(0, 1), notional_max=1)

    for made in (
        order(qty_lots=0),
        order(qty_lots=-3),
        order(qty_lots=QTY_LOTS_MAX + 1),
        order(qty_lots=7, price_ticks=PRICE_TICKS_MAX + 1),
        order(qty_lots=7, price_ticks=NO_PRICE),
    ):
        assert sheet.check(made, NOW) is None


def test_the_last_price_and_quantity_that_a_book_can_hold_are_looked_at() -> None:
    sheet = rules(price_limits=Band(0, 1), round_lots=7)

    for price_ticks in (PRICE_TICKS_MAX, -PRICE_TICKS_MAX):
        found = sheet.check(order(qty_lots=7, price_ticks=price_ticks), NOW)
        assert found == Refusal(Reason.PRICE_COLLAR, 1 if price_ticks > 0 else 0)
    for qty_lots in (1, QTY_LOTS_MAX):
        assert sheet.check(order(qty_lots=qty_lots), NOW) == Refusal(Reason.BAD_LOT, 7)


# --- replaces ---------------------------------------------------------------------------------------


def test_a_replace_is_held_to_what_it_changes() -> None:
    sheet = rules(
        round_lots=100, qty_lots_max=500, ticks=US_EQUITY, collar=Width(ppm=100_000),
        notional_max=20_000_000,
    )  # fmt: skip
    made, held = order(qty_lots=100), Held(77, 10_051)  # odd by a part fill, off a later grid
    far = NOW._replace(reference_ticks=1_000)

    def found(price_ticks: int, qty_lots: int) -> Refusal | None:
        return sheet.check_replace(replaced(price_ticks, qty_lots), made, held, far)

    assert found(10_051, 77) is None
    assert found(10_051, 76) == Refusal(Reason.BAD_LOT, 100)
    assert found(10_051, 600) == Refusal(Reason.TOO_LARGE, 500)
    assert found(10_052, 77) == Refusal(Reason.BAD_TICK, 100)
    assert found(10_100, 77) == Refusal(Reason.PRICE_COLLAR, 1_100)
    assert found(1_000_000, 77) == Refusal(Reason.TOO_MUCH_NOTIONAL, 20_000_000)


def test_an_iceberg_that_grows_must_still_show_its_share() -> None:
    sheet = rules(display_ppm_min=100_000)
    made = order(display_lots=10)

    assert sheet.check_replace(replaced(100_000, 100), made, Held(100, 100_000), NOW) is None
    grown = sheet.check_replace(replaced(100_000, 200), made, Held(100, 100_000), NOW)
    assert grown == Refusal(Reason.BAD_DISPLAY, 20)


def test_a_sheet_may_allow_one_price_only() -> None:
    assert rules(price_limits=Band(5, 5)).check(order(price_ticks=5), NOW) is None


# --- sheets that make no sense ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"round_lots": 0}, "round_lots: found 0, allowed is 1 to"),
        ({"display_ppm_min": -1}, "display_ppm_min: found -1"),
        ({"display_lots_min": -1}, "display_lots_min: found -1"),
        ({"notional_max": -1}, "notional_max: found -1"),
        ({"life_ns_max": -1}, "life_ns_max: found -1"),
        ({"display_ppm_min": 1_000_001}, "display_ppm_min: found 1000001, allowed is 0 to 1000000"),
        ({"qty_lots_max": 0}, "qty_lots_max: found 0"),
        ({"price_limits": Band(2, 1)}, "price_limits: found 2 to 1"),
        ({"cut_offs": (CutOff(TimeInForce.DAY, 0, 0),)}, "found DAY, allowed is AT_OPEN or"),
        ({"cut_offs": (NYSE_CLOSE[0], NASDAQ_CLOSE[0])}, "found a second one for AT_CLOSE"),
    ],
)
def test_a_sheet_that_makes_no_sense_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        rules(**changed)
