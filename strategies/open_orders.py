"""What we have asked for and what it may still do: one table, fed by reports.

Model: an order's *open* lots are what may still fill, as far as reports tell. A request in flight
counts at its worst until its answer is here: a new order from the moment it is sent, a replacement
on top of what it replaces. So `position_lots` with `at_risk_lots` bounds every position that the
venue could bring about.

Invariants:
1. `order_id` is `desk << 40 | sequence`, a pure function of the two.
2. The open lots of an order are never negative, and an order without any is forgotten.
3. An order that has ended at the venue stays in the table, no longer live, until the fills that came
   before its end have been reported: reports of one order may come in any order.

Limits: invariant 3 holds for orders that are never replaced. A replacement gives an order a new
quantity, so fills before and after it can be told apart only while reports come in the venue's
order; a strategy that must bear more cancels and submits anew.
"""

from dataclasses import dataclass
from typing import Final

from market.codes import OrderType, ReportType, Side, TimeInForce
from market.messages import Cancel, Replace, Report, Submit

DESK_SHIFT: Final = 40
"""Orders a desk may send in a run: 2^40."""

DESK_MAX: Final = (1 << 20) - 1
"""Largest desk number; with it an id times four still fits 63 bits, as state dumps need."""


@dataclass(slots=True)
class OpenOrder:
    """One order of ours.

    Attributes:
        price_ticks: The price that the venue has confirmed, or that we sent first.
        open_lots: What may still fill, without a replacement in flight.
        replacing_lots: Open quantity that a replacement in flight asks for; 0 when there is none.
        accepted: The venue has answered the submission.
        cancelling: A cancel is in flight.
        ended: The venue has ended it; only fills from before may still be reported.
    """

    order_id: int
    side: Side
    price_ticks: int
    open_lots: int
    replacing_lots: int = 0
    accepted: bool = False
    cancelling: bool = False
    ended: bool = False

    @property
    def settled(self) -> bool:
        """Whether nothing about it is in flight."""
        return self.accepted and not self.cancelling and not self.replacing_lots

    @property
    def at_risk_lots(self) -> int:
        """The most that may still fill."""
        return self.open_lots + self.replacing_lots


class OpenOrders:
    """The orders of one desk on one book, and the position that they made.

    Args:
        desk: The desk's number, in [1, DESK_MAX].
        book_id: The book they are for.
    """

    def __init__(self, *, desk: int, book_id: int) -> None:
        assert 1 <= desk <= DESK_MAX
        self.book_id: Final = book_id
        self.position_lots = 0
        self._desk: Final = desk
        self._sequence = 0
        self._orders: dict[int, OpenOrder] = {}

    # --- requests -------------------------------------------------------------------------------

    def submit(
        self,
        *,
        side: Side,
        price_ticks: int,
        qty_lots: int,
        tif: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
    ) -> Submit:
        """A new limit order under the next id."""
        assert qty_lots > 0
        self._sequence += 1
        order_id = self._desk << DESK_SHIFT | self._sequence
        self._orders[order_id] = OpenOrder(order_id, side, price_ticks, qty_lots)
        return Submit(
            book_id=self.book_id,
            order_id=order_id,
            side=side,
            price_ticks=price_ticks,
            qty_lots=qty_lots,
            order_type=OrderType.LIMIT,
            tif=tif,
            post_only=post_only,
        )

    def cancel(self, order: OpenOrder) -> Cancel:
        """Ask for an order's end; it may fill until the answer is here."""
        assert not order.cancelling
        order.cancelling = True
        return Cancel(book_id=self.book_id, order_id=order.order_id)

    def replace(self, order: OpenOrder, *, price_ticks: int, qty_lots: int) -> Replace:
        """Ask for another price and open quantity; the old one may fill until the answer is here."""
        assert order.settled
        assert qty_lots > 0
        order.replacing_lots = qty_lots
        return Replace(
            book_id=self.book_id,
            order_id=order.order_id,
            price_ticks=price_ticks,
            qty_lots=qty_lots,
        )

    # --- answers --------------------------------------------------------------------------------

    def apply(self, report: Report) -> int:
        """Take one report in.

        Returns:
            Lots filled by it; zero for every other report and for orders that are not ours.
        """
        order = self._orders.get(report.order_id)
        if order is None:
            return 0
        filled_lots = 0
        match report.type:
            case ReportType.ACCEPTED:
                order.accepted = True
            case ReportType.FILLED:
                filled_lots = min(report.qty_lots, order.open_lots)
                order.accepted = True
                order.open_lots -= filled_lots
                self.position_lots += order.side.sign * filled_lots
            case ReportType.REJECTED | ReportType.EXPIRED | ReportType.CANCELLED:
                order.ended = True
                order.replacing_lots = 0
                order.open_lots -= min(report.qty_lots, order.open_lots)
            case ReportType.CANCEL_REJECTED:
                # Nothing to cancel: it has ended, and only the reports that say how are missing.
                order.ended = True
                order.replacing_lots = 0
            case ReportType.REPLACED:
                order.price_ticks = report.price_ticks
                order.open_lots = report.qty_lots
                order.replacing_lots = 0
            case ReportType.REPLACE_REJECTED:
                order.replacing_lots = 0
                order.ended = order.ended or report.leaves_lots == 0
        if order.open_lots == 0:
            del self._orders[order.order_id]
        return filled_lots

    # --- queries --------------------------------------------------------------------------------

    def live(self, side: Side) -> OpenOrder | None:
        """The order of a side that may still rest at the venue; the oldest, if there are more."""
        for order in self._orders.values():
            if order.side is side and not order.ended:
                return order
        return None

    def at_risk_lots(self, side: Side) -> int:
        """The most that may still fill on a side."""
        return sum(order.at_risk_lots for order in self._orders.values() if order.side is side)
