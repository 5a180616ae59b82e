"""Running a paper session again, offline: the same entries, the same events, and a run's folder of them."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import structs

from bridge.recording import LogReader
from market.errors import InputError
from scenarios.paper import PaperFill
from scenarios.paper_session import (
    FILLS_FILE,
    INPUTS,
    SessionEnd,
    code_of,
    read_end,
    read_session,
    replay,
    world_of,
)
from scenarios.paper_words import Heard
from scenarios.run import RunSummary, summary_of, write_summary
from scenarios.run_files import RunFolder
from scenarios.stage_times import StageTimes


class Replayed(NamedTuple):
    """A session that was run again.

    Attributes:
        summary: Of its run.
        end: What the session itself came to; None for one that was killed.
        differs: In what the two differ, in words; empty where they do not.
        said: What people said to its desks.
    """

    summary: RunSummary
    end: SessionEnd | None
    differs: list[str]
    said: list[Heard]


def replay_session(
    folder: Path,
    runs_dir: Path,
    *,
    wall_ns: Callable[[], int],
    progress: Callable[[int], None] | None = None,
) -> Replayed:
    """Run a session again from what was kept of it, and hold the two against each other.

    Args:
        folder: Of the session.
        runs_dir: Where the run's folder goes.
        wall_ns: A clock for the summary's wall time; nothing simulated reads it.
        progress: Told entries done.

    Raises:
        InputError: The folder is no session's, or what was kept is damaged.
    """
    start, plan = read_session(folder)
    end = read_end(folder)
    promised = _promised(
        folder
    )  # before the entries: a session that still runs has those that led to it
    fills: list[PaperFill] = []
    identity = structs.replace(start.identity, code_digest=code_of(plan))
    out = RunFolder(runs_dir, identity, plan.text)
    try:
        world = world_of(folder, start, plan, sink=out, journal=out.journal, filled=fills.append)
        began_ns = wall_ns()
        last_ns = replay(world, LogReader(folder / INPUTS), progress)
        if end is None and promised:
            # Killed: what was promised may have happened behind the last entry. A line that is no fill
            # is told as a difference.
            with contextlib.suppress(msgspec.MsgspecError):
                world.advance(msgspec.json.decode(promised[-1], type=PaperFill).venue_ns + 1)
        wall_s = (wall_ns() - began_ns) / 1e9
        world.assembly.finish()
        summary = summary_of(world.assembly, None, identity, complete=True, wall_s=wall_s)
        found = SessionEnd(
            digest=summary.digest, entries=world.entries, last_ns=last_ns, fills=len(fills)
        )
        summary, path = write_summary(world.assembly, out, summary, StageTimes(wall_ns))
    except BaseException:
        out.discard()
        raise
    differs = _differences(end, found) + _fill_differences(promised, fills)
    return Replayed(structs.replace(summary, folder=str(path)), end, differs, world.words.said)


def _differences(end: SessionEnd | None, found: SessionEnd) -> list[str]:
    """In what a session and its replay differ."""
    if end is None:
        return []
    return [
        f"{name}: the session has {one}, run again {other}"
        for name in end.__struct_fields__
        if (one := getattr(end, name)) != (other := getattr(found, name))
    ]


def _promised(folder: Path) -> list[bytes]:
    """The lines of the fills that were acknowledged."""
    path = folder / FILLS_FILE
    try:
        kept = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; allowed is a session's fills") from None
    return kept[: kept.rfind(b"\n") + 1].splitlines()


def _fill_differences(promised: list[bytes], fills: list[PaperFill]) -> list[str]:
    """Fills that were acknowledged and do not come again, or not so."""
    for number, line in enumerate(promised):
        again = msgspec.json.encode(fills[number]) if number < len(fills) else b"none"
        if line != again:
            return [
                f"fill {number + 1}: the session has {line.decode()}, run again {again.decode()}"
            ]
    return []
