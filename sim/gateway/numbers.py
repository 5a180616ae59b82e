"""Numbers in order: what comes too early waits, what has come is not taken twice, what is missing shows."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Numbered(Generic[T]):
    """What one end has of the other's numbered messages.

    Attributes:
        floor: Every number up to here has been taken or given up.
        repeated: Messages that had come before.
    """

    def __init__(self) -> None:
        self.floor = 0
        self.repeated = 0
        self._early: dict[int, T] = {}

    @property
    def waiting(self) -> int:
        """Messages that have come too early."""
        return len(self._early)

    def put(self, seq: int, message: T) -> bool:
        """A message has come; whether it is new."""
        if seq <= self.floor or seq in self._early:
            self.repeated += 1
            return False
        self._early[seq] = message
        return True

    def ready(self) -> Iterator[T]:
        """Messages whose turn it is, each once."""
        while self.floor + 1 in self._early:
            self.floor += 1
            yield self._early.pop(self.floor)

    def skip(self, until_seq: int) -> Iterator[T]:
        """What has not come up to a number does not come any more; messages whose turn it is then."""
        while self.floor < until_seq:
            self.floor += 1
            if self.floor in self._early:
                yield self._early.pop(self.floor)
        yield from self.ready()

    def restart(self, floor: int) -> list[T]:
        """A new connection counts on from here at least; what waited on the old one, in order."""
        waiting = [self._early[seq] for seq in sorted(self._early)]
        self._early.clear()
        self.floor = max(self.floor, floor)
        return waiting
