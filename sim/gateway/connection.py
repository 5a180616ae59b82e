"""The host's end of a session: what may leave, what is heard once and in order, and when nobody is there.

Model: a command leaves while the session is UP, and only then. One that is given to a session that is not UP is
neither sent nor kept: it is recorded as LOST, and whoever asks has been told that the link is down, so that he
takes the order for unknown. What was sent on a connection that ended is unknown as well, and is never sent
again from here.

Answers are taken by number, each once and in order; what is missing is asked for again. The session is UP only
when everything that was missed has come, so what is unknown after that has to be asked about.

Limits: this process goes on when the decisions of its host stand still.
"""

from typing import TYPE_CHECKING, Final

from market.messages import Report, VenueCommand
from sim.clock import Clock
from sim.gateway.edge import Edge, record_state, was_lost
from sim.gateway.frames import (
    Again,
    Ask,
    Beat,
    Bye,
    Fill,
    Gone,
    Logon,
    Refused,
    Said,
    Test,
    ToEdge,
    ToHost,
    Welcome,
)
from sim.gateway.numbers import Numbered
from sim.gateway.states import HOST_TABLE, SessionEvent, SessionState
from sim.gateway.terms import HOST_CAUSE, Terms
from sim.recorder import Event, EventKind, Recorder
from sim.session import COMMAND_EVENT
from sim.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

WORD_CAUSE: Final = 1 << 61


class Connection:
    """One host's way to one venue.

    Args:
        host: Number of the host in this run.
        edge: At the venue.
        orders: Wire to it.
        reports: Wire from it.
        key: Of its draws.

    Attributes:
        on_up: The session may be used again.
        on_down: It may not any more.
        on_fenced: Told the epoch in force when another speaks for the member.
        receive: Takes answers.
        of: Number of the connection, from 1.
        epoch: Under which it speaks; 0 before its first logon.
        held_until_ns: No logon leaves before.
    """

    def __init__(
        self, clock: Clock, recorder: Recorder, *, host: int, edge: Edge, orders: Wire, reports: Wire,
        terms: Terms, key: int,
    ) -> None:  # fmt: skip
        self.host = host
        self.edge = edge
        self.terms = terms
        self.state = SessionState.DOWN
        self.of = 0
        self.epoch = 0
        self.sent_seq = 0
        self.held_until_ns = 0
        self.withheld = 0
        self.on_up: Callable[[], None] = _nothing
        self.on_down: Callable[[], None] = _nothing
        self.on_fenced: Callable[[int], None] = _ignored
        self.receive: Callable[[Report], None] = _ignored
        self.heard: Numbered[Report] = Numbered()
        self._clock = clock
        self._recorder = recorder
        self.wires = orders, reports
        self._key = key
        self._attempts: dict[int, int] = {}
        self._wants_up = False
        self._is_dead = False
        self._target = -1
        self._heard_ns = 0
        self._asked_ns = -1
        self._words = 0

    # --- what the host does -------------------------------------------------------------------------

    def begin(self, epoch: int) -> None:
        """It was there before the run began."""
        self.of, self.epoch, self._wants_up = 1, epoch, True
        self._heard_ns = self._clock.now_ns
        self.edge.begin(self, epoch)
        # Nobody is told: whoever begins with a session takes it for granted.
        before, self.state = self.state, SessionState.UP
        now_ns, books = self._clock.now_ns, self.edge.books
        record_state(self._recorder, now_ns, self.host, books, before, self.state, at_edge=False)
        self._watch()

    def open(self, epoch: int) -> None:
        """Log on, and again whenever the connection is lost; `on_up` or `on_fenced` follows."""
        self.epoch, self._wants_up, self._is_dead = epoch, True, False
        self._logon()

    def close(self) -> None:
        """Say goodbye, and stay away."""
        self._wants_up = False
        if self._step(SessionEvent.CLOSE):
            self._say(Bye(self.of))
            self._clock.at(self._clock.now_ns + self.terms.logon_ns, self._late, self.of)

    def forget(self, seq: int) -> None:
        """The host's process is a new one, which has every answer up to a number and nothing behind it.

        Which numbers it has used itself stands in the session's own store.
        """
        self.heard = Numbered()
        self.heard.restart(seq)

    def send(self, command: VenueCommand, now_ns: int) -> None:
        """A command leaves the host, if the session is UP."""
        if self.state is not SessionState.UP or self._is_dead:
            self.withheld += 1
            self._record_lost(command, now_ns)
            return
        attempt = self._attempts.get(command.order_id, 0)
        self._attempts[command.order_id] = attempt + 1
        self.sent_seq += 1
        ask = Ask(self.of, self.sent_seq, command)
        due_ns = self.wires[0].send(now_ns, command.order_id, attempt, self._arrive, ask)
        if was_lost(due_ns):
            self._record_lost(command, now_ns)

    def _record_lost(self, command: VenueCommand, now_ns: int) -> None:
        kind = COMMAND_EVENT[type(command)]
        self._recorder.add(
            Event(now_ns, EventKind.LOST, self.host, command.book_id, command.order_id, detail=kind)
        )

    # --- both ways -----------------------------------------------------------------------------------

    def _say(self, frame: ToEdge) -> None:
        if not self._is_dead:
            self._words += 1
            cause = WORD_CAUSE | self.edge.books[0]
            self.wires[0].send(self._clock.now_ns, cause, self._words, self._arrive, frame)

    def _arrive(self, frame: ToEdge) -> None:
        self.edge.receive(self, frame)

    def hear_from(
        self, edge: Edge, frame: ToHost, cause_a: int, cause_b: int, departs_ns: int = -1
    ) -> int:
        """The venue says something: it leaves now, or when it says."""
        now_ns = self._clock.now_ns if departs_ns < 0 else departs_ns
        cause = cause_a if isinstance(frame, Said) else cause_a | edge.books[0]
        return self.wires[1].send(now_ns, cause, cause_b, self._hear, frame)

    def _hear(self, frame: ToHost) -> None:
        """A frame has reached the host."""
        if self._is_dead or self.state is SessionState.DOWN or frame.of != self.of:
            return
        self._heard_ns = self._clock.now_ns
        if isinstance(frame, Refused):
            self._wants_up = False
            self._end(SessionEvent.REFUSED)
            self.on_fenced(frame.epoch)
            return
        if isinstance(frame, Bye):
            self._end(SessionEvent.CLOSED)
            return
        self._step(SessionEvent.HEARD)
        if isinstance(frame, Welcome):
            self._target = frame.last
        elif isinstance(frame, Said):
            if self.heard.put(frame.seq, frame.report):
                for report in self.heard.ready():
                    self.receive(report)
            self._mind_gap(frame.seq)
        elif isinstance(frame, Beat):
            self._mind_gap(frame.last)
        elif isinstance(frame, Again):
            self._say(Fill(self.of, self.sent_seq))
        else:
            self._say(Beat(self.of, self.sent_seq))
        if self.state is SessionState.LOGGING_ON and 0 <= self._target <= self.heard.floor:
            self._step(SessionEvent.SYNCED)

    def _mind_gap(self, last: int) -> None:
        """The venue has used a number: ask for what is missing below it, once a beat."""
        if self.heard.floor >= last:
            self._asked_ns = -1
            return
        now_ns = self._clock.now_ns
        if self._asked_ns < 0 or now_ns >= self._asked_ns + self.terms.heartbeat_ns:
            self._asked_ns = now_ns
            self._say(Again(self.of, self.heard.floor + 1))

    # --- who lives -----------------------------------------------------------------------------------

    def cut(self) -> None:
        """The network shows the host that the connection is gone."""
        self._end(SessionEvent.CUT)

    def hold(self, until_ns: int) -> None:
        """No connection can be made before."""
        self.held_until_ns = max(self.held_until_ns, until_ns)

    def die(self) -> None:
        """The machine is gone: it says nothing more, not even that it goes."""
        self._is_dead = True
        self._wants_up = False
        before, self.state = self.state, SessionState.DOWN
        if before is not SessionState.DOWN:
            self._record(before)

    def _end(self, event: SessionEvent) -> None:
        """The connection is over; another logon will be tried."""
        of = self.of
        if self._step(event) and self._wants_up:
            wait_ns = self.terms.wait_ns(self._key, of, -HOST_CAUSE) - self.terms.heartbeat_ns
            due_ns = self._clock.now_ns + max(0, self.terms.reconnect_ns + wait_ns)
            self._clock.at(max(due_ns, self.held_until_ns), self._retry, of)

    def _retry(self, of: int) -> None:
        if self._wants_up and of == self.of and self.state is SessionState.DOWN:
            self._logon()

    def _logon(self) -> None:
        """A logon leaves, on a connection of its own."""
        now_ns = self._clock.now_ns
        if now_ns < self.held_until_ns:
            self._clock.at(self.held_until_ns, self._retry, self.of)
            return
        if not self._step(SessionEvent.OPEN):
            return
        self.of += 1
        self._target = self._asked_ns = -1
        self._heard_ns = now_ns
        self.heard.restart(0)
        self._say(Logon(self.of, self.epoch, self.heard.floor, self.sent_seq))
        self._clock.at(now_ns + self.terms.logon_ns, self._late, self.of)
        self._watch()

    def _late(self, of: int) -> None:
        """A logon or logout has taken too long."""
        if of == self.of and self.state in (SessionState.LOGGING_ON, SessionState.CLOSING):
            self._say(Gone(of))
            self._end(SessionEvent.SILENT)

    def _watch(self) -> None:
        """Beat, and look whether the venue does, as long as this connection lives."""
        self._beat((self.of, 1))
        self._look(self.of)

    def _beat(self, turn: tuple[int, int]) -> None:
        of, number = turn
        if of != self.of or self.state is SessionState.DOWN:
            return
        if number > 1 and self.state is not SessionState.LOGGING_ON:
            self._say(Beat(of, self.sent_seq))
        wait_ns = self.terms.wait_ns(self._key, of << 32 | number, HOST_CAUSE)
        self._clock.at(self._clock.now_ns + wait_ns, self._beat, (of, number + 1))

    def _look(self, of: int) -> None:
        if of != self.of or self.state is SessionState.DOWN:
            return
        now_ns, terms = self._clock.now_ns, self.terms
        silent_ns = now_ns - self._heard_ns
        if silent_ns >= terms.timeout_ns:
            self._say(Gone(of))
            self._end(SessionEvent.SILENT)
            return
        due_ns = self._heard_ns + terms.quiet_ns
        if silent_ns >= terms.quiet_ns:
            if self._step(SessionEvent.QUIET):
                self._say(Test(of))
            due_ns = self._heard_ns + terms.timeout_ns
        self._clock.at(due_ns, self._look, of)

    def _step(self, event: SessionEvent) -> bool:
        """Change the state by the table, and tell the host; whether it has changed."""
        after = HOST_TABLE.get((self.state, event))
        if after is None:
            return False
        before, self.state = self.state, after
        self._record(before)
        return True

    def _record(self, before: SessionState) -> None:
        books = self.edge.books
        now_ns = self._clock.now_ns
        record_state(self._recorder, now_ns, self.host, books, before, self.state, at_edge=False)
        if before is SessionState.UP:
            self.on_down()
        elif self.state is SessionState.UP:
            self.on_up()


def _nothing() -> None:
    """Nobody wants to know."""


def _ignored(_: object) -> None:
    """Nobody wants to know."""
