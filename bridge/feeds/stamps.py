"""Numbers and times as venues say them, within what a tape can hold."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec

from market.errors import InputError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)

Ms = Annotated[int, msgspec.Meta(ge=0, lt=4_102_444_800_000)]
"""Milliseconds of before the year 2100."""
Id = Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]
"""A venue's number of a message, a state or a trade."""


_DIGITS_MAX: Final = 18


def trade_number(text: str) -> int | None:
    """The number of a trade that a venue writes as text; None for what is none that a tape can hold."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_MAX else None


def ns_of(stamp: datetime) -> int:
    """Nanoseconds since 1970, to the microsecond that a `datetime` holds; without a zone it is UTC.

    Raises:
        InputError: It is not of this time.
    """
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=UTC)
    if not _EPOCH <= stamp < _LAST:
        raise InputError(f"found the time {stamp.isoformat()}, allowed is from 1970 to 2099")
    return (stamp - _EPOCH) // _US * 1_000
