"""The loop of a paper session: it owns our time, and steps a world that has none of its own.

Model: an entry comes at a time W, which is our time and behind every time before. Everything before W
happens, the entry is kept, then it is applied, then the control events of W happen; an alarm is set for
what is due next. When the alarm rings, everything up to our time happens. A world's own stamps never depend
on how late that was: lateness is a figure (`Figures`) and nothing else.

Fills are acknowledged together, at most every `ack_ns`: first the entries are made durable, then the fills.

With `source stamps` W is what an entry says of itself, and nothing happens by our time at all.

Order of failure: an entry that cannot be kept is not applied; the session is over then, loudly, and what was
kept can be run again.
"""

import gc
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from bridge.feeds import Want
from bridge.paper.fills import FillFile
from bridge.paper.port import InputLog, LiveWorld
from bridge.paper.spans import Spans

if TYPE_CHECKING:
    from bridge.paper.alarm import Alarm

ACK_NS: Final = 50_000_000
SYNC_NS: Final = 1_000_000_000
NEVER_NS: Final = 1 << 62
IDLE_NS: Final = 2_000_000
"""Nothing being due for so long is time enough to look for garbage."""

COLLECT_EVERY: Final = 200_000
"""Entries after which the oldest generation is looked through, when it is quiet."""


class Figures:
    """How a session runs.

    Attributes:
        entries: Taken.
        late: How late an alarm's events happened.
        taking: From an entry's arrival here until what it caused has happened.
        syncs: How long it took to make entries and fills durable.
        acknowledged: Fills.
    """

    def __init__(self) -> None:
        self.entries = 0
        self.acknowledged = 0
        self.late = Spans()
        self.taking = Spans()
        self.syncs = Spans()


class PaperLoop:
    """Steps one world.

    Args:
        world: At the time at which it goes on.
        log: Where entries are kept.
        fills: Where fills are acknowledged.
        clock_ns: Our time.
        stopped: Told why, when the session cannot go on.
        source_stamp_ns: With source stamps, the time that an entry says, or 0 for none.
    """

    def __init__(
        self,
        world: LiveWorld,
        log: InputLog,
        fills: FillFile,
        clock_ns: Callable[[], int],
        stopped: Callable[[Exception], None],
        *,
        source_stamp_ns: Callable[[bytes], int] | None = None,
    ) -> None:
        self.figures = Figures()
        self.world = world
        self.alarm: Alarm | None = None
        self._log = log
        self._fills = fills
        self._clock_ns = clock_ns
        self._stopped = stopped
        self._source_stamp_ns = source_stamp_ns
        self._last_ns = world.now_ns
        self._due_ns = NEVER_NS
        self._ack_due_ns = 0
        self._sync_due_ns = 0
        self._is_over = False
        self._collected = 0

    @property
    def last_ns(self) -> int:
        """The newest stamp."""
        return self._last_ns

    @property
    def is_over(self) -> bool:
        """Whether nothing is taken any more."""
        return self._is_over

    def take(self, channel: str, data: bytes) -> Sequence[Want]:
        """Something came: keep it, apply it, and say what its feed wishes for."""
        if self._is_over:
            return ()
        came_ns = self._clock_ns()
        try:
            wants = self._take(channel, data, came_ns)
        except Exception as error:
            self._stop(error)
            raise
        self.figures.entries += 1
        self.figures.taking.add(self._clock_ns() - came_ns)
        return wants

    def _take(self, channel: str, data: bytes, came_ns: int) -> Sequence[Want]:
        world = self.world
        if self._source_stamp_ns is not None:
            stamp_ns = max(self._source_stamp_ns(data), self._last_ns)
            self._log.append(stamp_ns, channel, data)
            wants = world.take(stamp_ns, channel, data)
            self._last_ns = stamp_ns
        else:
            stamp_ns = self._last_ns = max(came_ns, world.now_ns, self._last_ns + 1)
            self._happen(stamp_ns)
            self._log.append(stamp_ns, channel, data)
            wants = world.take(stamp_ns, channel, data)
            world.advance(stamp_ns + 1)
        self._settle()
        return wants

    def ring(self) -> None:
        """Let everything up to our time happen."""
        if self._is_over:
            return
        now_ns = self._clock_ns()
        try:
            if self._source_stamp_ns is None:
                self._happen(max(now_ns, self.world.now_ns))
            self._settle()
        except Exception as error:
            self._stop(error)
            raise

    def _happen(self, until_ns: int) -> None:
        """Let everything before a time happen, and see how late the first of it was."""
        due_ns = self.world.peek()
        if due_ns < until_ns:
            self.figures.late.add(until_ns - due_ns)
        self.world.advance(until_ns)

    def _settle(self) -> None:
        """Acknowledge what may be, and set the alarm for what comes next."""
        now_ns = self._clock_ns()
        if self._fills.waiting and now_ns >= self._ack_due_ns:
            self.acknowledge()
            self._ack_due_ns = now_ns + ACK_NS
        elif now_ns >= self._sync_due_ns:
            self._log.sync()
        else:
            self._set_alarm(now_ns)
            return
        self._sync_due_ns = now_ns + SYNC_NS
        self.figures.syncs.add(self._clock_ns() - now_ns)
        self._set_alarm(self._clock_ns())

    def _set_alarm(self, now_ns: int) -> None:
        if self.alarm is None or self._is_over:
            return
        self._due_ns = NEVER_NS if self._source_stamp_ns is not None else self.world.peek()
        if self._due_ns - now_ns > IDLE_NS and (
            self.figures.entries - self._collected > COLLECT_EVERY
        ):
            self._collected = self.figures.entries
            gc.collect()
        wake_ns = min(self._due_ns, self._sync_due_ns)
        if self._fills.waiting:
            wake_ns = min(wake_ns, self._ack_due_ns)
        self.alarm.set(wake_ns - now_ns)

    def acknowledge(self) -> None:
        """Make entries durable, then the fills that they led to."""
        self._log.sync()
        self.figures.acknowledged += len(self._fills.acknowledge())

    def finish(self) -> int:
        """The session is over: acknowledge everything; the newest stamp."""
        self._is_over = True
        self.world.advance(self._last_ns + 1)
        self.acknowledge()
        return self._last_ns

    def _stop(self, error: Exception) -> None:
        self._is_over = True
        self._stopped(error)
