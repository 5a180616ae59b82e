"""Limits that somebody types wrong while a desk runs, and the ceilings that must hold all the same."""

import tomllib
from importlib import resources
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import pytest

import chaos.drills
from chaos.result import Verdict
from chaos.run import Drilled, run_drill
from chaos.world import EventsInMemory
from desk.gate.episodes import GateMode
from desk.limits import CEILINGS
from desk.limits.ceilings import Ceilings
from desk.oversight.codes import AlertCode
from market.codes import OperatorAction
from market.decisions import PPM
from market.errors import InputError
from scenarios.build import Assembly
from scenarios.run_journal import RunWriter
from scenarios.schema import scenario_of
from sim.recorder import Event, EventKind

FOLDER = Path(next(iter(chaos.drills.__path__)))
LIBRARY = Path(str(resources.files("scenarios") / "library"))
NAME = "limits_off_by_1000"
S = 1_000_000_000


def run(name: str | Path) -> Drilled:
    return run_drill(name, wall_ns=perf_counter_ns, with_twin=False)


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """The drill with some of its text replaced."""
    text = (FOLDER / f"{NAME}.toml").read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / f"{NAME}.toml"
    path.write_text(text)
    return path


# --- the drill --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drilled() -> Drilled:
    return run(NAME)


def test_the_drill_passes_because_ceilings_hold(drilled: Drilled) -> None:
    assert drilled.result.reasons == []
    [audit] = drilled.played.history.audit.values()
    assert sum(audit.refusals.get(code, 0) for code in CEILINGS) >= 20


def test_a_person_is_called_for_the_limits_and_not_again_for_what_follows(drilled: Drilled) -> None:
    alerts = [one for one in drilled.played.history.events if one.kind == EventKind.ALERT]
    calls = [one.detail for one in alerts if one.leaves_lots]
    assert calls == [AlertCode.LIMITS_CHANGED]
    assert AlertCode.CEILING_REACHED in {one.detail for one in alerts}


def test_with_ceilings_a_thousand_times_too_high_the_drill_fails(tmp_path: Path) -> None:
    _, ceilings = (
        (FOLDER / f"{NAME}.toml").read_text().split("[overrides.hosts.desk.stack.ceilings]")
    )
    written = ceilings[: ceilings.index("[[overrides.monitors]]")]
    open_sky = written.replace("= 250\n", "= 250_000\n").replace("= 120\n", "= 120_000\n")
    path = changed(tmp_path, (written, open_sky.replace("= 150\n", "= 10_000\n")))

    result = run(path).result

    assert result.verdict is Verdict.FAIL
    violated = {one.id for one in result.invariants if one.count}
    assert {"I-RISK-1", "I-RISK-4"} <= violated


def test_without_the_check_of_the_ceilings_the_drill_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ceilings, "refusal", lambda *_: None)

    result = run(NAME).result

    assert result.verdict is Verdict.FAIL
    assert "I-RISK-4" in {one.id for one in result.invariants if one.count}


def test_where_no_ceilings_are_written_the_limits_of_the_start_are(tmp_path: Path) -> None:
    text = (FOLDER / f"{NAME}.toml").read_text()
    start = text.index("# One desk's worth of room")
    path = changed(tmp_path, (text[start : text.index("[[overrides.monitors]]")], ""))

    assert run(path).result.reasons == []


# --- the fault point ----------------------------------------------------------------------------------------------


def typed(name: str, at: str, severity: int, **more: Any) -> dict[str, Any]:
    kind = {"kind": "O-03", "target": "desk.limits"}
    return {"name": name, "at": at, "severity": severity, **kind, **more}


def world(*faults: dict[str, Any], **host: Any) -> tuple[Assembly, EventsInMemory]:
    table = tomllib.loads((LIBRARY / "drill_base.toml").read_text())
    table["run"]["duration"] = "12s"
    del table["hosts"][0]["stack"]["flat_before_end"]
    table["hosts"][0] |= host
    table["faults"] = list(faults)
    sink = EventsInMemory()
    scenario = scenario_of(table, "limits.toml", LIBRARY)
    return Assembly(scenario, None, 7, sink, journal=lambda _: RunWriter(None)), sink


def test_the_last_that_was_typed_is_in_force_until_it_is_taken_back() -> None:
    assembly, sink = world(
        typed("one", "2s", 5 * PPM, duration="6s"),
        typed("two", "4s", 9 * PPM, duration="2s"),
        typed("last", "10s", PPM // 2),
    )
    desk, found = assembly.desks[0], []
    for second in (1, 3, 5, 7, 9, 11):
        assembly.clock.run_until(assembly.start_ns + second * S)
        found.append((desk.gate.limits_ppm, desk.limits.limits_ppm))
    assembly.recorder.flush()

    whole = PPM
    factors = (whole, 5 * PPM, 9 * PPM, 5 * PPM, whole, PPM // 2)
    assert found == [(one, one) for one in factors]
    assert [one.hits for one in assembly.faults.outcomes(assembly)] == [1, 1, 1]
    words = [
        one for one in map(Event._make, sink.rows().tolist()) if one.kind == EventKind.INSTRUCTED
    ]
    assert [one.detail for one in words] == [OperatorAction.SET_LIMITS] * 5


def test_a_dead_machine_hears_nothing() -> None:
    dies = {"name": "dies", "kind": "P-01", "target": "desk", "at": "1s"}
    assembly, _ = world(dies, typed("late", "2s", 1_000 * PPM))
    assembly.clock.run_until(assembly.end_ns)

    assert {one.name: one.hits for one in assembly.faults.outcomes(assembly)}["late"] == 0
    assert assembly.desks[0].gate.limits_ppm == PPM


def test_a_stand_by_that_takes_over_has_the_limits_that_its_primary_was_told() -> None:
    dies = {"name": "dies", "kind": "P-01", "target": "desk", "at": "4s"}
    assembly, _ = world(typed("one", "2s", 7 * PPM), dies, standby={"name": "standby"})
    assembly.clock.run_until(assembly.end_ns)

    standby = assembly.desks[1]
    assert (standby.gate.limits_ppm, standby.limits.limits_ppm) == (7 * PPM, 7 * PPM)


def test_a_process_that_starts_again_has_them_too_and_hears_when_they_are_set_back() -> None:
    dies = {"name": "dies", "kind": "P-01", "target": "desk", "at": "4s", "duration": "1s"}
    assembly, _ = world(typed("one", "2s", 7 * PPM, duration="7s"), dies, session={})
    before = assembly.desks[0]
    assembly.clock.run_until(assembly.start_ns + 8 * S)
    desk = assembly.desks[0]
    assert desk is not before
    assert (desk.gate.limits_ppm, desk.limits.limits_ppm) == (7 * PPM, 7 * PPM)

    assembly.clock.run_until(assembly.end_ns)

    assert (desk.gate.limits_ppm, desk.limits.limits_ppm) == (PPM, PPM)


@pytest.mark.parametrize(
    ("fault", "factor", "hits"),
    [
        (typed("one", "2s", 7 * PPM, duration="2500ms"), PPM, 1),  # taken back while it is dead
        (typed("one", "4500ms", 7 * PPM), 7 * PPM, 1),  # typed while it is dead
        (typed("one", "4500ms", 7 * PPM, duration="200ms"), PPM, 0),  # both
        (typed("one", "3999950us", 7 * PPM), 7 * PPM, 2),  # heard, and not durable when it dies
    ],
)
def test_what_a_dead_machine_did_not_hear_is_said_again_when_it_is_back(
    fault: dict[str, Any], factor: int, hits: int
) -> None:
    dies = {"name": "dies", "kind": "P-01", "target": "desk", "at": "4s", "duration": "1s"}
    assembly, _ = world(fault, dies, session={})
    assembly.clock.run_until(assembly.end_ns)

    desk = assembly.desks[0]
    assert (desk.gate.limits_ppm, desk.limits.limits_ppm) == (factor, factor)
    assert {one.name: one.hits for one in assembly.faults.outcomes(assembly)}["one"] == hits


@pytest.mark.parametrize(("at", "words"), [("3s", 1), ("4500ms", 1), ("3999950us", 2)])
def test_a_kill_that_a_dead_machine_did_not_hear_is_pressed_again_when_it_is_back(
    at: str, words: int
) -> None:
    dies = {"name": "dies", "kind": "P-01", "target": "desk", "at": "4s", "duration": "1s"}
    kill = {"name": "kill", "kind": "O-07", "target": "desk.operator", "at": at}
    assembly, sink = world(kill | {"severity": "1ns"}, dies, session={})
    assembly.clock.run_until(assembly.end_ns)
    assembly.recorder.flush()

    assert assembly.desks[0].gate.data.mode is GateMode.KILLED
    events = [Event._make(one) for one in sink.rows().tolist()]
    back_ns = next(one.time_ns for one in events if one.kind == EventKind.RESTARTED)
    assert not [one for one in events if one.kind == EventKind.SUBMIT and one.time_ns >= back_ns]
    assert sum(one.kind == EventKind.INSTRUCTED for one in events) == words


def test_limits_are_typed_at_a_desk_and_nowhere_else() -> None:
    with pytest.raises(InputError, match=r"desk\.limits"):
        world(typed("one", "2s", PPM) | {"target": "desk.orders"})
