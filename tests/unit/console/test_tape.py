"""The verbs of `twin tape`, `twin query` and `twin migrate` as a user meets them."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import cli
from console.errors import EXIT_DOES_NOT_HOLD
from sim.tape.read import open_tape
from sim.tape.split import load_shares
from tests.unit.sim.tapes import book, quiet_rows, rows_of, write


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    rows, sides = quiet_rows()
    return write(tmp_path / "a.tape.parquet", rows, (book(),), **sides)


def twin(*args: str | Path, code: int = 0) -> str:
    """Standard output of a verb that ends with the given code."""
    done = CliRunner().invoke(cli.app, list(map(str, args)), prog_name="twin")
    assert done.exit_code == code, done.output
    return done.stdout


def test_head_is_a_table_and_one_json_object(tape: Path) -> None:
    lines = twin("tape", "head", tape, "-n", "3").splitlines()
    assert len(lines) == 5
    assert lines[1].split()[:4] == ["time", "utc", "book", "kind"]

    assert [row["kind"] for row in json.loads(twin("tape", "head", tape, "--json"))["rows"]] == [
        "ADD", "ADD", "ADD", "ADD", "ADD", "ADD", "ADD", "ADD", "ADD", "TRADE",
    ]  # fmt: skip


def test_stats_say_what_the_tape_holds(tape: Path) -> None:
    found = json.loads(twin("tape", "stats", tape, "--json", "-q"))

    assert (found["rows"], found["books"]["0 S@X"]["live_max"]) == (1_200, 20)
    assert "books 0 S@X rows by kind TRADE" in twin("tape", "stats", tape, "-q")


def test_check_exits_with_one_past_a_threshold(tape: Path, tmp_path: Path) -> None:
    assert json.loads(twin("tape", "check", tape, "--json", "-q"))["passes"]
    strict = tmp_path / "t.toml"
    strict.write_text('gap_max = "99ms"\n', encoding="utf-8")

    shown = twin("tape", "check", tape, "--thresholds", strict, "-q", code=EXIT_DOES_NOT_HOLD)

    (failed,) = (line for line in shown.splitlines() if "FAIL" in line)
    assert failed.split()[:4] == ["gaps", "S@X", "100ms", "99ms"]
    assert shown.splitlines()[-1] == "passes: no"


def test_slice_merge_and_split_write_tapes(tape: Path, tmp_path: Path) -> None:
    part, dealt, whole = (tmp_path / f"{name}.tape.parquet" for name in "sdm")
    shares = tmp_path / "v.toml"
    shares.write_text("[venues]\nA = 0.5\nB = 0.5\n", encoding="utf-8")

    twin("tape", "slice", tape, "--from", "30s", "--to", "60s", "-o", part, "-q")
    twin("tape", "split", part, "--shares", shares, "-o", dealt, "-q")
    twin("tape", "merge", dealt, tape, "-o", whole, "-q")

    assert len(rows_of(part)) == 300 + 20
    assert [one.venue for one in open_tape(whole).meta.books] == ["A", "B", "X"]
    assert open_tape(whole).row_count == open_tape(dealt).row_count + 1_200


def test_shares_of_trades_are_what_split_reads(tape: Path, tmp_path: Path) -> None:
    rows, sides = quiet_rows()
    codes = np.where(np.arange(len(rows)) % 20 == 9, ord("N"), ord("D"))
    traded = tmp_path / "t.tape.parquet"
    write(traded, rows, (book("CONSOLIDATED"),), **sides, venue_code=codes)
    shares, dealt = tmp_path / "v.toml", tmp_path / "s.tape.parquet"

    found = json.loads(twin("tape", "shares", traded, "-o", shares, "--seed", "5", "--json"))
    twin("tape", "split", tape, "--shares", shares, "-o", dealt, "-q")

    lots = {
        letter: sum(1 + i % 13 for i in range(first, len(rows), 20))
        for letter, first in (("N", 9), ("D", 19))
    }
    assert found == {letter: lot / sum(lots.values()) for letter, lot in lots.items()}
    assert list(found) == sorted(lots, key=lambda letter: -lots[letter])
    assert load_shares(shares).seed == 5
    assert [one.venue for one in open_tape(dealt).meta.books] == list(found)
    assert json.loads(twin("tape", "shares", traded, "--exclude", "D", "--json")) == {"N": 1.0}


def test_stats_of_several_venues_say_how_they_stand_together(tape: Path, tmp_path: Path) -> None:
    shares, dealt = tmp_path / "v.toml", tmp_path / "s.tape.parquet"
    shares.write_text("[venues]\nA = 0.5\nB = 0.5\n", encoding="utf-8")
    twin("tape", "split", tape, "--shares", shares, "-o", dealt, "-q")

    found = json.loads(twin("tape", "stats", dealt, "--json", "-q"))["consolidated"]["S USD"]

    assert found["crossed_share"] == 0
    assert sorted(found["at_best_bid"]) == ["A", "B"]
    assert "consolidated S USD at best ask B" in twin("tape", "stats", dealt, "-q")


def test_query_prints_rows_up_to_its_limit(tape: Path) -> None:
    sql = "SELECT kind, count(*) AS n FROM tape GROUP BY kind ORDER BY kind"

    assert twin("query", tape, sql).splitlines()[0].split() == ["kind", "n"]
    rows = json.loads(twin("query", tape, sql, "--json"))["rows"]
    assert sum(row["n"] for row in rows) == 1_200
    assert len(json.loads(twin("query", tape, sql, "--json", "-n", "1"))["rows"]) == 1
    assert twin("query", tape, "SELECT 1 WHERE false") == ""


def test_migrate_leaves_a_tape_of_today(tape: Path) -> None:
    assert json.loads(twin("migrate", tape, "--json", "-q"))["rows"] == 0
