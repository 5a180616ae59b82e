"""Write-ahead in simulated time: what a host decided leaves once its record is durable.

Model: a commit takes `commit_ns`. One is under way at a time; what is decided meanwhile waits and goes
into the next one together (group commit). The bytes that a commit covers are those that were there
when it began. How long a real disk takes never enters simulated time.

A host that dies loses what was not durable yet, and nothing of that has left it.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from market.messages import Command
from sim.clock import Clock
from sim.slowdown import sample

COMMIT_CAUSE = 5

Leave = Callable[[Sequence[Command]], None]
Departure = tuple[Leave, Sequence[Command]]


class Durable(Protocol):
    """Where a journal's bytes go, as its host sees it."""

    def mark(self) -> int:
        """Bytes handed over so far."""
        ...

    def sync_to(self, mark: int) -> None:
        """Make everything up to a mark durable."""
        ...


class CommitLog:
    """The journal of one host.

    Args:
        journal: Whose frames become durable.
        commit: Compiled latency block of one commit.
        key: Key of its draws.
    """

    def __init__(
        self, clock: Clock, journal: Durable, *, commit: npt.NDArray[np.int64], key: int
    ) -> None:
        self.commits = 0
        self._clock = clock
        self._journal = journal
        self._commit = commit
        self._key = key
        self._waiting: list[Departure] = []
        self._busy = False

    @property
    def is_busy(self) -> bool:
        """Whether a commit is under way."""
        return self._busy

    def request(self, leave: Leave, commands: Sequence[Command]) -> None:
        """Call `leave(commands)` once everything journaled so far is durable."""
        self._waiting.append((leave, commands))
        if not self._busy:
            self._begin()

    def _begin(self) -> None:
        self._busy = True
        batch, self._waiting = self._waiting, []
        mark = self._journal.mark()
        now_ns = self._clock.now_ns
        commit_ns = sample(self._commit, self._key, now_ns, COMMIT_CAUSE, now_ns)
        self.commits += 1
        self._clock.at(now_ns + commit_ns, self._done, (mark, batch))

    def _done(self, work: tuple[int, list[Departure]]) -> None:
        mark, batch = work
        self._journal.sync_to(mark)
        for leave, commands in batch:
            leave(commands)
        self._busy = False
        if self._waiting:
            self._begin()
