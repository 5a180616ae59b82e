"""A ladder's file, and the steps that its lines make."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from console.play.game import Game, Step
from market.errors import InputError

LINES_MAX: Final = 10_000


def read_ladder(path: Path) -> str:
    """The text of a ladder.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}), allowed is a text file") from None


def play(text: str, where: str, preset: str = "") -> Iterator[Step]:
    """The steps of a ladder.

    Args:
        text: The ladder.
        where: Its file, for errors.
        preset: A venue's name or path; a ladder that names one too is refused. Empty for none.

    Raises:
        InputError: A line is wrong: file and line, what was found, what is allowed. Steps of the lines
            before it have been given out.
    """
    lines = text.splitlines()
    if len(lines) > LINES_MAX:
        raise InputError(f"{where}: found {len(lines)} lines, allowed are at most {LINES_MAX}")
    game = Game(where, preset)
    for number, line in enumerate(lines, 1):
        said = line.partition("#")[0].strip()
        if said:
            yield game.step(number, said)
