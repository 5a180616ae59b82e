"""What breaks in a run: its faults, and what acts on wires, hosts and fault points.

Model: a kind acts on what its row of `scenarios.fault_effects` says: a latency is slowed (`sim.slowdown`),
a wire loses (`sim.wire`), a session is cut, a host dies, or the part is a fault point and acts for itself.

A fault begins at a time, or when something has happened (`scenarios.fault_triggers`). For the latter rows
are made beforehand that are not in force yet, and moved when it begins.

Every fault is followed: at the end it says how often it bit, and one that never did has shown nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from market.errors import InputError
from market.faults import AtTime, Fault, FaultKind, FaultPlan, OnEvent
from market.messages import EVERY, LinkStatus
from scenarios.fault_effects import EFFECTS, PLAIN, target_of
from scenarios.fault_triggers import Triggers
from scenarios.restarts import NEVER_NS
from sim.faultpoint import FaultPoint
from sim.recorder import Event, EventKind
from sim.slowdown import Slowdown, hits_of, move
from sim.wire import Impairment, ImpairmentKind

if TYPE_CHECKING:
    from scenarios.build import Assembly

NOT_YET_NS: Final = 1 << 61
"""When a fault begins that nothing has called for yet: after every run."""


class FaultOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a fault: how many messages, decisions or commits it touched."""

    name: str
    kind: str
    target: str
    hits: int


class RunFaults:
    """The faults of one run.

    Args:
        faults: Of the scenario.
        start_ns: Of the run; times count from there.
    """

    def __init__(self, faults: Sequence[Fault], start_ns: int) -> None:
        self.plan = FaultPlan(faults=tuple(faults))
        self._start_ns = start_ns
        self._marks: dict[str, int] = {}
        self._from_ns = [
            start_ns + fault.trigger.time_ns if isinstance(fault.trigger, AtTime) else NOT_YET_NS
            for fault in self.plan.faults
        ]

    def slowdowns(self, host: str, part: str, book: str = "") -> list[Slowdown]:
        """What slows a part of a host, in the order of the plan."""
        return [
            Slowdown(kind=slowing, from_ns=from_ns, until_ns=until_ns, amount=fault.severity)
            for fault in self.slowing(host, part, book)
            if (slowing := EFFECTS[fault.kind].slowing) is not None
            for from_ns, until_ns in (self._stretch(fault),)
        ]

    def impairments(self, host: str, part: str) -> list[Impairment]:
        """What a wire of a host loses, in the order of the plan."""
        return [self._impairment(fault) for fault in self._losing(host, part)]

    def _impairment(self, fault: Fault) -> Impairment:
        """How a wire loses by a fault."""
        from_ns, until_ns = self._stretch(fault)
        kind = EFFECTS[fault.kind].loses or ImpairmentKind.PARTITION
        amount = 0 if kind is ImpairmentKind.PARTITION else fault.severity
        return Impairment(kind=kind, from_ns=from_ns, until_ns=until_ns, amount=amount)

    # --- beginning --------------------------------------------------------------------------------

    def start(self, assembly: "Assembly") -> None:
        """Put what has a time on the clock, and listen for what has an event.

        Raises:
            InputError: A fault is about something that this run does not have.
        """
        waiting = []
        for number, fault in enumerate(self.plan.faults):
            self._check_point(assembly, fault)
            if isinstance(fault.trigger, AtTime):
                self._plan(assembly, number, self._from_ns[number])
            else:
                waiting.append((number, fault))
        if not waiting:
            return

        def fire(number: int, after_ns: int) -> None:
            self._fire(assembly, number, after_ns)

        books = [f"{one.symbol}@{one.venue}" for one in assembly.instruments]
        triggers = Triggers(waiting, assembly.host_names, books, fire)
        assembly.recorder.watch = triggers.see
        if triggers.asks_for_commits:
            for name, host in zip(assembly.host_names, assembly.hosts, strict=True):
                # One that has a stand-by says so anyway, when the copy is durable, too.
                host.records_commits = (name, "replication") not in assembly.points

    def _check_point(self, assembly: "Assembly", fault: Fault) -> None:
        """Refuse a fault of a part that nothing in this run has."""
        owner, part, _ = target_of(fault)
        effect = EFFECTS[fault.kind]
        is_plain = effect.acts_plainly and part in PLAIN and owner in assembly.host_names
        if is_plain or self._point(assembly, fault) is not None:
            return
        if effect.owner == "host":
            there = [
                f"{name}.{one}" if one else name
                for name, one in assembly.points
                if one in effect.parts and ":" not in name
            ]
        else:
            there = [name for name, _ in assembly.points if name.startswith(f"{effect.owner}:")]
        allowed = ", ".join(there) or "none: nothing in this scenario has such a part"
        raise InputError(
            f"fault {fault.name!r}: found target {fault.target!r}, allowed for {fault.kind} is {allowed}"
        )

    def _point(self, assembly: "Assembly", fault: Fault) -> FaultPoint | None:
        """What acts for itself by a fault, in this run."""
        effect, (owner, part, _) = EFFECTS[fault.kind], target_of(fault)
        return assembly.points.get((owner, part or effect.home)) if effect.point else None

    def _fire(self, assembly: "Assembly", number: int, after_ns: int) -> None:
        """What a fault has waited for has happened."""
        fault = self.plan.faults[number]
        from_ns = assembly.clock.now_ns + after_ns
        self._from_ns[number] = from_ns
        self._move(assembly, fault)
        self._plan(assembly, number, from_ns)

    def _plan(self, assembly: "Assembly", number: int, from_ns: int) -> None:
        """It is known when a fault begins: tell who acts, and let it begin and end."""
        fault, clock = self.plan.faults[number], assembly.clock
        point = self._point(assembly, fault)
        if point is not None:
            point.begin(fault, from_ns, from_ns + fault.duration_ns)
        if isinstance(fault.trigger, OnEvent) and from_ns == clock.now_ns:
            self._begin((assembly, number))
        else:
            clock.at(from_ns, self._begin, (assembly, number))
        if fault.duration_ns:
            ended = Event(
                from_ns + fault.duration_ns,
                EventKind.FAULT_ENDED,
                self._recorded(assembly, fault),
                order_id=number,
            )
            clock.at(from_ns + fault.duration_ns, assembly.recorder.add, ended)

    def _begin(self, what: "tuple[Assembly, int]") -> None:
        """A fault begins."""
        assembly, number = what
        fault, clock = self.plan.faults[number], assembly.clock
        effect, now_ns = EFFECTS[fault.kind], clock.now_ns
        host_number = self._recorded(assembly, fault)
        assembly.recorder.add(Event(now_ns, EventKind.FAULT_BEGUN, host_number, order_id=number))
        if self._point(assembly, fault) is not None:
            return
        if effect.kills:
            assembly.hosts[host_number].crash()
            assembly.recorder.add(Event(now_ns, EventKind.CRASHED, host_number))
            # Not at once: the venue may be in the midst of an answer.
            clock.at(now_ns, assembly.session_down, (host_number, False))
            lasts_ns = fault.duration_ns
            assembly.restarts.down(host_number, now_ns + lasts_ns if lasts_ns else NEVER_NS)
        if effect.cuts:
            host, until_ns = assembly.hosts[host_number], now_ns + fault.duration_ns
            # A reset is noticed by its host only later; the venue notices at once.
            told_ns = min(now_ns + fault.severity, until_ns)
            logout = fault.kind is FaultKind.GATEWAY_DISCONNECT
            clock.at(now_ns, assembly.session_down, (host_number, logout))
            clock.at(told_ns, host.receive, LinkStatus(book_id=EVERY, up=False))
            clock.at(until_ns, assembly.session_up, host_number)
            clock.at(until_ns, host.receive, LinkStatus(book_id=EVERY, up=True))
            self._marks[fault.name] = len(host.open_orders)

    def _move(self, assembly: "Assembly", fault: Fault) -> None:
        """Put the rows of a fault where it turned out to be."""
        effect, (from_ns, until_ns) = EFFECTS[fault.kind], self._stretch(fault)
        host, part, _ = target_of(fault)
        if self._point(assembly, fault) is not None:
            return
        if effect.slowing is not None:
            number = self._recorded(assembly, fault)
            for book, block in assembly.latency_blocks(number, part):
                for at, one in enumerate(self.slowing(host, part, book)):
                    if one is fault:
                        move(block, at, from_ns, until_ns)
        for wire in self._wires(fault):
            for one_wire in assembly.links.wires[host, wire]:
                for at, one in enumerate(self._losing(host, wire)):
                    if one is fault:
                        one_wire.impairments[at] = self._impairment(fault)

    def _wires(self, fault: Fault) -> tuple[str, ...]:
        """Wires of its host that lose by a fault."""
        effect = EFFECTS[fault.kind]
        if effect.cuts:
            return ("orders", "reports")
        return (target_of(fault).part,) if effect.loses is not None else ()

    # --- what became of them ------------------------------------------------------------------------

    def outcomes(self, assembly: "Assembly") -> list[FaultOutcome]:
        """What became of each fault."""
        return [
            FaultOutcome(
                name=fault.name,
                kind=fault.kind.value,
                target=fault.target,
                hits=self._hits(assembly, fault),
            )
            for fault in self.plan.faults
        ]

    def _hits(self, assembly: "Assembly", fault: Fault) -> int:
        """How often a fault bit."""
        effect = EFFECTS[fault.kind]
        host, part, _ = target_of(fault)
        point = self._point(assembly, fault)
        if point is not None:
            return point.hits(fault.name)
        number = self._recorded(assembly, fault)
        if effect.kills:
            has_begun = self._stretch(fault)[0] <= assembly.clock.now_ns
            return assembly.hosts[number].missed if has_begun else 0
        if effect.slowing is not None:
            return sum(
                hits_of(block)[at]
                for book, block in assembly.latency_blocks(number, part)
                for at, one in enumerate(self.slowing(host, part, book))
                if one is fault
            )
        return self._marks.get(fault.name, 0) + sum(
            one_wire.lost[at]
            for wire in self._wires(fault)
            for one_wire in assembly.links.wires[host, wire]
            for at, one in enumerate(self._losing(host, wire))
            if one is fault
        )

    def slowing(self, host: str, part: str, book: str) -> list[Fault]:
        """Faults that slow a part, in the order of its rows."""
        return [
            fault
            for fault in self.plan.faults
            if EFFECTS[fault.kind].slowing is not None
            and target_of(fault)[:2] == (host, part)
            and target_of(fault).book in ("", book)
        ]

    def _losing(self, host: str, part: str) -> list[Fault]:
        """Faults by which a wire loses, in the order of its rows."""
        return [
            fault
            for fault in self.plan.faults
            if target_of(fault).owner == host and part in self._wires(fault)
        ]

    def _stretch(self, fault: Fault) -> tuple[int, int]:
        """[from, until) of a fault in the run's time, as far as it is known."""
        from_ns = self._from_ns[self.plan.faults.index(fault)]
        return from_ns, from_ns + fault.duration_ns

    def _recorded(self, assembly: "Assembly", fault: Fault) -> int:
        """Number of the host that a fault is about; -1 where it is about none."""
        owner = target_of(fault).owner
        return assembly.host_names.index(owner) if owner in assembly.host_names else -1
