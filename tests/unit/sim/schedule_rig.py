"""A venue's books for tests of schedules and guards: they obey, and write down what they were told."""

from dataclasses import dataclass, field

from simpy.events import URGENT

from market.codes import Phase
from sim.clock import Clock
from sim.schedule.driver import PhaseDriver
from sim.schedule.effective import Interruption, prints
from sim.schedule.ports import CallOutlook
from sim.schedule.resolve import PhaseChange, Timetable
from sim.schedule.rules import CallRule, Extension, InterruptionRules
from sim.world import OutRow

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 20240703
KEY = 4711


@dataclass
class FakeBooks:
    """Books that turn to every phase, or go on calling as often as `refusals` of the book says.

    Attributes:
        commands: (time, book, phase) of every command.
        auctions: (time, book, phase of the call) of every auction that a book ran.
        bands: (book, low, high) of every band.
        refusals: By book, how often a call's auction still lies outside the band.
    """

    commands: list[tuple[int, int, Phase]] = field(default_factory=list)
    auctions: list[tuple[int, int, Phase]] = field(default_factory=list)
    bands: list[tuple[int, int, int]] = field(default_factory=list)
    refusals: dict[int, int] = field(default_factory=dict)
    phases: dict[int, Phase] = field(default_factory=dict)

    def set_phase(self, book_id: int, phase: Phase, now_ns: int) -> list[OutRow]:
        """Turn to a phase; a row for each auction, so that answers can be counted."""
        before = self.phase(book_id)
        assert phase is not before, "no phase is commanded twice in a row"
        self.commands.append((now_ns, book_id, phase))
        self.phases[book_id] = phase
        if not prints(before, phase):
            return []
        if self.refusals.get(book_id, 0):
            self.refusals[book_id] -= 1
            self.phases[book_id] = Phase.VOLATILITY_CALL
            return []
        self.auctions.append((now_ns, book_id, before))
        return [OutRow(3, now_ns, book_id, 1, 100, 1, 0, 0, 3)]

    def set_band(self, book_id: int, low_ticks: int, high_ticks: int, now_ns: int) -> list[OutRow]:
        """Note a band; without bounds nothing lies outside it any more."""
        assert now_ns >= 0
        self.bands.append((book_id, low_ticks, high_ticks))
        if low_ticks < -(1 << 61):
            self.refusals[book_id] = 0
        return []

    def phase(self, book_id: int) -> Phase:
        """The phase of a book; those of a new world trade."""
        return self.phases.get(book_id, Phase.CONTINUOUS)

    def told(self, book_id: int = 0) -> list[tuple[int, Phase]]:
        """What one book was told, and when."""
        return [(ts, phase) for ts, book, phase in self.commands if book == book_id]


@dataclass
class Desk:
    """A driver with its clock and books, and who listens."""

    clock: Clock
    books: FakeBooks
    driver: PhaseDriver
    rows: list[OutRow] = field(default_factory=list)
    heard: list[tuple[int, int, Phase]] = field(default_factory=list)
    extended: list[tuple[int, int, int]] = field(default_factory=list)
    days_over: list[tuple[int, int]] = field(default_factory=list)

    def on_phase(self, book_id: int, phase: Phase, now_ns: int) -> None:
        """Listen to phases."""
        self.heard.append((now_ns, book_id, phase))

    def on_extended(self, book_id: int, times: int, now_ns: int) -> None:
        """Listen to extensions."""
        self.extended.append((now_ns, book_id, times))


def changes(*steps: tuple[int, Phase], ends_day: bool = True) -> tuple[PhaseChange, ...]:
    """Phase changes at times in minutes; the last one ends the day."""
    made = []
    calls = 0
    for index, (minute, phase) in enumerate(steps):
        ended = index > 0 and steps[index - 1][1].is_call
        calls += ended
        made.append(
            PhaseChange(
                ts_ns=minute * MINUTE,
                phase=phase,
                day=DAY,
                call_number=DAY * 100 + calls if ended else 0,
                ends_day=ends_day and index == len(steps) - 1,
            )
        )
    return tuple(made)


# A day of ten hours: call from 10, trading from 20, a call at noon (300 to 302), closing call 480 to 485.
DAY_STEPS = (
    (5, Phase.PRE_OPEN),
    (10, Phase.OPENING_CALL),
    (20, Phase.CONTINUOUS),
    (300, Phase.INTRADAY_CALL),
    (302, Phase.CONTINUOUS),
    (480, Phase.CLOSING_CALL),
    (485, Phase.TRADE_AT_LAST),
    (495, Phase.CLOSED),
)


def make(
    steps: tuple[PhaseChange, ...] | None = None,
    rules: InterruptionRules | None = None,
    *,
    book_ids: tuple[int, ...] = (0,),
    outlook: list[CallOutlook] | None = None,
    start_minute: int = 0,
    by_tape: tuple[int, ...] = (),
) -> Desk:
    """A driver of some books, started; `outlook` is what comes of the next calls, in order.

    The phases of the books in `by_tape` are told by `tape_says`.
    """
    clock = Clock(start_minute * MINUTE, 24 * HOUR)
    books = FakeBooks()
    looks = iter(outlook or [])
    timetable = Timetable(
        book_ids=book_ids, changes=changes(*DAY_STEPS) if steps is None else steps
    )
    rows: list[OutRow] = []
    days_over: list[tuple[int, int]] = []
    driver = PhaseDriver(
        clock,
        books,
        [timetable],
        InterruptionRules() if rules is None else rules,
        key=KEY,
        answer=rows.append,
        outlook=None if outlook is None else lambda book_id, now_ns: next(looks, CallOutlook()),
        day_over=lambda book_id, now_ns: days_over.append((now_ns, book_id)),
        by_tape=by_tape,
    )
    desk = Desk(clock, books, driver, rows=rows, days_over=days_over)
    driver.listeners.append(desk)
    driver.start()
    return desk


VOLATILE = InterruptionRules(
    volatility=CallRule(length_ns=2 * MINUTE, extension=Extension(price_ns=MINUTE, price_times=2)),
    reopening=CallRule(length_ns=3 * MINUTE),
)


def at(desk: Desk, minute: int, kind: Interruption, until: int | None = None) -> None:
    """Interrupt book 0 at a minute, until another."""
    until_ns = None if until is None else until * MINUTE

    def interrupt(_: object) -> None:
        desk.driver.interrupt(0, kind, until_ns)

    desk.clock.at(minute * MINUTE, interrupt)


def tape_says(desk: Desk, minute: int, phase: Phase) -> None:
    """A PHASE row of book 0 happens at a minute, and its venue hears of it a nanosecond later."""

    def happen(_: object) -> None:
        desk.books.phases[0] = phase

    desk.clock.at(minute * MINUTE, happen, priority=URGENT)
    desk.clock.at(minute * MINUTE + 1, lambda _: desk.driver.told(0, phase))


def told(desk: Desk, from_minute: int = 0, to_minute: int = 24 * 60) -> list[tuple[float, Phase]]:
    """What book 0 is told from one minute to another; the run goes on until then."""
    desk.clock.run_until(to_minute * MINUTE)
    return [(ts / MINUTE, phase) for ts, phase in desk.books.told() if from_minute <= ts / MINUTE]
