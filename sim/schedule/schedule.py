"""A venue's trading day as data: which phase begins when, on an ordinary day and on a short one.

Model: a schedule is a list of steps in the order of the day. Each step begins a phase at a moment that
hangs on the session's open, break or close, or on the exchange's clock; the phase lasts until the next
step. A calendar says which days have sessions and when these open and close. A venue without a
calendar never closes: every date is a session, from midnight to midnight.

Rules change, so a venue is a list of schedules, each valid from a day on (`Schedule.from_day`).

Everything here may be written in TOML, field by field (`scenarios/calendars.py` reads it).

Limits: times by the clock are counted from noon back, so on the night when clocks change they are an
hour off before the change; no exchange trades then.
"""

from itertools import pairwise
from typing import Final

import msgspec

from market.codes import Phase
from market.errors import InputError
from sim.schedule.moments import Anchor, Moment, day_text, parse_clock, parse_moment

SCHEDULABLE: Final = (
    Phase.PRE_OPEN,
    Phase.OPENING_CALL,
    Phase.CONTINUOUS,
    Phase.INTRADAY_CALL,
    Phase.CLOSING_CALL,
    Phase.TRADE_AT_LAST,
    Phase.HALT,
    Phase.CLOSED,
)
"""The phases that a schedule may begin, in the order of a day; the others only interrupt one."""

STEPS_MAX: Final = 99
"""Calls of a session are numbered by two digits."""


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The beginning of a phase.

    Attributes:
        at: When, as `moments.parse_moment` reads it.
        phase: What begins.
        random_end_ns: Of a call: it ends this long after its time at most, at a drawn moment.
    """

    at: str
    phase: Phase
    random_end_ns: int = 0

    def __post_init__(self) -> None:
        parse_moment(self.at)
        if self.phase not in SCHEDULABLE:
            allowed = ", ".join(phase.name.lower() for phase in SCHEDULABLE)
            raise InputError(f"phase: found {self.phase.name.lower()}, allowed is {allowed}")
        if self.random_end_ns < 0 or (self.random_end_ns and not self.phase.is_call):
            raise InputError(
                f"random_end: found {self.random_end_ns} ns with {self.phase.name.lower()}, "
                "allowed is at least 0, and above it with a call only"
            )

    @property
    def moment(self) -> Moment:
        """When, as numbers."""
        return parse_moment(self.at)


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session that differs from what the calendar says.

    Attributes:
        day: Such as 20241224.
        open: Time of day at which it opens; empty for what the calendar says.
        close: Time of day at which it closes; empty for what the calendar says.
        closed: Whether there is no session at all.
    """

    day: int
    open: str = ""
    close: str = ""
    closed: bool = False

    def __post_init__(self) -> None:
        day_text(self.day)
        for name in ("open", "close"):
            if getattr(self, name):
                parse_clock(getattr(self, name), name)
        if self.closed == bool(self.open or self.close):
            raise InputError(
                f"special day {day_text(self.day)}: allowed is either closed or another time"
            )


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trading day from one day on.

    Attributes:
        name: Of the venue's schedule, as in "xnys".
        zone: IANA name of the exchange's time zone.
        steps: In the order of the day.
        calendar: Whose sessions, by the name that `exchange_calendars` has for them (an ISO 10383 code
            such as XNYS); empty for a venue that never closes.
        from_day: First day on which it holds, such as 20241105; 0 for all time.
        special_days: Sessions that differ from the calendar's.
        source: Where the times come from.
    """

    name: str
    zone: str
    steps: tuple[Step, ...]
    calendar: str = ""
    from_day: int = 0
    special_days: tuple[SpecialDay, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if not self.name or not self.zone:
            raise InputError(f"schedule {self.name!r}: allowed is a name and a time zone")
        if self.from_day:
            day_text(self.from_day, f"schedule {self.name!r}: from_day")
        self._check_steps()
        days = [special.day for special in self.special_days]
        for index, day in enumerate(days):
            if day in days[:index]:
                raise InputError(f"schedule {self.name!r}: found special day {day} twice")

    def _check_steps(self) -> None:
        """Refuse what could be right on no day."""
        where = f"schedule {self.name!r}: steps"
        if not 1 <= len(self.steps) <= STEPS_MAX:
            raise InputError(f"{where}: found {len(self.steps)}, allowed are 1 to {STEPS_MAX}")
        for before, after in pairwise(self.steps):
            if before.phase is after.phase:
                raise InputError(
                    f"{where}: found {after.phase.name.lower()} at {before.at} and again at "
                    f"{after.at}, allowed is another phase"
                )
            if before.phase.is_call and (after.phase.is_call or after.phase is Phase.HALT):
                raise InputError(
                    f"{where}: found {after.phase.name.lower()} right after "
                    f"{before.phase.name.lower()}, allowed is a phase in which the auction prints"
                )
        last = self.steps[-1]
        if last.random_end_ns:
            raise InputError(f"{where}: found a random end of the last step, which has no end")
        if self.calendar and last.phase is not Phase.CLOSED:
            raise InputError(
                f"{where}: found {last.phase.name.lower()} last, allowed is closed, since the venue "
                f"has a calendar"
            )
        for step in self.steps:
            if not self.calendar and step.moment.anchor in (Anchor.BREAK_START, Anchor.BREAK_END):
                raise InputError(f"{where}: found {step.at}, allowed are breaks with a calendar")


def version_on(versions: tuple[Schedule, ...], day: int) -> Schedule:
    """The schedule of a venue that holds on a day.

    Args:
        versions: Of one venue, by `from_day`.
        day: Such as 20240703.

    Raises:
        InputError: The day is before the first of them.
    """
    valid = [version for version in versions if version.from_day <= day]
    if not valid:
        first = versions[0]
        raise InputError(
            f"schedule {first.name!r}: found {day_text(day)}, allowed is from "
            f"{day_text(first.from_day)} on, from when its times are known"
        )
    return valid[-1]
