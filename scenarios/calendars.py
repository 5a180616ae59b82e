"""Calendars: which days have sessions, when they open and close, and what that makes of a schedule.

This is the edge at which dates, time zones and holidays become nanoseconds; what comes out of it is
integers, and the simulated world sees nothing else. Holidays and early closes come from
`exchange_calendars`, dates and zones from `sim.ingest.session_date`.

The calendars' days are data of a library: another version of it may know another holiday. They are
read once, before a run begins.
"""

import tomllib
import warnings
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np

from market.errors import InputError
from market.units import DURATION_NS
from scenarios.written import Place, read_struct
from sim.ingest.session_date import local_date, midnight_ns
from sim.schedule.library import schedule_named
from sim.schedule.moments import day_number, day_text, parse_clock
from sim.schedule.resolve import Session, Timetable, resolve
from sim.schedule.schedule import Schedule, version_on

DAY_NS: Final = DURATION_NS["d"]
MARGIN_DAYS: Final = 15
"""Days asked of a calendar beyond those wanted: it refuses ranges without a session."""


def read_schedule(text: str, where: str) -> tuple[Schedule, ...]:
    """A user's schedule from TOML: `[[schedule]]` tables, one a version.

    Args:
        text: TOML.
        where: Path of the file, for errors.

    Raises:
        InputError: With one line: where, what was found, what is allowed.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: found no TOML: {error}") from None
    tables = table.get("schedule")
    if not isinstance(tables, list) or set(table) != {"schedule"}:
        raise InputError(f"{where}: found {sorted(table)}, allowed is a list of [[schedule]] alone")
    return read_schedules(tables, Place(where, "schedule"))


def read_schedules(tables: list[object], place: Place) -> tuple[Schedule, ...]:
    """The versions of a schedule from the tables that they are written as."""
    versions = tuple(
        read_struct(one, place.item(index), Schedule) for index, one in enumerate(tables)
    )
    _check_versions(versions, str(place))
    return versions


def timetable(
    versions: tuple[Schedule, ...] | str, start_ns: int, end_ns: int, book_ids: tuple[int, ...]
) -> Timetable:
    """The phase changes that matter to a run over [start_ns, end_ns).

    The session before the run is resolved too, so that the phase at its start is known.

    Args:
        versions: Of one venue, or the name of a known one.
        start_ns: First instant of the run.
        end_ns: First instant after it.
        book_ids: The venue's books.

    Raises:
        InputError: The venue or its calendar is unknown, or its times on one of the days are.
    """
    known = schedule_named(versions) if isinstance(versions, str) else versions
    zone = known[0].zone
    first = _shift(local_date(start_ns, zone), -1)
    last = _shift(local_date(end_ns - 1, zone), 1)
    found = sessions(known, first, last)
    return Timetable(book_ids=book_ids, changes=resolve(known, found))


def sessions(versions: tuple[Schedule, ...], first: str, last: str) -> tuple[Session, ...]:
    """A venue's sessions from one date to another, both included (YYYY-MM-DD).

    Of a venue with a calendar the last session before `first` comes too.

    Raises:
        InputError: The calendar or zone is unknown, or does not know these dates.
    """
    _check_versions(versions, f"schedule {versions[0].name!r}")
    calendar, zone = versions[0].calendar, versions[0].zone
    if not calendar:
        return tuple(_whole_days(first, last, zone))
    found = [*_calendar_sessions(calendar, zone, first, last)]
    known_from = versions[0].from_day
    kept = [one for one in found if known_from <= one.day or one.day >= day_number(first)]
    return tuple(
        special
        for session in kept
        if (special := _as_special(version_on(versions, session.day), session)) is not None
    )


def _check_versions(versions: tuple[Schedule, ...], where: str) -> None:
    """Refuse versions that are not of one venue, by their first day."""
    if not versions:
        raise InputError(f"{where}: found no schedule, allowed is at least one")
    first = versions[0]
    for before, version in pairwise(versions):
        if version.from_day <= before.from_day:
            raise InputError(
                f"{where}: found from_day {version.from_day} after {before.from_day}, allowed is a "
                "later one"
            )
        if (version.name, version.calendar, version.zone) != (
            first.name, first.calendar, first.zone,
        ):  # fmt: skip
            raise InputError(
                f"{where}: found {version.name!r} of {version.calendar or 'no calendar'} in "
                f"{version.zone}, allowed is one name, calendar and zone"
            )


def _whole_days(first: str, last: str, zone: str) -> Iterator[Session]:
    """Every date as a session from midnight to midnight."""
    day = first
    while day <= last:
        following = _shift(day, 1)
        begin_ns = _midnight_ns(day, zone)
        yield Session(
            day=day_number(day),
            midnight_ns=begin_ns,
            open_ns=begin_ns,
            close_ns=_midnight_ns(following, zone),
        )
        day = following


def _calendar_sessions(name: str, zone: str, first: str, last: str) -> Iterator[Session]:
    """Sessions of an exchange from its calendar: those wanted, and the one before."""
    schedule = _calendar(name, _shift(first, -MARGIN_DAYS), _shift(last, MARGIN_DAYS)).schedule
    days = [str(day) for day in schedule.index.strftime("%Y-%m-%d")]
    columns = [_nanoseconds(schedule[column]) for column in schedule.columns]
    rows = [*zip(days, *columns, strict=True)]
    begin = next((index for index, row in enumerate(rows) if row[0] >= first), len(rows))
    for day, open_ns, break_start_ns, break_end_ns, close_ns in rows[max(0, begin - 1) :]:
        if day > last:
            return
        assert open_ns is not None
        assert close_ns is not None
        has_break = break_start_ns is not None and break_end_ns is not None
        yield Session(
            day=day_number(day),
            midnight_ns=_midnight_ns(day, zone),
            open_ns=open_ns,
            close_ns=close_ns,
            break_ns=(break_start_ns, break_end_ns) if has_break else None,
        )


def _calendar(name: str, first: str, last: str) -> Any:
    """An exchange's calendar between two dates."""
    import exchange_calendars
    from exchange_calendars.errors import CalendarError

    with warnings.catch_warnings():
        # The library warns of its own use of pandas, which nobody here can mend.
        warnings.simplefilter("ignore")
        try:
            return exchange_calendars.get_calendar(name, start=first, end=last)
        except CalendarError:
            names = exchange_calendars.get_calendar_names(include_aliases=False)
            near = ", ".join(one for one in names if one.startswith("X"))
            raise InputError(
                f"calendar: found {name[:40]!r}, allowed is a name of exchange_calendars: {near}"
            ) from None
        except ValueError as error:
            reason = str(error).split(".", maxsplit=1)[0]
            raise InputError(f"calendar {name}: {reason}") from None


def _nanoseconds(column: Any) -> list[int | None]:
    """A column of times as nanoseconds since the epoch; None where there is none."""
    words = np.asarray(column.dt.tz_localize(None), dtype="datetime64[ns]").view(np.int64).tolist()
    missing = column.isna().tolist()
    return [None if absent else word for word, absent in zip(words, missing, strict=True)]


def _as_special(schedule: Schedule, session: Session) -> Session | None:
    """A session with what the schedule says about its day; None if it is closed."""
    special = next((one for one in schedule.special_days if one.day == session.day), None)
    if special is None:
        return session
    if special.closed:
        return None
    where = f"special day {day_text(special.day)}"
    times = {
        f"{name}_ns": session.midnight_ns + parse_clock(getattr(special, name), where)
        for name in ("open", "close")
        if getattr(special, name)
    }
    close_ns = times.get("close_ns", session.close_ns)
    if session.break_ns is not None and session.break_ns[1] >= close_ns:
        # A day that ends before its break is over has none.
        session = msgspec.structs.replace(session, break_ns=None)
    return msgspec.structs.replace(session, **times)


def _midnight_ns(day: str, zone: str) -> int:
    """The midnight that began a date at the exchange."""
    try:
        return midnight_ns(day, "calendar", zone)
    except (KeyError, ValueError) as error:
        # zoneinfo knows a missing zone by a KeyError, and a malformed name by a ValueError.
        raise InputError(
            f"zone: found {zone[:40]!r} ({error}), allowed is an IANA name such as Europe/Berlin"
        ) from None


def _shift(day: str, days: int) -> str:
    """A date (YYYY-MM-DD) some days later, or earlier when negative."""
    return str(np.datetime64(day, "D") + np.timedelta64(days, "D"))
