"""Almgren and Chriss by the numbers of their example, then against perturbations."""

from itertools import pairwise
from math import asinh as c_asinh
from math import expm1 as c_expm1
from math import inf, sqrt
from math import log1p as c_log1p
from math import sinh as c_sinh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.execution.schedules import adaptive, hyperbolic, liquidation
from desk.execution.schedules.almgren_chriss import (
    Impact,
    drift_target,
    expected_cost,
    holdings,
    holdings_with_drift,
    kappa,
    least_value_at_risk,
    left_shares,
    shortfall,
    variance,
)
from desk.execution.schedules.slices import check_schedule
from market.decisions import PPM
from market.errors import InputError

# The paper's example: a million shares at 50, five days, 30 % a year, an eighth of spread.
PAPER = Impact(sigma=0.95, eta=2.5e-6, gamma=2.5e-7, epsilon=0.0625)
SHARES, DAYS, STEPS = 1e6, 5.0, 5
Z_95 = 1.6448536269514722


def frontier(risk_aversion: float) -> tuple[float, float, float]:
    rate = kappa(PAPER, risk_aversion, 1.0)
    path = holdings(SHARES, rate, DAYS, STEPS)
    return rate, expected_cost(PAPER, path, 1.0), variance(PAPER, path, 1.0)


def test_without_risk_aversion_it_is_twap() -> None:
    rate, cost, swing = frontier(0.0)
    assert rate == 0.0
    assert cost == pytest.approx(662_500, rel=1e-15)
    assert swing == pytest.approx(1.083e12, rel=1e-14)
    assert sqrt(swing) == pytest.approx(1_040_672.86, rel=1e-8)


@pytest.mark.parametrize(
    ("risk_aversion", "half_life", "cost", "swing"),
    [
        (1e-9, 51.2997, 662_500.904, 1.0811918e12),
        (2e-9, 36.2750, None, 1.0794e12),
        (9e-9, 17.1021, 662_572.10, 1.06690959e12),
        (1e-7, 5.1380, 670_057.46, 9.247186e11),
        (1e-6, 1.6472, 911_226.99, 3.641286e11),
        (2e-6, 1.1816, 1_140_715.17, 2.019313e11),
    ],
)
def test_every_row_of_the_frontier(
    risk_aversion: float, half_life: float, cost: float | None, swing: float
) -> None:
    rate, found_cost, found_swing = frontier(risk_aversion)
    assert 1 / rate == pytest.approx(half_life, abs=6e-5)
    if cost is not None:
        assert found_cost == pytest.approx(cost, abs=6e-3)
    assert found_swing == pytest.approx(swing, rel=5e-5 if risk_aversion == 2e-9 else 2e-7)


@pytest.mark.parametrize(
    ("risk_aversion", "rate"), [(1e-7, 0.194629), (1e-6, 0.607076), (2e-6, 0.846297)]
)
def test_kappa(risk_aversion: float, rate: float) -> None:
    assert kappa(PAPER, risk_aversion, 1.0) == pytest.approx(rate, abs=5e-7)


def test_published_roundings_of_the_first_rows() -> None:
    for risk_aversion, half_life, cost, swing in (
        (1e-9, 51.30, 0.6625e6, 1.0812e12),
        (2e-9, 36.27, 0.6625e6, 1.0794e12),
        (9e-9, 17.10, 0.6626e6, 1.0669e12),
    ):
        rate, found_cost, found_swing = frontier(risk_aversion)
        assert 1 / rate == pytest.approx(half_life, abs=0.0051)
        assert found_cost == pytest.approx(cost, abs=51)
        assert found_swing == pytest.approx(swing, abs=0.51e8)


def test_infinitely_averse_sells_all_in_the_first_step() -> None:
    path = holdings(SHARES, inf, DAYS, STEPS)
    assert path == [SHARES, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert expected_cost(PAPER, path, 1.0) == pytest.approx(2_562_500, rel=1e-15)
    assert variance(PAPER, path, 1.0) == 0.0


def test_holdings_and_trades() -> None:
    path = holdings(SHARES, kappa(PAPER, 1e-6, 1.0), DAYS, STEPS)
    expected = [1_000_000, 541_955.55, 289_854.22, 147_897.49, 62_141.80, 0]
    assert path == pytest.approx(expected, rel=1e-6)
    trades = [before - after for before, after in pairwise(path)]
    assert trades == pytest.approx(
        [458_044.45, 252_101.33, 141_956.73, 85_755.69, 62_141.80], rel=1e-6
    )


def test_drift_bends_the_schedule_around_its_target() -> None:
    assert drift_target(PAPER, 1e-6, 0.02) == pytest.approx(11_080.33, rel=1e-6)
    rate = kappa(PAPER, 1e-6, 1.0)
    path = holdings_with_drift(SHARES, drift_target(PAPER, 1e-6, 0.02), rate, DAYS, STEPS)
    assert path[0] == pytest.approx(SHARES, abs=1e-6)
    assert path[-1] == pytest.approx(0.0, abs=1e-6)

    def utility(held: list[float]) -> float:
        return expected_cost(PAPER, held, 1.0, drift=0.02) + 1e-6 * variance(PAPER, held, 1.0)

    best = utility(path)
    assert best < utility(holdings(SHARES, rate, DAYS, STEPS))
    for inner in range(1, STEPS):
        for step in (-100.0, 100.0):
            other = [x + step if j == inner else x for j, x in enumerate(path)]
            assert utility(other) > best


def test_smallest_value_at_risk() -> None:
    # The published figures are those of the exact quantile of 95 %, printed as 1.645 beside them.
    aversion, value = least_value_at_risk(PAPER, SHARES, DAYS, STEPS, Z_95)
    assert aversion == pytest.approx(1.694114e-6, rel=1e-6)
    assert value == pytest.approx(1_877_135.65, abs=0.006)
    for other in (0.8 * aversion, 1.2 * aversion):
        _, cost, swing = frontier(other)
        assert cost + Z_95 * sqrt(swing) > value


def test_somebody_who_minds_nothing_but_risk_trades_at_once() -> None:
    aversion, value = least_value_at_risk(PAPER, SHARES, DAYS, STEPS, 1e6)
    assert aversion == inf
    assert value == pytest.approx(2_562_500)


@given(
    risk_aversion=st.floats(1e-10, 1e-4),
    count=st.integers(2, 30),
    inner=st.integers(1, 29),
    share=st.floats(-0.01, 0.01).filter(lambda x: abs(x) > 1e-4),
)
def test_no_other_holding_is_better(
    risk_aversion: float, count: int, inner: int, share: float
) -> None:
    inner = min(inner, count - 1)
    step = DAYS / count
    path = holdings(SHARES, kappa(PAPER, risk_aversion, step), DAYS, count)

    def utility(held: list[float]) -> float:
        # Without ε, whose sum of absolute trades is the same for every falling path.
        cost = expected_cost(PAPER, held, step)
        traded = sum(abs(a - b) for a, b in pairwise(held))
        return cost - PAPER.epsilon * traded + risk_aversion * variance(PAPER, held, step)

    other = [x + share * SHARES if j == inner else x for j, x in enumerate(path)]
    assert utility(other) > utility(path)


def test_steps_that_are_too_long_for_the_lasting_impact_are_refused() -> None:
    with pytest.raises(InputError, match="allowed is above 0"):
        kappa(PAPER, 1e-6, 21.0)
    with pytest.raises(InputError, match="eta above 0"):
        Impact(sigma=1.0, eta=0.0)
    with pytest.raises(InputError, match="gamma"):
        Impact(sigma=1.0, eta=1.0, gamma=-1.0)


@given(
    total_lots=st.integers(0, 10**9),
    count=st.integers(1, 60),
    urgency=st.floats(0, 2_000),
)
def test_whole_lots_are_exact_and_follow_the_path(
    total_lots: int, count: int, urgency: float
) -> None:
    schedule = shortfall(total_lots, 1_000, 1_000 + 60_000_000_000, count, urgency=urgency)
    check_schedule(schedule, total_lots)
    left_lots = total_lots
    for piece, share in zip(schedule, left_shares(urgency, 1.0, count), strict=True):
        left_lots -= piece.qty_lots
        assert abs(left_lots - total_lots * share) <= 0.51


def test_usual_volatility_and_volume_give_the_static_schedule() -> None:
    impact, aversion = PAPER, 1e-6
    left_lots, found = 1_000_000, []
    for left in range(STEPS, 0, -1):
        lots = adaptive.next_lots(
            adaptive.AdaptiveRule(),
            impact,
            aversion,
            1.0,
            left_lots=left_lots,
            left_slices=left,
            volatility_ppm=PPM,
            volume_ppm=PPM,
        )
        found.append(lots)
        left_lots -= lots
    expected = [458_044.45, 252_101.33, 141_956.73, 85_755.69, 62_141.80]
    assert found == pytest.approx(expected, abs=1.5)
    assert left_lots == 0


def adaptive_lots(volatility_ppm: int, volume_ppm: int, left: int = 4) -> int:
    return adaptive.next_lots(
        adaptive.AdaptiveRule(slowest_ppm=900_000),
        PAPER,
        1e-6,
        1.0,
        left_lots=1_000_000,
        left_slices=left,
        volatility_ppm=volatility_ppm,
        volume_ppm=volume_ppm,
    )


def test_more_volatility_or_more_volume_is_faster_and_bounds_hold() -> None:
    usual = adaptive_lots(PPM, PPM)
    assert adaptive_lots(1_500_000, PPM) > usual > adaptive_lots(700_000, PPM)
    assert adaptive_lots(PPM, 1_500_000) > usual > adaptive_lots(PPM, 700_000)
    assert adaptive_lots(0, 0) == usual
    # Never more than twice the static slice, nor less than nine tenths of it, and all at the end.
    assert adaptive_lots(10**9, PPM) == min(2 * usual, 1_000_000)
    assert adaptive_lots(1, 1) == pytest.approx(usual * 0.9, abs=1)
    assert adaptive_lots(1, 1, left=1) == 1_000_000


def test_volatility_alone_moves_kappa_in_proportion() -> None:
    # For short steps κ ≈ σ·√(λ/η), and volume enters as its root.
    fine = Impact(sigma=0.95, eta=2.5e-6)
    base = kappa(fine, 1e-6, 1e-4)
    assert kappa(adaptive.moved(fine, 2 * PPM, PPM), 1e-6, 1e-4) == pytest.approx(2 * base, 1e-6)
    assert kappa(adaptive.moved(fine, PPM, 4 * PPM), 1e-6, 1e-4) == pytest.approx(2 * base, 1e-6)


def test_an_adaptive_rule_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="adaptive"):
        adaptive.AdaptiveRule(slowest_ppm=PPM + 1)


JOB = liquidation.Liquidation(
    shares=1.0, horizon=1.0, temporary=1e-3, permanent=1e-4, running=0.01, terminal=0.1
)


def test_cartea_and_jaimungal_inventory_and_rate() -> None:
    times = (0.0, 0.25, 0.5, 0.75, 1.0)
    assert [liquidation.inventory(JOB, t) for t in times] == pytest.approx(
        [1, 0.450636, 0.197899, 0.075426, 0.002601], abs=1e-6
    )
    assert [liquidation.rate(JOB, t) for t in times] == pytest.approx(
        [3.172933, 1.448528, 0.677599, 0.352692, 0.259940], abs=1e-6
    )


def test_with_a_large_terminal_charge_it_is_almgren_and_chriss() -> None:
    job = liquidation.Liquidation(
        shares=1.0, horizon=1.0, temporary=1e-3, permanent=1e-4, running=0.01, terminal=1e9
    )
    gamma = sqrt(0.01 / 1e-3)
    for t in (0.1, 0.5, 0.9):
        expected = c_sinh(gamma * (1 - t)) / c_sinh(gamma)
        assert liquidation.inventory(job, t) == pytest.approx(expected, rel=1e-9)


def test_without_a_running_charge_the_rate_is_constant_and_the_limit() -> None:
    flat = liquidation.Liquidation(
        shares=2.0, horizon=3.0, temporary=1e-3, permanent=1e-4, running=0.0, terminal=0.1
    )
    nearly = liquidation.Liquidation(
        shares=2.0, horizon=3.0, temporary=1e-3, permanent=1e-4, running=1e-12, terminal=0.1
    )
    for t in (0.0, 1.0, 3.0):
        assert liquidation.rate(flat, t) == liquidation.rate(flat, 0.0)
        assert liquidation.rate(nearly, t) == pytest.approx(liquidation.rate(flat, t), rel=1e-5)
        assert liquidation.inventory(nearly, t) == pytest.approx(
            liquidation.inventory(flat, t), rel=1e-5
        )


def test_limit_depths_of_a_liquidation_by_limit_orders() -> None:
    for left, expected in (
        (60.0, [0.039600, 0.032683, 0.023564, 0.016710]),
        (10.0, [0.023789, 0.017183, 0.008995, 0.002959]),
    ):
        found = [
            liquidation.limit_depth(q, left, arrivals=50 / 60, decay=100.0, terminal=0.001)
            for q in (1, 2, 5, 10)
        ]
        assert found == pytest.approx(expected, abs=1e-6)


@given(st.floats(-50, 50))
def test_our_functions_are_the_librarys(x: float) -> None:
    assert hyperbolic.expm1(x) == pytest.approx(c_expm1(x), rel=4e-15)
    assert hyperbolic.sinh(x) == pytest.approx(c_sinh(x), rel=4e-15)
    assert hyperbolic.asinh(x) == pytest.approx(c_asinh(x), rel=4e-15)
    if x > -1:
        assert hyperbolic.log1p(x) == pytest.approx(c_log1p(x), rel=4e-15)


@given(st.floats(0, 1), st.floats(1e-300, 300))
def test_a_ratio_of_sines_is_the_librarys(share: float, whole: float) -> None:
    expected = c_sinh(share * whole) / c_sinh(whole) if whole > 1e-290 else share
    assert hyperbolic.sinh_ratio(share * whole, whole) == pytest.approx(expected, rel=2e-13)


def test_a_ratio_of_sines_that_would_overflow() -> None:
    assert hyperbolic.sinh_ratio(999.0, 1000.0) == pytest.approx(0.36787944117144233, rel=1e-14)
    assert hyperbolic.sinh(800.0) == inf


def test_the_cost_of_simulated_sales_has_the_mean_and_variance_of_the_closed_forms() -> None:
    # The price process itself, step by step: lasting impact and noise after each trade, what a
    # trade costs beside it at once. 40,000 paths; three standard errors of mean and of variance.
    path = holdings(SHARES, kappa(PAPER, 1e-6, 1.0), DAYS, STEPS)
    noise = np.random.default_rng(20_001).standard_normal((40_000, STEPS))
    price, proceeds = np.full(len(noise), 50.0), np.zeros(len(noise))
    for number, (before, after) in enumerate(pairwise(path)):
        n = before - after
        proceeds += n * (price - PAPER.epsilon - PAPER.eta * n)
        price += PAPER.sigma * noise[:, number] - PAPER.gamma * n
    cost = SHARES * 50.0 - proceeds
    swing = variance(PAPER, path, 1.0)
    paths = len(noise)
    assert cost.mean() == pytest.approx(
        expected_cost(PAPER, path, 1.0), abs=3 * sqrt(swing / paths)
    )
    assert cost.var() == pytest.approx(swing, rel=3 * sqrt(2 / paths))
