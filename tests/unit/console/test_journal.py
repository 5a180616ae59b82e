"""The verbs of `twin journal` as a user meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from bridge.stores import FileWriter
from console.errors import EXIT_DOES_NOT_HOLD
from desk.journal import Journal
from market.errors import InputError
from tests.unit.desk.journals import HEADER, NOW_NS, sample, submit, write_events


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A sealed journal of a header, 10 events and a seal, with its head beside it."""
    path = tmp_path / "a.journal"
    with FileWriter.create(path) as writer:
        written = Journal.begin(writer, NOW_NS, HEADER)
        write_events(written, 0, 10)
        writer.keep_head(written.seal(NOW_NS + 10).to_text())
    return path


def twin(*args: str | Path, code: int = 0) -> str:
    """Standard output of a verb that ends with the given code."""
    done = CliRunner().invoke(cli.app, list(map(str, args)), prog_name="twin")
    assert done.exit_code == code, done.output
    return done.stdout


def test_verify_says_that_a_journal_holds(journal: Path) -> None:
    found = json.loads(twin("journal", "verify", journal, "--json"))

    assert (found["holds"], found["sealed"], found["anchored"]) == (True, True, True)
    assert (found["records"]["event"], found["torn_bytes"]) == (10, 0)
    assert (found["header"]["desk"], found["problem"]) == (3, None)
    assert "records event" in twin("journal", "verify", journal)


def test_verify_exits_with_one_when_a_byte_is_changed(journal: Path) -> None:
    data = bytearray(journal.read_bytes())
    data[900] ^= 4
    journal.write_bytes(data)

    found = json.loads(twin("journal", "verify", journal, "--json", code=EXIT_DOES_NOT_HOLD))

    assert not found["holds"]
    assert f"{journal}: found crc" in found["problem"]
    assert "record 4 at byte" in found["problem"]


def test_verify_exits_with_one_when_records_are_cut_off_the_end(journal: Path) -> None:
    seal = json.loads(twin("journal", "cat", journal, "--kind", "seal", "--json"))["rows"][0]
    journal.write_bytes(journal.read_bytes()[: seal["offset"]])

    found = json.loads(twin("journal", "verify", journal, "--json", code=EXIT_DOES_NOT_HOLD))

    assert "found 11 records, allowed is 12 or more" in found["problem"]


def test_verify_takes_a_torn_tail_for_what_it_is(journal: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.journal"
    torn.write_bytes(journal.read_bytes()[:-3])

    found = json.loads(twin("journal", "verify", torn, "--json"))
    assert (found["holds"], found["sealed"], found["anchored"]) == (True, False, None)
    assert found["torn_bytes"] > 0

    kept = tmp_path / "a.journal.head"
    text = twin("journal", "verify", torn, "--head", kept, code=EXIT_DOES_NOT_HOLD)
    assert "vouches for 1 that are missing" in text


def test_verify_refuses_a_head_that_is_none(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no")

    done = CliRunner().invoke(
        cli.app, ["journal", "verify", str(journal), "--head", str(tmp_path / "x")]
    )

    assert isinstance(done.exception, InputError)


def test_cat_shows_each_record_in_a_line(journal: Path) -> None:
    lines = twin("journal", "cat", journal).splitlines()

    assert len(lines) == 1 + 12
    assert lines[1].split()[2:5] == ["header", "Header", "desk=3"]
    assert "start" in lines[2]
    assert "View 0: 100 at 58000 | 200 at 58001" in lines[3]
    assert "Submit book_id=0 order_id=5 side=BUY" in lines[7]
    assert "permit=(Permit permit_id=7" in lines[7]
    assert "seal" in lines[12]


def test_cat_shows_what_was_asked_for(journal: Path) -> None:
    def seqs(*args: str) -> list[int]:
        rows = json.loads(twin("journal", "cat", journal, "--json", *args))["rows"]
        return [row["seq"] for row in rows]

    assert seqs("--from", "3", "--to", "5") == [3, 4, 5]
    assert seqs("--kind", "seal") == [11]
    assert seqs("--kind", "event", "-n", "2") == [1, 2]
    assert seqs("--order", "5") == [4, 6]
    assert seqs("--order", "99") == []


def test_cat_shows_all_fields_as_json(journal: Path) -> None:
    rows = json.loads(twin("journal", "cat", journal, "--from", "6", "--to", "6", "--json"))["rows"]

    (row,) = rows
    assert row["message"]["bids"][0] == [58_000, 100]
    assert row["commands"][0]["command"]["order_id"] == submit(5).command.order_id  # type: ignore[union-attr]
    assert row["decisions"][0]["sized"]["factors"] == [["volatility", 900_000]]


def test_cat_shows_every_type_of_record(tmp_path: Path) -> None:
    path = tmp_path / "b.journal"
    path.write_bytes(sample(40).data)

    for kind in ("header", "snapshot", "restart", "seal"):
        rows = json.loads(twin("journal", "cat", path, "--kind", kind, "--json"))["rows"]
        assert [row["record"] for row in rows] == [kind]
        assert kind in twin("journal", "cat", path, "--kind", kind)


def test_cat_says_when_there_is_more(journal: Path) -> None:
    def noted(count: int) -> bool:
        done = CliRunner().invoke(cli.app, ["journal", "cat", str(journal), "-n", str(count)])
        return "more records than" in done.stderr

    assert [noted(count) for count in (11, 12, 13)] == [True, False, False]


def test_cat_shows_what_is_good_and_exits_with_one(journal: Path) -> None:
    data = bytearray(journal.read_bytes())
    data[-1] ^= 4
    journal.write_bytes(data)

    rows = json.loads(twin("journal", "cat", journal, "--json", code=EXIT_DOES_NOT_HOLD))["rows"]

    assert [row["seq"] for row in rows] == list(range(11))


def test_cat_of_a_file_that_is_no_journal_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"not a journal")

    assert twin("journal", "cat", path, code=EXIT_DOES_NOT_HOLD).strip() == ""
