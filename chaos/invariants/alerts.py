"""Alerts: somebody is told of every fault that matters, once, with what it explains under it."""

from collections import Counter
from typing import Final

from chaos.invariants.base import Finding, Invariant, InvariantKind
from chaos.ledger import History
from market.faults import FaultKind
from market.units import DURATION_NS
from sim.recorder import EventKind

CHILDREN_MAX: Final = 5
PAGES_MAX: Final = 10
PAGES_WINDOW_NS: Final = 10 * DURATION_NS["m"]
LONG_ENOUGH_NS: Final = DURATION_NS["s"]
"""A fault that is over sooner may be over before anybody is told."""

MATTERS: Final = frozenset(
    (
        FaultKind.FEED_FREEZE,
        FaultKind.GATEWAY_DISCONNECT,
        FaultKind.GATEWAY_RESET,
        FaultKind.GATEWAY_HALF_OPEN,
        FaultKind.HOST_CRASH,
        FaultKind.HOST_STALL,
        FaultKind.HOST_SPLIT_BRAIN,
        FaultKind.HOST_CLOCK_STEP,
        FaultKind.STORE_SYNC,
        FaultKind.STORE_FULL,
        FaultKind.STORE_WRITER_STALL,
        FaultKind.OPERATOR_WRONG_LIMIT,
    )
)


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
    return finding


def _check_told(finding: Finding, history: History) -> None:
    """Somebody must be told of every fault that matters."""
    finding.limit_ns = history.limits.alert_ns
    alerts = [one.time_ns for one in history.of(EventKind.ALERT)]
    for window in history.windows:
        lasts_ns = window.until_ns - window.from_ns
        if window.fault.kind not in MATTERS or not window.hits or lasts_ns < LONG_ENOUGH_NS:
            continue
        first_ns = min((one for one in alerts if one >= window.from_ns), default=history.end_ns)
        finding.measured_ns.append(first_ns - window.from_ns)
        finding.expect(
            first_ns - window.from_ns <= finding.limit_ns,
            window.from_ns,
            f"of fault {window.fault.name!r} nobody was told within {finding.limit_ns} ns",
        )


INVARIANTS = (
    Invariant(
        "I-ALERT-1",
        InvariantKind.BOUNDED,
        "One call a cause, few alerts under it, and every fault that matters is told in time.",
        "alerted",
        no_storm,
    ),
)
