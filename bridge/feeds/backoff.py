"""How long to wait before asking again: at once the first time, then twice as long each time.

Model: the wait grows while asking goes on, and is forgotten after a calm that is longer than the
longest wait. It depends on times alone, so a replay waits alike; whoever grants the wish may add
chance (`bridge.feeds.transport` does where many clients could fall into step).
"""

from typing import Final

FIRST_NS: Final = 500_000_000
LONGEST_NS: Final = 60_000_000_000


class Backoff:
    """One thing that may have to be asked for again and again."""

    def __init__(self, first_ns: int = FIRST_NS, longest_ns: int = LONGEST_NS) -> None:
        assert 0 < first_ns <= longest_ns
        self._first_ns = first_ns
        self._longest_ns = longest_ns
        self._wait_ns = 0
        self._due_ns = 0

    def next_wait_ns(self, now_ns: int) -> int:
        """It is to be asked for again: how long from now at the earliest."""
        if now_ns - self._due_ns > 2 * self._longest_ns:
            self._wait_ns = 0
        after_ns = self._wait_ns
        self._due_ns = now_ns + after_ns
        self._wait_ns = min(self._longest_ns, max(self._first_ns, 2 * self._wait_ns))
        return after_ns
