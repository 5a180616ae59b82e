"""Stamps what comes and puts it into a recording; a disk that refuses is counted, and told in the log.

Model: `take` gives an entry its time, which never falls, and appends it; now and then everything is made
durable. When the log refuses an entry, the entry is lost: that is counted, and the first entry that is
taken again has one on channel `log:lost` before it, whose bytes are how many were lost. So a reader of
the recording sees every hole in it.

Limits: to make entries durable waits for the disk, a few milliseconds; meanwhile frames wait in the
system's socket buffers.
"""

from collections.abc import Callable
from typing import Final

from bridge.recording.write import LogWriter
from market.errors import InputError

LOST: Final = "log:lost"
SYNC_NS: Final = 1_000_000_000


class Recorder:
    """Sits between what brings entries and their log.

    Args:
        log: Where they go.
        clock_ns: Our time.
        sync_ns: How often everything is made durable.

    Attributes:
        entry_count: Entries taken.
        byte_count: Their bytes.
        lost_count: Entries that were lost.
        sync_failures: Attempts to make everything durable that failed.
        last_trouble: What the disk said last, or empty.
    """

    def __init__(
        self, log: LogWriter, clock_ns: Callable[[], int], *, sync_ns: int = SYNC_NS
    ) -> None:
        self.entry_count = self.byte_count = self.lost_count = self.sync_failures = 0
        self.last_trouble = ""
        self._log: Final = log
        self._clock_ns: Final = clock_ns
        self._sync_ns: Final = sync_ns
        self._now_ns = clock_ns()
        self._due_ns = self._now_ns + sync_ns
        self._untold = 0

    def take(self, channel: str, data: bytes) -> int:
        """Record an entry; its time."""
        now_ns = self._now_ns = max(self._now_ns, self._clock_ns())
        try:
            if self._untold:
                self._log.append(now_ns, LOST, str(self._untold).encode())
                self._untold = 0
            self._log.append(now_ns, channel, data)
        except InputError as error:
            self.lost_count += 1
            self._untold += 1
            self.last_trouble = str(error)
        else:
            self.entry_count += 1
            self.byte_count += len(data)
        if now_ns >= self._due_ns:
            self.sync()
        return now_ns

    def sync(self) -> None:
        """Make everything durable, as far as the disk lets us."""
        self._due_ns = self._now_ns + self._sync_ns
        try:
            self._log.sync()
        except InputError as error:
            self.sync_failures += 1
            self.last_trouble = str(error)
