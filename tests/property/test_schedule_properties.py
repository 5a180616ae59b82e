"""Whatever is drawn: schedules never overlap, and a book's phase is always the one of the table."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from market.codes import Phase
from market.errors import InputError
from sim.schedule.course import Course
from sim.schedule.effective import TABLE, Interruption
from sim.schedule.library import SCHEDULES
from sim.schedule.ports import CallOutlook
from sim.schedule.resolve import PhaseChange, Session, resolve
from sim.schedule.rules import CallRule, Extension, InterruptionRules
from sim.schedule.schedule import SCHEDULABLE, Schedule, Step
from tests.unit.sim.schedule_rig import DAY_STEPS, HOUR, MINUTE, SECOND, changes, make

DAY_NS = 24 * HOUR
VENUES = sorted(set(SCHEDULES) - {"always_open"})


@st.composite
def sessions(draw: st.DrawFn) -> list[Session]:
    """Days in a row, some short, some with a break."""
    made = []
    for n in range(draw(st.integers(1, 4))):
        midnight_ns = n * DAY_NS
        opens = midnight_ns + 9 * HOUR + 30 * MINUTE
        close = opens + draw(st.integers(3 * 60, 8 * 60)) * MINUTE
        lunch = (opens + 2 * HOUR, opens + 2 * HOUR + 45 * MINUTE)
        made.append(
            Session(
                day=20250106 + n,
                midnight_ns=midnight_ns,
                open_ns=opens,
                close_ns=close,
                break_ns=lunch if draw(st.booleans()) else None,
            )
        )
    return made


def latest_ns(change: PhaseChange) -> int:
    """The last moment at which a change may take place."""
    return change.ts_ns + max(change.window_ns - 1, 0)


def holds_its_invariants(found: tuple[PhaseChange, ...]) -> None:
    for before, after in pairwise(found):
        assert before.phase is not after.phase
        no_length = before.phase.is_call and before.ts_ns == after.ts_ns
        assert no_length or latest_ns(before) < after.ts_ns
        assert (after.call_number > 0) == (before.phase.is_call and before.day == after.day)
    numbers = [change.call_number for change in found if change.call_number]
    assert len(numbers) == len(set(numbers))


@given(st.sampled_from(VENUES), sessions(), st.integers(0, 1 << 62), st.integers(0, 99))
def test_no_known_schedule_ever_overlaps_whatever_is_drawn(
    name: str, days: list[Session], key: int, book_id: int
) -> None:
    found = resolve(SCHEDULES[name], days)
    holds_its_invariants(found)

    course = Course(found, key, book_id)
    taken: list[PhaseChange] = []
    times: list[int] = []
    while (now_ns := course.next_ns) is not None:
        # A call of no length takes two changes at once.
        due = [*course.due(now_ns)]
        assert 1 <= len(due) <= 2
        assert due[0].ts_ns <= now_ns <= latest_ns(due[0])
        taken += due
        times.append(now_ns)
    assert taken == [*found]
    assert all(before < after for before, after in pairwise(times))


moments = st.one_of(
    st.sampled_from(["open", "break_start", "break_end", "close", "12:00", "13:30"]),
    st.builds(
        "{}{}{}m".format,
        st.sampled_from(["open", "break_start", "break_end", "close"]),
        st.sampled_from("+-"),
        st.integers(1, 90),
    ),
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule | None:
    """Any list of steps; None for one that a schedule refuses on any day."""
    steps = []
    for _ in range(draw(st.integers(1, 7))):
        phase = draw(st.sampled_from(SCHEDULABLE))
        window = draw(st.sampled_from([0, 0, 30 * SECOND, 20 * MINUTE])) if phase.is_call else 0
        steps.append(Step(at=draw(moments), phase=phase, random_end_ns=window))
    try:
        return Schedule(
            name="drawn",
            zone="UTC",
            calendar="X",
            steps=(*steps, Step(at="close+2h", phase=Phase.CLOSED)),
        )
    except InputError:
        return None


@given(schedules(), sessions())
def test_a_drawn_schedule_is_refused_or_never_overlaps(
    schedule: Schedule | None, days: list[Session]
) -> None:
    if schedule is None:
        return
    try:
        found = resolve((schedule,), days)
    except InputError:
        return
    for before, after in pairwise(found):
        assert before.ts_ns + before.window_ns <= after.ts_ns


RULES = InterruptionRules(
    volatility=CallRule(
        length_ns=2 * MINUTE,
        random_end_ns=30 * SECOND,
        extension=Extension(price_ns=MINUTE, price_times=2),
    ),
    reopening=CallRule(length_ns=MINUTE, extension=Extension(price_ns=MINUTE, price_times=1)),
    scheduled=Extension(
        price_ns=3 * MINUTE, price_times=1, market_ns=MINUTE, market_times=1, random_end_ns=SECOND
    ),
    late_pause_ns=10 * MINUTE,
)
INSTANT_RULES = InterruptionRules(
    volatility=CallRule(), reopening=CallRule(), scheduled=Extension(), late_pause_ns=0
)
KINDS = [
    Interruption.VOLATILITY,
    Interruption.PAUSE,
    Interruption.MARKET_HALT,
    Interruption.HALT,
    Interruption.DAY_OVER,
]
TIMED = (Interruption.PAUSE, Interruption.MARKET_HALT)
happenings = st.lists(
    st.tuples(
        st.integers(0, 720),
        st.sampled_from([*KINDS, "resume", "refuse", "stop"]),
        st.integers(1, 200),
        st.integers(0, 1),
    ),
    max_size=12,
)
looks = st.lists(st.builds(CallOutlook, st.booleans(), st.booleans()), max_size=30)


@given(happenings, looks, st.booleans())
def test_a_book_always_has_the_phase_of_the_table(
    drawn: list[tuple[int, object, int, int]], outlook: list[CallOutlook], instant: bool
) -> None:
    steps = changes(*DAY_STEPS) + changes((600, Phase.OPENING_CALL), (610, Phase.CONTINUOUS))
    rules = INSTANT_RULES if instant else RULES
    desk = make(steps, rules, book_ids=(0, 1), outlook=outlook)
    driver, books = desk.driver, desk.books

    def happen(what: tuple[int, object, int, int]) -> None:
        minute, kind, length, book_id = what
        if kind == "resume":
            driver.resume(book_id)
        elif kind == "refuse":
            books.refusals[book_id] = length % 4
        elif kind == "stop":
            if books.phase(book_id) is Phase.CONTINUOUS:
                books.phases[book_id] = Phase.VOLATILITY_CALL
                driver.interrupted(book_id)
        elif isinstance(kind, Interruption):
            until_ns = (minute + length) * MINUTE if kind in TIMED else None
            driver.interrupt(book_id, kind, until_ns)

    for what in drawn:
        desk.clock.at(what[0] * MINUTE, happen, what)  # type: ignore[arg-type]
    for minute in (*range(1, 800, 13), 800):
        desk.clock.run_until(minute * MINUTE)
        for book_id in driver.book_ids:
            held = driver.phase(book_id)
            assert held is books.phase(book_id)
            kind = driver.interruption(book_id)
            cell = TABLE[kind, driver.scheduled(book_id)]
            assert not cell.ends
            if cell.phase is None:
                assert held.is_call
            elif kind is Interruption.NONE:
                assert held is driver.scheduled(book_id)
            else:
                assert held is cell.phase
    # The end of a day is told once, whatever happened in it.
    assert sorted(book for _, book in desk.days_over) == [0, 0, 1, 1]


@given(happenings, st.lists(st.integers(1, 800), max_size=10), st.integers(0, 3))
def test_cutting_a_run_into_pieces_changes_no_phase(
    drawn: list[tuple[int, object, int, int]], cuts: list[int], refusals: int
) -> None:
    def run(pieces: list[int]) -> list[tuple[int, int, Phase]]:
        desk = make(changes(*DAY_STEPS), RULES, book_ids=(0, 1))
        desk.books.refusals = {0: refusals}
        for minute, kind, length, book_id in drawn:
            if isinstance(kind, Interruption):
                until_ns = (minute + length) * MINUTE if kind in TIMED else None
                desk.clock.at(
                    minute * MINUTE,
                    lambda given: desk.driver.interrupt(*given),
                    (book_id, kind, until_ns),
                )
        for minute in sorted(pieces):
            desk.clock.run_until(minute * MINUTE)
        desk.clock.run_until(900 * MINUTE)
        return desk.books.commands

    assert run(cuts) == run([])
