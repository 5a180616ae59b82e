"""Paper sessions as a user runs them: a served market and a desk, each a process of its own, on loopback."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from market.codes import ReportType, Side
from sim.recorder import EventKind

TWIN = (sys.executable, "-m", "cli")
ROOT = Path(__file__).parents[1]
Fill = tuple[int, int, str, int, int, int]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(*source: Path, arguments: tuple[str, ...] = ()) -> Iterator[int]:
    """`twin serve-feed` over a source; its port, once it answers."""
    port = free_port()
    command = [*TWIN, "serve-feed", *map(str, source), "--port", str(port), "-q", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise AssertionError(f"serve-feed ended: {process.communicate()}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v3/ping", timeout=1).read()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=20)


class Paper:
    """`twin paper` in a process, against a served market."""

    def __init__(self, port: int, *arguments: object, runs: Path) -> None:
        self.errors = ""
        urls = ("--ws-url", f"ws://127.0.0.1:{port}", "--rest-url", f"http://127.0.0.1:{port}")
        self.process = subprocess.Popen(
            [*TWIN, "paper", *map(str, arguments), *urls, "--json", "-q"],
            cwd=ROOT,
            env={**os.environ, "TWIN_RUNS": str(runs)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def result(self, seconds: float = 120.0) -> dict[str, Any]:
        out, self.errors = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, self.errors[-2_000:]
        return json.loads(out)  # type: ignore[no-any-return]

    def kill(self) -> None:
        assert self.process.poll() is None, self.process.communicate()
        self.process.kill()
        self.process.communicate()


def replayed(folder: Path, runs: Path) -> dict[str, Any]:
    """`twin paper FOLDER --replay`."""
    found = subprocess.run(
        [*TWIN, "paper", str(folder), "--replay", "--json", "-q"],
        cwd=ROOT,
        env={**os.environ, "TWIN_RUNS": str(runs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, (found.stdout, found.stderr[-2_000:])
    return json.loads(found.stdout)  # type: ignore[no-any-return]


def simulated(scenario: Path, tape: Path, runs: Path) -> list[Fill]:
    """The fills of `twin run` on a tape, in order."""
    found = subprocess.run(
        [*TWIN, "run", str(scenario), "--tape", str(tape), "--json", "-q"],
        cwd=ROOT,
        env={**os.environ, "TWIN_RUNS": str(runs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-2_000:]
    folder = Path(json.loads(found.stdout)["folder"])
    folder = folder if folder.is_absolute() else ROOT / folder
    table = pq.read_table(folder / "events.parquet").to_pylist()
    return [
        (
            row["order_id"],
            row["exec_id"],
            Side(row["side"]).name,
            row["price_ticks"],
            row["qty_lots"],
            row["time_ns"],
        )
        for row in table
        if row["kind"] == EventKind.ANSWER and row["detail"] == ReportType.FILLED
    ]


def acknowledged(folder: Path) -> list[Fill]:
    """The fills of a session, in order."""
    path = folder / "fills.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    fills = []
    for line in lines:
        one = json.loads(line)
        number = int(one["id"].rsplit("-", 1)[1])
        fills.append(
            (
                one["order_id"],
                number,
                one["side"],
                one["price_ticks"],
                one["qty_lots"],
                one["venue_ns"],
            )
        )
    return fills
