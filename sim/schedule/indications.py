"""Publishing what calls would print, at the venue's interval.

Model: while a book is in a call, its venue says every `interval_ns` from the call's beginning what would
come of it: price, lots, and the imbalance. A say is a control event, after the orders of its instant have
been taken; what is published travels like any other message of the feed.

Limits: venues that publish at a change say so here at the next interval. What leaves the venue is the
whole indication; who publishes only parts of it, or in stages, is not told apart.
"""

from collections.abc import Callable
from typing import NamedTuple

from market.codes import Phase
from sim.clock import Clock


class _Say(NamedTuple):
    """One say of one call; outdated when the call has ended."""

    book_id: int
    call: int


class Indications:
    """Listens to phases, and lets books say what their calls would print.

    Args:
        clock: Of the run.
        say: Publishes a book's indication now.
        interval_ns: Between two says of a call, above 0.
    """

    def __init__(self, clock: Clock, say: Callable[[int], None], interval_ns: int) -> None:
        assert interval_ns > 0
        self._clock = clock
        self._say = say
        self._interval_ns = interval_ns
        self._calls: dict[int, int] = {}
        self._in_call: set[int] = set()

    def on_phase(self, book_id: int, phase: Phase, now_ns: int) -> None:
        """A book has another phase."""
        del now_ns
        self._calls[book_id] = self._calls.get(book_id, 0) + 1
        if phase.is_call:
            self._in_call.add(book_id)
            self._wait(_Say(book_id, self._calls[book_id]))
        else:
            self._in_call.discard(book_id)

    def on_extended(self, book_id: int, times: int, now_ns: int) -> None:
        """A call that goes on says what it would print as before."""

    def _wait(self, say: _Say) -> None:
        self._clock.at(self._clock.now_ns + self._interval_ns, self._due, say)

    def _due(self, say: _Say) -> None:
        """Publish, and wait again."""
        if say.book_id in self._in_call and self._calls[say.book_id] == say.call:
            self._say(say.book_id)
            self._wait(say)
