"""Running a drill: the run, its fault-free twin, the verdict on both, and what is kept of them."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from chaos.cost import cost_of
from chaos.drill import PlannedDrill, digest_bytes, load_drill
from chaos.invariants import INVARIANTS
from chaos.planting import planted_names
from chaos.result import Cost, DrillIdentity, DrillResult, LatencyRow
from chaos.verdict import Judged, check_expectations
from chaos.world import Played, play
from market.errors import InputError
from scenarios.dealt import dealt_tape
from scenarios.identity import ROOMS, code_digest
from scenarios.sections import strategies_of
from sim.tape.read import Tape, open_tape

RESULT_FILE: Final = "result.json"
DRILL_FILE: Final = "drill.toml"
EVENTS_FILE: Final = "events.npy"
JUDGES: Final = ("chaos",)
"""Whose files count in a drill's identity beside those of its run: another judge is another drill."""

Progress = Callable[[int, int], None]


class Drilled(NamedTuple):
    """A drill that has been run: its result, and the runs that it rests on."""

    result: DrillResult
    plan: PlannedDrill
    played: Played
    twin: Played | None


def run_drill(
    name_or_path: str | Path,
    *,
    seed: int | None = None,
    tape: Path | None = None,
    wall_ns: Callable[[], int],
    with_twin: bool = True,
    progress: Progress | None = None,
) -> Drilled:
    """Run a drill and judge it.

    Args:
        name_or_path: A packaged drill's name, or a TOML file.
        seed: Of every draw; the drill's own by default.
        tape: History to replay, for a drill whose scenario has no flow.
        with_twin: Whether the same run without faults is run beside it, to tell what they cost.
        wall_ns: A clock; only the result's wall time rests on it.
        progress: Told steps done and in all.

    Raises:
        InputError: The drill or its scenario is wrong.
    """
    plan = load_drill(name_or_path)
    check_expectations(plan.drill)
    if plan.drill.needs_tape != (tape is not None):
        found = "none" if tape is None else str(tape)
        allowed = "--tape FILE: its scenario has no flow" if tape is None else "none: it has a flow"
        raise InputError(f"drill {plan.drill.name!r}: found tape {found}, allowed is {allowed}")
    with tempfile.TemporaryDirectory(prefix="twin-drill-") as folder:
        history = open_tape(tape) if tape is not None else None
        if history is not None and plan.scenario.split is not None:
            history = dealt_tape(history, plan.scenario.split, Path(folder))
        return _drilled(plan, seed, history, wall_ns, progress, with_twin=with_twin)


def _drilled(
    plan: PlannedDrill,
    seed: int | None,
    history: Tape | None,
    wall_ns: Callable[[], int],
    progress: Progress | None,
    *,
    with_twin: bool,
) -> Drilled:
    """Run a drill that is planned, with its tape open."""
    chosen = plan.drill.seed if seed is None else seed
    began_ns = wall_ns()
    half = 2 if with_twin else 1

    def tick(done: int, total: int) -> None:
        if progress is not None:
            progress(done, total * half)

    def tock(done: int, total: int) -> None:
        if progress is not None:
            progress(total + done, total * half)

    played = _play(plan, chosen, history, wall_ns, tick, faulty=True)
    twin = None
    if with_twin:
        twin = _play(plan, chosen, history, wall_ns, tock, faulty=False)
    cost = cost_of(played, twin) if twin is not None else None
    judged = Judged(played.history, plan.drill, cost.differ_from_ns if cost is not None else None)
    result = _result(
        plan,
        identity_of(plan, chosen, "" if history is None else history.digest),
        played,
        judged,
        cost,
        wall_s=(wall_ns() - began_ns) / 1e9,
    )
    return Drilled(result, plan, played, twin)


def _play(
    plan: PlannedDrill,
    seed: int,
    tape: Tape | None,
    wall_ns: Callable[[], int],
    progress: Progress,
    *,
    faulty: bool,
) -> Played:
    """The run itself, or its twin."""
    return play(
        plan.scenario if faulty else plan.twin,
        seed=seed,
        phases=plan.drill.phases,
        limits=plan.drill.limits,
        wall_ns=wall_ns,
        tape=tape,
        audited=faulty,
        progress=progress,
    )


def identity_of(plan: PlannedDrill, seed: int, tape_digest: str) -> DrillIdentity:
    """What makes a drill the same drill."""
    return DrillIdentity(
        drill=plan.drill.name,
        drill_digest=digest_bytes(msgspec.json.encode(plan.drill, order="sorted")),
        scenario_digest=plan.digest,
        plan_digest=plan.plan_digest,
        code_digest=code_digest(strategies_of(plan.scenario), (*ROOMS, *JUDGES)),
        tape_digest=tape_digest,
        seed=seed,
    )


def _result(
    plan: PlannedDrill,
    identity: DrillIdentity,
    played: Played,
    judged: Judged,
    cost: Cost | None,
    *,
    wall_s: float,
) -> DrillResult:
    """Everything that is said about a drill."""
    drill = plan.drill
    return DrillResult(
        verdict=judged.verdict,
        reasons=judged.reasons,
        name=drill.name,
        title=drill.title,
        story=drill.story.strip(),
        answers=list(drill.answers),
        run_id=identity.run_id,
        identity=identity,
        digest=played.digest,
        events=len(played.events),
        simulated_ns=played.simulated_ns,
        start_ns=played.history.start_ns,
        hosts=played.history.hosts,
        phases=judged.phases(),
        faults=judged.faults,
        invariants=judged.invariants,
        marks=judged.marks,
        latencies=_latencies(judged),
        cost=cost,
        canary=list(drill.expect.violated),
        planted=planted_names(),
        wall_s=wall_s,
        simulated_to_real=played.simulated_ns / played.wall_ns if played.wall_ns else 0.0,
    )


def _latencies(judged: Judged) -> list[LatencyRow]:
    """What was measured against a bound."""
    rows = []
    for one in INVARIANTS:
        found = judged.found[one.id]
        if found.measured_ns:
            rows.append(
                LatencyRow(name=one.id, limit_ns=found.limit_ns, found_ns=found.measured_ns)
            )
    return rows


def write_drill(out: Path, drilled: Drilled) -> Path:
    """Keep a drill: its folder `<out>/<run id>/`, with result, drill and events.

    Raises:
        InputError: The folder cannot be written.
    """
    folder = out / drilled.result.run_id
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DRILL_FILE).write_text(drilled.plan.text, encoding="utf-8")
        np.save(folder / EVENTS_FILE, drilled.played.events)
        text = msgspec.json.format(msgspec.json.encode(drilled.result), indent=2)
        (folder / RESULT_FILE).write_bytes(text)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror}); allowed is a folder that can"
        ) from None
    return folder


def read_result(folder: Path) -> DrillResult:
    """What a drill came to, from its folder.

    Raises:
        InputError: There is no drill.
    """
    path = folder / RESULT_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=DrillResult)
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}; allowed is the folder of a drill that has been run"
        ) from None
    except msgspec.MsgspecError as error:
        raise InputError(f"{path}: found no result of a drill: {error}") from None
