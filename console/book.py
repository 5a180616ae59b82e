"""The verbs of `twin book`: play a ladder through a book, to learn and to look closely."""

from pathlib import Path
from typing import Annotated

import typer

from console.options import Json, group, terminal_of

book_app = group("Play with an order book.")


@book_app.command("play")
def book_play(
    ladder: Annotated[Path, typer.Argument(help="A ladder: one command a line.")],
    venue: Annotated[
        str, typer.Option("--venue", help="A preset's name, or a TOML file; default: the ladder's.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Step a book through a ladder, and show what each line did."""
    from console.play import show
    from console.play.ladder import play, read_ladder

    terminal = terminal_of(as_json)
    steps = play(read_ladder(ladder), str(ladder), venue)
    if as_json:
        terminal.result("", {"ladder": str(ladder), "steps": show.plain(list(steps))})
        return
    for number, step in enumerate(steps):
        if number:
            print()
        terminal.result(show.title_of(step), show.fields_of(step))
