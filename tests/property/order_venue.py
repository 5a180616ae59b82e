"""A desk's orders, a venue that holds the truth, and two links that lose, repeat and reorder.

Commands arrive in the order in which they were sent, some of them twice; reports arrive in any order.
A lost link drops any of what is under way, and a dropped fill is resent when somebody asks for it.
The venue never breaks its own rules, so whatever the desk calls illegal here is a defect of the desk.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from desk.orders import Anomaly, Order, OrderEvent, Orders, OrdersData, OrderState, Outcome
from market.codes import Liquidity, OrderType, Reason, ReportType, Side, TimeInForce
from market.decisions import Cause
from market.messages import EVERY, Cancel, OrderCommand, Query, Replace, Report, Submit

Row = tuple[OrderState, OrderEvent]
HARMLESS = {
    Anomaly.DUPLICATE_EXEC,
    Anomaly.DUPLICATE_ORDER,
    Anomaly.UNASKED_STATUS,
}
"""What stuttering links may bring about without anybody having done wrong."""


class RecordingOrders(Orders):
    """Orders that write down which rows of the table they took."""

    rows: list[Row]

    def _take(
        self, order: Order, event: OrderEvent, report: Report, outcome: Outcome, now_ns: int
    ) -> Anomaly:
        self.rows.append((order.state, event))
        return super()._take(order, event, report, outcome, now_ns)


@dataclass
class Held:
    """An order as the venue has it."""

    qty_lots: int
    open_lots: int
    price_ticks: int
    book_id: int
    trades: dict[int, tuple[int, int]] = field(default_factory=dict)
    """What counts of each fill: price and lots."""
    traded_lots: int = 0


@dataclass
class World:
    """Desk, links and venue."""

    rows: list[Row] = field(default_factory=list)
    held: dict[int, Held] = field(default_factory=dict)
    commands: list[OrderCommand] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    lost_fills: list[Report] = field(default_factory=list)
    short: set[int] = field(default_factory=set)
    """Orders of which a replacement overtook a fill: the documented limit of the count."""
    now_ns: int = 0
    seq: int = 0

    def __post_init__(self) -> None:
        self.orders = RecordingOrders(1, keep_ended=64)
        self.orders.rows = self.rows

    # --- the desk -------------------------------------------------------------------------------

    def new(self, book_id: int, side: Side, qty_lots: int, *, twice: bool = False) -> None:
        submit = self.orders.new(
            book_id=book_id,
            strategy=book_id + 1,
            side=side,
            price_ticks=100,
            qty_lots=qty_lots,
            order_type=OrderType.LIMIT,
            tif=TimeInForce.GTC,
            post_only=False,
            cause=Cause(strategy=book_id + 1, signal_id=7, permit_id=8, parent_id=9),
            now_ns=self._tick(),
        )
        self.commands += [submit, submit] if twice else [submit]

    def cancel(self, order: Order, *, twice: bool = False) -> None:
        state = order.state
        cancel = self.orders.cancel(order, self._tick())
        if cancel is not None:
            self.rows.append((state, OrderEvent.CANCEL_SENT))
            self.commands += [cancel, cancel] if twice else [cancel]

    def replace(self, order: Order, qty_lots: int) -> None:
        state = order.state
        replace = self.orders.replace(order, 101, qty_lots, self._tick())
        if replace is not None:
            self.rows.append((state, OrderEvent.REPLACE_SENT))
            self.commands.append(replace)

    def query(self, order: Order) -> None:
        self.commands.append(self.orders.query(order, self._tick()))

    def restart(self) -> None:
        """Write the desk's orders down and go on from what was written."""
        raw = msgspec.msgpack.encode(self.orders.data)
        data = msgspec.msgpack.decode(raw, type=OrdersData)
        assert raw == msgspec.msgpack.encode(data)
        self.orders = RecordingOrders(1, data, keep_ended=64)
        self.orders.rows = self.rows

    # --- the links ------------------------------------------------------------------------------

    def carry_command(self, *, refuse: Reason = Reason.NONE) -> None:
        if self.commands:
            self._receive(self.commands.pop(0), refuse)

    def carry_report(self, index: int) -> Outcome | None:
        """Deliver one of the reports under way."""
        if not self.reports:
            return None
        report = self.reports.pop(index % len(self.reports))
        if report.type is ReportType.REPLACED and any(
            other.order_id == report.order_id
            and other.type is ReportType.FILLED
            and other.report_seq < report.report_seq
            for other in (*self.reports, *self.lost_fills)
        ):
            self.short.add(report.order_id)
        outcome = self.orders.apply(report, self._tick())
        assert outcome.anomaly in (0, *HARMLESS), (Anomaly(outcome.anomaly), report)
        return outcome

    def lose_link(self, book_id: int, drop: Callable[[], bool]) -> None:
        """Lose any of what is under way, and tell the desk."""
        for order in self.orders.data.orders.values():
            if not order.ended and book_id in (order.book_id, EVERY):
                self.rows.append((order.state, OrderEvent.LINK_LOST))
        for queue in (self.commands, self.reports):
            kept = [m for m in queue if book_id not in (m.book_id, EVERY) or not drop()]
            gone = [m for m in queue if m not in kept]
            self.lost_fills += [m for m in gone if isinstance(m, Report) and m.exec_id]
            queue[:] = kept  # type: ignore[assignment]
        doubted = self.orders.link_lost(book_id, self._tick())
        assert all(order.state is OrderState.UNKNOWN for order in doubted)

    def resend(self) -> None:
        """The venue says again what was lost of fills."""
        self.reports += self.lost_fills
        self.lost_fills.clear()

    def repeat(self, index: int) -> None:
        """A fill, bust, correction or end under way is delivered twice."""
        if not self.reports:
            return
        report = self.reports[index % len(self.reports)]
        if report.exec_id or report.type in (ReportType.REJECTED, ReportType.EXPIRED):
            self.reports.append(report)

    # --- the venue ------------------------------------------------------------------------------

    def open_ids(self) -> list[int]:
        return [order_id for order_id, held in self.held.items() if held.open_lots]

    def trade(self, order_id: int, qty_lots: int) -> None:
        held = self.held[order_id]
        qty_lots = min(qty_lots, held.open_lots)
        held.open_lots -= qty_lots
        held.traded_lots += qty_lots
        exec_id = len(held.trades) + 1
        held.trades[exec_id] = (held.price_ticks, qty_lots)
        self._say(ReportType.FILLED, order_id, qty_lots, exec_id=exec_id)

    def end(self, order_id: int, kind: ReportType) -> None:
        held = self.held[order_id]
        left_lots, held.open_lots = held.open_lots, 0
        self._say(kind, order_id, left_lots)

    def reword(self, order_id: int, exec_id: int, qty_lots: int) -> None:
        """Bust a fill, or correct it."""
        held = self.held[order_id]
        if qty_lots == held.trades[exec_id][1]:
            return
        held.trades[exec_id] = (99, qty_lots)
        kind = ReportType.CORRECTED if qty_lots else ReportType.BUSTED
        self._say(kind, order_id, qty_lots, exec_id=exec_id, price_ticks=99)

    def _receive(self, command: OrderCommand, refuse: Reason) -> None:
        """Answer a command, by venue-truth.md."""
        held = self.held.get(command.order_id)
        is_open = held is not None and held.open_lots > 0
        # Who takes no more messages does not look for the order.
        looks = is_open or refuse is Reason.THROTTLED
        if isinstance(command, Submit):
            self._submit(command, held, refuse)
        elif isinstance(command, Query):
            self._say(
                ReportType.STATUS,
                command.order_id,
                held.traded_lots if held else 0,
                reason=Reason.NONE if held else Reason.UNKNOWN_ORDER,
            )
        elif isinstance(command, Cancel):
            if is_open and not refuse:
                self.end(command.order_id, ReportType.CANCELLED)
            else:
                reason = refuse if looks else Reason.UNKNOWN_ORDER
                self._say(ReportType.CANCEL_REJECTED, command.order_id, 0, reason=reason)
        elif not is_open or refuse:
            reason = refuse if looks else Reason.UNKNOWN_ORDER
            self._say(
                ReportType.REPLACE_REJECTED, command.order_id, command.qty_lots, reason=reason
            )
        else:
            assert held is not None
            held.open_lots, held.price_ticks = command.qty_lots, command.price_ticks
            held.qty_lots = held.traded_lots + command.qty_lots
            self._say(ReportType.REPLACED, command.order_id, command.qty_lots)

    def _submit(self, command: Submit, held: Held | None, refuse: Reason) -> None:
        if held is not None:
            reason = Reason.DUPLICATE_ORDER
        else:
            reason = refuse
            self.held[command.order_id] = Held(
                command.qty_lots,
                0 if refuse else command.qty_lots,
                command.price_ticks,
                command.book_id,
            )
        kind = ReportType.REJECTED if reason else ReportType.ACCEPTED
        self._say(kind, command.order_id, command.qty_lots, reason=reason)

    def _say(
        self,
        kind: ReportType,
        order_id: int,
        qty_lots: int,
        *,
        exec_id: int = 0,
        reason: Reason = Reason.NONE,
        price_ticks: int | None = None,
    ) -> None:
        held = self.held.get(order_id, Held(0, 0, 0, 0))
        self.seq += 1
        leaves_lots = 0 if kind is ReportType.REJECTED else held.open_lots
        self.reports.append(
            Report(
                type=kind,
                book_id=held.book_id,
                order_id=order_id,
                price_ticks=held.price_ticks if price_ticks is None else price_ticks,
                qty_lots=qty_lots,
                leaves_lots=leaves_lots,
                reason=reason,
                liquidity=Liquidity.MAKER if exec_id else Liquidity.NONE,
                venue_ns=self.seq // 3,  # several reports of one instant
                report_seq=self.seq,
                exec_id=exec_id,
            )
        )

    # --- what must hold -------------------------------------------------------------------------

    def check(self) -> None:
        """No order lost or doubled, and nothing that may fill is missing from what is at risk."""
        self.orders.check()
        for order in self.orders.data.orders.values():
            # A replacement whose answer is late may well be what has filled.
            assert order.traded_lots <= order.qty_lots + order.replacing_lots
            assert order.at_risk_lots >= 0
            if order.order_id not in self.short:
                assert order.traded_lots + order.at_risk_lots >= self._worst_lots(order.order_id)

    def _worst_lots(self, order_id: int) -> int:
        """The most that the venue can still have filled of an order, by all that is under way."""
        held = self.held.get(order_id)
        asked = [c for c in self.commands if c.order_id == order_id]
        if held is None:
            return max((c.qty_lots for c in asked if isinstance(c, Submit)), default=0)
        replacing = [c.qty_lots for c in asked if isinstance(c, Replace)]
        more_lots = max(replacing, default=1) - 1 if held.open_lots else 0
        return held.traded_lots + held.open_lots + max(0, more_lots)

    def settle(self) -> None:
        """Let everything arrive, ask about what is overdue, and compare with the venue."""
        for _ in range(40):
            while self.commands:
                self.carry_command()
            self.resend()
            while self.reports:
                self.carry_report(0)
            late = self.orders.overdue(self.now_ns + 10, 10)
            if not late:
                break
            for order in late:
                self.query(order)
        assert self.orders.overdue(self.now_ns + 10, 10) == []
        for order in self.orders.data.orders.values():
            held = self.held.get(order.order_id, Held(0, 0, 0, 0))
            assert (held.open_lots == 0, held.open_lots) == (order.ended, order.at_risk_lots)
            assert held.traded_lots == order.traded_lots
            assert sum(lots for _, lots in held.trades.values()) == order.cum_lots
            assert len(held.trades) == len(order.fills)

    def _tick(self) -> int:
        self.now_ns += 1
        return self.now_ns
