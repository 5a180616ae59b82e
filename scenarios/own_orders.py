"""A machine learns of the open orders of a desk that it has not sent itself, or not in this life."""

from desk.pipeline import Desk
from market.codes import Liquidity, Reason, ReportType
from market.messages import Report, Submit
from sim.host import Host


def own_orders(host: Host, desk: Desk) -> None:
    """Let a host tell its desk's open orders in a book from others', as if it had sent them."""
    for order in desk.orders.data.orders.values():
        if not order.ended:
            submit = Submit(
                book_id=order.book_id,
                order_id=order.order_id,
                side=order.side,
                price_ticks=order.price_ticks,
                qty_lots=order.qty_lots,
            )
            host.own(submit, _standing(submit, order.open_lots))


def _standing(order: Submit, open_lots: int) -> Report:
    """An order's acknowledgement, as its machine would have heard it."""
    return Report(
        type=ReportType.ACCEPTED,
        book_id=order.book_id,
        order_id=order.order_id,
        price_ticks=order.price_ticks,
        qty_lots=order.qty_lots,
        leaves_lots=open_lots,
        reason=Reason.NONE,
        liquidity=Liquidity.NONE,
        venue_ns=0,
        report_seq=0,
    )
