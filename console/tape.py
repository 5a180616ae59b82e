"""The verbs of `twin tape`: look at a tape, judge it, and make new tapes of old ones."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from console import errors, output
from console.options import Json, Quiet, Verbose, group, terminal_of

tape_app = group("Look at a tape, judge it, or make another one of it.")

Tape = Annotated[Path, typer.Argument(help="A tape (.tape.parquet).")]
Out = Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")]


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
    terminal_of(as_json).result(str(tape), {**fields, **output.fields_of(opened.meta)})


@tape_app.command("head")
def tape_head(
    tape: Tape,
    count: Annotated[int, typer.Option("--rows", "-n", min=1, help="How many rows.")] = 10,
    as_json: Json = False,
) -> None:
    """Show the first rows in words."""
    from sim.tape.head import head_rows
    from sim.tape.read import open_tape

    terminal_of(as_json).rows(str(tape), list(head_rows(open_tape(tape), count)))


@tape_app.command("stats")
def tape_statistics(tape: Tape, as_json: Json = False, quiet: Quiet = False) -> None:
    """Count messages, rates, trades, live orders; spread and depth over time, by book and over all."""
    from sim.tape.stats import tape_stats

    terminal = terminal_of(as_json, quiet)
    with terminal.progress("stats", "rows") as tick:
        found = tape_stats(tape, progress=tick)
    terminal.result(str(tape), output.fields_of(found))


@tape_app.command("check")
def tape_check(
    tape: Tape,
    thresholds: Annotated[
        Path | None, typer.Option("--thresholds", help="TOML; see the tape format's reference.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge a tape by its quality gates; exit 1 when one is past its threshold."""
    from sim.tape.gates import load_thresholds
    from sim.tape.quality import check_tape, passes

    limits = load_thresholds(thresholds)
    terminal = terminal_of(as_json, quiet)
    with terminal.progress("check", "rows") as tick:
        gates = check_tape(tape, limits, progress=tick)
    fields = [output.fields_of(gate) for gate in gates]
    if not as_json:
        fields = [{key: gate[key] for key in list(gate)[:-2]} for gate in fields]
    terminal.rows(str(tape), fields, passes=passes(gates))
    if not passes(gates):
        raise typer.Exit(errors.EXIT_DOES_NOT_HOLD)


@tape_app.command("slice")
def tape_slice(
    tape: Tape,
    out: Out,
    start: Annotated[
        str | None, typer.Option("--from", help="ISO time, or offset from the first row (90s).")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="The same; rows before it are kept.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cut a stretch that replays: what rested at its start comes first."""
    from sim.tape.cut import slice_tape

    terminal = terminal_of(as_json, quiet)
    with terminal.progress("slice", "rows") as tick:
        meta = slice_tape(tape, out, start=start, end=end, progress=tick)
    terminal.result(f"{tape} → {out}", output.fields_of(meta))


@tape_app.command("merge")
def tape_merge(
    tapes: Annotated[list[Path], typer.Argument(help="Two tapes or more.")],
    out: Out,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Merge tapes into one, by time; books are numbered anew in the order given."""
    from sim.tape.merge import merge_tapes

    terminal = terminal_of(as_json, quiet)
    with terminal.progress("merge", "rows") as tick:
        meta = merge_tapes(tapes, out, progress=tick, warn=terminal.note)
    terminal.result(str(out), output.fields_of(meta))


@tape_app.command("split")
def tape_split(
    tape: Tape,
    shares: Annotated[
        str,
        typer.Option(
            "--shares", help="TOML: seed, and [venues] with a share each; or a packaged name."
        ),
    ],
    out: Out,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Deal the orders of one L3 book to several venues, each order whole."""
    from scenarios.venue_shares import find_shares
    from sim.tape.split import split_tape

    dealt = find_shares(shares)
    terminal = terminal_of(as_json, quiet)
    with terminal.progress("split", "rows") as tick:
        meta = split_tape(tape, dealt, out, progress=tick)
    terminal.result(f"{tape} → {out}", output.fields_of(meta))


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

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("verify", "rows") as tick:
        verdict = verify_tape(tape, truth, mode=mode, progress=tick)
    terminal.result(f"{tape} against {truth.name}, {mode}", output.fields_of(verdict))
    if verdict.rows_equal != verdict.rows:
        raise typer.Exit(errors.EXIT_DOES_NOT_HOLD)


@tape_app.command("verify-tickers")
def tape_verify_tickers(
    tape: Annotated[Path, typer.Argument(help="A tape made from Binance captures.")],
    captures: Annotated[list[Path], typer.Argument(help="Those captures, in order.")],
    as_json: Json = False,
) -> None:
    """Compare a Binance tape with its captures' bookTicker; exit 1 on a difference at one id."""
    from sim.ingest.binance_truth import verify_binance

    verdict = verify_binance(tape, captures)
    terminal_of(as_json).result(f"{tape} against bookTicker", output.fields_of(verdict))
    if verdict.same_ids_equal != verdict.same_ids:
        raise typer.Exit(errors.EXIT_DOES_NOT_HOLD)


@tape_app.command("shares")
def tape_shares(
    tape: Annotated[Path, typer.Argument(help="A tape of consolidated trades.")],
    exclude: Annotated[str, typer.Option("--exclude", help="Venue letters to leave out.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write them as TOML, for `tape split`.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the draws, with --out.")] = 0,
    as_json: Json = False,
) -> None:
    """Say each venue's share of the traded volume."""
    from sim.ingest.venue_shares import venue_shares
    from sim.tape.split import save_shares

    found = venue_shares(tape, exclude=exclude)
    if out is not None:
        save_shares(found, out, seed=seed)
    terminal_of(as_json).result(str(tape), found)
