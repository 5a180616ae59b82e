"""`twin fidelity`: how far was the simulation from what happened in a paper session, and why?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from console import output
from console.errors import EXIT_DOES_NOT_HOLD
from console.options import Json, Quiet, terminal_of

if TYPE_CHECKING:
    from research.fidelity.judge import Fidelity

WORST: Final = 10
"""Orders that the terminal shows; the page and JSON have all that differ, and all."""


def fidelity(
    session: Annotated[Path, typer.Argument(help="A paper session's folder.")],
    against: Annotated[
        str,
        typer.Option(help="The scenario that is held against it; by default its own, as written."),
    ] = "",
    tape: Annotated[
        Path | None, typer.Option("--tape", help="A complete tape of the session's time.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page; default: in its folder.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """How far was the simulation from a paper session, and why? Exit 1 beyond a bound of [fidelity]."""
    from research.fidelity.judge import judge
    from research.fidelity.page import write_page

    terminal = terminal_of(as_json, quiet)
    with terminal.progress("fidelity", "twins") as tick:
        found = judge(session, against=against, tape=tape, progress=tick)
    page = write_page(found, out)
    if found.gaps and tape is None:
        terminal.note(
            f"the feed lost its books {found.gaps} times: --tape says what that made of the orders"
        )
    if as_json:
        terminal.result("", {**output.fields_of(found), "page": str(page)})
    else:
        _show(terminal, found, page)
    if found.passes is False:
        raise typer.Exit(EXIT_DOES_NOT_HOLD)


def _show(terminal: output.Output, found: "Fidelity", page: Path) -> None:
    """The tables of a judgement."""
    from research.fidelity.words import CAUSE_WORDS, sum_rows, verdict, worst

    terminal.rows("what the session's orders came to", sum_rows(found))
    print()
    terminal.rows(
        "distance, with 95 % intervals",
        [
            {
                "figure": one.name,
                "value": _number(one.value),
                "from": _number(one.low),
                "to": _number(one.high),
                "with sign": _number(one.bias),
                "bound": "" if one.bound is None else _number(one.bound),
                "holds": {None: "", True: "yes", False: "no"}[one.holds],
            }
            for one in found.figures
        ],
    )
    print()
    terminal.rows(
        "why, in units of what one would notice",
        [
            {
                "cause": CAUSE_WORDS[one.name],
                "share": _number(one.share),
                "from": _number(one.low),
                "to": _number(one.high),
                "alone": _number(one.alone),
                "last": _number(one.last),
                "leads in": f"{one.first_ppm / 10_000:.0f} %",
                "": "" if one.differs else "equal on both sides",
            }
            for one in found.attribution.causes
        ],
    )
    print()
    if rows := worst(found, WORST):
        terminal.rows("orders that differ most", rows)
        print()
    fitted = found.calibration
    terminal.result(
        "verdict",
        {
            "verdict": verdict(found),
            "distance": _number(found.attribution.distance),
            "passes": found.passes,
            "fitted_before": None if fitted is None else _number(fitted.before),
            "fitted_after": None if fitted is None else _number(fitted.after),
            "fitted": None if fitted is None else fitted.lines,
            "desk_pnl_lived": found.desks.lived.pnl,
            "desk_pnl_twin": found.desks.twin.pnl,
            "desk_fills_lived": found.desks.lived.fills,
            "desk_fills_twin": found.desks.twin.fills,
            "same_program": found.same_program,
            "fills_that_it_gives_otherwise": found.refilled,
            "gaps": found.gaps,
            "gap_s": found.gap_s,
            "page": str(page),
        },
    )


def _number(value: float) -> str:
    """Four digits, as they are read."""
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
