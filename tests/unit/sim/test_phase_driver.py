"""Books follow their schedules, and what interrupts them; each case with what the books were told."""

import pytest

from market.codes import Phase
from sim.schedule.effective import Interruption
from sim.schedule.random_end import end_delay_ns
from sim.schedule.resolve import PhaseChange
from sim.schedule.rules import LONDON_RULES, US_RULES
from tests.unit.sim.schedule_rig import (
    DAY,
    DAY_STEPS,
    HOUR,
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


def test_a_book_follows_its_schedule_and_starts_closed() -> None:
    desk = make()

    assert told(desk) == [(0, P.CLOSED), *DAY_STEPS]
    assert [(ts // MINUTE, call) for ts, _, call in desk.books.auctions] == [
        (20, P.OPENING_CALL), (302, P.INTRADAY_CALL), (485, P.CLOSING_CALL),
    ]  # fmt: skip
    assert [row.ts_ns // MINUTE for row in desk.rows] == [20, 302, 485]
    assert desk.days_over == [(495 * MINUTE, 0)]


def test_a_run_that_starts_during_the_day_starts_in_its_phase() -> None:
    desk = make(start_minute=100)
    desk.clock.run_until(200 * MINUTE)

    assert desk.books.commands == []  # a new book trades already
    assert desk.driver.phase(0) is P.CONTINUOUS
    assert desk.heard == [(100 * MINUTE, 0, P.CONTINUOUS)]
    assert told(make(start_minute=301), 0, 302) == [(301, P.INTRADAY_CALL)]


def test_phases_change_ahead_of_the_orders_of_their_instant() -> None:
    desk = make()
    seen: list[Phase] = []
    desk.clock.at(20 * MINUTE, lambda _: seen.append(desk.driver.phase(0)))
    desk.clock.run_until(30 * MINUTE)

    assert seen == [P.CONTINUOUS]


def test_a_call_of_no_length_prints_within_one_event() -> None:
    steps = changes((10, P.CONTINUOUS), (50, P.CLOSING_CALL), (50, P.CONTINUOUS), (60, P.CLOSED))
    desk = make(steps)
    told(desk)

    assert desk.books.told()[-3:] == [
        (50 * MINUTE, P.CLOSING_CALL), (50 * MINUTE, P.CONTINUOUS), (60 * MINUTE, P.CLOSED),
    ]  # fmt: skip
    assert desk.books.auctions == [(50 * MINUTE, 0, P.CLOSING_CALL)]


def test_random_ends_are_drawn_for_each_book_and_call_from_the_key_alone() -> None:
    steps = (
        PhaseChange(ts_ns=10 * MINUTE, phase=P.OPENING_CALL, day=DAY),
        PhaseChange(
            ts_ns=20 * MINUTE,
            phase=P.CONTINUOUS,
            day=DAY,
            window_ns=30 * SECOND,
            call_number=DAY * 100 + 1,
        ),
        PhaseChange(ts_ns=30 * MINUTE, phase=P.CLOSED, day=DAY, ends_day=True),
    )
    desk = make(steps, book_ids=(0, 1, 7))
    desk.clock.run_until(HOUR)
    ends = {book: ts for ts, book, phase in desk.books.commands if phase is P.CONTINUOUS}

    assert ends == {
        book: 20 * MINUTE + end_delay_ns(KEY, book, DAY * 100 + 1, 30 * SECOND)
        for book in (0, 1, 7)
    }
    assert len(set(ends.values())) == 3
    alone = make(steps, book_ids=(7,))
    alone.clock.run_until(HOUR)
    assert (ends[7], 7, P.CONTINUOUS) in alone.books.commands


def test_a_volatility_call_interrupts_trading_and_prints() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 100, Interruption.VOLATILITY)

    assert told(desk, 100, 200) == [(100, P.VOLATILITY_CALL), (102, P.CONTINUOUS)]
    assert desk.books.auctions[-1] == (102 * MINUTE, 0, P.VOLATILITY_CALL)


@pytest.mark.parametrize("minute", [1, 7, 15, 301, 482, 487, 500])
def test_a_volatility_call_begins_in_continuous_trading_only(minute: int) -> None:
    desk = make(rules=VOLATILE)
    at(desk, minute, Interruption.VOLATILITY)
    told(desk)

    assert P.VOLATILITY_CALL not in [phase for _, phase in desk.books.told()]


def test_a_volatility_call_running_into_the_closing_call_becomes_it_without_a_print() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 479, Interruption.VOLATILITY)

    assert told(desk, 479) == [
        (479, P.VOLATILITY_CALL),
        (480, P.HALT),  # on the way, so that the broken call does not print
        (480, P.CLOSING_CALL),
        (485, P.TRADE_AT_LAST),
        (495, P.CLOSED),
    ]
    assert desk.books.auctions[-1] == (485 * MINUTE, 0, P.CLOSING_CALL)
    assert [phase for _, _, phase in desk.heard[-4:]] == [
        P.VOLATILITY_CALL, P.CLOSING_CALL, P.TRADE_AT_LAST, P.CLOSED,
    ]  # fmt: skip


def test_a_volatility_call_that_runs_into_a_break_prints_there() -> None:
    desk = make(changes((10, P.CONTINUOUS), (50, P.CLOSED), ends_day=False), VOLATILE)
    at(desk, 49, Interruption.VOLATILITY)

    assert told(desk, 49) == [(49, P.VOLATILITY_CALL), (50, P.CLOSED)]
    assert desk.books.auctions == [(50 * MINUTE, 0, P.VOLATILITY_CALL)]


def test_a_pause_halts_and_reopens_by_an_auction() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 100, Interruption.PAUSE, 105)

    assert told(desk, 100, 200) == [(100, P.HALT), (105, P.HALT_CALL), (108, P.CONTINUOUS)]
    assert desk.books.auctions[-1] == (108 * MINUTE, 0, P.HALT_CALL)


def test_a_reopening_of_no_length_follows_the_pause_at_once() -> None:
    desk = make(rules=US_RULES)
    at(desk, 100, Interruption.PAUSE, 105)

    assert told(desk, 100, 200) == [(100, P.HALT), (105, P.HALT_CALL), (105, P.CONTINUOUS)]


def test_a_pause_in_the_last_ten_minutes_lasts_until_the_closing_call() -> None:
    desk = make(rules=US_RULES)
    at(desk, 470, Interruption.PAUSE, 475)

    assert told(desk, 470) == [
        (470, P.HALT), (480, P.CLOSING_CALL), (485, P.TRADE_AT_LAST), (495, P.CLOSED),
    ]  # fmt: skip
    before = make(rules=US_RULES)
    at(before, 469, Interruption.PAUSE, 474)
    assert (474, P.CONTINUOUS) in told(before, 469)


def test_a_pause_running_into_the_closing_call_ends_there() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 478, Interruption.PAUSE, 483)

    assert told(desk, 478, 490) == [(478, P.HALT), (480, P.CLOSING_CALL), (485, P.TRADE_AT_LAST)]


def test_a_reopening_running_into_the_closing_call_becomes_it() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 473, Interruption.PAUSE, 478)

    assert told(desk, 473, 484) == [
        (473, P.HALT), (478, P.HALT_CALL), (480, P.HALT), (480, P.CLOSING_CALL),
    ]  # fmt: skip
    assert [call for _, _, call in desk.books.auctions][-1] is P.INTRADAY_CALL


def test_a_pause_through_a_call_during_the_day_loses_that_auction() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 299, Interruption.PAUSE, 310)

    assert told(desk, 299, 400) == [(299, P.HALT), (310, P.HALT_CALL), (313, P.CONTINUOUS)]


def test_a_market_halt_beats_the_closing_call_which_has_what_is_left_of_its_time() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 470, Interruption.MARKET_HALT, 483)

    assert told(desk, 470) == [
        (470, P.HALT), (483, P.CLOSING_CALL), (485, P.TRADE_AT_LAST), (495, P.CLOSED),
    ]  # fmt: skip
    assert desk.books.auctions[-1] == (485 * MINUTE, 0, P.CLOSING_CALL)


def test_a_market_halt_over_the_whole_closing_call_leaves_no_closing_auction() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 470, Interruption.MARKET_HALT, 490)

    assert told(desk, 470) == [(470, P.HALT), (490, P.TRADE_AT_LAST), (495, P.CLOSED)]


def test_a_halt_lasts_over_the_night_until_somebody_ends_it() -> None:
    steps = changes(*DAY_STEPS, (600, P.OPENING_CALL), (610, P.CONTINUOUS), (700, P.CLOSED))
    desk = make(steps, VOLATILE)
    at(desk, 100, Interruption.HALT)
    desk.clock.at(650 * MINUTE, lambda _: desk.driver.resume(0))

    assert told(desk, 100) == [
        (100, P.HALT),
        (495, P.CLOSED),
        (600, P.HALT),
        (650, P.HALT_CALL),
        (653, P.CONTINUOUS),
        (700, P.CLOSED),
    ]


def test_a_halt_lifted_during_a_scheduled_call_leads_into_that_call() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 100, Interruption.HALT)
    desk.clock.at(481 * MINUTE, lambda _: desk.driver.resume(0))

    assert told(desk, 100, 490) == [(100, P.HALT), (481, P.CLOSING_CALL), (485, P.TRADE_AT_LAST)]


def test_a_news_halt_outlasts_a_market_halt_within_it() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 100, Interruption.HALT)
    at(desk, 110, Interruption.MARKET_HALT, 125)
    desk.clock.at(120 * MINUTE, lambda _: desk.driver.resume(0))

    # Lifted within the market's halt, it is that one which ends.
    assert told(desk, 100, 200) == [(100, P.HALT), (125, P.HALT_CALL), (128, P.CONTINUOUS)]
    assert desk.driver.interruption(0) is Interruption.NONE


def test_after_the_last_breaker_nothing_trades_until_the_next_day() -> None:
    steps = changes(*DAY_STEPS) + changes((600, P.OPENING_CALL), (610, P.CONTINUOUS))
    desk = make(steps, VOLATILE)
    at(desk, 100, Interruption.DAY_OVER)

    assert told(desk, 100) == [
        (100, P.HALT), (495, P.CLOSED), (600, P.OPENING_CALL), (610, P.CONTINUOUS),
    ]  # fmt: skip


def test_a_halt_breaks_a_call_off_without_a_print() -> None:
    desk = make(rules=VOLATILE)
    at(desk, 100, Interruption.VOLATILITY)
    at(desk, 101, Interruption.HALT)
    told(desk)

    assert P.VOLATILITY_CALL not in [call for _, _, call in desk.books.auctions]


def test_interrupting_all_interrupts_every_book_once() -> None:
    desk = make(rules=LONDON_RULES, book_ids=(3, 0, 2))
    until_ns = 115 * MINUTE
    desk.clock.at(
        100 * MINUTE, lambda _: desk.driver.interrupt_all(Interruption.MARKET_HALT, until_ns)
    )
    desk.clock.run_until(101 * MINUTE)

    halted = [(ts // MINUTE, book) for ts, book, phase in desk.books.commands if phase is P.HALT]
    assert halted == [(100, 0), (100, 2), (100, 3)]
    assert desk.driver.book_ids == (0, 2, 3)
