"""The parts of every order on recorded days add up: the packaged scenarios that need a tape."""

from pathlib import Path

import pytest

from scenarios.schema import library_names
from sim.tape.read import Tape
from tests.scale.test_tca_runs import NEED_NO_TAPE, check, run

NEED_A_TAPE = tuple(name for name in library_names() if name not in NEED_NO_TAPE)


@pytest.mark.truth
@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", NEED_A_TAPE)
def test_the_parts_of_every_order_on_the_recorded_day_sum_to_the_whole(
    name: str, goog_tape: Tape, tmp_path: Path
) -> None:
    check(run(name, tmp_path, goog_tape.path))
