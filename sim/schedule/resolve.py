"""From a schedule and a calendar's sessions to phase changes in nanoseconds.

Model: each session's steps become changes in the order in which they are written. A step is left out on
a day on which it does not apply:

- one that hangs on a break, on a day without one;
- one by the clock that does not lie strictly between the steps that hang on the session around it, so
  that a midday auction at 13:00 is left out when the session closes at 13:00;
- one that begins the phase that already holds.

Invariants:
1. Changes are in order, and no two are at one instant, but for a call of no length: it begins and ends
   at one instant, and what rests for it trades.
2. A random end lies before the next change, whatever is drawn.
3. What a call's end is drawn from is its number, `day * 100 + n` for the n-th call of a session, so
   that a run that begins a day earlier draws the same ends.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from market.codes import Phase
from market.errors import InputError
from market.units import format_ns
from sim.schedule.moments import Anchor, day_text
from sim.schedule.schedule import Schedule, Step, version_on

CALLS_A_DAY: Final = 100


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One session of a calendar, in nanoseconds since the epoch.

    Attributes:
        day: Such as 20240703.
        midnight_ns: The midnight that began the date at the exchange.
        open_ns: When it opens.
        close_ns: When it closes.
        break_ns: When its break begins and ends, if it has one.
    """

    day: int
    midnight_ns: int
    open_ns: int
    close_ns: int
    break_ns: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        times = (self.open_ns, *(self.break_ns or ()), self.close_ns)
        if any(after <= before for before, after in pairwise(times)):
            raise InputError(
                f"session {day_text(self.day)}: found open, break and close at {times}, allowed is "
                "one after the other"
            )

    def at(self, anchor: Anchor) -> int | None:
        """When an anchor is, None for a break where there is none."""
        if anchor is Anchor.BREAK_START:
            return None if self.break_ns is None else self.break_ns[0]
        if anchor is Anchor.BREAK_END:
            return None if self.break_ns is None else self.break_ns[1]
        times = {Anchor.OPEN: self.open_ns, Anchor.CLOSE: self.close_ns}
        return times.get(anchor, self.midnight_ns)


class PhaseChange(msgspec.Struct, frozen=True, kw_only=True):
    """A phase begins.

    Attributes:
        ts_ns: When, or the earliest moment of it.
        phase: What begins.
        day: Of the session.
        window_ns: It begins in [ts_ns, ts_ns + window_ns), because the call that it ends has a random
            end; 0 for at `ts_ns`.
        call_number: Of the call that it ends; 0 if it ends none.
        ends_day: Whether a session ends with it; never where there is no calendar.
    """

    ts_ns: int
    phase: Phase
    day: int
    window_ns: int = 0
    call_number: int = 0
    ends_day: bool = False


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """Phase changes of a run, and the books that they are for."""

    book_ids: tuple[int, ...]
    changes: tuple[PhaseChange, ...]


def resolve(versions: tuple[Schedule, ...], sessions: Sequence[Session]) -> tuple[PhaseChange, ...]:
    """The phase changes of a venue over some sessions.

    Args:
        versions: The venue's schedules, by `from_day`; all of one calendar.
        sessions: In order.

    Raises:
        InputError: Steps of a session are not in order, or a random end could pass the next step.
    """
    changes: list[PhaseChange] = []
    for session in sessions:
        schedule = version_on(versions, session.day)
        for change in _session_changes(schedule, session):
            if not changes or changes[-1].phase is not change.phase:
                changes.append(change)
            elif change.ends_day:
                changes[-1] = msgspec.structs.replace(changes[-1], ends_day=True)
    _check_order(changes, versions[0].name)
    return tuple(changes)


def _session_changes(schedule: Schedule, session: Session) -> list[PhaseChange]:
    """The changes of one session, as the steps that apply say."""
    steps = [*_applying(schedule.steps, session)]
    changes = []
    calls = 0
    for index, (step, ts_ns) in enumerate(steps):
        before = steps[index - 1][0] if index else None
        ended = before is not None and before.phase.is_call
        calls += ended
        changes.append(
            PhaseChange(
                ts_ns=ts_ns,
                phase=step.phase,
                day=session.day,
                window_ns=before.random_end_ns if before is not None else 0,
                call_number=session.day * CALLS_A_DAY + calls if ended else 0,
                ends_day=bool(schedule.calendar) and index == len(steps) - 1,
            )
        )
    return changes


def _applying(steps: tuple[Step, ...], session: Session) -> Iterator[tuple[Step, int]]:
    """The steps that a session has, and when."""
    times = [_time_of(step, session) for step in steps]
    hung = [
        None if step.moment.anchor is Anchor.CLOCK else time
        for step, time in zip(steps, times, strict=True)
    ]
    for index, (step, time) in enumerate(zip(steps, times, strict=True)):
        if time is None:
            continue
        if hung[index] is None:
            before = [at for at in hung[:index] if at is not None]
            after = [at for at in hung[index + 1 :] if at is not None]
            if (before and time <= before[-1]) or (after and time >= after[0]):
                continue
        yield step, time


def _time_of(step: Step, session: Session) -> int | None:
    """When a step is due in a session."""
    anchor, offset_ns = step.moment
    anchor_ns = session.at(anchor)
    return None if anchor_ns is None else anchor_ns + offset_ns


def _check_order(changes: list[PhaseChange], name: str) -> None:
    """Refuse steps that would overlap."""
    for before, after in pairwise(changes):
        no_length = before.phase.is_call and not before.window_ns and not after.window_ns
        earliest_ns = before.ts_ns + (before.window_ns or (0 if no_length else 1))
        if after.ts_ns < earliest_ns:
            raise InputError(
                f"schedule {name!r}, {day_text(after.day)}: found {after.phase.name.lower()} "
                f"{format_ns(after.ts_ns - before.ts_ns)} after {before.phase.name.lower()}"
                f"{_late_text(before)}, allowed is later, or with it at the end of a call"
            )


def _late_text(change: PhaseChange) -> str:
    """How much later a change may be drawn."""
    return f", which may begin {format_ns(change.window_ns)} late" if change.window_ns else ""
