"""What is printed, and where: results on standard output, everything else on standard error.

With `--json` a command prints exactly one JSON object on standard output. Without it the same
fields are printed as a table, so that nothing can be in one and not in the other.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeGuard

from console.progress import Tick, ticker
from market.units import format_ns

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

    def rows(self, title: str, rows: list[dict[str, object]], **fields: object) -> None:
        """Print an outcome of many rows with the same fields, then fields about all of them."""
        if self._as_json:
            print(json.dumps({**fields, "rows": rows}, indent=2))
            return
        lines = [[_cell(value) for value in row.values()] for row in rows]
        heads = [_words(key) for key in rows[0]] if rows else []
        widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
        if title:
            print(title)
        for line in (heads, *lines) if rows else ():
            cells = [f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)]
            print("  ".join(cells).rstrip())
        for key, value in fields.items():
            print(f"{_words(key)}: {_text(key, value)}")

    def sections(self, sections: Mapping[str, Mapping[str, object]]) -> None:
        """Print an outcome in parts, each a table under its name; a list of texts has a row each."""
        if self._as_json:
            print(json.dumps(sections, indent=2))
            return
        for number, (name, fields) in enumerate(sections.items()):
            if number:
                print()
            self._table(_words(name), fields, list_rows=True)

    @contextmanager
    def progress(self, label: str, unit: str) -> Iterator[Tick]:
        """A callback `(done, total)` for long work: a bar on a terminal, lines elsewhere."""
        if self._verbosity == QUIET:
            yield lambda _done, _total: None
        else:
            with ticker(label, unit) as tick:
                yield tick

    def _table(self, title: str, fields: Mapping[str, object], *, list_rows: bool = False) -> None:
        """Print fields as two aligned columns, and each list of records as a table of its own."""
        rows = []
        for key, value in _flat(fields):
            if list_rows and isinstance(value, list) and value:
                rows += [["", _text(key, item)] for item in value]
                rows[-len(value)][0] = _words(key)
            else:
                rows.append([_words(key), _text(key, value)])
        _print_rows(title, None, rows)
        for key, records in fields.items():
            if _is_records(records):
                names = list(records[0])
                body = [[_text(name, record.get(name)) for name in names] for record in records]
                _print_rows(_words(key), [_words(name) for name in names], body)


def _print_rows(title: str, header: list[str] | None, rows: list[list[str]]) -> None:
    """Aligned columns: in color on a terminal, bare text elsewhere."""
    if not sys.stdout.isatty():
        shown = [*([header] if header else []), *rows]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        lines = [
            "   ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in shown
        ]
        print("\n".join([title, *lines] if title else lines))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=None, header_style="cyan") if header else Table.grid(padding=(0, 3))
    for row in rows:
        first = Text(row[0], style="" if header else "cyan")
        table.add_row(first, *(Text(text) for text in row[1:]))
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


def _is_records(value: object) -> TypeGuard[Sequence[Mapping[str, object]]]:
    """Whether a field is a list of records, which makes a table of its own."""
    return isinstance(value, (list, tuple)) and bool(value) and isinstance(value[0], Mapping)


def _flat(fields: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Plain fields in order, those of inner mappings under their parent's name."""
    for key, value in fields.items():
        if isinstance(value, Mapping) and "count" in value:
            yield f"{prefix}{key}", "  ".join(_measure(name, one) for name, one in value.items())
        elif isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key} ")
        elif not _is_records(value):
            yield f"{prefix}{key}", value
        elif prefix:
            yield from _flat({f"{key} {index}": item for index, item in enumerate(value)}, prefix)


def _measure(key: str, value: object) -> str:
    """One of a few measures of one thing, which stand on one line."""
    if key.endswith("_ns") and isinstance(value, int):
        return f"{key.removesuffix('_ns')} {format_ns(value)}"
    return f"{key} {_text(key, value)}"


def _cell(value: object) -> str:
    """A value of a table's row, digits not grouped: rows are read by column."""
    return "" if value is None else str(value)


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
