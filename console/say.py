"""`twin say`: a person's word to the desks of a paper session that runs: kill, rearm, pause, limits."""

from pathlib import Path
from typing import Annotated, Final

import typer

from console.errors import EXIT_DOES_NOT_HOLD
from console.options import Json, Quiet, terminal_of
from market.errors import InputError

ANSWER_S: Final = 10.0


def say(
    session: Annotated[Path, typer.Argument(help="The folder of a paper session that runs.")],
    action: Annotated[
        str,
        typer.Argument(
            help="kill, safe-mode, rearm, pause-strategy, resume-strategy, set-limits or end-of-day."
        ),
    ],
    authority: Annotated[str, typer.Option("--by", help="Who says it; kept with the word.")],
    why: Annotated[str, typer.Option("--why", help="For who looks at it later.")] = "",
    host: Annotated[
        str, typer.Option("--host", help="To whom; by default to every host with a desk.")
    ] = "",
    strategy: Annotated[
        str, typer.Option("--strategy", help="Which is paused or resumed; by default every one.")
    ] = "",
    limits_ppm: Annotated[
        int | None,
        typer.Option("--limits-ppm", help="With set-limits: millionths of what the scenario says."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Tell the desks of a running paper session something. Exit 1 if one of them cannot hear it."""
    import msgspec

    from bridge.paper.speech import speak_to
    from bridge.paper.word import Word
    from market.codes import OperatorAction

    terminal = terminal_of(as_json, quiet)
    allowed = {one.name.lower().replace("_", "-"): one.name for one in OperatorAction}
    if action not in allowed:
        raise InputError(f"action: found {action!r}, allowed is {', '.join(allowed)}")
    if not (session / "session.json").is_file():
        raise InputError(f"{session}: found no paper session, allowed is the folder of one")
    word = Word(
        action=allowed[action],
        authority=authority,
        host=host,
        strategy=strategy,
        limits_ppm=msgspec.UNSET if limits_ppm is None else limits_ppm,
        why=why,
    )
    told = speak_to(session, msgspec.json.encode(word), ANSWER_S)
    terminal.result("said", told)
    if any(one["is_down"] for one in told["desks"]):
        raise typer.Exit(EXIT_DOES_NOT_HOLD)
