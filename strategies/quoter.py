"""A passive two-sided quoter: one post-only order a side at the best prices of others.

Model: while the book may be traded on, the quoter keeps a bid at the best bid and an ask at the best
ask. It moves an order only when the best price has moved by `requote_ticks` or more, and waits for
each answer before it asks the same order for anything else. It leans against its inventory by
quantity: a side offers no more than the inventory limit has room for, and nothing at the limit.

Invariants:
1. At most one live order a side.
2. Position and everything that may still fill stay within the inventory limit on either side, with
   all requests in flight counted at their worst.
3. From `end_ns - pull_before_end_ns` on nothing is quoted.

A refused quote is tried again with the next view, not before: the view that led to the refusal
would lead to the same one.

Limits: no opinion on value, no fees, no edge; it is a counterparty with manners.
"""

from collections.abc import Sequence

import msgspec

from market.codes import ReportType, Side
from market.columns import QTY_LOTS_MAX
from market.errors import InputError
from market.messages import Command, Inbound, Report, SetTimer, TimerFired, View
from strategies.open_orders import OpenOrder, OpenOrders
from strategies.touch import Touch, newest, touch_of

PULL_TIMER = 1


class QuoterConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a quoter.

    Attributes:
        qty_lots: Quantity of a fresh quote.
        inventory_lots_max: Largest position, long or short, that fills may ever bring about.
        requote_ticks: Move an order when the best price is this far from it or farther.
        pull_before_end_ns: How long before the end of the run quoting stops.
    """

    qty_lots: int
    inventory_lots_max: int
    requote_ticks: int = 1
    pull_before_end_ns: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.qty_lots <= QTY_LOTS_MAX:
            raise InputError(f"qty_lots is {self.qty_lots}, allowed is 1 to {QTY_LOTS_MAX}")
        if not self.qty_lots <= self.inventory_lots_max <= QTY_LOTS_MAX:
            raise InputError(
                f"inventory_lots_max is {self.inventory_lots_max}, allowed is qty_lots "
                f"({self.qty_lots}) to {QTY_LOTS_MAX}"
            )
        if self.requote_ticks < 1:
            raise InputError(f"requote_ticks is {self.requote_ticks}, allowed is 1 or more")
        if self.pull_before_end_ns < 0:
            raise InputError(
                f"pull_before_end_ns is {self.pull_before_end_ns}, allowed is 0 or more"
            )


class Quoter:
    """Quotes one book (`market.ports.Participant`).

    Args:
        desk: Number of the desk, which its order ids begin with.
        book_id: The book it quotes; messages about others are ignored.
        end_ns: First instant after the run.
    """

    def __init__(self, config: QuoterConfig, *, desk: int, book_id: int, end_ns: int) -> None:
        self.orders = OpenOrders(desk=desk, book_id=book_id)
        self._config = config
        self._pull_ns = end_ns - config.pull_before_end_ns
        self._view: View | None = None
        self._refused = [False, False]
        self._pulled = False

    def start(self, now_ns: int) -> Sequence[Command]:
        """Ask to be woken when quoting must stop."""
        self._pulled = now_ns >= self._pull_ns
        return [] if self._pulled else [SetTimer(timer_id=PULL_TIMER, due_ns=self._pull_ns)]

    def on(self, message: Inbound, now_ns: int) -> Sequence[Command]:
        """Take one message in and bring both sides to where they should be."""
        match message:
            case View():
                if message.book_id == self.orders.book_id:
                    self._view = newest(self._view, message)
                    self._refused = [False, False]
            case Report():
                self._take(message)
            case TimerFired():
                pass
        # The timer may come after a view of the same instant; the time decides, not the timer.
        self._pulled = self._pulled or now_ns >= self._pull_ns
        touch = None if self._pulled else touch_of(self._view)
        return [*self._quote(Side.BUY, touch), *self._quote(Side.SELL, touch)]

    def _take(self, report: Report) -> None:
        """Count a report, and remember a refusal until the next view."""
        refused = report.type in (ReportType.REJECTED, ReportType.REPLACE_REJECTED)
        for side in Side:
            order = self.orders.live(side)
            if refused and order is not None and order.order_id == report.order_id:
                self._refused[side] = True
        self.orders.apply(report)

    def _quote(self, side: Side, touch: Touch | None) -> list[Command]:
        """What one side needs now: nothing, a new order, another price, or its end."""
        order = self.orders.live(side)
        if touch is None:
            return [] if order is None or order.cancelling else [self.orders.cancel(order)]
        price_ticks = touch.bid_ticks if side is Side.BUY else touch.ask_ticks
        if order is None:
            qty_lots = min(self._config.qty_lots, self._room_lots(side))
            if qty_lots < 1 or self._refused[side]:
                return []
            return [
                self.orders.submit(
                    side=side, price_ticks=price_ticks, qty_lots=qty_lots, post_only=True
                )
            ]
        return self._move(order, price_ticks)

    def _move(self, order: OpenOrder, price_ticks: int) -> list[Command]:
        """Follow the market with a resting order when it is worth the loss of its place."""
        distance_ticks = abs(price_ticks - order.price_ticks)
        waiting = not order.settled or self._refused[order.side]
        if waiting or distance_ticks < self._config.requote_ticks:
            return []
        # The old quantity may fill before the replacement arrives, and the new one after. Where the
        # limit has no room for both, the old order must be gone before the new one is sent.
        room_lots = self._room_lots(order.side)
        qty_lots = min(self._config.qty_lots, room_lots + order.open_lots)
        if qty_lots > room_lots:
            return [self.orders.cancel(order)]
        return [self.orders.replace(order, price_ticks=price_ticks, qty_lots=qty_lots)]

    def _room_lots(self, side: Side) -> int:
        """Lots that may be added to a side without a way past the inventory limit."""
        reached_lots = side.sign * self.orders.position_lots + self.orders.at_risk_lots(side)
        return self._config.inventory_lots_max - reached_lots
