"""The venue's door for a member with two hosts: one of them may speak, and the fence says which.

Model: a member (`sim.session.Session`) owns its orders, and the venue answers it. Each of its hosts has a line
to the door: two wires, and the epoch that it logged on with. The highest epoch is in force. Its line is the
active one, which answers go to; a logon or command of a lower epoch is refused, recorded as FENCED and told. A
logon says how many answers its host knows of, and the door says all later ones again, each with the number
that it had.

Invariants: nothing that was sent under an epoch below the one in force reaches a book; answers reach a host in
the order of their numbers, and each host takes a number once.

Limits: the door stands for all venues of a member at once, and a logon goes over its usual wires. A line
that breaks is not noticed here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from market.messages import Report, VenueCommand
from market.succession import Adopted
from sim.clock import Clock
from sim.recorder import Event, EventKind, Recorder
from sim.session import COMMAND_EVENT, Session
from sim.wire import ARRIVES_NEVER, Wire

Wires = tuple[Wire, Wire]
LOGON_CAUSE: Final = 1 << 61
RESEND_CAUSE: Final = 1 << 60
FENCED_CAUSE: Final = 1 << 59
ASK_CAUSE: Final = 1 << 58


class Logon(NamedTuple):
    """A host asks to speak.

    Attributes:
        known: Number of the newest answer that it has.
    """

    epoch: int
    known: int


class Asked(NamedTuple):
    """A host asks for the member's orders behind a number, and who takes the answer."""

    behind: int
    answer: Callable[[Sequence[Adopted]], None]


class Line(Session):
    """One host's end.

    Args:
        host: Number of the host in this run; the member's commands are recorded as sent by it.
        door: At the venue.

    Attributes:
        epoch: Under which it speaks; 0 before its first logon.
        on_up: Called when it may speak.
        on_fenced: Told the epoch in force when it may not any more.
        receive: Takes the venue's answers.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        *,
        host: int,
        orders: Wire,
        reports: Wire,
        others: Mapping[int, Wires],
        door: "Door",
    ) -> None:
        super().__init__(clock, recorder, host=host, orders=orders, reports=reports, others=others)
        self.epoch = 0
        self.is_up = False
        self._floor = 0
        self._taken: set[int] = set()
        self.on_up: Callable[[], None] = _nothing
        self.on_fenced: Callable[[int], None] = _ignored
        self.receive: Callable[[Report], None] = _ignored
        self._door = door
        self._logons = 0

    def open(self, epoch: int) -> None:
        """Log on; `on_up` or `on_fenced` follows, unless the wire loses it."""
        self.epoch = epoch
        self._logons += 1
        now_ns = self._clock.now_ns
        logon = Logon(epoch, self._floor)
        self._wires[0].send(now_ns, LOGON_CAUSE | epoch, self._logons, self._logon, logon)

    def close(self) -> None:
        """Say and take nothing more."""
        self.is_up = False

    def send(self, command: VenueCommand, now_ns: int) -> None:
        """A command leaves the host; what a closed line is given is lost."""
        if self.is_up:
            super().send(command, now_ns)
            return
        kind = COMMAND_EVENT[type(command)]
        self._recorder.add(self._lost(now_ns, command.book_id, command.order_id, kind))

    def ask(self, behind: int, answer: Callable[[Sequence[Adopted]], None]) -> None:
        """Ask for the member's orders with a number behind one."""
        now_ns = self._clock.now_ns
        self._wires[0].send(
            now_ns, ASK_CAUSE | self.epoch, now_ns, self._asked, Asked(behind, answer)
        )

    def _asked(self, asked: Asked) -> None:
        self._door.asked(self, asked)

    def _logon(self, logon: Logon) -> None:
        self._door.logon(self, logon)

    def _arrive(self, command: VenueCommand) -> None:
        """A command reaches the door."""
        self._door.take(self, command)

    # --- what the door says -------------------------------------------------------------------------

    def reports_wire(self, book_id: int) -> Wire:
        """Over which answers about a book come."""
        return self._others.get(book_id, self._wires)[1]

    def say(self, cause: int, receive: Callable[[Any], None], what: object) -> None:
        """The door tells the host something of its own."""
        now_ns = self._clock.now_ns
        self._wires[1].send(now_ns, cause | self.epoch, now_ns, receive, what)

    def hear(self, report: Report) -> None:
        """An answer reaches the host; a number that it had is a repetition."""
        number = report.report_seq
        if number <= self._floor or number in self._taken:
            return
        self._taken.add(number)
        while self._floor + 1 in self._taken:
            self._floor += 1
            self._taken.discard(self._floor)
        self.receive(report)

    def know(self, report_seq: int) -> None:
        """Its host knows of all answers up to here from elsewhere."""
        self._floor = max(self._floor, report_seq)

    def logged_on(self, _epoch: object) -> None:
        """The door has let it in."""
        if not self.is_up:
            self.is_up = True
            self.on_up()

    def refused(self, epoch: int) -> None:
        """The door knows of a higher epoch."""
        self.is_up = False
        self.on_fenced(epoch)

    def begin(self, epoch: int) -> None:
        """It has logged on before the run begins."""
        self.epoch = epoch
        self.is_up = True
        self._door.epoch = epoch
        self._door.active = self


class Member(Session):
    """The member itself: what the venue knows an order's owner by.

    Its commands come out of the door, and its answers go into it.
    """

    def __init__(self, clock: Clock, recorder: Recorder, *, host: int, door: "Door") -> None:
        answers = _Answers(door)
        super().__init__(clock, recorder, host=host, orders=answers, reports=answers)

    def arrived(self, command: VenueCommand) -> None:
        """A command has passed the door."""
        attempt = self._attempts.get(command.order_id, 0)
        self._attempts[command.order_id] = attempt + 1
        self.commands_sent += 1
        self._arrive(command)


class _Answers(Wire):
    """Where the venue puts a member's answers: the door has the wires."""

    def __init__(self, door: "Door") -> None:
        self._door = door

    def send(
        self,
        departs_ns: int,
        cause_a: int,
        cause_b: int,
        receive: Callable[[Any], None],
        message: object,
    ) -> int:
        """An answer leaves the venue."""
        del receive  # the line that is active has its own
        assert isinstance(message, Report)
        return self._door.answered(departs_ns, cause_a, cause_b, message)


class Door:
    """The venue's end.

    Attributes:
        epoch: In force.
        active: Who may speak.
        member: Whose orders they are.
        on_logon: Told who has logged on.
        orders: The member's orders with a number behind one, as the venue has them.
        log: All answers, in the order of their numbers.
        fenced: Commands and logons that were refused.
    """

    def __init__(self, clock: Clock, recorder: Recorder) -> None:
        self.epoch = 0
        self.fenced = 0
        self.active: Line | None = None
        self.log: list[Report] = []
        self.member: Member | None = None
        self.on_logon: Callable[[Line], None] = _ignored
        self.orders: Callable[[int], Sequence[Adopted]] = _none
        self._clock = clock
        self._recorder = recorder

    def logon(self, line: Line, logon: Logon) -> None:
        """A host asks to speak."""
        if logon.epoch < self.epoch:
            self._refuse(line, logon.epoch, EventKind.SESSION, 0, 0)
            return
        before, self.active, self.epoch = self.active, line, logon.epoch
        if before is not None and before is not line:
            before.say(FENCED_CAUSE, before.refused, self.epoch)
        self.on_logon(line)
        line.say(LOGON_CAUSE, line.logged_on, logon.epoch)
        now_ns = self._clock.now_ns
        for report in self.log[logon.known :]:
            wire = line.reports_wire(report.book_id)
            wire.send(now_ns, RESEND_CAUSE | report.report_seq, line.epoch, line.hear, report)

    def asked(self, line: Line, asked: Asked) -> None:
        """A host asks for orders; one that may not speak gets no answer."""
        if line.epoch == self.epoch:
            line.say(ASK_CAUSE, asked.answer, self.orders(asked.behind))

    def take(self, line: Line, command: VenueCommand) -> None:
        """A command has reached the venue: only those of the epoch in force pass."""
        if line.epoch < self.epoch:
            kind = COMMAND_EVENT[type(command)]
            self._refuse(line, line.epoch, kind, command.book_id, command.order_id)
            return
        assert self.member is not None
        self.member.arrived(command)

    def answered(self, departs_ns: int, cause_a: int, cause_b: int, report: Report) -> int:
        """The venue answers the member: keep it, and send it to who is active."""
        self.log.append(report)
        if self.active is None:
            return ARRIVES_NEVER
        line = self.active
        wire = line.reports_wire(report.book_id)
        return wire.send(departs_ns, cause_a, cause_b, line.hear, report)

    def _refuse(self, line: Line, epoch: int, kind: EventKind, book_id: int, order_id: int) -> None:
        """Something of an epoch that is over: it goes nowhere, and its sender is told."""
        self.fenced += 1
        self._recorder.add(
            Event(
                self._clock.now_ns,
                EventKind.FENCED,
                line.host,
                book_id,
                order_id,
                qty_lots=epoch,
                leaves_lots=self.epoch,
                detail=kind,
            )
        )
        line.say(FENCED_CAUSE, line.refused, self.epoch)


def _nothing() -> None:
    """Nobody wants to know."""


def _ignored(_: object) -> None:
    """Nobody wants to know."""


def _none(_behind: int) -> Sequence[Adopted]:
    """There is no order."""
    return ()
