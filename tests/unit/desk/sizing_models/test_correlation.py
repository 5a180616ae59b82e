"""Contributions against Euler's formula in floats, and multipliers by hand."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.sizing_models.correlation import (
    contribution_factor,
    diversification_ppm,
    portfolio_ppm,
)
from market.decisions import PPM


def share(x: float, rest: float, rho: float) -> float:
    return x * (x + rho * rest) / sqrt(rest * rest + 2 * rho * rest * x + x * x)


def test_the_only_position_contributes_what_it_is() -> None:
    assert contribution_factor(5_000, 0, 0).ppm == PPM


def test_a_twin_of_what_is_there_counts_fully() -> None:
    # ρ = 1: x·(x + s)/(x + s) = x, so nothing has to be changed.
    assert contribution_factor(5_000, 80_000, PPM).ppm == PPM


def test_an_independent_position_may_be_larger_if_that_is_allowed() -> None:
    # ρ = 0, s = 0.5 %, c = 0.5 %: x²/√(s² + x²) = c, so (x/c)² = (1 + √5)/2.
    found = contribution_factor(5_000, 5_000, 0, 10 * PPM).ppm
    assert found == pytest.approx(sqrt((1 + sqrt(5)) / 2) * PPM, abs=1)
    assert contribution_factor(5_000, 5_000, 0).ppm == PPM


@given(
    contribution_ppm=st.integers(1, 100_000),
    rest_ppm=st.integers(0, 400_000),
    correlation_ppm=st.integers(-999_000, PPM),
)
def test_the_factor_makes_the_share_what_was_wished_for(
    contribution_ppm: int, rest_ppm: int, correlation_ppm: int
) -> None:
    factor = contribution_factor(contribution_ppm, rest_ppm, correlation_ppm, 10**12)
    x = factor.ppm / PPM * contribution_ppm / PPM
    step = x * (1 + 1e-5) + 1e-8
    assert share(x * (1 - 1e-5) - 1e-8, rest_ppm / PPM, correlation_ppm / PPM) <= (
        contribution_ppm / PPM + 1e-9
    )
    assert share(step, rest_ppm / PPM, correlation_ppm / PPM) >= contribution_ppm / PPM - 1e-9


def test_no_contribution_is_no_size() -> None:
    assert contribution_factor(0, 5_000, 0).ppm == 0


def test_portfolio_of_two_by_hand() -> None:
    # 3 % and 4 %: uncorrelated 5 %, long and short of one thing 1 %.
    eye = [[PPM, 0], [0, PPM]]
    ones = [[PPM, PPM], [PPM, PPM]]
    assert portfolio_ppm([30_000, 40_000], eye) == (50_000,)
    assert portfolio_ppm([30_000, -40_000], ones) == (10_000,)
    # A third that moves with the first alone: correlation 3/5 with the portfolio.
    assert portfolio_ppm([30_000, 40_000], [*eye, [PPM, 0]]) == (50_000, 600_000)
    assert portfolio_ppm([], [[]]) == (0, 0)


def test_a_portfolio_that_cannot_be_does_not_move() -> None:
    # Three that all have correlation −1 with each other have a variance below zero.
    odd = [[PPM if i == j else -PPM for j in range(3)] for i in range(3)]
    assert portfolio_ppm([1_000, 1_000, 1_000], odd) == (0,)


@pytest.mark.parametrize("count", [1, 2, 4, 5, 10])
@pytest.mark.parametrize("rho_ppm", [0, 250_000, 500_000, 1_000_000])
def test_diversification_of_equal_positions_is_the_closed_form(count: int, rho_ppm: int) -> None:
    weights = [PPM // count] * count
    rows = [[PPM if i == j else rho_ppm for j in range(count)] for i in range(count)]
    rho = rho_ppm / PPM
    expected = 1 / sqrt(1 / count + (1 - 1 / count) * rho)
    found = diversification_ppm(weights, rows, 10 * PPM)
    assert found == pytest.approx(expected * PPM, abs=1)


def test_diversification_is_capped_and_takes_no_credit_for_hedges() -> None:
    hedge = [[PPM, -PPM], [-PPM, PPM]]
    none = [[PPM, 0], [0, PPM]]
    half = [PPM // 2, PPM // 2]
    assert diversification_ppm(half, hedge, 10 * PPM) == diversification_ppm(half, none, 10 * PPM)
    assert diversification_ppm(half, none, 1_200_000) == 1_200_000
