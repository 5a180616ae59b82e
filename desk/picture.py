"""The one picture that every stage decides on: feed, orders, ledger and state, kept equal.

Model: each fact has one owner (views the feed, open lots the orders, money the ledger, exposure the
state). What happens is taken in here, by every owner that it concerns, before any stage looks; so no
stage can act on half of an event.

Invariant: after every event the ledger and the state hold the same position, in every account.
"""

from collections.abc import Sequence

from desk.feed import Feed
from desk.ledger import Ledger
from desk.orders import Order, Orders, Outcome
from desk.orders.adoption import adopted
from desk.state import State, account_key
from market.errors import DeskError
from market.messages import EVERY, Accrual, LinkStatus, Report, View
from market.succession import Adopted

MICROS = 1_000_000


class Picture:
    """What the desk knows.

    Args:
        feed: Views.
        orders: What was sent, and what may come of it.
        ledger: Lots and money.
        state: Exposure and risk.
    """

    def __init__(self, feed: Feed, orders: Orders, ledger: Ledger, state: State) -> None:
        self.feed = feed
        self.orders = orders
        self.ledger = ledger
        self.state = state
        # Profit by book is made from the ledger alone, so that a restored desk has the same.
        self._profit = [self._book_profit(book_id) for book_id in state.books]
        self._equity = state.config.capital * MICROS + sum(self._profit)

    def view(self, view: View, now_ns: int) -> bool:
        """A book as its feed shows it; whether it is news that may be acted on."""
        feed, state, book_id = self.feed, self.state, view.book_id
        fresh = feed.apply(view, now_ns)
        known = feed.data
        newest, stale = known.views[book_id], known.stale[book_id]
        assert newest is not None
        state.apply_view(newest, stale=stale, content_ns=known.content_ns[book_id])
        if state.data.position_lots[book_id]:
            self.mark(book_id)
        return fresh and not stale

    def report(self, report: Report, now_ns: int) -> Outcome:
        """A venue's answer: orders first, then money, then the exposure that every stage reads."""
        outcome = self.orders.apply(report, now_ns)
        order = outcome.order
        if order is None:
            return outcome
        if outcome.filled_lots or outcome.corrected_from is not None:
            self._book(order, report, outcome)
        if outcome.risk_moved:
            self.risk(order.strategy, order.book_id)
        if outcome.doubted:
            self._count_unknown(order.book_id)
        return outcome

    def aged(self, now_ns: int) -> None:
        """Time has passed: what is too old now?"""
        for book_id in self.feed.age(now_ns):
            self.state.apply_stale(book_id)

    def link(self, status: LinkStatus, now_ns: int) -> None:
        """The order link went down or came back: nobody knows what became of the orders on it."""
        if not status.up:
            self.orders.link_lost(status.book_id, now_ns)
        for book_id in self.state.books:
            if status.book_id in (EVERY, book_id):
                self.state.apply_link(book_id, up=status.up, now_ns=now_ns)
                self._count_unknown(book_id)

    def adopt(self, found: Adopted, strategy: int, now_ns: int) -> Order:
        """An order that was found at the venue: at risk from now on, and in doubt."""
        order = adopted(found, strategy, now_ns)
        self.orders.take_in(order)
        self.risk(strategy, found.book_id)
        self._count_unknown(found.book_id)
        return order

    def doubt(self, now_ns: int) -> None:
        """Nobody knows what has left of all that was on its way."""
        self.orders.link_lost(EVERY, now_ns)
        for book_id in self.state.books:
            self._count_unknown(book_id)

    def accrual(self, accrual: Accrual) -> None:
        """Funding or borrow fell due."""
        self.ledger.accrue(accrual)
        self.mark(accrual.book_id)

    def end_of_day(self) -> None:
        """Everything is checked, and day figures begin anew."""
        self.ledger.close_day()
        self.state.apply_day()

    def risk(self, strategy: int, book_id: int) -> None:
        """What may still come of a strategy's orders in a book has changed."""
        orders = self.orders
        self.state.apply_risk(
            strategy,
            book_id,
            orders.buy_risk(book_id, strategy),
            orders.sell_risk(book_id, strategy),
        )

    def mark(self, book_id: int) -> None:
        """A book's part of equity has changed."""
        state = self.state
        mark_x2_ticks = state.data.mark_x2_ticks[book_id]
        if mark_x2_ticks:
            self.ledger.mark(book_id, mark_x2_ticks)
        profit = self._book_profit(book_id)
        self._equity += profit - self._profit[book_id]
        self._profit[book_id] = profit
        state.apply_equity(self._equity)

    def unknown(self, book_id: int) -> Sequence[Order]:
        """Orders of a book (or of EVERY one) of which nobody knows how they stand, by id."""
        return self.orders.unknown(book_id)

    def _book(self, order: Order, report: Report, outcome: Outcome) -> None:
        """A fill, a bust or a correction reaches the ledger and the position, to the same lot."""
        strategy, book_id, order_id = order.strategy, order.book_id, order.order_id
        ledger, lots = self.ledger, outcome.filled_lots
        if report.half:
            raise DeskError(
                f"order {order_id}: found a fill half a tick above {report.price_ticks}, allowed are "
                "whole ticks: a desk sends no midpoint orders"
            )
        is_done = False
        if outcome.corrected_from is not None:
            is_done = ledger.correct(
                strategy,
                book_id,
                order_id,
                report.exec_id,
                price_ticks=outcome.price_ticks,
                qty_lots=lots,
                fee=outcome.fee,
            )
            if not is_done:
                self._undo(order, *outcome.corrected_from, outcome.fee)
        elif lots < 0 and not ledger.bust(strategy, book_id, order_id, report.exec_id):
            self._undo(order, outcome.price_ticks, -lots, outcome.fee)
        if lots > 0 and not is_done:
            # A correction that has overtaken its fill is booked as the fill that it makes of it.
            ledger.fill(
                strategy,
                book_id,
                order.side,
                outcome.price_ticks,
                lots,
                outcome.fee,
                order_id,
                report.exec_id,
            )
        net_lots = outcome.net_lots
        self.state.apply_fill(strategy, book_id, -net_lots if order.side else net_lots)
        self.mark(book_id)
        held = ledger.position_lots(strategy, book_id)
        known = self.state.data.positions[account_key(strategy, book_id)]
        if held != known:
            raise DeskError(
                f"order {order_id}: the ledger holds {held} lots of book {book_id}, the state {known}"
            )

    def _undo(self, order: Order, price_ticks: int, lots: int, fee: int) -> None:
        """Trade a fill of an earlier day back, which the ledger can no longer take out of its lots."""
        self.ledger.fill(
            order.strategy,
            order.book_id,
            order.side.other,
            price_ticks,
            lots,
            -fee,
            order.order_id,
            0,
        )

    def _book_profit(self, book_id: int) -> int:
        """Profit of one book so far at the ledger's mark, in value units."""
        return self.state.value_of_cash(book_id, self.ledger.equity_x2(book_id))

    def _count_unknown(self, book_id: int) -> None:
        self.state.apply_unknown(book_id, len(self.orders.unknown(book_id)))
