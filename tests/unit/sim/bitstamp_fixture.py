"""Writes small invented Bitstamp files, and reads back the tape as plain tuples."""

from pathlib import Path

from market.codes import Kind, RowFlag
from sim.ingest.bitstamp import ingest_bitstamp
from sim.ingest.bitstamp_rows import COLUMNS
from sim.tape.meta import TapeMeta
from sim.tape.read import open_tape, verify_digest

HEADER = ",".join(COLUMNS)
BEGIN_MS = 1_600_000_000_000
LAST, SELL, SNAPSHOT, INFERRED = (
    int(flag) for flag in (RowFlag.LAST, RowFlag.SELL, RowFlag.SNAPSHOT, RowFlag.INFERRED)
)

Event = tuple[int, int, str, int, str, str]
"""Milliseconds since the start, id, price, volume, action, direction."""

TapeRow = tuple[Kind, int, int, int, int]
"""Kind, flags, handle, price, quantity."""


def line(event: Event, made_ms: int = 0) -> str:
    """One row of the file; orders are made at the start of it, or `made_ms` away from that."""
    ts_ms, order_id, price, volume, action, direction = event
    stamp_ms = BEGIN_MS + made_ms
    return f"{order_id},{BEGIN_MS + ts_ms},{stamp_ms},{price},{volume},{action},{direction}"


def write(folder: Path, lines: list[str]) -> Path:
    path = folder / "orders.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def ingest(
    folder: Path, events: list[Event], **options: bool
) -> tuple[TapeMeta, list[list[TapeRow]]]:
    """The metadata, and the tape's rows by source message."""
    return ingest_lines(folder, [line(event) for event in events], **options)


def ingest_lines(
    folder: Path, lines: list[str], **options: bool
) -> tuple[TapeMeta, list[list[TapeRow]]]:
    out = folder / "a.tape.parquet"
    meta = ingest_bitstamp(write(folder, lines), out=out, **options)
    tape = open_tape(out)
    verify_digest(tape)
    messages: list[list[TapeRow]] = [[]]
    for rows in tape.chunks():
        for row in rows.tolist():
            _, price, qty, handle, _, kind, flags = row
            messages[-1].append((Kind(kind), flags, handle, price, qty))
            if flags & LAST:
                messages.append([])
    assert messages.pop() == []
    return meta, messages
