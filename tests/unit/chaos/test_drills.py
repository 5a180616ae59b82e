"""Drills run, and what they come to is told by exit codes."""

from pathlib import Path
from time import perf_counter_ns

import pytest

from chaos.drill import load_drill, plan_drill
from chaos.result import Verdict
from chaos.run import run_drill
from market.errors import InputError

TEXT = """
format_version = 1
name = "quiet"
title = "A cut"
story = "A cut."
scenario = "drill_base"
[phases]
warm_up = "3s"
faults = "3s"
heal = "2s"
quiet = "3s"
[[faults]]
name = "cut"
kind = "gateway_disconnect"
target = "desk"
at = "4s"
duration = "1s"
"""


def test_a_drill_that_meets_its_danger_passes() -> None:
    drilled = run_drill("slow_acks", wall_ns=perf_counter_ns)

    assert drilled.result.reasons == []
    assert drilled.result.verdict is Verdict.PASS
    assert drilled.result.cost is not None
    assert drilled.result.cost.differ_from_ns >= load_drill("slow_acks").drill.phases.warm_up_ns


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('at = "4s"', 'at = "1s"', "allowed is a beginning from 3s to 6s"),
        ('duration = "1s"', 'duration = "5s"', "an end up to 8s"),
        ("[[faults]]", "[expect]\nbites = { other = 1 }\n[[faults]]", "allowed is cut"),
        ("[phases]", "[overrides.hosts.nobody]\nstale = '1s'\n[phases]", "allowed is desk or *"),
        ("[phases]", "without = ['hosts.desk.nothing']\n[phases]", "found nothing there"),
        ('warm_up = "3s"', 'warm_up = "0s"', "warm_up"),
        ('scenario = "drill_base"', 'scenario = "none"', "scenario: found 'none'"),
        ('kind = "gateway_disconnect"', 'kind = "boom"', "kind: found 'boom'"),
    ],
)
def test_a_drill_that_is_not_as_it_must_be_is_refused(before: str, after: str, says: str) -> None:
    assert before in TEXT
    with pytest.raises(InputError, match=".*".join(says.split("*"))):
        plan_drill(TEXT.replace(before, after, 1), "drill.toml")


@pytest.mark.parametrize(
    ("trigger", "duration", "reason"),
    [
        ('event = "committed.submit", count = 2, host = "desk"', "1s", "a beginning from 3s to 6s"),
        ('event = "fault_begun", after = "2500ms"', "1s", "a beginning from 3s to 6s"),
        ('event = "fault_begun", after = "1500ms"', "3s", "an end up to 8s"),
        ('event = "fault_begun", after = "1500ms"', "1s", ""),
    ],
)
def test_a_fault_that_an_event_began_outside_its_phase_leaves_the_drill_vacuous(
    tmp_path: Path, trigger: str, duration: str, reason: str
) -> None:
    path = tmp_path / "late.toml"
    path.write_text(
        TEXT + '[[faults]]\nname = "late"\nkind = "gateway_disconnect"\ntarget = "desk"\n'
        f'on = {{ {trigger} }}\nduration = "{duration}"\n'
    )
    result = run_drill(str(path), wall_ns=perf_counter_ns, with_twin=False).result

    placed = [one for one in result.reasons if one.startswith("fault 'late' was from ")]
    assert len(placed) == bool(reason)
    if reason:
        assert reason in placed[0]
        assert result.verdict is Verdict.VACUOUS
