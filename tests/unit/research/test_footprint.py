"""A predator learns what comes by the clock, and finds little in what does not."""

import pytest

from market.errors import InputError
from research.footprint import footprint, hunt, jittered
from scenarios.schema import load_scenario


def test_a_predator_trades_and_earns_less_against_drawn_slices() -> None:
    found = footprint(seeds=6)

    assert found.difference.mean > 0.0
    lots = found.traded_lots
    assert lots["predator, randomised"] < lots["predator, clockwork"] / 2
    # Both wanted the same; only when and in which pieces was drawn.
    assert lots["victim, randomised"] == pytest.approx(lots["victim, clockwork"], rel=0.01)


@pytest.mark.nightly
def test_over_twenty_seeds_all_of_the_interval_lies_above_zero() -> None:
    assert footprint(seeds=20, jobs=2).randomised_is_safer


def test_a_run_repeats() -> None:
    assert hunt(("footprint", 3, 0, 0)) == hunt(("footprint", 3, 0, 0))


def test_a_scenario_without_a_schedule_or_a_predator_is_refused() -> None:
    with pytest.raises(InputError, match="no strategy with a schedule"):
        jittered(load_scenario("calm")[0], 1, 1)
    with pytest.raises(InputError, match="allowed is one named predator"):
        hunt(("calm", 1, 0, 0))
