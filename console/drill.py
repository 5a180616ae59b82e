"""The verbs of `twin drill`: break a run on purpose, and judge it on the venue's own ledger."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import errors, output
from console.options import Json, Quiet, group, terminal_of
from console.planted import mutants
from market.units import format_ns

if TYPE_CHECKING:
    from chaos.result import DrillResult

drill_app = group("Break a run on purpose, and judge it: PASS 0, FAIL 1, usage 2, VACUOUS 3.")

Drill = Annotated[str, typer.Argument(help="A packaged drill's name, or a TOML file.")]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="Of every draw; the drill's own by default.")
]
Planted = Annotated[
    str | None, typer.Option("--planted", help="Name of a bug to plant in what runs.")
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder that keeps what was run.")]


@drill_app.command("list")
def drill_list(as_json: Json = False) -> None:
    """Show every packaged drill and what it is about."""
    from chaos.drill import drill_names, load_drill

    rows: list[dict[str, object]] = []
    for name in drill_names():
        plan = load_drill(name)
        kinds = sorted({fault.kind.value for fault in plan.scenario.faults})
        rows.append(
            {
                "name": name,
                "title": plan.drill.title,
                "faults": " ".join(kinds) or "none",
                "about": " ".join(plan.drill.expect.invariants or plan.drill.expect.violated),
            }
        )
    terminal_of(as_json).rows("", rows)


@drill_app.command("run")
def drill_run(
    drill: Drill,
    seed: Seed = None,
    tape: Annotated[
        Path | None, typer.Option("--tape", help="Replay this tape, if the scenario has no flow.")
    ] = None,
    out: Out = None,
    planted: Planted = None,
    twin: Annotated[bool, typer.Option(help="Run the same without faults beside it.")] = True,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run one drill and judge it; exit 0 PASS, 1 FAIL, 3 VACUOUS."""
    if planted is not None:
        from chaos.planting import plant

        plant(planted)  # before anything that it may stand in is imported
    from chaos.report import write_report
    from chaos.run import run_drill, write_drill

    terminal = terminal_of(as_json, quiet)
    with terminal.progress(drill, "looks") as tick:
        drilled = run_drill(
            drill,
            seed=seed,
            tape=tape,
            wall_ns=time.perf_counter_ns,
            with_twin=twin,
            progress=tick,
        )
    folder = write_drill(out, drilled) if out is not None else None
    show(terminal, drilled.result, as_json=as_json)
    if folder is not None:
        terminal.note(f"kept in {folder}; its page is {write_report(drilled, folder)}")
    leave(drilled.result.verdict.exit_code)


@drill_app.command("suite")
def drill_suite(
    suite: Annotated[str, typer.Argument(help="A packaged suite's name, or a TOML file.")],
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = 1,
    out: Out = None,
    planted: Planted = None,
    tape: Annotated[
        Path | None, typer.Option("--tape", help="For drills whose scenario has no flow.")
    ] = None,
    twin: Annotated[bool, typer.Option(help="Run each without faults beside it.")] = True,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the drills of a suite; exit code of the worst, where a canary must fail."""
    from chaos.report import write_suite
    from chaos.suite import Wanted, load_suite, run_suite

    terminal = terminal_of(as_json, quiet)
    wanted = Wanted(jobs=jobs, planted=planted, tape=tape, twins=twin)
    with terminal.progress(suite, "drills") as tick:
        found = run_suite(load_suite(suite), wanted, out=out, progress=tick)
    if out is not None:
        terminal.note(f"kept in {out}; its page is {write_suite(found, out)}")
    if as_json:
        terminal.result("", output.fields_of(found))
    else:
        rows: list[dict[str, object]] = [
            {
                "verdict": row.verdict.value + (" as it must" * (row.verdict is not row.counted)),
                "drill": row.drill,
                "took": f"{row.wall_s:.1f} s",
                "why": row.reasons[0] if row.reasons else "",
            }
            for row in found.rows
        ]
        terminal.rows(f"{found.name}: {found.verdict.value}", rows)
    leave(found.verdict.exit_code)


@drill_app.command("replay")
def drill_replay(
    folder: Annotated[Path, typer.Argument(help="Folder of a drill that was kept with --out.")],
    tape: Annotated[
        Path | None, typer.Option("--tape", help="The tape that it replayed, if any.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a drill again and compare; exit 1 when it differs, else the verdict's code."""
    from chaos.replay import replay_drill

    terminal = terminal_of(as_json, quiet)
    with terminal.progress(folder.name, "looks") as tick:
        again = replay_drill(folder, tape=tape, wall_ns=time.perf_counter_ns, progress=tick)
    now = again.drilled.result
    terminal.result(
        now.name,
        {
            "same": not again.differences,
            "verdict": now.verdict.value,
            "run_id": now.run_id,
            "digest": now.digest,
            "differences": again.differences,
        },
    )
    leave(errors.EXIT_DOES_NOT_HOLD if again.differences else now.verdict.exit_code)


drill_app.command("mutants")(mutants)


def leave(code: int) -> None:
    """End a command with an exit code of its own."""
    if code:
        raise typer.Exit(code)


def show(terminal: output.Output, result: "DrillResult", *, as_json: bool) -> None:
    """Print what a drill came to."""
    if as_json:
        terminal.result("", output.fields_of(result))
        return
    head: dict[str, object] = {
        "run id": result.run_id,
        "seed": result.identity.seed,
        "digest": result.digest,
        "simulated to real": result.simulated_to_real,
    }
    if result.cost is not None:
        head |= _cost(result.cost)
    terminal.result(f"{result.name}: {result.verdict.value}", head)
    for reason in result.reasons:
        terminal.note(f"  {reason}")
    _rows(terminal, "faults", ("name", "kind", "target", "hits"), result.faults)
    rows = [one for one in result.invariants if one.state != "idle" or one.expected]
    _rows(
        terminal,
        "invariants",
        ("id", "kind", "state", "checks", "count", "mark", "mark_hits"),
        rows,
    )
    measured: list[dict[str, object]] = [
        {
            "measured": one.name,
            "worst": format_ns(max(one.found_ns)),
            "limit": format_ns(one.limit_ns),
            "count": len(one.found_ns),
        }
        for one in result.latencies
    ]
    if measured:
        terminal.rows("latencies", measured)


def _cost(cost: object) -> Mapping[str, object]:
    """What the faults cost, in a few lines."""
    one = output.fields_of(cost)
    return {
        "orders": f"{one['orders']}, without faults {one['twin_orders']}",
        "fills": f"{one['fills']}, without faults {one['twin_fills']}",
        "pnl": f"{one['pnl']}, without faults {one['twin_pnl']}",
        "pnl difference": f"{one['pnl_difference']}",
    }


def _rows(
    terminal: output.Output, title: str, names: Sequence[str], records: Sequence[object]
) -> None:
    """A table of some fields of records."""
    rows: list[dict[str, object]] = [
        {name: getattr(record, name) for name in names} for record in records
    ]
    if rows:
        terminal.rows(title, rows)
