"""A predator learns what comes by the clock, and finds little in what does not."""

import re

import pytest

from market.errors import InputError
from research.footprint import footprint, hunt, jittered
from scenarios.schema import load_scenario, parse_scenario

TABLE = """
[hosts.stack.strategies.execution]
child_lots_max = 5_000
algo = "twap"

[hosts.stack.strategies.execution.schedule]
over = "9m"
slices = 54
daily_volume_lots = 100_000_000
jitter_size_ppm = 3

[hosts.stack.gate.instruments.SYN]"""


def test_a_predator_lives_off_the_clock_and_not_off_drawn_slices() -> None:
    found = footprint(seeds=2)

    assert found.clockwork.low > 0.0 >= found.randomised.mean
    assert found.randomised_is_safer
    lots = found.traded_lots
    assert lots["predator, randomised"] < lots["predator, clockwork"] / 10
    # Both wanted the same; only when and in which pieces was drawn.
    assert lots["victim, randomised"] == pytest.approx(lots["victim, clockwork"], rel=0.01)
    # A large order pays for its size in both, and no fill is free.
    assert found.victim_clockwork.low > 0.0
    assert found.victim_randomised.low > 0.0


@pytest.mark.nightly
def test_over_twenty_seeds_all_of_the_interval_lies_above_zero() -> None:
    found = footprint(seeds=20, jobs=2)

    assert found.randomised_is_safer
    assert found.clockwork.above_zero


def test_a_run_repeats() -> None:
    assert hunt(("footprint", 3, 0, 0)) == hunt(("footprint", 3, 0, 0))


def drawn_of(text: str) -> list[tuple[int, int]]:
    schedules = [
        one.execution.schedule
        for host in parse_scenario(text, "it").hosts
        for one in (host.stack.strategies if host.stack is not None else ())
    ]
    return [(one.jitter_time_ppm, one.jitter_size_ppm) for one in schedules]  # type: ignore[union-attr]


def test_schedules_are_drawn_however_they_are_written() -> None:
    _, text, where = load_scenario("footprint")
    assert drawn_of(text) == [(0, 0)]
    without = re.sub(r"(?m)^execution = .*$", "", text)
    in_table = without.replace("[hosts.stack.gate.instruments.SYN]", TABLE)
    assert drawn_of(in_table) == [(0, 3)]
    twice = jittered(text, where, 1, 2)

    for written in (text, in_table, twice):
        assert drawn_of(jittered(written, where, 900_000, 500_000)) == [(900_000, 500_000)]
    # Nothing else is changed.
    assert parse_scenario(jittered(twice, where, 0, 0), where) == parse_scenario(text, where)


def test_a_scenario_without_a_schedule_or_a_predator_is_refused() -> None:
    quoted = load_scenario("footprint")[1].replace("schedule = {", '"schedule" = {')
    with pytest.raises(InputError, match="no strategy with a schedule"):
        jittered(*load_scenario("calm")[1:], 1, 1)
    with pytest.raises(InputError, match="found a schedule in other words"):
        jittered(quoted, "it", 1, 1)
    with pytest.raises(InputError, match="allowed is one named predator"):
        hunt(("calm", 1, 0, 0))
