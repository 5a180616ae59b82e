"""`twin coverage` as a user meets it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli
from console.coverage import _chosen
from market.errors import InputError
from tests.unit.research.report_runs import small_run
from tests.unit.sim.tapes import book, random_rows, write


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("coverage"))


@pytest.fixture
def goog_like(tmp_path: Path) -> Path:
    """A tape of one book that has GOOG's name."""
    return write(tmp_path / "t.parquet", random_rows(1, 50), (book(symbol="GOOG"),))


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
    chosen, left_out = _chosen(None)
    names = [name for name, _ in chosen]

    assert {"calm", "desk_tour", "limits_tour"} <= set(names)
    assert {"goog_day", "goog_desk"} <= set(left_out)
    assert "first_light" not in [*names, *left_out]


def test_with_a_tape_those_whose_books_it_has_get_it_and_no_other(goog_like: Path) -> None:
    chosen, left_out = _chosen(goog_like)

    assert dict(chosen)["goog_desk"] == goog_like
    assert dict(chosen)["calm"] is None
    # Both want four venues and the tape has one, but they deal it to them.
    assert dict(chosen)["goog_day"] == goog_like
    assert dict(chosen)["fragmented_goog"] == goog_like
    assert not {"goog_day", "fragmented_goog"} & set(left_out)
