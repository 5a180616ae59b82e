"""Rows that a venue answers without asking a book."""

from market.codes import Liquidity, OrderType, Reason, ReportType
from market.messages import (
    Cancel,
    MassCancel,
    MassQuote,
    Query,
    Replace,
    Submit,
    VenueCommand,
)
from market.refusals import Refusal
from sim.account import Fill
from sim.venue_order import VenueOrder
from sim.world import OutRow

REFUSED_AS = {
    Submit: ReportType.REJECTED,
    Replace: ReportType.REPLACE_REJECTED,
    Cancel: ReportType.CANCEL_REJECTED,
    Query: ReportType.STATUS,
    MassQuote: ReportType.QUOTED,
    MassCancel: ReportType.MASS_CANCELLED,
}
"""How a refusal of each command is reported."""


def refused(command: VenueCommand, refusal: Refusal, now_ns: int) -> OutRow:
    """The answer to a command that no book is asked about."""
    price_ticks = qty_lots = 0
    if isinstance(command, Submit | Replace):
        price_ticks, qty_lots = command.price_ticks, command.qty_lots
    if isinstance(command, Submit) and command.order_type is OrderType.MARKET:
        price_ticks = 0
    return OutRow(
        type=int(REFUSED_AS[type(command)]),
        ts_ns=now_ns,
        book_id=command.book_id,
        id=command.order_id,
        price_ticks=price_ticks,
        qty_lots=qty_lots,
        leaves_lots=0,
        reason=int(refusal.reason),
        liquidity=int(Liquidity.NONE),
        figure=refusal.figure,
    )


def done(
    command: MassQuote | MassCancel, kind: ReportType, done_count: int, left: int, now_ns: int
) -> OutRow:
    """The answer to a command about many orders: for how many it was done, and for how many not."""
    return OutRow(
        type=int(kind),
        ts_ns=now_ns,
        book_id=command.book_id,
        id=command.order_id,
        price_ticks=0,
        qty_lots=done_count,
        leaves_lots=left,
        reason=int(Reason.NONE),
        liquidity=int(Liquidity.NONE),
    )


def status(query: Query, order: VenueOrder | None, now_ns: int) -> OutRow:
    """How an order stands; None is one that does not exist for this session."""
    return OutRow(
        type=int(ReportType.STATUS),
        ts_ns=now_ns,
        book_id=query.book_id if order is None else order.book_id,
        id=query.order_id,
        price_ticks=0 if order is None else order.price_ticks,
        qty_lots=0 if order is None else order.filled_lots,
        leaves_lots=0 if order is None else order.open_lots,
        reason=int(Reason.UNKNOWN_ORDER if order is None else Reason.NONE),
        liquidity=int(Liquidity.NONE),
    )


def restated(kind: ReportType, order_id: int, order: VenueOrder, fill: Fill, now_ns: int) -> OutRow:
    """What became of a fill."""
    return OutRow(
        type=int(kind),
        ts_ns=now_ns,
        book_id=order.book_id,
        id=order_id,
        price_ticks=fill.price_ticks,
        qty_lots=fill.qty_lots,
        leaves_lots=order.open_lots,
        reason=int(Reason.NONE),
        liquidity=int(fill.liquidity),
        half=fill.half,
    )
