"""A tape larger than memory replays: what a run holds does not grow with the tape."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def measured(root: Path, *arguments: str) -> dict[str, Any]:
    """Run `large_tape` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.scale.large_tape", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_a_longer_tape_takes_no_more_memory(repo_root: Path, tmp_path: Path) -> None:
    peaks = []
    for row_count in (300_000, 1_500_000):
        path = str(tmp_path / f"{row_count}.tape.parquet")
        measured(repo_root, "write", path, str(row_count))
        done = measured(repo_root, "replay", path)
        assert done["rows"] >= 0.95 * row_count
        assert done["audit"] == 0
        peaks.append(done["peak_mb"])

    assert peaks[1] < peaks[0] * 1.15


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_ten_million_rows_replay_within_1500_mb(repo_root: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "large.tape.parquet")
    measured(repo_root, "write", path, "10100000")
    done = measured(repo_root, "replay", path)

    print(done)
    assert done["rows"] >= 10_000_000
    assert done["audit"] == 0
    assert done["peak_mb"] <= 1_500
