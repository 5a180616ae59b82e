"""A member whose commands come out of sessions and whose answers go into them, and its host's way to each.

Model: one session for each venue. The venue knows an order's owner by the member (`sim.session.Session`); what
it answers is numbered anew in the session of the venue.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from market.messages import Report, VenueCommand
from sim.clock import Clock
from sim.gateway.connection import Connection
from sim.gateway.edge import Edge
from sim.recorder import Recorder
from sim.session import COMMAND_EVENT, Session
from sim.wire import Wire


class Member(Session):
    """What the venues know an order's owner by.

    Args:
        host: Number of the host.
        edges: By book.
    """

    def __init__(
        self, clock: Clock, recorder: Recorder, *, host: int, edges: Mapping[int, Edge]
    ) -> None:
        ways = {book_id: Answers(edge) for book_id, edge in edges.items()}
        first = next(iter(ways.values()))
        others: dict[int, tuple[Wire, Wire]] = {
            book_id: (one, one) for book_id, one in ways.items()
        }
        super().__init__(clock, recorder, host=host, orders=first, reports=first, others=others)

    def arrived(self, command: VenueCommand) -> None:
        """A command has come out of a session."""
        attempt = self._attempts.get(command.order_id, 0)
        self._attempts[command.order_id] = attempt + 1
        self.commands_sent += 1
        self._arrive(command)


class Answers(Wire):
    """Where the venue puts a member's answers: the edge has the wires."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def send(
        self,
        departs_ns: int,
        cause_a: int,
        cause_b: int,
        receive: Callable[[Any], None],
        message: object,
    ) -> int:
        """An answer leaves the venue."""
        del receive  # the host's end has its own
        assert isinstance(message, Report)
        return self._edge.answered(departs_ns, cause_a, cause_b, message)


class Gateway(Session):
    """The sessions of one host: what its commands are given to.

    Args:
        host: Number of the host in this run.
        connections: One for each venue.
    """

    def __init__(
        self, clock: Clock, recorder: Recorder, *, host: int, connections: Sequence[Connection]
    ) -> None:
        orders, reports = connections[0].wires
        super().__init__(clock, recorder, host=host, orders=orders, reports=reports)
        self.connections = tuple(connections)
        self._by_book = {book_id: one for one in connections for book_id in one.edge.books}

    def send(self, command: VenueCommand, now_ns: int) -> None:
        """A command leaves the host, towards the venue of its book."""
        kind = COMMAND_EVENT[type(command)]
        self._recorder.add(self._command_event(command, kind, now_ns))
        self._by_book[command.book_id].send(command, now_ns)

    def open(self, epoch: int) -> None:
        """Log on everywhere."""
        for one in self.connections:
            one.open(epoch)

    def close(self) -> None:
        """Say goodbye everywhere."""
        for one in self.connections:
            one.close()

    def die(self) -> None:
        """The machine is gone."""
        for one in self.connections:
            one.die()
