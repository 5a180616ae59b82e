"""`[[faults]]` as they are written: read, and held to what a scenario has.

Model: a line names a kind of the catalogue (`market.faults`), a target, when, how long and how badly.

A target is a host and a part of it, `desk.feed`, `desk.orders`, or the host alone for what happens to
its session or to all of it; `desk.feed/SYN@LIT1` is the feed of one book. A venue is `venue:LIT1`, a
book `book:SYN@LIT1`. Whether this run has the part is known once it is assembled (`scenarios.faults`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from market.errors import InputError
from market.faults import AtTime, Fault, FaultKind, FaultPlan, FaultTrigger, OnEvent, Severity
from market.units import parse_duration
from scenarios.fault_effects import EFFECTS, PREFIXED, allowed_targets, target_of
from scenarios.fault_triggers import check_event
from scenarios.written import Place, choice_of, found, read_struct, table_of, tables_of

KINDS: Final = {
    **{kind.value: kind for kind in FaultKind},
    **{kind.name.lower(): kind for kind in FaultKind},
}


class FaultLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `[[faults]]`, as it is written.

    Attributes:
        name: Unique in the scenario; keys the fault's draws.
        kind: Of the catalogue, by id or name.
        target: `HOST`, `HOST.PART`, `HOST.feed/BOOK`, `venue:NAME` or `book:NAME`.
        at_ns: When it begins, from the start of the run; -1 where an event says so.
        on: The event that it begins with.
        duration_ns: How long it lasts; 0 for what happens once.
        severity: How badly, in the kind's own unit.
    """

    name: str
    kind: FaultKind
    target: str
    at_ns: int = -1
    on: OnEvent | None = None
    duration_ns: int = 0
    severity: int = 0

    @property
    def trigger(self) -> FaultTrigger:
        """When it begins.

        Raises:
            InputError: Neither a time nor an event says so, or both do.
        """
        if (self.on is None) == (self.at_ns < 0):
            said = "neither" if self.on is None else "both"
            raise InputError(f"fault {self.name!r}: found {said} of at and on, allowed is one")
        return AtTime(time_ns=self.at_ns) if self.on is None else self.on


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
        {"kind": lambda _value, _at: kind, "severity": _severity_of(kind), "on": _read_on},
    )
    try:
        fault = Fault(
            name=line.name,
            kind=line.kind,
            target=line.target,
            trigger=line.trigger,
            severity=line.severity,
            duration_ns=line.duration_ns,
        )
        _check(fault)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return fault


def _read_on(value: object, where: Place) -> OnEvent:
    """The event that a fault begins with."""
    on = read_struct(value, where, OnEvent)
    try:
        check_event(on.event)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return on


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
    effect, target = EFFECTS[fault.kind], target_of(fault)
    if fault.duration_ns == 0 and not effect.once:
        raise InputError(f"fault {fault.name!r}: duration is 0 ns, allowed is above 0")
    if fault.duration_ns and not effect.lasts:
        raise InputError(
            f"fault {fault.name!r}: duration is {fault.duration_ns} ns, allowed is none: it happens once"
        )
    prefix = fault.target.split(":")[0] if target.owner == fault.target else ""
    owner = prefix if prefix in PREFIXED else "host"
    if owner not in (effect.owner, effect.also) or (
        owner == "host"
        and (
            target.part not in effect.parts
            or (target.book and not target.part.startswith(("feed", "session")))
        )
    ):
        raise InputError(
            f"fault {fault.name!r}: found target {fault.target!r}, allowed is {allowed_targets(fault)}"
        )


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
        host, part, book = target_of(fault)
        prefix, _, name = host.partition(":")
        if name:
            venues = list(dict.fromkeys(one.rpartition("@")[2] for one in books))
            there = list(books) if prefix == "book" else venues
            if books and name not in there:
                raise InputError(
                    f"fault {fault.name!r}: found {prefix} {name!r}, allowed is {', '.join(there)}"
                )
            continue
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
