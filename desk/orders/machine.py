"""All orders of one desk: what we ask, what is reported, and what may still fill.

Model: `new`, `cancel` and `replace` write a request down before it can leave; `apply` takes every
report in whatever order; `TABLE` decides the state, `lots` the counts. A request in flight counts at
its worst until its answer is here, and so does an order that we are unsure of.

Invariants:
1. An id is `desk << 40 | sequence`: a retry of an intent can never become a second order.
2. `data.risk` is the sum of `at_risk_lots` over the orders of its strategy, book and side.
3. An order with lots at risk is never forgotten; of the others, the newest that ended stay for the
   fills, busts and corrections that come late.
4. A report never raises: what is wrong with it is an `Anomaly`, counted.

Limits: order ids and reports are taken at their word; a report about another desk's order is an
unknown order. What lots can and cannot know is said in `desk/orders/lots.py`.
"""

from typing import Final

from desk.orders import lots, meaning
from desk.orders.order import Anomaly, Order, OrdersData, Outcome
from desk.orders.table import NEXT, OrderEvent, OrderState
from market.codes import OrderType, ReportType, Side, TimeInForce
from market.decisions import Cause
from market.messages import EVERY, Cancel, Query, Replace, Report, Submit

DESK_SHIFT: Final = 40
"""Orders a desk may ever send: 2^40."""

DESK_MAX: Final = (1 << 20) - 1
"""Largest desk number; with it an id times four still fits 63 bits, as state dumps need."""

BOOK_BITS: Final = 16
"""A tally's key is `strategy << 16 | book_id`."""

KEEP_ENDED: Final = 1_024
"""Ended orders that stay known."""

# Enum attributes cost a look-up each; the hot path has plain names.
_FILLED_STATE: Final = OrderState.FILLED
_LIVE: Final = OrderState.LIVE
_UNKNOWN: Final = OrderState.UNKNOWN
_CANCEL_SENT: Final = OrderEvent.CANCEL_SENT
_REPLACE_SENT: Final = OrderEvent.REPLACE_SENT
_FILLED: Final = ReportType.FILLED
_PART_FILL: Final = OrderEvent.PART_FILL
_LAST_FILL: Final = OrderEvent.LAST_FILL
_ACCEPTED: Final = OrderEvent.ACCEPTED
_BUST: Final = OrderEvent.BUST
_CORRECT: Final = OrderEvent.CORRECT
_NONE: Final = Anomaly.NONE
_NO_FILL: Final = frozenset((Anomaly.DUPLICATE_EXEC, Anomaly.BAD_REPORT))


class Orders:
    """The orders of one desk.

    Args:
        desk: The desk's number, in [1, DESK_MAX].
        data: What an earlier one remembered; None for a fresh start.
        keep_ended: How many ended orders stay known.
    """

    def __init__(
        self, desk: int, data: OrdersData | None = None, *, keep_ended: int = KEEP_ENDED
    ) -> None:
        assert 1 <= desk <= DESK_MAX
        assert keep_ended >= 1
        self.data: Final = OrdersData() if data is None else data
        self._base: Final = desk << DESK_SHIFT
        self._keep_ended: Final = keep_ended
        # Two indices over `data.orders`, both made from it alone.
        self._live: dict[int, dict[int, Order]] = {}
        self._unsettled: dict[int, Order] = {}
        for order in self.data.orders.values():
            self._index(order)

    # --- requests -------------------------------------------------------------------------------

    def new(
        self,
        *,
        book_id: int,
        strategy: int,
        side: Side,
        price_ticks: int,
        qty_lots: int,
        order_type: OrderType,
        tif: TimeInForce,
        post_only: bool,
        cause: Cause,
        now_ns: int,
    ) -> Submit:
        """A new order under the next id, at risk from now on."""
        submit = Submit(
            book_id=book_id,
            order_id=self.next_id,
            side=side,
            price_ticks=price_ticks,
            qty_lots=qty_lots,
            order_type=order_type,
            tif=tif,
            post_only=post_only,
        )
        self.add(submit, strategy, cause, now_ns)
        return submit

    @property
    def next_id(self) -> int:
        """The id that the next new order must have."""
        return self._base | self.data.sequence + 1

    def add(self, submit: Submit, strategy: int, cause: Cause, now_ns: int) -> Order:
        """Write down a new order, which has the next id; it is at risk from now on."""
        data, order_id, qty_lots = self.data, submit.order_id, submit.qty_lots
        assert qty_lots > 0
        sequence = data.sequence + 1
        assert order_id == self._base | sequence
        data.sequence = sequence
        order = Order(
            order_id=order_id,
            book_id=submit.book_id,
            strategy=strategy,
            side=submit.side,
            price_ticks=submit.price_ticks,
            qty_lots=qty_lots,
            order_type=submit.order_type,
            tif=submit.tif,
            post_only=submit.post_only,
            sent_ns=now_ns,
            changed_ns=now_ns,
            signal_id=cause.signal_id,
            permit_id=cause.permit_id,
            parent_id=cause.parent_id,
            open_lots=qty_lots,
            base_lots=qty_lots,
            fills={},
        )
        self.take_in(order)
        return order

    def take_in(self, order: Order) -> None:
        """An order of ours, wherever it was sent from; its lots are at risk from now on."""
        self.data.orders[order.order_id] = order
        self._index(order)
        self._add_risk(order, order.open_lots)

    def cancel(self, order: Order, now_ns: int) -> Cancel | None:
        """Ask for an order's end; it may fill until the answer is here.

        Returns:
            None when a cancel is in flight or nothing is left to cancel.
        """
        state = NEXT[order.state][_CANCEL_SENT]
        if state is None or order.cancel_sent:
            return None
        self._request(order, state, now_ns)
        order.cancel_sent = True
        return Cancel(book_id=order.book_id, order_id=order.order_id)

    def replace(self, order: Order, price_ticks: int, qty_lots: int, now_ns: int) -> Replace | None:
        """Ask for another price and open quantity; the old one may fill until the answer is here.

        Returns:
            None unless the order is live with nothing in flight.
        """
        assert qty_lots > 0
        state = NEXT[order.state][_REPLACE_SENT]
        if state is None or order.replacing_lots:
            return None
        self._request(order, state, now_ns)
        order.replacing_lots, order.replacing_ticks = qty_lots, price_ticks
        self._add_risk(order, qty_lots)
        return Replace(
            book_id=order.book_id,
            order_id=order.order_id,
            price_ticks=price_ticks,
            qty_lots=qty_lots,
        )

    def query(self, order: Order, now_ns: int) -> Query:
        """Ask how an order stands; the answer settles everything asked before."""
        order.asked += 1
        order.changed_ns = now_ns
        return Query(book_id=order.book_id, order_id=order.order_id)

    def link_lost(self, book_id: int, now_ns: int) -> list[Order]:
        """Doubt every order of a book, or of EVERY book, that has not ended.

        Resting ones too: the venue may have cancelled them for the lost link. A cancel in flight may
        be lost, so another may be sent; a replacement still counts at its worst.

        Returns:
            The orders in doubt, by id.
        """
        doubted = [
            order
            for orders in self._live.values()
            for order in orders.values()
            if book_id in (order.book_id, EVERY)
        ]
        for order in doubted:
            order.cancel_sent = False
            order.asked_before = order.asked
            self._move(order, OrderState.UNKNOWN, now_ns)
        return sorted(doubted, key=_by_id)

    # --- reports --------------------------------------------------------------------------------

    def apply(self, report: Report, now_ns: int) -> Outcome:
        """Take one report in."""
        order = self.data.orders.get(report.order_id)
        outcome = Outcome(order)
        if order is None:
            return self._flag(outcome, Anomaly.UNKNOWN_ORDER)
        risk_lots = order.open_lots + order.replacing_lots
        state, kind, anomaly = order.state, report.type, _NONE
        event: OrderEvent | None
        if kind is _FILLED:
            anomaly = lots.fill(order, report, outcome)
            event = _PART_FILL if report.leaves_lots else _LAST_FILL
            if anomaly in _NO_FILL:
                event = None
        else:
            event = meaning.event_of(order, report)
            if event is None:
                anomaly = meaning.why_nothing(report)
        if event is not None:
            anomaly = self._take(order, event, report, outcome, now_ns) or anomaly
        change_lots = order.open_lots + order.replacing_lots - risk_lots
        if change_lots:
            outcome.risk_moved = True
            self._add_risk(order, change_lots)
        if order.state is state:
            self._settle(order)
        elif state < _FILLED_STATE <= order.state:
            outcome.ended = True
        if state is _UNKNOWN or order.state is _UNKNOWN:
            outcome.doubted = True
        return self._flag(outcome, anomaly) if anomaly else outcome

    def _take(
        self, order: Order, event: OrderEvent, report: Report, outcome: Outcome, now_ns: int
    ) -> Anomaly:
        """Let an event happen: the counts first, then the state."""
        anomaly, before = _NONE, order.state
        state = NEXT[before][event]
        if event is _BUST or event is _CORRECT:
            # Lots are booked even where the table has no row for them.
            anomaly = (lots.bust if event is _BUST else lots.correct)(order, report, outcome)
        elif before >= _FILLED_STATE and lots.shows_life(order, report):
            lots.revive(order, report)
            self._move(order, OrderState.UNKNOWN, now_ns)
            return Anomaly.REVIVED
        if state is None:
            return Anomaly.ILLEGAL_EVENT
        if event is not _ACCEPTED and event is not _PART_FILL:
            meaning.count(order, event, report)
        if state is not before:
            self._move(order, state, now_ns)
        return anomaly

    # --- queries --------------------------------------------------------------------------------

    def get(self, order_id: int) -> Order | None:
        """An order that is still known."""
        return self.data.orders.get(order_id)

    def live(self, strategy: int, book_id: int) -> list[Order]:
        """The orders of a strategy in a book that have not ended, by id."""
        orders = self._live.get(strategy << BOOK_BITS | book_id)
        if not orders:
            return []
        return list(orders.values()) if len(orders) == 1 else sorted(orders.values(), key=_by_id)

    def buy_risk(self, book_id: int, strategy: int) -> int:
        """Lots that a strategy's buys in a book may still fill."""
        tally = self.data.risk.get(strategy << BOOK_BITS | book_id)
        return tally[0] if tally else 0

    def sell_risk(self, book_id: int, strategy: int) -> int:
        """Lots that a strategy's sells in a book may still fill."""
        tally = self.data.risk.get(strategy << BOOK_BITS | book_id)
        return tally[1] if tally else 0

    def overdue(self, now_ns: int, ack_timeout_ns: int) -> list[Order]:
        """Orders of which something should have been heard by now, by id: worth a `query`."""
        late_ns = now_ns - ack_timeout_ns
        late = [order for order in self._unsettled.values() if order.changed_ns <= late_ns]
        return sorted(late, key=_by_id)

    def unknown(self, book_id: int) -> list[Order]:
        """Orders of a book, or of EVERY book, that may or may not live on, by id."""
        orders = [
            order
            for order in self._unsettled.values()
            if order.state is _UNKNOWN and book_id in (order.book_id, EVERY)
        ]
        return sorted(orders, key=_by_id)

    def check(self) -> None:
        """Assert the invariants; for tests and drills."""
        risk: dict[int, list[int]] = {key: [0, 0] for key in self.data.risk}
        for order in self.data.orders.values():
            assert min(order.open_lots, order.replacing_lots) >= 0
            assert order.cum_lots == sum(fill.qty_lots for fill in order.fills.values())
            assert order.traded_lots == sum(fill.traded_lots for fill in order.fills.values())
            risk[order.strategy << BOOK_BITS | order.book_id][order.side] += order.at_risk_lots
        assert risk == self.data.risk
        again = Orders(self._base >> DESK_SHIFT, self.data)
        assert again._unsettled == self._unsettled
        assert {k: v for k, v in self._live.items() if v} == again._live

    # --- helpers --------------------------------------------------------------------------------

    def _request(self, order: Order, state: OrderState, now_ns: int) -> None:
        """Note a request; an answer to an older query can no longer settle anything."""
        order.asked_before = order.asked
        self._move(order, state, now_ns)

    def _move(self, order: Order, state: OrderState, now_ns: int) -> None:
        """Give an order its next state."""
        was_ended, is_ended = order.state >= _FILLED_STATE, state >= _FILLED_STATE
        order.state = state
        order.changed_ns = now_ns
        if was_ended is not is_ended:
            if was_ended:
                self._restart(order)
            else:
                del self._live[order.strategy << BOOK_BITS | order.book_id][order.order_id]
                self._unsettled[order.order_id] = order
        self._settle(order)

    def _index(self, order: Order) -> None:
        """Enter an order where it can be found."""
        if order.state < _FILLED_STATE:
            self._enter(order)
        self._settle(order)

    def _enter(self, order: Order) -> None:
        """Keep an order that has not ended where its strategy and book find it."""
        key = order.strategy << BOOK_BITS | order.book_id
        self._live.setdefault(key, {})[order.order_id] = order

    def _settle(self, order: Order) -> None:
        """Keep the list of those that wait for something."""
        state = order.state
        if state is _LIVE:
            if order.replacing_lots:
                self._unsettled[order.order_id] = order
            else:
                self._unsettled.pop(order.order_id, None)
        elif state < _FILLED_STATE or order.open_lots or order.replacing_lots:
            self._unsettled[order.order_id] = order
        elif self._unsettled.pop(order.order_id, None) is not None:
            self._retire(order)

    def _retire(self, order: Order) -> None:
        """Nothing more can come of an order but busts: keep it, and forget the oldest such."""
        data = self.data
        ended, head = data.ended, data.ended_head
        ended.append(order.order_id)
        if len(ended) - head <= self._keep_ended:
            return
        oldest_id = ended[head]
        head += 1
        # A late answer may have put lots of it at risk again; then it will retire once more.
        if oldest_id in data.orders and oldest_id not in self._unsettled:
            del data.orders[oldest_id]
        if head > self._keep_ended:
            del ended[:head]
            head = 0
        data.ended_head = head

    def _restart(self, order: Order) -> None:
        """Take an order out of the ended again."""
        data = self.data
        data.ended = [i for i in data.ended[data.ended_head :] if i != order.order_id]
        data.ended_head = 0
        self._index(order)

    def _add_risk(self, order: Order, change_lots: int) -> None:
        """Move the tally that an order counts in."""
        key, side = order.strategy << BOOK_BITS | order.book_id, order.side
        tally = self.data.risk.get(key)
        if tally is None:
            tally = self.data.risk[key] = [0, 0]
        tally[side] = left_lots = tally[side] + change_lots
        assert left_lots >= 0

    def _flag(self, outcome: Outcome, anomaly: Anomaly) -> Outcome:
        """Count what was wrong with a report, and say it."""
        code = int(anomaly)
        self.data.anomalies[code] = self.data.anomalies.get(code, 0) + 1
        outcome.anomaly = code
        return outcome


def _by_id(order: Order) -> int:
    return order.order_id
