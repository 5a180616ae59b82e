"""Write-ahead in simulated time: what a host decided leaves once its record is durable.

Model: a commit takes `commit_ns`. One is under way at a time; what is decided meanwhile waits and goes
into the next one together (group commit). The bytes that a commit covers are those that were there
when it began. How long a real disk takes never enters simulated time.

A host that dies loses what was not durable yet, and nothing of that has left it. A new process has a log
of its own.

A log with a store (`sim.store`) may be in trouble: then only what needs no record leaves. A commit that fails
to sync is the log's last one.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from market.codes import JournalTrouble
from market.messages import Command
from sim.clock import Clock
from sim.slowdown import sample
from sim.store import PASSING, PATIENCE_NS, Store

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

    Attributes:
        store: What the bytes go into, where it can break.
    """

    def __init__(
        self, clock: Clock, journal: Durable, *, commit: npt.NDArray[np.int64], key: int
    ) -> None:
        self.commits = 0
        self.store: Store | None = None
        self._clock = clock
        self._journal = journal
        self._commit = commit
        self._key = key
        self._waiting: list[Departure] = []
        self._busy = False
        self._is_over = False
        self._under_way: list[Departure] = []

    @property
    def is_busy(self) -> bool:
        """Whether a commit is under way."""
        return self._busy

    def request(self, leave: Leave, commands: Sequence[Command]) -> None:
        """Call `leave(commands)` once everything journaled so far is durable."""
        if self.store is not None and self.store.trouble:
            self.store.part(commands)
            if self.store.trouble not in PASSING:
                return
            commands = ()
        self._waiting.append((leave, commands))
        if not self._busy:
            self._begin()

    def crash(self) -> None:
        """The process dies: no commit ends any more, the one under way neither."""
        self._is_over = True
        if self.store is not None:
            self.store.crash()

    def _begin(self) -> None:
        self._busy = True
        batch, self._waiting = self._waiting, []
        self._under_way = batch
        mark = self._journal.mark()
        now_ns = self._clock.now_ns
        commit_ns = sample(self._commit, self._key, now_ns, COMMIT_CAUSE, now_ns)
        self.commits += 1
        if self.store is not None and commit_ns > 0:
            self._clock.at(now_ns + PATIENCE_NS, self._watch, self.commits)
        self._clock.at(now_ns + commit_ns, self._done, (mark, batch))

    def _done(self, work: tuple[int, list[Departure]]) -> None:
        mark, batch = work
        if self._is_over:
            return
        if self.store is not None and not self._stored(self.store, work):
            return
        self._journal.sync_to(mark)
        for leave, commands in batch:
            leave(commands)
        self._busy = False
        if self._waiting:
            self._begin()

    # --- a store that breaks ------------------------------------------------------------------------

    def _stored(self, store: Store, work: tuple[int, list[Departure]]) -> bool:
        """Whether a commit ends well now. It may end later, or never."""
        trouble, until_ns = store.sync()
        if not trouble:
            if store.trouble and store.trouble not in PASSING:
                return False
            store.heal()
            return True
        if trouble is JournalTrouble.STALLED:
            self._clock.at(until_ns, self._done, work)
            return False
        self._fail(store, trouble)
        if trouble in PASSING:
            self._clock.at(until_ns, self._done, work)
        return False

    def _watch(self, commit: int) -> None:
        """Has a commit taken too long?"""
        store = self.store
        if store is None or self._is_over or store.trouble:
            return
        if self._busy and self.commits == commit:
            self._fail(store, JournalTrouble.STALLED)

    def _fail(self, store: Store, trouble: JournalTrouble) -> None:
        """Nothing can be proved from now on: part what waits, and say so."""
        held = [*self._under_way, *self._waiting]
        self._under_way[:] = [(leave, ()) for leave, _ in self._under_way]
        self._waiting = [(leave, ()) for leave, _ in self._waiting]
        for _, commands in held:
            store.part(commands)
        store.fail(trouble)
