"""Two ends of a session and a venue that answers every command once."""

from market.codes import Liquidity, Reason, ReportType, Side
from market.messages import Report, Submit, VenueCommand
from sim.clock import Clock
from sim.gateway.connection import Connection
from sim.gateway.edge import Edge
from sim.gateway.terms import Terms
from sim.latency import Constant
from sim.recorder import Event, EventKind, Recorder
from sim.wire import Impairment, ImpairmentKind, Wire

MS = 1_000_000
TERMS = Terms(
    heartbeat_ns=100 * MS,
    jitter_ppm=100_000,
    quiet_ns=150 * MS,
    timeout_ns=300 * MS,
    logon_ns=100 * MS,
    reconnect_ns=100 * MS,
)
END_NS = 10**15


class Rig:
    """What happens at both ends, by order id."""

    def __init__(self, terms: Terms = TERMS) -> None:
        self.clock = Clock(0, END_NS)
        self.recorder = Recorder()
        self.events: list[Event] = []
        self.recorder.watch = self.events.append
        self.taken: list[int] = []
        self.refused: list[int] = []
        self.delivered: list[int] = []
        self.told: list[str] = []
        self.lost: list[bool] = []
        self.sent = 0
        self.number = 0
        latency = Constant(latency_ns=MS).compile()
        self.orders = Wire(self.clock, latency, 1)
        self.reports = Wire(self.clock, latency, 2)
        self.edge = Edge(self.clock, self.recorder, host=0, books=(0,), terms=terms, key=3)
        self.edge.take = self._take
        self.edge.refuse = lambda command, _: self.refused.append(command.order_id)
        self.edge.on_lost = self.lost.append
        self.connection = self.connect(0)
        self.connection.begin(1)
        self.told.clear()

    def connect(self, host: int) -> Connection:
        """A host's end."""
        connection = Connection(
            self.clock,
            self.recorder,
            host=host,
            edge=self.edge,
            orders=self.orders,
            reports=self.reports,
            terms=self.edge.terms,
            key=4 + host,
        )
        connection.receive = lambda report: self.delivered.append(report.order_id)
        connection.on_up = lambda: self.told.append(f"{host} up")
        connection.on_down = lambda: self.told.append(f"{host} down")
        connection.on_fenced = lambda epoch: self.told.append(f"{host} fenced {epoch}")
        return connection

    def _take(self, command: VenueCommand) -> None:
        self.taken.append(command.order_id)
        self.answer()

    def answer(self) -> None:
        """The venue says something; its number is in the place of an order id."""
        self.number += 1
        now_ns = self.clock.now_ns
        report = Report(
            type=ReportType.ACCEPTED, book_id=0, order_id=self.number, price_ticks=1, qty_lots=1,
            leaves_lots=1, reason=Reason.NONE, liquidity=Liquidity.NONE, venue_ns=now_ns,
            report_seq=self.number,
        )  # fmt: skip
        self.edge.answered(now_ns, self.number, 0, report)

    def send(self, connection: Connection | None = None) -> int:
        """The host sends a command of its own number."""
        self.sent += 1
        command = Submit(book_id=0, order_id=self.sent, side=Side.BUY, price_ticks=1, qty_lots=1)
        (connection or self.connection).send(command, self.clock.now_ns)
        return self.sent

    def run(self, ms: int) -> None:
        """Time passes."""
        self.clock.run_until(self.clock.now_ns + ms * MS)

    def impair(self, wire: Wire, kind: ImpairmentKind, ms: int, amount: int = 0) -> None:
        """A stretch of a wire is faulty from now on."""
        now_ns = self.clock.now_ns
        row = Impairment(kind=kind, from_ns=now_ns, until_ns=now_ns + ms * MS, amount=amount)
        wire.impairments.append(row)
        wire.lost.append(0)

    def recorded(self, kind: EventKind) -> list[Event]:
        """Events of a kind."""
        return [one for one in self.events if one.kind == kind]
