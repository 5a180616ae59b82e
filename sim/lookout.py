"""A lookout: the machine of a monitor, which trades nothing.

Model: as on a host, a decision takes compute time, messages queue in order, and the views of a timer's
decision are the newest. To give an alert out takes time as well, as long as a pager takes. A lookout
that is woken for each message of its feed (`hangs_on_feed`) takes every one of them in, in order;
another looks at its books only when its timer is due.

Its inbox holds `inbox_max` messages. One more, and the machine is out of memory and dies: a queue
without a bound only fails later.

Invariants: what it says leaves when the decision is computed, in order; a dead lookout says nothing.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from market.codes import Trigger
from market.messages import Inbound, SetTimer, TimerFired, View
from market.oversight import Alert, Beat, Heard, Instruct, Said
from sim.clock import Clock
from sim.host_view import Feed, HostView, LocalBooks
from sim.recorder import Event, EventKind, Recorder
from sim.slowdown import sample

WATCH_CAUSE: Final = 7

ALERTS_EACH: Final = 1_000_000
"""Numbers of alerts that each teller has for itself in the record."""

EACH_MESSAGE: Final = Trigger.BBO | Trigger.TRADE | Trigger.LEVEL

Message = Heard | TimerFired | View


class Watcher(Protocol):
    """Who watches: no I/O, no clock; messages in, words out."""

    def start(self, now_ns: int) -> Sequence[Said | SetTimer]:
        """Words and timers wanted before the first message."""
        ...

    def on(self, message: Inbound | Heard, now_ns: int) -> Sequence[Said | SetTimer]:
        """Take one message and answer with words."""
        ...


class Lookout:
    """One machine and the monitor on it.

    Args:
        number: Of the machine in this run.
        feeds: Its own local books.
        compute: Compiled latency block of a decision's duration.
        key: Key of its draws.
        alert_ns: How long it takes to give one alert out.
        inbox_max: Messages that fit.
        hangs_on_feed: Whether each change of a book is a message.
        send: Takes instructions and signs of life to where they go.
        told: Hears of each alert that was given out, with this machine's number.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        watcher: Watcher,
        known: HostView,
        books: LocalBooks,
        *,
        number: int,
        feeds: list[Feed],
        compute: npt.NDArray[np.int64],
        key: int,
        alert_ns: int,
        inbox_max: int,
        hangs_on_feed: bool,
        send: Callable[[Instruct | Beat, int], None],
        told: Callable[[Alert, int], None],
    ) -> None:
        self.number = number
        self.decisions = 0
        self.pages = 0
        self.is_down = False
        self.missed = 0
        self.inbox_most = 0
        self.died_ns = 0
        self._clock = clock
        self._recorder = recorder
        self._watcher = watcher
        self._known = known
        self._books = books
        self._feeds = feeds
        self._by_subscription = {feed.subscription: feed for feed in feeds}
        self.compute = compute
        self._key = key
        self._alert_ns = alert_ns
        self._inbox_max = inbox_max
        self._hangs_on_feed = hangs_on_feed
        self._send = send
        self._told = told
        self._inbox: deque[Message] = deque()
        self._busy = True

    # --- what reaches it ------------------------------------------------------------------------

    def start(self, _: object = None) -> None:
        """The run begins."""
        now_ns = self._clock.now_ns
        self._decide(self._watcher.start(now_ns), now_ns)
        for feed in self._feeds:
            self._listen(feed)

    def crash(self, _: object = None) -> None:
        """The machine dies."""
        if self.is_down:
            return
        self.is_down = True
        self.died_ns = self._clock.now_ns
        self.missed += len(self._inbox)
        self._inbox.clear()
        self._recorder.add(Event(self.died_ns, EventKind.CRASHED, self.number))

    def observe(self, observation: tuple[int, int]) -> None:
        """A book changed."""
        subscription, fired = observation
        feed = self._by_subscription[subscription]
        feed.armed = False
        if self.is_down:
            self.missed += 1
            return
        feed.fired |= Trigger(fired)
        self.receive(self._known.view(feed, self._clock.now_ns))
        self._listen(feed)

    def receive(self, message: Message) -> None:
        """Something arrived."""
        if self.is_down:
            self.missed += 1
            return
        if len(self._inbox) >= self._inbox_max:
            self.crash()
            return
        self._inbox.append(message)
        self.inbox_most = max(self.inbox_most, len(self._inbox))
        if not self._busy:
            self._next()

    def _listen(self, feed: Feed) -> None:
        """Be woken by the next change of a book."""
        if self._hangs_on_feed and not self.is_down:
            self._books.arm(feed.subscription, EACH_MESSAGE, self._clock.now_ns)
            feed.armed = True

    # --- one decision at a time -------------------------------------------------------------------

    def _next(self) -> None:
        if not self._inbox:
            return
        message, now_ns = self._inbox.popleft(), self._clock.now_ns
        said: list[Said | SetTimer] = []
        if isinstance(message, TimerFired) and not self._hangs_on_feed:
            for feed in self._feeds:
                said += self._watcher.on(self._known.view(feed, now_ns), now_ns)
        said += self._watcher.on(message, now_ns)
        self._decide(said, self.decisions)

    def _decide(self, said: Sequence[Said | SetTimer], cause: int) -> None:
        """What it says leaves when it has been computed and given out."""
        now_ns = self._clock.now_ns
        self._busy = True
        self.decisions += 1
        took_ns = sample(self.compute, self._key, now_ns, WATCH_CAUSE, cause)
        took_ns += self._alert_ns * sum(isinstance(one, Alert) for one in said)
        self._clock.at(now_ns + took_ns, self._done, said)

    def _done(self, said: Sequence[Said | SetTimer]) -> None:
        if self.is_down:
            self.missed += len(said)
            return
        now_ns = self._clock.now_ns
        for one in said:
            if isinstance(one, SetTimer):
                fired = TimerFired(timer_id=one.timer_id, due_ns=one.due_ns)
                self._clock.at(max(one.due_ns, now_ns), self.receive, fired)
            elif isinstance(one, Alert):
                self._told(one, self.number)
                self.pages += one.page
                self._recorder.add(alert_event(one, self.number, now_ns))
            else:
                self._send(one, now_ns)
        self._busy = False
        self._next()


def alert_event(alert: Alert, teller: int, now_ns: int) -> Event:
    """An alert as a row of events; roots are told apart by who tells of them, too."""
    return Event(
        now_ns,
        EventKind.ALERT,
        teller,
        max(alert.book_id, 0),
        teller * ALERTS_EACH + alert.root_id,
        side=int(alert.book_id < 0),
        price_ticks=alert.found,
        qty_lots=alert.subject,
        leaves_lots=int(alert.page),
        detail=alert.code,
        fee=alert.allowed,
        figure=alert.severity,
        exec_id=teller * ALERTS_EACH + alert.alert_id,
    )
