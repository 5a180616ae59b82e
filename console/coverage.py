"""`twin coverage`: how much of what a desk can do a set of runs has done."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import UNSET

from console import output
from console.errors import EXIT_DOES_NOT_HOLD
from console.options import Json, Quiet, terminal_of
from market.errors import InputError

if TYPE_CHECKING:
    from console.progress import Tick
    from scenarios.coverage import Coverage
    from scenarios.sections import Scenario


def coverage(
    context: typer.Context,
    runs: Annotated[list[Path] | None, typer.Argument(help="Folders of runs.")] = None,
    library: Annotated[
        bool, typer.Option("--library", help="Run every packaged scenario that has a desk.")
    ] = False,
    tape: Annotated[
        Path | None,
        typer.Option("--tape", help="With --library: run those that fit this tape, too."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Runs at a time.")] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What did runs make a desk do, of all it can? Exit 1 below nine tenths of any part."""
    from scenarios.coverage import coverage_of, reached_in, run_name

    _check(runs or [], library=library, tape=tape)
    terminal = terminal_of(as_json, quiet)
    folders = list(runs or [])
    if library:
        runs_dir = context.find_root().obj.load().runs_dir
        chosen, left_out = _chosen(tape)
        if left_out:
            terminal.note(f"left out, for want of a tape with their books: {', '.join(left_out)}")
        with terminal.progress("coverage", "runs") as tick:
            folders = sorted(_run_all(chosen, runs_dir, jobs, tick))
    found = coverage_of((run_name(folder), reached_in(folder)) for folder in folders)
    _show(terminal, found, as_json=as_json)
    if not found.holds:
        raise typer.Exit(EXIT_DOES_NOT_HOLD)


def _check(runs: Sequence[Path], *, library: bool, tape: Path | None) -> None:
    """Refuse what says nothing, or two things."""
    if bool(runs) == library:
        what = "both runs and --library" if runs else "neither runs nor --library"
        raise InputError(f"coverage: found {what}, allowed is one of them")
    if tape is not None and not library:
        raise InputError("coverage: found --tape without --library, allowed are both together")


def _chosen(tape: Path | None) -> tuple[list[tuple[str, Path | None]], list[str]]:
    """Packaged scenarios with a desk, each with the tape that it needs; and those that it does not fit."""
    from scenarios.schema import library_names, load_scenario
    from sim.tape.read import open_tape

    books = () if tape is None else open_tape(tape).meta.books
    chosen: list[tuple[str, Path | None]] = []
    left_out: list[str] = []
    for name in library_names():
        scenario = load_scenario(name)[0]
        if not any(host.stack is not None for host in scenario.hosts):
            continue
        if scenario.flow is not None or scenario.flows:
            chosen.append((name, None))
        elif _books_named(scenario) <= {
            name for one in books for name in (one.symbol, f"{one.symbol}@{one.venue}")
        }:
            chosen.append((name, tape))
        else:
            left_out.append(name)
    return chosen, left_out


def _books_named(scenario: "Scenario") -> set[str]:
    """Every book or symbol that a scenario speaks of, and so needs of a tape that it does not deal."""
    named: set[str] = set()
    for host in scenario.hosts:
        named.update(host.books)
        if host.stack is None:
            continue
        named.update(host.stack.gate.instruments, host.stack.limits.instruments)
        for one in host.stack.strategies:
            named.update(one.books)
            if one.route is not UNSET:
                named.update(one.route.books)
    return named if scenario.split is None else {name.partition("@")[0] for name in named}


def _run_all(
    chosen: Sequence[tuple[str, Path | None]], runs_dir: Path, jobs: int, tick: "Tick"
) -> Iterator[Path]:
    """Run scenarios, several at a time in processes of their own; their folders."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_run_one, name, tape, runs_dir) for name, tape in chosen]
        tick(0, len(waiting))
        for done, future in enumerate(as_completed(waiting), 1):
            yield future.result()
            tick(done, len(waiting))


def _run_one(name: str, tape: Path | None, runs_dir: Path) -> Path:
    """One run, with nothing said on the way."""
    from time import perf_counter_ns

    from scenarios.run import run_scenario

    summary = run_scenario(
        name,
        tape=tape,
        seed=None,
        runs_dir=runs_dir,
        progress=lambda *_: None,
        announce=lambda _: None,
        wall_ns=perf_counter_ns,
    )
    return Path(summary.folder)


def _show(terminal: output.Output, found: "Coverage", *, as_json: bool) -> None:
    """The parts as a table, then what is missing, and what only a fault would reach."""
    if as_json:
        terminal.result("", output.fields_of(found))
        return
    rows: list[dict[str, object]] = [
        {
            "part": one.part,
            "reached": f"{one.reached} of {one.wanted}",
            "share": f"{one.share_ppm / 10_000:.1f} %",
            "by faults": f"{one.by_fault_reached} of {one.by_fault}",
        }
        for one in found.parts
    ]
    terminal.rows("what desks did, of all that needs no fault", rows)
    missing = {one.part: ", ".join(one.missing) for one in found.parts if one.missing}
    if missing:
        print()
        terminal.result("missing", missing)
    print()
    terminal.result(
        "all",
        {
            "runs": len(found.runs),
            "enough": f"{found.enough_ppm // 10_000} % of each part",
            "holds": found.holds,
        },
    )
