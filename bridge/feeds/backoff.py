"""How long to wait before asking again: at once the first time, then twice as long each time.

Model: `Backoff` is for one thing that fails again and again. Its wait grows while asking goes on, and is
forgotten after a calm of ten times as long, and of ten seconds at least: what fails once a minute is asked
for at once each time. `Pace` is for all of a kind together: so many at once, and then one now and then, as
a venue's limits want it. Both depend on times alone, so a replay waits alike; whoever grants a wish may add
chance (`bridge.feeds.pauses`).
"""

from typing import Final

FIRST_NS: Final = 500_000_000
LONGEST_NS: Final = 60_000_000_000
CALM_NS: Final = 10_000_000_000
CALM_WAITS: Final = 10


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
        if now_ns - self._due_ns > max(CALM_NS, CALM_WAITS * self._wait_ns):
            self._wait_ns = 0
        after_ns = self._wait_ns
        self._due_ns = now_ns + after_ns
        self._wait_ns = min(self._longest_ns, max(self._first_ns, 2 * self._wait_ns))
        return after_ns


class Pace:
    """Bounds how often anything of a kind is asked for.

    Args:
        every_ns: One in so long, over time.
        burst: So many beyond that at once.
        spacing_ns: Least time between two.
    """

    def __init__(self, every_ns: int, burst: int, spacing_ns: int) -> None:
        self._every_ns: Final = every_ns
        self._ahead_ns: Final = burst * every_ns
        self._spacing_ns: Final = spacing_ns
        # When the next would be due if they came evenly, and when the last was.
        self._even_ns = 0
        self._last_ns = -spacing_ns

    def next_ns(self, now_ns: int) -> int:
        """One is asked for: when it may happen at the earliest."""
        due_ns = max(now_ns, self._last_ns + self._spacing_ns, self._even_ns - self._ahead_ns)
        self._even_ns = max(self._even_ns, due_ns) + self._every_ns
        self._last_ns = due_ns
        return due_ns
