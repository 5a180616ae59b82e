"""A slice replays: from its first row on, every book is what it was on the whole tape."""

from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind, RowFlag
from market.columns import TAPE_DTYPE
from market.errors import InputError
from sim.tape import cut
from sim.tape.cut import slice_tape
from sim.tape.moment import format_moment
from sim.tape.read import open_tape, verify_digest
from tests.random_tape import TICK_UNITS
from tests.unit.sim.tapes import START_NS, book, random_rows, rows_of, world_states, write

COUNTERS = 4


def without_counters(states: list[list[list[int]]]) -> list[list[list[int]]]:
    """State dumps without the counters at their end, which count from a tape's first row."""
    return [[dump[:-COUNTERS] for dump in books] for books in states]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("chunk_rows", [11, 65_536])
def test_a_slice_continues_the_books_of_the_whole_tape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, chunk_rows: int
) -> None:
    monkeypatch.setattr(cut, "CHUNK_ROWS", chunk_rows)
    rows = random_rows(seed, 900)
    whole = write(tmp_path / "a.tape.parquet", rows, (book(),), source_seq=np.arange(len(rows)) * 3)
    from_ns, to_ns = (int(rows["ts_ns"][at]) for at in (300 + seed, 800))
    part = tmp_path / "b.tape.parquet"

    slice_tape(whole, part, start=format_moment(from_ns), end=f"{to_ns - int(rows['ts_ns'][0])}ns")

    verify_digest(open_tape(part))
    found = rows_of(part)
    opening = (found["side_flags"] & RowFlag.SNAPSHOT) != 0
    inside = (rows["ts_ns"] >= from_ns) & (rows["ts_ns"] < to_ns)
    assert np.array_equal(found[~opening], rows[inside])
    moments = np.unique(rows["ts_ns"][inside])[::9].tolist()
    assert without_counters(world_states(part, moments)) == without_counters(
        world_states(whole, moments)
    )


def test_without_times_a_slice_is_the_tape(tmp_path: Path) -> None:
    rows = random_rows(3, 200)
    whole = write(tmp_path / "a.tape.parquet", rows, (book(),))

    meta = slice_tape(whole, tmp_path / "b.tape.parquet")

    assert np.array_equal(rows_of(tmp_path / "b.tape.parquet"), rows)
    assert meta.statistics == {"rows": 200, "snapshot_rows": 0}


@pytest.mark.parametrize(
    ("depth", "kind"), [("L2", Kind.LEVEL), ("L1", Kind.QUOTE)], ids=["L2", "L1"]
)
def test_levels_and_quotes_are_carried_over(tmp_path: Path, depth: str, kind: Kind) -> None:
    rows = np.zeros(6, TAPE_DTYPE)
    rows["ts_ns"] = START_NS + np.arange(6) * 10
    rows["kind"], rows["side_flags"] = kind, RowFlag.LAST
    rows["handle"] = (0, 1, 0, 1, 1, 0)
    rows["side_flags"] |= np.array((0, 1, 0, 1, 1, 0), np.uint8)
    rows["price"] = np.array((100, 104, 101, 105, 105, 101)) * TICK_UNITS
    rows["qty"] = (7, 8, 9, 6, 0, 4)
    whole = write(tmp_path / "a.tape.parquet", rows, (book(depth=depth),))

    slice_tape(whole, tmp_path / "b.tape.parquet", start="40ns")

    found = rows_of(tmp_path / "b.tape.parquet")
    assert [int(row["kind"]) for row in found] == [kind] * 4
    assert found["qty"].tolist() == [9, 6, 0, 4]
    assert found["handle"].tolist() == [0, 1, 1, 0]
    assert found["price"].tolist() == [404, 420, 420, 404]
    assert (found["side_flags"] & RowFlag.SNAPSHOT != 0).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("noon", None, "--from: found 'noon', allowed a time such as"),
        ("2012-13-01T00:00:00Z", None, "--from: found '2012-13-01T00:00:00Z'"),
        ("2012-06-21T09:30:00", None, "--from: found"),
        (None, "0s", "found a slice"),
        ("2s", "1s", "found a slice"),
        ("1d", None, "found a slice"),
    ],
)
def test_wrong_times_are_one_line_and_write_nothing(
    tmp_path: Path, start: str | None, end: str | None, words: str
) -> None:
    whole = write(tmp_path / "a.tape.parquet", random_rows(1, 50), (book(),))

    with pytest.raises(InputError) as caught:
        slice_tape(whole, tmp_path / "b.tape.parquet", start=start, end=end)

    assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == [whole]


def test_a_tape_is_not_written_over_itself(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.tape.parquet", random_rows(1, 50), (book(),))

    with pytest.raises(InputError, match="found the tape itself"):
        slice_tape(whole, whole, start="1ns")
