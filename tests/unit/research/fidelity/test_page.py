"""What is said of a judgement: tables, one JSON object, one page, and an exit code where bounds are broken."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from market.errors import InputError
from research.fidelity.assumed import CAUSES
from research.fidelity.distance import FIGURES, UNITS
from scenarios.fidelity_section import FidelitySection
from scenarios.schema import parse_scenario, scenario_digest
from tests.unit.research.fidelity.market import market_entries
from tests.unit.research.fidelity.rig import round_trips, scenario_text, write_session


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = scenario_text(lambda one: one + "\n[fidelity]\ntime_ms = 5\npnl_bp = 1_000\n")
    folder = tmp_path_factory.mktemp("page") / "session"
    trips = round_trips(extra_ms=20)
    return write_session(folder, market_entries(2_500), text=text, round_trips_ns=trips)


def test_beyond_a_bound_is_exit_code_1(session: Path) -> None:
    done = CliRunner().invoke(cli.app, ["fidelity", str(session), "-q"])

    assert done.exit_code == 1, done.output
    assert "explained by order latency: 100 % of the distance" in done.output
    assert re.search(r"time_ms +\S+ +\S+ +\S+ +-\S+ +5 +no", done.output)
    assert re.search(r"pnl_bp +\S+ +\S+ +\S+ +\S+ +1,000 +yes", done.output)
    assert re.search(r"fees +0 .* equal on both sides", done.output)


def test_json_has_every_order(session: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = CliRunner().invoke(
        cli.app, ["fidelity", str(session), "--json", "-q", "--out", str(page)]
    )
    said = json.loads(done.stdout)

    assert said["explained_by"] == "order_latency"
    assert said["passes"] is False
    assert [one["name"] for one in said["figures"]] == list(FIGURES)
    assert {one["name"] for one in said["attribution"]["causes"]} == {*CAUSES, "code"}
    assert len(said["orders"]) == said["lived"]["orders"] == said["twin"]["orders"]
    filled = [one for one in said["orders"] if one["lived_lots"]]
    assert len(filled) == said["lived"]["filled"] > 50
    assert sum(one["lived_lots"] for one in filled) == said["lived"]["lots"]
    assert said["calibration"]["after"] < said["calibration"]["before"]
    assert said["page"] == str(page)

    text = page.read_text()
    assert text.count('<div class="plot"') == 6
    assert "default-src 'none'" in text
    for title in ("How far", "Why", "Orders", "Fitted", "The desk left to itself"):
        assert f"<h2>{title}</h2>" in text


def test_the_same_session_is_judged_the_same(session: Path) -> None:
    runner = CliRunner()
    told = [runner.invoke(cli.app, ["fidelity", str(session), "--json", "-q"]).stdout for _ in "ab"]
    assert told[0] == told[1]


def test_a_twin_whose_books_answer_is_refused(session: Path, tmp_path: Path) -> None:
    path = tmp_path / "twin.toml"
    path.write_text(scenario_text(lambda one: one.replace('"frozen"', '"reactive"')))
    done = CliRunner().invoke(cli.app, ["fidelity", str(session), "--against", str(path)])
    assert isinstance(done.exception, InputError)
    assert "found mode 'reactive', allowed is 'frozen'" in str(done.exception)


def test_a_twin_without_the_sessions_host_is_refused(session: Path, tmp_path: Path) -> None:
    path = tmp_path / "twin.toml"
    path.write_text(scenario_text(lambda one: one.replace('name = "desk"', 'name = "other"')))
    done = CliRunner().invoke(cli.app, ["fidelity", str(session), "--against", str(path)])
    assert "found hosts other, allowed is with the session's 'desk'" in str(done.exception)


def test_a_folder_that_is_no_session_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.app, ["fidelity", str(tmp_path)])
    assert "allowed is a paper session's folder" in str(done.exception)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("speed = 1", "found unknown key 'speed', allowed is fee_bp, fill_rate_ppm"),
        ("pnl_bp = -1", "pnl_bp is -1.0, allowed is 0 or more"),
        ("pnl_bp = nan", "pnl_bp is nan, allowed is 0 or more"),
        ('time_ms = "5ms"', "time_ms: found '5ms', allowed is a number"),
    ],
)
def test_a_bound_that_is_none_is_refused(line: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        parse_scenario(scenario_text() + f"\n[fidelity]\n{line}\n", "x.toml")


def test_bounds_are_of_the_figures_and_leave_no_trace_where_there_are_none() -> None:
    assert FidelitySection.__struct_fields__ == FIGURES
    assert set(UNITS) == set(FIGURES)
    plain, bounded = scenario_text(), scenario_text() + "\n[fidelity]\npnl_bp = 1\n"
    assert parse_scenario(bounded, "x").fidelity == FidelitySection(pnl_bp=1.0)
    assert scenario_digest(plain) != scenario_digest(bounded)
