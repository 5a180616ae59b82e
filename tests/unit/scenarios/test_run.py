"""Runs: same identity, same digest, in any process; a folder that is whole or says what it is."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from market.errors import InputError
from scenarios.run import RunSummary, run_scenario
from sim.recorder import EVENT_COLUMNS

SHORT = """
format_version = 1
[run]
name = "short"
title = "Two minutes of generated flow."
start = "2012-06-21T13:30:00Z"
duration = "{duration}"
mode = "reactive"
seed = 7
[[books]]
symbol = "SYN"
venue = "X"
currency = "USD"
price_units_per_currency = 10000
tick_units = 100
[flow]
limit_mean = "20ms"
market_mean = "120ms"
life_mean = "10s"
band_ticks = 20
qty_mean_lots = 100
seed_orders = 400
anchor_ticks = 58000
{hosts}
"""
HOST = """
[[hosts]]
name = "{name}"
desk = {desk}
strategy = "{strategy}"
params = {params}
compute = {{model = "constant", latency = "20us"}}
feed = {{model = "lognormal", median = "80us", sigma = 0.4}}
orders = {{model = "constant", latency = "{orders}"}}
reports = {{model = "constant", latency = "50us"}}
"""
QUOTER = "{qty_lots = 100, inventory_lots_max = 1000}"
BUYER = '{total_lots = 2000, slices = 20, patience = "3s"}'


def scenario(
    folder: Path, *, orders: str = "50us", duration: str = "2m", third: bool = False
) -> Path:
    """Write a short scenario of two hosts, or three."""
    hosts = HOST.format(name="a", desk=1, strategy="quoter", params=QUOTER, orders=orders)
    hosts += HOST.format(name="b", desk=2, strategy="scheduled_buyer", params=BUYER, orders="70us")
    if third:
        idle = '{total_lots = 1, slices = 1, patience = "1s", start_after = "24h"}'
        hosts += HOST.format(
            name="idle", desk=3, strategy="scheduled_buyer", params=idle, orders="90us"
        )
    path = folder / "short.toml"
    path.write_text(SHORT.format(duration=duration, hosts=hosts))
    return path


def run(path: Path, folder: Path, seed: int = 7) -> RunSummary:
    """Run in this process, quietly."""
    return run_scenario(
        str(path),
        tape=None,
        seed=seed,
        runs_dir=folder / "runs",
        progress=lambda _done, _total: None,
        announce=_ignore,
        wall_ns=time.perf_counter_ns,
    )


def _ignore(_: Mapping[str, object]) -> None:
    """Nobody reads the identity here."""


def in_process(root: Path, path: Path, folder: Path, hash_seed: str) -> dict[str, Any]:
    """Run through the command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(root / "cli.py"), "run", str(path), "--json", "-q"],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_one_identity_has_one_digest_in_every_process(repo_root: Path, tmp_path: Path) -> None:
    path = scenario(tmp_path)
    found = [in_process(repo_root, path, tmp_path, seed) for seed in ("0", "1", "4242")]
    here = run(path, tmp_path)

    assert {here.digest} == {summary["digest"] for summary in found}
    assert {here.run_id} == {summary["run_id"] for summary in found}
    assert here.orders > 50
    assert here.fills > 50


def test_a_host_that_does_nothing_moves_no_draw_of_the_others(tmp_path: Path) -> None:
    events = []
    for third in (False, True):
        summary = run(scenario(tmp_path, third=third), tmp_path)
        table = pq.read_table(Path(summary.folder) / "events.parquet").to_pylist()
        events.append([row for row in table if row["host"] < 2])

    assert events[0] == events[1]
    assert len(events[0]) > 1_000


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    path = scenario(tmp_path)

    assert run(path, tmp_path).digest != run(path, tmp_path, seed=8).digest


def test_a_slower_wire_changes_nothing_before_the_first_command(tmp_path: Path) -> None:
    tables = []
    for orders in ("50us", "900us"):
        summary = run(scenario(tmp_path, orders=orders), tmp_path)
        tables.append(pq.read_table(Path(summary.folder) / "events.parquet").to_pylist())
    first_ns = next(row["time_ns"] for row in tables[0] if row["host"] == 0 and row["kind"] == 4)

    before = [[row for row in table if row["time_ns"] <= first_ns] for table in tables]
    assert before[0] == before[1]
    assert tables[0] != tables[1]


def test_the_folder_of_a_run_says_everything(tmp_path: Path) -> None:
    summary = run(scenario(tmp_path), tmp_path)
    folder = Path(summary.folder)

    identity = tomllib.loads((folder / "run.toml").read_text())
    assert summary.run_id.startswith("short-")
    assert (identity["identity"]["seed"], identity["identity"]["mode"]) == (7, "reactive")
    written = json.loads((folder / "summary.json").read_text())
    assert (summary.digest, "complete") == (written["digest"], written["status"])
    assert summary.digest == (folder / "digest").read_text().strip()
    table = pq.read_table(folder / "events.parquet")
    assert list(EVENT_COLUMNS) == table.column_names
    assert summary.fills == sum(
        1 for row in table.to_pylist() if row["kind"] == 8 and row["detail"] == 3
    )
    assert summary.digest in (folder / "run.log").read_text()
    assert [folder.name] == [path.name for path in folder.parent.iterdir()]


def test_a_repeated_run_replaces_its_folder(tmp_path: Path) -> None:
    path = scenario(tmp_path)
    first = run(path, tmp_path)
    second = run(path, tmp_path)

    assert first.folder == second.folder
    assert first.digest == second.digest
    assert 1 == len(list((tmp_path / "runs").iterdir()))


def test_a_scenario_that_cannot_run_leaves_nothing_behind(tmp_path: Path) -> None:
    path = scenario(tmp_path)
    text = path.read_text()
    head, rest = text.split("[flow]")
    path.write_text(head + "[[hosts]]" + rest.split("[[hosts]]", 1)[1])

    with pytest.raises(InputError, match=r"no \[flow\]"):
        run(path, tmp_path)

    assert [] == list((tmp_path / "runs").iterdir())


def test_an_interrupted_run_is_readable(repo_root: Path, tmp_path: Path) -> None:
    path = scenario(tmp_path, duration="20h")
    process = subprocess.Popen(
        [sys.executable, str(repo_root / "cli.py"), "run", str(path)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    runs = tmp_path / "runs"
    while process.poll() is None and not any(runs.glob(".*.partial/events.parquet")):
        time.sleep(0.05)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in errors
    (folder,) = runs.iterdir()
    assert folder.name.endswith("-partial")
    written = json.loads((folder / "summary.json").read_text())
    assert "interrupted" == written["status"]
    assert 0 < written["simulated_s"] < 20 * 3_600
    assert pq.read_table(folder / "events.parquet").num_rows > 0
