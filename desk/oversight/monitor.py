"""A monitor: readings, copies and its own feed in; alerts, instructions and signs of life out.

Model: it works at its own pace. What it hears only replaces what it knew; everything is looked at once in
each `check_ns`, so that its load and what it says are bounded however much it hears. It assumes nothing
about whose line is the right one: a host is late against whoever knows more, and so is the monitor
itself, which then says so of itself and nothing to the hosts.

Instructions follow from alerts by the table `codes.ALERTS`, or by what a scenario puts in its place; they
are given only while the host's mode is below the one that they lead to, at most so many within a while.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from desk.oversight.checks import Watched
from desk.oversight.codes import ALERTS, LEADS_TO, AlertCode
from desk.oversight.config import OversightConfig
from desk.oversight.frontier import Frontier
from desk.oversight.pager import Condition, Key, Pager
from market.codes import OperatorAction
from market.messages import Inbound, SetTimer, TimerFired, View
from market.oversight import NOBODY, Beat, Copied, Heard, Instruct, Said, Telemetry

CHECK: Final = 1
"""Id of the timer of its pace."""

Says = Mapping[AlertCode, OperatorAction | None]


class Monitor:
    """Watches hosts.

    Args:
        config: Bounds.
        hosts: Numbers of those that it watches.
        books: Those that it follows itself.
        says: What follows from an alert, where it is not what the table says.
    """

    def __init__(
        self,
        config: OversightConfig,
        hosts: Sequence[int],
        books: Sequence[int],
        says: Says | None = None,
    ) -> None:
        self.pager = Pager(config)
        self.instructs = 0
        self.checks = 0
        self._config = config
        self._hosts = list(hosts)
        self._books = list(books)
        self._says = {code: row.says for code, row in ALERTS.items()} | dict(says or {})
        self._watched: dict[int, Watched] = {}
        self._frontiers: dict[int, Frontier] = {}
        self._own: dict[int, int] = {}
        self._since: dict[Key, int] = {}
        self._told: dict[int, deque[tuple[int, OperatorAction]]] = {
            host: deque(maxlen=max(config.instructs_max, 1)) for host in hosts
        }

    def start(self, now_ns: int) -> Sequence[Said | SetTimer]:
        """Begin to watch."""
        self._watched = {host: Watched(host, now_ns) for host in self._hosts}
        self._frontiers = {book_id: Frontier(now_ns) for book_id in self._books}
        return [SetTimer(timer_id=CHECK, due_ns=now_ns + self._config.check_ns)]

    def on(self, message: Inbound | Heard, now_ns: int) -> Sequence[Said | SetTimer]:
        """Take one message in; only the timer makes it look."""
        if isinstance(message, Telemetry):
            self._hear(message, now_ns)
        elif isinstance(message, View):
            self._see(message, now_ns)
        elif isinstance(message, Copied):
            if message.host in self._watched:
                self._watched[message.host].hear_copy(message.report, message.side, now_ns)
        elif isinstance(message, TimerFired):
            return self._check(now_ns)
        return []

    def _hear(self, reading: Telemetry, now_ns: int) -> None:
        watched = self._watched.get(reading.host)
        if watched is None:
            return
        watched.hear(reading, now_ns)
        for book in reading.books:
            self._frontier(book.book_id, now_ns).note(book.seq, now_ns)

    def _see(self, view: View, now_ns: int) -> None:
        self._own[view.book_id] = view.seq
        self._frontier(view.book_id, now_ns).note(view.seq, now_ns)

    def _frontier(self, book_id: int, now_ns: int) -> Frontier:
        return self._frontiers.setdefault(book_id, Frontier(now_ns))

    # --- at its own pace ----------------------------------------------------------------------------

    def _check(self, now_ns: int) -> list[Said | SetTimer]:
        """Look at everything, and say what is to be said."""
        self.checks += 1
        conditions = self._own_feed(now_ns)
        for watched in self._watched.values():
            conditions += watched.conditions(self._config, self._frontiers, now_ns)
        self._since = {one.key: self._since.get(one.key, now_ns) for one in conditions}
        said: list[Said | SetTimer] = [*self.pager.apply(conditions, now_ns)]
        for condition in conditions:
            said += self._instruct(condition, now_ns)
        said.append(Beat(number=self.checks))
        said.append(SetTimer(timer_id=CHECK, due_ns=now_ns + self._config.check_ns))
        return said

    def _own_feed(self, now_ns: int) -> list[Condition]:
        """How the monitor's own lines and the books stand."""
        config, code, found = self._config, AlertCode, []
        for book_id in self._books:
            frontier = self._frontiers[book_id]
            lag_ns = frontier.lag_ns(self._own.get(book_id, 0), now_ns)
            if lag_ns > config.content_ns:
                found.append(
                    Condition(code.OWN_FEED_LATE, lag_ns, config.content_ns, NOBODY, book_id)
                )
            quiet_ns = now_ns - frontier.moved_ns
            if 0 < config.quiet_ns < quiet_ns:
                found.append(Condition(code.FEED_QUIET, quiet_ns, config.quiet_ns, NOBODY, book_id))
        return found

    def _instruct(self, condition: Condition, now_ns: int) -> list[Instruct]:
        """What follows from a condition, if it is still to be said and may be."""
        action, host = self._says[condition.code], condition.subject
        watched = self._watched.get(host)
        if action is None or watched is None or watched.reading is None:
            return []
        if now_ns - self._since[condition.key] < ALERTS[condition.code].after_ns:
            return []
        if watched.reading.mode >= LEADS_TO[action]:
            return []
        told, config = self._told[host], self._config
        if any(one == action and now_ns - at_ns < config.again_ns for at_ns, one in told):
            return []
        if sum(now_ns - at_ns < config.instructs_window_ns for at_ns, _ in told) >= (
            config.instructs_max
        ):
            return []
        told.append((now_ns, action))
        self.instructs += 1
        cause = self.pager.root_of(condition)
        return [Instruct(host=host, action=action, cause=cause)]
