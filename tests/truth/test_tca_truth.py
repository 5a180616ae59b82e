"""The parts of every order on recorded days add up: the packaged scenarios that need a tape."""

from pathlib import Path

import pytest

import scenarios.run
from scenarios.build import Assembly
from scenarios.schema import library_names
from sim.tape.read import Tape
from tests.scale.test_tca_runs import NEED_NO_TAPE, check, run

NEED_A_TAPE = tuple(name for name in library_names() if name not in NEED_NO_TAPE)


@pytest.mark.truth
@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", NEED_A_TAPE)
def test_the_parts_of_every_order_on_the_recorded_day_sum_to_the_whole(
    name: str, goog_tape: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks_x2: dict[str, int] = {}
    mid_x2 = scenarios.run._mid_x2

    def noted(assembly: Assembly, book_id: int) -> int | None:
        for each, book in enumerate(assembly.instruments):
            found = mid_x2(assembly, each)
            assert found is not None
            marks_x2[book.venue] = found * book.tick_units
        return mid_x2(assembly, book_id)

    monkeypatch.setattr(scenarios.run, "_mid_x2", noted)
    summary = run(name, tmp_path, goog_tape.path)
    # Where nothing is held in the end nobody asks for a mark, and none is needed.
    check(summary, marks_x2 or None)
