"""Histories of what could fill, made by hand: orders on their way, refused, replaced and taken back."""

from chaos.drill import DrillLimits
from chaos.ledger import History
from market.codes import ReportType, Side
from sim.recorder import EventKind
from tests.unit.chaos.histories import MS, accepted, answer, event, history, submit

K = EventKind
FILLED = ReportType.FILLED


def exposed(second_lots: int, bounds: DrillLimits | None = None) -> History:
    return history(
        submit(1_000, 1, 60),
        *accepted(1_002, 1, 60),
        answer(1_010, FILLED, 1, qty=60, exec_id=1),
        submit(1_020, 2, second_lots),
        limits=bounds or DrillLimits(),
    )


def refused_at_the_door(kind: EventKind, second_lots: int) -> History:
    return history(
        submit(1_000, 1, 60),
        event(1_005, K.FENCED, 1, detail=kind, qty_lots=1, leaves_lots=2),
        submit(1_020, 2, second_lots),
    )


def replaced_by_both(next_lots: int) -> History:
    return history(
        submit(1_000, 1, 40),
        *accepted(1_002, 1, 40),
        event(1_010, K.REPLACE, 1, host=0, qty_lots=80),
        event(1_011, K.REPLACE, 1, host=1, qty_lots=70),
        event(1_015, K.FENCED, 1, detail=K.REPLACE, qty_lots=1, leaves_lots=2),
        submit(1_020, 2, next_lots, host=1),
    )


def beyond_by_a_bust(side: Side) -> History:
    """Held is more than allowed, since a sale was taken back; an order of either side is replaced."""
    sold = answer(1_010, FILLED, 1, qty=15, exec_id=1)._replace(side=Side.SELL)
    return history(
        submit(1_000, 1, 15, side=Side.SELL),
        sold,
        submit(1_020, 2, 105),
        answer(1_030, FILLED, 2, qty=105, exec_id=2),
        submit(1_040, 3, 10, side=side),
        sold._replace(time_ns=1_050 * MS, kind=K.BUSTED, detail=ReportType.BUSTED, qty_lots=0),
        event(1_070, K.REPLACE, 3, qty_lots=11),
    )
