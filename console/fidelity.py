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
    from research.fidelity.evidence import read_evidence
    from research.fidelity.judge import judge
    from research.fidelity.page import write_page
    from scenarios.schema import load_scenario
    from sim.tape.read import open_tape

    terminal = terminal_of(as_json, quiet)
    if against:
        load_scenario(against)  # what is not there is said before a long session is run again
    if tape is not None:
        open_tape(tape)
    with terminal.progress("run the session again", "entries") as tick:
        evidence = read_evidence(session, lambda done: tick(done, 0))
    with terminal.progress("fidelity", "twins") as tick:
        found = judge(evidence, against=against, tape=tape, progress=tick)
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
    from research.fidelity.words import CAUSE_WORDS, number, sum_rows, verdict, worst

    terminal.rows("what the session's orders came to", sum_rows(found))
    print()
    terminal.rows(
        "distance, with 95 % intervals",
        [
            {
                "figure": one.name,
                "value": number(one.value),
                "from": number(one.low),
                "to": number(one.high),
                "with sign": number(one.bias),
                "bound": "" if one.bound is None else number(one.bound),
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
                "share": number(one.share),
                "from": number(one.low),
                "to": number(one.high),
                "alone": number(one.alone),
                "last": number(one.last),
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
            "distance": number(found.attribution.distance),
            "passes": found.passes,
            "fitted_before": None if fitted is None else number(fitted.before),
            "fitted_after": None if fitted is None else number(fitted.after),
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
