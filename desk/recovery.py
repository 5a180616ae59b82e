"""Recovery is replay: a desk from durable bytes alone, equal to the one that wrote them.

Model: the newest SNAPSHOT gives the state as it stood, and the EVENTs behind it are taken again, each at
its own time. A replayed event must give the very commands, decisions and actions that are on record;
if it does not, the program or the configuration is another one, and nothing may be sent on its word.

What was durable but had perhaps not left when the process died counts as sent: whoever restarts a desk
tells it that its link was down (`market.messages.LinkStatus`), and every open order is then unknown
until the venue has been asked.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from desk.desk_data import DeskData, EventLog
from desk.journal.records import Event, Record, RecordType, event_in, snapshot_in
from desk.pipeline import Desk
from market.decisions import Action, Caused, Decision, Learned, Refusal
from market.errors import InputError
from market.messages import Inbound


class MakeDesk(Protocol):
    """Makes the desk that a journal is of, with what it remembered."""

    def __call__(self, journal: EventLog, data: DeskData | None) -> Desk:
        """A desk of the same configuration, with fresh strategies."""
        ...


class ReplayLog:
    """Takes the place of a journal while one is replayed, and compares.

    Attributes:
        expected: What the next event must give; None to take any.
        where: Where that stands on record.
        newest: What the last event gave.
    """

    def __init__(self) -> None:
        self.expected: Event | None = None
        self.where = ""
        self.newest: Event | None = None

    def event(
        self,
        now_ns: int,
        message: Inbound | None,
        decisions: Sequence[Decision],
        commands: Sequence[Caused],
        actions: Sequence[Action],
        refusals: Sequence[Refusal],
        learned: Sequence[Learned] = (),
    ) -> None:
        """Compare one event with what is on record."""
        self.newest = Event(
            message,
            tuple(decisions),
            tuple(commands),
            tuple(actions),
            tuple(refusals),
            tuple(learned),
        )
        if self.expected is not None and self.newest != self.expected:
            raise InputError(
                f"{self.where}: replay at {now_ns} ns gives {_first_difference(self.newest, self.expected)}; "
                "allowed is what is on record: the desk's configuration or program is another one"
            )

    def snapshot(self, now_ns: int, state: bytes) -> None:
        """A snapshot is on record already."""


def _first_difference(found: Event, expected: Event) -> str:
    """What differs first between two events, in words."""
    for name in ("commands", "decisions", "actions", "refusals", "learned"):
        one, other = getattr(found, name), getattr(expected, name)
        if one != other:
            return f"{len(one)} {name} that are not the {len(other)} on record"
    return "another message"


def restore(make: MakeDesk, state: bytes | None, log: EventLog) -> Desk:
    """A desk with the state of a snapshot; a fresh one without.

    Raises:
        InputError: The state is not of this version's desk.
    """
    if state is None:
        return make(log, None)
    try:
        data = msgspec.msgpack.decode(state, type=DeskData)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"snapshot: found {len(state)} bytes that are no state of this desk ({error}); "
            "allowed is one that this version wrote"
        ) from None
    return make(log, data)


def replay(desk: Desk, log: ReplayLog, records: Iterable[Record]) -> int:
    """Take the EVENTs of records again, comparing each; how many there were.

    Raises:
        InputError: One gives something else than is on record.
    """
    count = 0
    for record in records:
        if record.type is not RecordType.EVENT:
            continue
        event = event_in(record)
        log.expected, log.where = event, record.where
        if event.message is None:
            desk.start(record.now_ns)
        else:
            desk.on(event.message, record.now_ns)
        count += 1
    log.expected = None
    return count


def rebuild(make: MakeDesk, records: Sequence[Record]) -> Desk:
    """The desk as it stood after the last of `records`, which begin with the journal's first.

    Its journal is a `ReplayLog`; give it a real one before it goes on.
    """
    log = ReplayLog()
    newest = next(
        (at for at in range(len(records) - 1, -1, -1) if records[at].type is RecordType.SNAPSHOT),
        None,
    )
    if newest is None:
        desk = restore(make, None, log)
        replay(desk, log, records)
        return desk
    desk = restore(make, snapshot_in(records[newest]).state, log)
    replay(desk, log, records[newest + 1 :])
    return desk
