"""`[[faults]]`: what breaks in a run, from words in the file to what acts on wires and hosts.

Model: a line names a kind of the catalogue (`market.faults`), a target, when, how long and how badly.
The table `EFFECTS` says which part of a host each kind acts on and how: a latency is slowed
(`sim.slowdown`), a wire loses (`sim.wire`), a session is cut, or a host dies. A kind that is not in the
table can be said but not run, and is refused.

A target is a host and a part of it, `desk.feed`, `desk.orders`, or the host alone for what happens to
its session or to all of it; `desk.feed/SYN@LIT1` is the feed of one book.

Every fault is followed: at the end it says how often it bit, and one that never did has shown nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from market.errors import InputError
from market.faults import AtTime, Fault, FaultKind, FaultPlan, Severity
from market.messages import EVERY, LinkStatus
from market.units import parse_duration
from scenarios.written import Place, choice_of, found, read_struct, table_of, tables_of
from sim.slowdown import Slowdown, Slowing, hits_of
from sim.wire import Impairment, ImpairmentKind

if TYPE_CHECKING:
    from scenarios.build import Assembly

Part = Literal["", "feed", "orders", "reports", "compute", "commit"]


class Effect(NamedTuple):
    """What a kind does to a part of a host.

    Attributes:
        parts: On which it may act; "" is the host itself.
        slowing: How it slows the part's latency, if it does.
        loses: How the part's wire loses, if it does.
        cuts: Whether the session is cut, both ways, and its ends are told.
        kills: Whether the host dies.
    """

    parts: tuple[Part, ...]
    slowing: Slowing | None = None
    loses: ImpairmentKind | None = None
    cuts: bool = False
    kills: bool = False


EFFECTS: Final[Mapping[FaultKind, Effect]] = {
    FaultKind.FEED_DELAY: Effect(("feed",), slowing=Slowing.ADD),
    FaultKind.FEED_JITTER: Effect(("feed",), slowing=Slowing.BATCH),
    FaultKind.GATEWAY_DISCONNECT: Effect(("",), cuts=True),
    FaultKind.GATEWAY_RESET: Effect(("",), cuts=True),
    FaultKind.GATEWAY_HALF_OPEN: Effect(("orders", "reports"), loses=ImpairmentKind.PARTITION),
    FaultKind.GATEWAY_SLOW_ACK: Effect(("reports",), slowing=Slowing.ADD),
    FaultKind.GATEWAY_LOST_ACK: Effect(("reports",), loses=ImpairmentKind.LOSS),
    FaultKind.HOST_CRASH: Effect(("",), kills=True),
    FaultKind.HOST_STALL: Effect(("compute",), slowing=Slowing.STALL),
    FaultKind.HOST_SLOW: Effect(("compute",), slowing=Slowing.SCALE),
    FaultKind.STORE_SLOW: Effect(("commit",), slowing=Slowing.ADD),
    FaultKind.STORE_WRITER_STALL: Effect(("commit",), slowing=Slowing.STALL),
}

ONCE: Final = frozenset((FaultKind.HOST_CRASH,))
"""Kinds that happen at a moment and not for a while."""

KINDS: Final = {
    **{kind.value: kind for kind in FaultKind},
    **{kind.name.lower(): kind for kind in FaultKind},
}


class FaultLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `[[faults]]`, as it is written.

    Attributes:
        name: Unique in the scenario; keys the fault's draws.
        kind: Of the catalogue, by id or name.
        target: `HOST`, `HOST.PART`, or `HOST.feed/BOOK`.
        at_ns: When it begins, from the start of the run.
        duration_ns: How long it lasts; 0 for what happens once.
        severity: How badly, in the kind's own unit.
    """

    name: str
    kind: FaultKind
    target: str
    at_ns: int
    duration_ns: int = 0
    severity: int = 0


class FaultOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a fault: how many messages, decisions or commits it touched."""

    name: str
    kind: str
    target: str
    hits: int


def read_faults(value: object, where: Place) -> tuple[Fault, ...]:
    """All of `[[faults]]`, in the order of a plan.

    Raises:
        InputError: A key is unknown or missing, a value is not what the kind allows, or two have one
            name.
    """
    lines = enumerate(tables_of(value, where))
    faults = tuple(_read_fault(line, where.item(number)) for number, line in lines)
    try:
        return FaultPlan(faults=faults).faults
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _read_fault(value: object, where: Place) -> Fault:
    """One of `[[faults]]`."""
    kind = choice_of(table_of(value, where).get("kind"), where.at("kind"), KINDS)
    line = read_struct(
        value,
        where,
        FaultLine,
        {"kind": lambda _value, _at: kind, "severity": _severity_of(kind)},
    )
    try:
        fault = Fault(
            name=line.name,
            kind=line.kind,
            target=line.target,
            trigger=AtTime(time_ns=line.at_ns),
            severity=line.severity,
            duration_ns=line.duration_ns,
        )
        _check(fault)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return fault


def _severity_of(kind: FaultKind) -> Callable[[object, Place], object]:
    """How a kind's severity is written: a duration where it counts nanoseconds, else a whole number."""

    def read(value: object, where: Place) -> object:
        if kind.severity_unit is Severity.NS:
            if isinstance(value, str):
                return parse_duration(value, str(where))
            raise InputError(f'{where}: found {found(value)}, allowed is a duration such as "25ms"')
        if type(value) is not int:
            raise InputError(f"{where}: found {found(value)}, allowed is a whole number")
        return value

    return read


def _check(fault: Fault) -> None:
    """Refuse what cannot be run."""
    if fault.kind not in EFFECTS:
        allowed = ", ".join(f"{kind} ({kind.name.lower()})" for kind in EFFECTS)
        raise InputError(f"kind: found {fault.kind}, allowed in a run are {allowed}")
    if (fault.duration_ns == 0) != (fault.kind in ONCE):
        allowed = "none: it happens once" if fault.kind in ONCE else "above 0"
        raise InputError(
            f"fault {fault.name!r}: duration is {fault.duration_ns} ns, allowed is {allowed}"
        )
    part, book = parts_of(fault)[1:]
    parts = EFFECTS[fault.kind].parts
    if part not in parts or (book and part != "feed"):
        host = fault.target.split(".")[0].split("/")[0]
        allowed = ", ".join(host + ("." + one if one else "") for one in parts)
        raise InputError(
            f"fault {fault.name!r}: found target {fault.target!r}, allowed is {allowed}"
        )


def parts_of(fault: Fault) -> tuple[str, str, str]:
    """Host, part and book that a target names; what it does not name is empty."""
    where, _, book = fault.target.partition("/")
    host, _, part = where.partition(".")
    return host, part, book


def check_targets(faults: Sequence[Fault], hosts: Mapping[str, bool], books: Sequence[str]) -> None:
    """Hold targets to what a scenario has.

    Args:
        faults: In any order.
        hosts: By name, whether one keeps a journal.
        books: Names of the books, empty where a tape brings them.

    Raises:
        InputError: A target is not there.
    """
    for fault in faults:
        host, part, book = parts_of(fault)
        if host not in hosts:
            raise InputError(
                f"fault {fault.name!r}: found host {host!r}, allowed is {', '.join(hosts)}"
            )
        if part == "commit" and not hosts[host]:
            raise InputError(
                f"fault {fault.name!r}: found target {fault.target!r}, allowed is a host with a "
                "stack, which keeps a journal"
            )
        if book and books and book not in books:
            raise InputError(
                f"fault {fault.name!r}: found book {book!r}, allowed is {', '.join(books)}"
            )


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

    def slowdowns(self, host: str, part: str, book: str = "") -> list[Slowdown]:
        """What slows a part of a host, in the order of the plan."""
        return [
            Slowdown(kind=slowing, from_ns=from_ns, until_ns=until_ns, amount=fault.severity)
            for fault in self._slowing(host, part, book)
            if (slowing := EFFECTS[fault.kind].slowing) is not None
            for from_ns, until_ns in (self._stretch(fault),)
        ]

    def impairments(self, host: str, part: str) -> tuple[Impairment, ...]:
        """What a wire of a host loses, in the order of the plan."""
        rows = []
        for fault in self._losing(host, part):
            from_ns, until_ns = self._stretch(fault)
            kind = EFFECTS[fault.kind].loses or ImpairmentKind.PARTITION
            amount = fault.severity if kind is ImpairmentKind.LOSS else 0
            rows.append(Impairment(kind=kind, from_ns=from_ns, until_ns=until_ns, amount=amount))
        return tuple(rows)

    def start(self, assembly: "Assembly") -> None:
        """Put what happens at a moment on the clock."""
        clock = assembly.clock
        for fault in self.plan.faults:
            effect = EFFECTS[fault.kind]
            from_ns, until_ns = self._stretch(fault)
            number = self._number(assembly, fault)
            host = assembly.hosts[number]
            if effect.kills:
                clock.at(from_ns, host.crash)
                clock.at(from_ns, assembly.session_down, (number, False))
            if effect.cuts:
                # A reset is noticed by its host only later; the venue notices at once.
                told_ns = min(from_ns + fault.severity, until_ns)
                logout = fault.kind is FaultKind.GATEWAY_DISCONNECT
                clock.at(from_ns, assembly.session_down, (number, logout))
                clock.at(told_ns, host.receive, LinkStatus(book_id=EVERY, up=False))
                clock.at(until_ns, assembly.session_up, number)
                clock.at(until_ns, host.receive, LinkStatus(book_id=EVERY, up=True))
                clock.at(from_ns, self._mark, (fault.name, host.open_orders))

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
        effect, number = EFFECTS[fault.kind], self._number(assembly, fault)
        host, part, _ = parts_of(fault)
        if effect.kills:
            return assembly.hosts[number].missed
        if effect.slowing is not None:
            return sum(
                hits_of(block)[at]
                for book, block in assembly.latency_blocks(number, part)
                for at, one in enumerate(self._slowing(host, part, book))
                if one is fault
            )
        wires = ("orders", "reports") if effect.cuts else (part,)
        return self._marks.get(fault.name, 0) + sum(
            one_wire.lost[at]
            for wire in wires
            for one_wire in assembly.links.wires[host, wire]
            for at, one in enumerate(self._losing(host, wire))
            if one is fault
        )

    def _slowing(self, host: str, part: str, book: str) -> list[Fault]:
        """Faults that slow a part, in the order of its rows."""
        return [
            fault
            for fault in self.plan.faults
            if EFFECTS[fault.kind].slowing is not None
            and parts_of(fault)[:2] == (host, part)
            and parts_of(fault)[2] in ("", book)
        ]

    def _losing(self, host: str, part: str) -> list[Fault]:
        """Faults by which a wire loses, in the order of its rows."""
        return [
            fault
            for fault in self.plan.faults
            if (EFFECTS[fault.kind].loses is not None and parts_of(fault)[:2] == (host, part))
            or (EFFECTS[fault.kind].cuts and parts_of(fault)[0] == host)
        ]

    def _mark(self, what: tuple[str, Mapping[int, object]]) -> None:
        """A session is cut: orders that were open then are in doubt."""
        name, orders = what
        self._marks[name] = len(orders)

    def _stretch(self, fault: Fault) -> tuple[int, int]:
        """[from, until) of a fault in the run's time."""
        assert isinstance(fault.trigger, AtTime)
        from_ns = self._start_ns + fault.trigger.time_ns
        return from_ns, from_ns + fault.duration_ns

    def _number(self, assembly: "Assembly", fault: Fault) -> int:
        """Number of the host that a fault is about."""
        names = [host.name for host in assembly.scenario.hosts]
        return names.index(parts_of(fault)[0])
