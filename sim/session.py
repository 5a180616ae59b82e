"""An order-entry session: one host's two wires to a venue, and who said what in which order.

Model: commands go out and answers come back, each direction numbered from 1 and never reordered.
A command's latency is drawn from (order, how many commands that order has had), an answer's from
(order, how many answers it has had), so that no order's timing depends on another order.
"""

from collections.abc import Callable, Iterable, Mapping

from market.codes import Liquidity, Reason, ReportType
from market.messages import (
    Cancel,
    MassCancel,
    MassQuote,
    Query,
    Replace,
    Report,
    Submit,
    VenueCommand,
)
from sim.clock import Clock
from sim.recorder import Event, EventKind, Recorder
from sim.wire import ARRIVES_NEVER, Wire
from sim.world import OutRow

COMMAND_EVENT = {
    Submit: EventKind.SUBMIT,
    Cancel: EventKind.CANCEL,
    Replace: EventKind.REPLACE,
    Query: EventKind.QUERY,
    MassQuote: EventKind.MASS_QUOTE,
    MassCancel: EventKind.MASS_CANCEL,
}


class Session:
    """Between one host and the venue.

    Args:
        host: Number of the host in this run.
        orders: Wire from host to venue.
        reports: Wire from venue to host.
        others: Both wires of books that have their own, because their venue stands elsewhere.

    Attributes:
        copies: Who takes a copy of each answer as it leaves the venue, with the order's side.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        *,
        host: int,
        orders: Wire,
        reports: Wire,
        others: Mapping[int, tuple[Wire, Wire]] | None = None,
    ) -> None:
        self.host = host
        self.commands_sent = 0
        self.answers_sent = 0
        self.copies: list[Callable[[Report, int], None]] = []
        self._clock = clock
        self._recorder = recorder
        self._wires = orders, reports
        self._others = dict(others or {})
        self._attempts: dict[int, int] = {}
        self._answers: dict[int, int] = {}
        self._venue: Callable[[Session, VenueCommand], None] | None = None
        self._owner: Callable[[Report], None] | None = None

    def connect(
        self,
        venue: "Callable[[Session, VenueCommand], None]",
        owner: Callable[[Report], None],
    ) -> None:
        """Name who receives at either end."""
        self._venue = venue
        self._owner = owner

    def send(self, command: VenueCommand, now_ns: int) -> None:
        """A command leaves the host."""
        attempt = self._attempts.get(command.order_id, 0)
        self._attempts[command.order_id] = attempt + 1
        self.commands_sent += 1
        kind = COMMAND_EVENT[type(command)]
        self._recorder.add(self._command_event(command, kind, now_ns))
        orders, _ = self._others.get(command.book_id, self._wires)
        due_ns = orders.send(now_ns, command.order_id, attempt, self._arrive, command)
        if due_ns == ARRIVES_NEVER:
            self._recorder.add(self._lost(now_ns, command.book_id, command.order_id, kind))

    def _arrive(self, command: VenueCommand) -> None:
        """A command reaches the venue."""
        now_ns = self._clock.now_ns
        event = self._command_event(command, EventKind.ARRIVED, now_ns)
        self._recorder.add(event._replace(detail=COMMAND_EVENT[type(command)]))
        assert self._venue is not None
        self._venue(self, command)

    def answer(self, row: OutRow, side: int, exec_id: int = 0, fee: int = 0) -> None:
        """The venue answers with a row; it leaves at the row's time.

        Args:
            row: What a kernel wrote, or what the venue says of its own accord.
            side: Of the order.
            exec_id: Number of the fill that it is about among the order's fills, else 0.
            fee: What that fill cost.
        """
        self.answers_sent += 1
        number = self._answers.get(row.id, 0)
        self._answers[row.id] = number + 1
        report = Report(
            type=ReportType(row.type),
            book_id=row.book_id,
            order_id=row.id,
            price_ticks=row.price_ticks,
            qty_lots=row.qty_lots,
            leaves_lots=row.leaves_lots,
            reason=Reason(row.reason),
            liquidity=Liquidity(row.liquidity),
            venue_ns=row.ts_ns,
            report_seq=self.answers_sent,
            exec_id=exec_id,
            fee=fee,
            figure=row.figure,
            half=row.half,
        )
        self._recorder.add(report_event(report, EventKind.ANSWER, row.ts_ns, self.host, side))
        assert self._owner is not None
        _, reports = self._others.get(row.book_id, self._wires)
        due_ns = reports.send(row.ts_ns, row.id, number, self._owner, report)
        for copy in self.copies:
            copy(report, side)
        if due_ns == ARRIVES_NEVER:
            self._recorder.add(self._lost(row.ts_ns, row.book_id, row.id, EventKind.ANSWER))

    def forget(self, order_ids: Iterable[int]) -> None:
        """Nothing more will be said about these orders."""
        for order_id in order_ids:
            self._attempts.pop(order_id, None)
            self._answers.pop(order_id, None)

    def attempt(self, order_id: int) -> int:
        """How many commands the order has had; part of the cause of what they publish."""
        return self._attempts.get(order_id, 0)

    def _lost(self, now_ns: int, book_id: int, order_id: int, kind: EventKind) -> Event:
        return Event(now_ns, EventKind.LOST, self.host, book_id, order_id, detail=kind)

    def _command_event(self, command: VenueCommand, kind: EventKind, now_ns: int) -> Event:
        if isinstance(command, Cancel | Query | MassQuote | MassCancel):
            return Event(now_ns, kind, self.host, command.book_id, command.order_id)
        return Event(
            now_ns,
            kind,
            self.host,
            command.book_id,
            command.order_id,
            int(command.side) if isinstance(command, Submit) else 0,
            command.price_ticks,
            command.qty_lots,
        )


def report_event(report: Report, kind: EventKind, now_ns: int, host: int, side: int) -> Event:
    """A report as a row of events."""
    return Event(
        now_ns,
        kind,
        host,
        report.book_id,
        report.order_id,
        side,
        report.price_ticks,
        report.qty_lots,
        report.leaves_lots,
        int(report.reason),
        int(report.liquidity),
        report.venue_ns,
        int(report.type),
        report.half,
        report.fee,
        report.figure,
        report.exec_id,
    )
