"""Marks, locates, and the price test that a fall of a tenth brings on."""

import pytest

from market.codes import Reason, SaleKind, Side
from market.errors import InputError
from market.messages import NO_PRICE
from sim.costs import Locates, PriceTest, Refusal, ShortSaleRule, refuse_mark

REG_SHO = ShortSaleRule(check_marks=True, locate=True, price_test="above_bid")
ASK_TEST = ShortSaleRule(price_test="not_below_ask", drop_ppm=0)
CLOSE = 500_000


def test_a_buy_bears_no_mark() -> None:
    marks = [refuse_mark(REG_SHO, Side.BUY, sale, 10, 0) for sale in SaleKind]

    assert [None, Refusal(Reason.BAD_FLAGS, 1, 0), Refusal(Reason.BAD_FLAGS, 2, 0)] == marks


def test_a_long_sale_of_more_than_is_owned_has_no_locate() -> None:
    assert None is refuse_mark(REG_SHO, Side.SELL, SaleKind.LONG, 100, 100)
    assert Refusal(Reason.NO_LOCATE, 101, 100) == refuse_mark(
        REG_SHO, Side.SELL, SaleKind.LONG, 101, 100
    )
    assert Refusal(Reason.NO_LOCATE, 1, 0) == refuse_mark(REG_SHO, Side.SELL, SaleKind.LONG, 1, -50)
    trusting = ShortSaleRule()
    assert None is refuse_mark(trusting, Side.SELL, SaleKind.LONG, 101, 100)
    assert None is refuse_mark(REG_SHO, Side.SELL, SaleKind.SHORT, 101, 0)


def test_a_short_without_a_locate_is_refused_with_what_is_left() -> None:
    locates = Locates({0: 1_000})
    assert Refusal(Reason.NO_LOCATE, 1, 0) == locates.refusal(REG_SHO, 7, 1)

    locates.take(0, 700)
    assert None is locates.refusal(REG_SHO, 0, 300)
    assert Refusal(Reason.NO_LOCATE, 301, 300) == locates.refusal(REG_SHO, 0, 301)
    assert None is locates.refusal(ShortSaleRule(), 0, 301)


def test_what_a_short_leaves_unfilled_may_be_located_again_and_a_new_day_starts_anew() -> None:
    locates = Locates({0: 1_000})
    locates.take(0, 1_000)
    locates.give_back(0, 400)  # filled 600, then cancelled
    assert 400 == locates.available_lots(0)

    locates.open_day({1: 50})
    assert (0, 50) == (locates.available_lots(0), locates.available_lots(1))


def short(test: PriceTest, price_ticks: int, bid: int = 450, ask: int = 452) -> Refusal | None:
    return test.refusal(SaleKind.SHORT, price_ticks, bid, ask)


def test_the_test_comes_on_at_a_fall_of_exactly_a_tenth() -> None:
    test = PriceTest(REG_SHO, day=10, close_units=CLOSE)
    assert (False, False) == (test.on_trade(450_001), test.is_on)
    assert None is short(test, 400)

    assert (True, True) == (test.on_trade(450_000), test.is_on)
    assert (None, Refusal(Reason.SHORT_PRICE_TEST, 450, 451)) == (
        short(test, 451),
        short(test, 450),
    )
    assert not test.on_trade(440_000)  # it is on already


def test_the_test_stays_for_the_rest_of_the_day_and_the_whole_next_one() -> None:
    test = PriceTest(REG_SHO, day=10, close_units=CLOSE)
    test.on_trade(440_000)
    test.on_trade(600_000)
    days = []
    for day in (11, 12):
        days.append(test.is_on)
        test.open_day(day, 460_000)

    assert [True, True, False] == [*days, test.is_on]


def test_a_fall_on_the_next_day_brings_it_on_for_another() -> None:
    test = PriceTest(REG_SHO, day=10, close_units=CLOSE)
    test.on_trade(440_000)
    test.open_day(11, 460_000)

    assert test.on_trade(414_000)
    test.open_day(12, 410_000)
    assert test.is_on


def test_long_and_exempt_sales_pass_and_a_short_at_any_price_does_not() -> None:
    test = PriceTest(REG_SHO, day=10, close_units=CLOSE)
    test.on_trade(440_000)

    assert None is test.refusal(SaleKind.LONG, 400, 450, 452)
    assert None is test.refusal(SaleKind.SHORT_EXEMPT, 400, 450, 452)
    assert Refusal(Reason.SHORT_PRICE_TEST, 450, 451) == short(test, NO_PRICE)


def test_without_a_bid_a_short_may_be_entered_at_any_price() -> None:
    test = PriceTest(REG_SHO, day=10, close_units=CLOSE)
    test.on_trade(440_000)

    assert None is short(test, 1, bid=NO_PRICE)
    assert NO_PRICE == test.lowest_short_ticks(NO_PRICE, 452)


def test_a_test_against_the_ask_may_be_on_for_ever() -> None:
    test = PriceTest(ASK_TEST, day=10, close_units=CLOSE)

    assert (None, Refusal(Reason.SHORT_PRICE_TEST, 451, 452)) == (
        short(test, 452),
        short(test, 451),
    )
    assert not test.on_trade(1)
    assert None is short(test, 1, ask=NO_PRICE)


def test_a_venue_without_the_test_never_has_it_on() -> None:
    test = PriceTest(ShortSaleRule(drop_ppm=0), day=10, close_units=CLOSE)

    assert (False, False, None) == (test.on_trade(1), test.is_on, short(test, 1))


@pytest.mark.parametrize(("field", "value"), [("drop_ppm", 1_000_001), ("following_days", -1)])
def test_a_rule_with_nonsense_is_refused(field: str, value: int) -> None:
    with pytest.raises(InputError, match=f"{field}: found {value}, allowed is 0 to"):
        ShortSaleRule(**{field: value})  # type: ignore[arg-type]
