"""An honest but nasty venue: it keeps its own rules and its own ledger, and spares nobody a race.

Commands arrive in the order in which they were sent; reports are under way until a test delivers one,
in any order but one: no REPLACED overtakes an earlier fill of its order, which is the documented limit
of `desk.orders`. While a link is down nothing passes; what was under way is processed or lost, as the
test draws, and lost fills are told again when the link is back, as by a drop copy.

The venue's ledger is the truth that a desk is judged on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from desk.ledger.reconcile import BookTotals
from market.codes import Liquidity, Reason, ReportType, Side, TimeInForce
from market.instruments import Instrument
from market.messages import Cancel, OrderCommand, Query, Replace, Report, Submit


def fee_of(qty_lots: int) -> int:
    """What a fill costs: a rebate, nothing or a fee, and the same for the same fill."""
    return qty_lots % 5 - 1


@dataclass
class Trade:
    """One fill as it stands."""

    price_ticks: int
    qty_lots: int
    fee: int
    busted: bool = False


@dataclass
class Held:
    """An order as the venue has it."""

    submit: Submit
    owner: int
    price_ticks: int
    open_lots: int
    trades: dict[int, Trade] = field(default_factory=dict)
    filled_lots: int = 0


@dataclass
class ModelVenue:
    """The venue and both directions of its links.

    Attributes:
        owners: Strategy of each order, by id; told when it is sent.
        doubled: Ids that reached the venue more than once.
        moved_lots: How many lots of each book busts and corrections have moved, either way.
    """

    instruments: list[Instrument]
    held: dict[int, Held] = field(default_factory=dict)
    owners: dict[int, int] = field(default_factory=dict)
    commands: list[OrderCommand] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    lost_fills: list[Report] = field(default_factory=list)
    down: set[int] = field(default_factory=set)
    doubled: list[int] = field(default_factory=list)
    positions: dict[int, int] = field(default_factory=dict)
    now_ns: int = 0
    seq: int = 0

    def __post_init__(self) -> None:
        self.totals = {book: [0, 0, 0, 0] for book in range(len(self.instruments))}
        self.moved_lots = [0] * len(self.instruments)

    # --- links ----------------------------------------------------------------------------------

    def send(self, command: OrderCommand, owner: int) -> None:
        """A command leaves the desk; into a link that is down it is lost."""
        if isinstance(command, Submit):
            self.owners[command.order_id] = owner
        if command.book_id not in self.down:
            self.commands.append(command)

    def lose_link(self, book_id: int, draw: Callable[[int], int], *, cancel: bool) -> None:
        """A link goes down: some commands had arrived, some reports had left, the rest is gone.

        Args:
            draw: A number below its argument.
            cancel: Whether the venue cancels what rests in the book for it.
        """
        mine = [command for command in self.commands if command.book_id == book_id]
        arrived = draw(len(mine) + 1)
        self.commands = [command for command in self.commands if command.book_id != book_id]
        for command in mine[:arrived]:
            self.receive(command)
        if cancel:
            for order_id, held in self.held.items():
                if held.submit.book_id == book_id and held.open_lots:
                    self.end(order_id, ReportType.CANCELLED)
        kept: list[Report] = []
        for report in self.reports:
            if report.book_id != book_id or draw(2):
                kept.append(report)
            elif report.exec_id:
                self.lost_fills.append(report)
        self.reports = kept
        self.down.add(book_id)

    def restore_link(self, book_id: int) -> None:
        self.down.discard(book_id)

    def resend(self) -> None:
        """The venue says again what was lost of fills."""
        back = [report for report in self.lost_fills if report.book_id not in self.down]
        self.lost_fills = [report for report in self.lost_fills if report.book_id in self.down]
        self.reports += back

    def repeat(self, index: int) -> None:
        """A report about a fill is delivered twice."""
        numbered = [report for report in self.reports if report.exec_id]
        if numbered:
            self.reports.append(numbered[index % len(numbered)])

    def next_command(self, *, refuse: Reason = Reason.NONE, take_lots: int = 0) -> None:
        """The oldest command under way arrives."""
        if self.commands:
            self.receive(self.commands.pop(0), refuse, take_lots)

    def next_report(self, index: int) -> Report | None:
        """Take one of the reports under way off the link."""
        if not self.reports:
            return None
        at = index % len(self.reports)
        report = self.reports[at]
        if report.type is ReportType.REPLACED:
            before = [
                other
                for other in self.reports
                if other.order_id == report.order_id
                and other.type is ReportType.FILLED
                and other.report_seq < report.report_seq
            ]
            if before:
                report = before[0]
            elif any(
                lost.order_id == report.order_id and lost.report_seq < report.report_seq
                for lost in self.lost_fills
            ):
                return None  # it waits for the fill that was lost, which will be told again
        self.reports.remove(report)
        return report

    # --- what the market does -------------------------------------------------------------------

    def open_ids(self) -> list[int]:
        return [order_id for order_id, held in self.held.items() if held.open_lots]

    def traded(self) -> list[tuple[int, int]]:
        """Order and number of every fill that stands."""
        return [
            (order_id, exec_id)
            for order_id, held in self.held.items()
            for exec_id, trade in held.trades.items()
            if not trade.busted
        ]

    def trade(self, order_id: int, qty_lots: int) -> None:
        """An order fills at its price, as far as it is open."""
        held = self.held[order_id]
        qty_lots = min(qty_lots, held.open_lots)
        if qty_lots < 1:
            return
        held.open_lots -= qty_lots
        held.filled_lots += qty_lots
        exec_id = len(held.trades) + 1
        trade = Trade(held.price_ticks, qty_lots, fee_of(qty_lots))
        held.trades[exec_id] = trade
        self._book(held, trade, 1)
        self._say(ReportType.FILLED, held, qty_lots, exec_id=exec_id)

    def end(self, order_id: int, kind: ReportType) -> None:
        """Cancel an order, or let it expire."""
        held = self.held[order_id]
        left_lots, held.open_lots = held.open_lots, 0
        self._say(kind, held, left_lots)

    def bust(self, order_id: int, exec_id: int) -> None:
        """Take a fill back."""
        held = self.held[order_id]
        trade = held.trades[exec_id]
        self.moved_lots[held.submit.book_id] += trade.qty_lots
        self._book(held, trade, -1)
        price_ticks, lots, fee = trade.price_ticks, trade.qty_lots, trade.fee
        trade.qty_lots, trade.fee, trade.busted = 0, 0, True
        self._say(ReportType.BUSTED, held, lots, exec_id=exec_id, price_ticks=price_ticks, fee=fee)

    def correct(self, order_id: int, exec_id: int, price_ticks: int, qty_lots: int) -> None:
        """Give a fill another price and quantity."""
        held = self.held[order_id]
        trade = held.trades[exec_id]
        self.moved_lots[held.submit.book_id] += abs(qty_lots - trade.qty_lots)
        self._book(held, trade, -1)
        trade.price_ticks, trade.qty_lots, trade.fee = price_ticks, qty_lots, fee_of(qty_lots)
        self._book(held, trade, 1)
        self._say(ReportType.CORRECTED, held, qty_lots, exec_id=exec_id, price_ticks=price_ticks)

    # --- what arrives ---------------------------------------------------------------------------

    def receive(
        self, command: OrderCommand, refuse: Reason = Reason.NONE, take_lots: int = 0
    ) -> None:
        """Answer a command, by venue-truth.md."""
        held = self.held.get(command.order_id)
        match command:
            case Submit():
                self._submit(command, refuse, take_lots)
            case Query():
                self._status(command, held)
            case Cancel():
                if held is not None and held.open_lots and not refuse:
                    self.end(command.order_id, ReportType.CANCELLED)
                else:
                    self._refuse(ReportType.CANCEL_REJECTED, command, held, 0, refuse)
            case Replace():
                if held is not None and held.open_lots and not refuse:
                    held.open_lots, held.price_ticks = command.qty_lots, command.price_ticks
                    self._say(ReportType.REPLACED, held, command.qty_lots)
                else:
                    self._refuse(
                        ReportType.REPLACE_REJECTED, command, held, command.qty_lots, refuse
                    )

    def _submit(self, command: Submit, refuse: Reason, take_lots: int) -> None:
        if command.order_id in self.held:
            self.doubled.append(command.order_id)
            return
        held = Held(
            command,
            self.owners[command.order_id],
            command.price_ticks,
            0 if refuse else command.qty_lots,
        )
        self.held[command.order_id] = held
        if refuse:
            self._say(ReportType.REJECTED, held, command.qty_lots, reason=refuse)
            return
        self._say(ReportType.ACCEPTED, held, command.qty_lots)
        if not command.post_only:
            self.trade(command.order_id, take_lots)
        if command.tif is TimeInForce.IOC and held.open_lots:
            self.end(command.order_id, ReportType.EXPIRED)

    def _status(self, command: Query, held: Held | None) -> None:
        if held is not None:
            self._say(ReportType.STATUS, held, held.filled_lots)
        else:
            self._refuse(ReportType.STATUS, command, None, 0, Reason.NONE)

    def _refuse(
        self,
        kind: ReportType,
        command: OrderCommand,
        held: Held | None,
        qty_lots: int,
        refuse: Reason,
    ) -> None:
        is_open = held is not None and held.open_lots > 0
        reason = refuse if is_open and refuse else Reason.UNKNOWN_ORDER
        price_ticks = command.price_ticks if isinstance(command, Replace) else 0
        self._tell(
            kind,
            command.book_id,
            command.order_id,
            price_ticks,
            qty_lots,
            held.open_lots if held is not None else 0,
            reason,
        )

    # --- what is said and kept ------------------------------------------------------------------

    def _say(
        self,
        kind: ReportType,
        held: Held,
        qty_lots: int,
        *,
        exec_id: int = 0,
        price_ticks: int | None = None,
        reason: Reason = Reason.NONE,
        fee: int | None = None,
    ) -> None:
        self._tell(
            kind,
            held.submit.book_id,
            held.submit.order_id,
            held.price_ticks if price_ticks is None else price_ticks,
            qty_lots,
            0 if kind is ReportType.REJECTED else held.open_lots,
            reason,
            exec_id=exec_id,
            fee=held.trades[exec_id].fee if exec_id and fee is None else fee or 0,
        )

    def _tell(
        self,
        kind: ReportType,
        book_id: int,
        order_id: int,
        price_ticks: int,
        qty_lots: int,
        leaves_lots: int,
        reason: Reason,
        *,
        exec_id: int = 0,
        fee: int = 0,
    ) -> None:
        self.seq += 1
        report = Report(
            type=kind,
            book_id=book_id,
            order_id=order_id,
            price_ticks=price_ticks,
            qty_lots=qty_lots,
            leaves_lots=leaves_lots,
            reason=reason,
            liquidity=Liquidity.MAKER if exec_id else Liquidity.NONE,
            venue_ns=self.now_ns,
            report_seq=self.seq,
            exec_id=exec_id,
            fee=fee,
        )
        if book_id not in self.down:
            self.reports.append(report)
        elif exec_id:
            self.lost_fills.append(report)

    def _book(self, held: Held, trade: Trade, times: int) -> None:
        """Add a fill to the truth, or with −1 take it off."""
        book_id, sign = held.submit.book_id, held.submit.side.sign
        signed = sign * trade.qty_lots * times
        total = self.totals[book_id]
        notional = self.instruments[book_id].notional(trade.price_ticks, trade.qty_lots)
        total[0] += signed
        total[1] -= sign * notional * times
        total[2] += trade.fee * times
        total[3] += times
        key = held.owner << 16 | book_id
        self.positions[key] = self.positions.get(key, 0) + signed

    # --- the truth ------------------------------------------------------------------------------

    def books(self) -> dict[int, BookTotals]:
        """The venue's ledger, for reconciliation."""
        return {
            book_id: BookTotals(position_lots=lots, cash=cash, fee=fee, fills=fills)
            for book_id, (lots, cash, fee, fills) in self.totals.items()
        }

    def worst(self) -> dict[int, tuple[int, int]]:
        """Most and fewest lots of each account, over all that is open here or on its way."""
        more: dict[int, int] = {
            order_id: held.open_lots for order_id, held in self.held.items() if held.open_lots
        }
        for command in self.commands:
            if isinstance(command, Submit) and command.order_id not in self.held:
                more[command.order_id] = command.qty_lots
            elif isinstance(command, Replace) and more.get(command.order_id):
                # All but one lot fill first, then all of the new quantity.
                more[command.order_id] += command.qty_lots - 1
        sides = {order_id: held.submit for order_id, held in self.held.items()}
        sides |= {one.order_id: one for one in self.commands if isinstance(one, Submit)}
        ends = {key: [lots, lots] for key, lots in self.positions.items()}
        for order_id, lots in more.items():
            submit = sides[order_id]
            end = ends.setdefault(self.owners[order_id] << 16 | submit.book_id, [0, 0])
            if submit.side is Side.BUY:
                end[0] += lots
            else:
                end[1] -= lots
        return {key: (high, low) for key, (high, low) in ends.items()}
