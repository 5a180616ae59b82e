"""Kelly by its published numbers, then against slow searches for the best growth."""

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.sizing_models import kelly
from market.decisions import PPM


def test_sixty_per_cent_at_even_odds_is_a_fifth() -> None:
    assert kelly.binary_fraction_ppm(600_000, PPM) == 200_000
    assert kelly.binary_growth(600_000, PPM, 200_000) == pytest.approx(0.0201355136, abs=5e-11)


def test_binary_fraction_is_p_minus_q_over_b() -> None:
    # p = 0.4 at odds of 2: 0.4 − 0.6/2 = 0.1; p = 0.5 at odds of 1: nothing; p = 0.3: −0.4.
    assert kelly.binary_fraction_ppm(400_000, 2 * PPM) == 100_000
    assert kelly.binary_fraction_ppm(500_000, PPM) == 0
    assert kelly.binary_fraction_ppm(300_000, PPM) == -400_000


def test_a_smaller_loss_allows_a_larger_position() -> None:
    # p = 0.6, gain 0.1, loss 0.1: p/a − q/b = 6 − 4 = 2 times capital.
    assert kelly.binary_fraction_ppm(600_000, 100_000, 100_000) == 2 * PPM


def test_continuous_fraction_and_best_growth() -> None:
    # μ − r = 8 %, σ = 20 %: f* = 0.08/0.04 = 2, S = 0.4, growth S²/2 = 0.08.
    assert kelly.continuous_fraction_ppm(80_000, 200_000) == 2 * PPM
    assert kelly.continuous_growth(80_000, 200_000, 2 * PPM) == pytest.approx(0.08, rel=1e-14)
    assert kelly.continuous_fraction_ppm(80_000, 0) == 0


@pytest.mark.parametrize(
    ("fraction_ppm", "growth_ppm", "halves"),
    [
        (kelly.FULL_PPM, PPM, 0.5),
        (kelly.HALF_PPM, 750_000, 0.125),
        (kelly.QUARTER_PPM, 437_500, 0.0078125),
    ],
)
def test_full_half_and_quarter_kelly_keep_what_the_closed_forms_say(
    fraction_ppm: int, growth_ppm: int, halves: float
) -> None:
    assert kelly.growth_share_ppm(fraction_ppm) == growth_ppm
    assert kelly.fall_probability(fraction_ppm, 500_000) == halves


@pytest.mark.parametrize("fraction_ppm", [300_000, 700_000, 1_500_000])
def test_other_fractions_fall_with_the_same_power(fraction_ppm: int) -> None:
    power = 2 * PPM / fraction_ppm - 1
    found = kelly.fall_probability(fraction_ppm, 400_000)
    assert found == pytest.approx(exp(power * log(0.4)), rel=1e-13)


def test_growth_at_a_fraction_is_its_share_of_the_best() -> None:
    best = kelly.continuous_growth(80_000, 200_000, 2 * PPM)
    for fraction_ppm in (kelly.HALF_PPM, kelly.QUARTER_PPM):
        found = kelly.continuous_growth(80_000, 200_000, 2 * fraction_ppm)
        assert found / best == pytest.approx(kelly.growth_share_ppm(fraction_ppm) / PPM, rel=1e-12)


@given(win_ppm=st.integers(510_000, 950_000), gain_ppm=st.integers(PPM, 3 * PPM))
def test_no_neighbour_of_the_fraction_grows_faster(win_ppm: int, gain_ppm: int) -> None:
    best_ppm = kelly.binary_fraction_ppm(win_ppm, gain_ppm)
    best = kelly.binary_growth(win_ppm, gain_ppm, best_ppm)
    for step_ppm in (-20_000, -3_000, 3_000, 20_000):
        other_ppm = best_ppm + step_ppm
        if 0 <= other_ppm < PPM:
            assert kelly.binary_growth(win_ppm, gain_ppm, other_ppm) < best


def mean_growth(share: float, sharpe: float, years: float) -> float:
    """Growth of k times the estimated Kelly fraction, averaged over estimates of the mean.

    With σ = 1 the estimate is Normal(S, 1/T), and E[f·S − f²/2] with f = k·estimate is exact.
    """
    return share * sharpe * sharpe - 0.5 * share * share * (sharpe * sharpe + 1 / years)


@pytest.mark.parametrize(("sharpe", "years"), [(0.5, 4.0), (1.0, 1.0), (0.2, 10.0), (2.0, 0.25)])
def test_continuous_shrinkage_is_where_the_mean_growth_is_largest(
    sharpe: float, years: float
) -> None:
    # Volatility 20 %, so the excess return is a fifth of the Sharpe ratio.
    found_ppm = kelly.continuous_shrinkage_ppm(
        int(sharpe * 200_000), 200_000, int(years * 1_000_000)
    )
    best = max(range(1001), key=lambda k: mean_growth(k / 1000, sharpe, years))
    assert found_ppm == pytest.approx(best * 1000, abs=501)


def test_binary_shrinkage_at_even_odds_by_hand() -> None:
    # p = 0.6 ± 0.1: edge (2p − 1)² = 0.04, noise (2s)² = 0.04, so half of it is left.
    assert kelly.binary_shrinkage_ppm(600_000, PPM, 100_000) == 500_000
    assert kelly.binary_shrinkage_ppm(600_000, PPM, 0) == PPM
    assert kelly.binary_shrinkage_ppm(500_000, PPM, 100_000) == 0


def test_binary_shrinkage_is_near_the_best_of_the_exact_growth() -> None:
    # Two equally likely estimates, p ± s around the true p = 0.54: which k grows fastest?
    p_ppm, s_ppm = 540_000, 40_000

    def grown(k_ppm: int) -> float:
        total = 0.0
        for estimate_ppm in (p_ppm - s_ppm, p_ppm + s_ppm):
            bet_ppm = kelly.binary_fraction_ppm(estimate_ppm, PPM) * k_ppm // PPM
            total += kelly.binary_growth(p_ppm, PPM, bet_ppm)
        return total

    best_ppm = max(range(0, PPM + 1, 2_000), key=grown)
    assert kelly.binary_shrinkage_ppm(p_ppm, PPM, s_ppm) == pytest.approx(best_ppm, abs=20_000)


def test_error_of_a_counted_probability() -> None:
    # √(0.25 / 100) = 0.05 exactly; √(0.25 / 101) is rounded up.
    assert kelly.binary_error_ppm(500_000, 100) == 50_000
    assert kelly.binary_error_ppm(500_000, 101) == 49_752


@given(
    excess_ppm=st.integers(-500_000, 500_000),
    volatility_ppm=st.integers(1, 2 * PPM),
    years_ppm=st.integers(0, 100 * PPM),
)
def test_shrinkage_is_a_share_and_grows_with_the_time_of_estimation(
    excess_ppm: int, volatility_ppm: int, years_ppm: int
) -> None:
    one = kelly.continuous_shrinkage_ppm(excess_ppm, volatility_ppm, years_ppm)
    two = kelly.continuous_shrinkage_ppm(excess_ppm, volatility_ppm, 2 * years_ppm)
    assert 0 <= one <= two <= PPM


def test_a_negative_edge_is_the_factor_zero() -> None:
    factors = kelly.continuous_factors(-1, 200_000, kelly.FULL_PPM, PPM)
    assert factors[0].ppm == 0
    assert dict(factors[0].inputs)["excess_ppm"] == -1
