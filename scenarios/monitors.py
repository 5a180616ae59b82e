"""The monitors of a run: their machines, their own local books, and the wires to and from hosts.

Model: a monitor is no host: it has no session and no orders, and its number begins at `MONITOR_BASE`. Its
local books stand behind those of the hosts. From each host that it watches come readings over one wire,
copies of its reports over another; to each host its words go over one more, and through a door
(`desk.oversight.Door`) that bounds what is obeyed.

A run without monitors and without telemetry has none of this, and costs nothing.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import UNSET

from desk.oversight import ALERTS, AlertCode, Door, Monitor, NaiveMonitor
from market.messages import Operator, Report
from market.oversight import Alert, Beat, Copied, Instruct, Telemetry
from scenarios.books import books_of
from scenarios.host_readings import HostReadings
from scenarios.monitor_points import BlocksPoint, MachinePoint
from scenarios.monitor_section import MonitorSection
from scenarios.stack import name_of
from sim.arena import LocalSpec
from sim.host_view import Feed, HostView
from sim.lookout import Lookout, Watcher, alert_event
from sim.recorder import Event, EventKind
from sim.session import report_event
from sim.slowdown import slowed
from sim.streams import stream_key
from sim.wire import Wire

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from scenarios.build import Assembly

MONITOR_BASE: Final = 1_000
"""Number of the first monitor; hosts and their stand-bys have lower ones."""


class MonitorSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What one monitor did.

    Attributes:
        alerts: By code, calls included.
        words: Instructions that it gave, and how many of them hosts did not obey.
        inbox_most: Messages that waited at most.
        died: Whether its machine did.
    """

    name: str
    style: str
    pages: int
    alerts: dict[str, int]
    words: int
    refused: int
    inbox_most: int
    died: bool


class Lines:
    """The words of one monitor on their way to hosts."""

    def __init__(self) -> None:
        self.wires: dict[int, Wire] = {}
        self.doors: dict[int, Door] = {}
        self.arrive: Callable[[tuple[int, Instruct | Beat]], None] | None = None
        self.words = 0
        self._sent = 0

    def send(self, said: Instruct | Beat, now_ns: int) -> None:
        """Let it out: a sign of life to every host, an instruction to the one that it is for."""
        assert self.arrive is not None
        self._sent += 1
        targets = [said.host] if isinstance(said, Instruct) else list(self.wires)
        self.words += isinstance(said, Instruct)
        for host in targets:
            self.wires[host].send(now_ns, self._sent, host, self.arrive, (host, said))


class Monitors:
    """All monitors of a run.

    Args:
        assembly: Of the run; its hosts need not be there yet.
        first_local: Index of the first local book that is free.
    """

    def __init__(self, assembly: "Assembly", first_local: int) -> None:
        scenario = assembly.scenario
        sections = scenario.monitors
        self.sections: tuple[MonitorSection, ...] = () if sections is UNSET else sections
        self.lookouts: list[Lookout] = []
        self.readings: dict[int, HostReadings] = {}
        self.lines: list[Lines] = []
        self._assembly = assembly
        self._first_local = first_local
        self._counts: dict[int, dict[int, int]] = {}
        self._links = [
            (number, book_id)
            for number, section in enumerate(self.sections)
            for book_id in books_of(section, assembly.instruments)
        ]

    @property
    def books(self) -> int:
        """Local books that all of them have together."""
        return len(self._links)

    # --- before the world is there ------------------------------------------------------------------

    def locals_(self) -> list[LocalSpec]:
        """Local books of all monitors, in order."""
        specs = []
        for number, book_id in self._links:
            section, assembly = self.sections[number], self._assembly
            name = name_of(assembly.instruments[book_id])
            rows = assembly.faults.slowdowns(section.name, "feed", name)
            key = stream_key(assembly.seed, f"feed/{section.name}/{book_id}")
            block = slowed(section.feed.compile(), rows)
            specs.append(LocalSpec(book_id=book_id, latency=block, key=key))
        return specs

    # --- once hosts are there -----------------------------------------------------------------------

    def build(self) -> list[Callable[[tuple[int, int]], None]]:
        """Make machines and wires; who observes each local book, in order."""
        assembly = self._assembly
        for number, section in enumerate(assembly.scenario.hosts):

            def shows(name: str = section.name) -> object:
                return assembly.points.get((name, "clock"))

            if section.telemetry_ns is not UNSET:
                host = assembly.hosts[number]
                host.is_watched = True
                self.readings[number] = HostReadings(
                    assembly.clock,
                    host,
                    every_ns=section.telemetry_ns,
                    desk=assembly.desks.get(number),
                    commit=assembly.commits.get(number),
                    shows=shows,
                    alerts=self._alert,
                )
        for number in range(len(self.sections)):
            self._build(number)
        for reader in self.readings.values():
            assembly.clock.at(assembly.start_ns, reader.start)
        for lookout in self.lookouts:
            assembly.clock.at(assembly.start_ns, lookout.start)
        return [self.lookouts[number].observe for number, _ in self._links]

    def renew(self, number: int) -> None:
        """A new process runs on a host: it is that which is read from now on."""
        if number in self.readings:
            assembly = self._assembly
            self.readings[number].renew(assembly.desks[number], assembly.commits[number])

    def _build(self, number: int) -> None:
        """One monitor."""
        assembly, section = self._assembly, self.sections[number]
        names = [host.name for host in assembly.scenario.hosts]
        hosts = [names.index(name) for name in section.hosts] or list(self.readings)
        books = [book_id for owner, book_id in self._links if owner == number]
        mine = MONITOR_BASE + number
        lines = Lines()
        known = HostView(
            assembly.recorder, assembly.world, number=mine, mode=assembly.mode, depth_levels=0
        )
        feeds = [
            Feed(book_id, self._first_local + at, self._first_local + at)
            for at, (owner, book_id) in enumerate(self._links)
            if owner == number
        ]
        lookout = Lookout(
            assembly.clock,
            assembly.recorder,
            self._watcher(section, hosts, books),
            known,
            assembly.world,
            number=mine,
            feeds=feeds,
            compute=slowed(
                section.compute.compile(), assembly.faults.slowdowns(section.name, "compute")
            ),
            key=stream_key(assembly.seed, f"compute/{section.name}"),
            alert_ns=section.alert_ns,
            inbox_max=section.inbox_max,
            hangs_on_feed=section.style == "naive",
            send=lines.send,
            told=self._count,
        )
        for host in hosts:
            self._connect(section, host, lookout, lines)
        lines.arrive = self._arrivals(section, mine, lines)
        self._register(section.name, lookout, [feed.local for feed in feeds])
        self.lookouts.append(lookout)
        self.lines.append(lines)

    def _register(self, name: str, lookout: Lookout, locals_: Sequence[int]) -> None:
        """Let faults act on the machine and on its feed."""
        assembly = self._assembly
        crash = MachinePoint(assembly.clock, lookout)
        compute = BlocksPoint(assembly.faults, name, "compute", lambda: {"": lookout.compute})
        books = {
            name_of(assembly.instruments[book_id]): local
            for (_, book_id), local in zip(
                [link for link in self._links if self.sections[link[0]].name == name],
                locals_,
                strict=True,
            )
        }

        def feeds() -> dict[str, "npt.NDArray[np.int64]"]:
            return {book: assembly.world.latency_block(local) for book, local in books.items()}

        assembly.points[name, ""] = crash
        assembly.points[name, "compute"] = compute
        assembly.points[name, "feed"] = BlocksPoint(assembly.faults, name, "feed", feeds)

    def _watcher(
        self, section: MonitorSection, hosts: Sequence[int], books: Sequence[int]
    ) -> Watcher:
        if section.style == "naive":
            return NaiveMonitor(section.bounds, hosts)
        return Monitor(section.bounds, hosts, books, section.words_of())

    def _connect(self, section: MonitorSection, host: int, lookout: Lookout, lines: Lines) -> None:
        """The wires between a monitor and one host."""
        assembly = self._assembly
        name = assembly.scenario.hosts[host].name
        readings = self._wire(section, "readings", name)
        lines.wires[host] = self._wire(section, "words", name)
        door = Door(section.door, lookout.number, assembly.start_ns)
        lines.doors[host] = door
        reader, clock = self.readings[host], assembly.clock

        def listen(reading: Telemetry) -> None:
            readings.send(clock.now_ns, reading.host, reading.number, lookout.receive, reading)

        if host in assembly.desks:
            self._copy(section, host, lookout)
        reader.listeners.append(listen)
        reader.doors.append(door)

    def _copy(self, section: MonitorSection, host: int, lookout: Lookout) -> None:
        """The drop copy of a host's reports, from its venues straight to the monitor."""
        assembly = self._assembly
        wire = self._wire(section, "copies", assembly.scenario.hosts[host].name)

        def arrive(copied: Copied) -> None:
            if lookout.is_down:
                return
            assembly.recorder.add(
                report_event(
                    copied.report,
                    EventKind.DROP_COPY,
                    assembly.clock.now_ns,
                    lookout.number,
                    copied.side,
                )
            )
            lookout.receive(copied)

        def copy(report: Report, side: int) -> None:
            copied = Copied(host=host, side=side, report=report)
            wire.send(report.venue_ns, report.order_id, report.report_seq, arrive, copied)

        assembly.member_of(host).copies.append(copy)

    def _wire(self, section: MonitorSection, part: str, host: str) -> Wire:
        """One direction between a monitor and a host."""
        assembly = self._assembly
        model = section.words if part == "words" else section.readings
        return Wire(
            assembly.clock,
            slowed(model.compile(), assembly.faults.slowdowns(section.name, part)),
            stream_key(assembly.seed, f"{part}/{section.name}/{host}"),
            assembly.faults.impairments(section.name, part),
        )

    # --- while it runs ------------------------------------------------------------------------------

    def _arrivals(
        self, section: MonitorSection, monitor: int, lines: Lines
    ) -> Callable[[tuple[int, Instruct | Beat]], None]:
        """What becomes of a monitor's word at a host."""
        assembly = self._assembly

        def arrive(what: tuple[int, Instruct | Beat]) -> None:
            number, said = what
            host, now_ns = assembly.hosts[number], assembly.clock.now_ns
            if host.is_down:
                return
            door = lines.doors[number]
            if isinstance(said, Beat):
                door.beat(now_ns)
                return
            obeyed, alerts = door.admits(said, now_ns)
            assembly.recorder.add(
                Event(
                    now_ns,
                    EventKind.INSTRUCTED,
                    number,
                    order_id=said.cause,
                    qty_lots=monitor,
                    leaves_lots=int(obeyed),
                    detail=int(said.action),
                )
            )
            self.readings[number].say(alerts)
            if obeyed:
                word = f"monitor {section.name}"
                host.receive(Operator(action=said.action, authority=word, strategy=said.strategy))

        return arrive

    def _alert(self, alert: Alert, teller: int, now_ns: int) -> None:
        """Somebody is told."""
        self._assembly.recorder.add(alert_event(alert, teller, now_ns))
        self._count(alert, teller)

    def _count(self, alert: Alert, teller: int) -> None:
        counts = self._counts.setdefault(teller, {})
        counts[alert.code] = counts.get(alert.code, 0) + 1

    def summaries(self) -> list[MonitorSummary]:
        """What each monitor did."""
        return [
            MonitorSummary(
                name=section.name,
                style=section.style,
                pages=lookout.pages,
                alerts={
                    code.name: count
                    for code in ALERTS
                    if (count := self._counts.get(lookout.number, {}).get(int(code), 0))
                },
                words=lines.words,
                refused=sum(door.refused for door in lines.doors.values()),
                inbox_most=lookout.inbox_most,
                died=lookout.is_down,
            )
            for section, lookout, lines in zip(
                self.sections, self.lookouts, self.lines, strict=True
            )
        ]

    def host_alerts(self) -> dict[str, int]:
        """What hosts themselves had to say about monitors, by code."""
        counts: dict[str, int] = {}
        for teller, found in sorted(self._counts.items()):
            if teller < MONITOR_BASE:
                for code, count in sorted(found.items()):
                    name = AlertCode(code).name
                    counts[name] = counts.get(name, 0) + count
        return counts
