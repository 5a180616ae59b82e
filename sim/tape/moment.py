"""Moments on a tape, as a person writes them: a date and time, or an offset from the tape's start."""

import re
from typing import Final

import numpy as np

from market.errors import InputError
from market.units import DURATION_NS, parse_duration
from sim.tape.read import Tape

_ISO: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?:Z|([+-])(\d\d):([0-5]\d))"
)
_ALLOWED: Final = (
    'a time such as "2012-06-21T13:30:00Z" or "2012-06-21T09:30:00-04:00", '
    'or an offset from the start such as "90s"'
)


def parse_moment(text: str, start_ns: int, where: str) -> int:
    """A moment in nanoseconds since the Unix epoch.

    Args:
        text: ISO 8601 with `Z` or an offset from UTC, or a duration after `start_ns`.
        start_ns: What offsets count from.
        where: What is being read, for the error's text.

    Raises:
        InputError: The text has neither form.
    """
    match = _ISO.fullmatch(text)
    if match is None:
        try:
            return start_ns + parse_duration(text, where)
        except InputError:
            raise InputError(f"{where}: found {text[:40]!r}, allowed {_ALLOWED}") from None
    try:
        local_ns = int(np.datetime64(f"{match[1]}T{match[2]}", "ns").astype(np.int64))
    except ValueError:
        raise InputError(f"{where}: found {text[:40]!r}, allowed {_ALLOWED}") from None
    if not match[3]:
        return local_ns
    offset_ns = (int(match[4]) * 60 + int(match[5])) * DURATION_NS["m"]
    return local_ns + offset_ns if match[3] == "-" else local_ns - offset_ns


def format_moment(moment_ns: int) -> str:
    """A moment as ISO 8601 in UTC, to the nanosecond."""
    return f"{np.datetime64(moment_ns, 'ns')}Z"


def tape_span(tape: Tape) -> tuple[int, int] | None:
    """Times of the first and the last row; None when there are none."""
    if tape.row_count == 0:
        return None
    first = next(tape.chunks(rows=1))
    last = next(tape.chunks(start_row=tape.row_count - 1))
    return int(first["ts_ns"][0]), int(last["ts_ns"][-1])


def first_row_at(tape: Tape, moment_ns: int) -> int:
    """Number of the first row that is not before a moment; the row count when there is none."""
    done = 0
    for chunk in tape.chunks():
        if int(chunk["ts_ns"][-1]) >= moment_ns:
            return done + int(np.searchsorted(chunk["ts_ns"], moment_ns, side="left"))
        done += len(chunk)
    return done
