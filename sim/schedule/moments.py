"""When a step of a schedule is due: as text that a person writes, and as an anchor and an offset.

A moment hangs on the session ("open-30m", "break_start", "close+5m"), so that it moves with a day that
opens late or closes early, or on the clock of the exchange ("13:00", "09:30:15"), so that it does not.
"""

import re
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from market.errors import InputError
from market.units import DURATION_NS, parse_duration


class Anchor(IntEnum):
    """What a moment is counted from; CLOCK is the midnight that began the session's date."""

    CLOCK = 0
    OPEN = 1
    BREAK_START = 2
    BREAK_END = 3
    CLOSE = 4


class Moment(NamedTuple):
    """A point of a session: `offset_ns` after its anchor, or before it when negative."""

    anchor: Anchor
    offset_ns: int


_HUNG: Final = re.compile(r"(open|break_start|break_end|close)(?:\s*([+-])\s*(\S+))?")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def parse_moment(text: str, where: str = "at") -> Moment:
    """Read a moment.

    Args:
        text: Such as "open", "close+5m", "break_end - 25m" or "13:00".
        where: What is being read, for the error's text.

    Raises:
        InputError: The text has another form.
    """
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return Moment(Anchor.CLOCK, _clock_ns(clock))
    hung = _HUNG.fullmatch(text)
    if hung is None:
        raise InputError(
            f"{where}: found {text[:40]!r}, allowed is a time such as 13:00, or open, break_start, "
            "break_end or close, with a duration before or after it such as close+5m"
        )
    offset_ns = int(parse_duration(hung[3], f"{where} {text!r}")) if hung[3] else 0
    return Moment(Anchor[hung[1].upper()], -offset_ns if hung[2] == "-" else offset_ns)


def parse_clock(text: str, where: str) -> int:
    """Nanoseconds since midnight of a time of day such as "13:00".

    Raises:
        InputError: The text is none.
    """
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        raise InputError(f"{where}: found {text[:40]!r}, allowed is a time of day such as 13:00")
    return _clock_ns(clock)


def _clock_ns(clock: re.Match[str]) -> int:
    """A matched time of day in nanoseconds since midnight."""
    hours, minutes, seconds = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    return ((hours * 60 + minutes) * 60 + seconds) * DURATION_NS["s"]


def day_text(day: int, where: str = "day") -> str:
    """A day such as 20240703 as 2024-07-03.

    Raises:
        InputError: There is no such day.
    """
    text = f"{day // 10_000:04d}-{day // 100 % 100:02d}-{day % 100:02d}"
    try:
        np.datetime64(text, "D")
    except ValueError:
        text = ""
    if not text or not 1900_01_01 <= day <= 2199_12_31:
        raise InputError(f"{where}: found {day}, allowed is a day such as 20240703")
    return text


def day_number(text: str) -> int:
    """A day such as 2024-07-03 as 20240703."""
    return int(text.replace("-", ""))
