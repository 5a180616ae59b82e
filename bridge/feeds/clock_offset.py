"""How far our clock is off the venue's, from one-way messages, while a session runs.

Model: what a message took is the wire's delay, never negative, plus the clocks' difference; the least
of a window of time is the difference plus the wire's best. Two windows are kept, the running one and
the one before it, so the estimate is never of a few messages only, and follows a clock that steps or
drifts within two windows.

Limits: one-way messages can't tell a clock that is early from a wire that is fast. Venue stamps of
whole milliseconds add up to 1 ms.
"""

from typing import Final

WINDOW_NS: Final = 10_000_000_000


class ClockOffset:
    """Takes pairs of times in the order of arrival."""

    def __init__(self) -> None:
        self._end_ns = 0
        self._least_ns: int | None = None
        self._before_ns: int | None = None
        self._delta_ns = 0

    def see(self, now_ns: int, venue_ns: int) -> None:
        """A message with the venue's time `venue_ns` came at our time `now_ns`."""
        delta_ns = self._delta_ns = now_ns - venue_ns
        if now_ns >= self._end_ns:
            self._before_ns = self._least_ns
            self._least_ns = delta_ns
            self._end_ns = now_ns + WINDOW_NS
        elif self._least_ns is None or delta_ns < self._least_ns:
            self._least_ns = delta_ns

    @property
    def offset_ns(self) -> int | None:
        """Ours minus the venue's, with the best delay in it; None before any message."""
        if self._least_ns is None or self._before_ns is None:
            return self._least_ns
        return min(self._least_ns, self._before_ns)

    @property
    def lag_ns(self) -> int:
        """How much later than the quickest the newest message came: what waited on the way."""
        return 0 if self.offset_ns is None else self._delta_ns - self.offset_ns


class Timed:
    """A feed whose messages bear the venue's time.

    Attributes:
        clock: Takes those times.
    """

    def __init__(self) -> None:
        self.clock: Final = ClockOffset()

    @property
    def clock_offset_ns(self) -> int | None:
        """Our clock minus the venue's, with the wire's best delay in it; None before any stamp."""
        return self.clock.offset_ns

    @property
    def lag_ns(self) -> int:
        """How much later than the quickest the newest message came: what waited on the way."""
        return self.clock.lag_ns
