"""A tape larger than memory replays: what a run holds does not grow with the tape."""

from pathlib import Path

import pytest

from tests.scale.memory import measured

CHILD = "tests.scale.large_tape"


def test_a_longer_tape_takes_no_more_memory(repo_root: Path, tmp_path: Path) -> None:
    # The first replay may have to compile, which takes more memory than any tape: it is not held.
    compiling = str(tmp_path / "short.tape.parquet")
    measured(repo_root, CHILD, "write", compiling, "20000")
    measured(repo_root, CHILD, "replay", compiling)
    peaks = []
    # Two whole row groups at least: one is decoded while the one before it is still held.
    for row_count in (600_000, 1_500_000):
        path = str(tmp_path / f"{row_count}.tape.parquet")
        measured(repo_root, CHILD, "write", path, str(row_count))
        done = measured(repo_root, CHILD, "replay", path)
        assert done["rows"] >= 0.95 * row_count
        assert done["audit"] == 0
        peaks.append(done["peak_mb"])

    assert peaks[1] < peaks[0] * 1.05


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_ten_million_rows_replay_within_1500_mb(repo_root: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "large.tape.parquet")
    measured(repo_root, CHILD, "write", path, "10100000")
    done = measured(repo_root, CHILD, "replay", path)

    print(done)
    assert done["rows"] >= 10_000_000
    assert done["audit"] == 0
    assert done["peak_mb"] <= 1_500
