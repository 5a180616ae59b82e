"""Calendars make sessions, and sessions make a day's phases: worked days of real exchanges."""

import tomllib

import pytest

from market.codes import Phase
from market.errors import InputError
from scenarios.calendars import read_schedule, sessions, timetable
from scenarios.written import Place, read_struct
from sim.ingest.session_date import midnight_ns
from sim.schedule.breaker_rules import BreakerTerms
from sim.schedule.collar_guard import CollarTerms
from sim.schedule.library import SCHEDULES, schedule_named
from sim.schedule.moments import day_number
from sim.schedule.random_end import end_delay_ns
from sim.schedule.rules import US_RULES, InterruptionRules
from sim.schedule.stock_guard import StockTerms
from sim.schedule.stock_rules import Listing
from sim.streams import stream_key

P = Phase
SECOND = 1_000_000_000
DAY = 86_400 * SECOND


def clock(name: str, date: str) -> list[tuple[str, Phase]]:
    """A date's phase changes, by the clock of the exchange."""
    zone = schedule_named(name)[0].zone
    begin_ns = midnight_ns(date, "test", zone)
    found = timetable(name, begin_ns, begin_ns + DAY, (0,))
    return [
        (text((change.ts_ns - begin_ns) // SECOND), change.phase)
        for change in found.changes
        if change.day == day_number(date)
    ]


def text(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")


def test_the_half_day_before_independence_day_2024_closes_new_york_at_one() -> None:
    assert clock("xnys", "2024-07-03") == [
        ("06:30", P.OPENING_CALL),
        ("09:30", P.CONTINUOUS),
        ("13:00", P.CLOSING_CALL),
        ("13:00", P.CLOSED),
    ]
    assert clock("xnys", "2024-07-04") == []
    assert clock("xnys", "2024-07-05")[-1] == ("16:00", P.CLOSED)


def test_nasdaq_on_21_june_2012_trades_from_seven_to_eight_with_two_crosses() -> None:
    assert clock("xnas", "2012-06-21") == [
        ("07:00", P.CONTINUOUS),
        ("09:30", P.OPENING_CALL),
        ("09:30", P.CONTINUOUS),
        ("16:00", P.CLOSING_CALL),
        ("16:00", P.CONTINUOUS),
        ("20:00", P.CLOSED),
    ]
    # After a half day the evening is as long as ever.
    assert clock("xnas", "2024-07-03")[-1] == ("17:00", P.CLOSED)


def test_tokyo_has_lunch_and_since_november_2024_a_closing_call() -> None:
    morning = [
        ("08:00", P.OPENING_CALL),
        ("09:00", P.CONTINUOUS),
        ("11:30", P.INTRADAY_CALL),
        ("11:30", P.CLOSED),
        ("12:05", P.OPENING_CALL),
        ("12:30", P.CONTINUOUS),
    ]
    assert clock("xtks", "2024-11-01") == [
        *morning, ("15:00", P.CLOSING_CALL), ("15:00", P.CLOSED),
    ]  # fmt: skip
    assert clock("xtks", "2024-11-05") == [
        *morning, ("15:25", P.CLOSING_CALL), ("15:30", P.CLOSED),
    ]  # fmt: skip


def test_an_a_share_day_has_a_long_lunch_and_three_minutes_of_closing_call() -> None:
    day = [
        ("09:15", P.OPENING_CALL),
        ("09:25", P.PRE_OPEN),
        ("09:30", P.CONTINUOUS),
        ("11:30", P.CLOSED),
        ("13:00", P.CONTINUOUS),
    ]
    closing = [("14:57", P.CLOSING_CALL), ("15:00", P.CLOSED)]
    assert clock("xshg", "2024-02-08") == [*day, *closing]
    assert clock("xshg", "2024-02-12") == []  # New Year
    assert clock("xshg", "2018-08-17") == [*day, ("15:00", P.CLOSED)]
    assert clock("xshg", "2018-08-20") == [*day, *closing]
    assert clock("xshe", "2018-08-17") == [*day, *closing]


def test_hong_kong_on_christmas_eve_has_no_afternoon_but_a_closing_call() -> None:
    assert clock("xhkg", "2024-12-24") == [
        ("09:00", P.OPENING_CALL),
        ("09:20", P.CLOSED),
        ("09:30", P.CONTINUOUS),
        ("12:00", P.CLOSING_CALL),
        ("12:08", P.CLOSED),
    ]
    assert clock("xhkg", "2024-12-23")[3:] == [
        ("12:00", P.CLOSED),
        ("13:00", P.CONTINUOUS),
        ("16:00", P.CLOSING_CALL),
        ("16:08", P.CLOSED),
    ]


def test_xetra_closes_early_on_the_last_day_of_the_year_and_has_its_calls_before() -> None:
    assert clock("xetr", "2024-12-30") == [
        ("07:30", P.PRE_OPEN),
        ("08:50", P.OPENING_CALL),
        ("09:00", P.CONTINUOUS),
        ("13:00", P.INTRADAY_CALL),
        ("13:02", P.CONTINUOUS),
        ("14:00", P.CLOSING_CALL),
        ("14:05", P.TRADE_AT_LAST),
        ("14:15", P.CLOSED),
    ]
    assert clock("xetr", "2015-06-22")[-2:] == [("17:30", P.CLOSING_CALL), ("17:35", P.CLOSED)]
    assert clock("xetr", "2025-12-01")[-1] == ("17:40", P.CLOSED)


def test_the_closing_call_of_xetra_ends_at_a_drawn_moment_of_half_a_minute() -> None:
    begin_ns = midnight_ns("2024-12-20", "test", "Europe/Berlin")
    changes = timetable("xetr", begin_ns, begin_ns + DAY, (0, 1)).changes
    print_ = next(one for one in changes if one.day == 20241220 and one.phase is P.TRADE_AT_LAST)
    key = stream_key(7, "schedule/ends")
    delays = [end_delay_ns(key, book, print_.call_number, print_.window_ns) for book in range(200)]

    assert (print_.ts_ns - begin_ns) // SECOND == (17 * 60 + 35) * 60
    assert (print_.window_ns, print_.call_number) == (30 * SECOND, 2024122003)
    assert delays[:3] == [10_884_101_064, 6_848_790_045, 18_481_207_662]
    assert min(delays) >= 0
    assert max(delays) < 30 * SECOND
    assert 13 * SECOND < sum(delays) // 200 < 17 * SECOND


def test_london_has_a_midday_call_since_march_2016() -> None:
    assert ("12:00", P.INTRADAY_CALL) not in clock("xlon", "2016-03-18")
    assert ("12:00", P.INTRADAY_CALL) in clock("xlon", "2016-03-21")
    assert clock("xlon", "2024-12-24")[-3:] == [
        ("12:30", P.CLOSING_CALL), ("12:35", P.TRADE_AT_LAST), ("12:40", P.CLOSED),
    ]  # fmt: skip


def test_summer_time_moves_a_day_as_the_exchange_moves_it() -> None:
    winter = timetable("xetr", *day_of("2024-03-28"), (0,)).changes
    summer = timetable("xetr", *day_of("2024-04-02"), (0,)).changes

    def utc(changes: tuple, day: int) -> int:  # type: ignore[type-arg]
        opens = next(one for one in changes if one.day == day and one.phase is P.CONTINUOUS)
        return int(opens.ts_ns % DAY // (3600 * SECOND))

    assert (utc(winter, 20240328), utc(summer, 20240402)) == (8, 7)


def day_of(date: str) -> tuple[int, int]:
    begin_ns = midnight_ns(date, "test", "Europe/Berlin")
    return begin_ns, begin_ns + DAY


def test_a_crypto_venue_is_open_from_the_day_before_the_run_on() -> None:
    begin_ns = midnight_ns("2024-02-29", "test", "UTC") + 3_600 * SECOND
    found = timetable("always_open", begin_ns, begin_ns + 5 * DAY, (4,))

    assert found.book_ids == (4,)
    assert [(one.ts_ns, one.phase) for one in found.changes] == [
        (begin_ns - DAY - 3_600 * SECOND, P.CONTINUOUS)
    ]


def test_the_session_before_a_run_is_there_over_weekends_and_holidays() -> None:
    found = sessions(SCHEDULES["xnys"], "2024-07-06", "2024-07-07")

    assert [one.day for one in found] == [20240705]
    monday = timetable("xnys", *day_of("2024-07-08"), (0,)).changes
    assert monday[0].day == 20240705


TOML = """
[[schedule]]
name = "mine"
calendar = "XETR"
zone = "Europe/Berlin"
source = "us"
steps = [
  { at = "open-10m", phase = "opening_call", random_end = "30s" },
  { at = "open", phase = "continuous" },
  { at = "close", phase = "closing_call" },
  { at = "close+5m", phase = "closed" },
]
[[schedule.special_days]]
day = 20241223
close = "14:00"
[[schedule.special_days]]
day = 20241227
closed = true
"""


def test_a_schedule_may_be_written_in_toml_with_days_of_its_own() -> None:
    (mine,) = read_schedule(TOML, "mine.toml")
    found = sessions((mine,), "2024-12-20", "2024-12-30")

    assert mine.steps[0].random_end_ns == 30 * SECOND
    assert [one.day for one in found] == [20241219, 20241220, 20241223, 20241230]
    assert found[2].close_ns - found[2].midnight_ns == 14 * 3600 * SECOND


def test_a_day_that_ends_before_its_break_has_none() -> None:
    text = TOML.replace("XETR", "XTKS").replace("Europe/Berlin", "Asia/Tokyo")
    text = text.replace("20241223", "20241224").replace("14:00", "12:00")
    found = sessions(read_schedule(text, "mine.toml"), "2024-12-23", "2024-12-24")

    assert [one.break_ns is None for one in found] == [False, False, True]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"close+5m"', '"close+5"', "mine.toml: schedule[0].steps[3]: at 'close+5': found '5'"),
        ("opening_call", "opening", "schedule[0].steps[0].phase: found 'opening'"),
        ("random_end", "random", "found unknown key 'random'"),
        ('zone = "Europe/Berlin"', "", "found no 'zone'"),
        ("[[schedule]]", "[schedule]", "mine.toml: found"),
        ("day = 20241227", "day = 20241223", "special day 20241223 twice"),
        ("close =", "close", "found no TOML"),
    ],
)
def test_a_wrong_schedule_is_refused_in_one_line(old: str, new: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_schedule(TOML.replace(old, new), "mine.toml")

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("XETR", "XMOON", "calendar: found 'XMOON'"),
        ("Europe/Berlin", "Europe/Paname", "zone: found 'Europe/Paname'"),
        ("Europe/Berlin", "../etc", "zone: found '../etc'"),
        ("XETR", "XSHG", "calendar XSHG: The XSHG holidays are only recorded to the year"),
    ],
)
def test_an_unknown_calendar_zone_or_year_is_refused_in_one_line(
    old: str, new: str, says: str
) -> None:
    year = "2030" if new == "XSHG" else "2024"
    with pytest.raises(InputError) as caught:
        sessions(read_schedule(TOML.replace(old, new), "m"), f"{year}-12-20", f"{year}-12-24")

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_versions_must_be_of_one_venue_and_in_order() -> None:
    twice = TOML + TOML.replace('source = "us"', "from_day = 20240101")
    assert len(read_schedule(twice, "m")) == 2
    with pytest.raises(InputError, match="a later one"):
        read_schedule(TOML + TOML, "m")
    with pytest.raises(InputError, match="one name, calendar and zone"):
        read_schedule(twice.replace('name = "mine"', 'name = "other"', 1), "m")


def test_days_before_a_schedule_is_known_are_refused() -> None:
    with pytest.raises(InputError, match="allowed is from 2003-11-03 on"):
        timetable("xetr", *day_of("2001-01-08"), (0,))


def test_rules_and_terms_are_written_in_toml_too() -> None:
    place = Place("venue.toml")
    rules = read_struct(
        tomllib.loads(
            """
            late_pause = "10m"
            volatility = { length = "2m", random_end = "30s" }
            [reopening.extension]
            price = "5m"
            price_times = -1
            """
        ),
        place,
        InterruptionRules,
    )
    assert rules.late_pause_ns == 600 * SECOND
    assert (rules.volatility.length_ns, rules.volatility.random_end_ns) == (
        120 * SECOND, 30 * SECOND,
    )  # fmt: skip
    assert rules.reopening.extension == US_RULES.reopening.extension
    terms = read_struct({"previous_close_ticks": 5, "listing": "other"}, place, StockTerms)
    assert terms.listing is Listing.OTHER
    assert read_struct({"reference_ticks": 5}, place, CollarTerms).dynamic_ppm == 0
    assert read_struct({"previous_close": 5}, place, BreakerTerms).units_per_point == 1
    with pytest.raises(InputError, match=r"venue\.toml: volatility: found unknown key 'lenght'"):
        read_struct({"volatility": {"lenght": "2m"}}, place, InterruptionRules)
