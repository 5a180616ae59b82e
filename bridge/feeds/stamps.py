"""A venue's written time as nanoseconds."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)


def ns_of(stamp: datetime) -> int:
    """Nanoseconds since 1970, to the microsecond that a `datetime` holds; without a zone it is UTC."""
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=UTC)
    return (stamp - _EPOCH) // _US * 1_000
