"""The command line as a user meets it: quick help, one line for a wrong input, one JSON object."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

TWIN = Path(sys.executable).with_name("twin")
HEAVY = ("numba", "llvmlite", "pandas", "pyarrow", "scipy", "simpy", "numpy", "rich.table")


def twin(
    *args: str | Path, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("TWIN_")}
    return subprocess.run(
        [TWIN, *map(str, args)],
        cwd=cwd,
        env=clean | (env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, cli\n"
        "sys.argv = ['twin', '--help']\n"
        "try:\n    cli.main()\nexcept SystemExit as e:\n    assert e.code == 0, e.code\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_help_answers_within_three_tenths_of_a_second(tmp_path: Path) -> None:
    def seconds() -> float:
        start_s = time.perf_counter()
        assert twin("--help", cwd=tmp_path).returncode == 0
        return time.perf_counter() - start_s

    assert min(seconds() for _ in range(3)) < 0.3


def test_version_names_the_project(tmp_path: Path) -> None:
    assert twin("--version", cwd=tmp_path).stdout == "market-twin 0.1.0\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nonsense"], "nonsense"),
        (["run"], "scenario"),
        (["run", "first_light", "--seed", "-1"], "--seed"),
        (["run", "first_light", "--seed", "seven"], "--seed"),
        (["--config", "none.toml", "config", "show"], "none.toml: no such file"),
        (["tape", "info", "none.tape.parquet"], "none.tape.parquet"),
        (["ingest", "lobster", "none.zip", "-o", "x.tape.parquet"], "none.zip"),
        (["run", "no_such_scenario"], "no_such_scenario"),
    ],
)
def test_a_wrong_input_exits_with_two_and_says_where(
    tmp_path: Path, args: list[str], said: str
) -> None:
    done = twin(*args, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_key_in_twin_toml_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "twin.toml").write_text("sed = 1\n", encoding="utf-8")

    done = twin("config", "show", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr == "twin: twin.toml: unknown key 'sed'; allowed: data_dir, runs_dir, seed\n"


def test_config_show_says_where_each_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "twin.toml").write_text('runs_dir = "a"\ndata_dir = "b"\n', encoding="utf-8")

    done = twin("--data-dir", "c", "config", "show", "--json", cwd=tmp_path, env={"TWIN_SEED": "9"})

    assert json.loads(done.stdout) == {
        "data_dir": {"value": "c", "origin": "--data-dir"},
        "runs_dir": {"value": "a", "origin": "twin.toml"},
        "seed": {"value": 9, "origin": "TWIN_SEED"},
    }


def test_doctor_is_one_json_object_and_good_here(tmp_path: Path) -> None:
    done = twin("doctor", "--json", cwd=tmp_path)

    found = json.loads(done.stdout)
    assert (done.returncode, found["fit"]) == (0, True)
    assert found["checks"]["data"]["state"] == "note"


def test_doctor_exits_with_one_when_something_is_broken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    done = twin("--runs-dir", "file/runs", "doctor", "--json", cwd=tmp_path)

    assert (done.returncode, json.loads(done.stdout)["fit"]) == (1, False)
