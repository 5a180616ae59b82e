"""What happened in a run, as verdicts see it: the venue's own record first, and what hosts heard of it.

Model: the events of a run are gone through once, and sorted by order. What the venue did is told by its
answers and by its orders and accounts at the end; what a host knew, by the reports that it took. No
figure of a desk is ever used to judge the desk, only to be held against the venue's.

Hosts that speak for one member (a primary and its stand-by) share its orders; `member_of` says whose.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from chaos.drill import DrillLimits, Phases
from market.codes import ReportType, Side
from market.faults import Fault
from scenarios.monitors import MONITOR_BASE
from sim.recorder import Event, EventKind

FILLS: Final = frozenset((ReportType.FILLED, ReportType.BUSTED, ReportType.CORRECTED))
ENDS: Final = frozenset((ReportType.REJECTED, ReportType.EXPIRED, ReportType.CANCELLED))
SENT: Final = frozenset(
    (
        EventKind.SUBMIT,
        EventKind.CANCEL,
        EventKind.REPLACE,
        EventKind.QUERY,
        EventKind.MASS_QUOTE,
        EventKind.MASS_CANCEL,
    )
)


STORE_WELL: Final = 0
"""What a JOURNAL event says of a store that is in no trouble any more."""

LOGGED_ON: Final = 3
"""The step of a takeover at which the stand-by may speak."""

GAP_BEGINS: Final = frozenset((1, 6, 9))
"""Steps of a feed (docs/explanation/feed-lines.md) from which a book may be bad: a gap, lines that disagree, a cross."""

GAP_ENDS: Final = frozenset((2, 3))
"""Steps by which it is right again: what was missing came, or a snapshot."""

GAP_ASKS: Final = 7
"""A request for what is missing left."""

TRADING_READY: Final = 4
"""The step of a takeover at which the stand-by may trade."""


class OrderStory:
    """One order from its first word to its last.

    Attributes:
        member: Whose it is, by the number of the host that trades for it.
        sent: Commands about it as they left hosts.
        arrived: As they reached the venue.
        answers: What the venue said.
        received: Reports as they reached hosts.
        copies: Drop copies as they reached their readers.
        lost: What wires lost of it.
    """

    __slots__ = (
        "answers",
        "arrived",
        "book_id",
        "copies",
        "lost",
        "member",
        "order_id",
        "received",
        "sent",
        "side",
    )

    def __init__(self, order_id: int, member: int, book_id: int) -> None:
        self.order_id = order_id
        self.member = member
        self.book_id = book_id
        self.side = Side.BUY
        self.sent: list[Event] = []
        self.arrived: list[Event] = []
        self.answers: list[Event] = []
        self.received: list[Event] = []
        self.copies: list[Event] = []
        self.lost: list[Event] = []

    @property
    def submits(self) -> list[Event]:
        """How often it was sent as a new order."""
        return [one for one in self.sent if one.kind == EventKind.SUBMIT]

    @property
    def accepted(self) -> Event | None:
        """When the venue took it."""
        return next((one for one in self.answers if one.detail == ReportType.ACCEPTED), None)

    @property
    def end(self) -> Event | None:
        """The venue's answer that ended it: a refusal, an end, or the fill that left nothing."""
        for one in self.answers:
            if one.detail in ENDS or (one.detail == ReportType.FILLED and one.leaves_lots == 0):
                return one
        return None

    def fills(self) -> Iterator[Event]:
        """Fills as the venue first said them."""
        return (one for one in self.answers if one.detail == ReportType.FILLED)


class VenueOrderEnd(NamedTuple):
    """An order as its venue holds it at one moment."""

    member: int
    book_id: int
    side: int
    open_lots: int


class Look(NamedTuple):
    """What there was at one moment, at the venue and in desks.

    Attributes:
        venue: Live orders at the venue, by id.
        positions: By member and book, on the venue's ledger.
        desks: Of each host with a desk, its orders that have not ended: state by id.
        held: Of each host with a desk, its position by book.
        down: Hosts that are dead.
        books: Of each (host, book) whose local book has heard everything, whether it is the venue's.
    """

    time_ns: int
    venue: dict[int, VenueOrderEnd]
    positions: dict[tuple[int, int], int]
    desks: dict[int, dict[int, int]]
    held: dict[int, list[int]]
    down: frozenset[int] = frozenset()
    books: Mapping[tuple[int, int], bool] = MappingProxyType({})


class AccountEnd(NamedTuple):
    """A member's account in a book at the end: the venue's, or what a desk believes."""

    position_lots: int
    cash: int
    fee: int
    fills: int


class JournalEnd(NamedTuple):
    """What the audit found in a host's journal.

    Attributes:
        problem: What is wrong with it, empty when nothing is; `records`: how many it has.
        submits: Time at which the record of each new order became durable, by id; −1 for never.
        strategies: Number of the strategy of each new order, by id; `decided`: when it was on record.
        reports: Reports taken, as (order, type, stamp, exec id), with how often each.
        commands: Commands recorded, as (kind, order), with how often each.
        digest: Of the desk's state as the journal gives it.
        own_digest: Of the desk's state as it was at the end; empty for a desk that died.
        again_digest: As the journal gives it when recovery itself is broken off twice.
        doubts: When the desk would not believe a book, by its number.
        vetoes: How often its gate gave each veto, by code; `refusals`: its last check, likewise.
        torn: Cuts of its tail that were tried, and how many of them gave anything but a whole prefix.
        changed: Changes of a bit that were tried, and how many of them nobody noticed.
    """

    problem: str
    records: int
    submits: dict[int, int]
    strategies: dict[int, int]
    reports: dict[tuple[int, int, int, int], int]
    commands: dict[tuple[int, int], int]
    digest: str
    own_digest: str
    again_digest: str
    doubts: dict[int, list[int]]
    vetoes: Mapping[int, int]
    refusals: Mapping[int, int]
    torn: tuple[int, int]
    changed: tuple[int, int]
    decided: Mapping[int, int] = {}


class DeskRules(NamedTuple):
    """What a desk's configuration allows it, by book where it matters.

    Attributes:
        order_lots: Largest order, by book.
        position_lots: Largest position in the worst case, by book.
        stale_ns: Age from which content is stale, by book; 0 for never.
        messages: How many within how long.
        fills: Executions of a strategy within how long, at which it is switched off.
    """

    order_lots: list[int]
    position_lots: list[int]
    stale_ns: list[int]
    messages: tuple[int, int]
    fills: tuple[int, int]


class FaultWindow(NamedTuple):
    """A fault as it happened.

    Attributes:
        number: In the plan.
        until_ns: Its end; the run's, where it never ended.
        hits: How often it bit.
    """

    fault: Fault
    number: int
    from_ns: int
    until_ns: int
    hits: int


@dataclass(slots=True)
class History:
    """Everything that a verdict rests on.

    Attributes:
        hosts: Names by number; those behind the scenario's are stand-bys.
        member_of: The member that a host speaks for, by number.
        orders: By id, in order of their first event.
        venue_of: Number of the venue of each book; books of one venue share a session.
        idle: Hosts that have no say at the end, as whoever built the run knows.
        audit: Host numbers with what is said of their journals.
        own: What desks believe at the end, by host and book.
        accounts: The venue's, by member and book.
        anomalies: Reports that made no sense to a desk, by host: how often each `Anomaly`.
        books: Names of books by number.
        watched: Whether anybody watches.
        monitors: Their names, by number from `MONITOR_BASE` on.
    """

    events: list[Event]
    start_ns: int
    end_ns: int
    phases: Phases
    limits: DrillLimits = field(default_factory=DrillLimits)
    hosts: list[str] = field(default_factory=list)
    member_of: list[int] = field(default_factory=list)
    venue_of: list[int] = field(default_factory=list)
    idle: frozenset[int] = frozenset()
    orders: dict[int, OrderStory] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    windows: list[FaultWindow] = field(default_factory=list)
    rules: dict[int, DeskRules] = field(default_factory=dict)
    audit: dict[int, JournalEnd] = field(default_factory=dict)
    own: dict[tuple[int, int], AccountEnd] = field(default_factory=dict)
    accounts: dict[tuple[int, int], AccountEnd] = field(default_factory=dict)
    anomalies: dict[int, dict[int, int]] = field(default_factory=dict)
    books: list[str] = field(default_factory=list)
    watched: bool = False
    monitors: list[str] = field(default_factory=list)
    by_kind: dict[int, list[Event]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sort()

    def of(self, *kinds: EventKind) -> list[Event]:
        """Events of some kinds in order of time."""
        if len(kinds) == 1:
            return self.by_kind.get(kinds[0], [])
        found = [one for kind in kinds for one in self.by_kind.get(kind, [])]
        return sorted(found, key=lambda one: one.time_ns)

    def member(self, host: int) -> int:
        """The member that a host speaks for."""
        return self.member_of[host] if host < len(self.member_of) else host

    def name(self, host: int) -> str:
        """A host's name."""
        names, number = self.hosts, host
        if host >= MONITOR_BASE:
            names, number = self.monitors, host - MONITOR_BASE
        return names[number] if 0 <= number < len(names) else f"host {host}"

    def phase_at(self, time_ns: int) -> str:
        """The phase that a moment is in."""
        return self.phases.phase_at(time_ns - self.start_ns)

    def end_of(self, phase: str) -> int:
        """When a phase ends."""
        return self.start_ns + self.phases.ends_ns[phase]

    def stories(self, member: int | None = None) -> Iterable[OrderStory]:
        """Orders of hosts, or of one member."""
        return (one for one in self.orders.values() if member is None or one.member == member)

    @property
    def restarted(self) -> frozenset[int]:
        """Hosts that came back in the run."""
        return frozenset(one.host for one in self.of(EventKind.RESTARTED))

    def stale_ns(self, host: int, book_id: int) -> int:
        """Age from which a book's content is stale to a host; 0 for never."""
        rules = self.rules.get(host)
        return self.limits.stale_ns or (rules.stale_ns[book_id] if rules is not None else 0)

    def same_venue(self, book_id: int, other: int) -> bool:
        """Whether two books are of one venue, as far as that is known."""
        venues = self.venue_of
        return book_id == other or (
            max(book_id, other) < len(venues) and venues[book_id] == venues[other]
        )

    def number_of(self, target: str) -> int:
        """Number of the host that a fault's target names; −1 for what is no host."""
        name = target.partition("/")[0].partition(".")[0]
        return self.hosts.index(name) if name in self.hosts else -1

    def bad_books(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """Stretches in which a book might be bad, by (host, book), as its feed said."""
        found: dict[tuple[int, int], list[tuple[int, int]]] = {}
        since: dict[tuple[int, int], int] = {}
        for one in self.of(EventKind.GAP):
            key = one.host, one.book_id
            if one.side == 0 and one.detail in GAP_BEGINS:
                since.setdefault(key, one.time_ns)
            elif one.side == 0 and one.detail in GAP_ENDS and key in since:
                found.setdefault(key, []).append((since.pop(key), one.time_ns))
        for key, from_ns in since.items():
            found.setdefault(key, []).append((from_ns, self.end_ns))
        return found

    def book_name(self, book_id: int) -> str:
        """A book's name."""
        return self.books[book_id] if book_id < len(self.books) else f"book {book_id}"

    def charge_before(self, event: Event) -> int:
        """Who spoke for the member of an event's host right before it."""
        member = self.member(event.host)
        pair = [host for host, one in enumerate(self.member_of) if one == member]
        return next((one for one in pair if self.in_charge(one, event.time_ns - 1)), member)

    def in_charge(self, host: int, time_ns: int) -> bool:
        """Whether a host speaks for its member at a moment, as takeovers tell."""
        charged = self.member(host)
        for one in self.of(EventKind.TAKEOVER):
            if one.time_ns > time_ns:
                break
            if one.detail == TRADING_READY and self.member(one.host) == self.member(host):
                charged = one.host
        return charged == host

    def faults(self, *kinds: str) -> list[FaultWindow]:
        """Faults of some kinds, by their ids in the catalogue."""
        return [one for one in self.windows if one.fault.kind.value in kinds]

    def _sort(self) -> None:
        """Go through the events once."""
        by_kind, orders = self.by_kind, self.orders
        for event in self.events:
            kind = event.kind
            by_kind.setdefault(kind, []).append(event)
            if event.order_id == 0 or kind not in _ABOUT_ORDERS:
                continue
            story = orders.get(event.order_id)
            if story is None:
                story = OrderStory(event.order_id, self.member(event.host), event.book_id)
                orders[event.order_id] = story
            if kind in SENT:
                story.sent.append(event)
            else:
                getattr(story, _ABOUT_ORDERS[kind]).append(event)
            if kind == EventKind.SUBMIT:
                story.side = Side(event.side)


_ABOUT_ORDERS: Final[Mapping[int, str]] = {
    **dict.fromkeys(SENT, "sent"),
    EventKind.ARRIVED: "arrived",
    EventKind.ANSWER: "answers",
    EventKind.BUSTED: "answers",
    EventKind.LOST: "lost",
    EventKind.RECEIVED: "received",
    EventKind.DROP_COPY: "copies",
}


def rows_of(events: Sequence[Event]) -> list[dict[str, int | str]]:
    """Events as a witness shows them: what applies, with the kind by name."""
    return [
        {
            "event": EventKind(event.kind).name.lower(),
            **{
                name: value
                for name, value in zip(event._fields, event, strict=True)
                if name != "kind" and (value or name in ("time_ns", "host"))
            },
        }
        for event in events
    ]
