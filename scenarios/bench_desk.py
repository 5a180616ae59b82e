"""How many orders a second a whole desk carries, from submission to fill or cancel.

The cycles of `scenarios.desk_cycle` run in rounds; every round runs every lap once, so that whatever
else the machine does meets all of them alike, and figures are medians over the rounds, with the slowest
and the fastest beside them. An order counts once it is filled or cancelled. The clock runs over the
desk with its journal, the commits, and the stub venue; views are made before.

- `memory`: immediate orders, the journal in memory;
- `file`: the same with a journal in a file, every command durable (`fdatasync`) before it leaves;
- `passive_memory` and `passive_file`: post-only orders that end in a cancel;
- `routed_memory` and `routed_file`: immediate orders of wishes that a router splits over four venues each.

`on` is the wall time of single calls of `Desk.on`, its journaling and snapshots included, waiting for
the disk not. Times of stages are of laps of their own, because looking at a clock ten times a call is
not free.

Every lap must end with the positions and the cash of the venue, and laps of one style with the same
journal, hash for hash: a wrong fast answer is an error, not a figure.
"""

import gc
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple, Protocol

import msgspec

from bridge.stores import FileWriter, map_file
from desk.journal import Header, Journal, MemoryWriter, survey
from desk.pipeline import Desk
from market.errors import DeskError, InputError
from market.messages import Inbound, Report, View
from market.ports import JournalWriter
from scenarios.desk_cycle import (
    ANSWER_NS,
    START_NS,
    VENUES,
    InAndOut,
    StubVenue,
    Style,
    check_end,
    desk_config,
    instruments_of,
    quotes,
    view_of,
)
from scenarios.group_commit import GroupCommit
from scenarios.stage_times import StageTime, StageTimes

ORDERS: Final = 20_000
ROUNDS: Final = 5
BOOKS: Final = 16
GROUP: Final = BOOKS
"""All that can be under way at a time: with more, a commit would only wait for an empty queue."""

WARM_UP_ORDERS: Final = 1_000
PROFILED: Final = "memory"

LAPS: Final[dict[str, tuple[Style, bool]]] = {
    "memory": ("immediate", False),
    "file": ("immediate", True),
    "passive_memory": ("passive", False),
    "passive_file": ("passive", True),
    "routed_memory": ("routed", False),
    "routed_file": ("routed", True),
}
"""Style of each lap, and whether its journal lies in a file."""


class Profiler(Protocol):
    """Looks at where time goes; `cProfile.Profile`."""

    def enable(self) -> None:
        """Begin to look."""
        ...

    def disable(self) -> None:
        """Look away."""
        ...


class OnTime(msgspec.Struct, frozen=True, kw_only=True):
    """Wall time of single calls of `Desk.on`: medians over the rounds, but for the maximum."""

    p50_ns: int
    p99_ns: int
    max_ns: int


class DeskBench(msgspec.Struct, frozen=True, kw_only=True):
    """What `twin bench desk` found.

    Attributes:
        rates: Median orders per second of each lap, by the wall clock.
        cpu_rates: The same by processor time, which a busy machine disturbs less.
        spread: Slowest and fastest rate of each lap.
        on: Wall time of single calls, by lap.
        stages: Wall time of each stage, by style.
        orders: Of one lap.
        events: Messages that one immediate lap's desk took.
        books: In which one order each is under way at a time.
        group: Commands from which a commit is due; fewer when nothing more is there to be taken in.
        commits: Of one lap with a file.
        snapshot_every: Events between two snapshots.
        bytes_per_event: Of the journal without its snapshots, by style.
        snapshot_bytes: Of the last snapshot, by style.
        digest: Hash of the immediate journal's last record, the same in every round.
        rounds: Every rate of every round.
    """

    rates: dict[str, float]
    cpu_rates: dict[str, float]
    spread: dict[str, list[float]]
    on: dict[str, OnTime]
    stages: dict[str, dict[str, StageTime]]
    orders: int
    events: int
    books: int
    group: int
    commits: int
    snapshot_every: int
    bytes_per_event: dict[str, float]
    snapshot_bytes: dict[str, int]
    digest: str
    rounds: list[dict[str, float]]


class Lap(NamedTuple):
    """One pass."""

    wall_ns: int
    cpu_ns: int
    on_ns: list[int]
    commits: int
    chain: str
    cash: int


class Cycle(NamedTuple):
    """What every lap of a style does."""

    style: Style
    books: int
    group: int
    orders: int
    bursts: list[list[View]]


class Tools(NamedTuple):
    """What a lap measures with, and where its file lies."""

    wall_ns: Callable[[], int]
    cpu_ns: Callable[[], int]
    folder: Path
    profiler: Profiler | None = None


def bench_desk(
    *,
    wall_ns: Callable[[], int],
    cpu_ns: Callable[[], int],
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    rounds: int = ROUNDS,
    orders: int = ORDERS,
    books: int = BOOKS,
    group: int = GROUP,
    profiler: Profiler | None = None,
) -> DeskBench:
    """Measure every lap in alternating rounds.

    Args:
        wall_ns: A monotonic clock in nanoseconds.
        cpu_ns: Processor time of this process in nanoseconds.
        folder: Where the journals' files lie while they are measured; the system's temporary one
            by default. It should be on the disk that a desk would use.
        progress: Called with rounds done and rounds in all.
        rounds: How often each lap runs.
        orders: Least orders of a lap.
        books: In which one order each is under way at a time.
        group: Commands from which a commit is due.
        profiler: Looks at one more lap, whose journal is in memory, behind the rounds.

    Raises:
        DeskError: A lap ended wrongly.
    """
    if orders < books:
        raise InputError(f"found {orders} orders, allowed is one for each of {books} books or more")
    if books % VENUES:
        raise InputError(f"found {books} books, allowed is a multiple of {VENUES}")
    with ExitStack() as stack:
        place = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="twin-bench-", dir=folder))
        )
        tools = Tools(wall_ns, cpu_ns, place)
        warm_up = {
            style: cycle(style, books, group, min(WARM_UP_ORDERS, orders))
            for style, _ in LAPS.values()
        }
        for style, in_file in LAPS.values():
            lap(warm_up[style], tools, in_file=in_file)
        cycles = {style: cycle(style, books, group, orders) for style, _ in LAPS.values()}
        taken = []
        for number in range(rounds):
            taken.append(
                {
                    name: lap(cycles[style], tools, in_file=in_file, check=number == 0)
                    for name, (style, in_file) in LAPS.items()
                }
            )
            if progress is not None:
                progress(number + 1, rounds)
        if profiler is not None:
            lap(cycles[LAPS[PROFILED][0]], tools._replace(profiler=profiler), in_file=False)
        sizes = {style: _sizes(one, tools) for style, one in cycles.items()}
    return _result(cycles, taken, sizes)


def cycle(style: Style, books: int, group: int, orders: int) -> Cycle:
    """At least so many orders, in whole bursts; a passive order takes two views."""
    bursts = -(-orders // books)
    shown = quotes(books, 2 * bursts if style == "passive" else bursts, style)
    views = [[view_of(one, number + 1) for one in burst] for number, burst in enumerate(shown)]
    return Cycle(style, books, group, bursts * books, views)


# --- one lap --------------------------------------------------------------------------------------


def lap(one: Cycle, tools: Tools, *, in_file: bool, check: bool = False) -> Lap:
    """A new desk through the whole cycle.

    Args:
        check: Read the file's journal once more, from its first byte to its last.

    Raises:
        DeskError: It ended wrongly.
    """
    path = tools.folder / "desk.journal"
    writer: JournalWriter = FileWriter.create(path) if in_file else MemoryWriter()
    try:
        desk, journal = new_desk(one, writer)
        committed = GroupCommit(desk, journal, one.group)
        venue = StubVenue(one.books)
        on_ns: list[int] = []
        gc.collect()
        if tools.profiler is not None:
            tools.profiler.enable()
        began_ns, began_cpu_ns = tools.wall_ns(), tools.cpu_ns()
        drive(one, committed, venue, on_ns, tools.wall_ns)
        cpu_ns, wall_ns = tools.cpu_ns() - began_cpu_ns, tools.wall_ns() - began_ns
        if tools.profiler is not None:
            tools.profiler.disable()
        check_end(desk, venue, one.orders)
        journal.commit()
        if in_file and check:
            found = survey(map_file(path), None, "bench's journal")
            if not found.holds:
                raise DeskError(f"bench: {found.problem}")
        chain = journal.head.chain.hex()
        return Lap(wall_ns, cpu_ns, on_ns, committed.commits, chain, sum(venue.cash))
    finally:
        if isinstance(writer, FileWriter):
            writer.close()
            path.unlink()


def new_desk(
    one: Cycle, writer: JournalWriter, probe: Callable[[str], None] | None = None
) -> tuple[Desk, Journal]:
    """A desk for a cycle, with its journal begun."""
    header = Header(desk=1, config_digest=one.style, code_digest="")
    journal = Journal.begin(writer, START_NS, header)
    config = desk_config(one.books, one.style)
    strategies = [InAndOut(one.books) for _ in config.strategies]
    return Desk(config, instruments_of(one.books), strategies, journal, probe=probe), journal


def drive(
    one: Cycle,
    desk: GroupCommit,
    venue: StubVenue,
    on_ns: list[int],
    wall_ns: Callable[[], int],
) -> None:
    """Every burst, and all that comes of it; appends how long each call of the desk took."""
    now_ns = START_NS
    desk.start(now_ns)
    desk.release()
    for burst in one.bursts:
        now_ns = max(now_ns, burst[0].local_ns - ANSWER_NS)
        inbox: list[Inbound] = list(burst)
        while inbox:
            reports: list[Report] = []
            for message in inbox:
                now_ns += ANSWER_NS
                began_ns = wall_ns()
                is_due = desk.take(message, now_ns)
                on_ns.append(wall_ns() - began_ns)
                if is_due:
                    venue.answer(desk.release(), now_ns, reports)
            venue.answer(desk.release(), now_ns, reports)
            inbox = list(reports)


# --- what is reported -----------------------------------------------------------------------------


class _Sizes(NamedTuple):
    """What one more lap, with a clock in every stage, found."""

    stages: dict[str, StageTime]
    events: int
    bytes_per_event: float
    snapshot_bytes: int


def _sizes(one: Cycle, tools: Tools) -> _Sizes:
    """Times of the stages and sizes of the journal: a lap whose rate counts nowhere."""
    writer, times = MemoryWriter(), StageTimes(tools.wall_ns)
    desk, journal = new_desk(one, writer, times.ended)
    begin_bytes = journal.head.end_offset
    snapshots: list[int] = []

    def snapshot(now_ns: int, state: bytes) -> str:
        before = journal.head.end_offset
        digest = Journal.snapshot(journal, now_ns, state)
        snapshots.append(journal.head.end_offset - before)
        return digest

    journal.snapshot = snapshot  # type: ignore[method-assign]  # told apart from the events only here
    drive(one, GroupCommit(desk, journal, one.group), StubVenue(one.books), [], tools.wall_ns)
    event_bytes = journal.head.end_offset - begin_bytes - sum(snapshots)
    return _Sizes(
        stages=times.summary(),
        events=desk.data.seq,
        bytes_per_event=event_bytes / desk.data.seq,
        snapshot_bytes=snapshots[-1] if snapshots else 0,
    )


def _result(
    cycles: dict[Style, Cycle], taken: list[dict[str, Lap]], sizes: dict[Style, _Sizes]
) -> DeskBench:
    """Medians and spreads, once all laps are known to agree."""
    for name, (style, _in_file) in LAPS.items():
        first = next(key for key, value in LAPS.items() if value[0] == style)
        for number, laps in enumerate(taken):
            if laps[name].chain != taken[0][first].chain:
                raise DeskError(f"bench: round {number}, lap {name} wrote another journal")
    rounds = [
        {name: cycles[LAPS[name][0]].orders * 1e9 / one.wall_ns for name, one in laps.items()}
        for laps in taken
    ]
    immediate = cycles["immediate"]
    return DeskBench(
        rates={name: median(rates[name] for rates in rounds) for name in LAPS},
        cpu_rates={
            name: median(cycles[style].orders * 1e9 / max(laps[name].cpu_ns, 1) for laps in taken)
            for name, (style, _in_file) in LAPS.items()
        },
        spread={
            name: [min(r[name] for r in rounds), max(r[name] for r in rounds)] for name in LAPS
        },
        on={name: _on_time([laps[name].on_ns for laps in taken]) for name in LAPS},
        stages={style: one.stages for style, one in sizes.items()},
        orders=immediate.orders,
        events=sizes["immediate"].events,
        books=immediate.books,
        group=immediate.group,
        commits=taken[0]["file"].commits,
        snapshot_every=desk_config(immediate.books, "immediate").snapshot_every,
        bytes_per_event={style: one.bytes_per_event for style, one in sizes.items()},
        snapshot_bytes={style: one.snapshot_bytes for style, one in sizes.items()},
        digest=taken[0]["memory"].chain,
        rounds=rounds,
    )


def _on_time(taken: list[list[int]]) -> OnTime:
    """Percentiles of single calls."""
    ordered = [sorted(one) for one in taken]
    return OnTime(
        p50_ns=int(median(one[len(one) // 2] for one in ordered)),
        p99_ns=int(median(one[len(one) * 99 // 100] for one in ordered)),
        max_ns=max(one[-1] for one in ordered),
    )
