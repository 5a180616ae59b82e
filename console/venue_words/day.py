"""A venue's trading day: as its schedule says, or by the clock of one date.

Without a date the newest version of each rule is told, and no calendar is asked. With one, the calendar says
whether there is a session and when it opens and closes, and the times are the exchange's own.
"""

import datetime as dt
import zoneinfo
from collections import Counter
from itertools import pairwise
from typing import Final

from console.venue_words.amounts import NONE, Section, length
from market.codes import Phase
from market.errors import InputError
from market.units import DURATION_NS
from scenarios.venue_preset import VenuePreset
from sim.schedule.describe import MEANING, describe, phase_name
from sim.schedule.moments import day_number, day_text
from sim.schedule.resolve import PhaseChange, Session, resolve
from sim.schedule.rules import ALWAYS, CallRule, Extension
from sim.schedule.schedule import Schedule, version_on

NEWEST: Final = 2199_12_31
"""Stands for a day on which the newest version of every rule holds."""

HEAD_LINES: Final = 4
"""Lines of `describe` before the steps."""

AROUND_DAYS: Final = 14
"""How far around a day others are looked at, to say what is usual."""


def parse_day(text: str) -> int:
    """A date such as 2024-07-03 as 20240703.

    Raises:
        InputError: It is none.
    """
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise InputError(f"--day: found {text[:40]!r}, allowed is a date such as 2024-07-03")
    return day_number(text)


def day(preset: VenuePreset, on: int | None) -> Section:
    """The trading day.

    Args:
        preset: The venue.
        on: A date such as 20240703; None for no particular one.

    Raises:
        InputError: The venue's times on that day are not known.
    """
    versions = preset.schedule
    version = versions[-1] if on is None else version_on(versions, on)
    section: Section = {
        "schedule": version.name,
        "sessions": f"of {version.calendar}" if version.calendar else "every day, all day",
        "time_zone": version.zone,
        "holds_from": day_text(version.from_day) if version.from_day else "always",
    }
    if len(versions) > 1:
        others = [one for one in versions if one is not version]
        section["other_versions"] = ", ".join(
            f"from {day_text(one.from_day)}" if one.from_day else "from always" for one in others
        )
    section |= _dated(versions, version, on) if on is not None else _undated(version)
    return section | _interruptions(preset)


def _undated(version: Schedule) -> Section:
    """The steps as the schedule writes them."""
    steps = describe(version)[HEAD_LINES : HEAD_LINES + len(version.steps)]
    special = describe(version)[HEAD_LINES + len(version.steps) :][: len(version.special_days)]
    return {
        "days_that_differ": [f"{date}: {text}" for date, text in special] or NONE,
        "phases": [{"from": moment, "phase": text} for moment, text in steps],
    }


def _dated(versions: tuple[Schedule, ...], version: Schedule, on: int) -> Section:
    """What a date is like."""
    from scenarios.calendars import sessions

    text = day_text(on)
    date = dt.date.fromisoformat(text)
    margin = dt.timedelta(days=AROUND_DAYS)
    # Sessions before the first version are not asked for, since nothing is known of their times.
    first = max(str(date - margin), day_text(versions[0].from_day or 1900_01_01))
    near = sessions(versions, first, str(date + margin))
    session = next((one for one in near if one.day == on), None)
    if session is None:
        later = [day_text(one.day) for one in near if one.day > on]
        return {"day": f"{text}: no session; the next is {later[0] if later else 'not near'}"}
    zone = zoneinfo.ZoneInfo(version.zone)
    changes = resolve(versions, (session,))
    return {
        "day": text,
        "session": _session_text(session, near, zone),
        "phases": [
            {
                "from": _from(change, text, zone),
                "phase": phase_name(change.phase),
                "what_it_means": _meaning(change, following),
            }
            for change, following in pairwise([*changes, None])
            if change is not None
        ],
    }


def _session_text(session: Session, near: tuple[Session, ...], zone: dt.tzinfo) -> str:
    """When a session opens and closes, and whether that is usual."""
    if session.close_ns - session.open_ns >= DURATION_NS["d"] - DURATION_NS["h"]:
        return "all day"
    text = f"{_clock(session.open_ns, zone)} to {_clock(session.close_ns, zone)}"
    if session.break_ns is not None:
        start, end = session.break_ns
        text += f", with a break from {_clock(start, zone)} to {_clock(end, zone)}"
    closes = Counter(_clock(one.close_ns, zone) for one in near)
    usual = closes.most_common(1)[0][0]
    if usual != _clock(session.close_ns, zone):
        text += f"; most days around it close at {usual}"
    return text


def _from(change: PhaseChange, day_of: str, zone: dt.tzinfo) -> str:
    """When a phase begins, with the date where it is another one."""
    text = _clock(change.ts_ns, zone)
    local = _local(change.ts_ns, zone)
    if local.date().isoformat() != day_of:
        text = f"{local.date().isoformat()} {text}"
    if change.window_ns:
        text += f" to {_clock(change.ts_ns + change.window_ns, zone)}, by a draw"
    return text


def _meaning(change: PhaseChange, following: PhaseChange | None) -> str:
    """What a phase means; a call of no length is an auction at once."""
    at_once = following is not None and following.ts_ns == change.ts_ns and not following.window_ns
    if change.phase.is_call and at_once:
        return "an auction at once, of what rests for it"
    return MEANING[Phase(change.phase)]


def _local(ts_ns: int, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.fromtimestamp(ts_ns // DURATION_NS["s"], zone)


def _clock(ts_ns: int, zone: dt.tzinfo) -> str:
    """A time of day in the exchange's zone."""
    return _local(ts_ns, zone).strftime("%H:%M:%S")


def _interruptions(preset: VenuePreset) -> Section:
    """How the day is interrupted."""
    rules = preset.interruptions
    late = rules.late_pause_ns
    return {
        "a_volatility_call": _call(rules.volatility),
        "a_reopening": _call(rules.reopening),
        "a_scheduled_call": _extension(rules.scheduled),
        "a_pause_near_the_close": (
            f"one in the last {length(late)} before the closing call lasts until it"
            if late
            else "ends in its time"
        ),
    }


def _call(rule: CallRule) -> str:
    """How long a call lasts, and when it goes on."""
    lasts = f"lasts {length(rule.length_ns)}" if rule.length_ns else "comes at once"
    return f"{lasts}{_drawn(rule.random_end_ns)}; {_extension(rule.extension)}"


def _extension(rule: Extension) -> str:
    """When a call goes on, and what happens after that."""
    parts = []
    if rule.market_times:
        times = _times(rule.market_times)
        parts.append(f"market orders left over extend it by {length(rule.market_ns)}, {times}")
    if rule.price_times:
        times = _times(rule.price_times)
        parts.append(f"a price outside the band extends it by {length(rule.price_ns)}, {times}")
    if not parts:
        parts.append("nothing extends it")
    end = "it prints where it may" if rule.prints_anyway else "it prints inside the band only"
    return f"{', '.join(parts)}{_drawn(rule.random_end_ns)}; in the end {end}"


def _drawn(random_end_ns: int) -> str:
    """A random end."""
    return f", up to {length(random_end_ns)} more by a draw" if random_end_ns else ""


def _times(count: int) -> str:
    """How often."""
    if count == ALWAYS:
        return "as often as it takes"
    return "once" if count == 1 else f"{count} times at most"
