"""A store that breaks under a commit log: what leaves, what is dropped, what is durable."""

import numpy as np
import pytest

from market.codes import JournalTrouble, Side
from market.faults import AtTime, Fault, FaultKind
from market.messages import Cancel, Command, Query, StoreStatus, Submit
from scenarios.run_journal import RunWriter
from sim.clock import Clock
from sim.commit import CommitLog
from sim.latency import Constant
from sim.recorder import Event, EventKind, Recorder
from sim.store import PATIENCE_NS, Store

MS = 1_000_000
ORDER = Submit(book_id=0, order_id=7, side=Side.BUY, price_ticks=100, qty_lots=1)
PULL = Cancel(book_id=0, order_id=5)
ASK = Query(book_id=0, order_id=5)


class Rig:
    """A log of one record a request, on a store."""

    def __init__(self) -> None:
        self.clock = Clock(0, 10_000 * MS)
        self.rows: list[Event] = []
        self.recorder = Recorder(self)
        self.writer = RunWriter(None)
        self.log = CommitLog(
            self.clock, self.writer, commit=Constant(latency_ns=MS).compile(), key=1
        )
        self.store = Store(self.clock, self.recorder, host=0, medium=self.writer, key=2)
        self.log.store = self.store
        self.left: list[tuple[int, Command]] = []
        self.dropped: list[tuple[int, Command]] = []
        self.told: list[tuple[int, JournalTrouble]] = []
        self.store.tell = self._told
        self.store.release = lambda commands: self._note(self.left, commands)
        self.store.drop = lambda commands: self._note(self.dropped, commands)

    def write(self, rows: np.ndarray) -> None:
        self.rows.extend(Event(*(int(one) for one in row)) for row in rows)

    def _told(self, status: StoreStatus) -> None:
        self.told.append((self.clock.now_ns, status.trouble))

    def _note(self, where: list[tuple[int, Command]], commands: object) -> None:
        assert isinstance(commands, list | tuple)
        where.extend((self.clock.now_ns, one) for one in commands)

    def ask(self, at_ns: int, *commands: Command) -> None:
        """One record, and what came of it."""

        def request(_: object) -> None:
            self.writer.append(b"0123456789")
            self.log.request(lambda ready: self._note(self.left, ready), commands)

        self.clock.at(at_ns, request)

    def fault(self, kind: FaultKind, from_ns: int, duration_ns: int = 0, severity: int = 0) -> None:
        fault = Fault(
            name="f",
            kind=kind,
            target="h.journal",
            trigger=AtTime(time_ns=from_ns),
            severity=severity,
            duration_ns=duration_ns,
        )
        self.store.begin(fault, from_ns, from_ns + duration_ns)

    def run(self) -> None:
        self.clock.run()
        self.recorder.flush()


def test_a_store_that_works_changes_nothing() -> None:
    rig = Rig()
    rig.ask(0, ORDER, PULL)
    rig.run()
    assert rig.left == [(MS, ORDER), (MS, PULL)]
    assert rig.told == rig.dropped == rig.rows == []
    assert len(rig.writer.durable()) == 10


def test_after_a_sync_error_nothing_is_tried_again() -> None:
    rig = Rig()
    rig.fault(FaultKind.STORE_SYNC, 0)
    rig.ask(0, ORDER, PULL)
    rig.ask(5 * MS, ORDER, ASK)
    rig.run()
    assert rig.left == [(MS, PULL), (5 * MS, ASK)]
    assert rig.dropped == [(MS, ORDER), (5 * MS, ORDER)]
    assert rig.told == [(MS, JournalTrouble.SYNC_ERROR)]
    assert rig.writer.durable() == b""
    assert rig.log.commits == 1
    assert rig.store.hits("f") == 1


def test_a_full_disk_takes_the_same_bytes_later() -> None:
    rig = Rig()
    rig.fault(FaultKind.STORE_FULL, 0, 100 * MS)
    rig.ask(0, ORDER, PULL)
    rig.ask(50 * MS, ORDER, ASK)
    rig.ask(200 * MS, ORDER)
    rig.run()
    assert rig.left == [(MS, PULL), (50 * MS, ASK), (201 * MS, ORDER)]
    assert [one for one, _ in rig.dropped] == [MS, 50 * MS]
    assert rig.told == [(MS, JournalTrouble.FULL), (100 * MS, JournalTrouble.NONE)]
    assert len(rig.writer.durable()) == 30


def test_a_stall_is_noticed_after_a_while_and_cancels_go_out_then() -> None:
    rig = Rig()
    rig.fault(FaultKind.STORE_WRITER_STALL, 0, 100 * MS)
    rig.ask(0, ORDER, PULL)
    rig.run()
    assert rig.left == [(PATIENCE_NS, PULL)]
    assert rig.dropped == [(PATIENCE_NS, ORDER)]
    assert rig.told == [(PATIENCE_NS, JournalTrouble.STALLED), (100 * MS, JournalTrouble.NONE)]
    rig.recorder.flush()
    troubles = [(one.time_ns, one.detail) for one in rig.rows if one.kind == EventKind.JOURNAL]
    assert troubles == [(PATIENCE_NS, 3), (100 * MS, 0)]


def test_what_waits_for_the_next_commit_is_parted_too() -> None:
    rig = Rig()
    rig.fault(FaultKind.STORE_SYNC, 0)
    rig.ask(0, PULL)
    rig.ask(MS // 2, ASK, ORDER)
    rig.run()
    assert rig.left == [(MS, PULL), (MS, ASK)]
    assert rig.dropped == [(MS, ORDER)]


@pytest.mark.parametrize(("torn", "left"), [(0, 0), (3, 3), (10, 10), (99, 10)])
def test_a_crash_leaves_the_first_bytes_of_what_was_not_durable(torn: int, left: int) -> None:
    rig = Rig()
    if torn:
        rig.fault(FaultKind.STORE_TORN_WRITE, 0, severity=torn)
    rig.ask(0, ORDER)
    rig.clock.at(MS // 2, lambda _: rig.store.crash())
    rig.clock.run_until(MS // 2 + 1)
    assert len(rig.writer.durable()) == left
    assert rig.store.hits("f") == (torn if 0 < torn < 10 else 0)


def test_bits_change_where_the_draws_say() -> None:
    rig = Rig()
    rig.ask(0, ORDER)
    rig.fault(FaultKind.STORE_CORRUPT, 5 * MS, severity=2)
    rig.run()
    changed = int.from_bytes(rig.writer.durable()) ^ int.from_bytes(b"0123456789")
    assert changed.bit_count() == 2
    assert rig.store.hits("f") == 2
