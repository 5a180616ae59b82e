"""A day repeated until it is fifty million rows is ingested and replayed in flat memory."""

from pathlib import Path
from typing import Any

import pytest

from tests.scale.looped_day import FILE_NAME, ingest, replay, write
from tests.scale.memory import measured

CHILD = "tests.scale.looped_day"
GROWTH_MAX = 0.05
COMPILING_ROWS = 1_000
CLOSED = ("unknown_ids", "unannounced", "victims", "reveals", "bad_rows")
"""Counters of what no closed day holds."""


def hold_flat(root: Path, folder: Path, row_count: int, parts: int) -> None:
    """Write, ingest and replay so many rows; peaks after one part in `parts` and at the end agree."""
    messages, tape = folder / FILE_NAME, str(folder / "loop.tape.parquet")

    def work(rows: int) -> list[dict[str, Any]]:
        return [
            measured(root, CHILD, "write", str(messages), str(rows)),
            measured(root, CHILD, "ingest", str(messages), tape, str(parts)),
            measured(root, CHILD, "replay", tape, str(parts)),
        ]

    # A process that compiles takes more memory than any tape: the ones measured find it done.
    work(COMPILING_ROWS)
    written, ingested, replayed = work(row_count)
    messages.unlink()
    Path(tape).unlink()

    print({"written": written, "ingested": ingested, "replayed": replayed})
    assert row_count <= written["rows"] == ingested["rows"]
    assert ingested["rows"] == ingested["tape_rows"] == replayed["tape_rows"]
    assert {name: ingested[name] for name in CLOSED} == dict.fromkeys(CLOSED, 0)
    assert (replayed["audit"], replayed["left"]) == (0, 0)
    for done in (ingested, replayed):
        assert done["mark_kib"] > 0
        assert done["peak_kib"] <= done["mark_kib"] * (1 + GROWTH_MAX)


def test_two_million_rows_take_no_more_memory_than_one(repo_root: Path, tmp_path: Path) -> None:
    hold_flat(repo_root, tmp_path, 2_000_000, 2)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_fifty_million_rows_take_no_more_memory_than_five(repo_root: Path, tmp_path: Path) -> None:
    hold_flat(repo_root, tmp_path, 50_000_000, 10)


def test_without_real_data_the_day_is_a_synthetic_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_DATA", str(tmp_path / "nowhere"))
    path, tape = tmp_path / FILE_NAME, tmp_path / "loop.tape.parquet"
    written = write(path, 200_000)
    ingested = ingest(path, tape, 2)
    replayed = replay(tape, 2)

    assert (written["day"], written["copies"]) == ("synthetic", 2)
    assert {name: ingested[name] for name in CLOSED} == dict.fromkeys(CLOSED, 0)
    assert (replayed["tape_rows"], replayed["left"]) == (written["rows"], 0)
