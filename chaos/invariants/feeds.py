"""Market data: old content and gaps are noticed in time, recovery is bounded, and books come right again."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from chaos.invariants.base import Finding, Invariant, InvariantKind
from chaos.ledger import GAP_ASKS, FaultWindow, History
from market.codes import Trigger
from market.faults import FaultKind
from sim.recorder import Event, EventKind

BEGUN: Final = 1
DISAGREED: Final = 6
AGES: Final = (FaultKind.FEED_DELAY, FaultKind.FEED_FREEZE)
"""Faults by which content ages although something goes on arriving."""

LOSES: Final = (FaultKind.FEED_LOSS, FaultKind.FEED_GAP, FaultKind.FEED_CORRUPT)
BOTH: Final = ("feed",)
DIVERGES: Final = (FaultKind.FEED_DIVERGE,)
REQUESTS_PER_S_MAX: Final = 50
S_NS: Final = 1_000_000_000


def old_content_noticed(history: History) -> Finding:
    """I-FEED-1: that content has become too old is noticed within twice the bound."""
    finding = Finding()
    for window in history.faults(*AGES):
        host = history.number_of(window.fault.target)
        for book_id in _books(history, host, window):
            bound_ns = history.stale_ns(host, book_id)
            delays = window.fault.kind is FaultKind.FEED_DELAY
            if not bound_ns or (delays and window.fault.severity <= bound_ns):
                continue
            since_ns = window.from_ns + bound_ns
            finding.limit_ns = max(finding.limit_ns, 2 * bound_ns)
            if window.until_ns - window.from_ns <= 2 * bound_ns:
                continue
            noticed = [
                one.time_ns
                for one in _alarms(history, host, book_id)
                if window.from_ns <= one.time_ns
            ]
            audit = history.audit.get(host)
            if audit is not None:
                doubts = audit.doubts.get(book_id, [])
                noticed += [one for one in doubts if one >= window.from_ns]
            first_ns = min(noticed, default=history.end_ns)
            finding.measured_ns.append(max(0, first_ns - since_ns))
            finding.expect(
                first_ns - since_ns <= finding.limit_ns,
                since_ns,
                f"{history.name(host)}: content of book {book_id} was older than {bound_ns} ns, and "
                f"that was noticed after {first_ns - since_ns} ns",
            )
    return finding


def _alarms(history: History, host: int, book_id: int) -> Iterator[Event]:
    """What says that a book is not to be believed: a view that is stale, a gap, an alert."""
    for one in history.of(EventKind.VIEW):
        if (one.host, one.book_id) == (host, book_id) and one.detail & Trigger.STALE:
            yield one
    for one in history.of(EventKind.GAP):
        if (one.host, one.book_id) == (host, book_id):
            yield one
    yield from history.of(EventKind.ALERT)


def _books(history: History, host: int, window: FaultWindow) -> list[int]:
    """Books that a feed fault of a host is about."""
    named = window.fault.target.partition("/")[2]
    seen = sorted({one.book_id for one in history.of(EventKind.VIEW) if one.host == host})
    if not named:
        return seen
    return [book for book in seen if history.book_name(book) == named]


def gaps_noticed(history: History) -> Finding:
    """I-FEED-2: what both lines lost is noticed, be it the last of all, and so are lines that differ."""
    finding = Finding()
    for window in history.faults(*LOSES, *DIVERGES):
        part = window.fault.target.partition("/")[0].partition(".")[2]
        differs = window.fault.kind in DIVERGES
        if not window.hits or (part not in BOTH and not differs):
            continue
        host = history.number_of(window.fault.target)
        wanted = DISAGREED if differs else BEGUN
        seen = [
            one
            for one in history.of(EventKind.GAP)
            if (one.host, one.detail, one.side) == (host, wanted, 0)
            and window.from_ns <= one.time_ns <= window.until_ns + history.limits.feed_ns
        ]
        finding.expect(
            bool(seen),
            window.from_ns,
            f"{history.name(host)}: {window.hits} messages were "
            f"{'not the same on both lines' if differs else 'lost on both lines'}, and nobody noticed",
        )
    return finding


def recovery_bounded(history: History) -> Finding:
    """I-FEED-3: what is asked for has a rate, and every gap ends."""
    finding = Finding()
    asked: dict[tuple[int, int], deque[int]] = {}
    for one in history.of(EventKind.GAP):
        if one.detail != GAP_ASKS:
            continue
        times = asked.setdefault((one.host, one.book_id), deque())
        times.append(one.time_ns)
        while times[0] <= one.time_ns - S_NS:
            times.popleft()
        finding.expect(
            len(times) <= REQUESTS_PER_S_MAX,
            one.time_ns,
            f"{history.name(one.host)} asked {len(times)} times within a second for book {one.book_id}",
            one,
        )
    for (host, book_id), stretches in history.bad_books().items():
        for from_ns, until_ns in stretches:
            ended = until_ns < history.end_ns
            finding.expect(
                ended or history.end_ns - from_ns <= history.limits.feed_ns,
                from_ns,
                f"{history.name(host)}: book {book_id} never came right again",
            )
    return finding


def books_come_right(history: History) -> Finding:
    """I-FEED-4: in the quiet phase a local book that has heard everything is its venue's book."""
    finding = Finding()
    quiet_ns = history.end_of("heal") + history.limits.feed_ns
    told: set[tuple[int, int]] = set()
    for look in history.looks:
        if look.time_ns < quiet_ns:
            continue
        for key, right in look.books.items():
            finding.checks += 1
            if not right and key not in told:
                told.add(key)
                finding.broken(
                    look.time_ns,
                    f"{history.name(key[0])}: its book {key[1]} has heard everything and is not its "
                    "venue's",
                )
    return finding


INVARIANTS = (
    Invariant(
        "I-FEED-1",
        InvariantKind.BOUNDED,
        "That content is too old is noticed within twice the bound, whatever else arrives.",
        "content_aged",
        old_content_noticed,
    ),
    Invariant(
        "I-FEED-2",
        InvariantKind.SAFETY,
        "Every gap on both lines is noticed.",
        "gap_seen",
        gaps_noticed,
    ),
    Invariant(
        "I-FEED-3",
        InvariantKind.SAFETY,
        "Recovery is bounded: requests have a rate, and a gap ends.",
        "gap_filled",
        recovery_bounded,
    ),
    Invariant(
        "I-FEED-4",
        InvariantKind.BOUNDED,
        "After recovery the local book is the venue's book.",
        "feed_broken",
        books_come_right,
    ),
)
