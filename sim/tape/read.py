"""Reads a tape as a stream of chunks, so that a tape larger than memory replays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from market.columns import SIDE_COLUMNS, TAPE_COLUMNS, TAPE_DTYPE
from market.errors import InputError
from sim.tape.check import RowCheck
from sim.tape.digest import TapeHasher
from sim.tape.meta import TapeMeta, decode_meta
from sim.tape.schema import DIGEST_KEY, META_KEY, ROW_GROUP_ROWS, TAPE_FIELDS


class Tape:
    """An open tape. Rows come in chunks that never cross a row group."""

    def __init__(self, path: Path, meta: TapeMeta, digest: str, schema: pa.Schema) -> None:
        self.path = path
        self.meta = meta
        self.digest = digest
        self.side_columns = tuple(name for name in schema.names if name in SIDE_COLUMNS)
        with errors_named(path), pq.ParquetFile(path) as file:
            self._group_rows = [
                file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)
            ]

    @property
    def row_count(self) -> int:
        """Rows of the tape."""
        return sum(self._group_rows)

    def chunks(self, start_row: int = 0, rows: int = ROW_GROUP_ROWS) -> Iterator[np.ndarray]:
        """Checked rows from `start_row` on, as TAPE_DTYPE arrays of at most `rows` rows."""
        for chunk, _ in self._read((), start_row, rows):
            yield chunk

    def chunks_with_sides(
        self, start_row: int = 0, rows: int = ROW_GROUP_ROWS
    ) -> Iterator[tuple[np.ndarray, Mapping[str, np.ndarray]]]:
        """The same with the tape's side columns, int64, by name."""
        return self._read(self.side_columns, start_row, rows)

    def _read(
        self, side_columns: tuple[str, ...], start_row: int, rows: int
    ) -> Iterator[tuple[np.ndarray, Mapping[str, np.ndarray]]]:
        assert start_row >= 0
        assert rows >= 1
        check = RowCheck(self.meta, self.path.name)
        names = [*TAPE_COLUMNS, *side_columns]
        # Without a memory map and without threads, what is resident is one row group.
        with errors_named(self.path), pq.ParquetFile(self.path, memory_map=False) as file:
            first = 0
            for index, count in enumerate(self._group_rows):
                if first + count > start_row:
                    table = file.read_row_group(index, columns=names, use_threads=False)
                    group = struct_rows(table)
                    sides = {name: table.column(name).to_numpy() for name in side_columns}
                    del table
                    at = max(0, start_row - first)
                    while at < count:
                        piece = slice(at, min(at + rows, count))
                        check.check(group[piece], first + at)
                        yield group[piece], {name: sides[name][piece] for name in side_columns}
                        at = piece.stop
                first += count


def open_tape(path: Path) -> Tape:
    """Open a tape and check its head: format, version, metadata, columns and their types.

    Raises:
        InputError: Not a tape that this version reads.
    """
    if not path.is_file():
        raise InputError(f"{path}: found no such file, allowed a tape (.tape.parquet)")
    with errors_named(path), pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        notes = file.metadata.metadata or {}
    if META_KEY not in notes or DIGEST_KEY not in notes:
        raise InputError(f"{path}: found Parquet without market-twin metadata, allowed a tape")
    meta = decode_meta(notes[META_KEY], str(path))
    for field in TAPE_FIELDS:
        found = schema.field(field.name).type if field.name in schema.names else "no such column"
        if found != field.type:
            raise InputError(f"{path}: column {field.name}: found {found}, allowed {field.type}")
    for name in schema.names:
        if name not in TAPE_COLUMNS and name not in SIDE_COLUMNS:
            raise InputError(
                f"{path}: found column {name}, allowed {', '.join((*TAPE_COLUMNS, *SIDE_COLUMNS))}"
            )
        if name in SIDE_COLUMNS and schema.field(name).type != pa.int64():
            raise InputError(
                f"{path}: column {name}: found {schema.field(name).type}, allowed int64"
            )
    return Tape(path, meta, notes[DIGEST_KEY].decode(errors="replace"), schema)


def verify_digest(tape: Tape) -> None:
    """Read all rows and compare their digest with the one that the tape states.

    Raises:
        InputError: A row is wrong, or the rows are not those that were written.
    """
    hasher = TapeHasher(tape.side_columns)
    for rows, sides in tape.chunks_with_sides():
        hasher.update(rows, sides)
    found = hasher.hexdigest(tape.meta)
    if found != tape.digest:
        raise InputError(f"{tape.path}: found rows of digest {found}, allowed {tape.digest}")


@contextmanager
def errors_named(path: Path) -> Iterator[None]:
    """Turns pyarrow's errors inside the block into one line that names the file."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"{path}: found something that isn't readable Parquet ({reason}), allowed a tape"
        ) from None


def struct_rows(table: pa.Table) -> np.ndarray:
    """One C-aligned structured array out of Parquet columns."""
    rows = np.empty(table.num_rows, TAPE_DTYPE)
    for name in TAPE_COLUMNS:
        column = table.column(name)
        if column.null_count:
            raise pa.ArrowInvalid(f"column {name} holds empty values")
        rows[name] = column.to_numpy()
    return rows
