"""Calls that go on beyond their time: because the driver asks, or because the book calls on."""

from market.codes import Phase
from market.messages import NO_PRICE
from sim.schedule.effective import Interruption
from sim.schedule.ports import CallOutlook
from sim.schedule.random_end import end_delay_ns
from sim.schedule.rules import ALWAYS, US_RULES, CallRule, Extension, InterruptionRules
from tests.unit.sim.schedule_rig import (
    DAY,
    KEY,
    MINUTE,
    SECOND,
    VOLATILE,
    at,
    changes,
    make,
    told,
)

P = Phase
OUTSIDE = CallOutlook(in_band=False)
LEFT = CallOutlook(market_left=True)
FREE = (NO_PRICE, -NO_PRICE)


def test_a_scheduled_call_is_extended_for_market_orders_and_for_the_price() -> None:
    looks = [CallOutlook(), CallOutlook(), LEFT, OUTSIDE, OUTSIDE, OUTSIDE]
    rules = InterruptionRules(
        scheduled=Extension(
            price_ns=5 * MINUTE, price_times=2, market_ns=2 * MINUTE, market_times=1
        )
    )
    desk = make(rules=rules, outlook=looks)

    # 485, two minutes for market orders, twice five for the price; then it prints where it may.
    assert told(desk, 480) == [(480, P.CLOSING_CALL), (497, P.CLOSED)]
    assert desk.books.auctions[-1] == (497 * MINUTE, 0, P.CLOSING_CALL)
    assert desk.books.bands == [(0, *FREE)]
    assert desk.extended == [(487 * MINUTE, 0, 1), (492 * MINUTE, 0, 2)]
    assert desk.days_over == [(497 * MINUTE, 0)]


def test_an_extension_that_ends_in_time_leads_back_to_the_schedule() -> None:
    rules = InterruptionRules(scheduled=Extension(price_ns=3 * MINUTE, price_times=1))
    desk = make(rules=rules, outlook=[CallOutlook(), CallOutlook(), OUTSIDE])

    assert told(desk, 480) == [(480, P.CLOSING_CALL), (488, P.TRADE_AT_LAST), (495, P.CLOSED)]
    assert desk.books.bands == []


def test_extensions_end_at_random_too_each_by_a_draw_of_its_own() -> None:
    rules = InterruptionRules(
        scheduled=Extension(price_ns=MINUTE, price_times=2, random_end_ns=20 * SECOND)
    )
    desk = make(rules=rules, outlook=[CallOutlook(), CallOutlook(), OUTSIDE, OUTSIDE])
    told(desk)
    number = DAY * 100 + 3
    delays = [end_delay_ns(KEY, 0, number, 20 * SECOND, n) for n in (1, 2)]

    assert desk.books.auctions[-1][0] == 487 * MINUTE + sum(delays)
    assert delays[0] != delays[1]


def test_a_volatility_call_is_extended_as_its_own_rule_says() -> None:
    looks = [CallOutlook(), OUTSIDE, OUTSIDE, CallOutlook()]
    desk = make(rules=VOLATILE, outlook=looks)
    at(desk, 100, Interruption.VOLATILITY)

    assert told(desk, 100, 200) == [(100, P.VOLATILITY_CALL), (104, P.CONTINUOUS)]
    assert desk.books.bands == []


def test_a_call_that_always_waits_for_its_band_waits_for_the_closing_call() -> None:
    rules = InterruptionRules(
        volatility=CallRule(
            length_ns=2 * MINUTE, extension=Extension(price_ns=5 * MINUTE, price_times=ALWAYS)
        )
    )
    desk = make(rules=rules, outlook=[CallOutlook()] + [OUTSIDE] * 500)
    at(desk, 310, Interruption.VOLATILITY)

    assert told(desk, 310, 484) == [
        (310, P.VOLATILITY_CALL), (480, P.HALT), (480, P.CLOSING_CALL),
    ]  # fmt: skip


def test_an_extended_call_yields_to_the_next_scheduled_call() -> None:
    steps = changes(
        (10, P.OPENING_CALL), (20, P.CONTINUOUS), (25, P.INTRADAY_CALL), (30, P.CONTINUOUS)
    )
    rules = InterruptionRules(scheduled=Extension(price_ns=20 * MINUTE, price_times=1))
    desk = make(steps, rules, outlook=[OUTSIDE])

    assert told(desk, 10) == [
        (10, P.OPENING_CALL), (25, P.HALT), (25, P.INTRADAY_CALL), (30, P.CONTINUOUS),
    ]  # fmt: skip
    assert desk.books.auctions == [(30 * MINUTE, 0, P.INTRADAY_CALL)]


def test_without_leave_to_print_anyway_the_band_stays() -> None:
    rules = InterruptionRules(
        scheduled=Extension(price_ns=MINUTE, price_times=1, prints_anyway=False)
    )
    desk = make(rules=rules, outlook=[OUTSIDE] * 2)

    assert told(desk, 10, 30) == [(10, P.OPENING_CALL), (21, P.CONTINUOUS)]
    assert desk.books.bands == []


# --- books that go on calling by themselves -------------------------------------------------------


def test_a_book_that_extends_its_closing_call_itself_is_followed() -> None:
    rules = InterruptionRules(scheduled=Extension(price_ns=5 * MINUTE, price_times=2))
    desk = make(rules=rules)
    desk.clock.at(481 * MINUTE, lambda _: desk.books.refusals.update({0: 1}))

    assert told(desk, 480) == [
        (480, P.CLOSING_CALL),
        (485, P.TRADE_AT_LAST),  # refused: the book calls on, as a volatility call
        (490, P.TRADE_AT_LAST),
        (495, P.CLOSED),
    ]
    assert desk.books.auctions[-1] == (490 * MINUTE, 0, P.VOLATILITY_CALL)
    assert (485 * MINUTE, 0, P.VOLATILITY_CALL) in desk.heard
    assert desk.extended == [(485 * MINUTE, 0, 1)]


def test_a_book_that_would_extend_for_ever_is_made_to_print() -> None:
    rules = InterruptionRules(scheduled=Extension(price_ns=5 * MINUTE, price_times=1))
    desk = make(rules=rules)
    desk.clock.at(481 * MINUTE, lambda _: desk.books.refusals.update({0: 99}))

    assert told(desk, 485) == [
        (485, P.TRADE_AT_LAST), (490, P.TRADE_AT_LAST), (490, P.TRADE_AT_LAST), (495, P.CLOSED),
    ]  # fmt: skip
    assert desk.books.bands == [(0, *FREE)]
    assert desk.books.auctions[-1] == (490 * MINUTE, 0, P.VOLATILITY_CALL)


def test_a_reopening_that_a_book_extends_goes_on_as_a_volatility_call() -> None:
    desk = make(rules=US_RULES)
    at(desk, 100, Interruption.PAUSE, 105)
    desk.clock.at(101 * MINUTE, lambda _: desk.books.refusals.update({0: 2}))
    desk.clock.run_until(106 * MINUTE)
    assert desk.driver.interruption(0) is Interruption.VOLATILITY
    assert desk.driver.phase(0) is P.VOLATILITY_CALL

    assert told(desk, 100, 200) == [
        (100, P.HALT),
        (105, P.HALT_CALL),
        (105, P.CONTINUOUS),
        (110, P.CONTINUOUS),
        (115, P.CONTINUOUS),
    ]
    assert desk.books.auctions[-1] == (115 * MINUTE, 0, P.VOLATILITY_CALL)
    assert desk.driver.interruption(0) is Interruption.NONE


def test_a_book_that_interrupts_itself_is_not_commanded_again_but_ended() -> None:
    desk = make(rules=VOLATILE)

    def breach(_: object) -> None:
        desk.books.phases[0] = P.VOLATILITY_CALL
        assert desk.driver.interrupted(0)
        assert not desk.driver.interrupted(0)

    desk.clock.at(100 * MINUTE, breach)

    assert told(desk, 100, 200) == [(102, P.CONTINUOUS)]
    assert desk.heard[-2:] == [
        (100 * MINUTE, 0, P.VOLATILITY_CALL), (102 * MINUTE, 0, P.CONTINUOUS),
    ]  # fmt: skip


def test_a_break_that_ends_a_call_which_the_book_would_extend_ends_it_all_the_same() -> None:
    desk = make(changes((10, P.CONTINUOUS), (50, P.CLOSED), ends_day=False), VOLATILE)
    at(desk, 49, Interruption.VOLATILITY)
    desk.clock.at(49 * MINUTE, lambda _: desk.books.refusals.update({0: 9}))

    assert told(desk, 49) == [(49, P.VOLATILITY_CALL), (50, P.CLOSED), (50, P.CLOSED)]
    assert desk.driver.phase(0) is P.CLOSED
