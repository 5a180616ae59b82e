"""The verbs of `twin`, and nothing else: each calls one function of a room and prints what it got.

Those of `twin ingest` stand in `console/ingest.py`, those of `twin tape` in `console/tape.py`. Heavy
libraries are imported inside the verbs, so that `--help` answers at once.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from console import config, errors, output
from console.book import book_app
from console.coverage import coverage
from console.drill import drill_app
from console.estimate import estimate
from console.fidelity import fidelity
from console.ingest import ingest_app
from console.journal import journal_app
from console.options import Json, Quiet, Verbose, group, terminal_of
from console.paper import paper
from console.record import record
from console.regimes import regimes_app
from console.report import compare, report
from console.say import say
from console.serve import serve_feed
from console.study import study_app
from console.tape import tape_app
from console.tca import tca
from console.venue import venue_app
from market.errors import InputError

app = group("A digital twin of a trading operation: replay, simulate, verify.")
bench_app = group("Measure speed on this machine.")
config_app = group("Settings: flag, then TWIN_*, then twin.toml, then default.")
app.add_typer(ingest_app, name="ingest")
app.add_typer(tape_app, name="tape")
app.add_typer(journal_app, name="journal")
app.add_typer(regimes_app, name="regimes")
app.add_typer(venue_app, name="venue")
app.add_typer(study_app, name="study")
app.add_typer(drill_app, name="drill")
app.add_typer(book_app, name="book")
app.add_typer(bench_app, name="bench")
app.add_typer(config_app, name="config")
app.command("report")(report)
app.command("compare")(compare)
app.command("tca")(tca)
app.command("coverage")(coverage)
app.command("estimate")(estimate)
app.command("fidelity")(fidelity)
app.command("paper")(paper)
app.command("say")(say)
app.command("record")(record)
app.command("serve-feed")(serve_feed)

Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="Seed of every draw; the scenario's own by default."),
]


@dataclass(frozen=True, slots=True)
class Flags:
    """What was given before the verb."""

    config_path: Path | None
    data_dir: str | None
    runs_dir: str | None

    def load(self, seed: int | None = None) -> config.Config:
        """Every setting, with these flags first."""
        given = {"data_dir": self.data_dir, "runs_dir": self.runs_dir, "seed": seed}
        return config.load(given, config_path=self.config_path)


def _flags(context: typer.Context) -> Flags:
    """The flags that `root` left in the context."""
    flags = context.find_root().obj
    assert isinstance(flags, Flags)
    return flags


def _version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from importlib.metadata import version

        print(f"market-twin {version('market-twin')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    config_path: Annotated[
        Path | None, typer.Option("--config", help="Settings file; default: twin.toml, if there.")
    ] = None,
    data_dir: Annotated[str | None, typer.Option(help="Folder of real data.")] = None,
    runs_dir: Annotated[str | None, typer.Option(help="Folder that receives runs.")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A digital twin of a trading operation: replay, simulate, verify."""
    del version
    context.obj = Flags(config_path, data_dir, runs_dir)


@app.command("run")
def run(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="A packaged scenario's name, or a TOML file.")],
    tape: Annotated[Path | None, typer.Option("--tape", help="Replay this tape.")] = None,
    mode: Annotated[
        Literal["frozen", "reactive"] | None,
        typer.Option("--mode", help="Instead of the scenario's mode."),
    ] = None,
    faults: Annotated[
        Path | None, typer.Option("--faults", help="Break this, too: a TOML file of [[faults]].")
    ] = None,
    seed: Seed = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run a scenario and write runs/<id>/."""
    from console.interrupt import stop_request
    from scenarios.run import run_scenario

    settings = _flags(context).load(seed)
    terminal = terminal_of(as_json, quiet, verbose)
    with stop_request() as stopped, terminal.progress(scenario, "messages") as tick:
        summary = run_scenario(
            scenario,
            tape=tape,
            seed=settings.seed,
            runs_dir=settings.runs_dir,
            progress=tick,
            announce=terminal.identity,
            wall_ns=time.perf_counter_ns,
            stopped=stopped,
            mode=mode,
            faults=faults,
        )
    terminal.result("summary", output.fields_of(summary))


@app.command("demo")
def demo(
    context: typer.Context,
    seed: Seed = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run the seeded synthetic day; the same as `twin run first_light`."""
    run(context, "first_light", None, None, None, seed, as_json, quiet, verbose)


@app.command("query")
def query_views(
    path: Annotated[Path, typer.Argument(help="A run's folder, or a tape.")],
    sql: Annotated[
        str, typer.Argument(help="One SELECT over tape, or events, latencies, summary.")
    ],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most rows shown.")] = 100,
    as_json: Json = False,
) -> None:
    """Ask a run or a tape in SQL (needs DuckDB: the extra `query`)."""
    from scenarios.query import query

    found = query(path, sql, limit=limit)
    terminal = terminal_of(as_json)
    terminal.rows("", [dict(zip(found.columns, row, strict=True)) for row in found.rows])
    if found.more:
        terminal.note(f"more rows than {limit}; --limit shows more")


@app.command("reconstruct")
def reconstruct_order(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    order: Annotated[int, typer.Option("--order", help="The order's id.")],
    tape: Annotated[
        Path | None, typer.Option(help="The tape that the run replayed, if it replayed one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Why was an order sent? The market and the desk as they stood, from journal and tape alone."""
    from scenarios.reconstruct import reconstruct

    terminal_of(as_json).result(f"order {order}", output.fields_of(reconstruct(run, order, tape)))


@app.command("explain")
def explain_order(
    run: Annotated[Path, typer.Argument(help="A run's folder, or a desk's journal.")],
    order: Annotated[int, typer.Option("--order", help="The order's id.")],
    as_json: Json = False,
) -> None:
    """What led to an order, and what became of it: signal to fills, from the journal alone."""
    from scenarios.explain import explain_order as explain

    terminal_of(as_json).sections({f"order_{order}": output.fields_of(explain(run, order))})


@app.command("migrate")
def migrate(
    path: Annotated[Path, typer.Argument(help="A tape of an older format.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where it goes; default: in its place.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring a tape of an older format up to the present one."""
    from sim.tape.migrate import migrate_tape

    terminal = terminal_of(as_json, quiet)
    with terminal.progress("migrate", "rows") as tick:
        done = migrate_tape(path, out=out, progress=tick)
    terminal.result(str(out or path), output.fields_of(done))


@bench_app.command("replay")
def bench_replay_speed(
    against: Annotated[
        str | None, typer.Option(help="Race against hftbacktest, nautilus, lrvx (with commas).")
    ] = None,
    kind: Annotated[
        Literal["l3", "l2", "l1"], typer.Option(help="Of a race: orders, levels, best prices.")
    ] = "l3",
    tape: Annotated[
        Path | None, typer.Option(help="Race on this tape; default: the bench's own stream.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often everything runs.")] = 5,
    messages: Annotated[
        int, typer.Option(min=5_000, help="Least length of the stream; a shorter tape is repeated.")
    ] = 1_000_000,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Messages per second through venue, wire and local book, against SimPy or other systems."""
    terminal = terminal_of(as_json, quiet, verbose)
    if against is not None:
        from scenarios.race.run import bench_race

        with terminal.progress("race", "rounds") as tick:
            result = bench_race(
                against,
                kind=kind,
                tape=tape,
                rounds=rounds,
                messages=messages,
                progress=tick,
                note=terminal.note,
            )
        terminal.result(f"race on {kind}, messages per second", output.fields_of(result))
        return
    if kind != "l3" or tape is not None:
        raise InputError("--kind and --tape are of a race: say --against hftbacktest as well")
    from scenarios.bench import bench_replay

    with terminal.progress("bench", "rounds") as tick:
        rates = bench_replay(
            progress=tick, wall_ns=time.perf_counter_ns, rounds=rounds, messages=messages
        )
    terminal.result("replay, messages per second", output.fields_of(rates))


@bench_app.command("rules")
def bench_rules_speed(
    rounds: Annotated[int, typer.Option(min=1, help="How often everything runs.")] = 5,
    messages: Annotated[
        int, typer.Option(min=5_000, help="Least length of the replayed stream.")
    ] = 1_000_000,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Books with rules: replay beside a plain book, and microseconds of what each rule does."""
    from scenarios.bench_rules import bench_rules

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("bench", "rounds") as tick:
        found = bench_rules(
            progress=tick, wall_ns=time.perf_counter_ns, rounds=rounds, messages=messages
        )
    terminal.result("books with rules", output.fields_of(found))


@bench_app.command("desk")
def bench_desk_speed(
    context: typer.Context,
    against: Annotated[
        str | None, typer.Option(help="Race the same cycle against nautilus.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often everything runs.")] = 5,
    orders: Annotated[int, typer.Option(min=1_000, help="Least orders of a lap.")] = 20_000,
    books: Annotated[
        int, typer.Option(min=1, max=1_000, help="Books, with one order each under way at a time.")
    ] = 16,
    group: Annotated[
        int, typer.Option(min=1, help="Waiting commands from which a commit is due.")
    ] = 16,
    profile: Annotated[
        Path | None, typer.Option(help="Write a profile of one more lap, for `python -m pstats`.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Orders per second through a whole desk, its journal in memory and fsynced to a file."""
    terminal = terminal_of(as_json, quiet, verbose)
    if against is not None:
        from scenarios.race.desk import race_desks

        with terminal.progress("race", "rounds") as tick:
            race = race_desks(
                against,
                wall_ns=time.perf_counter_ns,
                cpu_ns=time.process_time_ns,
                rounds=rounds,
                orders=orders,
                books=books,
                progress=tick,
                note=terminal.note,
            )
        terminal.result("race of desks, orders per second", output.fields_of(race))
        return
    from cProfile import Profile

    from scenarios.bench_desk import bench_desk

    # On the disk on which runs keep their journals: elsewhere a sync may cost nothing.
    folder = _flags(context).load().runs_dir
    folder.mkdir(parents=True, exist_ok=True)
    profiler = None if profile is None else Profile()
    with terminal.progress("bench", "rounds") as tick:
        found = bench_desk(
            wall_ns=time.perf_counter_ns,
            cpu_ns=time.process_time_ns,
            folder=folder,
            progress=tick,
            rounds=rounds,
            orders=orders,
            books=books,
            group=group,
            profiler=profiler,
        )
    if profiler is not None:
        profiler.dump_stats(str(profile))
    terminal.result("desk, orders per second", output.fields_of(found))


@app.command("doctor")
def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Check this machine, from Python to disk; exit 1 when unfit."""
    from console.doctor import examine

    checks = examine(_flags(context).load())
    fit = all(check.state != "broken" for check in checks)
    found = {check.name: {"state": check.state, "found": check.found} for check in checks}
    if as_json:
        terminal_of(as_json).result("", {"fit": fit, "checks": found})
    else:
        lines = {check.name: f"{check.state:6}  {check.found}" for check in checks}
        terminal_of(as_json).result("", {**lines, "fit": fit})
    if not fit:
        raise typer.Exit(errors.EXIT_DOES_NOT_HOLD)


@config_app.command("show")
def config_show(context: typer.Context, as_json: Json = False) -> None:
    """Show every setting and where its value comes from."""
    values = _flags(context).load().values
    if as_json:
        found = {key: {"value": item.value, "origin": item.origin} for key, item in values.items()}
        terminal_of(as_json).result("", found)
    else:
        lines = {
            key: f"{'–' if item.value is None else item.value}  (from {item.origin})"
            for key, item in values.items()
        }
        terminal_of(as_json).result("", lines)


def main() -> None:
    """The entry point `twin`."""
    sys.exit(errors.guarded(lambda: app(prog_name="twin")))


if __name__ == "__main__":
    main()
