"""How far one book has come in its timetable, and when its next phase begins."""

from collections.abc import Iterator

from market.codes import Phase
from sim.schedule.random_end import end_delay_ns
from sim.schedule.resolve import PhaseChange


class Course:
    """One book's phase changes, with the ends of its calls drawn.

    Args:
        changes: In order.
        key: Stream key of random ends.
        book_id: Whose.
    """

    def __init__(self, changes: tuple[PhaseChange, ...], key: int, book_id: int) -> None:
        self._changes = changes
        self._key = key
        self._book_id = book_id
        self._next = 0

    @property
    def next_ns(self) -> int | None:
        """When the next change takes place, None after the last."""
        return self._time(self._next) if self._next < len(self._changes) else None

    def due(self, now_ns: int) -> Iterator[PhaseChange]:
        """The changes that are due by now, each once."""
        while self.next_ns is not None and self.next_ns <= now_ns:
            self._next += 1
            yield self._changes[self._next - 1]

    def closes_within(self, now_ns: int, within_ns: int) -> bool:
        """Whether a closing call begins so soon."""
        for change in self._changes[self._next :]:
            if change.ts_ns > now_ns + within_ns:
                return False
            if change.phase is Phase.CLOSING_CALL:
                return True
        return False

    def _time(self, index: int) -> int:
        """When a change takes place."""
        change = self._changes[index]
        window_ns = change.window_ns
        return change.ts_ns + end_delay_ns(self._key, self._book_id, change.call_number, window_ns)
