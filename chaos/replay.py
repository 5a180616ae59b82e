"""Replaying a drill: the same again from what was kept of it, and the first place where it differs.

Model: a drill's folder holds the drill as it was written and its events. The same drill with the same
seed is run again; equal digests mean equal events and equal books. Otherwise the first event that
differs is shown with what it was.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chaos.ledger import rows_of
from chaos.result import DrillResult
from chaos.run import DRILL_FILE, EVENTS_FILE, Drilled, Progress, read_result, run_drill
from market.errors import InputError
from sim.recorder import Event


class Replayed(NamedTuple):
    """A drill that was run again.

    Attributes:
        before: What was kept.
        differences: In words, the first event that differs first; empty when nothing does.
    """

    before: DrillResult
    drilled: Drilled
    differences: list[str]


def replay_drill(
    folder: Path,
    *,
    tape: Path | None = None,
    wall_ns: Callable[[], int],
    progress: Progress | None = None,
) -> Replayed:
    """Run a drill again that was kept in a folder.

    Raises:
        InputError: The folder holds no drill.
    """
    before = read_result(folder)
    drilled = run_drill(
        folder / DRILL_FILE,
        seed=before.identity.seed,
        tape=tape,
        wall_ns=wall_ns,
        with_twin=before.cost is not None,
        progress=progress,
    )
    return Replayed(before, drilled, _differences(folder, before, drilled))


def _differences(folder: Path, before: DrillResult, drilled: Drilled) -> list[str]:
    """What differs between a drill and its replay."""
    now = drilled.result
    found = [
        f"{name}: was {was}, is {now_is}"
        for name, was, now_is in (
            ("code", before.identity.code_digest, now.identity.code_digest),
            ("scenario", before.identity.scenario_digest, now.identity.scenario_digest),
            ("fault plan", before.identity.plan_digest, now.identity.plan_digest),
            ("tape", before.identity.tape_digest, now.identity.tape_digest),
        )
        if was != now_is
    ]
    if before.digest != now.digest:
        found.insert(0, _first_event(folder, drilled))
        found.insert(1, f"digest: was {before.digest}, is {now.digest}")
    if before.verdict is not now.verdict:
        found.append(f"verdict: was {before.verdict.value}, is {now.verdict.value}")
    return found


def _first_event(folder: Path, drilled: Drilled) -> str:
    """The first event that differs, in words."""
    path = folder / EVENTS_FILE
    try:
        was = np.load(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}; allowed is the events of a drill") from None
    now = drilled.played.events
    count = min(len(was), len(now))
    differs = np.nonzero((was[:count] != now[:count]).any(axis=1))[0]
    if not len(differs):
        if len(was) == len(now):
            return "the books at the end differ, no event does"
        return (
            f"events: were {len(was)}, are {len(now)}; the shorter is the beginning of the longer"
        )
    at = int(differs[0])
    one, other = (rows_of([Event(*rows[at].tolist())])[0] for rows in (was, now))
    return f"event {at}: was {one}, is {other}"
