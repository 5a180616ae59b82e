"""Histories of a primary and its stand-by made by hand: who speaks, who took over, and what was open then."""

from chaos.ledger import History, Look, VenueOrderEnd
from desk.orders import Anomaly
from desk.orders.table import OrderState
from market.codes import ReportType
from sim.recorder import EventKind
from tests.unit.chaos.histories import S, accepted, answer, arrived, event, history, submit

K = EventKind


def paired(arrives_ms: int, ready_ms: int = 1_400, sender: int = 0) -> History:
    return history(
        submit(990, host=sender),
        event(1_000, K.CRASHED, 0),
        event(1_390, K.TAKEOVER, 0, host=1, detail=3, qty_lots=2),
        event(ready_ms, K.TAKEOVER, 0, host=1, detail=4, qty_lots=2),
        arrived(arrives_ms, host=sender),
    )


def stood_down(next_ms: int) -> History:
    return history(event(1_000, K.STOOD_DOWN, 0, qty_lots=2), submit(next_ms, 2))


def handed_over(known: bool) -> History:
    venue = {1: VenueOrderEnd(0, 0, 0, 10)}
    look = Look(2 * S, venue, {}, {1: {1: int(OrderState.LIVE)} if known else {}}, {})
    return history(
        submit(900), event(1_400, K.TAKEOVER, 0, host=1, detail=4, qty_lots=2), looks=[look]
    )


def open_at_a_takeover(asked_ms: int, ended_ms: int = 9_000, odd: int = 0) -> History:
    return history(
        submit(900),
        *accepted(902),
        event(1_390, K.TAKEOVER, 0, host=1, detail=3, qty_lots=2),
        event(asked_ms, K.QUERY, 1, host=1),
        event(1_400, K.TAKEOVER, 0, host=1, detail=4, qty_lots=2),
        answer(ended_ms, ReportType.CANCELLED),
        anomalies={1: {Anomaly.UNKNOWN_ORDER: odd}} if odd else {},
    )
