"""Starts: a process that may not begin says why and does nothing; one that begins has a reason to."""

from typing import Final

from chaos.invariants.base import Finding, Invariant, InvariantKind, Mark
from chaos.ledger import SENT, History
from scenarios.restarts import StartReason
from sim.recorder import EventKind


def silent_until_started(history: History) -> Finding:
    """I-REC-5: between a crash and the restart nothing leaves a host, whatever is tried meanwhile."""
    finding = Finding()
    down_since: dict[int, int] = {}
    ends = EventKind.RESTARTED, EventKind.TAKEOVER
    for one in history.of(EventKind.CRASHED, EventKind.START_REFUSED, *ends, *SENT):
        if one.kind == EventKind.CRASHED:
            down_since[one.host] = one.time_ns
            finding.checks += 1
        elif one.kind == EventKind.START_REFUSED:
            reason = StartReason(one.detail).name
            finding.expect(
                one.host in down_since,
                one.time_ns,
                f"{history.name(one.host)} was refused a start ({reason}) and had not died",
                one,
            )
        elif one.kind in ends:
            down_since.pop(one.host, None)
        elif one.host in down_since:
            finding.broken(
                one.time_ns,
                f"{EventKind(one.kind).name.lower()} of order {one.order_id} left "
                f"{history.name(one.host)}, which has been dead since {down_since[one.host]}",
                one,
            )
    return finding


def bad_journal_stays_down(history: History) -> Finding:
    """I-REC-6: a process whose journal does not hold is never started on it."""
    finding = Finding()
    bad: dict[int, int] = {}
    for one in history.of(EventKind.START_REFUSED, EventKind.RESTARTED):
        if one.kind == EventKind.START_REFUSED and one.detail == StartReason.BAD_JOURNAL:
            bad[one.host] = one.time_ns
            finding.checks += 1
        elif one.kind == EventKind.RESTARTED and one.host in bad:
            finding.broken(
                one.time_ns,
                f"{history.name(one.host)} was started although its journal was found bad at "
                f"{bad[one.host]}",
                one,
            )
    return finding


def start_refused(history: History) -> int:
    """Starts that were refused, for whatever reason."""
    return len(history.of(EventKind.START_REFUSED))


def journal_refused(history: History) -> int:
    """Starts that were refused because the journal did not hold."""
    return sum(one.detail == StartReason.BAD_JOURNAL for one in history.of(EventKind.START_REFUSED))


INVARIANTS: Final = (
    Invariant(
        "I-REC-5",
        InvariantKind.SAFETY,
        "A process that has died, or may not begin, sends nothing.",
        "crashed",
        silent_until_started,
    ),
    Invariant(
        "I-REC-6",
        InvariantKind.SAFETY,
        "Nothing is started on a journal that does not hold.",
        "journal_refused",
        bad_journal_stays_down,
    ),
)

MARKS: Final = tuple(
    Mark(one.__name__, (one.__doc__ or "").strip(), one) for one in (start_refused, journal_refused)
)
