"""Paper sessions for long, and many under load: memory stays flat, nothing is lost, and each is run again exactly."""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

from tests.paper_process import Paper, acknowledged, replayed, served
from tests.paper_rig import text_of
from tests.served_rig import write_capture

pytestmark = pytest.mark.nightly

SPEED = 5
MINUTES = float(os.environ.get("TWIN_SOAK_MINUTES", "30"))
SESSIONS = 10
PAGE = os.sysconf("SC_PAGE_SIZE")

MARKET = """
format_version = 1

[run]
name = "soak_market"
title = "A busy market of one coin for hours"
start = "2024-05-08T00:00:00Z"
duration = "12h"
seed = 7
mode = "reactive"

[[books]]
symbol = "BTCUSDT"
venue = "BINANCE"
currency = "USDT"
price_units_per_currency = 100
tick_units = 1
lot_den = 100_000

[[flows]]
book = "BTCUSDT@BINANCE"
limit_mean = "20ms"
market_mean = "120ms"
life_mean = "20s"
band_ticks = 30
decay = 0.52
qty_mean_lots = 600
seed_orders = 600
anchor_ticks = 6_000_000
"""


def faults(minutes: float) -> list[str]:
    """A gap every three minutes, a cut every seven, silence every ten, REST errors in between."""
    found = []
    for minute in range(1, int(minutes)):
        if minute % 3 == 0:
            found.append(f"drop_depth@{minute * 60}s")
        if minute % 7 == 0:
            found.append(f"disconnect@{minute * 60 + 20}s")
            found.append(f"rest_error@{minute * 60 + 20}s+2s")
        if minute % 10 == 0:
            found.append(f"freeze@{minute * 60 + 40}s+5s")
    return [part for one in found for part in ("--fault", one)]


def resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


@pytest.mark.timeout(7_200)
def test_half_an_hour_at_five_times_the_speed(tmp_path: Path) -> None:
    market, scenario = tmp_path / "market.toml", tmp_path / "paper.toml"
    market.write_text(MARKET)
    scenario.write_text(text_of())
    session, runs = tmp_path / "session", tmp_path / "runs"
    arguments = ("--speed", str(SPEED), "--hold", *faults(MINUTES))
    sizes: list[tuple[float, int]] = []
    with served(market, arguments=arguments) as port:
        seconds = int(MINUTES * 60)
        paper = Paper(port, scenario, "--for", f"{seconds}s", "--out", session, runs=runs)
        began = time.monotonic()
        while paper.process.poll() is None and time.monotonic() < began + seconds + 60:
            sizes.append((time.monotonic() - began, resident(paper.process.pid)))
            time.sleep(2)
        result = paper.result()

    early = median(size for at, size in sizes if seconds / 6 <= at < seconds / 3)
    late = median(size for at, size in sizes if seconds * 5 / 6 <= at < seconds - 5)
    print(f"\nresident {early / 1e6:.1f} MB, at the end {late / 1e6:.1f} MB; {result}")
    again = replayed(session, runs)
    assert again["digest"] == result["digest"]
    assert len(acknowledged(session)) == result["fills"] > 100
    assert result["best_quotes_wrong"] == 0
    assert result["connections"] >= 1 + int(MINUTES) // 7
    assert result["rows_troubles"] >= int(MINUTES) // 3
    assert late <= early * 1.05


@pytest.mark.timeout(1_800)
def test_ten_sessions_under_load_are_run_again_exactly(tmp_path: Path) -> None:
    scenario = tmp_path / "paper.toml"
    scenario.write_text(text_of())
    capture = write_capture(tmp_path / "spot_capture.gz", 60_000)
    burners = [
        subprocess.Popen([sys.executable, "-c", "while True: sum(range(10_000))"])
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        for number in range(SESSIONS):
            session, runs = tmp_path / f"session{number}", tmp_path / f"runs{number}"
            arguments = ("--speed", str(10 + 5 * number), "--hold")
            with served(capture, arguments=arguments) as port:
                result = Paper(
                    port, scenario, "--for", "10s", "--seed", number, "--out", session, runs=runs
                ).result()
            again = replayed(session, runs)
            assert again["same"] is True
            assert again["digest"] == result["digest"]
            assert result["entries"] > 500
            print(f"\n{number}: {result['entries']} entries, {result['fills']} fills, late p99 "
                  f"{result['late_p99_ns'] / 1e6:.1f} ms")  # fmt: skip
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
