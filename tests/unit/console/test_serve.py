"""`twin serve-feed` as a process: what it says, how it ends, and that it keeps its secret."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.errors import EXIT_INPUT
from tests.served_rig import write_capture
from tests.unit.console.twin import run_twin


@contextmanager
def serving(*args: str | Path, **environ: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "cli", "serve-feed", *map(str, args), "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def address_of(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """Where it listens, and what it said up to then."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r"http://(127\.0\.0\.1:\d+)/api", line):
            return found[1], said
    raise AssertionError(said)


def test_it_serves_until_it_is_asked_to_stop_and_says_what_it_served(tmp_path: Path) -> None:
    capture = write_capture(tmp_path / "spot_c.gz", 300)
    with serving(
        capture, "--json", "--speed", "50", TWIN_SERVE_TOKEN="of-the-environment"
    ) as process:
        address, said = address_of(process)
        with urllib.request.urlopen(f"http://{address}/api/v3/exchangeInfo") as answer:
            info = json.load(answer)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    result = json.loads(out)
    assert process.returncode == 0
    assert [one["symbol"] for one in info["symbols"]] == ["BTCUSDT"]
    assert (result["symbols"], result["conserves"]) == (["BTCUSDT"], True)
    assert result["market_s"] == pytest.approx(2.99, abs=0.2)
    assert "of-the-environment" not in said + err + out


def test_it_ends_with_its_source_where_it_is_told_to() -> None:
    with serving(
        "thin", "--json", "--speed", "100000", "--until-over", "--token", "x" * 12
    ) as process:
        out, err = process.communicate(timeout=60)

    assert json.loads(out)["market_s"] == 3_600
    assert "x" * 12 not in err


def test_without_its_extra_it_says_which_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)

    code, _ = run_twin("serve-feed", "thin")

    assert code == EXIT_INPUT
    assert "pip install 'market-twin[live]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nothing_such"], "scenario: found 'nothing_such'"),
        (["goog_day"], "no [flow]"),
        (["thin", "calm"], "found 2 of them"),
        (["thin", "--fault", "meteor@5s"], "found 'meteor', allowed is drop_depth"),
        (["thin", "--fault", "freeze@5s"], "lasts: found None"),
        (["thin", "--fault", "freeze"], "allowed is such as freeze@10s+6s"),
        (["thin", "--balance", "USD"], "allowed is such as USDT=100000"),
        (["thin", "--speed", "0"], "speed: found 0.0"),
        (["thin", "--token", "short"], "token: found fewer than 8"),
    ],
)
def test_what_it_cannot_serve_is_said_in_a_line(
    args: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = run_twin("serve-feed", *args, "--port", "0", "--until-over")

    said = capsys.readouterr().err
    assert code == EXIT_INPUT
    assert words in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "format_version"),
        ("format_version = 1\nfault = 3\n", "allowed is [[faults]]"),
        ('format_version = 1\n[[faults]]\nkind = "freeze"\nat = 5\n', 'such as "5s"'),
        ('format_version = 1\n[[faults]]\nkind = "disconnect"\nat = "5s"\nlasts = "1s"\n', "'lasts'"),
        ('format_version = 1\n[[faults]]\nkind = "drop_depth"\nat = "5s"\ncount = 0\n', "count"),
        ('format_version = 1\n[[faults]]\nkind = "rest_error"\nat = "5s"\nlasts = "1s"\nstatus = 200\n',
         "status: found 200"),
        ("[[", "no TOML"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_with_its_place(
    tmp_path: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(text)

    code, _ = run_twin("serve-feed", "thin", "--faults", plan, "--port", "0", "--until-over")

    said = capsys.readouterr().err
    assert code == EXIT_INPUT
    assert str(plan) in said
    assert words in said
