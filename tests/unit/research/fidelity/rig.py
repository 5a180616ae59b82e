"""Paper sessions written without a feed: a folder as `twin paper` leaves it, out of entries that are given."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bridge.paper.listing import Terms
from bridge.recording import Entry, LogWriter
from scenarios.paper_session import (
    FILLS_FILE,
    INPUTS,
    FeedSpec,
    SessionEnd,
    SessionStart,
    begin_session,
    code_of,
    plan_session,
    replay,
    world_of,
    write_end,
)
from sim.streams import draw
from tests.paper_rig import BTC, MS, S, text_of

if TYPE_CHECKING:
    from scenarios.paper import PaperFill

SEED = 7


def round_trips(extra_ms: int = 0, count: int = 20) -> tuple[int, ...]:
    """Round trips as a venue half a continent away gives them: 18 to 23 ms."""
    return tuple((18 + extra_ms) * MS + draw(3, number) % (5 * MS) for number in range(count))


def scenario_text(change: Callable[[str], str] = str) -> str:
    """A desk that joins the best prices, where queues are, and takes now and then."""
    text = text_of()
    for before, after in (
        ("gamma_micros_per_tick = 10", "gamma_micros_per_tick = 1"),
        ("k_micros_per_tick = 2_000_000", "k_micros_per_tick = 20_000_000"),
        ('horizon = "60s", vol', 'horizon = "10s", vol'),
        ("entry_ppm = 400_000", "entry_ppm = 200_000"),
    ):
        assert before in text
        text = text.replace(before, after)
    return change(text)


def write_session(
    folder: Path,
    entries: Sequence[Entry],
    *,
    text: str | None = None,
    round_trips_ns: tuple[int, ...] = (),
    terms: Terms | None = None,
) -> Path:
    """Live a session through entries, and leave its folder."""
    where = folder.with_suffix(".toml")
    where.write_text(scenario_text() if text is None else text)
    plan = plan_session(str(where), None)
    start = SessionStart(
        name=plan.scenario.run.name,
        scenario_digest=plan.digest,
        code_digest=code_of(plan),
        seed=SEED,
        instruments=(BTC,),
        terms=(terms or Terms(),),
        feeds=(FeedSpec(venue="binance", books=(0,)),),
        start_ns=entries[0].stamp_ns - 1,
        end_ns=entries[0].stamp_ns + 3_600 * S,
        round_trips_ns=round_trips_ns,
    )
    begin_session(folder, plan, start)
    with LogWriter(folder / INPUTS, b"{}") as log:
        for entry in entries:
            log.append(*entry)
    fills: list[PaperFill] = []
    world = world_of(folder, start, plan, filled=fills.append)
    last_ns = replay(world, entries)
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in fills)
    (folder / FILLS_FILE).write_bytes(lines)
    end = SessionEnd(
        digest=world.digest(), entries=world.entries, last_ns=last_ns, fills=len(fills)
    )
    write_end(folder, end)
    return folder
