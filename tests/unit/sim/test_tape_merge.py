"""A merged tape holds every row of its parts, by time and then by the order of the parts."""

from pathlib import Path

import numpy as np
import pytest

from market.errors import InputError
from sim.tape import merge
from sim.tape.merge import merge_tapes
from sim.tape.read import open_tape, verify_digest
from tests.unit.sim.tapes import book, random_rows, rows_of, world_states, write


def parts(folder: Path, count: int = 3) -> list[Path]:
    """Tapes of different venues, lengths and times, with many rows at the same instants."""
    made = []
    for number in range(count):
        rows = random_rows(number, 400 + 250 * number)
        rows["ts_ns"] -= rows["ts_ns"] % 500
        made.append(write(folder / f"{number}.tape.parquet", rows, (book(f"V{number}"),)))
    return made


@pytest.mark.parametrize("chunk_rows", [1, 13, 65_536])
def test_rows_are_merged_by_time_and_then_by_the_order_of_the_tapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_rows: int
) -> None:
    monkeypatch.setattr(merge, "CHUNK_ROWS", chunk_rows)
    tapes = parts(tmp_path)
    out = tmp_path / "out.tape.parquet"

    meta = merge_tapes(tapes, out)

    verify_digest(open_tape(out))
    expected = []
    for number, tape in enumerate(tapes):
        rows = rows_of(tape)
        rows["book_id"] = number
        expected.append(rows)
    joined = np.concatenate(expected)
    # A plain sort of everything at once is the specification of the streaming merge.
    assert np.array_equal(rows_of(out), joined[np.argsort(joined["ts_ns"], kind="stable")])
    assert [(one.book_id, one.venue) for one in meta.books] == [(0, "V0"), (1, "V1"), (2, "V2")]


def test_every_book_replays_as_on_its_own_tape(tmp_path: Path) -> None:
    tapes = parts(tmp_path)
    out = tmp_path / "out.tape.parquet"
    merge_tapes(tapes, out)
    moments = np.unique(rows_of(out)["ts_ns"])[::50].tolist()

    together = world_states(out, moments)

    for number, tape in enumerate(tapes):
        alone = world_states(tape, moments)
        assert [states[number] for states in together] == [states[0] for states in alone]


def test_a_column_that_some_lack_means_what_it_means_or_is_left_out_with_a_word(
    tmp_path: Path,
) -> None:
    rows = random_rows(1, 20)
    number = np.arange(20, dtype=np.int64)
    one = write(
        tmp_path / "1.tape.parquet", rows, (book("A"),),
        venue_stamp_ns=number, recv_delta_ns=number, source_seq=number * 9,
    )  # fmt: skip
    two = write(tmp_path / "2.tape.parquet", rows, (book("B"),))
    out = tmp_path / "out.tape.parquet"
    said: list[str] = []

    merge_tapes([one, two], out, warn=said.append)

    assert said == [f"recv_delta_ns is left out, for {two} does not have it"]
    ((found, sides),) = list(open_tape(out).chunks_with_sides())
    second = found["book_id"] == 1
    assert sides["source_seq"][second].tolist() == number.tolist()
    assert sides["source_seq"][~second].tolist() == (number * 9).tolist()
    assert sides["venue_stamp_ns"][second].tolist() == rows["ts_ns"].tolist()


def test_an_empty_tape_merges(tmp_path: Path) -> None:
    empty = write(tmp_path / "e.tape.parquet", random_rows(1, 5)[:0], (book("E"),))
    (one,) = parts(tmp_path, 1)

    merge_tapes([empty, one], tmp_path / "out.tape.parquet")

    found = rows_of(tmp_path / "out.tape.parquet")
    assert len(found) == len(rows_of(one))
    assert set(found["book_id"].tolist()) == {1}


def test_what_can_not_be_merged_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    one, two = parts(tmp_path, 2)
    before = sorted(tmp_path.iterdir())
    out = tmp_path / "out.tape.parquet"

    for tapes, place, words in (
        ([one], out, "found 1 tape"),
        ([one, one], out, "a second time"),
        ([one, two], two, "found a source tape"),
        ([one, tmp_path / "none"], out, "no such file"),
    ):
        with pytest.raises(InputError, match=words):
            merge_tapes(tapes, place)

    assert sorted(tmp_path.iterdir()) == before
