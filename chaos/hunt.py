"""The hunt: every planted bug in processes of its own, and which invariant finds it in which drill.

Model: first the drills run clean, because a drill that fails by itself finds nothing; then each bug runs
through its drills until one of its invariants is violated. A bug is killed by nothing else: not by a
drill that became VACUOUS or broke off, nor by an invariant that it is not about. One whose place in the
program is gone survives, and the others go on.

Limits: drills run with their own seeds and without their twins; times are of this machine.
"""

import json
import subprocess  # each bug is in processes of its own
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Final

import msgspec

from chaos.mutants import Mutant
from market.errors import InputError

TIMEOUT_S: Final = 300
EXIT_INPUT: Final = 2
BROKE_OFF: Final = "broke off"

Progress = Callable[[int, int], None]


class DrillRun(msgspec.Struct, frozen=True, kw_only=True):
    """One drill in a worker process.

    Attributes:
        verdict: PASS, VACUOUS or FAIL; `BROKE_OFF` when the process died.
        violated: Ids of invariants.
        error: What it died of.
    """

    drill: str
    verdict: str
    violated: list[str] = []
    reasons: list[str] = []
    error: str = ""


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one planted bug.

    Attributes:
        killed: Whether one of its own invariants was violated.
        drill: In which drill; empty for a survivor.
        violated: Those of its own invariants that were.
        others: Other invariants that were violated in the drills that were tried.
        tried: Drills in order.
        error: What a drill broke off with, or why one was not tried.
        witness: What the invariant said.
        wall_s: How long it took, starts of processes included.
    """

    name: str
    module: str
    danger: str
    invariants: list[str]
    killed: bool
    drill: str = ""
    violated: list[str] = []
    others: list[str] = []
    tried: list[str] = []
    error: str = ""
    witness: str = ""
    wall_s: float = 0.0


def hunt(
    mutants: Sequence[Mutant], *, jobs: int = 1, progress: Progress | None = None
) -> list[Kill]:
    """Look for planted bugs.

    Args:
        jobs: Processes at a time.
        progress: Told drills that ran clean and bugs that are done, and all of both.

    Returns:
        In the order of the mutants.

    Raises:
        InputError: A drill is not there.
    """
    drills = list(dict.fromkeys(name for one in mutants for name in one.drills))
    total = len(drills) + len(mutants)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        tried = {name: pool.submit(run_worker, name) for name in drills}
        _wait(pool, list(tried.values()), progress, 0, total)
        clean = {name: work.result() for name, work in tried.items()}
        hunts = [pool.submit(_hunt_one, one, clean) for one in mutants]
        _wait(pool, hunts, progress, len(drills), total)
    return [one.result() for one in hunts]


def _wait(
    pool: ThreadPoolExecutor,
    work: Sequence[Future[DrillRun]] | Sequence[Future[Kill]],
    progress: Progress | None,
    done: int,
    total: int,
) -> None:
    """Wait for some work and tell of each; what fails ends all of it."""
    try:
        for number, one in enumerate(as_completed(work), start=1):
            one.result()
            if progress is not None:
                progress(done + number, total)
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise


def run_worker(drill: str, planted: str = "") -> DrillRun:
    """Run a drill in a fresh process.

    Args:
        planted: A bug's name; nothing for a clean process.

    Raises:
        InputError: There is no such drill or bug.
    """
    command = [sys.executable, "-m", "chaos.worker", "--drill", drill, "--no-twin"]
    command += ["--planted", planted] if planted else []
    try:
        done = subprocess.run(  # noqa: S603  # an interpreter and a module that we chose
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return DrillRun(drill=drill, verdict=BROKE_OFF, error=f"not done in {TIMEOUT_S} s")
    said = done.stderr.strip().splitlines()
    if done.returncode == EXIT_INPUT:
        raise InputError(f"drill {drill!r}, planted {planted or 'nothing'}: {' '.join(said[-1:])}")
    try:
        told = json.loads(done.stdout)
    except json.JSONDecodeError:
        error = " ".join(said[-1:])[:300] or f"exit code {done.returncode}"
        return DrillRun(drill=drill, verdict=BROKE_OFF, error=error)
    return DrillRun(
        drill=drill,
        verdict=told["verdict"],
        violated=told["violated"],
        reasons=told["reasons"],
    )


def _hunt_one(mutant: Mutant, clean: dict[str, DrillRun]) -> Kill:
    """One bug through its drills, up to the first that finds it."""
    began, runs = time.perf_counter(), []
    for name in mutant.drills:
        if clean[name].verdict != "PASS":
            continue
        try:
            runs.append(run_worker(name, mutant.name))
        except InputError as error:
            runs.append(DrillRun(drill=name, verdict=BROKE_OFF, error=str(error)))
            break  # what cannot be planted in one drill can be in none
        if set(mutant.invariants) & set(runs[-1].violated):
            break
    unfit = {name: clean[name] for name in mutant.drills if clean[name].verdict != "PASS"}
    return kill_of(mutant, runs, unfit, time.perf_counter() - began)


def kill_of(
    mutant: Mutant, runs: Sequence[DrillRun], unfit: Mapping[str, DrillRun], wall_s: float
) -> Kill:
    """What a bug's runs say.

    Args:
        unfit: What drills came to that do not pass without the bug, and so were not run with it.
    """
    about = set(mutant.invariants)
    fatal = next((run for run in runs if about & set(run.violated)), None)
    errors = [f"{run.drill} broke off: {run.error}" for run in runs if run.error]
    errors += [
        f"{name} does not pass without it: {one.error or ', '.join(one.reasons) or one.verdict}"
        for name, one in unfit.items()
    ]
    others = {name for run in runs for name in run.violated} - about
    said = [] if fatal is None else fatal.reasons
    return Kill(
        name=mutant.name,
        module=mutant.module,
        danger=mutant.danger,
        invariants=mutant.invariants,
        killed=fatal is not None,
        drill="" if fatal is None else fatal.drill,
        violated=[one for one in mutant.invariants if fatal and one in fatal.violated],
        others=sorted(others),
        tried=[run.drill for run in runs],
        error="; ".join(errors),
        witness=next((one for one in said if one.split(":")[0] in about), ""),
        wall_s=wall_s,
    )
