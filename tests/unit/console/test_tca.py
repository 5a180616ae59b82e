"""`twin tca` as a user meets it."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from market.errors import InputError
from scenarios.tca_run import PARTS, costs_of
from tests.unit.research.report_runs import small_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("tca"))


def twin(*args: str | Path) -> str:
    """Standard output of a verb that ends well."""
    done = CliRunner().invoke(cli.app, list(map(str, args)), prog_name="twin")
    assert done.exit_code == 0, done.output
    return done.stdout


def told(run: Path, *args: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(twin("tca", run, "--json", *args))
    return found


def total(rows: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


@pytest.mark.parametrize("convention", ["perold", "kissell"])
def test_every_table_has_the_same_total_and_each_row_the_sum_of_its_six_parts(
    run: Path, convention: str
) -> None:
    totals = set()
    for by in ("strategy", "venue", "algo", "hour"):
        rows = told(run, "--by", by, "--convention", convention)["costs"]
        for row in rows:
            assert sum((Decimal(row[part]) for part in PARTS), Decimal(0)) == Decimal(row["total"])
        totals.add(total(rows, "total"))

    assert len(totals) == 1
    assert totals != {Decimal(0)}


def test_fees_of_the_table_are_the_summarys(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_bytes())
    found = told(run)

    assert total(found["costs"], "fees") == Decimal(summary["hosts"][0]["fees"].split()[0])
    assert (found["fills"], found["costs"][0]["strategy"]) == (summary["fills"], "maker/quoter")


def test_the_idea_less_its_execution_is_what_was_really_earned(run: Path) -> None:
    found = told(run)
    rows = found["verdicts"]

    assert total(rows, "idea") - total(rows, "cost") == total(rows, "real") != 0
    counts = [
        row[name] for row in rows for name in ("neither", "good_idea", "good_execution", "both")
    ]
    assert sum(counts) + found["unjudged"] == found["parents"]
    assert found["unjudged"] > 0  # what was still open when the run ended


def test_benchmarks_that_are_not_known_are_absent_and_not_zero(run: Path) -> None:
    rows = {row["benchmark"]: row for row in told(run)["benchmarks"]}

    assert rows["vwap"]["slippage_ppm"] is None
    assert rows["vwap"]["absent"] == rows["arrival"]["parents"] > 0
    # Only what rested was filled: below the arrival mid, so an earning.
    assert rows["arrival"]["slippage_ppm"] < 0


def test_mark_outs_count_what_the_run_ended_before(run: Path) -> None:
    found = told(run)
    for row in found["markouts"]:
        assert row["fills"] + row["absent"] == found["fills"]
    assert [row["after"] for row in found["markouts"]] == ["1s", "5s", "30s", "60s", "300s"]
    assert found["markouts"][-1]["from_price_ppm"] is None


@pytest.mark.parametrize("rule", ["rule605", "rule606", "rts27", "rts28"])
def test_an_extract_is_a_csv_file_with_its_rows(run: Path, rule: str, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    facts = json.loads(twin("tca", run, "--extract", rule, "--out", out, "--json"))
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert facts["rows"] == len(rows) > 0
    if rule == "rts27":
        found = {row["figure"]: row["value"] for row in rows}
        summary = json.loads((run / "summary.json").read_bytes())
        assert int(found["transactions_executed"]) == summary["fills"]


def test_wrong_requests_are_refused_in_one_line(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found no --out, allowed are --extract and --out"):
        CliRunner().invoke(cli.app, ["tca", str(run), "--extract", "rts28"], catch_exceptions=False)
    with pytest.raises(InputError, match="cannot write there"):
        CliRunner().invoke(
            cli.app,
            ["tca", str(run), "--extract", "rts28", "--out", str(tmp_path / "no" / "x.csv")],
            catch_exceptions=False,
        )
    with pytest.raises(InputError, match=r"found no summary\.json"):
        costs_of(tmp_path)


def test_the_terminal_has_every_table(run: Path) -> None:
    text = twin("tca", run)
    for title in ("shortfall by strategy, perold", "benchmarks", "mark-outs", "idea and execution"):
        assert title in text
