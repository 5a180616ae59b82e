"""`twin drill`: what it prints, and the code that it ends with."""

import json
from pathlib import Path

import pytest

from tests.unit.console.twin import run_twin

DRILL = """
format_version = 1
name = "small"
title = "A slow store for a second"
story = "The store is slow."
answers = ["S-06"]
scenario = "drill_base"
[phases]
warm_up = "2s"
faults = "2s"
heal = "1s"
quiet = "2s"
[[faults]]
name = "slow"
kind = "store_slow"
target = "desk.commit"
at = "2s"
duration = "1s"
severity = "10us"
[expect]
"""


@pytest.fixture
def drill(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(DRILL, encoding="utf-8")
    return path


def test_a_drill_that_passes_ends_with_nought_and_can_be_replayed(
    drill: Path, tmp_path: Path
) -> None:
    out = tmp_path / "kept"
    code, said = run_twin("drill", "run", drill, "--out", out, "--json", "-q")
    result = json.loads(said)
    folder = out / result["run_id"]

    again, replayed = run_twin("drill", "replay", folder, "--json", "-q")

    assert (code, result["verdict"], result["reasons"]) == (0, "PASS", [])
    assert result["identity"]["seed"] == 7
    assert (again, json.loads(replayed)["same"]) == (0, True)
    assert json.loads(replayed)["digest"] == result["digest"]


def test_a_seed_makes_it_another_run(drill: Path) -> None:
    first, second = (
        json.loads(run_twin("drill", "run", drill, "--seed", seed, "--no-twin", "--json", "-q")[1])
        for seed in ("1", "2")
    )

    assert first["digest"] != second["digest"]
    assert first["run_id"] != second["run_id"]
    assert first["cost"] is None


def test_a_drill_that_shows_nothing_ends_with_three(drill: Path) -> None:
    drill.write_text(DRILL + 'marks = ["crashed"]\n', encoding="utf-8")

    code, said = run_twin("drill", "run", drill, "--no-twin", "-q")

    assert code == 3
    assert said.startswith("small: VACUOUS\n")


def test_a_drill_that_fails_ends_with_one_and_a_canary_does_so_in_its_suite(
    tmp_path: Path,
) -> None:
    code, said = run_twin("drill", "run", "blind_canary", "--no-twin", "-q")
    suite = tmp_path / "suite.toml"
    suite.write_text('name = "c"\ntitle = "C"\ndrills = ["blind_canary"]\n', encoding="utf-8")

    counted, told = run_twin("drill", "suite", suite, "--no-twin", "--json", "-q")

    assert code == 1
    assert said.startswith("blind_canary: FAIL\n")
    assert "violated" in said
    row = json.loads(told)["rows"][0]
    assert (counted, row["verdict"], row["counted"]) == (0, "FAIL", "PASS")


def test_what_there_is_not_ends_with_two() -> None:
    for verb in (["run", "none"], ["suite", "none"], ["replay", "none"]):
        assert run_twin("drill", *verb, "-q")[0] == 2


def test_the_list_names_every_drill_and_what_it_is_about() -> None:
    rows = json.loads(run_twin("drill", "list", "--json")[1])["rows"]

    found = {row["name"]: row for row in rows}
    assert found["slow_acks"]["faults"] == "G-04"
    assert "I-RISK-1" in found["slow_acks"]["about"]
    assert found["blind_canary"]["about"] == "I-RISK-3"
