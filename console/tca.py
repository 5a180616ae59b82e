"""`twin tca`: what a run's trading cost, and the extracts of best-execution rules."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from console import output
from console.options import Json, terminal_of
from market.errors import InputError


def tca(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    by: Annotated[
        Literal["strategy", "venue", "algo", "hour"],
        typer.Option("--by", help="What costs and mark-outs are grouped by; hours are of UTC."),
    ] = "strategy",
    convention: Annotated[
        Literal["perold", "kissell"],
        typer.Option(help="Delay on what was filled, or on all that was wanted."),
    ] = "perold",
    valued: Annotated[
        Literal["end", "close"],
        typer.Option(help="What was not filled: at its parent's end, or the run's last mid."),
    ] = "end",
    tape: Annotated[
        Path | None, typer.Option("--tape", help="The tape that the run replayed, for the VWAP.")
    ] = None,
    extract: Annotated[
        Literal["rule605", "rule606", "rts27", "rts28"] | None,
        typer.Option("--extract", help="Write this report instead."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The extract's csv file.")] = None,
    name: Annotated[
        str, typer.Option(help="Of an extract: participant, customer, or category of clients.")
    ] = "TWIN",
    as_json: Json = False,
) -> None:
    """What did trading cost, and why: shortfall in parts, benchmarks, mark-outs, verdicts, alarms."""
    terminal = terminal_of(as_json)
    if (extract is None) != (out is None):
        missing = "--out" if extract is not None else "--extract"
        raise InputError(f"tca: found no {missing}, allowed are --extract and --out together")
    if extract is not None and out is not None:
        from scenarios.tca_extract import write_extract

        terminal.result("extract", output.fields_of(write_extract(run, extract, out, name=name)))
        return
    from desk.tca import Convention
    from scenarios.tca_run import costs_of

    found = costs_of(
        run, by=by, convention=Convention[convention.upper()], valued=valued, tape=tape
    )
    if as_json:
        terminal.result("", output.fields_of(found))
        return
    titles = {
        "costs": f"shortfall by {by}, {found.convention}; above zero is a cost",
        "benchmarks": "average prices against benchmarks",
        "markouts": f"mark-outs by {by}; above zero, the market went our way",
        "verdicts": "idea and execution",
        "alarms": "execution got worse",
    }
    for field, title in titles.items():
        rows = getattr(found, field)
        if rows:
            terminal.rows(title, rows)
            print()
    terminal.result(
        "all",
        {
            "run_id": found.run_id,
            "parents": found.parents,
            "fills": found.fills,
            "unjudged": found.unjudged,
            "alarms": len(found.alarms),
            "quotes_ahead": found.quotes_ahead,
        },
    )
