"""`twin estimate` as a user meets it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from market.errors import InputError
from tests.unit.research.test_estimate import tape_of, walk


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tapes")
    return tape_of(folder / "t.tape.parquet", {("A", "X"): (walk(1), 200)})


def orders(folder: Path, *lines: str) -> Path:
    path = folder / "o.csv"
    path.write_text("\n".join(["symbol,side,lots,horizon", *lines]) + "\n", "utf-8")
    return path


def twin(*args: str | Path) -> str:
    done = CliRunner().invoke(cli.app, ["estimate", *map(str, args), "--quiet"], prog_name="twin")
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_terminal_shows_the_map_the_orders_and_the_list(tape: Path, tmp_path: Path) -> None:
    shown = twin(orders(tmp_path, "A,buy,100,30m", "A@X,sell,50,1h"), "--tape", tape)

    assert "liquidity by venue and hour of UTC" in shown
    assert "all orders together" in shown
    assert "square root, Y = 1" in shown


def test_json_has_the_same_with_every_part(tape: Path, tmp_path: Path) -> None:
    path = orders(tmp_path, "A,buy,100,30m")
    found = json.loads(twin(path, "--tape", tape, "--fee-ppm", "30", "--json"))

    (row,) = found["orders"]
    assert row["fees"] == 0.3
    assert row["cost"] == pytest.approx(row["spread"] + row["impact"] + row["fees"], abs=2e-4)
    assert row["low"] < row["cost"] < row["high"]
    assert [one["hour"] for one in found["liquidity"]] == ["10:00", "11:00"]
    twice = json.loads(twin(path, "--tape", tape, "--impact-ppm", "2000000", "--json"))
    assert twice["orders"][0]["impact"] == pytest.approx(2 * row["impact"], abs=2e-4)


def test_a_wrong_line_ends_in_one_line_with_its_place(tape: Path, tmp_path: Path) -> None:
    path = orders(tmp_path, "A,hold,100,30m")
    done = CliRunner().invoke(
        cli.app, ["estimate", str(path), "--tape", str(tape), "--quiet"], prog_name="twin"
    )
    assert isinstance(done.exception, InputError)
    assert f"{path}: line 2: side: found 'hold'" in str(done.exception)
