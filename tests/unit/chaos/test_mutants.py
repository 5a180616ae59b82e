"""Planted bugs are found: five of them with every run of the suite, all of them by night."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from chaos.drill import drill_names, load_drill
from chaos.hunt import BROKE_OFF, DrillRun, Kill, hunt, kill_of, run_worker
from chaos.invariants import invariant_named
from chaos.mutants import Mutant, mutant_named, zoo
from chaos.result import SuiteResult, Verdict
from market.errors import InputError

FIVE = (
    "buys_in_flight_not_counted",
    "age_counts_from_arrival",
    "commit_not_waited_for",
    "restart_forgets_the_gate",
    "limits_let_any_position_grow",
)
"""One for each danger that matters most: exposure, old prices, the journal, recovery, the last check."""

SECONDS_MAX = 30
JOBS = min(2, os.cpu_count() or 1)

ONE = Mutant(
    name="one",
    module="desk.feed",
    before="a = 1",
    after="a = 2",
    danger="d",
    invariants=["I-RISK-3", "I-FEED-1"],
    drills=["first", "second"],
)


def killing_of(*runs: DrillRun, unfit: DrillRun | None = None) -> Kill:
    return kill_of(ONE, runs, {} if unfit is None else {unfit.drill: unfit}, 1.0)


def test_every_bug_is_about_invariants_and_drills_that_there_are() -> None:
    known = set(drill_names())
    for one in zoo():
        assert set(one.drills) <= known, one.name
        for name in one.invariants:
            invariant_named(name)
        for name in one.drills:
            assert not load_drill(name).drill.expect.violated, f"{one.name}: {name} is a canary"


def test_a_bug_is_killed_by_its_own_invariant_and_by_nothing_else() -> None:
    told = killing_of(
        DrillRun(drill="first", verdict="FAIL", violated=["I-POS-1"], reasons=["I-POS-1: no"]),
        DrillRun(
            drill="second",
            verdict="FAIL",
            violated=["I-FEED-1", "I-ORD-1"],
            reasons=["I-ORD-1: no", "I-FEED-1: late (and 2 more)"],
        ),
    )
    assert (told.killed, told.drill, told.violated) == (True, "second", ["I-FEED-1"])
    assert told.others == ["I-ORD-1", "I-POS-1"]
    assert told.witness == "I-FEED-1: late (and 2 more)"


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (DrillRun(drill="first", verdict="VACUOUS", reasons=["nothing bit"]), ""),
        (DrillRun(drill="first", verdict="FAIL", violated=["I-POS-1"]), ""),
        (DrillRun(drill="first", verdict=BROKE_OFF, error="KeyError"), "first broke off: KeyError"),
    ],
)
def test_what_is_no_violation_of_its_own_kills_nothing(run: DrillRun, says: str) -> None:
    told = killing_of(run)

    assert not told.killed
    assert (told.drill, told.violated, told.error) == ("", [], says)


def test_a_drill_that_does_not_pass_by_itself_finds_nothing() -> None:
    told = killing_of(unfit=DrillRun(drill="first", verdict=BROKE_OFF, error="KeyError: 7"))

    assert not told.killed
    assert told.error == "first does not pass without it: KeyError: 7"


def test_a_drill_that_fails_without_the_bug_is_not_run_with_it() -> None:
    told = hunt([msgspec.structs.replace(mutant_named(FIVE[0]), drills=["blind_canary"])])

    assert [(one.killed, one.tried) for one in told] == [(False, [])]


def test_a_bug_that_cannot_be_planted_survives_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(drill: str, planted: str = "") -> DrillRun:
        if planted == "gone":
            raise InputError("planted bug 'gone': found its place 0 times")
        violated = ["I-RISK-3"] if planted else []
        return DrillRun(drill=drill, verdict="FAIL" if planted else "PASS", violated=violated)

    monkeypatch.setattr("chaos.hunt.run_worker", run)
    told = hunt([msgspec.structs.replace(ONE, name="gone"), ONE])

    assert [one.killed for one in told] == [False, True]
    assert told[0].error == "first broke off: planted bug 'gone': found its place 0 times"


def test_a_worker_that_dies_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_args: object, **_more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "Traceback\nKeyError: 7\n")

    monkeypatch.setattr("chaos.hunt.subprocess.run", dies)
    assert run_worker("any") == DrillRun(drill="any", verdict=BROKE_OFF, error="KeyError: 7")


def test_five_planted_bugs_are_found() -> None:
    kills = hunt([mutant_named(name) for name in FIVE], jobs=JOBS)

    assert [one.name for one in kills] == list(FIVE)
    assert [one.name for one in kills if not one.killed] == []


def test_a_planted_bug_fails_a_drill_on_the_command_line() -> None:
    command = [sys.executable, "-m", "cli", "drill", "run", "slow_acks", "--no-twin", "--json"]
    done = subprocess.run(
        [*command, "--planted", "buys_in_flight_not_counted"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    told = msgspec.json.decode(done.stdout)
    assert told["verdict"] == "FAIL"
    assert told["planted"] == ["buys_in_flight_not_counted"]
    assert told["identity"]["code_digest"].endswith("+buys_in_flight_not_counted")


def suite_of(*drills: str, folder: Path, planted: str = "") -> tuple[int, SuiteResult]:
    """Run a suite on the command line; its exit code, and what it says."""
    path = folder / "suite.toml"
    names = ", ".join(f'"{one}"' for one in drills)
    path.write_text(f'name = "few"\ntitle = "Few"\ndrills = [{names}]\n', encoding="utf-8")
    command = [sys.executable, "-m", "cli", "drill", "suite", str(path), "--no-twin", "--json"]
    command += ["--planted", planted] if planted else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    return done.returncode, msgspec.json.decode(done.stdout, type=SuiteResult)


def test_a_planted_bug_fails_its_suite_by_the_drill_that_finds_it(tmp_path: Path) -> None:
    drills = ("slow_acks", "slow_host")

    clean, _ = suite_of(*drills, folder=tmp_path)
    code, found = suite_of(*drills, folder=tmp_path, planted="fees_not_in_cash")

    assert (clean, code) == (0, 1)
    assert found.planted == "fees_not_in_cash"
    assert found.verdict is Verdict.FAIL
    reasons = {row.drill: row.reasons for row in found.rows if row.counted is Verdict.FAIL}
    assert any(one.startswith("I-POS-1:") for one in reasons["slow_acks"])


@pytest.mark.nightly
@pytest.mark.timeout(900)  # the first of them may have to compile
@pytest.mark.parametrize("mutant", zoo(), ids=lambda one: one.name)
def test_every_planted_bug_fails_the_suite_of_its_drills(mutant: Mutant, tmp_path: Path) -> None:
    code, found = suite_of(*mutant.drills, folder=tmp_path, planted=mutant.name)

    assert (code, found.verdict) == (1, Verdict.FAIL)
    said = [one.partition(":")[0] for row in found.rows for one in row.reasons]
    assert set(mutant.invariants) & set(said)


@pytest.mark.nightly
def test_every_planted_bug_is_found_within_half_a_minute() -> None:
    kills = hunt(zoo(), jobs=JOBS)

    survivors = {one.name: (one.tried, one.others, one.error) for one in kills if not one.killed}
    assert survivors == {}
    assert {one.name: one.wall_s for one in kills if one.wall_s > SECONDS_MAX} == {}
    assert len(kills) >= 20
