"""The verbs of `twin journal`: judge a desk's journal, and show what is in it."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import typer

from console import errors, output
from console.options import Json, group, terminal_of

journal_app = group("Judge a desk's journal, and show what is in it.")

Journal = Annotated[Path, typer.Argument(help="A journal's file.")]


@journal_app.command("verify")
def journal_verify(
    path: Journal,
    head: Annotated[
        Path | None, typer.Option("--head", help="A kept head; default: PATH.head, if there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every record, the hash chain and the kept head; exit 1 when one does not hold."""
    from bridge.stores import head_path, map_file, read_head
    from desk.journal import anchor_from, survey

    text = read_head(path) if head is None else head.read_bytes()
    anchor = None if text is None else anchor_from(text, str(head or head_path(path)))
    found = survey(map_file(path), anchor, str(path))
    terminal_of(as_json).result(str(path), {"holds": found.holds, **output.fields_of(found)})
    if not found.holds:
        raise typer.Exit(errors.EXIT_DOES_NOT_HOLD)


@journal_app.command("cat")
def journal_cat(
    path: Journal,
    first: Annotated[int, typer.Option("--from", min=0, help="First record, by its seq.")] = 0,
    last: Annotated[int | None, typer.Option("--to", min=0, help="Last record.")] = None,
    kind: Annotated[
        Literal["header", "event", "snapshot", "restart", "seal"] | None,
        typer.Option("--kind", help="Only records of this type."),
    ] = None,
    order: Annotated[
        int | None, typer.Option("--order", help="Only events about this order.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most records shown.")] = 100,
    as_json: Json = False,
) -> None:
    """Show records, with all that each event brought about; exit 1 behind the first bad one."""
    from bridge.stores import map_file
    from desk.journal import Reader, RecordType
    from desk.journal.rows import plain_row, selected, short_row

    reader = Reader(map_file(path), where=str(path))
    wanted = None if kind is None else RecordType[kind.upper()]
    found = selected(reader, first=first, last=last, kind=wanted, order_id=order)
    row_of = plain_row if as_json else short_row
    rows = [row_of(record) for record in islice(found, limit)]
    more = next(found, None) is not None
    terminal = terminal_of(as_json)
    terminal.rows("", rows)
    if more:
        terminal.note(f"more records than {limit}; --limit shows more")
    if reader.torn_bytes:
        terminal.note(f"{path}: a torn tail of {reader.torn_bytes} bytes")
    if reader.problem is not None:
        terminal.note(f"{path}: {reader.problem.text}")
        raise typer.Exit(errors.EXIT_DOES_NOT_HOLD)
