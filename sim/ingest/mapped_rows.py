"""Rows of a user's csv or Parquet file: the wanted columns as texts, each row with its place.

No number is ever read as a float: a csv's texts are taken as they are, Parquet's integers and decimals
are exact, and a Parquet double is taken at its shortest decimal text, which is what was written.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from market.errors import InputError
from sim.ingest.mapped_schema import FileMap
from sim.ingest.source import open_file
from sim.ingest.text_lines import lines_of

Row = tuple[str, list[str] | str]
"""`file:line` and the wanted columns' texts, or what is wrong with the line."""

_BATCH_ROWS = 4_096


def csv_rows(
    path: Path, layout: FileMap, wanted: tuple[str, ...], progress: Callable[[int, int], None]
) -> Iterator[Row]:
    """Rows of a csv, plain, gzip or bzip2.

    Raises:
        InputError: The file is damaged or lacks a column.
    """
    with open_file(path) as source:
        lines = lines_of(source)
        names = list(layout.names)
        if not names:
            number, head = next(lines, (1, b""))
            fields = _fields(head, layout.delimiter)
            if isinstance(fields, str):
                raise InputError(f"{source.name}:{number}: {fields}")
            names = fields
        places = _places(names, wanted, f"{source.name}:1")
        for number, line in lines:
            where = f"{source.name}:{number}"
            fields = _fields(line, layout.delimiter)
            if isinstance(fields, str):
                yield where, fields
            elif len(fields) != len(names):
                yield where, f"found {len(fields)} columns, allowed {len(names)}"
            else:
                yield where, [fields[place] for place in places]
            if number % _BATCH_ROWS == 0:
                progress(source.done_bytes, source.total_bytes)
        progress(source.done_bytes, source.total_bytes)


def parquet_rows(
    path: Path, wanted: tuple[str, ...], progress: Callable[[int, int], None]
) -> Iterator[Row]:
    """Rows of a Parquet file, named by their number from 1.

    Raises:
        InputError: The file is damaged or lacks a column.
    """
    if not path.is_file():
        raise InputError(f"{path}: found no such file, allowed a Parquet file")
    number = 0
    with _errors_named(path), pq.ParquetFile(path, memory_map=False) as file:
        _places(list(file.schema_arrow.names), wanted, str(path))
        total = file.metadata.num_rows
        for batch in file.iter_batches(_BATCH_ROWS, columns=list(wanted), use_threads=False):
            columns = [_texts(batch.column(name)) for name in wanted]
            for row in zip(*columns, strict=True):
                number += 1
                yield f"{path.name}:{number}", list(row)
            progress(number, total)


def _fields(line: bytes, delimiter: str) -> list[str] | str:
    """The fields of a line, or what is wrong with it."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return "found bytes that are no UTF-8, allowed text"
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        return f"found quotes that don't fit ({error}), allowed a field in one line"


def _places(names: list[str], wanted: tuple[str, ...], where: str) -> list[int]:
    """Where each wanted column stands."""
    for name in wanted:
        if names.count(name) != 1:
            count = names.count(name)
            shown = ", ".join(names)[:200]
            raise InputError(f"{where}: found {count} columns {name!r}, allowed one of: {shown}")
    return [names.index(name) for name in wanted]


def _texts(column: pa.Array) -> list[str]:
    """A column as exact texts; a missing value is an empty one, a timestamp nanoseconds."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ns")).cast(pa.int64())
    return [_text(value) for value in column.to_pylist()]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


@contextmanager
def _errors_named(path: Path) -> Iterator[None]:
    """Turns pyarrow's errors inside the block into one line that names the file."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"{path}: found something that isn't readable Parquet ({reason}), allowed a whole file"
        ) from None
