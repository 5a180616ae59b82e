"""Suites: lists of drills, each run in a process of its own, several at a time.

A suite is a TOML file: `name`, `title`, and `drills`, by name, `*` for every packaged one
that needs no tape; `[seeds]` gives single drills other seeds.
Its verdict is the worst of theirs. A canary counts as good when it fails by what it says, and as a
failure otherwise: what cannot fail proves nothing when it passes.
"""

import json
import subprocess  # each drill is a process of its own, so that a planted bug can be in it
import sys
import tempfile
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import msgspec

from chaos.drill import drill_names, load_drill
from chaos.result import DrillResult, SuiteResult, SuiteRow, Verdict, worst
from chaos.run import read_result
from market.errors import InputError
from scenarios.written import Place, found, read_struct

EXIT_INPUT: Final = 2
EVERY: Final = "*"
SUITE_FILE: Final = "suite.json"


class Suite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of drills.

    Attributes:
        seeds: Of single drills, by name, where it is not their own.
    """

    name: str
    title: str
    drills: tuple[str, ...]
    seeds: dict[str, int] = {}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How a suite is run.

    Attributes:
        jobs: Processes at a time.
        planted: Name of a bug that is planted in each of them.
        tape: For drills whose scenario has no flow.
        twins: Whether each drill is run without its faults, too.
    """

    jobs: int = 1
    planted: str | None = None
    tape: Path | None = None
    twins: bool = True


def suite_names() -> list[str]:
    """Names of the packaged suites, sorted."""
    names = [item.name for item in _library().iterdir()]
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_suite(name_or_path: str | Path) -> Suite:
    """Find and read a suite.

    Raises:
        InputError: There is no such suite, or it is not as it must be.
    """
    given = str(name_or_path)
    if given.endswith(".toml") or Path(given).name != given:
        source: Traversable | Path = Path(given)
    elif given in suite_names():
        source = _library() / f"{given}.toml"
    else:
        raise InputError(
            f"suite: found {found(given)}, allowed is {', '.join(suite_names())}, or the path of a "
            ".toml file"
        )
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}; allowed is a suite file") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{source}: found no TOML: {error}") from None
    suite = read_struct(table, Place(str(source)), Suite)
    known = drill_names()
    if EVERY in suite.drills:
        rest = [name for name in suite.drills if name != EVERY and name not in known]
        alone = [name for name in known if not load_drill(name).drill.needs_tape]
        suite = msgspec.structs.replace(suite, drills=(*alone, *rest))
    for name in (*suite.drills, *suite.seeds):
        if name not in known and not name.endswith(".toml"):
            raise InputError(f"{source}: drills: found {name!r}, allowed is {', '.join(known)}")
    for name in suite.seeds:
        if name not in suite.drills:
            raise InputError(
                f"{source}: seeds: found {name!r}, allowed is {', '.join(suite.drills)}"
            )
    if not suite.drills:
        raise InputError(f"{source}: drills: found none, allowed is one or more")
    return suite


def run_suite(
    suite: Suite,
    wanted: Wanted,
    *,
    out: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SuiteResult:
    """Run every drill of a suite.

    Args:
        out: Folder that keeps a folder of each drill.
        progress: Told drills done and in all.

    A drill that breaks off is a failure of its own, and the others go on.

    Raises:
        InputError: A drill could not be run.
    """
    with tempfile.TemporaryDirectory(prefix="twin-drills-") as temporary:
        folder = Path(temporary) if out is None else out
        rows = _run_all(suite, wanted, folder, progress)
        found_result = SuiteResult(
            name=suite.name,
            title=suite.title,
            verdict=worst([row.counted for row in rows]),
            planted=wanted.planted or "",
            rows=rows,
        )
        if out is not None:
            text = msgspec.json.format(msgspec.json.encode(found_result), indent=2)
            (out / SUITE_FILE).write_bytes(text)
    return found_result


class BrokeOffError(Exception):
    """A drill came to no verdict: a defect, of ours or planted."""


def _row(one: DrillResult) -> SuiteRow:
    """A drill that came to a verdict."""
    return SuiteRow(
        drill=one.name,
        run_id=one.run_id,
        verdict=one.verdict,
        counted=judged(one),
        reasons=one.reasons,
        digest=one.digest,
        wall_s=one.wall_s,
    )


def _broken_row(name: str, error: BrokeOffError) -> SuiteRow:
    """A drill that came to none."""
    return SuiteRow(
        drill=name,
        run_id="",
        verdict=Verdict.FAIL,
        counted=Verdict.FAIL,
        reasons=[str(error)],
        digest="",
        wall_s=0.0,
    )


def judged(one: DrillResult) -> Verdict:
    """A drill's verdict as its suite counts it: a canary must fail by what it says."""
    if not one.canary:
        return one.verdict
    violated = {row.id for row in one.invariants if row.state == "violated"}
    return Verdict.PASS if set(one.canary) <= violated else Verdict.FAIL


def _run_all(
    suite: Suite,
    wanted: Wanted,
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> list[SuiteRow]:
    """What each drill came to, in the order of the suite."""
    rows: dict[str, SuiteRow] = {}
    with ThreadPoolExecutor(max_workers=wanted.jobs) as pool:
        waiting = {
            pool.submit(run_apart, name, suite.seeds.get(name), wanted, folder): name
            for name in suite.drills
        }
        try:
            for done in as_completed(waiting):
                name = waiting[done]
                try:
                    rows[name] = _row(done.result())
                except BrokeOffError as error:
                    rows[name] = _broken_row(name, error)
                if progress is not None:
                    progress(len(rows), len(suite.drills))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [rows[name] for name in suite.drills]


def run_apart(name: str, seed: int | None, wanted: Wanted, folder: Path) -> DrillResult:
    """Run one drill in a process of its own.

    Raises:
        InputError: It could not be run.
        BrokeOffError: It came to no verdict.
    """
    command = [sys.executable, "-m", "chaos.worker", "--drill", name, "--out", str(folder)]
    command += ["--seed", str(seed)] if seed is not None else []
    command += ["--planted", wanted.planted] if wanted.planted is not None else []
    command += ["--tape", str(wanted.tape)] if wanted.tape is not None else []
    command += [] if wanted.twins else ["--no-twin"]
    done = subprocess.run(  # noqa: S603  # an interpreter and a module that we chose
        command, capture_output=True, text=True, check=False
    )
    if done.returncode == EXIT_INPUT:
        raise InputError(f"drill {name!r}: {done.stderr.strip().removeprefix('chaos.worker: ')}")
    try:
        told = json.loads(done.stdout)
    except json.JSONDecodeError:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise BrokeOffError(f"it broke off: {said[-1]}") from None
    return read_result(Path(told["folder"]))


def _library() -> Traversable:
    """The folder of packaged suites."""
    return resources.files("chaos") / "suites"
