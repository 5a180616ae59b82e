"""Ctrl-C as a request: a run finishes its slice, writes what it has, and then stops.

Raising in the middle of anything is no way to end a run: a compiler or a C library may swallow the
exception, and then the request is lost. A second Ctrl-C does raise, for who can't wait.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_request() -> Iterator[Callable[[], bool]]:
    """While the block lasts, a first Ctrl-C only makes the yielded function say True."""
    asked = False

    def note(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
