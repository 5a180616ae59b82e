"""Strictness in one place: a record that can't be accepted is counted, named, and stops the ingest."""

from collections.abc import Callable

from market.errors import InputError


class RefusedRecord(ValueError):  # noqa: N818 - it says what happened, as BadRow does
    """One record is wrong; its text says what was found and what is allowed."""


class BadRecords:
    """Counts refused records and stops at one too many.

    Args:
        max_bad: How many are tolerated.
        warn: Told each one that was.
    """

    def __init__(self, max_bad: int, warn: Callable[[str], None] | None) -> None:
        self._max_bad = max_bad
        self._warn = warn
        self.count = 0

    def refuse(self, where: str, text: object) -> None:
        """Count one record, named `file:line`.

        Raises:
            InputError: It is one more than is tolerated.
        """
        self.count += 1
        line = " ".join(f"{where}: {text}".split())
        if self.count > self._max_bad:
            suffix = "" if self._max_bad == 0 else f" (bad row {self.count})"
            raise InputError(f"{line}{suffix}")
        if self._warn is not None:
            self._warn(line)
