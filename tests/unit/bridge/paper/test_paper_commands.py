"""`twin paper` as a user runs it: killed at any moment, run again, and held against a simulation."""

import random
import time
from pathlib import Path

import pytest

from sim.ingest.binance import ingest_binance
from sim.tape.read import open_tape
from tests.paper_process import Paper, acknowledged, replayed, served, simulated
from tests.paper_rig import text_of
from tests.served_rig import write_capture

KILLS = 5
NIGHTLY_KILLS = 50


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "paper.toml"
    path.write_text(text_of())
    return path


def killed_and_gone_on(tmp_path: Path, scenario: Path, kills: int) -> None:
    """SIGKILL at random moments, after each of which another process goes on."""
    capture = write_capture(tmp_path / "spot_capture.gz", 60_000)
    session, runs = tmp_path / "session", tmp_path / "runs"
    moments = random.Random(kills)
    seen: list[object] = []
    with served(capture, arguments=("--speed", "10")) as port:
        paper = Paper(port, scenario, "--for", "1h", "--out", session, runs=runs)
        while not (session / "session.json").exists():
            assert paper.process.poll() is None
            time.sleep(0.1)
        for _ in range(kills):
            time.sleep(2.5 + 1.5 * moments.random())
            paper.kill()
            whole = acknowledged(session)
            assert whole[: len(seen)] == seen
            seen = list(whole)
            paper = Paper(port, session, runs=runs)
        until = time.monotonic() + 60
        while len(acknowledged(session)) <= len(seen) and time.monotonic() < until:
            time.sleep(0.5)
        paper.process.terminate()
        result = paper.result()
    fills = acknowledged(session)
    assert fills[: len(seen)] == seen
    ids = [(order, number) for order, number, *_ in fills]
    assert len(set(ids)) == len(ids)
    assert len(fills) == result["fills"] > 0
    assert result["recovered_entries"] > 0
    assert result["best_quotes_checked"] > 0
    assert result["best_quotes_wrong"] == 0
    again = replayed(session, runs)
    assert again["same"] is True
    assert again["digest"] == result["digest"]


@pytest.mark.timeout(240)
def test_every_acknowledged_fill_is_there_once_whenever_the_process_is_killed(
    tmp_path: Path, scenario: Path
) -> None:
    killed_and_gone_on(tmp_path, scenario, KILLS)


@pytest.mark.nightly
@pytest.mark.timeout(1_200)
def test_fifty_kills(tmp_path: Path, scenario: Path) -> None:
    killed_and_gone_on(tmp_path, scenario, NIGHTLY_KILLS)


@pytest.mark.timeout(180)
def test_by_source_stamps_a_session_gives_the_simulations_own_fills(
    tmp_path: Path, scenario: Path
) -> None:
    capture = write_capture(tmp_path / "spot_capture.gz", 6_000)
    tape, session, runs = tmp_path / "t.tape.parquet", tmp_path / "session", tmp_path / "runs"
    ingest_binance([capture], out=tape, market="spot", tick="0.01", lot="0.00001")
    first_ns = int(next(iter(open_tape(tape).chunks(0, 1)))["ts_ns"][0])
    wanted = simulated(scenario, tape, runs)
    stamps = ("--speed", "20", "--source-stamps", "--hold", "--until-over")
    with served(tape, arguments=stamps) as port:
        paper = Paper(
            port,
            scenario,
            "--source-stamps",
            "--start-ns",
            first_ns,
            "--depth-speed",
            "0ms",
            "--out",
            session,
            runs=runs,
        )
        paper.result()

    assert len(wanted) > 20
    assert acknowledged(session) == wanted
    assert replayed(session, runs)["same"] is True


def test_a_session_of_another_program_does_not_go_on(tmp_path: Path, scenario: Path) -> None:
    capture = write_capture(tmp_path / "spot_capture.gz", 2_000)
    session, runs = tmp_path / "session", tmp_path / "runs"
    with served(capture, arguments=("--speed", "10")) as port:
        Paper(port, scenario, "--for", "1s", "--out", session, runs=runs).result()
        path = session / "session.json"
        text = path.read_text()
        at = text.index('"code_digest"') + len('"code_digest": "')
        path.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])
        refused = Paper(port, session, runs=runs)
        _, err = refused.process.communicate(timeout=60)
    assert refused.process.returncode == 2
    assert "another program may come to other fills" in err
