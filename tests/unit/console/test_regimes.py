"""The verbs of `twin regimes` as a user meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from console.errors import guarded
from desk.state.hmm_params import parse_model
from market.codes import Kind
from tests.unit.research.quote_tape import quote_tape, regime_quotes


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quote_tape(tmp_path_factory.mktemp("tapes") / "a.tape.parquet", regime_quotes(1_500))


def twin(*args: str | Path) -> tuple[str, str]:
    """Standard output and standard error of a verb that ends well."""
    done = CliRunner().invoke(cli.app, list(map(str, args)), prog_name="twin")
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def refused(capsys: pytest.CaptureFixture[str], *args: str | Path) -> str:
    """The one line that a verb ends with when its input is wrong."""
    code = guarded(lambda: cli.app(list(map(str, args)), prog_name="twin", standalone_mode=False))
    said = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    return said[-1]


def test_a_model_is_fitted_written_and_shown(tape: Path, tmp_path: Path) -> None:
    out = tmp_path / "regimes.toml"

    said, notes = twin(
        "regimes", "fit", tape, "--states", "2", "--bar", "1s", "--train", "20m", "-o", out, "-q"
    )
    model = parse_model(out.read_text("utf-8"), "out")
    assert model.fit is not None
    assert (model.fit.bars, model.fit.end_ns - model.fit.start_ns) == (1_200, 1_200 * 10**9)
    assert "fit bars" in said
    assert notes == ""

    shown = json.loads(twin("regimes", "show", tape, "--params", out, "--json", "-q")[0])
    assert [(row["part"], row["regime"]) for row in shown["rows"]] == [
        ("training", "CALM"), ("training", "VOLATILE"), ("other", "CALM"), ("other", "VOLATILE"),
    ]  # fmt: skip
    assert sum(row["bars"] for row in shown["rows"]) == 1_498
    # Quiet and wild take turns of 200 bars, with deviations as 1 to 10.
    assert shown["rows"][0]["share_ppm"] == pytest.approx(500_000, abs=30_000)
    ratio = shown["rows"][1]["volatility_ppm"] / shown["rows"][0]["volatility_ppm"]
    assert ratio == pytest.approx(10.0, rel=0.1)
    table = twin("regimes", "show", tape, "-p", out, "-q")[0].splitlines()
    assert table[1].split()[:3] == ["part", "regime", "bars"]


def test_the_same_command_writes_the_same_bytes(tape: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "a.toml", tmp_path / "b.toml"
    for out in (one, other):
        twin("regimes", "fit", tape, "--states", "2", "-o", out, "--json", "-q")

    assert one.read_bytes() == other.read_bytes()


def test_bars_that_mostly_stand_still_are_remarked_upon(tmp_path: Path) -> None:
    quotes = [
        (ts_ns, bid, ask) for number, (ts_ns, bid, ask) in enumerate(regime_quotes(3_000, stretch=60))
        if number % 3 == 0
    ]  # fmt: skip
    tape = quote_tape(tmp_path / "a.tape.parquet", quotes)

    _, notes = twin("regimes", "fit", tape, "--states", "2", "-o", tmp_path / "r.toml")

    assert "67% of the bars do not change" in notes


def test_wrong_input_is_one_line(
    tape: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "no" / "r.toml"
    missing, bad = tmp_path / "none.toml", tmp_path / "bad.toml"
    bad.write_bytes(b"\xff")
    fit = ("regimes", "fit", tape, "--states", "2", "-q", "-o")
    show = ("regimes", "show", tape, "-q", "-p")

    assert "allowed is a file to write" in refused(capsys, *fit, out)
    assert "--bar: found 'x'" in refused(capsys, *fit, out, "--bar", "x")
    assert "--train: found 'x'" in refused(capsys, *fit, out, "--train", "x")
    assert "found 9 bars, allowed are 100" in refused(capsys, *fit, out, "--train", "9s")
    assert "none.toml: No such file" in refused(capsys, *show, missing)
    assert "bad.toml: no UTF-8 text" in refused(capsys, *show, bad)


def test_the_fixture_is_a_tape_of_quotes(tape: Path) -> None:
    from sim.tape.read import open_tape

    assert {int(kind) for chunk in open_tape(tape).chunks() for kind in chunk["kind"]} == {
        Kind.QUOTE
    }
