"""Suites run their drills, replays repeat them, and a drill that must fail does."""

from pathlib import Path
from time import perf_counter_ns

import msgspec
import numpy as np
import pytest

from chaos.drill import drill_names, load_drill, plan_drill
from chaos.replay import replay_drill
from chaos.result import DrillResult, SuiteResult, Verdict, worst
from chaos.run import EVENTS_FILE, read_result, run_drill, write_drill
from chaos.suite import BrokeOffError, Wanted, judged, load_suite, run_apart, run_suite, suite_names
from chaos.verdict import Judged
from market.errors import InputError
from scenarios.fault_effects import EFFECTS


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[SuiteResult, Path]:
    out = tmp_path_factory.mktemp("drills")
    return run_suite(load_suite("quick"), Wanted(jobs=2), out=out), out


def results(out: Path) -> list[DrillResult]:
    return [read_result(path.parent) for path in sorted(out.glob("*/result.json"))]


def test_the_five_quick_drills_come_out_as_they_must(quick: tuple[SuiteResult, Path]) -> None:
    found, _ = quick

    assert len(found.rows) == 5
    assert {row.drill: row.counted for row in found.rows} == dict.fromkeys(
        load_suite("quick").drills, Verdict.PASS
    )
    assert found.verdict is Verdict.PASS


def test_the_canary_fails_by_what_it_says(quick: tuple[SuiteResult, Path]) -> None:
    canaries = [one for one in results(quick[1]) if one.canary]

    assert [(one.name, one.verdict) for one in canaries] == [("blind_canary", Verdict.FAIL)]
    violated = [row for row in canaries[0].invariants if row.state == "violated"]
    assert violated[0].id == "I-RISK-3"
    witness = violated[0].violations[0].witness
    assert [row["event"] for row in witness] == ["view", "submit"]
    assert witness[1]["time_ns"] - witness[0]["venue_ns"] > 500_000_000


def test_a_canary_that_does_not_fail_fails_its_suite(quick: tuple[SuiteResult, Path]) -> None:
    passed = next(one for one in results(quick[1]) if one.verdict is Verdict.PASS)

    assert judged(passed) is Verdict.PASS
    assert judged(msgspec.structs.replace(passed, canary=["I-RISK-3"])) is Verdict.FAIL


def test_a_drill_that_breaks_off_fails_its_suite_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(name: str, *_: object) -> DrillResult:
        raise BrokeOffError(f"{name} broke off")

    monkeypatch.setattr("chaos.suite.run_apart", run)
    found = run_suite(load_suite("quick"), Wanted(jobs=2))

    assert found.verdict is Verdict.FAIL
    assert [row.reasons for row in found.rows] == [
        [f"{name} broke off"] for name in load_suite("quick").drills
    ]


def test_a_process_that_says_nothing_came_to_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")

    with pytest.raises(BrokeOffError, match="it broke off: it said nothing"):
        run_apart("slow_acks", None, Wanted(), tmp_path)


def test_another_process_comes_to_the_same(quick: tuple[SuiteResult, Path], tmp_path: Path) -> None:
    for before in [one for one in results(quick[1]) if one.name in ("slow_acks", "slow_host")]:
        again = run_apart(before.name, None, Wanted(twins=False), tmp_path)

        assert (again.digest, again.run_id) == (before.digest, before.run_id)


def test_a_replay_is_the_same_and_shows_the_first_event_that_is_not(
    quick: tuple[SuiteResult, Path],
) -> None:
    folder = next(quick[1].glob("feed_bursts-*"))

    again = replay_drill(folder, wall_ns=perf_counter_ns)
    events = np.load(folder / EVENTS_FILE)
    events[1_000, 0] += 1
    np.save(folder / EVENTS_FILE, events)
    result = msgspec.structs.replace(again.before, digest="0")
    (folder / "result.json").write_bytes(msgspec.json.encode(result))
    changed = replay_drill(folder, wall_ns=perf_counter_ns)

    assert again.differences == []
    assert changed.differences[0].startswith("event 1000: was {")
    assert changed.differences[1].startswith("digest: was 0, is ")


TEXT = """
format_version = 1
name = "tame"
title = "A fault that bites nobody"
story = "Nothing happens."
scenario = "drill_base"
[phases]
warm_up = "2s"
faults = "2s"
heal = "1s"
quiet = "2s"
[[faults]]
name = "slow"
kind = "store_slow"
target = "desk.commit"
at = "2s"
duration = "1s"
severity = "10us"
[expect]
"""


def verdict_of(text: str, tmp_path: Path) -> tuple[Verdict, list[str]]:
    path = tmp_path / "tame.toml"
    path.write_text(text, encoding="utf-8")
    result = run_drill(path, wall_ns=perf_counter_ns, with_twin=False).result
    return result.verdict, result.reasons


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        ("bites = { slow = 100000 }", "fault 'slow' bit "),
        ('marks = ["crashed"]', "mark crashed was never reached"),
        ('invariants = ["I-HA-3"]', "I-HA-3 had nothing to check"),
    ],
)
def test_what_was_not_put_to_the_test_is_vacuous(expect: str, reason: str, tmp_path: Path) -> None:
    assert verdict_of(TEXT, tmp_path)[0] is Verdict.PASS

    verdict, reasons = verdict_of(TEXT + expect, tmp_path)

    assert verdict is Verdict.VACUOUS
    assert any(reason in one for one in reasons)


def test_a_tape_is_given_to_drills_that_need_one_and_to_no_other(tmp_path: Path) -> None:
    path = tmp_path / "tame.toml"
    path.write_text(TEXT.replace("[phases]", "needs_tape = true\n[phases]"), encoding="utf-8")
    with pytest.raises(InputError, match="found tape none, allowed is --tape FILE"):
        run_drill(path, wall_ns=perf_counter_ns)
    with pytest.raises(InputError, match="allowed is none: it has a flow"):
        run_drill("slow_acks", tape=path, wall_ns=perf_counter_ns)


def test_verdicts_go_from_good_to_bad() -> None:
    assert worst([Verdict.PASS, Verdict.VACUOUS]) is Verdict.VACUOUS
    assert worst([Verdict.FAIL, Verdict.VACUOUS]) is Verdict.FAIL
    assert [one.exit_code for one in Verdict] == [0, 3, 1]


def test_a_run_and_its_twin_are_the_same_until_the_first_fault(tmp_path: Path) -> None:
    path = tmp_path / "tame.toml"
    text = TEXT.replace("10us", "10ms").replace('quiet = "2s"', 'quiet = "12s"')
    text = text.replace('warm_up = "2s"', 'warm_up = "20s"').replace('at = "2s"', 'at = "20s"')
    path.write_text(text, encoding="utf-8")
    drilled = run_drill(path, wall_ns=perf_counter_ns)

    cost = drilled.result.cost
    assert cost is not None
    assert drilled.twin is not None
    assert cost.differ_from_ns >= 20_000_000_000
    found = {row.id: row.state for row in drilled.result.invariants}
    assert found["I-PERF-1"] == "held"
    early = Judged(drilled.played.history, drilled.plan.drill, 19_999_999_999)
    assert early.verdict is Verdict.FAIL
    assert early.reasons[0].startswith("I-PERF-1: the twin differs from 19999999999 ns on")
    until = drilled.played.history.start_ns + 20_000_000_000
    one, other = (run.events[run.events[:, 0] < until] for run in (drilled.played, drilled.twin))
    assert len(one) > 100
    assert np.array_equal(one, other)


@pytest.mark.parametrize("name", drill_names())
def test_every_packaged_drill_is_as_it_must_be(name: str) -> None:
    plan = load_drill(name)

    assert plan.drill.name == name
    assert plan.scenario.faults
    assert plan.drill.answers
    assert plan.drill.expect.invariants or plan.drill.expect.violated
    assert plan.drill.story.strip()


def test_every_packaged_suite_can_be_read_and_the_release_has_every_drill() -> None:
    assert {name: bool(load_suite(name).drills) for name in suite_names()} == {
        "pre-release": True,
        "quick": True,
    }
    alone = [name for name in drill_names() if not load_drill(name).drill.needs_tape]
    assert sorted(load_suite("pre-release").drills) == alone


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "a"\ntitle = "A"\ndrills = ["none"]', "found 'none'"),
        ('name = "a"\ntitle = "A"\ndrills = []', "found none"),
        ('name = "a"\ntitle = "A"\ndrills = ["slow_acks"]\nseeds = { b = 1 }', "found 'b'"),
        ('name = "a"\ndrills = ["slow_acks"]', "found no 'title'"),
    ],
)
def test_a_suite_that_is_not_as_it_must_be_is_refused(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        load_suite(path)


def test_the_folder_of_a_drill_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "tame.toml"
    path.write_text(TEXT, encoding="utf-8")
    drilled = run_drill(path, wall_ns=perf_counter_ns, with_twin=False)

    folder = write_drill(tmp_path / "kept", drilled)

    assert read_result(folder) == drilled.result
    assert plan_drill((folder / "drill.toml").read_text("utf-8"), str(folder)).digest == (
        drilled.plan.digest
    )
    with pytest.raises(InputError, match="allowed is the folder of a drill"):
        read_result(tmp_path)


# --- what takes minutes -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[SuiteResult, list[DrillResult]]:
    out = tmp_path_factory.mktemp("everything")
    found = run_suite(load_suite("pre-release"), Wanted(jobs=2), out=out)
    return found, results(out)


@pytest.mark.nightly
def test_every_drill_comes_out_as_it_must(
    everything: tuple[SuiteResult, list[DrillResult]],
) -> None:
    assert {row.drill: row.reasons for row in everything[0].rows if row.counted.rank} == {}


@pytest.mark.nightly
def test_every_kind_of_fault_bites(everything: tuple[SuiteResult, list[DrillResult]]) -> None:
    bit = {row.kind for one in everything[1] for row in one.faults if row.hits}

    assert {kind.value for kind in EFFECTS} - bit == set()


@pytest.mark.nightly
def test_every_invariant_has_met_its_danger(
    everything: tuple[SuiteResult, list[DrillResult]],
) -> None:
    met = {
        row.id for one in everything[1] for row in one.invariants if row.checks and row.mark_hits
    }

    assert {row.id for one in everything[1] for row in one.invariants} - met == set()


@pytest.mark.nightly
@pytest.mark.parametrize("name", load_suite("pre-release").drills)
def test_every_drill_has_one_digest_in_two_processes(
    name: str, everything: tuple[SuiteResult, list[DrillResult]], tmp_path: Path
) -> None:
    before = next(one for one in everything[1] if one.name == name)

    again = run_apart(name, None, Wanted(twins=False), tmp_path)

    assert (again.run_id, again.digest, again.verdict) == (
        before.run_id,
        before.digest,
        before.verdict,
    )
