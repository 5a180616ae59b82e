"""Brings tapes of older formats up to the present one, a version at a time.

Model: `MIGRATIONS` maps a version to the function that makes the next one of it. A function takes
the metadata's fields, as JSON has them, and the tables of the tape's row groups, as a stream, and
returns both as the next version has them. What comes out at the end is written, checked row by row
and named anew by the ordinary writer; a digest of an older version is not carried over, because it
covers what the fields meant then.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from market.columns import SIDE_COLUMNS, TAPE_COLUMNS
from market.errors import InputError
from sim.tape.check import RowCheck
from sim.tape.meta import FORMAT_VERSION, TapeMeta, decode_meta
from sim.tape.read import errors_named, struct_rows
from sim.tape.schema import META_KEY
from sim.tape.write import TapeWriter


class Stored(NamedTuple):
    """A tape as some version stores it."""

    fields: dict[str, Any]
    groups: Iterator[pa.Table]


Migration = Callable[[Stored], Stored]


def _add_depth(stored: Stored) -> Stored:
    """Version 0 knew order-by-order books only, so no book said what its depth was."""
    books = [{**book, "depth": "L3"} for book in stored.fields["books"]]
    return Stored({**stored.fields, "books": books}, stored.groups)


MIGRATIONS: Final[Mapping[int, Migration]] = {0: _add_depth}
"""From a version to the next; a new `FORMAT_VERSION` adds a line here."""


class MigrateResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a tape; `rows` is 0 when there was nothing to do."""

    found_version: int
    written_version: int
    rows: int
    digest: str


def migrate_tape(
    tape: Path,
    *,
    out: Path | None = None,
    migrations: Mapping[int, Migration] = MIGRATIONS,
    progress: Callable[[int, int], None] | None = None,
) -> MigrateResult:
    """Write a tape in the present format.

    Args:
        tape: A tape of this or an older format.
        out: Where it goes; without it the tape itself is replaced, once the new one is whole.
        migrations: From a version to the next.
        progress: Told rows done and in all, now and then.

    Raises:
        InputError: Not a tape, or of a version from which there is no way.
    """
    if not tape.is_file():
        raise InputError(f"{tape}: found no such file, allowed a tape (.tape.parquet)")
    with errors_named(tape), pq.ParquetFile(tape, memory_map=False) as file:
        fields = _fields(tape, file)
        found = fields["format_version"]
        if found == FORMAT_VERSION:
            return MigrateResult(found_version=found, written_version=found, rows=0, digest="")
        stored = Stored(fields, _groups(file))
        for version in range(found, FORMAT_VERSION):
            if version not in migrations:
                raise InputError(
                    f"{tape}: found tape format version {found}, allowed {FORMAT_VERSION} or "
                    f"{', '.join(map(str, sorted(migrations)))}"
                )
            try:
                stored = migrations[version](stored)
            except (KeyError, TypeError, AttributeError) as error:
                raise InputError(f"{tape}: found damaged tape metadata ({error!r})") from None
            stored.fields["format_version"] = version + 1
        meta = decode_meta(msgspec.json.encode(stored.fields), str(tape))
        rows, digest = _write(out or tape, meta, stored.groups, file.metadata.num_rows, progress)
    return MigrateResult(
        found_version=found, written_version=FORMAT_VERSION, rows=rows, digest=digest
    )


def _fields(tape: Path, file: pq.ParquetFile) -> dict[str, Any]:
    """The metadata as JSON has it, of a version that is not from the future."""
    notes = file.metadata.metadata or {}
    if META_KEY not in notes:
        raise InputError(f"{tape}: found Parquet without market-twin metadata, allowed a tape")
    try:
        fields = msgspec.json.decode(notes[META_KEY], type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise InputError(f"{tape}: found damaged tape metadata ({error})") from None
    version = fields.get("format_version")
    if type(version) is not int or not 0 <= version <= FORMAT_VERSION:
        raise InputError(
            f"{tape}: found tape format version {version}, allowed 0..{FORMAT_VERSION}; "
            "a newer market-twin may read it"
        )
    return fields


def _groups(file: pq.ParquetFile) -> Iterator[pa.Table]:
    """The row groups, one in memory at a time."""
    for index in range(file.num_row_groups):
        yield file.read_row_group(index, use_threads=False)


def _write(
    out: Path,
    meta: TapeMeta,
    groups: Iterator[pa.Table],
    total: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[int, str]:
    """Write checked rows; how many, and the digest."""
    check = RowCheck(meta, out.name)
    first = next(groups, None)
    sides = tuple(name for name in (first.schema.names if first else ()) if name in SIDE_COLUMNS)
    with TapeWriter(out, sides) as writer:
        group = first
        while group is not None:
            for name in (*TAPE_COLUMNS, *sides):
                if name not in group.schema.names:
                    raise InputError(f"{out.name}: column {name}: found no such column")
            rows = struct_rows(group)
            check.check(rows, writer.row_count)
            writer.append(rows, {name: group.column(name).to_numpy() for name in sides})
            if progress is not None:
                progress(writer.row_count, total)
            group = next(groups, None)
        return writer.row_count, writer.finish(meta)
