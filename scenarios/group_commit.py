"""A desk whose commands leave only when the records that they stand in are durable.

Model: the owner of a desk takes messages in one after the other, and what the desk wants waits here.
One commit serves all of it: when `group` commands wait, or when nothing more is there to be taken in.
So a fast stream of messages shares the disk's waiting time, and a slow one does not wait for more.

Invariants: a command that `release` gives is in a durable record; commands leave in the order in which
the desk said them; a commit that fails gives none, and the next one gives them all.
"""

from collections.abc import Sequence
from typing import Protocol

from market.errors import InputError
from market.messages import Command, Inbound
from market.ports import Participant

GROUP = 64
"""Commands that one commit serves at most, unless told otherwise."""


class Committed(Protocol):
    """What makes records durable; `desk.journal.Journal`."""

    def commit(self) -> None:
        """Return when every record is durable; raise `InputError` when they are not."""
        ...


class GroupCommit:
    """Holds a desk's commands back until they may leave.

    Args:
        desk: Records what it takes in `journal`.
        journal: The desk's own.
        group: Commands from which a commit is due, 1 or more.

    Attributes:
        commits: How often `release` had something to commit.
    """

    def __init__(self, desk: Participant, journal: Committed, group: int = GROUP) -> None:
        if group < 1:
            raise InputError(f"group is {group} commands, allowed is 1 or more")
        self.commits = 0
        self._desk = desk
        self._journal = journal
        self._group = group
        self._waiting: list[Command] = []

    def start(self, now_ns: int) -> None:
        """Let the desk say what it wants before the first message."""
        self._waiting += self._desk.start(now_ns)

    def take(self, message: Inbound, now_ns: int) -> bool:
        """Hand a message to the desk; whether a commit is due."""
        self._waiting += self._desk.on(message, now_ns)
        return len(self._waiting) >= self._group

    def release(self) -> Sequence[Command]:
        """Commit, and give what may now leave; nothing is committed when nothing waits.

        Raises:
            InputError: The records are not durable; the commands go on waiting.
        """
        if not self._waiting:
            return ()
        self._journal.commit()
        self.commits += 1
        leaving, self._waiting = self._waiting, []
        return leaving
