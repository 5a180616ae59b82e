"""The stand-by of a pair: it follows, record by record, and takes over when the primary has been silent.

Order of a takeover, each step recorded as TAKEOVER:

1. *suspected*: no beat for a whole lease, by its own monotonic clock;
2. *epoch taken*: its own journal goes on with a RESTART, and that is durable;
3. *logged on*: the venue's door has put the new epoch in force. From here on nothing of the primary gets
   through, so that what there is can be counted: the door says again what the primary may have heard, and
   the venue is asked for all orders of this number that the replica has not heard of;
4. *reconciled*: those are adopted, every open order has been asked about and answered, and nothing is in
   doubt. The desk's gate lets nothing new out before.

The desk hears all of it as messages in its journal: that it is promoted (its ids go on behind any that the
primary can have used), that its link was down, which orders were found, and that its link is up.

Invariants: it says nothing before step 3; it never gives the role back.

Limits: of an order that the venue refused outright nothing is ever known here; a dead line of one venue leaves the pair at
step 2 until that venue lets it in.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from market.messages import EVERY, Inbound, LinkStatus, Report
from market.succession import Adopted, Promoted
from sim.clock import Clock
from sim.commit import CommitLog
from sim.host import Host
from sim.host_clock import HostClock
from sim.pair.door import Line
from sim.pair.lease import Answer, Beat, LeaseEvent, Watcher, WatcherState
from sim.pair.primary import Pulse
from sim.pair.replication import CONFIRM_CAUSE, Confirmed, Incoming, Shipment
from sim.recorder import Event, EventKind, Recorder
from sim.wire import Wire

SEQUENCES: Final = (1 << 40) - 1
"""Part of an order id that counts a desk's orders; above it is the desk's number."""

EPOCH_SHIFT: Final = 28
"""Order ids of one epoch: 2^28. A desk has 2^40, so 4,095 takeovers."""

WATCH_CAUSE: Final = 21
HEARD_CAUSE: Final = 22
TAKE_CAUSE: Final = 23

SUSPECTED: Final = 1
EPOCH_TAKEN: Final = 2
LOGGED_ON: Final = 3
RECONCILED: Final = 4


class Understudy(Protocol):
    """The desk that follows, as its host sees it (`desk.replica.Replica`)."""

    count: int
    """Records taken."""

    def promote(self, now_ns: int) -> object:
        """Go on for itself; its journal has a RESTART more, which is not yet durable."""
        ...

    def last_report(self) -> int:
        """Number of the newest answer of the venue that it has taken."""
        ...

    def last_order(self) -> int:
        """Sequence of the newest order that it knows of."""
        ...

    def digest(self) -> str:
        """Of its whole state."""
        ...

    def doubts(self) -> int:
        """Orders that are in doubt."""
        ...


class Standby:
    """The host that follows.

    Args:
        host: The machine; it has not been started.
        local: Its clocks.
        pulse: How its process runs.
        watcher: Its end of the lease.
        incoming: Its end of the replication.
        understudy: Its desk.
        commit: Of its journal.
        back: Wire to the primary, for answers to beats and confirmations.
        line: To the venue.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        host: Host,
        *,
        local: HostClock,
        pulse: Pulse,
        watcher: Watcher,
        incoming: Incoming,
        understudy: Understudy,
        commit: CommitLog,
        back: tuple[Wire, Wire],
        line: Line,
    ) -> None:
        self.watcher = watcher
        self.incoming = incoming
        self.steps_ns: dict[int, int] = {}
        self.adopted: list[int] = []
        self.handover: tuple[int, str] = (0, "")
        self.answer: Callable[[Answer], None] = _ignored
        self.confirmed: Callable[[Confirmed], None] = _ignored
        self.before_start: Callable[[], None] = _nothing
        self._clock = clock
        self._recorder = recorder
        self._host = host
        self._local = local
        self._pulse = pulse
        self._understudy = understudy
        self._commit = commit
        self._answers, self._confirmations = back
        self._line = line
        self._held: list[Report] | None = []
        self._known_sequence = 0
        self._asked = False
        line.on_up = self._logged_on
        line.receive = self._report

    def start(self, _: object = None) -> None:
        """The run begins: it follows."""
        self._clock.at(self._due_ns(), self._watch)

    @property
    def has_taken(self) -> bool:
        """Whether it has taken over, or is about to."""
        return self.watcher.state is WatcherState.TAKEN

    # --- following --------------------------------------------------------------------------------

    def hear(self, beat: Beat) -> None:
        """A beat has reached the machine; its process reads it when it runs."""
        now_ns = self._clock.now_ns
        self._clock.at(now_ns + self._pulse.step_ns(now_ns, HEARD_CAUSE), self._heard, beat)

    def _heard(self, beat: Beat) -> None:
        if self._host.is_down:
            return
        answer = self.watcher.hear(beat, self._local.monotonic_ns())
        now_ns = self._clock.now_ns
        self._answers.send(now_ns, beat.number, answer.epoch, self.answer, answer)

    def take(self, shipment: Shipment) -> None:
        """Records have reached the machine; once it speaks for itself, nobody copies to it any more."""
        now_ns = self._clock.now_ns
        self._clock.at(now_ns + self._pulse.step_ns(now_ns, TAKE_CAUSE), self._taken, shipment)

    def _taken(self, shipment: Shipment) -> None:
        if self._host.is_down or self.has_taken:
            return
        self.incoming.take(shipment)
        self._commit.request(lambda _commands: self._confirm(self.incoming.taken), ())

    def _confirm(self, count: int) -> None:
        """So many records are durable here."""
        if self._host.is_down:
            return
        now_ns = self._clock.now_ns
        self._confirmations.send(
            now_ns, count << 2 | CONFIRM_CAUSE, now_ns, self.confirmed, Confirmed(count)
        )

    # --- taking over ------------------------------------------------------------------------------

    def _due_ns(self) -> int:
        """When its patience will be over, in true time."""
        left_ns = self.watcher.due_ns - self._local.monotonic_ns()
        return self._local.true_after_ns(left_ns)

    def _watch(self, _: object = None) -> None:
        """Its patience may be over; a process that stands still looks later."""
        if self._host.is_down or self.has_taken:
            return
        now_ns = self._clock.now_ns
        self._clock.at(now_ns + self._pulse.step_ns(now_ns, WATCH_CAUSE), self._look)

    def _look(self, _: object = None) -> None:
        if self._host.is_down or self.has_taken:
            return
        if not self.watcher.is_over(self._local.monotonic_ns()):
            self._clock.at(max(self._due_ns(), self._clock.now_ns + 1), self._watch)
            return
        self._lease(LeaseEvent.TAKEN)
        self._step(SUSPECTED)
        understudy = self._understudy
        self.handover = understudy.count, understudy.digest()
        self._known_sequence = understudy.last_order()
        self._line.know(understudy.last_report())
        understudy.promote(self._local.told_ns())
        self._commit.request(lambda _commands: self._epoch_taken(), ())

    def _epoch_taken(self) -> None:
        """The new epoch is durable here."""
        if self._host.is_down:
            return
        self._step(EPOCH_TAKEN)
        self._line.open(self.watcher.epoch)

    def _logged_on(self) -> None:
        """The door lets it in: wake the desk, and ask for what it may not know of."""
        if self._host.is_down:
            return
        self._step(LOGGED_ON)
        self.before_start()
        epoch = self.watcher.epoch
        self._host.start()
        self._tell(Promoted(epoch=epoch, sequence=epoch << EPOCH_SHIFT))
        self._tell(LinkStatus(book_id=EVERY, up=False))
        self._line.ask(self._known_sequence, self._found)

    def _found(self, orders: Sequence[Adopted]) -> None:
        """The venue has said which orders the replica has not heard of."""
        if self._host.is_down:
            return
        for order in orders:
            self.adopted.append(order.order_id)
            self._tell(order)
        held, self._held = self._held or [], None
        found = {order.order_id for order in orders}
        for report in held:
            sequence = report.order_id & SEQUENCES
            if sequence <= self._known_sequence or report.order_id in found:
                self._host.receive(report)  # of an order that was refused there is nothing to know
        self._tell(LinkStatus(book_id=EVERY, up=True))

    def _report(self, report: Report) -> None:
        """An answer of the venue: those said again wait until their orders are known."""
        if self._held is not None:
            self._held.append(report)
        else:
            self._host.receive(report)

    def decided(self, message: Inbound) -> None:
        """Its desk has decided on a message: is there still anything in doubt?"""
        if self._held is None and RECONCILED not in self.steps_ns:
            told = isinstance(message, LinkStatus) and message.up
            if not told and not self._asked:
                return
            self._asked = True
            if self._understudy.doubts() == 0:
                self._step(RECONCILED)

    # --- helpers ------------------------------------------------------------------------------------

    def _tell(self, message: Inbound) -> None:
        """A message for the desk alone."""
        self._host.receive(message)  # type: ignore[arg-type] # views come from its own books

    def _step(self, step: int) -> None:
        now_ns, epoch = self._clock.now_ns, self.watcher.epoch
        self.steps_ns[step] = now_ns
        self._recorder.add(
            Event(now_ns, EventKind.TAKEOVER, self._host.number, detail=step, qty_lots=epoch)
        )

    def _lease(self, what: LeaseEvent) -> None:
        epoch = self.watcher.epoch
        self._recorder.add(
            Event(
                self._clock.now_ns, EventKind.LEASE, self._host.number, detail=what, qty_lots=epoch
            )
        )


def _nothing() -> None:
    """Nobody wants to know."""


def _ignored(_: object) -> None:
    """Nobody wants to know."""
