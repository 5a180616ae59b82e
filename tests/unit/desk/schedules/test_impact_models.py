"""Obizhaeva and Wang, Bertsimas and Lo: published numbers, then brute force."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.execution.schedules import bertsimas_lo, obizhaeva_wang
from desk.execution.schedules.slices import check_schedule
from desk.execution.schedules.twap import twap

# 100,000 shares, depth 5,000, lasting impact half of 1/q, half-life ln 2/ρ of a day.
SHARES, DEPTH, RESILIENCE = 100_000.0, 5_000.0, 2.2231
KAPPA = 1 / DEPTH - 1 / (2 * DEPTH)


def test_obizhaeva_and_wang_in_continuous_time() -> None:
    block, rate = obizhaeva_wang.block_and_rate(SHARES, RESILIENCE, 1.0)
    assert block == pytest.approx(23_679.288, rel=1e-6)
    assert 2 * block + rate == pytest.approx(SHARES, rel=1e-12)
    excess = obizhaeva_wang.continuous_excess(SHARES, RESILIENCE, 1.0, KAPPA)
    assert excess == pytest.approx(236_792.877, rel=1e-6)


@pytest.mark.parametrize(
    ("steps", "end", "middle", "excess"),
    [
        (1, 50_000, None, 277_068.24),
        (2, 37_439.8, 25_120.3, 248_796.84),
        (10, 26_357.4, 5_253.9, 237_304.83),
        (1000, None, None, 236_792.93),
    ],
)
def test_obizhaeva_and_wang_in_steps(
    steps: int, end: float | None, middle: float | None, excess: float
) -> None:
    found = obizhaeva_wang.trades(SHARES, RESILIENCE, 1.0, steps)
    assert len(found) == steps + 1
    assert found[0] == found[-1]
    assert sum(found) == pytest.approx(SHARES, rel=1e-12)
    if end is not None:
        assert found[0] == pytest.approx(end, abs=0.051)
    if middle is not None:
        assert found[1] == pytest.approx(middle, abs=0.051)
    cost = obizhaeva_wang.excess(SHARES, RESILIENCE, 1.0, steps, KAPPA)
    assert cost == pytest.approx(excess, rel=1e-6 if steps < 1000 else 1e-7)


@pytest.mark.parametrize(
    ("resilience", "block"), [(1, 33_333), (2, 25_000), (5, 14_286), (10, 8_333), (20, 4_545)]
)
def test_first_trades_of_the_papers_table(resilience: float, block: float) -> None:
    assert obizhaeva_wang.block_and_rate(SHARES, resilience, 1.0)[0] == pytest.approx(block, abs=1)


def slow_excess(trades: list[float], resilience: float, horizon: float) -> float:
    """½xᵀKx, term by term."""
    step = horizon / (len(trades) - 1)
    return sum(
        0.5 * KAPPA * x * y * exp(-resilience * abs(i - j) * step)
        for i, x in enumerate(trades)
        for j, y in enumerate(trades)
    )


@given(
    resilience=st.floats(0.01, 50),
    steps=st.integers(1, 12),
    moved=st.floats(-2_000, 2_000).filter(lambda x: abs(x) > 100),
    places=st.tuples(st.integers(0, 12), st.integers(0, 12)),
)
def test_the_closed_form_is_the_quadratic_forms_and_no_other_split_is_cheaper(
    resilience: float, steps: int, moved: float, places: tuple[int, int]
) -> None:
    trades = obizhaeva_wang.trades(SHARES, resilience, 1.0, steps)
    cost = slow_excess(trades, resilience, 1.0)
    assert obizhaeva_wang.excess(SHARES, resilience, 1.0, steps, KAPPA) == pytest.approx(
        cost, rel=1e-9
    )
    one, two = (place % (steps + 1) for place in places)
    if one != two:
        other = list(trades)
        other[one] += moved
        other[two] -= moved
        assert slow_excess(other, resilience, 1.0) > cost


@given(total_lots=st.integers(0, 10**7), count=st.integers(2, 50), resilience=st.floats(0.0, 100.0))
def test_block_flow_block_in_whole_lots(total_lots: int, count: int, resilience: float) -> None:
    schedule = obizhaeva_wang.block_flow_block(
        total_lots, 0, 3_600_000_000_000, count, resilience=resilience
    )
    check_schedule(schedule, total_lots)
    ideal = obizhaeva_wang.trades(float(total_lots), resilience, 1.0, count - 1)
    for piece, expected in zip(schedule, ideal, strict=True):
        assert abs(piece.qty_lots - expected) <= 1.01


def test_bertsimas_and_lo_without_news_is_twap_exactly() -> None:
    steps = bertsimas_lo.policy(5e-5, 0.0, 0.0, 20)
    left = 100_000.0
    for step in steps:
        lots = bertsimas_lo.amount(step, left, 0.0)
        assert lots == pytest.approx(5_000.0, rel=1e-12)
        left -= lots
    assert [piece.qty_lots for piece in twap(100_000, 0, 20, 20)] == [5_000] * 20
    # S̄P₀ + ½θS̄²(1 + 1/T) for the paper's θ = 5e-5, P₀ = 50, T = 20.
    assert bertsimas_lo.even_cost(1e5, 50.0, 5e-5, 20) == pytest.approx(5e6 + 262_500, rel=1e-15)


@pytest.mark.parametrize("theta", [1e-6, 5e-5, 3.0])
def test_even_cost_is_what_even_trading_costs(theta: float) -> None:
    price, paid = 50.0, 0.0
    for _ in range(20):
        price += theta * 5_000.0
        paid += price * 5_000.0
    assert bertsimas_lo.even_cost(1e5, 50.0, theta, 20) == pytest.approx(paid, rel=1e-12)


def expected_cost(
    amounts: list[tuple[float, float]], theta: float, gamma: float, rho: float, news: float
) -> float:
    """Mean cost above P₀·W of a policy S_t = w_t·W_t + x_t·X_t, W = 1, by propagating moments.

    State (W, X): means and second moments; the price so far enters through cross moments of the
    price's excess with W.
    """
    # E[W²], E[WX], E[X²], E[DW], E[DX] with D the price above P₀; noise of unit variance in X.
    ww, wx, xx, dw, dx = 1.0, news, news * news, 0.0, 0.0
    total = 0.0
    # The last period takes what is left.
    for w, x in [*amounts[:-1], (1.0, 0.0)]:
        ss = w * w * ww + 2 * w * x * wx + x * x * xx
        sx = w * wx + x * xx
        ds = w * dw + x * dx
        total += ds + theta * ss + gamma * sx
        # After the trade: W' = W − S, D' = D + θS + γX, X' = ρX + η.
        sw = w * ww + x * wx
        new_ww = ww - 2 * sw + ss
        new_wx = rho * (wx - sx)
        new_dw = dw - ds + theta * (sw - ss) + gamma * (wx - sx)
        new_dx = rho * (dx + theta * sx + gamma * xx)
        ww, wx, xx, dw, dx = new_ww, new_wx, rho * rho * xx + 1.0, new_dw, new_dx
    return total


@given(
    theta=st.floats(0.1, 5.0),
    gamma=st.floats(-2.0, 2.0),
    rho=st.floats(-0.9, 0.9),
    periods=st.integers(2, 6),
    news=st.floats(-2.0, 2.0),
    place=st.integers(0, 4),
    change=st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)),
)
def test_no_other_linear_policy_is_cheaper(
    theta: float,
    gamma: float,
    rho: float,
    periods: int,
    news: float,
    place: int,
    change: tuple[float, float],
) -> None:
    best = [
        (step.per_left, step.per_news) for step in bertsimas_lo.policy(theta, gamma, rho, periods)
    ]
    cost = expected_cost(best, theta, gamma, rho, news)
    place = place % (periods - 1)
    other = list(best)
    other[place] = (best[place][0] + change[0], best[place][1] + change[1])
    assert expected_cost(other, theta, gamma, rho, news) >= cost - 1e-9 * (1 + abs(cost))


def test_bad_news_that_last_make_a_buyer_hurry() -> None:
    first = bertsimas_lo.policy(5e-5, 5.0, 0.5, 20)[0]
    assert first.per_left == pytest.approx(1 / 20)
    assert first.per_news > 0
    assert bertsimas_lo.policy(5e-5, 5.0, 0.5, 20)[-1].per_news == 0.0
