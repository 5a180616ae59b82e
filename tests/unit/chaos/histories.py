"""Histories made by hand: a few events, and what a verdict would know besides."""

from typing import Any

from chaos.drill import DrillLimits, Phases
from chaos.ledger import DeskRules, FaultWindow, History
from market.codes import ReportType
from market.faults import AtTime, Fault, FaultKind
from sim.recorder import Event, EventKind

MS = 1_000_000
S = 1_000 * MS

RULES = DeskRules([100], [100], [400 * MS], (10, S), (3, S))


def history(*events: Event, **more: Any) -> History:
    """A run of 60 s with one desk, and the events given."""
    fields: dict[str, Any] = {
        "events": list(events),
        "start_ns": 0,
        "end_ns": 60 * S,
        "phases": Phases(warm_up_ns=10 * S, faults_ns=20 * S, heal_ns=10 * S, quiet_ns=20 * S),
        "limits": DrillLimits(),
        "hosts": ["desk", "spare"],
        "member_of": [0, 0],
        "rules": {0: RULES},
        "books": ["AAA@NORTH"],
        **more,
    }
    return History(**fields)


def event(at_ms: int, kind: EventKind, order: int = 1, host: int = 0, **more: int) -> Event:
    """An event at a time in milliseconds."""
    return Event(at_ms * MS, kind, host, order_id=order, **more)


def submit(at_ms: int, order: int = 1, qty: int = 10, host: int = 0, **more: int) -> Event:
    """A new order leaves."""
    return event(at_ms, EventKind.SUBMIT, order, host, qty_lots=qty, price_ticks=100, **more)


def arrived(at_ms: int, order: int = 1, of: EventKind = EventKind.SUBMIT, host: int = 0) -> Event:
    """A command reaches the venue."""
    return event(at_ms, EventKind.ARRIVED, order, host, detail=of)


def answer(
    at_ms: int,
    kind: ReportType,
    order: int = 1,
    *,
    qty: int = 0,
    leaves: int = 0,
    exec_id: int = 0,
    to: EventKind = EventKind.ANSWER,
    host: int = 0,
) -> Event:
    """The venue answers, or a report of it reaches a host."""
    return event(
        at_ms, to, order, host, detail=kind, qty_lots=qty, leaves_lots=leaves, exec_id=exec_id
    )


def accepted(at_ms: int, order: int = 1, qty: int = 10) -> tuple[Event, Event]:
    """An order arrives and is taken."""
    return arrived(at_ms, order), answer(at_ms, ReportType.ACCEPTED, order, qty=qty, leaves=qty)


def window(
    kind: FaultKind, target: str, from_ms: int, until_ms: int, hits: int = 1, severity: int = 0
) -> FaultWindow:
    """A fault that happened."""
    fault = Fault(
        name="fault",
        kind=kind,
        target=target,
        trigger=AtTime(time_ns=from_ms * MS),
        severity=severity,
        duration_ns=(until_ms - from_ms) * MS,
    )
    return FaultWindow(fault, 0, from_ms * MS, until_ms * MS, hits)
