"""Failures are normal: gaps, silence, cuts and REST errors in a session, a plan of faults, and no secret anywhere."""

from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bridge.recording import read_log
from sim.recorder import EventKind
from tests.paper_process import Paper, acknowledged, free_port, replayed, served
from tests.paper_rig import S, text_of
from tests.served_rig import write_capture

SECRET = "nobody-must-read-this-token"
QUIET_NS = 2_400_000_000
"""The scenario's bound on silence, and the time in which a desk acts on it."""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "paper.toml"
    path.write_text(text_of())
    return path


def submits(folder: str) -> list[int]:
    """When new orders left."""
    rows = pq.read_table(Path(folder) / "events.parquet", columns=["time_ns", "kind"]).to_pylist()
    return [row["time_ns"] for row in rows if row["kind"] == EventKind.SUBMIT]


@pytest.mark.timeout(240)
def test_whatever_the_feed_does_the_book_is_right_and_silence_stops_quoting(
    tmp_path: Path, scenario: Path
) -> None:
    capture = write_capture(tmp_path / "spot_capture.gz", 40_000)
    session, runs = tmp_path / "session", tmp_path / "runs"
    faults = ("drop_depth@4s", "freeze@6s+5s", "rest_error@12s+2s", "disconnect@12500ms")
    arguments = ("--speed", "10", "--hold", *(x for one in faults for x in ("--fault", one)))
    with served(capture, arguments=arguments) as port:
        result = Paper(port, scenario, "--for", "20s", "--out", session, runs=runs).result()

    assert result["connections"] == 2
    assert result["rows_troubles"] >= 2
    assert result["rows_snapshots"] >= 3
    assert result["best_quotes_checked"] > 50
    assert result["best_quotes_wrong"] == 0
    again = replayed(session, runs)
    assert again["digest"] == result["digest"]

    heard = [one.stamp_ns for one in read_log(session / "inputs") if one.channel == "0/ws"]
    silent = [(one, two) for one, two in pairwise(heard) if two - one > QUIET_NS]
    assert [two - one > 4 * S for one, two in silent] == [True]
    left = submits(again["run"])
    assert len(left) > 20
    assert not [at for at in left if silent[0][0] + QUIET_NS < at < silent[0][1]]
    assert [at for at in left if at > silent[0][1]]


@pytest.mark.timeout(180)
def test_a_plan_of_faults_acts_in_a_session_and_no_secret_is_kept(
    tmp_path: Path, scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_METRICS_TOKEN", SECRET)
    monkeypatch.setenv("TWIN_SERVE_TOKEN", SECRET)
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[[faults]]\nname = "late"\nkind = "F-01"\ntarget = "desk.feed"\n'
        'at = "2s"\nduration = "2s"\nseverity = "300ms"\n\n'
        '[[faults]]\nname = "stop"\nkind = "O-07"\ntarget = "desk.operator"\nat = "6s"\n'
        'severity = "1ms"\n'
    )
    capture = write_capture(tmp_path / "spot_capture.gz", 20_000)
    session, runs = tmp_path / "session", tmp_path / "runs"
    with served(capture, arguments=("--speed", "10", "--hold")) as port:
        paper = Paper(
            port, scenario, "--for", "9s", "--faults", plan, "--metrics-port", free_port(),
            "--out", session, runs=runs,
        )  # fmt: skip
        result = paper.result()
    again = replayed(session, runs)

    assert again["same"] is True
    assert {one["name"]: one["hits"] > 0 for one in again["faults"]} == {"late": True, "stop": True}
    start_ns = min(one.stamp_ns for one in read_log(session / "inputs"))
    left = submits(again["run"])
    assert [at for at in left if at < start_ns + 6 * S]
    assert not [at for at in left if at > start_ns + 6 * S + 100_000_000]
    assert acknowledged(session)
    told = f"{result}{again}{paper.errors}"
    kept = [path for root in (session, runs) for path in root.rglob("*") if path.is_file()]
    assert len(kept) > 8
    assert SECRET not in told
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
