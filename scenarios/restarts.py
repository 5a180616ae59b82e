"""Restarts inside a run: a process that died is started again, and goes on from its journal alone.

Model: a crash (P-01) with a duration ends with the machine's process being started again. It asks for its
configuration, reads what the disk holds, cuts a torn tail off, replays what came behind the newest snapshot,
and writes a RESTART, which is durable before anything else happens. Then the desk starts anew, hears that its
link is down, and logs on with what its journal has of each venue's answers; the venues say the rest again, and
the desk asks how every open order stands.

Reading takes a decision's compute time for each event that is replayed.

A start may be refused; each time the reason is recorded (`StartReason`). What may pass is tried again after
`RETRY_NS`; a journal that does not hold is a person's matter, and the process stays down.

Limits: only a desk whose orders go through `[hosts.session]`, since nobody else says missed answers again; not
one with a stand-by, which takes over instead.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import UNSET

from desk.desk_data import DeskData, EventLog
from desk.journal import Journal, Reader, Record, RecordType, event_in
from desk.journal.records import Header
from desk.pipeline import Desk
from desk.recovery import MakeDesk, rebuild
from market.codes import JournalTrouble
from market.errors import InputError
from market.faults import Fault, FaultKind
from market.messages import EVERY, LinkStatus, Report
from scenarios.desks import config_digest, make_strategies
from scenarios.fault_effects import target_of
from scenarios.operator_faults import renew_operators
from scenarios.own_orders import own_orders
from scenarios.recover import check_identity
from sim.clock import Clock
from sim.commit import CommitLog
from sim.recorder import Event, EventKind
from sim.slowdown import sample
from sim.streams import stream_key

if TYPE_CHECKING:
    from desk.config import DeskConfig
    from scenarios.build import Assembly

RETRY_NS: Final = 500_000_000
"""From a start that was refused to the next one."""

NEVER_NS: Final = 1 << 62
"""When a machine comes back that stays dead."""

RESTART_CAUSE: Final = 15
CONFIG: Final = "config"
"""The part of a host that stands for what its process asks before it begins."""


class StartReason(IntEnum):
    """Why a process could not begin; recorded, so a value never changes its meaning."""

    NO_CONFIG = 1
    """Nobody told it its configuration."""
    WRONG_CONFIG = 2
    """It was told another desk's, by what stands in its journal."""
    NO_STORE = 3
    """Nothing can be written now."""
    BAD_JOURNAL = 4
    """What was written does not hold."""


class Risen(NamedTuple):
    """A process that has read its journal.

    Attributes:
        heard: Answers that the journal has, by book.
        replayed: Records behind the newest snapshot whose events were taken again.
        now_ns: Time of the last record.
    """

    desk: Desk
    reader: Reader
    heard: Mapping[int, int]
    replayed: int
    now_ns: int


class ConfigService:
    """What a starting process asks for its configuration, as faults see it (`sim.faultpoint.FaultPoint`).

    P-09 at the host: nobody answers. P-09 at `HOST.config`: the answer is another desk's configuration.
    A process that runs asks nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: list[tuple[Fault, int, int]] = []
        self._hits: dict[str, int] = {}

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Be down, or wrong, in [from_ns, until_ns)."""
        self._rows.append((fault, from_ns, until_ns))

    def hits(self, name: str) -> int:
        """Questions that were not answered, or wrongly."""
        return self._hits.get(name, 0)

    def ask(self, config: "DeskConfig") -> "DeskConfig | None":
        """The configuration that a process gets now; None for no answer."""
        now_ns = self._clock.now_ns
        for fault, from_ns, until_ns in self._rows:
            if from_ns <= now_ns < until_ns:
                self._hits[fault.name] = self.hits(fault.name) + 1
                if target_of(fault).part != CONFIG:
                    return None
                config = msgspec.structs.replace(config, desk=config.desk + 1)
        return config


class Restarts:
    """All restarts of a run.

    Args:
        assembly: Of the run; its hosts and stores are there.
    """

    def __init__(self, assembly: "Assembly") -> None:
        self._assembly = assembly
        self._down_until_ns: dict[int, int] = {}
        self._starts: Counter[int] = Counter()
        self._services: dict[int, ConfigService] = {}
        for number, name in enumerate(assembly.host_names):
            if number in assembly.desks:
                self._services[number] = ConfigService(assembly.clock)
                assembly.points[name, CONFIG] = self._services[number]
        for fault in assembly.scenario.faults:
            if fault.kind is FaultKind.HOST_CRASH and fault.duration_ns:
                self._check(fault)

    def _check(self, fault: Fault) -> None:
        """Refuse a restart that nothing could come of."""
        assembly, owner = self._assembly, target_of(fault).owner
        wanted = "allowed is none: "
        if owner not in assembly.host_names:
            why = wanted + f"{owner!r} is a monitor, which does not come back"
        else:
            section = assembly.scenario.hosts[assembly.host_names.index(owner)]
            if section.standby is not UNSET or section.standby_of is not UNSET:
                why = wanted + f"host {owner!r} is one of a pair, whose other one takes over"
            elif section.stack is None:
                why = wanted + f"host {owner!r} keeps no journal to go on from"
            elif section.session is UNSET:
                why = (
                    wanted
                    + f"host {owner!r} has no [hosts.session], so no venue says again what it missed"
                )
            else:
                return
        raise InputError(f"fault {fault.name!r}: found a duration of {fault.duration_ns} ns, {why}")

    def down(self, number: int, until_ns: int) -> None:
        """A process has died, and is started again when no crash of its machine lasts any more.

        Args:
            until_ns: When this one ends; `NEVER_NS` for one that does not.
        """
        until_ns = max(until_ns, self._down_until_ns.get(number, 0))
        self._down_until_ns[number] = until_ns
        self._starts[number] += 1
        if until_ns < NEVER_NS:
            self._assembly.clock.at(until_ns, self._start, (number, self._starts[number]))

    # --- a start --------------------------------------------------------------------------------------

    def _start(self, what: tuple[int, int]) -> None:
        """A process is started."""
        number, start = what
        assembly = self._assembly
        now_ns = assembly.clock.now_ns
        if start != self._starts[number]:
            return  # it has died again since
        stack = assembly.scenario.hosts[number].stack
        assert stack is not None
        config = self._services[number].ask(assembly.desks[number].config)
        if config is None:
            self._refuse(what, StartReason.NO_CONFIG)
            return
        trouble, _ = assembly.stores.all[number].reopen()
        if trouble:
            self._refuse(what, StartReason.NO_STORE)
            return
        header = Header(
            desk=config.desk, config_digest=config_digest(stack, config), code_digest=""
        )
        risen = self._read(number, header)
        if isinstance(risen, StartReason):
            self._refuse(what, risen)
            return
        block = assembly.links.blocks[assembly.host_names[number], "compute"][0]
        key = stream_key(assembly.seed, f"restart/{assembly.host_names[number]}")
        took_ns = risen.replayed * sample(block, key, now_ns, RESTART_CAUSE, number)
        assembly.clock.at(now_ns + took_ns, self._go_on, (what, risen))

    def _refuse(self, what: tuple[int, int], reason: StartReason) -> None:
        """A process cannot begin: say why, and try again where that may pass."""
        number, _ = what
        assembly = self._assembly
        now_ns = assembly.clock.now_ns
        refused = EventKind.START_REFUSED
        assembly.recorder.add(Event(now_ns, refused, number, detail=int(reason)))
        if reason is StartReason.BAD_JOURNAL:
            assembly.stores.all[number].note(JournalTrouble.CORRUPT)
            return
        assembly.clock.at(now_ns + RETRY_NS, self._start, what)

    def _read(self, number: int, header: Header) -> Risen | StartReason:
        """What the disk holds, and the desk that it gives."""
        assembly = self._assembly
        name = assembly.host_names[number]
        reader = Reader(assembly.writers[number].durable(), where=f"journal of {name}")
        records = list(reader)
        if reader.problem is not None or not records:
            return StartReason.BAD_JOURNAL
        try:
            check_identity(records[0], header, reader.where)
        except InputError:
            return StartReason.WRONG_CONFIG
        assembly.writers[number].cut(reader.head.end_offset)
        desk = rebuild(self._make_desk(number), records)
        heard = Counter(
            event.message.book_id
            for record in records
            if record.type is RecordType.EVENT
            for event in (event_in(record),)
            if isinstance(event.message, Report)
        )
        return Risen(desk, reader, heard, _replayed(records), records[-1].now_ns)

    def _make_desk(self, number: int) -> MakeDesk:
        assembly = self._assembly
        stack, config = assembly.scenario.hosts[number].stack, assembly.desks[number].config
        assert stack is not None

        def make(journal: EventLog, data: DeskData | None) -> Desk:
            strategies = make_strategies(stack, config, assembly.instruments)
            return Desk(
                config, assembly.instruments, strategies, journal, data, probe=assembly.probe
            )

        return make

    def _go_on(self, what: tuple[tuple[int, int], Risen]) -> None:
        """The journal is read: the desk speaks for itself from here on."""
        (number, start), risen = what
        if start != self._starts[number]:
            return  # it has died again since
        if self._assembly.stores.all[number].reopen()[0]:
            self._refuse((number, start), StartReason.NO_STORE)  # its RESTART cannot be written
            return
        assembly, desk = self._assembly, risen.desk
        clock, host, writer = assembly.clock, assembly.hosts[number], assembly.writers[number]
        now_ns, name = clock.now_ns, assembly.host_names[number]
        journal = Journal.resume(writer, max(now_ns, risen.now_ns), risen.reader)
        journal.commit()
        desk.journal = journal
        block = assembly.links.blocks[name, "commit"][0]
        key = stream_key(assembly.seed, f"commit/{name}")
        commit = CommitLog(clock, writer, commit=block, key=key)
        commit.store = assembly.stores.all[number]
        assembly.desks[number], assembly.commits[number] = desk, commit
        assembly.monitors.renew(number)
        host.restart(assembly.pairs.clocked(number, desk), commit)
        own_orders(host, desk)
        torn = risen.reader.torn_bytes
        back = Event(now_ns, EventKind.RESTARTED, number, detail=risen.replayed, qty_lots=torn)
        assembly.recorder.add(back)
        if start != self._starts[number]:
            return  # of this very start
        host.start()
        host.receive(LinkStatus(book_id=EVERY, up=False))
        renew_operators(assembly, number)
        assembly.sessions.rise(number, risen.heard)


def _replayed(records: Sequence[Record]) -> int:
    """Events behind the newest snapshot."""
    count = 0
    for record in records:
        if record.type is RecordType.SNAPSHOT:
            count = 0
        count += record.type is RecordType.EVENT
    return count
