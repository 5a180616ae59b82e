"""The primary of a pair: it beats, copies, and lets commands out while its lease holds.

Order of one decision's departure:

1. its record is durable here, and goes to the stand-by;
2. with a synchronous copy, what adds risk waits until the stand-by has made the record durable, or until
   `degrade_after`, when the pair is degraded: the primary goes on alone, and says so. Cancels and
   questions never wait, but do not overtake what they are about;
3. the process asks its lease by its own clock: without the right to speak nothing leaves, the commands are
   recorded as lost, and the desk hears that its link is down;
4. the record is told (COMMITTED), and the commands are handed over.

A process that stands still does none of this meanwhile, and goes on where it stood. Between 3 and 4 it may
stand still too; what it then hands over is old, and is the venue's edge to refuse.

Limits: `alone = "trade"` lets a primary that nobody answers go on under the fence alone; `"stop"`, the
default, makes it wait for an answer, so that a stand-by that is dead stops the pair.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from market.messages import EVERY, Command, LinkStatus, Replace, SetTimer, Submit
from sim.clock import Clock
from sim.commit import CommitLog, Leave
from sim.host import Host, committed
from sim.host_clock import HostClock
from sim.pair.lease import PPM, Answer, Beat, Holder, HolderState, LeaseEvent
from sim.pair.replication import Confirmed, Outgoing, ShippingStore
from sim.recorder import Event, EventKind, Recorder
from sim.session import COMMAND_EVENT
from sim.slowdown import sample
from sim.streams import draw, uniform_below
from sim.wire import Wire

BEAT_CAUSE: Final = 11
HEAR_CAUSE: Final = 12
DURABLE_CAUSE: Final = 13
HAND_OVER_CAUSE: Final = 14


class Pulse(NamedTuple):
    """How a machine of a pair beats, and how its process runs.

    Attributes:
        heartbeat_ns: From one beat to the next.
        jitter_ppm: By how much that varies, either way, by a draw for each beat.
        key: Of its draws.
        process: Compiled latency block of a step of its process: what stalls a host stalls it.
    """

    heartbeat_ns: int
    jitter_ppm: int
    key: int
    process: npt.NDArray[np.int64]

    def wait_ns(self, number: int) -> int:
        """From a beat to the next."""
        span_ns = self.heartbeat_ns * self.jitter_ppm // PPM
        if span_ns == 0:
            return self.heartbeat_ns
        drawn = uniform_below(draw(self.key, number, BEAT_CAUSE), 2 * span_ns + 1)
        return self.heartbeat_ns - span_ns + drawn

    def step_ns(self, now_ns: int, cause: int) -> int:
        """How long a step of the process takes that begins now."""
        return sample(self.process, self.key, now_ns, cause, now_ns)


class Policy(NamedTuple):
    """What a primary does when it hears nothing.

    Attributes:
        is_sync: Whether what adds risk waits for the stand-by's copy.
        degrade_ns: For how long at most.
        trades_alone: Whether it goes on when its lease has run out unanswered.
    """

    is_sync: bool
    degrade_ns: int
    trades_alone: bool


class Lines(Protocol):
    """A host's connections to its venues (`sim.gateway.Connection`), as a pair sees them."""

    def open(self, epoch: int) -> None:
        """Log on everywhere."""
        ...

    def close(self) -> None:
        """Say and take nothing more."""
        ...


class _Waiting(NamedTuple):
    needs: int
    since_ns: int
    leave: Leave
    commands: Sequence[Command]


class Primary:
    """The host that speaks.

    Args:
        host: The machine.
        local: Its clocks.
        pulse: How it beats.
        holder: Its end of the lease.
        outgoing: Its end of the replication.
        store: Of its journal.
        policy: What it does when it hears nothing.
        beats: Wire to the stand-by.
        lines: Its connections.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        host: Host,
        *,
        local: HostClock,
        pulse: Pulse,
        holder: Holder,
        outgoing: Outgoing,
        store: ShippingStore,
        policy: Policy,
        beats: Wire,
        lines: Lines,
    ) -> None:
        self.holder = holder
        self.outgoing = outgoing
        self.store = store
        self.withheld = 0
        self.degraded_count = 0
        self.is_degraded = False
        self.stood_down_ns = 0
        self.watch: Callable[[Any], None] | None = None
        self._clock = clock
        self._recorder = recorder
        self._host = host
        self._local = local
        self._pulse = pulse
        self._policy = policy
        self._beats = beats
        self._lines = lines
        self._waiting: deque[_Waiting] = deque()
        self._handed_ns = 0
        self._is_cut = False
        self._number = 0

    def start(self, _: object = None) -> None:
        """The run begins, and it has the lease."""
        self._lease(LeaseEvent.GRANTED)
        self._beat()

    # --- the lease ----------------------------------------------------------------------------------

    def _beat(self, _: object = None) -> None:
        """Say that it lives; when the process stands still, later."""
        if self._gone():
            return
        self._look()
        self._number += 1
        beat = self.holder.beat(self._local.monotonic_ns())
        now_ns = self._clock.now_ns
        self._clock.at(now_ns + self._pulse.step_ns(now_ns, BEAT_CAUSE), self._beaten, beat)

    def _beaten(self, beat: Beat) -> None:
        if self._gone():
            return
        assert self.watch is not None
        now_ns = self._clock.now_ns
        self._beats.send(now_ns, beat.number, beat.epoch, self.watch, beat)
        wait_ns = self._pulse.wait_ns(beat.number)
        self._clock.at(self._local.true_after_ns(wait_ns), self._beat)

    def hear(self, answer: Answer) -> None:
        """An answer of the stand-by has reached the machine."""
        now_ns = self._clock.now_ns
        self._clock.at(now_ns + self._pulse.step_ns(now_ns, HEAR_CAUSE), self._heard, answer)

    def _heard(self, answer: Answer) -> None:
        if self._gone():
            return
        state = self.holder.hear(answer, self._local.monotonic_ns())
        if state is HolderState.LOST:
            self.stand_down()
        elif state is HolderState.HOLDING and self._is_cut:
            self._is_cut = False
            self._lease(LeaseEvent.GRANTED)
            self._host.receive(LinkStatus(book_id=EVERY, up=True))

    def _look(self) -> bool:
        """Whether it may speak by its own clock; its desk hears it when it may not any more."""
        if self.holder.may_speak(self._local.monotonic_ns()):
            return True
        if not self._is_cut and not self._policy.trades_alone:
            self._is_cut = True
            self._lease(LeaseEvent.EXPIRED)
            self._host.receive(LinkStatus(book_id=EVERY, up=False))
        self.outgoing.look()
        self._degrade()
        return self._policy.trades_alone and self.holder.state is not HolderState.LOST

    def fenced(self, epoch: int) -> None:
        """The venue's edge knows of a higher epoch; a process that stands still reads it later."""
        now_ns = self._clock.now_ns
        self._clock.at(now_ns + self._pulse.step_ns(now_ns, HEAR_CAUSE), self._outbid, epoch)

    def _outbid(self, epoch: int) -> None:
        if epoch > self.holder.epoch and not self._gone():
            self.holder.outbid()
            self.stand_down()

    def stand_down(self) -> None:
        """Somebody else speaks now: say nothing more, for good."""
        if self.stood_down_ns:
            return
        now_ns = self._clock.now_ns
        self.stood_down_ns = now_ns
        self._lease(LeaseEvent.LOST)
        epoch = self.holder.epoch
        self._recorder.add(Event(now_ns, EventKind.STOOD_DOWN, self._host.number, qty_lots=epoch))
        self._waiting.clear()
        self._lines.close()
        self._host.is_down = True

    # --- departures -----------------------------------------------------------------------------------

    def durable(self, leave: Leave, commands: Sequence[Command]) -> None:
        """A decision's record is durable here."""
        self.outgoing.look()
        needs, now_ns = self.store.durable_count, self._clock.now_ns
        risky = {one.order_id for one in commands if isinstance(one, Submit | Replace)}
        mine = {one.order_id for one in commands if not isinstance(one, SetTimer)}
        is_free = not risky and not any(
            not isinstance(other, SetTimer) and other.order_id in mine
            for one in self._waiting
            for other in one.commands
        )
        if is_free or not self._policy.is_sync or self.is_degraded or self._has(needs):
            self._let_go(leave, commands)
            return
        self._waiting.append(_Waiting(needs, now_ns, leave, commands))
        self._clock.at(now_ns + self._policy.degrade_ns, self._degrade)

    def confirm(self, confirmed: Confirmed) -> None:
        """The stand-by has made records durable."""
        if self._gone():
            return
        self.outgoing.confirm(confirmed)
        while self._waiting and self._has(self._waiting[0].needs):
            one = self._waiting.popleft()
            self._let_go(one.leave, one.commands)
        if self.is_degraded and self._has(self.store.durable_count):
            self.is_degraded = False
            self._lease(LeaseEvent.RESTORED)

    def _has(self, count: int) -> bool:
        """Whether the stand-by has so many records."""
        return self.outgoing.confirmed >= count

    def _degrade(self, _: object = None) -> None:
        """Something has waited long enough for the stand-by: go on without."""
        if not self._waiting or self._gone():
            return
        if self._clock.now_ns - self._waiting[0].since_ns < self._policy.degrade_ns:
            return
        if not self.is_degraded:
            self.is_degraded = True
            self.degraded_count += 1
            self._lease(LeaseEvent.DEGRADED)
        while self._waiting:
            one = self._waiting.popleft()
            self._let_go(one.leave, one.commands)

    def _let_go(self, leave: Leave, commands: Sequence[Command]) -> None:
        """Commands may leave as far as copies are concerned; the process has still to do it."""
        now_ns = self._clock.now_ns
        due_ns = max(self._handed_ns, now_ns + self._pulse.step_ns(now_ns, DURABLE_CAUSE))
        self._handed_ns = due_ns
        self._clock.at(due_ns, self._ask, (leave, commands))

    def _ask(self, departing: tuple[Leave, Sequence[Command]]) -> None:
        """The process asks whether it may speak."""
        leave, commands = departing
        if self._host.is_down:
            leave(commands)  # which counts what is lost
            return
        if not self._look():
            commands = self._withhold(commands)
        now_ns, host = self._clock.now_ns, self._host.number
        self._recorder.add(committed(now_ns, host, commands))
        due_ns = max(self._handed_ns, now_ns + self._pulse.step_ns(now_ns, HAND_OVER_CAUSE))
        self._handed_ns = due_ns
        self._clock.at(due_ns, leave, commands)

    def _withhold(self, commands: Sequence[Command]) -> list[Command]:
        """Timers are nobody's business; everything else is lost, and recorded as such."""
        now_ns, host = self._clock.now_ns, self._host.number
        kept: list[Command] = []
        for one in commands:
            if isinstance(one, SetTimer):
                kept.append(one)
                continue
            self.withheld += 1
            kind = COMMAND_EVENT[type(one)]
            self._recorder.add(
                Event(now_ns, EventKind.LOST, host, one.book_id, one.order_id, detail=kind)
            )
        return kept

    # --- helpers ------------------------------------------------------------------------------------

    def _gone(self) -> bool:
        return self._host.is_down or bool(self.stood_down_ns)

    def _lease(self, what: LeaseEvent) -> None:
        epoch, host = self.holder.epoch, self._host.number
        self._recorder.add(
            Event(self._clock.now_ns, EventKind.LEASE, host, detail=what, qty_lots=epoch)
        )


class PairedCommit(CommitLog):
    """The journal of a primary's host: what is durable goes to the primary before it leaves.

    Attributes:
        primary: Once there is one; without, commands leave at once.
    """

    primary: Primary | None = None

    def request(self, leave: Leave, commands: Sequence[Command]) -> None:
        """Hand commands to the primary once everything journaled so far is durable."""

        def durable(ready: Sequence[Command]) -> None:
            if self.primary is None:
                leave(ready)
            else:
                self.primary.durable(leave, ready)

        super().request(durable, commands)
