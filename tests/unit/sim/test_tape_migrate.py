"""Older tapes are refused with the command that mends them, which does; newer ones are refused."""

from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.errors import InputError
from sim.tape import write as writing
from sim.tape.meta import FORMAT_VERSION
from sim.tape.migrate import MIGRATIONS, Stored, migrate_tape
from sim.tape.read import open_tape, verify_digest
from sim.tape.schema import DIGEST_KEY, META_KEY
from tests.unit.sim.tapes import book, random_rows, rows_of, write


def restamped(path: Path, version: int, *, with_depth: bool) -> Path:
    """Give a tape the metadata of another version, behind the writer's back."""
    notes = pq.read_metadata(path).metadata
    fields = msgspec.json.decode(notes[META_KEY])
    fields["format_version"] = version
    if not with_depth:
        fields["books"] = [
            {key: value for key, value in one.items() if key != "depth"} for one in fields["books"]
        ]
    table = pq.read_table(path).replace_schema_metadata(
        {META_KEY: msgspec.json.encode(fields), DIGEST_KEY: b"of-old"}
    )
    pq.write_table(table, path, row_group_size=97)
    return path


def old_tape(folder: Path) -> tuple[Path, np.ndarray, str]:
    """A tape of version 0, its rows, and the digest that it has in the present format."""
    rows = random_rows(4, 300)
    path = write(folder / "a.tape.parquet", rows, (book(),), source_seq=np.arange(300))
    digest = open_tape(path).digest
    return restamped(path, 0, with_depth=False), rows, digest


def test_every_older_version_has_a_way_to_the_present_one() -> None:
    assert sorted(MIGRATIONS) == list(range(FORMAT_VERSION))


def test_an_older_tape_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    path, _, _ = old_tape(tmp_path)

    with pytest.raises(InputError) as caught:
        open_tape(path)

    assert str(caught.value) == (
        f"{path}: found tape format version 0, allowed {FORMAT_VERSION}; "
        f"`twin migrate {path}` brings it up to date"
    )


def test_migrate_brings_it_up_to_date_in_its_place(tmp_path: Path) -> None:
    path, rows, digest = old_tape(tmp_path)

    done = migrate_tape(path)

    tape = open_tape(path)
    verify_digest(tape)
    assert np.array_equal(rows_of(path), rows)
    assert tape.meta.books == (book(),)
    assert tape.side_columns == ("source_seq",)
    assert (done.found_version, done.written_version, done.rows) == (0, FORMAT_VERSION, 300)
    assert done.digest == tape.digest == digest
    assert list(tmp_path.iterdir()) == [path]


def test_migrate_to_another_place_leaves_the_old_tape(tmp_path: Path) -> None:
    path, rows, _ = old_tape(tmp_path)
    before = path.read_bytes()

    migrate_tape(path, out=tmp_path / "b.tape.parquet")

    assert path.read_bytes() == before
    assert np.array_equal(rows_of(tmp_path / "b.tape.parquet"), rows)


def test_a_migration_may_change_rows_too_and_steps_follow_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = random_rows(4, 300)
    path = write(tmp_path / "a.tape.parquet", rows, (book(),))
    restamped(path, 0, with_depth=True)
    seen: list[int] = []

    def doubled(stored: Stored) -> Stored:
        seen.append(stored.fields["format_version"])

        def larger(group: pa.Table) -> pa.Table:
            at = group.schema.get_field_index("qty")
            qty = pa.array(group.column("qty").to_numpy() * 2)
            return group.set_column(at, group.schema.field("qty"), qty)

        return Stored(stored.fields, (larger(group) for group in stored.groups))

    monkeypatch.setattr("sim.tape.migrate.FORMAT_VERSION", 2)
    monkeypatch.setattr("sim.tape.meta.FORMAT_VERSION", 2)
    migrate_tape(path, out=tmp_path / "b.tape.parquet", migrations={0: doubled, 1: doubled})

    assert seen == [0, 1]
    assert np.array_equal(rows_of(tmp_path / "b.tape.parquet")["qty"], rows["qty"] * 4)


def test_a_tape_of_the_present_format_stays_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tape.parquet", random_rows(4, 30), (book(),))
    before = path.read_bytes()

    done = migrate_tape(path)

    assert (done.found_version, done.rows) == (FORMAT_VERSION, 0)
    assert path.read_bytes() == before


def test_a_tape_of_the_future_is_refused_by_readers_and_by_migrate(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tape.parquet", random_rows(4, 30), (book(),))
    restamped(path, FORMAT_VERSION + 1, with_depth=True)

    for read in (open_tape, migrate_tape):
        with pytest.raises(InputError, match="a newer market-twin may read it") as caught:
            read(path)
        assert f"found tape format version {FORMAT_VERSION + 1}" in str(caught.value)


def test_a_version_without_a_way_up_is_refused(tmp_path: Path) -> None:
    path, _, _ = old_tape(tmp_path)

    with pytest.raises(InputError, match="found tape format version 0, allowed"):
        migrate_tape(path, migrations={})


@pytest.mark.parametrize("content", [b"", b"PAR1" + bytes(99) + b"PAR1"])
def test_what_is_no_tape_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tape.parquet"
    with pytest.raises(InputError, match="no such file"):
        migrate_tape(path)
    path.write_bytes(content)
    with pytest.raises(InputError, match="allowed a tape"):
        migrate_tape(path)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(InputError, match="without market-twin metadata"):
        migrate_tape(path)


def test_damaged_old_metadata_and_rows_are_refused_and_the_tape_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ROW_GROUP_ROWS", 50)
    rows = random_rows(4, 300)
    rows["kind"][200] = 99
    path = restamped(write(tmp_path / "a.tape.parquet", rows, (book(),)), 0, with_depth=False)
    before = path.read_bytes()
    with pytest.raises(InputError, match="row 200: found kind 99"):
        migrate_tape(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]

    table = pq.read_table(path).replace_schema_metadata(
        {META_KEY: b'{"format_version": 0}', DIGEST_KEY: b""}
    )
    pq.write_table(table, path)
    with pytest.raises(InputError, match="damaged tape metadata"):
        migrate_tape(path)
