"""Results go to standard output, all else to standard error; JSON is one object."""

import json
import logging
import re
import sys

import msgspec
import pytest

from console.output import NORMAL, QUIET, VERBOSE, Output, fields_of

FIELDS = {"rows": 147916, "rows_equal": 147916, "first_difference": None, "at": {"seed": 12345}}


def test_json_is_the_only_thing_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Output(as_json=True)
    terminal.identity({"seed": 7})
    terminal.note("working")

    terminal.result("done", FIELDS)

    out, err = capsys.readouterr()
    assert json.loads(out) == FIELDS
    assert err == "seed: 7\nworking\n"


def test_the_table_holds_every_field_of_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    Output().result("verify", FIELDS)

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "verify",
        "rows 147,916",
        "rows equal 147,916",
        "first difference –",
        "at seed 12345",
    ]


def test_a_list_of_records_is_a_table_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    hosts = [{"name": "quoter", "fills": 12_345}, {"name": "b", "fills": 6}]

    Output().result("summary", {"hosts": hosts, "orders": 7})

    assert capsys.readouterr().out.splitlines() == [
        "summary",
        "orders   7",
        "hosts",
        "name     fills",
        "quoter   12,345",
        "b        6",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "yes"), (False, "no"), (12.3456, "12.35"), (6_300_000.5, "6,300,000"), ([1, 2], "1, 2"),
     ([], "–"), ("a", "a")],
)  # fmt: skip
def test_values_are_written_for_a_reader(
    capsys: pytest.CaptureFixture[str], value: object, text: str
) -> None:
    Output().result("", {"x": value})

    assert f"x   {text}" == capsys.readouterr().out.rstrip("\n")


def test_identity_comes_first_and_is_part_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Output()
    terminal.identity({"run_id": "abc"})
    terminal.result("summary", {"fills": 3})

    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "run id   abc",
        "summary",
        "fills   3",
    ]


@pytest.mark.parametrize(
    ("verbosity", "said"),
    [(QUIET, ["e"]), (NORMAL, ["note", "w", "e"]), (VERBOSE, ["note", "i", "w", "e"])],
)
def test_verbosity_chooses_what_standard_error_hears(
    capsys: pytest.CaptureFixture[str], verbosity: int, said: list[str]
) -> None:
    terminal = Output(verbosity=verbosity)
    terminal.note("note")
    log = logging.getLogger("twin.run")
    log.info("i")
    log.warning("w")
    log.error("e")

    out, err = capsys.readouterr()
    assert out == ""
    assert said == [line.split()[-1] for line in err.splitlines()]


def test_quiet_work_reports_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with Output(verbosity=QUIET).progress("work", "rows") as tick:
        tick(5, 10)

    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_the_same_fields_are_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

    Output().result("verify", FIELDS)

    bare = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert (
        " ".join(bare.split())
        == "verify rows 147,916 rows equal 147,916 first difference – at seed 12345"
    )


def test_a_struct_becomes_its_fields_in_its_own_order() -> None:
    class Summary(msgspec.Struct):
        rows: int
        digest: str

    assert list(fields_of(Summary(2, "x")).items()) == [("rows", 2), ("digest", "x")]


def test_rows_are_aligned_under_their_heads_and_one_json_object(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows: list[dict[str, object]] = [{"a_b": 1, "c": "x"}, {"a_b": 22_222, "c": None}]

    Output().rows("title", rows, passes=True)
    Output(as_json=True).rows("title", rows, passes=True)

    out = capsys.readouterr().out
    assert out.startswith("title\na b    c\n1      x\n22222\npasses: yes\n{")
    assert json.loads(out[out.index("{") :]) == {"passes": True, "rows": rows}


def test_the_measures_of_one_thing_stand_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Output().result("", {"latencies": {"a": {"compute": {"count": 1_200, "p50_ns": 20_000}}}})

    assert capsys.readouterr().out == "latencies a compute   count 1,200  p50 20us\n"


PARTS: dict[str, dict[str, object]] = {
    "first_part": {"a_b": "x", "said": ["one", "two"], "none": []},
    "second": {"rows": [{"p_q": "1", "r": "2"}]},
}


def test_parts_are_tables_under_their_names_with_a_row_for_each_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output().sections(PARTS)

    assert capsys.readouterr().out.splitlines() == [
        "first part",
        "a b    x",
        "said   one",
        "       two",
        "none   –",
        "",
        "second",
        "rows",
        "p q   r",
        "1     2",
    ]


def test_parts_are_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).sections(PARTS)

    assert json.loads(capsys.readouterr().out) == PARTS
