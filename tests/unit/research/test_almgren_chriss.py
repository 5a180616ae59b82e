"""The paper's example sold through the venue's own book costs what the paper's formula expects."""

from math import inf

import pytest

from research.almgren_chriss import (
    AVERSIONS,
    PAPER,
    almgren_chriss,
    engine_cost,
    whole_path,
)

PUBLISHED = {0.0: 662_500.00, 1e-6: 911_226.99, 2e-6: 1_140_715.17, inf: 2_562_500.00}
"""Expected costs of the example: exact where there is a closed form, else recomputed from the paper."""


@pytest.mark.parametrize("aversion", AVERSIONS)
def test_the_engine_charges_what_the_formula_expects(aversion: float) -> None:
    cost = engine_cost(whole_path(aversion))

    # Two percent is what is asked for; what is missing is the rounding of lasting moves to ticks.
    assert cost == pytest.approx(PUBLISHED[aversion], rel=0.02)
    assert cost == pytest.approx(PUBLISHED[aversion], rel=0.0005)


def test_the_schedule_is_the_published_one() -> None:
    assert whole_path(1e-6) == [1_000_000, 541_956, 289_854, 147_897, 62_142, 0]


def test_a_shallower_book_costs_more_than_the_formula_of_the_deeper_one() -> None:
    from msgspec.structs import replace

    path = whole_path(1e-6)
    shallow = replace(PAPER, eta=PAPER.eta * 1.25)

    assert engine_cost(path, shallow) > 1.1 * engine_cost(path)


def test_with_noise_the_mean_and_the_deviation_are_the_formula_s() -> None:
    found = almgren_chriss(seeds=120)

    # Over 120 days the mean has an error of a hundredth of the deviation times nine.
    assert abs(found.noisy.mean) < 3.5 * found.expected_deviation / 120**0.5
    assert found.deviation == pytest.approx(found.expected_deviation, rel=0.2)
