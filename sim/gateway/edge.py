"""The venue's end of a session: who may speak, what is taken once and in order, and what is said again.

Model: one edge for a member and a venue. It lets in the connection with the highest epoch; commands and logons
of a lower one are refused, recorded as FENCED, and told. It takes commands by number, each once; behind a gap
they wait until the host has filled it, which never brings an old command again. It keeps every answer by number,
and says again what a host has not had.

It notices a dead connection by its own silence, and then does what the venue does with lost sessions; a cut that
the network shows it notices at once. An answer to a session that is down is kept and said after the next logon.

Limits: a logon over a connection that the edge takes for alive is no loss of the session, so nothing is cancelled
for it. Nobody asks who the host is.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from market.messages import Cancel, MassCancel, Report, VenueCommand
from market.refusals import Refusal
from sim.clock import Clock
from sim.front.throttle import Throttle, ThrottleRule
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
from sim.gateway.states import EDGE_TABLE, SessionEvent, SessionState
from sim.gateway.terms import EDGE_CAUSE, Terms
from sim.recorder import Event, EventKind, Recorder
from sim.session import COMMAND_EVENT
from sim.wire import ARRIVES_NEVER

if TYPE_CHECKING:
    from sim.gateway.connection import Connection

WORD_CAUSE: Final = 1 << 61
RESEND_CAUSE: Final = 1 << 60


class Edge:
    """One venue's end of a member's session.

    Args:
        host: Number of the member.
        books: Of the venue that the member trades.
        key: Of its draws.

    Attributes:
        take: Gives the venue a command of the member's.
        refuse: Lets the venue answer a command that is not taken.
        on_lost: The session is lost; told whether it said goodbye.
        on_back: It is back.
        epoch: In force.
        log: Every answer, by number from 1.
        given_up: Commands that waited on a connection that ended.
        fenced: Commands and logons that were refused for their epoch.
        throttled: Commands that were too many.
    """

    def __init__(
        self, clock: Clock, recorder: Recorder, *, host: int, books: tuple[int, ...], terms: Terms,
        key: int,
    ) -> None:  # fmt: skip
        self.host = host
        self.books = books
        self.terms = terms
        self.state = SessionState.DOWN
        self.epoch = 0
        self.log: list[Report] = []
        self.fenced = 0
        self.throttled = 0
        self.given_up = 0
        self.resent = 0
        self.take: Callable[[VenueCommand], None] = _ignored
        self.refuse: Callable[[VenueCommand, Refusal], None] = _ignored_too
        self.on_lost: Callable[[bool], None] = _ignored
        self.on_back: Callable[[], None] = _nothing
        self.taken: Numbered[VenueCommand] = Numbered()
        self._clock = clock
        self._recorder = recorder
        self._key = key
        self._active: Connection | None = None
        self._of = 0
        self._life = 0
        self._heard_ns = 0
        self._words = 0
        self._run = 0
        self._asked_ns = -1
        self._usual = self._throttle_of(terms.throttle)
        self._throttle = self._usual

    def begin(self, connection: "Connection", epoch: int) -> None:
        """A connection that was there before the run began."""
        self._active, self._of, self.epoch = connection, connection.of, epoch
        self._heard_ns = self._clock.now_ns
        self._step(SessionEvent.OPEN)
        self._watch()

    # --- what comes in ------------------------------------------------------------------------------

    def receive(self, connection: "Connection", frame: ToEdge) -> None:
        """A frame has reached the venue."""
        if isinstance(frame, Logon):
            self.logon(connection, frame)
            return
        if connection is not self._active or frame.of != self._of or not self.state:
            self._stray(connection, frame)
            return
        if isinstance(frame, Bye):
            self._say(Bye(self._of))
            self._lose(SessionEvent.CLOSED)
            return
        if isinstance(frame, Gone):
            self._lose(SessionEvent.CUT)
            return
        self._heard_ns = self._clock.now_ns
        self._step(SessionEvent.HEARD)
        if isinstance(frame, Ask):
            if self.taken.put(frame.seq, frame.command):
                self._give(self.taken.ready())
                self._mind_gap(frame.seq)
        elif isinstance(frame, Beat):
            self._mind_gap(frame.last)
        elif isinstance(frame, Fill):
            self._asked_ns = -1
            self._give(self.taken.skip(frame.until_seq))
        elif isinstance(frame, Again):
            self._say_again(frame.from_seq)
        else:
            self._say(Beat(self._of, len(self.log)))

    def logon(self, connection: "Connection", logon: Logon) -> None:
        """A host asks to speak."""
        if logon.epoch < self.epoch:
            self._refuse_epoch(connection, logon.of, EventKind.SESSION, self.books[0], 0)
            return
        before = self._active
        if before is connection and logon.of < self._of:
            return  # of a connection that the host itself has given up since
        if before is not None and before is not connection and logon.epoch > self.epoch:
            self._words += 1
            before.hear_from(self, Refused(self._of, logon.epoch), WORD_CAUSE, self._words)
        self._active, self._of, self.epoch = connection, logon.of, logon.epoch
        self._heard_ns = self._clock.now_ns
        self._asked_ns = -1
        self._give_up()
        if before is not connection:
            self.taken = Numbered()  # another host counts its commands for itself
        self.taken.restart(logon.sent)
        was_down = self.state is SessionState.DOWN
        self._step(SessionEvent.OPEN)
        if was_down:
            self.on_back()
        self._say(Welcome(self._of, len(self.log)))
        self._say_again(logon.known + 1)
        self._watch()

    def _give(self, commands: Iterable[VenueCommand]) -> None:
        """Commands whose turn it is reach the venue, as many as may pass."""
        for command in commands:
            refusal = self._too_many(command)
            if refusal is None:
                self.take(command)
            else:
                self.throttled += 1
                self.refuse(command, refusal)

    def _mind_gap(self, last: int) -> None:
        """The host has used a number: ask for what is missing below it, once a beat."""
        now_ns = self._clock.now_ns
        if self.taken.floor >= last:
            return
        if self._asked_ns < 0 or now_ns >= self._asked_ns + self.terms.heartbeat_ns:
            self._asked_ns = now_ns
            self._say(Again(self._of, self.taken.floor + 1))

    def _stray(self, connection: "Connection", frame: ToEdge) -> None:
        """Something of a connection that has ended, or of an epoch that is over."""
        if not isinstance(frame, Ask):
            return
        command = frame.command
        if connection.epoch < self.epoch:
            kind = COMMAND_EVENT[type(command)]
            self._refuse_epoch(connection, frame.of, kind, command.book_id, command.order_id)
        else:
            self._lost(command)

    def _refuse_epoch(
        self, connection: "Connection", of: int, kind: EventKind, book_id: int, order_id: int
    ) -> None:
        self.fenced += 1
        self._words += 1
        self._recorder.add(
            Event(
                self._clock.now_ns,
                EventKind.FENCED,
                connection.host,
                book_id,
                order_id,
                qty_lots=connection.epoch,
                leaves_lots=self.epoch,
                detail=kind,
            )
        )
        connection.hear_from(self, Refused(of, self.epoch), WORD_CAUSE, self._words)

    def _lost(self, command: VenueCommand) -> None:
        """A command that was on its way when its connection ended."""
        kind = COMMAND_EVENT[type(command)]
        now_ns = self._clock.now_ns
        self._recorder.add(
            Event(now_ns, EventKind.LOST, self.host, command.book_id, command.order_id, detail=kind)
        )

    # --- how many ------------------------------------------------------------------------------------

    def shrink(self, count: int) -> None:
        """The venue takes only so many messages in a window from now on; 0 for as many as agreed."""
        self._throttle = self._throttle_of(count) if count else self._usual

    def _throttle_of(self, count: int) -> Throttle | None:
        if not count:
            return None
        return Throttle((ThrottleRule(count=count, window_ns=self.terms.window_ns),))

    def _too_many(self, command: VenueCommand) -> Refusal | None:
        if self._throttle is None:
            return None
        is_cancel = isinstance(command, Cancel | MassCancel)
        asked = self._throttle.ask(
            self.host, command.book_id, self._clock.now_ns, is_cancel=is_cancel
        )
        return asked.refusal

    # --- what goes out -------------------------------------------------------------------------------

    def answered(self, departs_ns: int, cause_a: int, cause_b: int, report: Report) -> int:
        """The venue answers the member: keep it, and say it where somebody listens."""
        self.log.append(report)
        if self._active is None or self.state is SessionState.DOWN:
            return departs_ns  # not lost: the next logon brings it
        said = Said(self._of, len(self.log), report)
        return self._active.hear_from(self, said, cause_a, cause_b, departs_ns)

    def _say_again(self, from_seq: int) -> None:
        """Say everything from a number on again."""
        assert self._active is not None
        self._run += 1
        for seq in range(max(1, from_seq), len(self.log) + 1):
            self.resent += 1
            said = Said(self._of, seq, self.log[seq - 1])
            self._active.hear_from(self, said, RESEND_CAUSE | self._run, seq)

    def _say(self, frame: ToHost) -> None:
        if self._active is not None:
            self._words += 1
            self._active.hear_from(self, frame, WORD_CAUSE, self._words)

    # --- who lives -----------------------------------------------------------------------------------

    def cut(self, *, logout: bool = False) -> None:
        """The network shows the venue that the connection is gone."""
        self._lose(SessionEvent.CLOSED if logout else SessionEvent.CUT)

    def _lose(self, event: SessionEvent) -> None:
        if self._step(event):
            self._of = 0
            self._give_up()
            self.on_lost(event is SessionEvent.CLOSED)

    def _give_up(self) -> None:
        """Commands that waited behind a gap have gone with their connection."""
        for command in self.taken.restart(0):
            self.given_up += 1
            self._lost(command)

    def _watch(self) -> None:
        """Beat, and look whether the host does, as long as this connection lives."""
        self._life += 1
        self._beat((self._life, 1))
        self._look(self._life)

    def _beat(self, turn: tuple[int, int]) -> None:
        life, number = turn
        if life != self._life or self.state is SessionState.DOWN:
            return
        if number > 1:
            self._say(Beat(self._of, len(self.log)))
        wait_ns = self.terms.wait_ns(self._key, life << 32 | number, EDGE_CAUSE)
        self._clock.at(self._clock.now_ns + wait_ns, self._beat, (life, number + 1))

    def _look(self, life: int) -> None:
        if life != self._life or self.state is SessionState.DOWN:
            return
        now_ns, terms = self._clock.now_ns, self.terms
        silent_ns = now_ns - self._heard_ns
        if silent_ns >= terms.timeout_ns:
            self._say(Bye(self._of))  # the way back may still be open
            self._lose(SessionEvent.SILENT)
            return
        due_ns = self._heard_ns + terms.quiet_ns
        if silent_ns >= terms.quiet_ns:
            if self._step(SessionEvent.QUIET):
                self._say(Test(self._of))
            due_ns = self._heard_ns + terms.timeout_ns
        self._clock.at(due_ns, self._look, life)

    def _step(self, event: SessionEvent) -> bool:
        """Change the state by the table; whether it has changed."""
        after = EDGE_TABLE.get((self.state, event))
        if after is None:
            return False
        before, self.state = self.state, after
        record_state(self._recorder, self._clock.now_ns, self.host, self.books, before, after, at_edge=True)  # fmt: skip
        return True


def record_state(
    recorder: Recorder, now_ns: int, host: int, books: tuple[int, ...], before: SessionState,
    after: SessionState, *, at_edge: bool,
) -> None:  # fmt: skip
    """A session has another state: said of each book that it carries."""
    for book_id in books:
        recorder.add(
            Event(
                now_ns,
                EventKind.SESSION,
                host,
                book_id,
                price_ticks=int(at_edge),
                qty_lots=int(before),
                detail=int(after),
            )
        )


def was_lost(due_ns: int) -> bool:
    """Whether a wire has lost what it was given."""
    return due_ns == ARRIVES_NEVER


def _nothing() -> None:
    """Nobody wants to know."""


def _ignored(_: object) -> None:
    """Nobody wants to know."""


def _ignored_too(_: object, __: object) -> None:
    """Nobody wants to know."""
