"""Writes a tape, row group by row group, under a temporary name until it is whole."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from market.columns import TAPE_COLUMNS, TAPE_DTYPE
from market.errors import InputError
from sim.tape.digest import TapeHasher
from sim.tape.meta import TapeMeta, encode_meta
from sim.tape.schema import DIGEST_KEY, META_KEY, ROW_GROUP_ROWS, tape_schema

# Times and sequence numbers rise slowly: differences are far smaller than the values.
_DELTA_COLUMNS = ("ts_ns", "venue_stamp_ns", "source_seq")


class TapeWriter:
    """A tape in the making; use as a context manager.

    Leaving the block without `finish`, for whatever reason, removes what was written: a tape is
    whole or it is not there.
    """

    def __init__(self, out: Path, side_columns: tuple[str, ...] = ()) -> None:
        self._out = out
        self._temporary = out.with_name(f"{out.name}.tmp-{os.getpid()}")
        self._side_columns = side_columns
        self._schema = tape_schema(side_columns)
        self._hasher = TapeHasher(side_columns)
        self._rows = np.zeros(ROW_GROUP_ROWS, TAPE_DTYPE)
        self._sides = {name: np.zeros(ROW_GROUP_ROWS, "<i8") for name in side_columns}
        self._fill = 0
        self._row_count = 0
        self._parquet: pq.ParquetWriter | None = None

    @property
    def row_count(self) -> int:
        """Rows taken so far."""
        return self._row_count + self._fill

    def __enter__(self) -> Self:
        if self._out.is_dir():
            raise InputError(f"{self._out}: found a folder, allowed a file to write")
        delta = {
            name: "DELTA_BINARY_PACKED" for name in self._schema.names if name in _DELTA_COLUMNS
        }
        try:
            self._parquet = pq.ParquetWriter(
                self._temporary,
                self._schema,
                compression="zstd",
                use_dictionary=[name for name in self._schema.names if name not in delta],
                column_encoding=delta,
            )
        except OSError as error:
            raise InputError(
                f"{self._out}: found a place that can't be written ({error.strerror or error}), "
                "allowed an existing folder with write access"
            ) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._parquet is not None:
            with suppress(OSError):
                self._parquet.close()
            self._parquet = None
        self._temporary.unlink(missing_ok=True)

    def append(self, rows: np.ndarray, sides: Mapping[str, np.ndarray] | None = None) -> None:
        """Take rows (TAPE_DTYPE) and, row-aligned, every side column (int64); they are copied."""
        assert rows.dtype == TAPE_DTYPE
        given = sides or {}
        taken = 0
        while taken < len(rows):
            count = min(len(rows) - taken, ROW_GROUP_ROWS - self._fill)
            here = slice(self._fill, self._fill + count)
            self._rows[here] = rows[taken : taken + count]
            for name in self._side_columns:
                self._sides[name][here] = given[name][taken : taken + count]
            self._fill += count
            taken += count
            if self._fill == ROW_GROUP_ROWS:
                self._flush()

    def finish(self, meta: TapeMeta) -> str:
        """Write the metadata, give the file its name, and return the tape's digest."""
        assert self._parquet is not None
        self._flush()
        digest = self._hasher.hexdigest(meta)
        self._parquet.add_key_value_metadata({META_KEY: encode_meta(meta), DIGEST_KEY: digest})
        try:
            self._parquet.close()
            self._parquet = None
            self._temporary.replace(self._out)
        except OSError as error:
            raise InputError(f"{self._out}: could not be written ({error.strerror})") from None
        return digest

    def _flush(self) -> None:
        """Write what is buffered as one row group."""
        if self._fill == 0:
            return
        assert self._parquet is not None
        rows = self._rows[: self._fill]
        sides = {name: column[: self._fill] for name, column in self._sides.items()}
        self._hasher.update(rows, sides)
        columns = [np.ascontiguousarray(rows[name]) for name in TAPE_COLUMNS]
        columns += [sides[name] for name in self._side_columns]
        batch = pa.record_batch([pa.array(column) for column in columns], schema=self._schema)
        try:
            self._parquet.write_batch(batch, row_group_size=ROW_GROUP_ROWS)
        except OSError as error:
            raise InputError(f"{self._out}: could not be written ({error.strerror})") from None
        self._row_count += self._fill
        self._fill = 0
