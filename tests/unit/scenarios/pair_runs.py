"""Runs of a pair that breaks in a drawn way, and what must be true of each afterwards.

Everything is judged on the venue's own orders and accounts, and on journals as a crash would leave them.
"""

import hashlib
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from chaos.world import EventsInMemory
from desk.desk_data import DeskData, EventLog
from desk.journal import Reader, Record
from desk.pipeline import Desk
from desk.recovery import rebuild
from market.codes import ReportType
from market.messages import EVERY
from market.units import DURATION_NS
from scenarios.build import Assembly
from scenarios.desks import make_strategies
from scenarios.run_journal import RunWriter
from scenarios.schema import scenario_of, scenario_text
from sim.pair.standby import LOGGED_ON, RECONCILED
from sim.recorder import Event, EventKind
from sim.streams import draw, stream_key

MS = DURATION_NS["ms"]
PRIMARY, STANDBY = 0, 1
ENDS = (ReportType.REJECTED, ReportType.EXPIRED, ReportType.CANCELLED)
SPOKEN = (EventKind.SUBMIT, EventKind.CANCEL, EventKind.REPLACE)
Fault = dict[str, Any]


class PairRun:
    """One run, played to its end."""

    def __init__(
        self, faults: list[Fault], *, seed: int = 7, duration: str = "32s", **standby: Any
    ) -> None:
        text, where = scenario_text("drill_base")
        table = tomllib.loads(text)
        table["run"]["duration"] = duration
        table["hosts"][0]["standby"] = standby
        table["hosts"][0]["stack"] |= {"flat_before_end": "100ms", "snapshot_every": 64}
        table["faults"] = faults
        scenario = scenario_of(table, where, Path(where).parent)
        self.writers: dict[str, RunWriter] = {}
        self._sink = EventsInMemory()
        self.assembly = Assembly(scenario, None, seed, self._sink, journal=self._writer)
        self.assembly.clock.run_until(self.assembly.end_ns)
        self.digest = self.assembly.recorder.digest()
        self.events = [Event(*row) for row in self._sink.rows().tolist()]
        self.pair = self.assembly.pairs.all[0]
        self.summary = self.assembly.pairs.summaries()[0]
        assert self.pair.understudy is not None
        self.steps_ns = self.pair.understudy.steps_ns

    def _writer(self, name: str) -> RunWriter:
        self.writers[name] = RunWriter(None)
        return self.writers[name]

    def of(self, *kinds: EventKind) -> list[Event]:
        """Events of some kinds."""
        return [one for one in self.events if one.kind in kinds]

    def desk(self, host: int) -> Desk:
        """A host's desk."""
        return self.assembly.desks[host]

    def records(self, name: str, count: int | None = None) -> list[Record]:
        """A journal's durable records."""
        reader = Reader(self.writers[name].durable())
        records = list(reader)
        reader.check()
        return records if count is None else records[:count]

    def recovered(self, records: list[Record]) -> str:
        """Digest of the desk that records give."""
        stack, desk = self.assembly.scenario.hosts[0].stack, self.desk(PRIMARY)
        assert stack is not None

        def make(journal: EventLog, data: DeskData | None) -> Desk:
            strategies = make_strategies(stack, desk.config, self.assembly.instruments)
            return Desk(desk.config, self.assembly.instruments, strategies, journal, data)

        return digest_of(rebuild(make, records))


def digest_of(desk: Desk) -> str:
    """Of a desk's whole state."""
    return hashlib.blake2b(desk.snapshot(), digest_size=16).hexdigest()


def check(run: PairRun) -> None:
    """What must be true of every run of a pair, however it broke."""
    check_sent_once(run)
    check_one_speaks(run)
    if LOGGED_ON in run.steps_ns:
        check_handed_over(run)
        check_reconciled(run)
    else:
        standby = run.records("standby")
        assert [one.chain for one in standby] == [
            one.chain for one in run.records("desk", len(standby))
        ]


def check_sent_once(run: PairRun) -> None:
    """No id is sent twice, or taken twice."""
    sent = Counter(one.order_id for one in run.of(EventKind.SUBMIT))
    assert max(sent.values(), default=1) == 1
    taken = Counter(
        one.order_id for one in run.of(EventKind.ANSWER) if one.detail == ReportType.ACCEPTED
    )
    assert max(taken.values(), default=1) == 1


def check_one_speaks(run: PairRun) -> None:
    """Behind the fence nothing of the primary arrives, and who stood down says nothing."""
    logged_on_ns = run.steps_ns.get(LOGGED_ON, 0)
    by = {one.order_id: one.host for one in run.of(EventKind.SUBMIT)}
    for one in run.of(EventKind.SUBMIT):
        if one.host == STANDBY:
            assert logged_on_ns
            assert reduces(run, one) or not doubted(run, one, logged_on_ns)
    for one in run.of(EventKind.ARRIVED):
        if logged_on_ns and one.time_ns >= logged_on_ns and one.detail == EventKind.SUBMIT:
            assert by[one.order_id] == STANDBY
    for down in run.of(EventKind.STOOD_DOWN):
        assert down.host == PRIMARY
        assert not any(
            one.host == PRIMARY and one.time_ns > down.time_ns for one in run.of(*SPOKEN)
        )


def reduces(run: PairRun, new: Event) -> bool:
    """Whether an order could only bring the position nearer to nothing, on the venue's ledger."""
    held = 0
    for one in run.of(EventKind.ANSWER):
        if one.time_ns < new.time_ns and one.book_id == new.book_id:
            lots = one.qty_lots if one.detail == ReportType.FILLED else 0
            held += -lots if one.side else lots
    return new.qty_lots <= (held if new.side else -held)


def doubted(run: PairRun, new: Event, logged_on_ns: int) -> list[int]:
    """Orders in its book that had not ended before the takeover, nor been heard of when it left."""
    older = {
        one.order_id
        for one in run.of(EventKind.SUBMIT)
        if one.host == PRIMARY and one.book_id == new.book_id
    }
    settled = set()
    for one in run.of(EventKind.RECEIVED):
        is_end = one.detail in ENDS or (one.detail == ReportType.FILLED and one.leaves_lots == 0)
        is_heard = one.host == STANDBY and logged_on_ns <= one.time_ns <= new.time_ns
        is_old = one.host == PRIMARY and one.time_ns <= logged_on_ns
        if (is_end and (is_old or is_heard)) or (is_heard and one.detail == ReportType.STATUS):
            settled.add(one.order_id)
    never = {one.order_id for one in run.of(EventKind.FENCED)}
    return sorted(older - settled - never)


def check_handed_over(run: PairRun) -> None:
    """The replica was the primary's desk at that record, and its own journal gives it back."""
    assert run.pair.understudy is not None
    count, digest = run.pair.understudy.handover
    assert run.recovered(run.records("desk", count)) == digest
    standby = run.desk(STANDBY)
    run.writers["standby"].sync()
    assert run.recovered(run.records("standby")) == digest_of(standby)
    standby.orders.check()
    # An intent that was durable at both is known: alive, in doubt, or ended.
    known = standby.orders.data
    for one in run.of(EventKind.SUBMIT):
        venue = run.assembly.venue.orders.get(one.order_id)
        if venue is not None and venue.alive:
            assert one.order_id in known.orders


def check_reconciled(run: PairRun) -> None:
    """In the end the desk in charge believes what the venue knows."""
    assert RECONCILED in run.steps_ns
    assert run.steps_ns[RECONCILED] - run.steps_ns[LOGGED_ON] <= 50 * MS
    standby, venue = run.desk(STANDBY), run.assembly.venue
    late_ns = run.assembly.end_ns - 30 * MS
    moving = {
        one.order_id for one in run.of(EventKind.ANSWER, EventKind.SUBMIT) if one.time_ns >= late_ns
    }
    for order_id, order in venue.orders.items():
        mine = standby.orders.get(order_id)
        if order.alive and order_id not in moving:
            assert mine is not None
            assert not mine.ended
    for order in standby.orders.data.orders.values():
        there = venue.orders.get(order.order_id)
        # What was decided last of all may wait for its record still.
        if not order.ended and order.order_id not in moving and order.changed_ns < late_ns:
            assert there is not None
            assert there.alive
    recent = {one.book_id for one in run.of(EventKind.ANSWER) if one.time_ns >= late_ns}
    for book_id in range(len(run.assembly.instruments)):
        account = venue.accounts.get((PRIMARY, book_id))
        if account is not None and book_id not in recent:
            assert standby.ledger.data.position_lots[book_id] == account.position_lots
    assert not standby.orders.unknown(EVERY) or moving


PLANS = (
    "crash",
    "crash_on_computed",
    "crash_on_committed",
    "stall",
    "stall_with_decision",
    "split",
    "split_and_deaf",
)


def drawn(seed: int, plan: str = "", alone: str = "") -> PairRun:
    """A run whose way of breaking is drawn from its seed, but for what is said of it."""
    key = stream_key(seed, "pairs")
    plan = plan or PLANS[draw(key, 1) % len(PLANS)]
    # Before 22 s the base sends nothing but its first quotes.
    at = f"{22_000 * MS + draw(key, 2) % (8_000 * MS)}ns"
    long = f"{(400 + draw(key, 3) % 600) * MS}ns"
    mode = ("sync", "async")[draw(key, 4) % 2]
    chosen = "trade" if plan == "split_and_deaf" else ("stop", "trade")[draw(key, 5) % 2]
    on = {"event": "computed", "host": "desk", "count": 1_000 + draw(key, 6) % 300}
    if plan.endswith(("committed", "decision")):
        on |= {"event": "committed.submit", "count": 3 + draw(key, 6) % 20}
    faults: dict[str, list[Fault]] = {
        "crash": [{"name": "x", "kind": "P-01", "target": "desk", "at": at}],
        "crash_on_computed": [{"name": "x", "kind": "P-01", "target": "desk", "on": on}],
        "crash_on_committed": [{"name": "x", "kind": "P-01", "target": "desk", "on": on}],
        "stall": [
            {"name": "x", "kind": "P-03", "target": "desk.compute", "at": at, "duration": long}
        ],
        "stall_with_decision": [
            {"name": "x", "kind": "P-03", "target": "desk.compute", "on": on, "duration": long}
        ],
        "split": [{"name": "x", "kind": "P-04", "target": "desk", "at": at, "duration": long}],
        # It does not hear that it is fenced, so what it says is for the door to refuse.
        "split_and_deaf": [
            {"name": "x", "kind": "P-04", "target": "desk", "at": at, "duration": "2s"},
            {"name": "y", "kind": "G-03", "target": "desk.reports", "at": at, "duration": "1500ms"},
        ],
    }
    return PairRun(faults[plan], seed=seed, mode=mode, alone=alone or chosen)
