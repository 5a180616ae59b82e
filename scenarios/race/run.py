"""The race: the same messages through our books and through a peer's, in alternating rounds.

Every competitor is a process of its own that gets the same stream, turns it into its own form, warms
up, and only then starts its clock. Each round runs everybody once, so that whatever else the machine
does meets all of them alike; a ratio is taken within each round. Rates are messages of the stream
per second, whatever rows a competitor makes of a message.

A fast wrong answer wins nothing: the best prices at every checkpoint are held against a plain Python
book. Ours must be right at all of them, or the race stops; how often a peer's are is part of its row,
and so is how many own orders were filled at the same nanosecond as ours.
"""

import subprocess  # every competitor is a process of its own
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec
import numpy as np

from market.codes import Depth
from market.errors import InputError, VenueError
from scenarios.bench import MESSAGES, MESSAGES_MIN, ROUNDS, TICK_UNITS, record_stream
from scenarios.race.loop import repeated
from scenarios.race.peers import Competitor, Peer, last_line, named_peers, ourselves, ready
from scenarios.race.stream import RaceStream, race_stream, tops
from sim.tape.read import open_tape

DEPTHS: Final = {"l3": Depth.L3, "l2": Depth.L2, "l1": Depth.L1}
KIB_PER_MB: Final = 1_000_000 / 1024

Outcome = dict[str, Any]
"""What a driver found: `wall_ns` and `cpu_ns` of the timed drive; `events`, rows of its own form;
`peak_kib` of its process; `tops`, best prices and quantities at the checkpoints, and `tops_of`, in
which of its books ("local" or "venue"); `fills` (own order, time at the venue, lots); `carries`;
`version`; and a `note`, if it has one."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What one competitor did.

    Attributes:
        rate: Median messages per second, by the wall clock.
        slowest: Of all rounds.
        fastest: Of all rounds.
        cpu_rate: The same as `rate` by processor time, which a busy machine disturbs less.
        ratio: Our rate over its rate in the same round, median over the rounds; None for us.
        cpu_ratio: The same by processor time.
        rows_per_message: Rows of its own form per message.
        peak_mb: Largest memory of the process, its form of the stream included.
        tops: Checkpoints at which its best prices and their quantities are right.
        fills: Own orders that it filled when and as we did, or left unfilled as we did.
        carries: What its books did during the drive.
        note: Why it did not race, or why it differs from us.
    """

    name: str
    version: str = ""
    rate: float | None = None
    slowest: float | None = None
    fastest: float | None = None
    cpu_rate: float | None = None
    ratio: float | None = None
    cpu_ratio: float | None = None
    rows_per_message: float | None = None
    peak_mb: float | None = None
    tops: int | None = None
    fills: int | None = None
    carries: str = ""
    note: str = ""


class RaceResult(msgspec.Struct, frozen=True, kw_only=True):
    """What `twin bench replay --against` found.

    Attributes:
        kind: "l3", "l2" or "l1".
        messages: Messages of the stream.
        copies: How often the tape is in it, each copy after the other with its times moved on and
            the book emptied in between; 1 when one was long enough, or there was no tape.
        rounds: How often everybody ran.
        checkpoints: How often the best prices were looked at.
        own_orders: How many own orders of one lot were put into the queue, one at a time.
        competitors: We first, then the peers as they were named.
    """

    kind: str
    messages: int
    copies: int
    rounds: int
    checkpoints: int
    own_orders: int
    competitors: list[Row]


def bench_race(
    against: str,
    *,
    kind: str = "l3",
    tape: Path | None = None,
    rounds: int = ROUNDS,
    messages: int = MESSAGES,
    progress: Callable[[int, int], None] | None = None,
    note: Callable[[str], None] = lambda _text: None,
) -> RaceResult:
    """Race against the peers of a list with commas, on a tape or on the bench's own stream.

    A tape with fewer than `messages` messages is repeated until there are so many: a lap of a few
    milliseconds is no measurement.

    Raises:
        InputError: A name is not known, no peer can be had, or the tape does not fit.
        VenueError: Our own best prices were wrong.
    """
    peers = named_peers(against)
    depth = DEPTHS[kind]
    competitors, absent = [ourselves()], []
    for peer in peers:
        competitor, why = _entered(peer, depth, note)
        if competitor is None:
            absent.append(Row(name=peer.name, note=why))
        else:
            competitors.append(competitor)
    if len(competitors) == 1:
        raise InputError(f"nobody to race against: {'; '.join(row.note for row in absent)}")
    stream, copies = _stream(tape, depth, messages)
    if copies > 1:
        note(f"{tape} is too short for a fair clock: it is repeated {copies} times")
    rows = race(stream, competitors, rounds=rounds, progress=progress)
    return RaceResult(
        kind=kind,
        messages=len(stream.ts_ns),
        copies=copies,
        rounds=rounds,
        checkpoints=len(stream.checkpoint_ns),
        own_orders=len(stream.own_ns),
        competitors=[*rows, *absent],
    )


def _entered(
    peer: Peer, depth: Depth, note: Callable[[str], None]
) -> tuple[Competitor | None, str]:
    """A peer that is ready, or None and why it does not race."""
    if depth not in peer.depths:
        return None, f"{peer.name} takes no L{int(depth)} stream"
    try:
        return ready(peer, note), ""
    except InputError as error:
        note(str(error))
        return None, f"not available: {error}"


def _stream(tape: Path | None, depth: Depth, messages: int) -> tuple[RaceStream, int]:
    """The stream of a tape, or of the bench, and how often the tape is in it."""
    if tape is None:
        if messages < MESSAGES_MIN:
            raise InputError(f"found {messages} messages, a race needs at least {MESSAGES_MIN}")
        return race_stream(record_stream(messages).rows, depth=depth, tick_units=TICK_UNITS), 1
    opened = open_tape(tape)
    chunks = list(opened.chunks())
    if not chunks:
        raise InputError(f"{tape}: found no rows, a race needs messages")
    rows = np.concatenate(chunks)
    tick_units = opened.meta.books[0].tick_units
    once = race_stream(rows, depth=depth, tick_units=tick_units)
    copies = -(-messages // len(once.ts_ns))
    if copies == 1:
        return once, 1
    return race_stream(repeated(rows, copies), depth=depth, tick_units=tick_units), copies


def race(
    stream: RaceStream,
    competitors: list[Competitor],
    *,
    rounds: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Row]:
    """Run everybody in every round; the first is who the others are compared with.

    Raises:
        InputError: A competitor's process failed.
        VenueError: The first competitor's best prices were wrong.
    """
    taken: list[list[Outcome]] = []
    with tempfile.TemporaryDirectory(prefix="twin-race-") as folder:
        path = Path(folder) / "stream.npz"
        stream.save(path)
        for number in range(rounds):
            taken.append([_lap(each, path) for each in competitors])
            if progress is not None:
                progress(number + 1, rounds)
    truth = {
        "venue": tops(stream, stream.checkpoint_ns),
        "local": tops(stream, stream.checkpoint_ns - stream.latency_ns),
    }
    return [_row(stream, competitors, taken, truth, index) for index in range(len(competitors))]


def _lap(competitor: Competitor, stream: Path) -> Outcome:
    """One process of one competitor."""
    found = stream.with_name(f"{competitor.name}.json")
    done = subprocess.run(  # noqa: S603  # an interpreter and a script that we chose
        [str(competitor.python), str(competitor.driver), str(stream), str(found)],
        capture_output=True, text=True, check=False, cwd=stream.parent,
    )  # fmt: skip
    if done.returncode:
        raise InputError(f"{competitor.name} failed in the race: {last_line(done.stderr)}")
    outcome: Outcome = msgspec.json.decode(found.read_bytes())
    return outcome


def _row(
    stream: RaceStream,
    competitors: list[Competitor],
    taken: list[list[Outcome]],
    truth: dict[str, list[Any]],
    index: int,
) -> Row:
    """Medians and agreement of one competitor."""
    laps = [outcomes[index] for outcomes in taken]
    firsts = [outcomes[0] for outcomes in taken]
    messages = len(stream.ts_ns)
    wanted = [list(top) for top in truth[laps[0]["tops_of"]]]
    right = min(_equal(lap["tops"], wanted) for lap in laps)
    if index == 0 and right != len(wanted):
        raise VenueError(f"race: our best prices are right at {right} of {len(wanted)} checkpoints")
    fills = min(
        _same_fills(lap["fills"], first["fills"], len(stream.own_ns))
        for lap, first in zip(laps, firsts, strict=True)
    )
    rates = [messages * 1e9 / lap["wall_ns"] for lap in laps]
    notes = [str(laps[0].get("note", ""))]
    if fills < len(stream.own_ns):
        notes.append(competitors[index].fills_note)
    return Row(
        name=competitors[index].name,
        version=str(laps[0]["version"]),
        rate=median(rates),
        slowest=min(rates),
        fastest=max(rates),
        cpu_rate=median(messages * 1e9 / max(lap["cpu_ns"], 1) for lap in laps),
        ratio=_ratio(laps, firsts, "wall_ns") if index else None,
        cpu_ratio=_ratio(laps, firsts, "cpu_ns") if index else None,
        rows_per_message=laps[0]["events"] / messages,
        peak_mb=max(lap["peak_kib"] for lap in laps) / KIB_PER_MB,
        tops=right,
        fills=fills,
        carries=str(laps[0]["carries"]),
        note="; ".join(filter(None, notes)),
    )


def _ratio(laps: list[Outcome], firsts: list[Outcome], clock: str) -> float:
    """How much longer a competitor took than the first, median over the rounds."""
    return float(
        median(lap[clock] / max(first[clock], 1) for lap, first in zip(laps, firsts, strict=True))
    )


def _equal(found: list[Any], wanted: list[Any]) -> int:
    """How many checkpoints agree; those that are missing do not."""
    return sum(one == other for one, other in zip(found, wanted, strict=False))


def _same_fills(found: list[list[int]], wanted: list[list[int]], orders: int) -> int:
    """How many own orders had the same fills, in time and lots."""
    return sum(
        [fill for fill in found if fill[0] == number]
        == [fill for fill in wanted if fill[0] == number]
        for number in range(orders)
    )
