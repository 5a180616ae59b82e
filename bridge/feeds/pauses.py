"""Pauses between attempts to connect: doubled up to a bound, a little longer by chance, reset by success."""

import secrets
from collections.abc import Callable
from typing import Final


class Pauses:
    """How long to wait before the next attempt.

    Args:
        first_ns: The pause before the second attempt; there is none before the first.
        longest_ns: What it doubles up to.
        jitter_ppm: Most that chance adds to a pause, in millionths of it.
        draw: Chance, from 0 up to 1.
    """

    def __init__(
        self,
        first_ns: int,
        longest_ns: int,
        jitter_ppm: int,
        draw: Callable[[], float] | None = None,
    ) -> None:
        self._first_ns: Final = first_ns
        self._longest_ns: Final = longest_ns
        self._jitter_ppm: Final = jitter_ppm
        self._draw: Final = draw or _chance
        self._pause_ns = 0
        self._asked_ns = 0

    def next_ns(self) -> int:
        """The pause before the next attempt."""
        jitter_ns = int(self._pause_ns * self._jitter_ppm * self._draw()) // 10**6
        pause_ns = max(self._pause_ns + jitter_ns, self._asked_ns)
        self._pause_ns = min(self._longest_ns, max(self._first_ns, 2 * self._pause_ns))
        self._asked_ns = 0
        return pause_ns

    def ask(self, pause_ns: int) -> None:
        """The next pause is at least so long."""
        self._asked_ns = pause_ns

    def reset(self) -> None:
        """A connection held: the next pause is the first again."""
        self._pause_ns = 0


def _chance() -> float:
    return secrets.randbelow(10**6) / 10**6
