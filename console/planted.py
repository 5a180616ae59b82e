"""`twin drill mutants`: which planted bugs do the drills find?"""

from typing import Annotated

import typer

from console import errors, output
from console.options import Json, Quiet, terminal_of


def mutants(
    names: Annotated[
        list[str] | None, typer.Argument(help="Planted bugs by name; all where none is said.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes at a time.")] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Plant each bug in a process of its own and run its drills; exit 1 when one survives."""
    from chaos.hunt import hunt
    from chaos.mutants import mutant_named, zoo

    terminal = terminal_of(as_json, quiet)
    chosen = [mutant_named(name) for name in names] if names else list(zoo())
    with terminal.progress("mutants", "processes") as tick:
        kills = hunt(chosen, jobs=jobs, progress=tick)
    killed = sum(one.killed for one in kills)
    if as_json:
        rows = [output.fields_of(one) for one in kills]
        terminal.result("", {"killed": killed, "planted": len(kills), "bugs": rows})
    else:
        table: list[dict[str, object]] = [
            {
                "bug": one.name,
                "": "killed" if one.killed else "SURVIVED",
                "by": " ".join(one.violated) or one.error or "nothing",
                "in": one.drill or " ".join(one.tried),
                "took": f"{one.wall_s:.1f} s",
            }
            for one in sorted(kills, key=lambda one: (not one.killed, one.name))
        ]
        terminal.rows(f"{killed} of {len(kills)} planted bugs are killed", table)
    if killed < len(kills):
        raise typer.Exit(errors.EXIT_DOES_NOT_HOLD)
