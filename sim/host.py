"""A host: a simulated machine that runs one participant.

Model: a decision takes compute time, in which the host is busy. While it is busy its reports and
timers queue in order, and its market data conflates: when it is free again it sees the newest view,
once, whatever happened in between. Commands leave when the decision is done, or, on a host that keeps
a journal, when the record of it is durable; the host goes on deciding meanwhile.

A free host with nothing to do arms its subscriptions, so that the market wakes it at the first change
that it asked for, and not for each message.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from market.codes import Mode, OperatorAction, Trigger
from market.messages import (
    Accrual,
    Command,
    LinkStatus,
    Operator,
    Report,
    SetTimer,
    StoreStatus,
    Submit,
    TimerFired,
)
from market.ports import Participant
from market.succession import Adopted, Promoted
from sim.clock import Clock
from sim.commit import CommitLog
from sim.host_view import Feed, HostView, LocalBooks
from sim.recorder import Event, EventKind, Recorder
from sim.session import COMMAND_EVENT, Session
from sim.slowdown import sample

Queued = Report | TimerFired | LinkStatus | Operator | Accrual | Promoted | Adopted | StoreStatus
VIEW_CAUSE = 1
REPORT_CAUSE = 2
TIMER_CAUSE = 3
START_CAUSE = 4
TOLD_CAUSE = 6

STOPS: Final = frozenset((OperatorAction.KILL, OperatorAction.SAFE_MODE))
"""Words that no news may delay."""


def committed(now_ns: int, host: int, commands: Sequence[Command]) -> Event:
    """The record of a decision is durable, and what it decided has not left yet."""
    new = [one.order_id for one in commands if isinstance(one, Submit)]
    first = new[0] if new else 0
    kind = EventKind.COMMITTED
    return Event(now_ns, kind, host, order_id=first, qty_lots=len(new), detail=len(commands))


class BookVitals(NamedTuple):
    """What a host's machine has of a book, whether or not it has been decided on."""

    book_id: int
    seq: int
    venue_ns: int
    phase: int


class Vitals(NamedTuple):
    """How a host stands.

    Attributes:
        waiting: Messages in its inbox.
        busy_ns: How long the decision under way has been so.
        slowest_ns: The longest decision since this was last asked for, while it is watched.
    """

    waiting: int
    busy_ns: int
    slowest_ns: int
    books: tuple[BookVitals, ...]


class Host:
    """One machine and what runs on it.

    Args:
        number: Of the host in this run.
        compute: Compiled latency block of a decision's duration.
        key: Key of its draws.
        triggers: What wakes it; nothing means that only timers and reports do.
        stale_ns: Silence after which Trigger.STALE wakes it; 0 for never.
        depth_levels: Levels of each side that its views carry.
        commit: Its journal, where it keeps one.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        participant: Participant,
        session: Session,
        books: LocalBooks,
        *,
        number: int,
        feeds: list[Feed],
        compute: npt.NDArray[np.int64],
        key: int,
        mode: Mode,
        triggers: Trigger,
        stale_ns: int = 0,
        depth_levels: int = 0,
        commit: CommitLog | None = None,
    ) -> None:
        self.number = number
        self.decisions = 0
        self.commands = 0
        self.is_down = False
        self.died_ns = 0
        self.missed = 0
        self.is_watched = False
        self.records_commits = False
        self._slowest_ns = 0
        self._clock = clock
        self._recorder = recorder
        self._known = HostView(recorder, books, number=number, mode=mode, depth_levels=depth_levels)
        self.open_orders = self._known.open_orders
        self._participant = participant
        self._session = session
        self._books = books
        self._feeds = feeds
        self._by_subscription = {feed.subscription: feed for feed in feeds}
        self._compute = compute
        self._key = key
        self._triggers = triggers | (Trigger.STALE if stale_ns else Trigger(0))
        if any(feed.lined for feed in feeds):
            self._triggers |= Trigger.GAP
        self._stale_ns = stale_ns
        self._commit = commit
        self._inbox: deque[Queued] = deque()
        self._busy = True
        self._decided_ns = 0
        self._life = 1

    # --- what reaches the host ------------------------------------------------------------------

    def start(self, _: object = None) -> None:
        """The run begins: ask the participant what it wants before the first message."""
        self._decide(self._participant.start(self._clock.now_ns), START_CAUSE, 0)

    def crash(self, _: object = None) -> None:
        """The machine dies: what it had decided but not sent is lost, and it takes nothing in any more.

        Its orders stay where they are; what becomes of them is the venue's matter.
        """
        self.is_down = True
        self.died_ns = self._clock.now_ns
        self.missed += len(self._inbox)
        self._inbox.clear()
        if self._commit is not None:
            self._commit.crash()

    def own(self, order: Submit, standing: Report) -> None:
        """An order that another machine sent for the same desk is this one's now."""
        self._known.sent[order.order_id] = order
        self._known.track(standing)

    def _died(self) -> bool:
        """Whether it is dead by now: whatever is recorded may be what kills it."""
        return self.is_down

    def observe(self, observation: tuple[int, int]) -> None:
        """A subscription fired; it stays disarmed until the host is free again."""
        if self.is_down:
            self.missed += 1
            return
        subscription, fired = observation
        feed = self._by_subscription[subscription]
        feed.armed = False
        feed.fired |= Trigger(fired)
        self._wake()

    def receive(self, message: Queued) -> None:
        """A report, a timer or a word arrived; they keep their order."""
        if self.is_down:
            self.missed += 1
            return
        if isinstance(message, Report):
            self._recorder.add(
                self._known.report_event(message, EventKind.RECEIVED, self._clock.now_ns)
            )
            if self._died():  # of this very report
                self.missed += 1
                return
            self._inbox.append(message)
        elif _is_urgent(message):
            self._inbox.appendleft(message)
        else:
            self._inbox.append(message)
        self._wake()

    def _wake(self) -> None:
        if not self._busy:
            self._next()

    def vitals(self, now_ns: int) -> Vitals:
        """How it stands now; whoever asks takes the longest decision with him."""
        slowest_ns, self._slowest_ns = self._slowest_ns, 0
        books = []
        for feed in self._feeds:
            words = self._books.view(feed.local)
            books.append(BookVitals(feed.book_id, words.seq, words.venue_ns, words.phase))
        busy_ns = now_ns - self._decided_ns if self._busy and self.decisions else 0
        return Vitals(len(self._inbox), busy_ns, slowest_ns, tuple(books))

    # --- one decision at a time -------------------------------------------------------------------

    def _next(self) -> None:
        """Take the next thing to decide on, or wait for the market."""
        if self._inbox:
            self._on_queued(self._inbox.popleft())
            return
        for feed in self._feeds:
            if feed.fired:
                self._on_view(feed)
                return
        self._listen()

    def _listen(self) -> None:
        """Arm what is not armed, unless something changed while nobody listened."""
        if not self._triggers:
            return
        now_ns = self._clock.now_ns
        for feed in self._feeds:
            if feed.armed:
                continue
            missed = self._known.missed(feed, self._triggers)
            if missed:
                feed.fired = missed
                self._on_view(feed)
                return
            self._books.arm(feed.subscription, self._triggers, now_ns, stale_ns=self._stale_ns)
            feed.armed = True

    def _on_view(self, feed: Feed) -> None:
        """Decide on the newest view of one book."""
        view = self._known.view(feed, self._clock.now_ns)
        commands = self._participant.on(view, self._clock.now_ns)
        self._decide(commands, VIEW_CAUSE, view.seq << 16 | view.book_id)

    def _on_queued(self, message: Queued) -> None:
        """Decide on a report, a timer or a word."""
        now_ns = self._clock.now_ns
        commands: list[Command] = []
        if isinstance(message, TimerFired):
            self._recorder.add(
                Event(now_ns, EventKind.TIMER, self.number, order_id=message.timer_id)
            )
            # A timer's decision rests on what the host knows now, not on what last woke it.
            for feed in self._feeds:
                commands.extend(
                    self._participant.on(self._known.view(feed, self._clock.now_ns), now_ns)
                )
            commands.extend(self._participant.on(message, now_ns))
            self._decide(commands, TIMER_CAUSE, message.timer_id)
            return
        if not isinstance(message, Report):
            self._recorder.add(Event(now_ns, EventKind.TOLD, self.number))
            commands.extend(self._participant.on(message, now_ns))
            self._decide(commands, TOLD_CAUSE, now_ns)
            return
        self._recorder.add(self._known.report_event(message, EventKind.REPORT, now_ns))
        self._known.track(message)
        commands.extend(self._participant.on(message, now_ns))
        self._decide(commands, REPORT_CAUSE, message.order_id ^ (message.venue_ns << 1))

    def _decide(self, commands: Sequence[Command], cause_a: int, cause_b: int) -> None:
        """The decision is taken; its commands leave when it has been computed."""
        now_ns = self._clock.now_ns
        self._busy = True
        self._decided_ns = now_ns
        self.decisions += 1
        compute_ns = sample(self._compute, self._key, now_ns, cause_a, cause_b)
        if self.is_watched and compute_ns > self._slowest_ns:
            self._slowest_ns = compute_ns
        self._clock.at(now_ns + compute_ns, self._done, (self._life, commands))

    def _done(self, decided: tuple[int, Sequence[Command]]) -> None:
        """The decision is computed: let it out, then look at what came in meanwhile."""
        life, commands = decided
        if self.is_down or life != self._life:
            self.missed += len(commands)
            return
        now_ns = self._clock.now_ns
        self._recorder.add(
            Event(
                now_ns,
                EventKind.COMPUTED,
                self.number,
                venue_ns=self._decided_ns,
                detail=len(commands),
            )
        )
        if self._died():  # of this very decision
            self.missed += len(commands)
            return
        if self._commit is None:
            self._leave(commands)
        else:
            self._commit.request(self._leave, commands)
        self._busy = False
        self._next()

    def _leave(self, commands: Sequence[Command]) -> None:
        """Commands go on their way."""
        if self.records_commits and not self.is_down:
            self._recorder.add(committed(self._clock.now_ns, self.number, commands))
        if self.is_down:  # they had been decided, and their record was not durable yet
            self.missed += len(commands)
            return
        self.release(commands)

    def release(self, commands: Sequence[Command]) -> None:
        """Commands leave, with a record or without."""
        if self.is_down:
            self.missed += len(commands)
            return
        now_ns = self._clock.now_ns
        for number, command in enumerate(commands):
            if self._died():  # of the one before
                self.missed += len(commands) - number
                return
            if isinstance(command, SetTimer):
                fired = TimerFired(timer_id=command.timer_id, due_ns=command.due_ns)
                self._clock.at(max(command.due_ns, now_ns), self._ring, (self._life, fired))
                continue
            if isinstance(command, Submit):
                self._known.sent[command.order_id] = command
            self.commands += 1
            self._session.send(command, now_ns)

    def _ring(self, timer: tuple[int, TimerFired]) -> None:
        """A timer is due; those of a process that has died died with it."""
        life, fired = timer
        if life == self._life:
            self.receive(fired)

    # --- a journal that fails, and a new process --------------------------------------------------

    def forget(self, order_ids: Iterable[int]) -> None:
        """Nothing more will be heard about these orders."""
        for order_id in order_ids:
            self._known.sent.pop(order_id, None)

    def drop(self, commands: Sequence[Command]) -> None:
        """Commands that may not leave without a record are lost."""
        now_ns = self._clock.now_ns
        for command in commands:
            assert not isinstance(command, SetTimer)
            kind = COMMAND_EVENT[type(command)]
            self._recorder.add(
                Event(
                    now_ns,
                    EventKind.LOST,
                    self.number,
                    command.book_id,
                    command.order_id,
                    detail=kind,
                )
            )

    def restart(self, participant: Participant, commit: CommitLog) -> None:
        """A new process runs on the machine; it knows nothing that its participant does not.

        Args:
            participant: What it runs.
            commit: Its journal.
        """
        assert self.is_down
        self.is_down = False
        self._life += 1
        self._participant = participant
        self._commit = commit
        self._known = self._known.fresh()
        self.open_orders = self._known.open_orders
        self._feeds = [
            Feed(one.book_id, one.local, one.subscription, lined=one.lined) for one in self._feeds
        ]
        self._by_subscription = {feed.subscription: feed for feed in self._feeds}
        self._inbox.clear()
        self._busy = True


def _is_urgent(message: Queued) -> bool:
    """Whether a message goes before all that waits: a word that stops, or trouble."""
    if isinstance(message, Operator):
        return message.action in STOPS
    return isinstance(message, StoreStatus)
