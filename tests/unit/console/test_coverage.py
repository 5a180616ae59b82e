"""`twin coverage` as a user meets it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli
from console.coverage import _chosen
from market.errors import InputError
from tests.unit.research.report_runs import small_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("coverage"))


def twin(*args: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["coverage", *map(str, args)], prog_name="twin")


def test_a_run_that_reached_little_ends_with_one_and_names_what_is_missing(run: Path) -> None:
    done = twin(run)

    assert done.exit_code == 1
    assert "order machine" in done.stdout
    assert "missing" in done.stdout
    assert "killed" in done.stdout


def test_json_has_every_part_every_count_and_every_reason(run: Path) -> None:
    done = twin(run, "--json")
    found = json.loads(done.stdout)

    assert done.exit_code == 1
    assert [one["part"] for one in found["parts"]] == list(found["counts"])
    assert found["holds"] is False
    assert found["needs"]["vetoes"]["disconnected"] == "a lost link"
    assert len(found["runs"]) == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "neither runs nor --library"),
        (["somewhere", "--library"], "both runs and --library"),
        (["somewhere", "--tape", "t.parquet"], "--tape without --library"),
    ],
)
def test_what_says_nothing_or_two_things_is_refused(args: list[str], message: str) -> None:
    error = twin(*args).exception

    assert isinstance(error, InputError)
    assert message in str(error)


def test_without_a_tape_the_library_is_every_desk_that_brings_its_flow() -> None:
    names = [name for name, _ in _chosen(None)]

    assert {"calm", "desk_tour", "limits_tour"} <= set(names)
    assert "goog_desk" not in names
    assert "first_light" not in names


def test_with_a_tape_those_that_need_one_get_it_and_no_other() -> None:
    tape = Path("goog.tape.parquet")
    chosen = dict(_chosen(tape))

    assert chosen["goog_desk"] == tape
    assert chosen["calm"] is None
