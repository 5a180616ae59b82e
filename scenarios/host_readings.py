"""What a host says of itself while it runs: readings at a steady pace, beside whatever it decides.

Model: the reader of a host's figures is a process of its own on the host's machine. It goes on while a
decision is stuck, and stops with the machine. It also minds the doors through which monitors speak
to the host, and notices when one of them is silent.

A figure that nobody keeps is measured from one reading to the next, so it is known to that accuracy:
the time that a commit has been under way counts from the first reading that saw it so.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import msgspec

from desk.limits import CEILINGS
from market.messages import EVERY
from market.oversight import Alert, BookReading, Telemetry
from sim.host import Host

if TYPE_CHECKING:
    from desk.oversight import Door
    from desk.pipeline import Desk
    from sim.clock import Clock
    from sim.commit import CommitLog

Listener = Callable[[Telemetry], None]


@runtime_checkable
class ShowsTime(Protocol):
    """The clock of a machine, which may be wrong; a host without one shows the run's time."""

    def reading_ns(self) -> int:
        """The time of day that it shows."""
        ...


class MayBeIll(Protocol):
    """A store that may be in trouble."""

    @property
    def trouble(self) -> int:
        """`JournalTrouble`."""
        ...


@runtime_checkable
class OnStore(Protocol):
    """A journal on a store that may break."""

    @property
    def store(self) -> MayBeIll | None:
        """Its store, or None for one that never does."""
        ...


class HostReadings:
    """Reads one host.

    Args:
        every_ns: Its pace.
        desk: What the host runs, if that is a desk.
        commit: The host's journal, if it keeps one.
        shows: Finds the host's own clock, if it has one.
        alerts: Takes what the host itself has to say, with the host's number.
    """

    def __init__(
        self,
        clock: "Clock",
        host: Host,
        *,
        every_ns: int,
        desk: "Desk | None",
        commit: "CommitLog | None",
        shows: Callable[[], object],
        alerts: Callable[[Alert, int, int], None],
    ) -> None:
        self.sent = 0
        self.listeners: list[Listener] = []
        self.doors: list[Door] = []
        self._clock = clock
        self._host = host
        self._every_ns = every_ns
        self._desk = desk
        self._commit = commit
        self._alerts = alerts
        self._shows = shows
        self._commit_seen = -1, 0
        self._waits: dict[int, int] = {}

    def renew(self, desk: "Desk", commit: "CommitLog") -> None:
        """A new process runs on the host."""
        self._desk, self._commit = desk, commit
        self._commit_seen = -1, 0
        self._waits = {}

    def start(self, _: object = None) -> None:
        """Read for the first time."""
        self._read()

    def _read(self, _: object = None) -> None:
        now_ns = self._clock.now_ns
        self._clock.at(now_ns + self._every_ns, self._read)
        if self._host.is_down:
            return
        self.sent += 1
        reading = self.reading(now_ns)
        for listener in self.listeners:
            listener(reading)
        for door in self.doors:
            self.say(door.look(now_ns))

    def say(self, alerts: list[Alert]) -> None:
        """Let the host itself call somebody."""
        for alert in alerts:
            self._alerts(alert, self._host.number, self._clock.now_ns)

    def reading(self, now_ns: int) -> Telemetry:
        """How the host stands now."""
        host, desk = self._host, self._desk
        vitals = host.vitals(now_ns)
        reading = Telemetry(
            host=host.number,
            number=self.sent,
            clock_ns=self._shown(now_ns),
            decisions=host.decisions,
            commands=host.commands,
            waiting=vitals.waiting,
            busy_ns=vitals.busy_ns,
            slowest_ns=vitals.slowest_ns,
            books=tuple(
                BookReading(one.book_id, one.seq, one.venue_ns, one.phase, False, 0, 0)
                for one in vitals.books
            ),
        )
        return reading if desk is None else self._with_desk(reading, desk, now_ns)

    def _with_desk(self, reading: Telemetry, desk: "Desk", now_ns: int) -> Telemetry:
        """A reading with what the host's desk knows."""
        state, orders = desk.state, desk.orders
        data, views = state.data, desk.feed.data.views
        return msgspec.structs.replace(
            reading,
            has_desk=True,
            books=tuple(
                one._replace(
                    bad=(view := views[one.book_id]) is not None and view.maybe_bad,
                    position_lots=data.position_lots[one.book_id],
                    worst_lots=state.worst_lots(one.book_id),
                )
                for one in reading.books
            ),
            unsaved_ns=self.unsaved(now_ns),
            trouble=self.trouble(),
            mode=int(desk.gate.data.mode),
            down=sum(data.down_since_ns[one.book_id] > 0 for one in reading.books),
            unknown=len(orders.unknown(EVERY)),
            unanswered_ns=self._unanswered(now_ns, desk),
            odd=sum(orders.data.anomalies.values()),
            loss_micros=state.day_drawdown,
            gross_micros=state.gross(),
            limits_ppm=desk.gate.limits_ppm,
            held_back=sum(desk.data.refusal_counts.get(code, 0) for code in CEILINGS),
        )

    def _shown(self, now_ns: int) -> int:
        """What the machine's own clock says."""
        shows = self._shows()
        return shows.reading_ns() if isinstance(shows, ShowsTime) else now_ns

    def unsaved(self, now_ns: int) -> int:
        """How long the commit under way has been so."""
        commit = self._commit
        if commit is None or not commit.is_busy:
            self._commit_seen = (-1, now_ns)
            return 0
        number, since_ns = self._commit_seen
        if number != commit.commits:
            self._commit_seen = (commit.commits, now_ns)
            return 0
        return now_ns - since_ns

    def _unanswered(self, now_ns: int, desk: "Desk") -> int:
        """How long the oldest order of which something should be heard has waited for it."""
        waiting = desk.orders.overdue(now_ns, 0)
        # To ask again makes an order no younger.
        self._waits = {
            one.order_id: self._waits.get(one.order_id, one.changed_ns) for one in waiting
        }
        return now_ns - min(self._waits.values(), default=now_ns)

    def trouble(self) -> int:
        """How the store stands."""
        commit: object = self._commit
        if isinstance(commit, OnStore) and commit.store is not None:
            return int(commit.store.trouble)
        return 0
