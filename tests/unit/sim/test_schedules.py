"""Schedules as data: what they may say, and what a session makes of them."""

from collections.abc import Callable

import pytest

from market.codes import Phase
from market.errors import InputError
from market.units import parse_duration
from sim.schedule.describe import MEANING, describe, moment_words
from sim.schedule.library import SCHEDULES, schedule_named
from sim.schedule.moments import Anchor, Moment, day_number, day_text, parse_moment
from sim.schedule.resolve import PhaseChange, Session, resolve
from sim.schedule.rules import RULES, CallRule, Extension, InterruptionRules
from sim.schedule.schedule import SCHEDULABLE, Schedule, SpecialDay, Step, version_on
from tests.unit.sim.schedule_rig import HOUR, MINUTE, SECOND

P = Phase
MIDNIGHT = 1_720_000_000 * SECOND


def session(
    opens: str = "9h",
    closes: str = "17h",
    lunch: tuple[str, str] | None = None,
    day: int = 20240703,
) -> Session:
    def ns(text: str) -> int:
        return MIDNIGHT + parse_duration(text)

    return Session(
        day=day,
        midnight_ns=MIDNIGHT,
        open_ns=ns(opens),
        close_ns=ns(closes),
        break_ns=None if lunch is None else (ns(lunch[0]), ns(lunch[1])),
    )


def schedule(*steps: tuple[str, Phase] | tuple[str, Phase, str], calendar: str = "X") -> Schedule:
    return Schedule(
        name="test",
        zone="UTC",
        calendar=calendar,
        steps=tuple(
            Step(
                at=step[0],
                phase=step[1],
                random_end_ns=parse_duration(step[2]) if len(step) > 2 else 0,
            )
            for step in steps
        ),
    )


def hours(changes: tuple[PhaseChange, ...]) -> list[tuple[float, Phase]]:
    return [((change.ts_ns - MIDNIGHT) / HOUR, change.phase) for change in changes]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("open", Moment(Anchor.OPEN, 0)),
        ("open-30m", Moment(Anchor.OPEN, -30 * MINUTE)),
        ("close + 5m", Moment(Anchor.CLOSE, 5 * MINUTE)),
        ("break_end-1.5h", Moment(Anchor.BREAK_END, -90 * MINUTE)),
        ("break_start", Moment(Anchor.BREAK_START, 0)),
        ("00:00", Moment(Anchor.CLOCK, 0)),
        ("23:59:59", Moment(Anchor.CLOCK, 24 * HOUR - SECOND)),
    ],
)
def test_a_moment_hangs_on_the_session_or_on_the_clock(text: str, moment: Moment) -> None:
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text", ["", "24:00", "9:30", "13:60", "opening", "open-", "open 5m", "close+5", "open--5m"]
)
def test_another_moment_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Step(at=text, phase=P.CONTINUOUS)

    assert "\n" not in str(caught.value)
    assert "allowed" in str(caught.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Step(at="open", phase=P.VOLATILITY_CALL), "volatility_call"),
        (lambda: Step(at="open", phase=P.CONTINUOUS, random_end_ns=1), "with a call only"),
        (lambda: Step(at="open", phase=P.OPENING_CALL, random_end_ns=-1), "at least 0"),
        (schedule, "allowed are 1 to 99"),
        (lambda: schedule(("open", P.CONTINUOUS)), "closed, since"),
        (lambda: schedule(("open", P.CLOSED), ("close", P.CLOSED)), "another phase"),
        (
            lambda: schedule(("break_start", P.CONTINUOUS), ("break_end", P.HALT), calendar=""),
            "breaks with a calendar",
        ),
        (
            lambda: schedule(("open", P.CONTINUOUS), ("close", P.CLOSING_CALL, "1s"), calendar=""),
            "no end",
        ),
        (
            lambda: schedule(
                ("open", P.OPENING_CALL), ("12:00", P.INTRADAY_CALL), ("close", P.CLOSED)
            ),
            "in which the auction prints",
        ),
        (lambda: schedule(("open", P.OPENING_CALL), ("12:00", P.HALT)), "auction prints"),
        (lambda: Schedule(name="", zone="UTC", steps=()), "a name and a time zone"),
        (lambda: SpecialDay(day=20240230, closed=True), "20240230"),
        (lambda: SpecialDay(day=20240703), "either closed or another time"),
        (lambda: SpecialDay(day=20240703, closed=True, open="09:00"), "either closed"),
        (lambda: SpecialDay(day=20240703, close="1pm"), "a time of day"),
        (lambda: session("9h", "9h"), "one after the other"),
        (lambda: session("9h", "17h", ("12h", "18h")), "one after the other"),
        (lambda: Extension(price_ns=5), "price_times 0 of 5 ns"),
        (lambda: Extension(market_times=1), "market_times 1 of 0 ns"),
        (lambda: Extension(price_ns=5, price_times=-2), "-1 for as many"),
        (lambda: Extension(random_end_ns=-1), "random_end"),
        (lambda: CallRule(length_ns=-1), "at least 0"),
        (lambda: InterruptionRules(late_pause_ns=-1), "late_pause"),
        (lambda: schedule_named("xmoon"), "always_open"),
    ],
)
def test_what_cannot_be_right_is_refused_and_says_why(
    make: Callable[[], object], says: str
) -> None:
    with pytest.raises(InputError) as caught:
        make()

    assert says in str(caught.value)


def test_a_day_is_a_number_and_a_text() -> None:
    assert day_text(20240229) == "2024-02-29"
    assert day_number("2024-02-29") == 20240229
    for wrong in (20230229, 20241301, 0, 18991231, 22000101):
        with pytest.raises(InputError):
            day_text(wrong)


def test_a_short_day_moves_what_hangs_on_the_close_and_nothing_else() -> None:
    plan = (
        schedule(
            ("07:30", P.PRE_OPEN),
            ("open-30m", P.OPENING_CALL),
            ("open", P.CONTINUOUS),
            ("close", P.CLOSING_CALL),
            ("close+30m", P.CLOSED),
        ),
    )

    assert hours(resolve(plan, [session()])) == [
        (7.5, P.PRE_OPEN),
        (8.5, P.OPENING_CALL),
        (9, P.CONTINUOUS),
        (17, P.CLOSING_CALL),
        (17.5, P.CLOSED),
    ]
    assert hours(resolve(plan, [session(closes="13h")]))[2:] == [
        (9, P.CONTINUOUS), (13, P.CLOSING_CALL), (13.5, P.CLOSED),
    ]  # fmt: skip


MIDDAY = (
    schedule(
        ("open", P.CONTINUOUS),
        ("13:00", P.INTRADAY_CALL),
        ("13:02", P.CONTINUOUS),
        ("close", P.CLOSING_CALL),
        ("close+5m", P.CLOSED),
        ("20:30", P.HALT),
        ("21:00", P.CLOSED),
    ),
)


@pytest.mark.parametrize(
    ("closes", "midday"),
    [
        ("17h", [(13, P.INTRADAY_CALL), (13 + 2 / 60, P.CONTINUOUS)]),
        ("13h", []),
        ("12h", []),
        ("13.02h", [(13, P.INTRADAY_CALL)]),  # the closing call takes it over
    ],
)
def test_a_step_by_the_clock_is_left_out_where_it_does_not_lie_between_its_neighbors(
    closes: str, midday: list[tuple[float, Phase]]
) -> None:
    found = hours(resolve(MIDDAY, [session(closes=closes)]))

    assert found[0] == (9, P.CONTINUOUS)
    assert found[1:-4] == midday
    assert [phase for _, phase in found[-4:]] == [P.CLOSING_CALL, P.CLOSED, P.HALT, P.CLOSED]
    assert found[-2:] == [(20.5, P.HALT), (21, P.CLOSED)]


def test_a_step_at_the_very_moment_of_its_neighbor_is_left_out() -> None:
    plan = (schedule(("open", P.CONTINUOUS), ("09:00", P.INTRADAY_CALL), ("close", P.CLOSED)),)

    assert hours(resolve(plan, [session()])) == [(9, P.CONTINUOUS), (17, P.CLOSED)]


def test_a_day_whose_last_step_changes_nothing_ends_with_the_one_before() -> None:
    plan = (
        schedule(
            ("open", P.CONTINUOUS),
            ("12:00", P.CLOSED),
            ("13:00", P.CONTINUOUS),
            ("close", P.CLOSED),
        ),
    )
    short = resolve(plan, [session(closes="13h")])

    assert hours(short) == [(9, P.CONTINUOUS), (12, P.CLOSED)]
    assert [change.ends_day for change in short] == [False, True]


def test_steps_of_a_break_are_left_out_on_a_day_without_one() -> None:
    plan = (
        schedule(
            ("open", P.CONTINUOUS),
            ("break_start", P.CLOSED),
            ("break_end", P.CONTINUOUS),
            ("close", P.CLOSED),
        ),
    )

    assert hours(resolve(plan, [session(lunch=("12h", "13h"))])) == [
        (9, P.CONTINUOUS), (12, P.CLOSED), (13, P.CONTINUOUS), (17, P.CLOSED),
    ]  # fmt: skip
    assert hours(resolve(plan, [session(closes="12h")])) == [(9, P.CONTINUOUS), (12, P.CLOSED)]


def test_calls_are_numbered_by_day_and_place_and_the_last_step_ends_the_day() -> None:
    plan = (
        schedule(
            ("open-1h", P.OPENING_CALL, "30s"),
            ("open", P.CONTINUOUS),
            ("close", P.CLOSING_CALL),
            ("close", P.CLOSED),
        ),
    )
    found = resolve(plan, [session()])

    assert [(one.call_number, one.window_ns, one.ends_day) for one in found] == [
        (0, 0, False),
        (2024070301, 30 * SECOND, False),
        (0, 0, False),
        (2024070302, 0, True),
    ]


def test_a_venue_that_never_closes_changes_once() -> None:
    days = [
        Session(day=20240700 + n, midnight_ns=n * DAY, open_ns=n * DAY, close_ns=(n + 1) * DAY)
        for n in (1, 2, 3)
    ]

    assert resolve(SCHEDULES["always_open"], days) == (
        PhaseChange(ts_ns=DAY, phase=P.CONTINUOUS, day=20240701),
    )


DAY = 24 * HOUR


def test_versions_hold_from_their_day_and_the_days_before_the_first_are_refused() -> None:
    first, second = schedule_named("xtks")
    assert version_on((first, second), 20241104) is first
    assert version_on((first, second), 20241105) is second
    with pytest.raises(InputError, match=r"2011-11-18, allowed is from 2011-11-21 on"):
        version_on((first, second), 20111118)


@pytest.mark.parametrize(
    "steps",
    [
        [("close", P.CONTINUOUS), ("open", P.CLOSED)],
        [("open", P.CONTINUOUS), ("open", P.CLOSED)],
        [("open", P.OPENING_CALL, "30m"), ("open+1h", P.CONTINUOUS), ("open+80m", P.CLOSED)],
        [("open", P.OPENING_CALL, "30m"), ("open", P.CONTINUOUS), ("open+1m", P.CLOSED)],
    ],
)
def test_steps_that_would_overlap_are_refused_on_their_day(
    steps: list[tuple[str, Phase]],
) -> None:
    with pytest.raises(InputError, match="2024-07-03"):
        resolve((schedule(*steps),), [session()])


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_known_schedule_has_versions_in_order_and_says_its_source(name: str) -> None:
    versions = schedule_named(name)

    assert [one.from_day for one in versions] == sorted({one.from_day for one in versions})
    assert {one.name for one in versions} == {name}
    assert all(one.source for one in versions)


def test_describing_a_schedule_says_every_step_and_its_random_end() -> None:
    xetra = schedule_named("xetr")[1]
    lines = describe(xetra)

    assert len(lines) == 4 + len(xetra.steps) + 1
    assert lines[0] == ("schedule", "xetr")
    assert dict(lines)["13:00"] == (
        "intraday call: orders gather for an auction during the day; it ends within 30s from 13:02 on, "
        "by a draw"
    )
    assert ("15m after the close", "closed: no orders are taken") in lines
    us = dict(describe(schedule_named("xnys")[0]))
    assert us["holds from"] == "2012-01-03"
    assert describe(schedule_named("xnys")[0])[6] == (
        "the close", "closing call: an auction at once, of what rests for it",
    )  # fmt: skip
    special = Schedule(
        name="x",
        zone="UTC",
        calendar="X",
        steps=(Step(at="close", phase=P.CLOSED),),
        special_days=(
            SpecialDay(day=20241224, close="14:00"),
            SpecialDay(day=20241225, closed=True),
        ),
    )
    assert describe(special)[-2:] == [
        ("2024-12-24", "closes at 14:00"), ("2024-12-25", "no session"),
    ]  # fmt: skip


def test_every_phase_has_a_meaning_in_words() -> None:
    assert set(MEANING) == set(Phase)
    assert moment_words(parse_moment("09:30:15")) == "09:30:15"
    assert moment_words(parse_moment("break_end-25m")) == "25m before the end of the break"


def test_rules_have_names() -> None:
    assert set(RULES) == {"us", "xetra", "london"}
    assert set(SCHEDULABLE) < set(Phase)
