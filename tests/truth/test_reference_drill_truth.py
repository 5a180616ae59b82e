"""The reference drill: a recorded day with a stand-by and a monitor, and how fast it goes."""

import time

import pytest

from chaos.result import DrillResult, Verdict
from chaos.run import run_drill
from sim.tape.read import Tape

pytestmark = pytest.mark.truth

LEAST_FACTOR = 200
"""Times faster than real time, on one core."""


@pytest.fixture(scope="module")
def result(goog_tape: Tape) -> DrillResult:
    """The drill without its twin."""
    return run_drill(
        "reference_day", tape=goog_tape.path, wall_ns=time.perf_counter_ns, with_twin=False
    ).result


def test_the_reference_drill_passes_and_its_stand_by_took_over(result: DrillResult) -> None:
    assert result.verdict is Verdict.PASS, result
    hits = {one.name: one.hits for one in result.faults}
    assert hits["late"] > 100
    assert hits["dies"] > 0


def test_the_reference_drill_is_much_faster_than_real_time(result: DrillResult) -> None:
    assert result.simulated_to_real >= LEAST_FACTOR
