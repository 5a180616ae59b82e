"""The verbs of `twin regimes`: fit a model of a market's regimes, and see what it says."""

from pathlib import Path
from typing import Annotated, Final

import typer

from console import output
from console.options import Json, Quiet, group, terminal_of
from market.errors import InputError
from market.units import format_ns, parse_duration

regimes_app = group("Fit a model of a market's regimes, and see what it says.")

UNCHANGED_PPM_MAX: Final = 250_000
"""From a quarter on, the calmest state of a model is made of bars without a change."""

Tape = Annotated[Path, typer.Argument(help="A tape (.tape.parquet).")]
Book = Annotated[
    int | None, typer.Option("--book", min=0, help="Number of the book; needed if there are more.")
]


@regimes_app.command("fit")
def regimes_fit(
    tape: Tape,
    out: Annotated[Path, typer.Option("--out", "-o", help="The model to write (TOML).")],
    states: Annotated[int, typer.Option("--states", help="2 to 4.")] = 3,
    bar: Annotated[str, typer.Option("--bar", help="Length of a bar.")] = "1s",
    train: Annotated[
        str | None, typer.Option("--train", help="Learn from so much of the start; default: all.")
    ] = None,
    book: Book = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the starting points.")] = 1,
    restarts: Annotated[int, typer.Option("--restarts", min=1, help="Starting points.")] = 5,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit a hidden Markov model on the first part of a tape and write it as TOML."""
    from desk.state.hmm_params import format_model
    from research.bars import read_bars
    from research.regimes import fit_regimes

    bar_ns = parse_duration(bar, "--bar")
    train_ns = None if train is None else parse_duration(train, "--train")
    terminal = terminal_of(as_json, quiet)
    with terminal.progress("bars", "rows") as tick:
        bars = read_bars(tape, bar_ns, book_id=book, progress=tick)
    if train_ns is not None:
        bars = bars.before(bars.start_ns + train_ns)
    model = fit_regimes(bars, states=states, seed=seed, restarts=restarts)
    try:
        out.write_text(format_model(model), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: {error.strerror or error}; allowed is a file to write") from None
    if model.fit is not None and model.fit.unchanged_ppm > UNCHANGED_PPM_MAX:
        terminal.note(
            f"{model.fit.unchanged_ppm / 1e6:.0%} of the bars do not change, so that CALM means little "
            "more than that nothing moved; longer bars tell more"
        )
    terminal.result(f"{tape} → {out}", output.fields_of(model))


@regimes_app.command("show")
def regimes_show(
    tape: Tape,
    params: Annotated[Path, typer.Option("--params", "-p", help="A model that `fit` wrote.")],
    book: Book = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Follow a tape with a model: how often each regime, how long, how volatile, how well."""
    from desk.state.hmm_params import parse_model
    from research.bars import read_bars
    from research.regime_report import report_regimes

    try:
        text = params.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8 text"
        raise InputError(f"{params}: {reason}; allowed is a regime model") from None
    model = parse_model(text, str(params))
    terminal = terminal_of(as_json, quiet)
    with terminal.progress("bars", "rows") as tick:
        bars = read_bars(tape, model.hmm.bar_ns, book_id=book, progress=tick)
    report = report_regimes(bars, model)
    terminal.rows(
        f"{bars.book}, bars of {format_ns(bars.bar_ns)}",
        [output.fields_of(row) for row in report.rows],
        log_likelihood_per_bar=report.log_likelihood_per_bar,
    )
