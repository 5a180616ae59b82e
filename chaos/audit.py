"""The audit: what a host's journal says at the end of a run, and whether it would have stood up.

Model: the bytes that a crash would leave are read from the first to the last; what they hold is set
against what the run's events tell, by the invariants. They are replayed twice, from the first record and
from the newest snapshot, which must come to the same and to what the desk had in memory. The tail is cut
at drawn bytes and single bits of it are turned over, to see what a reader says.
"""

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from chaos.ledger import JournalEnd
from desk.desk_data import DeskData, EventLog
from desk.gate.codes import VetoCode
from desk.journal import Head, Reader, Record, RecordType, event_in
from desk.pipeline import Desk
from desk.recovery import ReplayLog, rebuild, replay, restore
from market.errors import InputError
from market.messages import Cancel, MassCancel, MassQuote, Query, Replace, Report, SetTimer, Submit
from scenarios.build import Assembly
from scenarios.desks import make_strategies
from scenarios.run_journal import RunWriter
from sim.recorder import EventKind
from sim.streams import draw, stream_key

if TYPE_CHECKING:
    from sim.clock import Clock

TAIL_RECORDS: Final = 64
"""So many of the last records are cut and changed."""

TRIALS: Final = 32

DOUBTS: Final = frozenset((VetoCode.STALE, VetoCode.FEED_GAP))
"""Vetoes by which a desk says that it does not believe a book."""

COMMANDS: Final = {
    Submit: EventKind.SUBMIT,
    Cancel: EventKind.CANCEL,
    Replace: EventKind.REPLACE,
    Query: EventKind.QUERY,
    MassQuote: EventKind.MASS_QUOTE,
    MassCancel: EventKind.MASS_CANCEL,
}


class WatchedWriter(RunWriter):
    """A journal in memory that remembers when each of its bytes became durable.

    Attributes:
        clock: Of the run, once there is one.
        synced: (bytes durable, since when), both rising.
    """

    def __init__(self) -> None:
        super().__init__(None)
        self.clock: Clock | None = None
        self.synced: list[tuple[int, int]] = []

    def sync_to(self, mark: int) -> None:
        """Everything up to a mark becomes durable."""
        super().sync_to(mark)
        now_ns = self.clock.now_ns if self.clock is not None else 0
        self.synced.append((len(self.durable()), now_ns))

    def cut(self, end_offset: int) -> None:
        """What stands behind a byte was torn, and is not there any more."""
        super().cut(end_offset)
        while self.synced and self.synced[-1][0] > end_offset:
            self.synced.pop()

    def durable_ns(self, end_offset: int) -> int:
        """When the record that ends at a byte became durable; −1 for never."""
        at = bisect_left(self.synced, (end_offset, -1))
        return self.synced[at][1] if at < len(self.synced) else -1

    def everything(self) -> bytes:
        """What has been appended, durable or not."""
        return self.durable() + bytes(self._waiting)


def audit_journal(
    assembly: Assembly, number: int, desk: Desk, writer: WatchedWriter, member: int
) -> JournalEnd:
    """Go through the journal of a host.

    Args:
        number: Of the host.
        member: Of the host whose desk it runs.
    """
    dead = assembly.hosts[number].is_down
    data = writer.durable() if dead else writer.everything()
    reader = Reader(data)
    records: list[Record] = []
    heads: list[Head] = []
    for record in reader:
        records.append(record)
        heads.append(reader.head)
    told = _told(records, writer)
    digest, again, problem = _replayed(assembly, desk, member, records)
    if reader.problem is not None:
        problem = reader.problem.text
    return JournalEnd(
        problem=problem,
        records=len(records),
        submits=told.submits,
        decided=told.decided,
        strategies=told.strategies,
        reports=dict(told.reports),
        commands=dict(told.commands),
        digest=digest,
        own_digest="" if dead else _digest(desk),
        again_digest=again,
        doubts=told.doubts,
        vetoes=dict(told.vetoes),
        refusals=dict(told.refusals),
        torn=_torn(data, heads, number),
        changed=_changed(data, heads, number),
    )


class _Told(NamedTuple):
    """What the events of a journal tell; see `JournalEnd`."""

    submits: dict[int, int]
    decided: dict[int, int]
    strategies: dict[int, int]
    reports: Counter[tuple[int, int, int, int]]
    commands: Counter[tuple[int, int]]
    doubts: dict[int, list[int]]
    vetoes: Counter[int]
    refusals: Counter[int]


def _told(records: Sequence[Record], writer: WatchedWriter) -> _Told:
    """Go through the events of a journal."""
    told = _Told({}, {}, {}, Counter(), Counter(), {}, Counter(), Counter())
    for record in records:
        if record.type is not RecordType.EVENT:
            continue
        event = event_in(record)
        if isinstance(event.message, Report):
            one = event.message
            told.reports[one.order_id, int(one.type), one.venue_ns, one.exec_id] += 1
        for caused in event.commands:
            command = caused.command
            kind = COMMANDS.get(type(command))
            if kind is None or isinstance(command, SetTimer):
                continue
            told.commands[int(kind), command.order_id] += 1
            if kind is EventKind.SUBMIT:
                told.submits[command.order_id] = writer.durable_ns(record.end_offset)
                told.decided[command.order_id] = record.now_ns
                told.strategies[command.order_id] = caused.cause.strategy
        told.refusals.update(one.code for one in event.refusals)
        for decision in event.decisions:
            if decision.veto is not None:
                told.vetoes[decision.veto.code] += 1
            if decision.veto is not None and decision.veto.code in DOUBTS:
                told.doubts.setdefault(decision.signal.book_id, []).append(record.now_ns)
    return told


def _replayed(
    assembly: Assembly, desk: Desk, member: int, records: Sequence[Record]
) -> tuple[str, str, str]:
    """Digest of a desk replayed from the start, from the newest snapshot, and what went wrong."""
    stack = assembly.scenario.hosts[member].stack
    assert stack is not None

    def make(journal: EventLog, data: DeskData | None) -> Desk:
        strategies = make_strategies(stack, desk.config, assembly.instruments)
        return Desk(desk.config, assembly.instruments, strategies, journal, data)

    try:
        log = ReplayLog()
        first = restore(make, None, log)
        replay(first, log, records)
        return _digest(first), _digest(rebuild(make, records)), ""
    except InputError as error:
        return "", "", str(error)


def _digest(desk: Desk) -> str:
    """Of a desk's whole state."""
    return hashlib.blake2b(desk.snapshot(), digest_size=16).hexdigest()


def _torn(data: bytes, heads: Sequence[Head], number: int) -> tuple[int, int]:
    """Cut the tail at drawn bytes: how often, and how often no whole prefix came of it."""
    if len(heads) < 2:
        return 0, 0
    start = heads[max(0, len(heads) - TAIL_RECORDS)]
    first, last = start.end_offset + 1, heads[-1].end_offset
    key = stream_key(number, "audit/torn")
    wrong = 0
    for trial in range(TRIALS):
        cut = first + draw(key, trial) % max(1, last - first)
        reader = Reader(data[:cut], at=start).to_end()
        whole = sum(head.end_offset <= cut for head in heads)
        wrong += reader.problem is not None or reader.head.count != whole
    return TRIALS, wrong


def _changed(data: bytes, heads: Sequence[Head], number: int) -> tuple[int, int]:
    """Turn drawn bits of the tail over: how often, and how often nobody noticed.

    Whoever reads has the head that is kept beside a journal, so a record that is gone is noticed.
    """
    if len(heads) < 2:
        return 0, 0
    start = heads[max(0, len(heads) - TAIL_RECORDS)]
    first, last = start.end_offset, heads[-1].end_offset
    key = stream_key(number, "audit/changed")
    unnoticed = 0
    for trial in range(TRIALS):
        bits = draw(key, trial) % max(1, (last - first) * 8)
        changed = bytearray(data)
        changed[first + bits // 8] ^= 1 << (bits % 8)
        reader = Reader(changed, at=start).to_end()
        unnoticed += reader.problem is None and reader.head == heads[-1]
    return TRIALS, unnoticed
