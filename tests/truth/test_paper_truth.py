"""Paper sessions on the exchange's own captures, served at many times their speed and by their own stamps."""

import re
from pathlib import Path

import pytest

from scenarios.schema import scenario_text
from sim.ingest.binance import ingest_binance
from sim.tape.read import open_tape
from tests.paper_process import Paper, acknowledged, replayed, served, simulated

pytestmark = pytest.mark.truth

NAMES = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
FINER = 1_000
LOTS = re.compile(r"((?<![a-z_])(?:\w+_)?lots(?:_max)? = )([\d_]+)")


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """The packaged scenario in lots of a hundred-millionth: the captures hold quantities that fine."""
    text, _ = scenario_text("paper_btc")
    path = tmp_path / "paper.toml"
    path.write_text(LOTS.sub(lambda found: f"{found[1]}{int(found[2]) * FINER}", text))
    return path


@pytest.fixture
def captures(data_dir: Path) -> list[Path]:
    return [data_dir / "binance" / name for name in NAMES]


@pytest.mark.parametrize(("speed", "seconds"), [(10, 30), (60, 6)])
def test_a_desk_trades_the_real_feed_and_its_book_is_the_exchanges(
    tmp_path: Path, scenario: Path, captures: list[Path], speed: int, seconds: int
) -> None:
    session, runs = tmp_path / "session", tmp_path / "runs"
    arguments = ("--speed", str(speed), "--lot", "0.00000001", "--hold")
    with served(*captures, arguments=arguments) as port:
        paper = Paper(port, scenario, "--for", f"{seconds}s", "--out", session, runs=runs)
        result = paper.result()
    print(f"\n{speed}x: {result}")

    assert result["best_quotes_checked"] > 100
    assert result["best_quotes_wrong"] == 0
    assert result["orders"] > 5
    assert len(acknowledged(session)) == result["fills"] > 0
    assert replayed(session, runs)["digest"] == result["digest"]


def test_by_source_stamps_a_session_gives_the_simulations_own_fills(
    tmp_path: Path, scenario: Path, captures: list[Path]
) -> None:
    tape, session, runs = tmp_path / "t.tape.parquet", tmp_path / "session", tmp_path / "runs"
    ingest_binance(captures, out=tape, market="spot", tick="0.01", lot="0.00000001")
    first_ns = int(next(iter(open_tape(tape).chunks(0, 1)))["ts_ns"][0])
    wanted = simulated(scenario, tape, runs)
    stamps = ("--speed", "20", "--source-stamps", "--hold", "--until-over")
    with served(tape, arguments=stamps) as port:
        arguments = ("--source-stamps", "--start-ns", first_ns, "--depth-speed", "0ms")
        Paper(port, scenario, *arguments, "--out", session, runs=runs).result()
    found = acknowledged(session)
    print(f"\n{len(found)} fills, {len(wanted)} of the simulation")

    assert len(wanted) > 1_000
    assert found == wanted
