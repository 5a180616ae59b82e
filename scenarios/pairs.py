"""The pairs of a run: each host with a stand-by, wired.

Model: `[hosts.standby]` makes a host more, behind those of the scenario: the same desk on a machine of its own,
with its own local books, wires and journal. Host and stand-by share one member at the venue and its door
(`sim.pair.door`). Between the two run four wires: beats and records there, answers and confirmations back.

A run without stand-bys has none of this, and costs nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from desk.desk_data import DeskData, EventLog
from desk.journal import Journal
from desk.journal.frame import PREFIX
from desk.journal.records import Header
from desk.pipeline import Desk
from desk.replica import Replica
from market.faults import Fault, FaultKind
from market.messages import Submit
from market.ports import JournalWriter, Participant
from market.succession import Adopted
from scenarios.desks import config_digest, make_strategies
from scenarios.own_orders import own_orders
from scenarios.pair_summary import PairSummary, summary_of
from scenarios.sections import HostSection
from scenarios.standby_section import StandbySection
from sim.commit import CommitLog
from sim.host_clock import Clocked, HostClock
from sim.latency import Constant
from sim.pair.door import Door, Line, Member
from sim.pair.lease import Holder, Watcher
from sim.pair.primary import PairedCommit, Policy, Primary, Pulse
from sim.pair.replication import Incoming, Outgoing, ShippingStore
from sim.pair.standby import SEQUENCES, Standby
from sim.session import Session
from sim.streams import stream_key
from sim.wire import Impairment, ImpairmentKind, Wire

if TYPE_CHECKING:
    from desk.config import DeskConfig
    from scenarios.build import Assembly
    from scenarios.run_journal import RunWriter

STEP: Final = Constant(latency_ns=1_000)
"""How long a step of a machine's process takes beside its decisions: reading a message, handing one over."""

FIRST_EPOCH: Final = 1
CLOCK_KINDS: Final = (FaultKind.FEED_CLOCK_SKEW, FaultKind.HOST_CLOCK_STEP)
AGAIN_BEATS: Final = 1


class Cut:
    """The wires between two machines, as faults see them (`sim.faultpoint.FaultPoint`)."""

    def __init__(self, wires: Sequence[Wire]) -> None:
        self._wires = wires
        self._rows: dict[str, list[tuple[Wire, int]]] = {}

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Let nothing through in [from_ns, until_ns)."""
        row = Impairment(kind=ImpairmentKind.PARTITION, from_ns=from_ns, until_ns=until_ns)
        for wire in self._wires:
            wire.impairments.append(row)
            wire.lost.append(0)
            self._rows.setdefault(fault.name, []).append((wire, len(wire.lost) - 1))

    def hits(self, name: str) -> int:
        """Messages that it has taken."""
        return sum(wire.lost[at] for wire, at in self._rows.get(name, ()))


class Pair:
    """One host and its stand-by.

    Attributes:
        primary: Number of the host.
        number: Of the stand-by.
    """

    def __init__(self, assembly: "Assembly", primary: int, number: int) -> None:
        section = assembly.scenario.hosts[primary].standby
        assert isinstance(section, StandbySection)
        self.primary = primary
        self.number = number
        self.section = section
        self.replica: Replica | None = None
        self.store: ShippingStore | None = None
        self.head: Primary | None = None
        self.understudy: Standby | None = None
        self.lines: dict[int, Line] = {}
        self.door = Door(assembly.clock, assembly.recorder)
        self.door.member = Member(assembly.clock, assembly.recorder, host=primary, door=self.door)
        self.participants: dict[int, Clocked] = {}


class Pairs:
    """All pairs of a run.

    Args:
        assembly: What is being put together.
    """

    def __init__(self, assembly: "Assembly") -> None:
        self._assembly = assembly
        hosts = assembly.scenario.hosts
        names = [host.name for host in hosts]
        self.all = [
            Pair(assembly, names.index(host.standby_of), number)
            for number, host in enumerate(hosts)
            if host.standby_of is not UNSET
        ]
        self._by_host = {host: one for one in self.all for host in (one.primary, one.number)}
        wrong = {
            fault.target.partition(".")[0]
            for fault in assembly.scenario.faults
            if fault.kind in CLOCK_KINDS
        }
        self.clocks = {
            number: HostClock(assembly.clock)
            for number, name in enumerate(names)
            if number in self._by_host or name in wrong
        }
        for number, clock in self.clocks.items():
            assembly.points[names[number], "clock"] = clock

    def member_of(self, number: int) -> int:
        """Number of the host whose member a host speaks for."""
        pair = self._by_host.get(number)
        return number if pair is None else pair.primary

    def is_standby(self, number: int) -> bool:
        """Whether a host waits to take over."""
        pair = self._by_host.get(number)
        return pair is not None and pair.number == number

    def follows(self, number: int) -> bool:
        """Whether a host still copies another, and hears nothing for itself."""
        pair = self._by_host.get(number)
        if pair is None or pair.number != number:
            return False
        assert pair.understudy is not None
        return not pair.understudy.has_taken

    # --- parts of hosts ---------------------------------------------------------------------------

    def session(
        self, number: int, orders: Wire, reports: Wire, others: dict[int, tuple[Wire, Wire]]
    ) -> tuple[Session, Session] | None:
        """The member that a paired host speaks for, and its own line; None for any other host."""
        pair = self._by_host.get(number)
        if pair is None:
            return None
        assembly = self._assembly
        line = Line(
            assembly.clock,
            assembly.recorder,
            host=number,
            orders=orders,
            reports=reports,
            others=others,
            door=pair.door,
        )
        pair.lines[number] = line
        assert pair.door.member is not None
        return pair.door.member, line

    def store(self, number: int, writer: "RunWriter") -> "RunWriter | ShippingStore":
        """Where a host's journal goes: what is durable of a primary's is copied, too."""
        pair = self._by_host.get(number)
        if pair is None or number == pair.number:
            return writer
        pair.store = ShippingStore(writer, PREFIX)
        return pair.store

    def commit_type(self, number: int) -> type[CommitLog]:
        """How a host's records become durable."""
        return (
            PairedCommit if number in self._by_host and not self.is_standby(number) else CommitLog
        )

    def clocked(self, number: int, runs: Participant) -> Participant:
        """What a host runs, at the time of its own machine where that may be another."""
        local = self.clocks.get(number)
        if local is None:
            return runs
        clocked = Clocked(runs, local)
        pair = self._by_host.get(number)
        if pair is not None:
            pair.participants[number] = clocked
        return clocked

    def follower(self, number: int, config: "DeskConfig", writer: JournalWriter) -> Desk:
        """The desk of a stand-by, which follows that of its host."""
        pair, assembly = self._by_host[number], self._assembly
        stack = assembly.scenario.hosts[number].stack
        assert stack is not None

        def make(journal: EventLog, data: DeskData | None) -> Desk:
            strategies = make_strategies(stack, config, assembly.instruments)
            return Desk(config, assembly.instruments, strategies, journal, data)

        digest = config_digest(stack, config)
        header = Header(desk=config.desk, config_digest=digest, code_digest="")
        pair.replica = Replica(make, writer, header)
        return pair.replica.desk

    # --- putting together -------------------------------------------------------------------------

    def start_hosts(self) -> None:
        """Hosts are there: wire each pair, and let everybody begin but who stands by."""
        for pair in self.all:
            self._wire(pair)
        clock, start_ns = self._assembly.clock, self._assembly.start_ns
        for host in self._assembly.hosts:
            if not self.is_standby(host.number):
                clock.at(start_ns, host.start)
        for pair in self.all:
            clock.at(start_ns, self._start, pair)

    def _start(self, pair: Pair) -> None:
        """The run begins."""
        assert pair.head is not None
        assert pair.understudy is not None
        # A trigger by event looks at a record before the process hands anything over.
        self._assembly.hosts[pair.primary].records_commits = False
        pair.head.start()
        pair.understudy.start()

    def _wire(self, pair: Pair) -> None:
        """Both ends, and what runs between them."""
        assembly, section = self._assembly, pair.section
        clock, recorder, start_ns = assembly.clock, assembly.recorder, assembly.start_ns
        hosts = assembly.scenario.hosts
        one, other = hosts[pair.primary], hosts[pair.number]
        beats, answers, records, confirmations = self._wires(pair, one, other)
        lease_ns, store, replica = section.lease_ns, pair.store, pair.replica
        assert store is not None
        assert replica is not None
        incoming = Incoming(replica)
        standby = Standby(
            clock,
            recorder,
            assembly.hosts[pair.number],
            local=self.clocks[pair.number],
            pulse=self._pulse(other, section),
            watcher=Watcher(FIRST_EPOCH, lease_ns=lease_ns, now_ns=start_ns),
            incoming=incoming,
            understudy=replica,
            commit=assembly.commits[pair.number],
            back=(answers, confirmations),
            line=pair.lines[pair.number],
        )
        again_ns = AGAIN_BEATS * section.heartbeat_ns
        outgoing = Outgoing(clock, records, standby.take, again_ns=again_ns)
        store.ship = outgoing.ship
        primary = Primary(
            clock,
            recorder,
            assembly.hosts[pair.primary],
            local=self.clocks[pair.primary],
            pulse=self._pulse(one, section),
            holder=Holder(
                FIRST_EPOCH, lease_ns=lease_ns, drift_ppm=section.drift_ppm, now_ns=start_ns
            ),
            outgoing=outgoing,
            store=store,
            policy=Policy(
                section.mode == "sync", section.degrade_after_ns, section.alone == "trade"
            ),
            beats=beats,
            lines=pair.lines[pair.primary],
        )
        pair.head, pair.understudy = primary, standby
        primary.watch = standby.hear
        standby.answer = primary.hear
        standby.confirmed = primary.confirm
        self._join(pair, primary, standby)

    def _wires(self, pair: Pair, one: HostSection, other: HostSection) -> list[Wire]:
        """The four wires between two machines, which can be cut."""
        assembly = self._assembly
        wires = [
            Wire(
                assembly.clock,
                pair.section.link.compile(),
                stream_key(assembly.seed, f"{name}/{one.name}/{other.name}"),
            )
            for name in ("beats", "answers", "records", "confirmations")
        ]
        for part, cut in (("lease", wires[:2]), ("replication", wires[2:]), ("pair", wires)):
            assembly.points[one.name, part] = Cut(cut)
        return wires

    def _join(self, pair: Pair, primary: Primary, standby: Standby) -> None:
        """Tie both ends to their hosts and to the venue."""
        assembly, door = self._assembly, pair.door
        line = pair.lines[pair.primary]
        line.receive = assembly.hosts[pair.primary].receive
        line.on_fenced = primary.fenced
        line.begin(FIRST_EPOCH)
        commit = assembly.commits[pair.primary]
        assert isinstance(commit, PairedCommit)
        commit.primary = primary
        standby.before_start = lambda: self._own_orders(pair)
        pair.participants[pair.number].decided = standby.decided
        desk, venue = assembly.scenario.hosts[pair.primary].desk, assembly.venue
        door.orders = lambda behind: [
            found_order(one.original)
            for order_id, one in venue.orders.items()
            if order_id >> SEQUENCES.bit_length() == desk and order_id & SEQUENCES > behind
        ]
        door.on_logon = lambda _line: assembly.session_up(pair.primary)

    def _pulse(self, host: HostSection, section: StandbySection) -> Pulse:
        """How a machine beats; its process stands still when its decisions do."""
        return Pulse(
            section.heartbeat_ns,
            section.jitter_ppm,
            stream_key(self._assembly.seed, f"pulse/{host.name}"),
            self._assembly.links.block(host, "compute", STEP),
        )

    def _own_orders(self, pair: Pair) -> None:
        """A stand-by's machine knows its desk's open orders in the book from its own."""
        host, local = self._assembly.hosts[pair.number], self.clocks[pair.number]
        assert pair.replica is not None
        local.set_told_ns(pair.replica.now_ns)
        own_orders(host, pair.replica.desk)

    def finish(self, number: int) -> bool:
        """End the journal of a desk that still follows, which nobody may seal; whether it is one."""
        desk, writer = self._assembly.desks[number], self._assembly.writers[number]
        if isinstance(desk.journal, Journal):
            return False
        writer.sync()
        writer.discard()
        return True

    def summaries(self) -> list[PairSummary]:
        """What became of each pair."""
        return [summary_of(self._assembly, pair) for pair in self.all]


def found_order(original: Submit) -> Adopted:
    """An order as the venue tells a desk of it that has not heard of it."""
    return Adopted(
        book_id=original.book_id,
        order_id=original.order_id,
        side=original.side,
        price_ticks=original.price_ticks,
        qty_lots=original.qty_lots,
        order_type=original.order_type,
        tif=original.tif,
        post_only=original.post_only,
    )
