"""The order-entry sessions of a run: each host with `[hosts.session]`, wired to its venues, and its faults.

Model: one session for each host and venue. What a session tells its host, the host's desk hears as LinkStatus of
the venue's books. A crashed host falls silent, and its venues find out by themselves.

Faults at `HOST.session` (or `HOST.session/BOOK`, for the session of that book's venue alone):

    G-01  the venue ends the session: both ends know at once, and no logon succeeds until the fault ends
    G-02  it is cut: the venue knows at once, the host only later, or when nothing has come for too long
    G-10  the venue takes only so many messages in a window
    G-11  what cancels the orders of a lost session misses some; any host's, with or without `[hosts.session]`

A run whose hosts have no such section has none of this, and costs nothing.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import UNSET

from market.faults import Fault, FaultKind
from market.messages import LinkStatus
from scenarios.stack import name_of
from sim.gateway.connection import Connection
from sim.gateway.edge import Edge
from sim.gateway.member import Gateway, Member
from sim.host import Host
from sim.session import Session
from sim.streams import draw, stream_key, uniform_below
from sim.wire import PPM, Wire

if TYPE_CHECKING:
    from scenarios.build import Assembly

FIRST_EPOCH: Final = 1
CANCELS: Final = "cod"
"""The part of a host that stands for what its venues do with the orders of its lost sessions."""


class Overlooked(NamedTuple):
    """A stretch in which the sweep of a lost session misses orders of a host."""

    fault: Fault
    host: int
    from_ns: int
    until_ns: int
    key: int


class CancelPoint:
    """What cancels the orders of lost sessions at the venues, as faults see it.

    Args:
        assembly: Of the run.
        host: Whose orders.
    """

    def __init__(self, assembly: "Assembly", host: int) -> None:
        self._assembly = assembly
        self._host = host
        self._rows: list[Overlooked] = []
        self._hits: dict[str, int] = {}

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Miss a share of the orders in [from_ns, until_ns)."""
        key = stream_key(self._assembly.seed, f"fault/{fault.name}")
        self._rows.append(Overlooked(fault, self._host, from_ns, until_ns, key))

    def hits(self, name: str) -> int:
        """Orders that were missed."""
        return self._hits.get(name, 0)

    def overlooks(self, order_id: int, now_ns: int) -> bool:
        """Whether the sweep misses an order."""
        if self._assembly.venue.orders[order_id].session.host != self._host:
            return False
        for row in self._rows:
            if row.from_ns <= now_ns < row.until_ns:
                drawn = uniform_below(draw(row.key, order_id, 0), PPM)
                if drawn < row.fault.severity:
                    self._hits[row.fault.name] = self.hits(row.fault.name) + 1
                    return True
        return False


class SessionPoint:
    """The sessions of a host, as faults see them.

    Args:
        assembly: Of the run.
        gateway: Of the host.
        cancels: What its venues do with the orders of lost sessions.
    """

    def __init__(self, assembly: "Assembly", gateway: Gateway, cancels: CancelPoint) -> None:
        self._clock = assembly.clock
        self._names = [name_of(one) for one in assembly.instruments]
        self._gateway = gateway
        self._cancels = cancels
        self._hits: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def _meant(self, fault: Fault) -> list[Connection]:
        """The sessions that a fault is about."""
        book = fault.target.partition("/")[2]
        return [
            one
            for one in self._gateway.connections
            if not book or self._names.index(book) in one.edge.books
        ]

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Cut, shrink or miss from `from_ns` on, never within the event that calls for it."""
        if fault.kind is FaultKind.GATEWAY_PARTIAL_CANCEL:
            self._cancels.begin(fault, from_ns, until_ns)
            return
        from_ns = max(from_ns, self._clock.now_ns)
        if fault.kind is FaultKind.GATEWAY_THROTTLE:
            self._clock.at(from_ns, self._shrink, fault)
            self._clock.at(until_ns, self._restore, fault)
            return
        self._clock.at(from_ns, self._cut, (fault, until_ns))

    def hits(self, name: str) -> int:
        """Sessions that were cut, commands that were too many, or orders that were missed."""
        return self._hits.get(name, 0) + self._cancels.hits(name)

    def _cut(self, what: tuple[Fault, int]) -> None:
        fault, until_ns = what
        is_clean = fault.kind is FaultKind.GATEWAY_DISCONNECT
        for one in self._meant(fault):
            self._hits[fault.name] = self._hits.get(fault.name, 0) + bool(one.state)
            one.hold(until_ns)
            one.edge.cut(logout=is_clean)
            if is_clean:
                one.cut()
            else:
                told_ns = min(self._clock.now_ns + fault.severity, until_ns)
                self._clock.at(told_ns, self._tell, (one, one.of))

    def _tell(self, what: tuple[Connection, int]) -> None:
        """A host notices that a connection is gone, unless it has noticed before."""
        connection, of = what
        if connection.of == of:
            connection.cut()

    def _shrink(self, fault: Fault) -> None:
        for one in self._meant(fault):
            self._before[fault.name] = self._before.get(fault.name, 0) + one.edge.throttled
            one.edge.shrink(fault.severity)

    def _restore(self, fault: Fault) -> None:
        for one in self._meant(fault):
            self._hits[fault.name] = self._hits.get(fault.name, 0) + one.edge.throttled
            one.edge.shrink(0)
        self._hits[fault.name] -= self._before[fault.name]


class Sessions:
    """All sessions of a run.

    Args:
        assembly: What is being put together.
    """

    def __init__(self, assembly: "Assembly") -> None:
        self._assembly = assembly
        self.gateways: dict[int, Gateway] = {}
        self._members: dict[int, Member] = {}
        self._cancels: list[CancelPoint] = []

    def make(
        self,
        number: int,
        venues: Mapping[int, str],
        orders: Wire,
        reports: Wire,
        others: Mapping[int, tuple[Wire, Wire]],
    ) -> tuple[Session, Session] | None:
        """The member of a host and the host's way to its venues; None for one without sessions."""
        assembly = self._assembly
        host = assembly.scenario.hosts[number]
        if host.session is UNSET:
            return None
        terms, edges, connections = host.session.terms, {}, []
        for venue in dict.fromkeys(venues.values()):
            books = tuple(book for book, its in venues.items() if its == venue)
            key = stream_key(assembly.seed, f"session/{host.name}/{venue}")
            edge = Edge(
                assembly.clock, assembly.recorder, host=number, books=books, terms=terms, key=key
            )
            edges.update(dict.fromkeys(books, edge))
            its_orders, its_reports = others.get(books[0], (orders, reports))
            connections.append(
                Connection(
                    assembly.clock,
                    assembly.recorder,
                    host=number,
                    edge=edge,
                    orders=its_orders,
                    reports=its_reports,
                    terms=terms,
                    key=key,
                )
            )
        member = Member(assembly.clock, assembly.recorder, host=number, edges=edges)
        gateway = Gateway(assembly.clock, assembly.recorder, host=number, connections=connections)
        self._members[number] = member
        self.gateways[number] = gateway
        return member, gateway

    def build(self) -> None:
        """Hosts are there: wire both ends of each session, and let faults reach them."""
        assembly = self._assembly
        misses = any(
            fault.kind is FaultKind.GATEWAY_PARTIAL_CANCEL for fault in assembly.scenario.faults
        )
        for number, name in enumerate(assembly.host_names):
            if not misses and number not in self.gateways:
                continue
            point = CancelPoint(assembly, number)
            self._cancels.append(point)
            assembly.points[name, CANCELS] = point
            if number in self.gateways:
                gateway = self.gateways[number]
                assembly.points[name, "session"] = SessionPoint(assembly, gateway, point)
        if misses:
            assembly.venue.acts.mass.overlooks = self._overlooks
        for number, gateway in self.gateways.items():
            for connection in gateway.connections:
                self._join(connection, self._members[number], assembly.hosts[number])

    def _overlooks(self, order_id: int, now_ns: int) -> bool:
        return any(one.overlooks(order_id, now_ns) for one in self._cancels)

    def _join(self, connection: Connection, member: Member, host: Host) -> None:
        """Tie both ends of a session to its host and its venue, and let it be up."""
        clock, venue, edge = self._assembly.clock, self._assembly.venue, connection.edge

        def tell(up: bool) -> None:
            for book_id in edge.books:
                host.receive(LinkStatus(book_id=book_id, up=up))

        def lost(logout: bool) -> None:
            venue.acts.session_down(member, clock.now_ns, logout=logout, books=edge.books)

        edge.take = member.arrived
        edge.refuse = lambda command, refusal: venue.refuse(member, command, refusal, clock.now_ns)
        edge.on_lost = lost
        edge.on_back = lambda: venue.acts.session_up(member, edge.books)
        connection.begin(FIRST_EPOCH)
        connection.receive = host.receive
        connection.on_down = lambda: tell(False)
        connection.on_up = lambda: tell(True)

    def down(self, number: int) -> bool:
        """A machine has died: it falls silent; whether it has such sessions."""
        gateway = self.gateways.get(number)
        if gateway is not None:
            gateway.die()
        return gateway is not None

    def rise(self, number: int, heard: Mapping[int, int]) -> None:
        """A new process runs on a machine that had died, and logs on.

        Args:
            heard: Answers that it knows of, by book.
        """
        gateway = self.gateways[number]
        for connection in gateway.connections:
            # A session says each answer once and in order, so how many there were is the last one's number.
            connection.forget(sum(heard.get(book_id, 0) for book_id in connection.edge.books))
        gateway.open(FIRST_EPOCH)

    def up(self, number: int) -> bool:
        """A machine is back and logs on; whether it has such sessions."""
        gateway = self.gateways.get(number)
        if gateway is not None:
            gateway.open(FIRST_EPOCH)
        return gateway is not None
