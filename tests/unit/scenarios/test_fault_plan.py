"""`twin run --faults`: a plan in a file of its own is as if it stood in the scenario."""

from pathlib import Path

import pytest

from market.errors import InputError
from scenarios.fault_plan import with_plan
from scenarios.run import RunSummary, run_scenario
from scenarios.schema import load_scenario, scenario_digest

CALM = load_scenario("calm")[1].replace('duration = "1h"', 'duration = "1m"')
SLOW = """
[[faults]]
name = "slow"
kind = "F-01"
target = "desk.feed"
at = "20s"
duration = "10s"
severity = "500ms"
"""


def run(folder: Path, text: str, plan: Path | None = None) -> RunSummary:
    """Run a scenario in this process, quietly."""
    folder.mkdir(parents=True)
    path = folder / "calm.toml"
    path.write_text(text)
    return run_scenario(
        str(path),
        tape=None,
        seed=None,
        runs_dir=folder / "runs",
        progress=lambda _done, _total: None,
        announce=lambda _identity: None,
        wall_ns=lambda: 0,
        faults=plan,
    )


def test_a_plan_is_run_kept_and_identified_as_if_it_stood_in_the_scenario(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(f"# What breaks.\n{SLOW}")

    planned = run(tmp_path / "planned", CALM, plan)
    written = run(tmp_path / "written", CALM + SLOW)
    whole = run(tmp_path / "whole", CALM)

    assert [one.hits > 0 for one in planned.faults] == [True]
    assert planned.digest == written.digest != whole.digest
    assert planned.run_id == written.run_id != whole.run_id
    kept = (Path(planned.folder) / "scenario.toml").read_text()
    assert scenario_digest(kept) == scenario_digest(CALM + SLOW)


def test_a_plan_comes_to_the_scenarios_own_faults(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(SLOW.replace('"slow"', '"slower"'))

    assert with_plan(CALM + SLOW, "calm.toml", plan).count("[[faults]]") == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found nothing, allowed is [[faults]] alone"),
        ("[run]\nseed = 1\n" + SLOW, "found 'run', 'faults', allowed is [[faults]] alone"),
        ("faults = 1 1", "found no TOML"),
        ("faults = []", "faults: found none"),
        (f"faults = [{{ {', '.join(SLOW.split(chr(10))[2:-1])} }}]", "found faults as a list"),
        (SLOW.replace("F-01", "F-99"), "faults[0].kind: found 'F-99'"),
        (SLOW.replace("desk.feed", "dusk.feed"), "does not fit: "),
    ],
)
def test_a_wrong_plan_is_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(text)

    with pytest.raises(InputError) as error:
        with_plan(CALM, "calm.toml", plan)

    assert str(error.value).startswith(str(plan))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="allowed is a fault plan"):
        with_plan(CALM, "calm.toml", tmp_path / "nowhere.toml")
