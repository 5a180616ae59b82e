"""When the calls of a venue's books are scheduled to be crossed, for the cut-offs of their orders."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from market.codes import Phase
from sim.schedule.resolve import Timetable

NEAR_NS: Final = 5 * 60 * 1_000_000_000
"""How far a cross may be from its time: venues cross late, and at random."""


class Crossings:
    """Scheduled ends of opening and closing calls.

    Args:
        timetables: Of the venue's books. A call with a random end counts as crossed at its earliest.
    """

    def __init__(self, timetables: Sequence[Timetable]) -> None:
        self._times: dict[tuple[int, Phase], list[int]] = {}
        for timetable in timetables:
            ends: dict[Phase, list[int]] = {}
            before = Phase.CLOSED
            for change in timetable.changes:
                if before.is_call:
                    ends.setdefault(before, []).append(change.ts_ns)
                before = change.phase
            for book_id in timetable.book_ids:
                for phase, times in ends.items():
                    self._times[book_id, phase] = times

    def next_ns(self, book_id: int, call: Phase, now_ns: int) -> int | None:
        """When the next such call is crossed, at or after now; None when none is scheduled."""
        times = self._times.get((book_id, call), [])
        index = bisect_left(times, now_ns)
        return times[index] if index < len(times) else None

    def call_at(self, book_id: int, now_ns: int) -> Phase:
        """Which auction takes place on a tape: the opening or the closing one near its time.

        Far from both it is the end of a halt.
        """
        for call in (Phase.OPENING_CALL, Phase.CLOSING_CALL):
            next_ns = self.next_ns(book_id, call, now_ns - NEAR_NS)
            if next_ns is not None and next_ns <= now_ns + NEAR_NS:
                return call
        return Phase.HALT_CALL
