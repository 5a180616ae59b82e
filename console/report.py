"""`twin report` and `twin compare`: a run on one page, and two runs side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import output
from console.errors import EXIT_DOES_NOT_HOLD
from console.options import Json, terminal_of

if TYPE_CHECKING:
    from research.report import Comparison


def report(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page; default: report.html in it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a run on one HTML page, with plots; its tables go to the terminal as well."""
    from research.report.page import plain_tables, sections_of, write_page
    from research.report.run_data import load_run

    data = load_run(run)
    parts = sections_of(data)
    facts = write_page(data, parts, out)
    terminal = terminal_of(as_json)
    tables = plain_tables(parts)
    if as_json:
        terminal.result("", {**output.fields_of(facts), "tables": tables})
        return
    for table in tables:
        heads = [
            name or ("what" if place == 0 else "value")
            for place, name in enumerate(table["columns"])
        ]
        terminal.rows(table["title"], [dict(zip(heads, row, strict=True)) for row in table["rows"]])
    terminal.result("page", output.fields_of(facts))


def compare(
    left: Annotated[Path, typer.Argument(help="A run's folder.")],
    right: Annotated[Path, typer.Argument(help="Another one.")],
    as_json: Json = False,
) -> None:
    """Hold two runs against each other: what differs, and the first event that does; exit 1 then."""
    from research.report import compare_runs

    found = compare_runs(left, right)
    terminal = terminal_of(as_json)
    if as_json:
        terminal.result("", output.fields_of(found))
    else:
        _show(terminal, found)
    if not found.same:
        raise typer.Exit(EXIT_DOES_NOT_HOLD)


def _show(terminal: output.Output, found: "Comparison") -> None:
    """A comparison as tables."""
    rows = [
        *_rows("identity", found.identity),
        *_rows("summary", found.summary),
        *(row for host, fields in found.hosts.items() for row in _rows(host, fields)),
    ]
    terminal.rows("what differs", rows, events_equal=found.events_equal, same=found.same)
    if found.first is not None:
        names = dict.fromkeys([*(found.first.left or {}), *(found.first.right or {})])
        sides = found.first.left or {}, found.first.right or {}
        terminal.rows(
            f"first different event, number {found.first.index}",
            [
                {"field": name, "left": sides[0].get(name), "right": sides[1].get(name)}
                for name in names
            ],
        )


def _rows(of: str, fields: Mapping[str, tuple[object, object]]) -> list[dict[str, object]]:
    return [
        {"of": of, "field": name, "left": left, "right": right}
        for name, (left, right) in fields.items()
    ]
