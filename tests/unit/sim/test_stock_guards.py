"""Which rule stops a stock on which day, and the breaker that came before the bands, by hand."""

import pytest

from market.codes import Phase
from market.errors import InputError
from sim.schedule.guard import Act, SetBand
from sim.schedule.jump_day import JumpDay
from sim.schedule.stock_guard import StockGuard, StockTerms
from sim.schedule.stock_rules import (
    JUMP_RULES,
    JumpRules,
    Listing,
    moment_ns,
    stock_rules_on,
    time_of_day_ns,
)
from sim.venue_rules.bands import LuldRules, clock_ns
from tests.unit.sim.guard_rig import (
    DAY_NS,
    MINUTE,
    OPEN,
    SECOND,
    Fed,
    at,
    band,
    feed,
    jump,
    pause,
    phase,
    session,
    trade,
)

P = Phase


# --- which rule, when -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "listing", "percent"),
    [
        (20100610, Listing.SP500, None),
        (20100611, Listing.SP500, 10),
        (20100611, Listing.RUSSELL_1000, None),
        (20100914, Listing.RUSSELL_1000, 10),
        (20100914, Listing.OTHER, None),
        (20110808, Listing.OTHER, 30),
        (20120621, Listing.SP500, 10),
        (20130405, Listing.SP500, 10),
        (20130408, Listing.OTHER, 30),
        (20130802, Listing.OTHER, 30),
    ],
)
def test_a_day_before_the_bands_has_the_breaker_of_its_time(
    day: int, listing: Listing, percent: int | None
) -> None:
    rules = stock_rules_on(day, listing)

    assert not isinstance(rules, LuldRules)
    assert (None if rules is None else rules.percent) == percent


@pytest.mark.parametrize(
    ("day", "listing", "from_day"),
    [
        (20130408, Listing.SP500, 20130408),
        (20130408, Listing.RUSSELL_1000, 20130408),
        (20130805, Listing.OTHER, 20130805),
        (20240702, Listing.SP500, 20200224),
    ],
)
def test_the_bands_began_on_8_april_2013_and_tier_by_tier(
    day: int, listing: Listing, from_day: int
) -> None:
    rules = stock_rules_on(day, listing)

    assert isinstance(rules, LuldRules)
    assert rules.from_day == from_day


def test_a_stock_that_came_late_under_the_bands_keeps_its_breaker_until_then() -> None:
    assert isinstance(stock_rules_on(20130430, Listing.SP500, 20130501), JumpRules)
    assert isinstance(stock_rules_on(20130501, Listing.SP500, 20130501), LuldRules)


def test_the_breakers_hold_for_five_minutes_from_a_quarter_to_ten_to_25_before_the_close() -> None:
    for rules in JUMP_RULES:
        assert (rules.start_ns, rules.end_ns) == (clock_ns(9, 45), clock_ns(15, 35))
        assert (rules.window_ns, rules.pause_ns) == (5 * MINUTE, 5 * MINUTE)


@pytest.mark.parametrize(
    ("closes", "clock", "as_if"),
    [
        ((16, 0), (9, 45), (9, 45)),
        ((16, 0), (15, 35), (15, 35)),
        ((13, 0), (9, 45), (9, 45)),
        ((13, 0), (11, 59), (11, 59)),
        ((13, 0), (12, 0), (15, 0)),
        ((13, 0), (12, 35), (15, 35)),
        ((13, 0), (13, 0), (16, 0)),
    ],
)
def test_a_half_day_has_its_last_half_hour_too(
    closes: tuple[int, int], clock: tuple[int, int], as_if: tuple[int, int]
) -> None:
    day = session(closes=closes)

    assert time_of_day_ns(day, at(*clock)) == clock_ns(*as_if)
    assert moment_ns(day, clock_ns(*as_if)) == at(*clock)


def test_hours_that_a_half_day_lacks_are_reached_an_hour_before_its_close() -> None:
    assert moment_ns(session(closes=(13, 0)), clock_ns(14, 0)) == at(12, 0)


# --- the breaker of 2010 to 2013 ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "after_s", "paused"),
    [
        (57_000, 62_700, 300, True),
        (57_000, 62_700, 301, False),
        (57_000, 62_699, 10, False),
        (57_000, 51_300, 10, True),
        (57_000, 51_301, 10, False),
    ],
)
def test_a_move_of_ten_percent_within_five_minutes_pauses_google(
    first: int,
    second: int,
    after_s: int,
    paused: bool,
) -> None:
    now_ns = at(11, 0, after_s)
    acts = feed(jump(), [*OPEN, trade(at(11, 0), first), trade(now_ns, second)])

    assert acts == ([pause(now_ns)] if paused else [])


@pytest.mark.parametrize(
    ("closes", "clock", "paused"),
    [
        ((16, 0), (9, 44), False),
        ((16, 0), (9, 45), True),
        ((16, 0), (15, 34), True),
        ((16, 0), (15, 35), False),
        ((13, 0), (12, 34), True),
        ((13, 0), (12, 35), False),
    ],
)
def test_the_breaker_has_hours(
    closes: tuple[int, int],
    clock: tuple[int, int],
    paused: bool,
) -> None:
    fed = [*OPEN, trade(at(*clock) - SECOND, 57_000), trade(at(*clock), 63_000)]

    assert bool(feed(jump(closes=closes), fed)) is paused


def test_any_price_of_the_window_counts_not_the_last_alone() -> None:
    walk = [trade(at(11, 0, 20 * n), 57_000 + 800 * n) for n in range(9)]
    acts = feed(jump(), [*OPEN, *walk])

    assert acts == [pause(at(11, 0, 160))]
    falls = [trade(at(11, 0, 20 * n), 57_000 - 800 * n) for n in range(9)]
    assert feed(jump(), [*OPEN, *falls]) == [pause(at(11, 0, 160))]


def test_the_lowest_and_the_highest_price_may_be_neither_the_first_nor_the_last() -> None:
    prices = (57_000, 55_000, 56_000, 60_499, 60_500)
    dips = [trade(at(11, 0, 20 * n), price) for n, price in enumerate(prices)]
    assert feed(jump(), [*OPEN, *dips]) == [pause(at(11, 0, 80))]
    prices = (57_000, 59_000, 58_000, 53_101, 53_100)
    peaks = [trade(at(11, 0, 20 * n), price) for n, price in enumerate(prices)]
    assert feed(jump(), [*OPEN, *peaks]) == [pause(at(11, 0, 80))]


def test_what_traded_before_any_halt_is_forgotten() -> None:
    fed = [
        *OPEN,
        trade(at(11, 0), 57_000),
        phase(at(11, 1), P.HALT),
        phase(at(11, 2), P.CONTINUOUS),
        trade(at(11, 3), 63_000),
    ]

    assert feed(jump(), fed) == []


def test_what_traded_before_a_pause_is_forgotten() -> None:
    fed = [
        *OPEN,
        trade(at(11, 0), 57_000),
        trade(at(11, 1), 63_000),
        phase(at(11, 1), P.HALT),
        trade(at(11, 6), 64_000),
        phase(at(11, 6), P.CONTINUOUS),
        trade(at(11, 6, 1), 64_100),
        trade(at(11, 6, 2), 57_700),
    ]

    assert feed(jump(), fed) == [pause(at(11, 1))]
    assert feed(jump(), [*fed, trade(at(11, 6, 3), 57_600)])[1:] == [pause(at(11, 6, 3))]


def test_stocks_outside_the_lists_jump_by_thirty_percent_or_fifty_below_a_dollar() -> None:
    rules = stock_rules_on(20120621, Listing.OTHER)
    assert isinstance(rules, JumpRules)

    def paused(close: int, second: int) -> bool:
        guard = JumpDay(0, session(20120621), rules, previous_close_x2=2 * close, ticks_per_cent=1)
        return bool(feed(guard, [*OPEN, trade(at(11, 0), close), trade(at(11, 1), second)]))

    assert [paused(100, price) for price in (129, 130)] == [False, True]
    assert [paused(98, price) for price in (146, 147)] == [False, True]


# --- day after day ----------------------------------------------------------------------------------


def days(terms: StockTerms, *when: int) -> StockGuard:
    return StockGuard(0, [session(day, after=n) for n, day in enumerate(when)], terms)


def shifted(fed: list[Fed], after: int) -> list[Fed]:
    return [(now_ns + after * DAY_NS, seen) for now_ns, seen in fed]


def test_each_session_is_under_the_rule_of_its_day() -> None:
    guard = days(StockTerms(previous_close_ticks=10_000), 20130405, 20130408)
    jumps = [trade(at(11, 0), 10_000), trade(at(11, 1), 11_000)]
    acts = feed(guard, [*OPEN, *jumps, *shifted([*OPEN, *jumps], 1)])

    assert acts[0] == pause(at(11, 1))
    assert {type(act) for act in acts[1:]} == {SetBand}


def test_the_last_print_of_a_day_chooses_the_width_of_the_next() -> None:
    closing: list[Fed] = [
        phase(at(16, 0), P.CLOSING_CALL),
        phase(at(16, 0), P.CONTINUOUS),
        trade(at(16, 0), 299),
        trade(at(16, 1), 400),
    ]
    guard = days(StockTerms(previous_close_ticks=400), 20240702, 20240703)
    acts = feed(guard, [*OPEN, trade(at(9, 30), 400), *closing])
    assert acts[0] == band(at(9, 30), 380, 420)
    later = feed(guard, shifted([*OPEN, trade(at(9, 30), 300)], 1))

    # The close is below three dollars, so the band of the next day is 20 % wide.
    assert later == [SetBand(at(9, 30) + DAY_NS, 0, 240, 360)]


def test_the_print_of_a_closing_call_after_the_close_is_the_close() -> None:
    for print_first in (False, True):
        auction = trade(at(16, 5), 299)
        ends = phase(at(16, 5), P.CLOSED)
        closing = [
            phase(at(16, 0), P.CLOSING_CALL),
            *([auction, ends] if print_first else [ends, auction]),
        ]
        guard = days(StockTerms(previous_close_ticks=400), 20240702, 20240703)
        feed(guard, [*OPEN, trade(at(9, 30), 400), *closing])
        later = feed(guard, shifted([*OPEN, trade(at(9, 30), 300)], 1))

        assert later == [SetBand(at(9, 30) + DAY_NS, 0, 240, 360)]


def test_a_day_without_a_rule_has_neither_bands_nor_pauses() -> None:
    guard = days(StockTerms(previous_close_ticks=10_000), 20100610)
    acts: list[Act] = feed(guard, [*OPEN, trade(at(11, 0), 10_000), trade(at(11, 1), 20_000)])

    assert acts == []
    assert guard.advance(at(20, 0)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"previous_close_ticks": 0},
        {"previous_close_ticks": 1, "ticks_per_cent": 0},
        {"previous_close_ticks": 1, "reopening_ppm": 1_000_001},
        {"previous_close_ticks": 1, "leverage_ppm": 0},
    ],
)
def test_impossible_terms_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(InputError, match="allowed"):
        StockTerms(**fields)  # type: ignore[arg-type]
