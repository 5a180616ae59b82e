"""Histories of alerts made by hand: who was told of what, and when."""

from chaos.ledger import History
from desk.oversight import AlertCode
from market.faults import FaultKind
from sim.recorder import EventKind
from tests.unit.chaos.histories import MS, event, history, window

K = EventKind


def alerted(
    pages: int, children: int = 0, at_ms: int = 11_000, code: AlertCode = AlertCode.HOST_STALLED
) -> History:
    events = [event(at_ms, K.ALERT, 5, host=1, detail=code, leaves_lots=1)] * pages
    events += [event(at_ms, K.ALERT, 5, host=1, detail=code)] * children
    return history(
        *events,
        windows=[window(FaultKind.HOST_STALL, "desk.compute", 10_000, 14_000)],
        watched=True,
    )


def called(*roots: int, faults: int) -> History:
    """Calls about causes, as the monitor sees them, and faults as they were."""
    code = AlertCode.HOST_STALLED
    return history(
        *(event(11_000, K.ALERT, one, host=1, detail=code, leaves_lots=1) for one in roots),
        windows=[window(FaultKind.HOST_STALL, "desk.compute", 10_000, 14_000)] * faults,
        watched=True,
    )


def told(at_ms: int, kind: FaultKind, target: str, severity_ms: int, code: AlertCode) -> History:
    windows = [window(kind, target, 10_000, 14_000, severity=severity_ms * MS)]
    alert = event(at_ms, K.ALERT, 5, host=1, detail=code, leaves_lots=1)
    return history(alert, windows=windows, watched=True, monitors=["watch"])


def late_feed(code: AlertCode, at_ms: int = 11_000) -> History:
    return told(at_ms, FaultKind.FEED_DELAY, "desk.feed", 300, code)


def monitor_died(code: AlertCode) -> History:
    return told(11_000, FaultKind.HOST_CRASH, "watch", 0, code)
