"""Alerts: somebody is told of every fault that matters, once, with what it explains under it."""

from collections import Counter
from typing import Final

from chaos.invariants.base import Finding, Invariant, InvariantKind
from chaos.ledger import FaultWindow, History
from desk.oversight.codes import AlertCode
from market.faults import FaultKind
from market.units import DURATION_NS
from sim.recorder import EventKind

CHILDREN_MAX: Final = 5
PAGES_MAX: Final = 10
PAGES_WINDOW_NS: Final = 10 * DURATION_NS["m"]
LONG_ENOUGH_NS: Final = DURATION_NS["s"]
"""A fault that is over sooner may be over before anybody is told."""

_C = AlertCode

_SESSION: Final = frozenset(
    (_C.SESSION_DOWN, _C.ANSWERS_LATE, _C.ORDERS_UNKNOWN, _C.POSITION_BREAK, _C.REPORTS_ODD)
)
_STORE: Final = frozenset((_C.JOURNAL_TROUBLE, _C.JOURNAL_BEHIND))

NAMES: Final = {
    FaultKind.FEED_FREEZE: frozenset((_C.CONTENT_OLD, _C.BOOK_UNFIT, _C.FEED_QUIET)),
    FaultKind.FEED_DELAY: frozenset((_C.CONTENT_OLD, _C.BOOK_UNFIT)),
    FaultKind.GATEWAY_DISCONNECT: _SESSION,
    FaultKind.GATEWAY_RESET: _SESSION,
    FaultKind.GATEWAY_HALF_OPEN: _SESSION,
    FaultKind.HOST_CRASH: frozenset((_C.HOST_SILENT, _C.EPOCH_CHANGED)),
    FaultKind.HOST_STALL: frozenset((_C.HOST_STALLED, _C.HOST_SILENT, _C.EPOCH_CHANGED)),
    FaultKind.HOST_SPLIT_BRAIN: frozenset((_C.EPOCH_CHANGED, _C.HOST_SILENT, _C.SESSION_DOWN)),
    FaultKind.HOST_CLOCK_STEP: frozenset((_C.CLOCK_OFF,)),
    FaultKind.STORE_SYNC: _STORE,
    FaultKind.STORE_FULL: _STORE,
    FaultKind.STORE_WRITER_STALL: _STORE,
    FaultKind.OPERATOR_WRONG_LIMIT: frozenset(
        (_C.LIMITS_CHANGED, _C.CEILING_REACHED, _C.EXPOSURE, _C.ORDER_RATE)
    ),
}
"""Faults that matter, and the alerts that say what they are; one about what follows says nothing of them."""

OF_MONITOR: Final = frozenset((_C.MONITOR_SILENT, _C.OWN_FEED_LATE))
"""What is said of a fault at the monitor itself."""

DELAY_NS: Final = 300 * DURATION_NS["ms"]
"""A line that is late by less may be as late as it likes."""

REOPEN_NS: Final = DURATION_NS["m"]
"""What comes back sooner belongs to what somebody has been told of."""


def no_storm(history: History) -> Finding:
    """I-ALERT-1: one page a cause, few children, few pages in all, and a word of every fault."""
    finding = Finding()
    pages: Counter[int] = Counter()
    children: Counter[int] = Counter()
    recent: list[int] = []
    for one in history.of(EventKind.ALERT):
        finding.checks += 1
        if one.leaves_lots:
            pages[one.order_id] += 1
            recent.append(one.time_ns)
            if pages[one.order_id] == 2:
                finding.broken(one.time_ns, f"cause {one.order_id} called a person twice", one)
        elif one.exec_id != one.order_id:
            children[one.order_id] += 1
            if children[one.order_id] == CHILDREN_MAX + 1:
                finding.broken(
                    one.time_ns,
                    f"cause {one.order_id} has more than {CHILDREN_MAX} alerts under it",
                    one,
                )
        while recent and recent[0] <= one.time_ns - PAGES_WINDOW_NS:
            recent.pop(0)
        if len(recent) == PAGES_MAX + 1:
            finding.broken(one.time_ns, f"more than {PAGES_MAX} calls within ten minutes", one)
    if history.watched:
        _check_told(finding, history)
        _check_calls(finding, history)
    return finding


def _check_calls(finding: Finding, history: History) -> None:
    """No more calls than causes: faults that act together, or shortly after one another, are counted together."""
    pages = [one for one in history.of(EventKind.ALERT) if one.leaves_lots]
    stretches: list[list[int]] = []
    for window in sorted(history.windows, key=lambda one: one.from_ns):
        if not window.hits:
            continue
        until_ns = window.until_ns + history.limits.alert_ns
        if stretches and window.from_ns <= stretches[-1][1]:
            stretches[-1][1] = max(stretches[-1][1], until_ns)
            stretches[-1][2] += 1
        else:
            stretches.append([window.from_ns, until_ns, 1])
    for from_ns, until_ns, causes in stretches:
        calls = [one for one in pages if from_ns <= one.time_ns <= until_ns]
        finding.expect(
            len(calls) <= causes,
            from_ns,
            f"{causes} faults from {from_ns} on called a person {len(calls)} times",
            *calls[causes:],
        )


def _check_told(finding: Finding, history: History) -> None:
    """Somebody must be told of every fault that matters, by what it is."""
    finding.limit_ns = history.limits.alert_ns
    died_ns = [
        one.from_ns
        for one in history.faults(FaultKind.HOST_CRASH.value)
        if one.fault.target.partition(".")[0] in history.monitors
    ]
    watched_ns = min(died_ns, default=history.end_ns)
    for window in history.windows:
        names = _names_of(window, history)
        lasts_ns = window.until_ns - window.from_ns
        is_watched = window.from_ns <= watched_ns
        if not names or not window.hits or not is_watched or lasts_ns < LONG_ENOUGH_NS:
            continue
        alerts = [one.time_ns for one in history.of(EventKind.ALERT) if one.detail in names]
        if any(window.from_ns - REOPEN_NS <= one < window.from_ns for one in alerts):
            continue
        first_ns = min((one for one in alerts if one >= window.from_ns), default=history.end_ns)
        finding.measured_ns.append(first_ns - window.from_ns)
        finding.expect(
            first_ns - window.from_ns <= finding.limit_ns,
            window.from_ns,
            f"of fault {window.fault.name!r} nobody was told within {finding.limit_ns} ns",
        )


def _names_of(window: FaultWindow, history: History) -> frozenset[AlertCode]:
    """Alerts of which one must be said of a fault; none where none need be."""
    fault = window.fault
    owner, _, part = fault.target.partition("/")[0].partition(".")
    names = NAMES.get(fault.kind, frozenset())
    if fault.kind is FaultKind.FEED_DELAY and (part != "feed" or fault.severity < DELAY_NS):
        return frozenset()  # a host with one good line is not late
    return OF_MONITOR if names and owner in history.monitors else names


INVARIANTS = (
    Invariant(
        "I-ALERT-1",
        InvariantKind.BOUNDED,
        "One call a cause, few alerts under it, and every fault that matters is told in time, by what it is.",
        "alerted",
        no_storm,
    ),
)
