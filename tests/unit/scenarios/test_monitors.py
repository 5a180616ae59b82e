"""`[[monitors]]` in a run: who watches changes nothing, and what breaks is told in time and once."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chaos.world import EventsInMemory
from desk.gate import GateMode
from desk.oversight import AlertCode
from market.errors import InputError
from scenarios.build import Assembly
from scenarios.monitors import MONITOR_BASE
from scenarios.schema import scenario_of, scenario_text
from scenarios.sections import Scenario
from sim.recorder import Event, EventKind

S = 1_000_000_000
LINK = {"model": "constant", "latency": "1200us"}
WATCH = {"name": "watch", "compute": LINK, "feed": LINK, "readings": LINK, "words": LINK}
SEEN = frozenset((EventKind.ALERT, EventKind.INSTRUCTED))


def scenario(*faults: dict[str, str | int], watched: bool = True, **more: Any) -> Scenario:
    """Twenty seconds of the drills' world, with a monitor."""
    text, where = scenario_text("drill_base")
    table = tomllib.loads(text)
    table.pop("monitors", None)
    table["hosts"][0].pop("telemetry", None)
    table["run"]["duration"] = "20s"
    if watched:
        table["hosts"][0]["telemetry"] = "100ms"
        table["monitors"] = [{**WATCH, **more}]
    named = [{"name": f"fault_{at}", "at": "5s", **one} for at, one in enumerate(faults)]
    table["faults"] = named
    return scenario_of(table, where, Path(where).parent)


def run(one: Scenario) -> tuple[Assembly, list[Event]]:
    """Run it, with all events."""
    sink = EventsInMemory()
    assembly = Assembly(one, None, 7, sink)
    assembly.clock.run_until(assembly.end_ns)
    assembly.recorder.flush()
    return assembly, [Event(*row) for row in sink.rows().tolist()]


def test_who_is_watched_does_the_same() -> None:
    _, alone = run(scenario(watched=False))
    assembly, watched = run(scenario())

    assert [one for one in watched if one.host < MONITOR_BASE] == alone
    [summary] = assembly.monitors.summaries()
    assert (summary.pages, summary.words, summary.died) == (0, 0, False)
    assert summary.alerts == {}


def test_a_scenario_without_monitors_does_not_mention_them() -> None:
    fields = msgspec.to_builtins(scenario(watched=False))

    assert "monitors" not in fields
    assert "telemetry_ns" not in fields["hosts"][0]


BREAKS = {
    "F-01": {"target": "desk.feed", "duration": "5s", "severity": "600ms"},
    "G-01": {"target": "desk", "duration": "3s"},
    "G-03": {"target": "desk.reports", "duration": "3s"},
    "G-04": {"target": "desk.reports", "duration": "8s", "severity": "1500ms"},
    "P-01": {"target": "desk"},
    "P-03": {"target": "desk.compute", "duration": "3s"},
    "S-09": {"target": "desk.commit", "duration": "3s"},
}


@pytest.mark.parametrize("kind", BREAKS)
def test_what_breaks_is_told_within_five_seconds_with_one_call(kind: str) -> None:
    assembly, events = run(scenario({"kind": kind, **BREAKS[kind]}))

    alerts = [one for one in events if one.kind == EventKind.ALERT]
    assert alerts
    assert 0 <= alerts[0].time_ns - assembly.start_ns - 5 * S <= 5 * S
    assert sum(one.leaves_lots for one in alerts) == 1
    assert len(alerts) <= 6


def test_a_desk_that_does_not_hear_of_its_fills_is_told_to_stop() -> None:
    assembly, events = run(scenario({"kind": "G-03", **BREAKS["G-03"]}))

    codes = [AlertCode(one.detail) for one in events if one.kind == EventKind.ALERT]
    assert AlertCode.POSITION_BREAK in codes
    words = [one for one in events if one.kind == EventKind.INSTRUCTED]
    assert [one.leaves_lots for one in words] == [1]
    assert assembly.desks[0].gate.data.mode is GateMode.SAFE


def test_what_is_said_may_be_told_otherwise() -> None:
    one = scenario({"kind": "G-03", **BREAKS["G-03"]}, says={"position_break": "nothing"})
    _, events = run(one)

    assert not [one for one in events if one.kind == EventKind.INSTRUCTED]


def test_a_monitor_that_dies_is_missed_by_its_host() -> None:
    assembly, events = run(scenario({"kind": "P-01", "target": "watch"}))

    assert [(one.host, one.detail) for one in events if one.kind in SEEN] == [
        (0, AlertCode.MONITOR_SILENT)
    ]
    assert assembly.monitors.host_alerts() == {"MONITOR_SILENT": 1}
    [outcome] = assembly.faults.outcomes(assembly)
    assert outcome.hits > 0


def test_a_run_with_a_monitor_repeats() -> None:
    fault = {"kind": "G-03", **BREAKS["G-03"]}

    assert run(scenario(fault))[1] == run(scenario(fault))[1]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"hosts": ["nobody"]}, "monitors.0..hosts: found 'nobody', allowed is desk"),
        ({"books": ["CCC"]}, "monitors.0..books: found 'CCC'"),
        ({"style": "wild"}, "style: found 'wild', allowed is grouped, naive"),
        ({"says": {"loss": "rearm"}}, "says.loss: found 'rearm', allowed is kill"),
        ({"says": {"boom": "kill"}}, "says: found 'boom', allowed is"),
        ({"bounds": {"pages_max": 100}}, "pages_max is 100, allowed is up to 10"),
        ({"door": {"words_max": 0}}, "words_max is 0, allowed is 1 or more"),
        ({"inbox_max": 0}, "inbox_max is 0"),
        ({"name": "desk"}, "found 'desk' twice"),
        ({"pager": 1}, "unknown key 'pager'"),
    ],
)
def test_a_section_that_is_not_as_it_must_be_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        scenario(**more)


def test_a_monitor_without_readings_is_refused() -> None:
    text, where = scenario_text("drill_base")
    table = tomllib.loads(text)
    table["hosts"][0].pop("telemetry", None)
    table["monitors"] = [WATCH]

    with pytest.raises(InputError, match="no host with telemetry"):
        scenario_of(table, where, Path(where).parent)
