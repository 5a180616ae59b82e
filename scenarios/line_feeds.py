"""Feeds of two lines in a run: from `[hosts.lines]` to the world, its faults, and what is recorded.

Model: a fault at `HOST.feed` acts on what both lines have in common, so the same messages are touched on
both; at `HOST.feed.a` or `HOST.feed.b` on one line alone. What becomes of a feed is recorded as GAP.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import UNSET

from market.faults import Fault, FaultKind
from scenarios.line_section import LineSection
from scenarios.sections import HostSection
from scenarios.stack import name_of
from sim.lines import IMPAIRED_EVER, FeedLines, FeedNote, Impairing, LineSpec
from sim.recorder import Event, EventKind
from sim.slowdown import Slowdown, Slowing
from sim.streams import stream_key

if TYPE_CHECKING:
    from scenarios.build import Assembly
    from sim.latency import LatencyModel

SLOWING: Final[Mapping[FaultKind, Slowing]] = {
    FaultKind.FEED_DELAY: Slowing.ADD,
    FaultKind.FEED_JITTER: Slowing.BATCH,
}
IMPAIRING: Final[Mapping[FaultKind, Impairing]] = {
    FaultKind.FEED_LOSS: Impairing.LOSE,
    FaultKind.FEED_GAP: Impairing.LOSE_RUN,
    FaultKind.FEED_DUPLICATE: Impairing.REPEAT,
    FaultKind.FEED_REORDER: Impairing.OVERTAKE,
    FaultKind.FEED_FREEZE: Impairing.FREEZE,
    FaultKind.FEED_CORRUPT: Impairing.CORRUPT,
    FaultKind.FEED_CROSSED: Impairing.CROSS,
    FaultKind.FEED_DIVERGE: Impairing.DIVERGE,
}
PARTS: Final[Mapping[str, tuple[int, ...]]] = {"feed": (0, 1), "feed.a": (0,), "feed.b": (1,)}
"""Lines that a part of a host means."""


class _Bite(NamedTuple):
    """Where a fault was put: on a local book's lines, and how it is asked how often it bit."""

    ask: Callable[[int, int], int]
    line: int
    number: int


class FeedPoint:
    """One line, or both, of the feeds of a host, as faults see it.

    Args:
        seed: Of the run.
        lines: Which, 0 for A and 1 for B.
        feeds: Lines of each book that the host follows, by the book's name.
    """

    def __init__(self, seed: int, lines: Sequence[int], feeds: Mapping[str, FeedLines]) -> None:
        self._seed = seed
        self._lines = lines
        self._feeds = feeds
        self._bites: dict[str, list[_Bite]] = {}

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Let a fault act on what is published in [from_ns, until_ns)."""
        wanted = fault.target.partition("/")[2]
        bites = self._bites.setdefault(fault.name, [])
        for name, feed in self._feeds.items():
            if wanted and name != wanted:
                continue
            if fault.kind is FaultKind.FEED_SNAPSHOT_RACE:
                number = feed.age_snapshots(from_ns, until_ns, fault.severity)
                bites.append(_Bite(lambda _line, at, one=feed: one.snapshot_hits(at), 0, number))  # type: ignore[misc]
                continue
            for line in self._lines:
                bites.append(self._put(feed, line, fault, name, from_ns, until_ns))

    def hits(self, name: str) -> int:
        """How many messages, or snapshots, a fault has touched."""
        return sum(bite.ask(bite.line, bite.number) for bite in self._bites.get(name, ()))

    def _put(
        self, feed: FeedLines, line: int, fault: Fault, book: str, from_ns: int, until_ns: int
    ) -> _Bite:
        """Put a fault on one line."""
        slowing = SLOWING.get(fault.kind)
        if slowing is not None:
            row = Slowdown(kind=slowing, from_ns=from_ns, until_ns=until_ns, amount=fault.severity)
            return _Bite(feed.slow_hits, line, feed.slow(line, row))
        what = IMPAIRING[fault.kind]
        number = feed.impair(
            line,
            what,
            from_ns,
            IMPAIRED_EVER if what is Impairing.LOSE_RUN else until_ns,
            amount=fault.severity,
            key=stream_key(self._seed, f"fault/{fault.name}/{book}"),
        )
        return _Bite(feed.hits, line, number)


def line_spec(host: HostSection, seed: int, book_id: int, venue: str) -> LineSpec | None:
    """The two lines that bring a host a book, or None where it has one."""
    section = host.lines
    if not isinstance(section, LineSection):
        return None
    usual = host.latency("feed", venue)
    a: LatencyModel = usual if section.a is UNSET else section.a
    b: LatencyModel = usual if section.b is UNSET else section.b
    stream = f"feed/{host.name}/{book_id}"
    return LineSpec(
        latencies=(a.compile(), b.compile()),
        keys=(stream_key(seed, f"{stream}/a"), stream_key(seed, f"{stream}/b")),
        key=stream_key(seed, f"{stream}/recovery"),
        refill=section.refill.compile(),
        snapshot=section.snapshot.compile(),
        wait_ns=section.wait_ns,
        beat_ns=section.heartbeat_ns,
        requests=section.requests,
        request_ns=section.request_every_ns,
        ask_most=section.request_messages,
        refill_loss_ppm=section.refill_loss_ppm,
        snapshot_ns=section.snapshot_every_ns,
        behind_ns=section.behind_ns,
    )


def attach_lines(assembly: "Assembly", links: Sequence[tuple[int, int]], seed: int) -> None:
    """Let faults reach the lines of a run, and record what becomes of its feeds.

    Args:
        links: Number of the host and of the book of each local book that hosts follow.
    """
    world, recorder, points = assembly.world, assembly.recorder, assembly.points

    def note(what: FeedNote) -> None:
        host, book_id = links[what.local]
        recorder.add(
            Event(
                what.ts_ns,
                EventKind.GAP,
                host,
                book_id,
                side=what.line,
                qty_lots=what.missing,
                leaves_lots=what.seq,
                detail=what.what,
            )
        )

    world.tell_feed = note
    for number, section in enumerate(assembly.scenario.hosts):
        feeds = {
            name_of(assembly.instruments[book_id]): world.lines[index]
            for index, (owner, book_id) in enumerate(links)
            if owner == number and index in world.lines
        }
        if feeds:
            for part, lines in PARTS.items():
                points[section.name, part] = FeedPoint(seed, lines, feeds)
