"""The verbs of `twin`, and nothing else: each calls one function of a room and prints what it got.

Heavy libraries are imported inside the verbs, so that `--help` answers at once.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from console import config, errors, output


def _app(help_text: str) -> typer.Typer:
    """A group of verbs with plain help, which is quick and the same at every width."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


app = _app("A digital twin of a trading operation: replay, simulate, verify.")
ingest_app = _app("Turn recorded market data into a tape.")
tape_app = _app("Look at a tape, or hold it against the truth.")
bench_app = _app("Measure speed on this machine.")
config_app = _app("Settings: flag, then TWIN_*, then twin.toml, then default.")
app.add_typer(ingest_app, name="ingest")
app.add_typer(tape_app, name="tape")
app.add_typer(bench_app, name="bench")
app.add_typer(config_app, name="config")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the log on standard error.")]
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


def _terminal(as_json: bool, quiet: bool = False, verbose: bool = False) -> output.Output:
    """The terminal of one command."""
    level = output.QUIET if quiet else output.VERBOSE if verbose else output.NORMAL
    return output.Output(as_json=as_json, verbosity=level)


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


@ingest_app.command("lobster")
def ingest_lobster_file(
    message: Annotated[Path, typer.Argument(help="LOBSTER zip, or message csv or csv.gz.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    orderbook: Annotated[
        Path | None, typer.Option("--orderbook", help="Orderbook csv or csv.gz of a message file.")
    ] = None,
    seed_only: Annotated[
        bool, typer.Option("--seed-only", help="Use the orderbook's first row only.")
    ] = False,
    max_bad: Annotated[
        int, typer.Option("--max-bad", min=0, help="Rows that may be refused before it stops.")
    ] = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn a LOBSTER day, any level, into a tape."""
    from sim.ingest.lobster import ingest_lobster

    terminal = _terminal(as_json, quiet, verbose)
    with terminal.progress("ingest", "bytes") as tick:
        meta = ingest_lobster(
            message,
            orderbook=orderbook,
            seed_only=seed_only,
            out=out,
            max_bad=max_bad,
            progress=tick,
            warn=terminal.note,
        )
    terminal.result(f"{message.name} → {out}", output.fields_of(meta))


@tape_app.command("info")
def tape_info(
    tape: Annotated[Path, typer.Argument(help="A tape (.tape.parquet).")], as_json: Json = False
) -> None:
    """Say what a tape holds and where it came from."""
    from sim.tape.read import open_tape

    opened = open_tape(tape)
    fields = {
        "rows": opened.row_count,
        "digest": opened.digest,
        "side_columns": opened.side_columns,
    }
    _terminal(as_json).result(str(tape), {**fields, **output.fields_of(opened.meta)})


@tape_app.command("verify")
def tape_verify(
    tape: Annotated[Path, typer.Argument(help="A tape (.tape.parquet).")],
    truth: Annotated[Path, typer.Option("--truth", help="The raw file the tape was made from.")],
    mode: Annotated[
        Literal["frozen", "reactive"], typer.Option("--mode", help="How history answers us.")
    ] = "frozen",
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Replay a tape and compare every row with the raw file's own book; exit 1 on a difference."""
    from sim.verify import verify_tape

    terminal = _terminal(as_json, quiet, verbose)
    with terminal.progress("verify", "rows") as tick:
        verdict = verify_tape(tape, truth, mode=mode, progress=tick)
    terminal.result(f"{tape} against {truth.name}, {mode}", output.fields_of(verdict))
    if verdict.rows_equal != verdict.rows:
        raise typer.Exit(errors.EXIT_DOES_NOT_HOLD)


@app.command("run")
def run(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="A packaged scenario's name, or a TOML file.")],
    tape: Annotated[Path | None, typer.Option("--tape", help="Replay this tape.")] = None,
    seed: Seed = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run a scenario and write runs/<id>/."""
    from console.interrupt import stop_request
    from scenarios.run import run_scenario

    settings = _flags(context).load(seed)
    terminal = _terminal(as_json, quiet, verbose)
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
    run(context, "first_light", None, seed, as_json, quiet, verbose)


@bench_app.command("replay")
def bench_replay_speed(
    as_json: Json = False, quiet: Quiet = False, verbose: Verbose = False
) -> None:
    """Messages per second through venue, wire and local book, against bare SimPy time-outs."""
    from scenarios.bench import bench_replay

    terminal = _terminal(as_json, quiet, verbose)
    with terminal.progress("bench", "rounds") as tick:
        rates = bench_replay(progress=tick, wall_ns=time.perf_counter_ns)
    terminal.result("replay, messages per second", output.fields_of(rates))


@app.command("doctor")
def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Check this machine, from Python to disk; exit 1 when unfit."""
    from console.doctor import examine

    checks = examine(_flags(context).load())
    fit = all(check.state != "broken" for check in checks)
    found = {check.name: {"state": check.state, "found": check.found} for check in checks}
    if as_json:
        _terminal(as_json).result("", {"fit": fit, "checks": found})
    else:
        lines = {check.name: f"{check.state:6}  {check.found}" for check in checks}
        _terminal(as_json).result("", {**lines, "fit": fit})
    if not fit:
        raise typer.Exit(errors.EXIT_DOES_NOT_HOLD)


@config_app.command("show")
def config_show(context: typer.Context, as_json: Json = False) -> None:
    """Show every setting and where its value comes from."""
    values = _flags(context).load().values
    if as_json:
        found = {key: {"value": item.value, "origin": item.origin} for key, item in values.items()}
        _terminal(as_json).result("", found)
    else:
        lines = {
            key: f"{'–' if item.value is None else item.value}  (from {item.origin})"
            for key, item in values.items()
        }
        _terminal(as_json).result("", lines)


def main() -> None:
    """The entry point `twin`."""
    sys.exit(errors.guarded(lambda: app(prog_name="twin")))


if __name__ == "__main__":
    main()
