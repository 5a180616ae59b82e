"""The truth: a venue that remembers every command it was sent and every report it has given."""

from collections.abc import Callable
from dataclasses import dataclass, field

from market.codes import Liquidity, Reason, ReportType, TimeInForce
from market.messages import Cancel, OrderCommand, Query, Replace, Report, Submit
from scenarios.desk_cycle import FEE, TICK_UNITS


@dataclass
class Held:
    """An order as the venue has it."""

    submit: Submit
    price_ticks: int
    open_lots: int
    fills: list[Report] = field(default_factory=list)

    @property
    def traded_lots(self) -> int:
        return sum(fill.qty_lots for fill in self.fills)


class Venue:
    """Answers commands; chance is given.

    Args:
        below: A whole number from 0 to this one, exclusive.
    """

    def __init__(self, books: int, below: Callable[[int], int]) -> None:
        self.held: dict[int, Held] = {}
        self.commands: list[OrderCommand] = []
        self.reports: list[Report] = []
        self.position_lots = [0] * books
        self.cash = [0] * books
        self._below = below

    def answer(self, command: OrderCommand, now_ns: int) -> list[Report]:
        """What is reported about a command."""
        self.commands.append(command)
        held = self.held.get(command.order_id)
        if isinstance(command, Submit):
            assert held is None, f"order {command.order_id} was sent twice"
            return self._submit(command, now_ns)
        if isinstance(command, Query):
            return self._status(command, held, now_ns)
        if isinstance(command, Cancel):
            if held is not None and held.open_lots:
                return [self._end(held, ReportType.CANCELLED, now_ns)]
            reason = Reason.UNKNOWN_ORDER
            return [self._say(ReportType.CANCEL_REJECTED, command, now_ns, reason=reason)]
        return [self._replace(command, held, now_ns)]

    def trade_somewhere(self, now_ns: int) -> list[Report]:
        """Somebody meets a part of some of the orders that rest."""
        resting = [held for held in self.held.values() if held.open_lots]
        return [
            self._trade(held, 1 + self._below(held.open_lots), now_ns)
            for held in resting
            if self._below(3)
        ]

    def open_orders(self) -> list[tuple[int, int, int]]:
        """Id, price and open lots of each order that rests."""
        return [
            (order_id, held.price_ticks, held.open_lots)
            for order_id, held in sorted(self.held.items())
            if held.open_lots
        ]

    def _submit(self, submit: Submit, now_ns: int) -> list[Report]:
        held = self.held[submit.order_id] = Held(submit, submit.price_ticks, submit.qty_lots)
        reports = [self._say(ReportType.ACCEPTED, submit, now_ns, qty_lots=submit.qty_lots)]
        if submit.tif is TimeInForce.IOC:
            reports.append(self._trade(held, 1 + self._below(submit.qty_lots), now_ns))
            if held.open_lots and self._below(2):
                reports.append(self._trade(held, held.open_lots, now_ns))
            if held.open_lots:
                reports.append(self._end(held, ReportType.EXPIRED, now_ns))
        return reports

    def _replace(self, command: Replace, held: Held | None, now_ns: int) -> Report:
        kind, reason = ReportType.REPLACE_REJECTED, Reason.UNKNOWN_ORDER
        if held is not None and held.open_lots:
            held.price_ticks, held.open_lots = command.price_ticks, command.qty_lots
            kind, reason = ReportType.REPLACED, Reason.NONE
        return self._say(
            kind,
            command,
            now_ns,
            price_ticks=command.price_ticks,
            qty_lots=command.qty_lots,
            reason=reason,
        )

    def _trade(self, held: Held, qty_lots: int, now_ns: int) -> Report:
        submit = held.submit
        held.open_lots -= qty_lots
        signed_lots = submit.side.sign * qty_lots
        self.position_lots[submit.book_id] += signed_lots
        self.cash[submit.book_id] -= signed_lots * held.price_ticks * TICK_UNITS + FEE
        report = self._say(
            ReportType.FILLED, submit, now_ns, qty_lots=qty_lots, exec_id=len(held.fills) + 1
        )
        held.fills.append(report)
        return report

    def _end(self, held: Held, kind: ReportType, now_ns: int) -> Report:
        left_lots, held.open_lots = held.open_lots, 0
        return self._say(kind, held.submit, now_ns, qty_lots=left_lots)

    def _status(self, query: Query, held: Held | None, now_ns: int) -> list[Report]:
        """Every fill of the order once more, and how it stands."""
        if held is None:
            return [self._say(ReportType.STATUS, query, now_ns, reason=Reason.UNKNOWN_ORDER)]
        status = self._say(ReportType.STATUS, query, now_ns, qty_lots=held.traded_lots)
        return [*held.fills, status]

    def _say(
        self,
        kind: ReportType,
        about: OrderCommand,
        now_ns: int,
        *,
        price_ticks: int | None = None,
        qty_lots: int = 0,
        exec_id: int = 0,
        reason: Reason = Reason.NONE,
    ) -> Report:
        held = self.held.get(about.order_id)
        if price_ticks is None:
            price_ticks = held.price_ticks if held else 0
        report = Report(
            type=kind,
            book_id=about.book_id,
            order_id=about.order_id,
            price_ticks=price_ticks,
            qty_lots=qty_lots,
            leaves_lots=held.open_lots if held else 0,
            reason=reason,
            liquidity=Liquidity.TAKER if exec_id else Liquidity.NONE,
            venue_ns=now_ns,
            report_seq=len(self.reports) + 1,
            exec_id=exec_id,
            fee=FEE if exec_id else 0,
        )
        self.reports.append(report)
        return report
