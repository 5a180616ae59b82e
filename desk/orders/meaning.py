"""What a report means for an order: an event of the table, and a change of its counts."""

from typing import Final

from desk.orders import lots
from desk.orders.order import Anomaly, Order
from desk.orders.table import OrderEvent
from market.codes import Reason, ReportType
from market.messages import Report

_PLAIN_EVENTS: Final = {
    ReportType.ACCEPTED: OrderEvent.ACCEPTED,
    ReportType.EXPIRED: OrderEvent.EXPIRED,
    ReportType.CANCELLED: OrderEvent.CANCELLED,
    ReportType.REPLACED: OrderEvent.REPLACED,
    ReportType.BUSTED: OrderEvent.BUST,
    ReportType.CORRECTED: OrderEvent.CORRECT,
}
"""Reports that mean one thing, whatever stands in them."""

_REFUSALS: Final = {
    ReportType.CANCEL_REJECTED: OrderEvent.CANCEL_REJECTED,
    ReportType.REPLACE_REJECTED: OrderEvent.REPLACE_REJECTED,
}

# Enum attributes cost a look-up each; the hot path has plain names.
_STATUS: Final = ReportType.STATUS
_LAST_FILL: Final = OrderEvent.LAST_FILL
_CANCELLED: Final = OrderEvent.CANCELLED
_EXPIRED: Final = OrderEvent.EXPIRED
_REJECTED: Final = OrderEvent.REJECTED
_REPLACED: Final = OrderEvent.REPLACED


def event_of(order: Order, report: Report) -> OrderEvent | None:
    """A report that is no fill, in the table's words; None when it means nothing.

    A status settles only what was asked of the order before its query: the query's number among those
    not yet answered says which it was, so one whose answer was lost costs one query more. A copy of our submission that is refused for its id leaves the
    first one as it was.
    """
    kind = report.type
    event = _PLAIN_EVENTS.get(kind)
    if event is not None:
        return event
    if kind is _STATUS:
        if order.asked == 0:
            return None
        order.asked -= 1
        newest = (order.status_ns, order.status_seq)
        order.status_ns, order.status_seq = max(newest, (report.venue_ns, report.report_seq))
        if order.asked_before:
            order.asked_before -= 1
            return None
        if (report.venue_ns, report.report_seq) < newest:
            return None  # two answers changed places, and the newer one may have been the stale one
        return OrderEvent.STATUS_OPEN if report.leaves_lots else OrderEvent.STATUS_ENDED
    if kind is ReportType.REJECTED:
        return None if report.reason is Reason.DUPLICATE_ORDER else _REJECTED
    return OrderEvent.TOO_LATE if report.reason is Reason.UNKNOWN_ORDER else _REFUSALS[kind]


def why_nothing(report: Report) -> Anomaly:
    """Why a report means nothing."""
    return Anomaly.UNASKED_STATUS if report.type is _STATUS else Anomaly.DUPLICATE_ORDER


def count(order: Order, event: OrderEvent, report: Report) -> None:
    """What a legal event other than a fill or its bust does to the counts."""
    if event is _LAST_FILL:
        lots.end(order, report, 0)
    elif event is _CANCELLED or event is _EXPIRED:
        lots.end(order, report, report.qty_lots)
    elif event is _REPLACED:
        lots.replaced(order, report)
    elif event is _REJECTED:
        lots.end(order, report, order.base_lots)
    elif event is OrderEvent.STATUS_OPEN:
        lots.status(order, report)
    elif event is OrderEvent.STATUS_ENDED:
        lots.status(order, report)
        if order.end_ns < 0:
            lots.end(order, report, 0)
    elif event is OrderEvent.REPLACE_REJECTED:
        lots.answered(order, report)
    elif event is OrderEvent.CANCEL_REJECTED:
        order.cancel_sent = False
    elif event is OrderEvent.TOO_LATE and report.type is ReportType.REPLACE_REJECTED:
        lots.answered(order, report)
