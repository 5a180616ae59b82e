"""The driver: lets the books of a run follow their schedules, and interrupts them.

Model: every book has its own next change, as the ends of calls are drawn for each book. A change, the
end of an interruption and the end of a call are control events; they come before the orders that
arrive at their instant. What a book's phase must be is decided by `effective.TABLE`, and the driver
commands it.

A call that should end is asked about first: one that would leave market orders over, or print outside
its band, is extended as the rules say. A book may also turn to VOLATILITY_CALL by itself when its
print lies outside (`BookRules.call_extends`) or a trade would (`BandAction.INTERRUPT`); the first is
seen by the phase that it has after the command, the second is told by `interrupted`.

A call that is broken off goes by HALT to the next phase, so that it does not print.

Of a book that follows its tape no phase is scheduled: it has those that `told` says, which end whatever
interrupts it, because history went on. Of its timetable only ends of days count, and of late pauses.

Invariants:
1. A book's phase is always the one of the table, or the call that the table lets go on.
2. No random end is drawn from anything but the key, the book and the call.

Limits: a tape that brings PHASE rows of its own contradicts a schedule; name its books in `by_tape`.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from simpy.events import URGENT

from market.codes import Phase
from sim.clock import NEVER_NS, Clock
from sim.schedule.book_phases import CALLS, BookPhases, Call
from sim.schedule.course import Course
from sim.schedule.effective import TABLE, Interruption
from sim.schedule.ports import (
    NO_HIGH_TICKS,
    NO_LOW_TICKS,
    BookControl,
    CallOutlook,
    Outlook,
    PhaseListener,
)
from sim.schedule.random_end import end_delay_ns
from sim.schedule.resolve import PhaseChange, Timetable
from sim.schedule.rules import CallRule, InterruptionRules
from sim.world import OutRow

COMMANDED: Final = (
    Interruption.VOLATILITY,
    Interruption.PAUSE,
    Interruption.MARKET_HALT,
    Interruption.HALT,
    Interruption.DAY_OVER,
)
"""What may be begun from outside; the driver begins the others itself."""


class _Due(NamedTuple):
    """An interruption that time ends; outdated when it ends at another time by now."""

    book_id: int
    kind: Interruption
    until_ns: int


class PhaseDriver:
    """Drives the phases of some books.

    Args:
        clock: Of the run.
        control: The books.
        timetables: Their phase changes; no book is in two of them.
        rules: How the venue interrupts its schedule.
        key: Stream key of random ends.
        answer: Told what the owners of orders must hear.
        outlook: Says what would come of a call; without it only the book itself extends one.
        day_over: Told book and time when a session of a book is over, for orders of the day.
        by_tape: Books whose phases the tape sets.
    """

    def __init__(
        self,
        clock: Clock,
        control: BookControl,
        timetables: Sequence[Timetable],
        rules: InterruptionRules,
        *,
        key: int,
        answer: Callable[[OutRow], None],
        outlook: Outlook | None = None,
        day_over: Callable[[int, int], None] | None = None,
        by_tape: Collection[int] = (),
    ) -> None:
        self.listeners: list[PhaseListener] = []
        self._clock = clock
        self._control = control
        self._rules = rules
        self._key = key
        self._answer = answer
        self._outlook = outlook
        self._day_over = day_over
        self._by_tape = frozenset(by_tape)
        self._books: dict[int, BookPhases] = {}
        self._courses: dict[int, Course] = {}
        self._day_over_due: dict[int, bool] = {}
        for timetable in timetables:
            for book_id in timetable.book_ids:
                assert book_id not in self._books
                self._books[book_id] = BookPhases(control.phase(book_id))
                self._courses[book_id] = Course(timetable.changes, key, book_id)

    @property
    def book_ids(self) -> tuple[int, ...]:
        """The books that it drives, in order."""
        return tuple(sorted(self._books))

    def start(self) -> None:
        """Put every book into the phase of the run's start, at that instant, and wait for the next."""
        for book_id in self.book_ids:
            self._clock.at(self._clock.start_ns, self._begin, book_id, priority=URGENT)

    def phase(self, book_id: int) -> Phase:
        """The phase that a book has."""
        return self._books[book_id].held

    def scheduled(self, book_id: int) -> Phase:
        """The phase that a book would have without interruption."""
        return self._books[book_id].scheduled

    def interruption(self, book_id: int) -> Interruption:
        """What keeps a book from its schedule."""
        return self._books[book_id].strongest

    # --- the schedule -----------------------------------------------------------------------------

    def _begin(self, book_id: object) -> None:
        """The run begins; what was due before is in the past."""
        assert isinstance(book_id, int)
        book = self._books[book_id]
        if book_id not in self._by_tape:
            book.scheduled = Phase.CLOSED
        for change in self._courses[book_id].due(self._clock.now_ns):
            if book_id not in self._by_tape:
                book.scheduled = change.phase
        if book.wanted is book.held:
            self._tell(book_id)
        self._settle(book_id)
        self._wait(book_id)

    def _wait(self, book_id: int) -> None:
        """Be called at a book's next change."""
        next_ns = self._courses[book_id].next_ns
        if next_ns is not None:
            self._clock.at(next_ns, self._on_schedule, book_id, priority=URGENT)

    def _on_schedule(self, book_id: object) -> None:
        """A book's next changes are due; a call of no length begins and ends here."""
        assert isinstance(book_id, int)
        for change in self._courses[book_id].due(self._clock.now_ns):
            self._apply(book_id, change)
        self._wait(book_id)

    def _apply(self, book_id: int, change: PhaseChange) -> None:
        """The schedule begins a phase."""
        book = self._books[book_id]
        ends_call = book.held.is_call and book.held is book.scheduled and not book.active
        if change.ends_day:
            book.end(Interruption.DAY_OVER)
            self._day_over_due[book_id] = True
        if book_id in self._by_tape:
            if TABLE[Interruption.PAUSE, change.phase].ends:
                book.end(Interruption.PAUSE)
            self._settle(book_id)
        elif ends_call and not TABLE[Interruption.EXTENDED, change.phase].ends:
            book.call = Call(change.call_number, self._rules.scheduled)
            book.schedule(change.phase)
            self._finish(book_id, Interruption.EXTENDED)
        else:
            book.schedule(change.phase)
            self._settle(book_id)
        self._end_day(book_id)

    def _end_day(self, book_id: int) -> None:
        """Say that the day is over, unless its last call still goes on."""
        if Interruption.EXTENDED in self._books[book_id].active:
            return
        if self._day_over_due.pop(book_id, False) and self._day_over is not None:
            self._day_over(book_id, self._clock.now_ns)

    def told(self, book_id: int, phase: Phase) -> None:
        """The tape has set a book's phase; whatever interrupted the book is over."""
        assert book_id in self._by_tape
        book = self._books[book_id]
        if book.held is book.scheduled is phase and not book.active:
            return
        for kind in tuple(book.active):
            book.end(kind)
        book.scheduled = phase
        if phase is Phase.HALT_CALL:
            # No schedule has it: it ends a halt, and the tape will say when it is over.
            book.scheduled = Phase.CONTINUOUS
            book.begin(Interruption.REOPENING, None)
        # At this instant, and before this could be told, time may have ended an interruption.
        book.held = self._control.phase(book_id)
        if book.held is phase:
            self._tell(book_id)
        self._settle(book_id)

    # --- interruptions ----------------------------------------------------------------------------

    def interrupt(self, book_id: int, kind: Interruption, until_ns: int | None = None) -> bool:
        """Interrupt a book's schedule now.

        Args:
            book_id: Which book.
            kind: VOLATILITY, PAUSE, MARKET_HALT, HALT or DAY_OVER. VOLATILITY lasts as the rules say and
                begins in continuous trading only; HALT lasts until `resume`, DAY_OVER until the day ends.
            until_ns: When a PAUSE or a MARKET_HALT ends.

        Returns:
            Whether it begins, or lasts longer than the one before.
        """
        assert kind in COMMANDED
        assert (until_ns is not None) == (kind in (Interruption.PAUSE, Interruption.MARKET_HALT))
        book = self._books[book_id]
        if kind is Interruption.VOLATILITY:
            if book.held is not Phase.CONTINUOUS:
                return False
            self._begin_call(book_id, kind, self._rules.volatility)
            return True
        if kind is Interruption.PAUSE and self._courses[book_id].closes_within(
            self._clock.now_ns, self._rules.late_pause_ns
        ):
            until_ns = None
        begun = book.begin(kind, until_ns)
        if begun:
            self._arm(book_id, kind)
            self._settle(book_id)
            self._end_day(book_id)
        return begun

    def interrupt_all(self, kind: Interruption, until_ns: int | None = None) -> None:
        """Interrupt every book."""
        for book_id in self.book_ids:
            self.interrupt(book_id, kind, until_ns)

    def interrupted(self, book_id: int) -> bool:
        """A book has turned to VOLATILITY_CALL by itself, now; whether that was from trading."""
        book = self._books[book_id]
        if book.held is not Phase.CONTINUOUS:
            return False
        book.held = Phase.VOLATILITY_CALL
        self._begin_call(book_id, Interruption.VOLATILITY, self._rules.volatility)
        self._tell(book_id)
        return True

    def resume(self, book_id: int) -> None:
        """End a book's HALT now."""
        if Interruption.HALT in self._books[book_id].active:
            self._lift(book_id, Interruption.HALT)

    def _arm(self, book_id: int, kind: Interruption) -> None:
        """Be called when time ends an interruption."""
        until_ns = self._books[book_id].active.get(kind)
        if until_ns is not None and until_ns < NEVER_NS:
            due = _Due(book_id, kind, until_ns)
            self._clock.at(max(until_ns, self._clock.now_ns), self._on_due, due, priority=URGENT)

    def _on_due(self, due: object) -> None:
        """Time ends an interruption, unless that has changed since."""
        assert isinstance(due, _Due)
        if self._books[due.book_id].active.get(due.kind) != due.until_ns:
            return
        if due.kind in CALLS:
            self._finish(due.book_id, due.kind)
            self._end_day(due.book_id)
        else:
            self._lift(due.book_id, due.kind)

    def _lift(self, book_id: int, kind: Interruption) -> None:
        """An interruption that halted ends; an auction reopens the book if it should trade."""
        book = self._books[book_id]
        book.end(kind)
        if book.reopens:
            self._begin_call(book_id, Interruption.REOPENING, self._rules.reopening)
        else:
            self._settle(book_id)

    # --- calls ------------------------------------------------------------------------------------

    def _begin_call(self, book_id: int, kind: Interruption, rule: CallRule) -> None:
        """A call that no schedule knows of begins, and ends at once if it has no length."""
        book, now_ns = self._books[book_id], self._clock.now_ns
        length_ns = rule.length_ns + end_delay_ns(self._key, book_id, now_ns, rule.random_end_ns)
        begun = book.begin(kind, now_ns + length_ns)
        assert begun
        book.call = Call(now_ns, rule.extension)
        self._settle(book_id)
        if length_ns:
            self._arm(book_id, kind)
        elif kind in book.active:
            self._finish(book_id, kind)

    def _finish(self, book_id: int, kind: Interruption) -> None:
        """A call should end: extend it, or let it end and print."""
        book = self._books[book_id]
        call = book.call
        assert call is not None
        look = CallOutlook()
        if self._outlook is not None:
            look = self._outlook(book_id, self._clock.now_ns)
        if self._extends(book_id, kind, call, look):
            return
        if not look.in_band and call.rule.prints_anyway:
            self.set_band(book_id, NO_LOW_TICKS, NO_HIGH_TICKS)
        book.end(kind)
        book.call = None
        self._settle(book_id, ending=(kind, call))

    def _extends(self, book_id: int, kind: Interruption, call: Call, look: CallOutlook) -> bool:
        """Let a call go on if its rule says so; whether it does."""
        book, now_ns = self._books[book_id], self._clock.now_ns
        price_times = call.price_times
        longer_ns = call.extend(in_band=look.in_band, market_left=look.market_left)
        if not longer_ns:
            return False
        window_ns = call.rule.random_end_ns
        delay_ns = end_delay_ns(self._key, book_id, call.number, window_ns, call.times)
        book.active[kind] = now_ns + longer_ns + delay_ns
        book.call = call
        self._arm(book_id, kind)
        if call.price_times > price_times:
            for listener in self.listeners:
                listener.on_extended(book_id, call.price_times, now_ns)
        return True

    # --- commands ---------------------------------------------------------------------------------

    def _settle(self, book_id: int, ending: tuple[Interruption, Call] | None = None) -> None:
        """Give a book the phase that it should have.

        Args:
            book_id: Which book.
            ending: What has made or extended the call that ends by this, if one does.
        """
        book = self._books[book_id]
        wanted = book.wanted
        if wanted is book.held:
            return
        if book.held.is_call and wanted.is_call:
            self._command(book_id, Phase.HALT)
        self._command(book_id, wanted)
        if book.held is not wanted:
            self._went_on(book_id, wanted, ending)
        self._tell(book_id)

    def _tell(self, book_id: int) -> None:
        """Tell who listens which phase a book has."""
        for listener in self.listeners:
            listener.on_phase(book_id, self._books[book_id].held, self._clock.now_ns)

    def set_band(self, book_id: int, low_ticks: int, high_ticks: int) -> None:
        """Give a book another band now."""
        for row in self._control.set_band(book_id, low_ticks, high_ticks, self._clock.now_ns):
            self._answer(row)

    def _command(self, book_id: int, phase: Phase) -> None:
        """Change a book's phase, and see which it has then."""
        for row in self._control.set_phase(book_id, phase, self._clock.now_ns):
            self._answer(row)
        self._books[book_id].held = self._control.phase(book_id)

    def _went_on(
        self, book_id: int, wanted: Phase, ending: tuple[Interruption, Call] | None
    ) -> None:
        """A book has turned to VOLATILITY_CALL instead of what was commanded."""
        book = self._books[book_id]
        assert book.held is Phase.VOLATILITY_CALL
        if ending is None and wanted is Phase.CONTINUOUS:
            self._begin_call(book_id, Interruption.VOLATILITY, self._rules.volatility)
            return
        anyway = True
        if ending is not None:
            kind, call = ending
            # The book calls it so: a reopening that goes on is a volatility call from here on.
            kind = Interruption.VOLATILITY if kind is Interruption.REOPENING else kind
            if self._extends(book_id, kind, call, CallOutlook(in_band=False)):
                return
            anyway = call.rule.prints_anyway
        if anyway:
            self.set_band(book_id, NO_LOW_TICKS, NO_HIGH_TICKS)
        else:
            self._command(book_id, Phase.HALT)
        self._command(book_id, wanted)
        assert book.held is wanted
