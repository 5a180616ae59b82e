"""What is printed, and where: results on standard output, everything else on standard error.

With `--json` a command prints exactly one JSON object on standard output. Without it the same
fields are printed as a table, so that nothing can be in one and not in the other.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from console.progress import Tick, ticker

LOGGER_NAME: Final = "twin"
"""The root of our loggers; a run adds its own file to it."""

QUIET: Final = -1
NORMAL: Final = 0
VERBOSE: Final = 1

LOG_LEVELS: Final = {QUIET: logging.ERROR, NORMAL: logging.WARNING, VERBOSE: logging.DEBUG}


class Output:
    """One command's terminal."""

    def __init__(self, *, as_json: bool = False, verbosity: int = NORMAL) -> None:
        self._as_json = as_json
        self._verbosity = verbosity
        logger = logging.getLogger(LOGGER_NAME)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        handler = logging.StreamHandler(sys.stderr)
        handler.setLevel(LOG_LEVELS[verbosity])
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logger.handlers = [handler]

    def note(self, text: str) -> None:
        """Say something that is not the result."""
        if self._verbosity > QUIET:
            print(text, file=sys.stderr)

    def identity(self, fields: Mapping[str, object]) -> None:
        """Say what is about to run, before it runs.

        It is part of the result, so a saved table tells what it is of; with `--json` the object
        carries it and standard error shows it.
        """
        if not self._as_json:
            self._table("", fields)
            sys.stdout.flush()
        elif self._verbosity > QUIET:
            for key, value in fields.items():
                print(f"{_words(key)}: {_text(key, value)}", file=sys.stderr)

    def result(self, title: str, fields: Mapping[str, object]) -> None:
        """Print the outcome: the table, or one JSON object."""
        if self._as_json:
            print(json.dumps(fields, indent=2))
        else:
            self._table(title, fields)

    @contextmanager
    def progress(self, label: str, unit: str) -> Iterator[Tick]:
        """A callback `(done, total)` for long work: a bar on a terminal, lines elsewhere."""
        if self._verbosity == QUIET:
            yield lambda _done, _total: None
        else:
            with ticker(label, unit) as tick:
                yield tick

    def _table(self, title: str, fields: Mapping[str, object]) -> None:
        """Print fields as two aligned columns: in color on a terminal, bare text elsewhere."""
        rows = [(_words(key), _text(key, value)) for key, value in _flat(fields)]
        if not sys.stdout.isatty():
            width = max((len(words) for words, _ in rows), default=0)
            lines = [f"{words:<{width}}   {text}" for words, text in rows]
            print("\n".join([title, *lines] if title else lines))
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 3))
        for words, text in rows:
            table.add_row(Text(words, style="cyan"), Text(text))
        console = Console(file=sys.stdout)
        if title:
            console.print(Text(title, style="bold"))
        console.print(table)


def fields_of(record: object) -> dict[str, object]:
    """A room's result (a struct, a data class or a mapping) as plain fields, in its own order."""
    import msgspec

    fields = msgspec.to_builtins(record, enc_hook=str)
    assert isinstance(fields, dict)
    return fields


def _flat(fields: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Fields in order, those of inner mappings under their parent's name."""
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key} ")
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
            yield from _flat({f"{key} {index}": item for index, item in enumerate(value)}, prefix)
        else:
            yield f"{prefix}{key}", value


def _words(key: str) -> str:
    """A field's name as a reader says it."""
    return key.replace("_", " ")


def _text(key: str, value: object) -> str:
    """A value as a reader takes it in: digits grouped, nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        # A seed or a version is a name made of digits; grouping is for amounts.
        return str(value) if key.endswith(("seed", "version", "id")) else f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(key, item) for item in value) or "–"
    return str(value)
