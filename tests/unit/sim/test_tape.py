"""The tape format: what goes in comes out, and what isn't a whole tape is refused in one line."""

from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.codes import Kind, RowFlag
from market.columns import TAPE_DTYPE
from market.errors import InputError
from sim.tape import write
from sim.tape.meta import FORMAT_VERSION, TapeBook, TapeMeta, TapeSource
from sim.tape.read import open_tape, verify_digest
from sim.tape.schema import DIGEST_KEY, META_KEY, ROW_GROUP_ROWS
from sim.tape.write import TapeWriter

BOOK = TapeBook(
    book_id=0,
    symbol="ABC",
    venue="TEST",
    currency="EUR",
    price_units_per_currency=10_000,
    tick_units=100,
    handle_count=50,
)
META = TapeMeta(books=(BOOK,), session_date="2020-02-03")


def some_rows(count: int) -> np.ndarray:
    rows = np.zeros(count, TAPE_DTYPE)
    at = np.arange(count)
    rows["ts_ns"] = 1_000_000_000 + at // 3
    rows["price"] = 100 * (at % 1_000)
    rows["qty"] = 1 + at % 7
    rows["handle"] = at % 50
    rows["kind"] = 1 + at % 5
    rows["side_flags"] = at % 4
    return rows


def write_tape(
    path: Path, rows: np.ndarray, meta: TapeMeta = META, sides: tuple[str, ...] = (), step: int = 0
) -> str:
    with TapeWriter(path, sides) as writer:
        for at in range(0, len(rows), step or max(1, len(rows))):
            piece = slice(at, at + (step or len(rows)))
            numbers = np.arange(len(rows), dtype=np.int64)[piece]
            writer.append(rows[piece], dict.fromkeys(sides, numbers))
        assert writer.row_count == len(rows)
        return writer.finish(meta)


def read_all(path: Path) -> np.ndarray:
    return np.concatenate(list(open_tape(path).chunks()))


def test_rows_survive_the_disk_across_row_groups(tmp_path: Path) -> None:
    rows = some_rows(ROW_GROUP_ROWS + 5)
    path = tmp_path / "a.tape.parquet"
    digest = write_tape(path, rows)
    tape = open_tape(path)
    chunks = list(tape.chunks())
    assert [len(chunk) for chunk in chunks] == [ROW_GROUP_ROWS, 5]
    assert all(chunk.dtype == TAPE_DTYPE and chunk.flags.c_contiguous for chunk in chunks)
    assert np.array_equal(np.concatenate(chunks), rows)
    assert (tape.meta, tape.row_count, tape.digest) == (META, len(rows), digest)
    verify_digest(tape)


def test_side_columns_stay_with_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.tape.parquet"
    write_tape(path, some_rows(100), sides=("source_seq",), step=7)
    tape = open_tape(path)
    assert tape.side_columns == ("source_seq",)
    found = [side["source_seq"] for _, side in tape.chunks_with_sides(start_row=40, rows=9)]
    assert np.concatenate(found).tolist() == list(range(40, 100))


@pytest.mark.parametrize("start", [0, 1, 6, 7, 99, 100])
def test_reading_can_start_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: int
) -> None:
    monkeypatch.setattr(write, "ROW_GROUP_ROWS", 7)
    rows = some_rows(100)
    path = tmp_path / "a.tape.parquet"
    write_tape(path, rows)
    chunks = list(open_tape(path).chunks(start_row=start, rows=5))
    assert sum(len(chunk) for chunk in chunks) == 100 - start
    assert all(1 <= len(chunk) <= 5 for chunk in chunks)
    if chunks:
        assert np.array_equal(np.concatenate(chunks), rows[start:])


def test_digest_does_not_depend_on_cutting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = some_rows(1_000)
    path = tmp_path / "a.tape.parquet"
    whole = write_tape(path, rows, sides=("source_seq",))
    assert write_tape(path, rows, sides=("source_seq",), step=13) == whole
    monkeypatch.setattr(write, "ROW_GROUP_ROWS", 97)
    assert write_tape(path, rows, sides=("source_seq",)) == whole
    assert len(list(open_tape(path).chunks())) == 11
    verify_digest(open_tape(path))


@pytest.mark.parametrize("column", TAPE_DTYPE.names or ())
def test_digest_depends_on_every_column(tmp_path: Path, column: str) -> None:
    rows = some_rows(10)
    path = tmp_path / "a.tape.parquet"
    before = write_tape(path, rows)
    rows[column][9] += 1
    assert write_tape(path, rows) != before


def test_digest_depends_on_the_meaning_of_the_rows_only(tmp_path: Path) -> None:
    rows = some_rows(10)
    path = tmp_path / "a.tape.parquet"
    before = write_tape(path, rows)
    renamed = msgspec.structs.replace(
        META, sources=(TapeSource(name="x", sha256="y"),), statistics={"rows": 3}
    )
    assert write_tape(path, rows, renamed) == before
    finer = msgspec.structs.replace(BOOK, tick_units=50)
    assert write_tape(path, rows, msgspec.structs.replace(META, books=(finer,))) != before
    assert write_tape(path, rows[:9]) != before
    assert write_tape(path, rows, sides=("source_seq",)) != before


def test_empty_tape_is_a_tape(tmp_path: Path) -> None:
    path = tmp_path / "a.tape.parquet"
    write_tape(path, some_rows(0))
    tape = open_tape(path)
    assert tape.row_count == 0
    assert list(tape.chunks()) == []
    verify_digest(tape)


@pytest.mark.parametrize("error", [InputError, KeyboardInterrupt])
def test_interrupted_writing_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.tape.parquet"
    path.write_bytes(b"what was there")
    with pytest.raises(error), TapeWriter(path) as writer:  # noqa: PT012
        writer.append(some_rows(ROW_GROUP_ROWS + 1))
        assert len(list(tmp_path.iterdir())) == 2
        raise error("stop")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"what was there"


@pytest.mark.parametrize("out", ["no/such/folder/a.tape.parquet", "."])
def test_unwritable_place_is_refused(tmp_path: Path, out: str) -> None:
    with pytest.raises(InputError, match="allowed"), TapeWriter(tmp_path / out):
        pass
    assert list(tmp_path.iterdir()) == []


def recut(path: Path, **changes: object) -> None:
    """Write a tape's file again with other metadata or columns, behind the writer's back."""
    table = pq.read_table(path)
    notes = dict(pq.read_metadata(path).metadata)
    if "meta" in changes:
        notes[META_KEY] = changes["meta"]
    if "drop" in changes:
        table = table.drop_columns([changes["drop"]])
    if "cast" in changes:
        name = changes["cast"]
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table.column(name).cast(pa.float64()))
    if "extra" in changes:
        table = table.append_column(changes["extra"], table.column("price"))
    if "qty" in changes:
        at = table.schema.get_field_index("qty")
        values = table.column("qty").to_numpy().copy()
        values[3] += 1
        table = table.set_column(at, table.schema.field("qty"), pa.array(values))
    notes = {key: notes[key] for key in (META_KEY, DIGEST_KEY) if not changes.get("bare")}
    pq.write_table(table.replace_schema_metadata(notes), path)


NEWER = msgspec.json.encode({"format_version": FORMAT_VERSION + 1, "more": []})
HOLLOW = msgspec.json.encode({"format_version": FORMAT_VERSION})
TWICE = msgspec.json.encode(msgspec.structs.replace(META, books=(BOOK, BOOK)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bare": True}, "without market-twin metadata"),
        ({"meta": NEWER}, "found tape format version 2, allowed 1"),
        ({"meta": HOLLOW}, "damaged tape metadata"),
        ({"meta": b"{"}, "damaged tape metadata"),
        ({"meta": TWICE}, r"found book ids \[0, 0\]"),
        ({"drop": "handle"}, "column handle: found no such column, allowed int32"),
        ({"cast": "price"}, "column price: found double, allowed int64"),
        ({"extra": "weather"}, "found column weather"),
    ],
)
def test_other_parquet_is_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    path = tmp_path / "a.tape.parquet"
    write_tape(path, some_rows(10))
    recut(path, **changes)
    with pytest.raises(InputError, match=words) as caught:
        open_tape(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_and_random_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tape.parquet"
    with pytest.raises(InputError, match="no such file"):
        open_tape(path)
    for content in (b"", b"\x00\xff" * 500, b"PAR1" + b"\x07" * 99 + b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="allowed a tape") as caught:
            open_tape(path)
        assert "\n" not in str(caught.value)


def test_truncated_tape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tape.parquet"
    write_tape(path, some_rows(1_000))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="allowed a tape"):
        open_tape(path)


def test_damaged_pages_are_refused_while_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.tape.parquet"
    write_tape(path, some_rows(10_000))
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(content)
    tape = open_tape(path)
    with pytest.raises(InputError, match="readable Parquet"):
        verify_digest(tape)


def test_changed_row_is_found_by_the_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.tape.parquet"
    write_tape(path, some_rows(10))
    recut(path, qty=True)
    with pytest.raises(InputError, match="found rows of digest"):
        verify_digest(open_tape(path))


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("kind", 0, r"row 17: found kind 0, allowed 1\.\.12"),
        ("kind", 13, r"row 17: found kind 13, allowed 1\.\.12"),
        ("side_flags", 128, r"row 17: found side_flags 128, allowed 0\.\.127"),
        ("book_id", 1, "row 17: found book_id 1, allowed 0"),
        ("ts_ns", 5, "row 17: found ts_ns 5, allowed times that never go back"),
        ("handle", -1, "row 17: found handle -1"),
        ("handle", 50, "row 17: found handle 50"),
        ("price", 101, "row 17: found price 101, allowed multiples of the tick"),
    ],
)
@pytest.mark.parametrize("chunk_rows", [4, 17, 100])
def test_bad_row_is_named(
    tmp_path: Path, column: str, value: int, words: str, chunk_rows: int
) -> None:
    rows = some_rows(30)
    rows[column][17] = value
    path = tmp_path / "a.tape.parquet"
    write_tape(path, rows)
    with pytest.raises(InputError, match=words):
        list(open_tape(path).chunks(rows=chunk_rows))


def test_prints_need_no_handle_and_no_grid(tmp_path: Path) -> None:
    rows = some_rows(2)
    rows["kind"] = (Kind.TRADE, Kind.CROSS)
    rows["handle"] = -1
    rows["price"] = 1_050_050
    rows["side_flags"] = RowFlag.LAST | RowFlag.SIDE_UNKNOWN
    path = tmp_path / "a.tape.parquet"
    write_tape(path, rows)
    assert np.array_equal(read_all(path), rows)
