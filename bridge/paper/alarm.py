"""An alarm in an asyncio loop that rings within some tens of microseconds, where the system has timerfd.

asyncio rounds its timers up to a millisecond (epoll takes milliseconds), so a simulated event is late by
most of one. A timerfd is a file descriptor that becomes readable at its time; Python has it from 3.13 on, and
the C library before. Elsewhere `call_later` wakes the loop early, and it spins for the rest.
"""

import asyncio
import ctypes
import os
import struct
import sys
from collections.abc import Callable
from typing import Final

CLOCK_MONOTONIC: Final = 1
FLAGS: Final = os.O_NONBLOCK | os.O_CLOEXEC
SPIN_S: Final = 0.0012
S_NS: Final = 1_000_000_000
LEAST_NS: Final = 1
"""A timerfd that is set to 0 is disarmed."""

_TIMER: Final = struct.Struct("qqqq")


def timerfd() -> "int | None":
    """A new descriptor, or None where the system has none."""
    if sys.platform != "linux":
        return None
    try:
        library = ctypes.CDLL(None, use_errno=True)
        made = int(library.timerfd_create(CLOCK_MONOTONIC, FLAGS))
    except (OSError, AttributeError):
        return None
    return made if made >= 0 else None


class Alarm:
    """Rings once, after a span; setting it again puts it off or brings it forward.

    Args:
        loop: In which it rings.
        ring: What it calls.
        precise: Whether to use a timerfd where there is one.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None], *, precise: bool = True
    ) -> None:
        self._loop = loop
        self._ring = ring
        self._handle: asyncio.TimerHandle | asyncio.Handle | None = None
        self._due_s = 0.0
        self._fd = timerfd() if precise else None
        if self._fd is not None:
            self._library = ctypes.CDLL(None, use_errno=True)
            loop.add_reader(self._fd, self._readable)

    @property
    def is_precise(self) -> bool:
        """Whether a timerfd does it."""
        return self._fd is not None

    def set(self, span_ns: int) -> None:
        """Ring after a span."""
        if self._fd is not None:
            seconds, rest_ns = divmod(max(span_ns, LEAST_NS), S_NS)
            spec = _TIMER.pack(0, 0, seconds, rest_ns)
            self._library.timerfd_settime(self._fd, 0, spec, None)
            return
        self.clear()
        self._due_s = self._loop.time() + span_ns / S_NS
        early_s = max(self._due_s - SPIN_S, self._loop.time())
        self._handle = self._loop.call_at(early_s, self._spin)

    def clear(self) -> None:
        """Do not ring."""
        if self._fd is not None:
            self._library.timerfd_settime(self._fd, 0, _TIMER.pack(0, 0, 0, 0), None)
        elif self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def close(self) -> None:
        """Let go of it."""
        self.clear()
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None

    def _readable(self) -> None:
        assert self._fd is not None
        try:
            os.read(self._fd, 8)
        except BlockingIOError:  # it was set anew in between, and will ring then
            return
        self._ring()

    def _spin(self) -> None:
        """Let others run until it is time."""
        if self._loop.time() >= self._due_s:
            self._handle = None
            self._ring()
        else:
            self._handle = self._loop.call_soon(self._spin)
