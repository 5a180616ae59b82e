"""Which day a file covers, and when that day began at the exchange."""

import datetime as dt
import re
import zoneinfo

from market.errors import InputError

NEW_YORK = "America/New_York"

# YYYY-MM-DD; YYYYMMDD; MMDDYYYY, which never begins with 19 or 20; and MMDDYY behind an S.
_PATTERNS = (
    (re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)"), "{0}-{1}-{2}"),
    (re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)"), "{0}-{1}-{2}"),
    (re.compile(r"(?<!\d)(\d{2})(\d{2})((?:19|20)\d{2})(?!\d)"), "{2}-{0}-{1}"),
    (re.compile(r"^S(\d{2})(\d{2})(\d{2})(?!\d)"), "20{2}-{0}-{1}"),
)


def midnight_ns(date: str, where: str, zone: str = NEW_YORK) -> int:
    """Nanoseconds from the epoch to the midnight that began `date` (YYYY-MM-DD) in `zone`.

    Args:
        date: The local date.
        where: File or option that named it, for the error message.
        zone: IANA name of the exchange's time zone.

    Raises:
        InputError: A date that does not exist.
    """
    try:
        day = dt.date.fromisoformat(date)
    except ValueError:
        day = None
    if day is None or day.isoformat() != date:
        raise InputError(f"{where}: found the date {date}, allowed a real one as YYYY-MM-DD")
    # Noon decides the offset: clocks change at night, while no exchange trades.
    noon = dt.datetime.combine(day, dt.time(12), zoneinfo.ZoneInfo(zone))
    return (int(noon.timestamp()) - 12 * 3600) * 1_000_000_000


def date_in_name(file_name: str) -> str | None:
    """The date (YYYY-MM-DD) that a file name holds, in any of the forms that vendors use."""
    for pattern, form in _PATTERNS:
        found = pattern.search(file_name)
        if found is not None:
            return form.format(*found.groups())
    return None


def utc_date(ts_ns: int) -> str:
    """The UTC date (YYYY-MM-DD) of a time in nanoseconds since the epoch."""
    return dt.datetime.fromtimestamp(ts_ns // 1_000_000_000, dt.UTC).date().isoformat()


def local_date(ts_ns: int, zone: str) -> str:
    """The date (YYYY-MM-DD) in `zone`, an IANA name, of a time in nanoseconds since the epoch."""
    moment = dt.datetime.fromtimestamp(ts_ns // 1_000_000_000, zoneinfo.ZoneInfo(zone))
    return moment.date().isoformat()
