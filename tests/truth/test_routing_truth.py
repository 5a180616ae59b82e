"""GOOG's day dealt to four venues, one of them toxic, and the router against each of them."""

from pathlib import Path

import pytest

from research.routing_study import BEST, ROUTER, routing_study
from scenarios.dealt import dealt_tape
from scenarios.schema import load_scenario
from sim.tape.cut import slice_tape
from sim.tape.read import Tape

pytestmark = pytest.mark.truth

MORNING_ENDS = "2012-06-21T10:30:00-04:00"
"""Long before what the published study judges."""


def test_the_dealt_day_has_the_shares_asked_for_and_a_venue_where_resting_is_dear(
    goog_tape: Tape, tmp_path: Path
) -> None:
    section = load_scenario("fragmented_goog")[0].split
    assert section is not None
    told = dealt_tape(goog_tape, section, tmp_path).meta.statistics
    shares = section.dealt()
    assert shares.toxic is not None
    orders = {name: told[f"orders_{name}"] for name in shares.venues}
    marked = {name: told[f"marked_{name}"] for name in shares.venues}

    for name, share in shares.venues.items():
        assert orders[name] / sum(orders.values()) == pytest.approx(float(share), abs=0.005)
    # Of marked orders it has its own share, and half of what would have gone elsewhere.
    wanted = 0.5 + 0.5 * float(shares.venues["V4"])
    assert marked["V4"] / sum(marked.values()) == pytest.approx(wanted, abs=0.03)


@pytest.mark.timeout(600)
def test_in_the_morning_the_router_is_judged_by_the_wishes_that_all_have(
    goog_tape: Tape, tmp_path: Path
) -> None:
    tape = tmp_path / "morning.tape.parquet"
    slice_tape(goog_tape.path, tape, end=MORNING_ENDS)
    found = routing_study("fragmented_goog", tape, after="10:00", ablation=False, jobs=2)
    by = {row.name: row for row in found.venues}

    assert found.judged >= 40
    assert by[ROUTER].filled > 0.9
    assert by[BEST].filled > 0.9
    assert {row.venue for row in found.by_venue if row.by == ROUTER} == {"V1", "V2", "V3", "V4"}
    assert {row.venue for row in found.by_venue if row.by == found.best_static} == {
        found.best_static.removeprefix("GOOG@")
    }


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_from_13_00_on_the_router_beats_every_venue_and_not_the_best_price(
    goog_tape: Tape,
) -> None:
    found = routing_study("fragmented_goog", goog_tape.path, ablation=False, jobs=2)

    assert found.judged >= 200
    assert found.beats_best_static
    assert not found.beats_best_price
