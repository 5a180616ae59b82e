"""A host: a simulated machine that runs one participant.

Model: a decision takes compute time, in which the host is busy. While it is busy its reports and
timers queue in order, and its market data conflates: when it is free again it sees the newest view,
once, whatever happened in between. Commands leave when the decision is done, or, on a host that keeps
a journal, when the record of it is durable; the host goes on deciding meanwhile.

A free host with nothing to do arms its subscriptions, so that the market wakes it at the first change
that it asked for, and not for each message.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from market.codes import Mode, Phase, ReportType, Side, Trigger
from market.messages import (
    NO_PRICE,
    Accrual,
    Command,
    LinkStatus,
    Operator,
    Report,
    SetTimer,
    Submit,
    TimerFired,
    View,
)
from market.ports import Participant
from sim.clock import Clock
from sim.commit import CommitLog
from sim.recorder import Event, EventKind, Recorder
from sim.session import Session, report_event
from sim.slowdown import sample
from sim.world import ViewWords

ENDS = frozenset((ReportType.REJECTED, ReportType.EXPIRED, ReportType.CANCELLED))
NOTHING = Trigger(0)
Queued = Report | TimerFired | LinkStatus | Operator | Accrual
VIEW_CAUSE = 1
REPORT_CAUSE = 2
TIMER_CAUSE = 3
START_CAUSE = 4
TOLD_CAUSE = 6


class LocalBooks(Protocol):
    """The local books of a run, fast or slow."""

    def view(self, index: int) -> ViewWords:
        """What a local book knows now."""
        ...

    def depth(self, index: int, side: Side, count: int) -> list[tuple[int, int]]:
        """Its best levels, (price_ticks, qty_lots) each."""
        ...

    def arm(self, subscription: int, triggers: Trigger, now_ns: int, *, stale_ns: int = 0) -> None:
        """Wake a subscription's host at the next of `triggers`."""
        ...


class Feed:
    """One local book as one host follows it."""

    __slots__ = ("armed", "book_id", "fired", "local", "seen", "subscription")

    def __init__(self, book_id: int, local: int, subscription: int) -> None:
        self.book_id = book_id
        self.local = local
        self.subscription = subscription
        self.armed = False
        self.fired = Trigger(0)
        self.seen: ViewWords | None = None


class _Own:
    """An order that the host believes to be open."""

    __slots__ = ("book_id", "leaves_lots", "price_ticks", "side")

    def __init__(self, order: Submit) -> None:
        self.book_id = order.book_id
        self.side = order.side
        self.price_ticks = order.price_ticks
        self.leaves_lots = 0


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
        self.open_orders: dict[int, _Own] = {}
        self.is_down = False
        self.missed = 0
        self._clock = clock
        self._recorder = recorder
        self._participant = participant
        self._session = session
        self._books = books
        self._feeds = feeds
        self._by_subscription = {feed.subscription: feed for feed in feeds}
        self._compute = compute
        self._key = key
        self._shown_in_feed = mode is Mode.REACTIVE
        self._triggers = triggers | (Trigger.STALE if stale_ns else Trigger(0))
        self._stale_ns = stale_ns
        self._depth_levels = depth_levels
        self._commit = commit
        self._inbox: deque[Queued] = deque()
        self._sent: dict[int, Submit] = {}
        self._busy = True
        self._decided_ns = 0

    # --- what reaches the host ------------------------------------------------------------------

    def start(self, _: object = None) -> None:
        """The run begins: ask the participant what it wants before the first message."""
        self._decide(self._participant.start(self._clock.now_ns), START_CAUSE, 0)

    def crash(self, _: object = None) -> None:
        """The machine dies: what it had decided but not sent is lost, and it takes nothing in any more.

        Its orders stay where they are; what becomes of them is the venue's matter.
        """
        self.is_down = True
        self.missed += len(self._inbox)
        self._inbox.clear()

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
            self._recorder.add(self._report_event(message, EventKind.RECEIVED))
        self._inbox.append(message)
        self._wake()

    def _wake(self) -> None:
        if not self._busy:
            self._next()

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
            missed = self._missed(feed)
            if missed:
                feed.fired = missed
                self._on_view(feed)
                return
            self._books.arm(feed.subscription, self._triggers, now_ns, stale_ns=self._stale_ns)
            feed.armed = True

    def _missed(self, feed: Feed) -> Trigger:
        """Triggers that would have fired since the view last decided on."""
        if feed.seen is None:
            return NOTHING
        words = self._books.view(feed.local)
        if words.seq == feed.seen.seq:
            return NOTHING
        fired = NOTHING
        if words.bbo_version != feed.seen.bbo_version:
            fired |= Trigger.BBO
        if words.trade_count != feed.seen.trade_count:
            fired |= Trigger.TRADE
        if words.phase != feed.seen.phase:
            fired |= Trigger.PHASE
        return fired & self._triggers

    def _on_view(self, feed: Feed) -> None:
        """Decide on the newest view of one book."""
        view = self._view(feed)
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
                commands.extend(self._participant.on(self._view(feed), now_ns))
            commands.extend(self._participant.on(message, now_ns))
            self._decide(commands, TIMER_CAUSE, message.timer_id)
            return
        if not isinstance(message, Report):
            self._recorder.add(Event(now_ns, EventKind.TOLD, self.number))
            commands.extend(self._participant.on(message, now_ns))
            self._decide(commands, TOLD_CAUSE, now_ns)
            return
        self._recorder.add(self._report_event(message, EventKind.REPORT))
        self._track(message)
        commands.extend(self._participant.on(message, now_ns))
        self._decide(commands, REPORT_CAUSE, message.order_id ^ (message.venue_ns << 1))

    def _decide(self, commands: Sequence[Command], cause_a: int, cause_b: int) -> None:
        """The decision is taken; its commands leave when it has been computed."""
        now_ns = self._clock.now_ns
        self._busy = True
        self._decided_ns = now_ns
        self.decisions += 1
        compute_ns = sample(self._compute, self._key, now_ns, cause_a, cause_b)
        self._clock.at(now_ns + compute_ns, self._done, commands)

    def _done(self, commands: Sequence[Command]) -> None:
        """The decision is computed: let it out, then look at what came in meanwhile."""
        if self.is_down:
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
        if self._commit is None:
            self._leave(commands)
        else:
            self._commit.request(self._leave, commands)
        self._busy = False
        self._next()

    def _leave(self, commands: Sequence[Command]) -> None:
        """Commands go on their way."""
        if self.is_down:  # they had been decided, and their record was not durable yet
            self.missed += len(commands)
            return
        now_ns = self._clock.now_ns
        for command in commands:
            if isinstance(command, SetTimer):
                fired = TimerFired(timer_id=command.timer_id, due_ns=command.due_ns)
                self._clock.at(max(command.due_ns, now_ns), self.receive, fired)
                continue
            if isinstance(command, Submit):
                self._sent[command.order_id] = command
            self.commands += 1
            self._session.send(command, now_ns)

    # --- what the host knows -------------------------------------------------------------------------

    def _view(self, feed: Feed) -> View:
        """The newest view of one book, recorded as decided on."""
        words = self._books.view(feed.local)
        fired, feed.fired = feed.fired, Trigger(0)
        feed.seen = words
        count = self._depth_levels
        view = View(
            book_id=feed.book_id,
            bid_ticks=words.bid_ticks,
            bid_lots=words.bid_lots,
            ask_ticks=words.ask_ticks,
            ask_lots=words.ask_lots,
            own_bid_lots=self._own_lots(feed.book_id, Side.BUY, words.bid_ticks),
            own_ask_lots=self._own_lots(feed.book_id, Side.SELL, words.ask_ticks),
            last_trade_units=words.trade_units,
            last_trade_lots=words.trade_lots,
            trade_count=words.trade_count,
            venue_ns=words.venue_ns,
            local_ns=words.local_ns,
            seq=words.seq,
            phase=Phase(words.phase),
            fired=fired,
            bids=tuple(self._books.depth(feed.local, Side.BUY, count)) if count else (),
            asks=tuple(self._books.depth(feed.local, Side.SELL, count)) if count else (),
            indicative_ticks=words.indicative_ticks,
            indicative_lots=words.indicative_lots,
            imbalance_lots=words.imbalance_lots,
        )
        self._recorder.add(
            Event(
                self._clock.now_ns,
                EventKind.VIEW,
                self.number,
                feed.book_id,
                price_ticks=words.bid_ticks,
                qty_lots=words.ask_ticks,
                leaves_lots=words.seq,
                venue_ns=words.venue_ns,
                detail=int(fired),
            )
        )
        return view

    def _report_event(self, report: Report, kind: EventKind) -> Event:
        """A report as it is here and now."""
        order = self._sent.get(report.order_id)
        side = 0 if order is None else int(order.side)
        return report_event(report, kind, self._clock.now_ns, self.number, side)

    def _own_lots(self, book_id: int, side: Side, price_ticks: int) -> int:
        """Own quantity at a price, where the feed shows it."""
        if not self._shown_in_feed or price_ticks == NO_PRICE:
            return 0
        return sum(
            own.leaves_lots
            for own in self.open_orders.values()
            if own.book_id == book_id and own.side == side and own.price_ticks == price_ticks
        )

    def _track(self, report: Report) -> None:
        """Keep the open orders that views tell apart from others'."""
        order_id = report.order_id
        ended = report.type in ENDS or (
            report.type is ReportType.FILLED and report.leaves_lots == 0
        )
        if ended:
            self.open_orders.pop(order_id, None)
            return
        if report.type is ReportType.ACCEPTED and order_id in self._sent:
            self.open_orders[order_id] = _Own(self._sent[order_id])
        own = self.open_orders.get(order_id)
        if own is None or report.type is ReportType.CANCEL_REJECTED:
            return
        own.leaves_lots = report.leaves_lots
        if report.type is ReportType.REPLACED:
            own.price_ticks = report.price_ticks
