"""Tables 1 to 3 of Avellaneda and Stoikov (2008), from the formulas that the market maker quotes by.

The paper's study: s = 100, T = 1, σ = 2, dt = 0.005, k = 1.5, A = 140, q starts at 0. In each step the
mid moves by ±σ√dt, and each quote is hit with probability A·e^(−kδ)·dt on its own. The symmetric
strategy quotes the inventory strategy's mean spread around the mid. Mean and deviation of profit and
last inventory are held against the journal's, whose study had 1,000 paths, to three of its standard errors.

A standard error is the process's own: deviation / √n of a mean, deviation / √(2n) of a deviation. Held
against the printed deviation instead, one row would miss: at γ = 0.01 the symmetric strategy's profit
deviates by 13.68 here, 13.677 in closed form and 12.8 in the journal, 0.877 apart where three times
12.8 / √2000 are 0.859. Its profit is far from normal (a kurtosis of 5.6), for which √(2n) is too
strict: by its fourth moment the journal's figure lies 1.9 standard errors away.

The second pair of columns, from a study of 400,000 paths made for this project, is a tighter check.
"""

import math
from typing import NamedTuple

import numpy as np
import pytest

from strategies.market_maker import base_spread, reservation_price, total_spread

MID, SIGMA, STEP_S, STEPS, K, A = 100.0, 2.0, 0.005, 200, 1.5, 140.0
VARIANCE = SIGMA * SIGMA
LEFT_S = [1.0 - step * STEP_S for step in range(STEPS)]
PATHS = 100_000
PUBLISHED_PATHS = 1_000
SHARP_PATHS = 400_000


class Row(NamedTuple):
    gamma: float
    inventory: bool
    profit: float
    profit_sd: float
    last: float
    last_sd: float
    sharp_profit: float
    sharp_profit_sd: float
    sharp_last_sd: float


TABLES = [
    Row(0.1, True, 65.0, 6.6, 0.08, 2.9, 64.90, 6.54, 2.93),
    Row(0.1, False, 68.4, 12.7, 0.26, 8.4, 68.25, 13.43, 8.41),
    Row(0.01, True, 68.6, 8.7, 0.12, 5.1, 68.41, 8.97, 5.22),
    Row(0.01, False, 68.8, 12.8, 0.09, 8.7, 68.71, 13.70, 8.71),
    Row(1.0, True, 31.4, 5.0, 0.02, 1.7, 31.46, 4.85, 1.65),
    Row(1.0, False, 44.0, 11.0, 0.00, 5.1, 43.68, 10.72, 5.17),
]

# γ, mean spread, expected profit, deviations of the last inventory and of profit; all closed forms.
SYMMETRIC = [
    (0.1, 1.49177042, 68.222759, 8.399444, 13.455753),
    (0.01, 1.34900854, 68.666120, 8.711662, 13.677465),
    (1.0, 3.03165125, 43.685290, 5.171370, 10.733212),
]


def mean_spread(gamma: float) -> float:
    """Of the inventory strategy, over time."""
    base = base_spread(gamma, K)
    return sum(total_spread(base, gamma, VARIANCE, left_s) for left_s in LEFT_S) / STEPS


def study(
    gamma: float, *, inventory: bool, seed: int, paths: int = PATHS
) -> tuple[np.ndarray, np.ndarray]:
    """Profit and last inventory of every path."""
    draw = np.random.default_rng(seed)
    mid = np.full(paths, MID)
    held, cash = np.zeros(paths), np.zeros(paths)
    base, constant = base_spread(gamma, K), mean_spread(gamma)
    for left_s in LEFT_S:
        if inventory:
            center = reservation_price(mid, held, gamma, VARIANCE, left_s)
            half = 0.5 * total_spread(base, gamma, VARIANCE, left_s)
        else:
            center, half = mid, 0.5 * constant
        bid, ask = center - half, center + half
        bought = draw.random(paths) < A * np.exp(-K * (mid - bid)) * STEP_S
        sold = draw.random(paths) < A * np.exp(-K * (ask - mid)) * STEP_S
        held += bought.astype(float) - sold
        cash += ask * sold - bid * bought
        mid = mid + SIGMA * math.sqrt(STEP_S) * np.where(draw.random(paths) < 0.5, 1.0, -1.0)
    return cash + held * mid, held


@pytest.mark.parametrize("row", TABLES, ids=str)
def test_the_tables_of_the_journal_come_out(row: Row) -> None:
    profit, last = study(row.gamma, inventory=row.inventory, seed=11)
    share = math.sqrt(1 / PUBLISHED_PATHS + 1 / PATHS)

    assert abs(profit.mean() - row.profit) <= 3 * profit.std() * share
    assert abs(profit.std() - row.profit_sd) <= 3 * profit.std() * share / math.sqrt(2)
    assert abs(last.mean() - row.last) <= 3 * last.std() * share
    assert abs(last.std() - row.last_sd) <= 3 * last.std() * share / math.sqrt(2)

    share = math.sqrt(1 / SHARP_PATHS + 1 / PATHS)
    rounding = 0.005
    assert abs(profit.mean() - row.sharp_profit) <= 3 * profit.std() * share + rounding
    assert abs(profit.std() - row.sharp_profit_sd) <= 3 * error_of_sd(profit) * share + rounding
    assert abs(last.std() - row.sharp_last_sd) <= 3 * error_of_sd(last) * share + rounding


def error_of_sd(sample: np.ndarray) -> float:
    """Standard error of a deviation, times the root of the sample's size; by the fourth moment."""
    away = sample - sample.mean()
    kurtosis = float((away**4).mean() / away.var() ** 2)
    return float(sample.std()) / 2 * math.sqrt(kurtosis - 1)


@pytest.mark.parametrize("gamma", [0.1, 0.01, 1.0])
def test_leaning_against_inventory_gives_up_profit_for_certainty(gamma: float) -> None:
    leaning, _ = study(gamma, inventory=True, seed=12, paths=2_000)
    symmetric, _ = study(gamma, inventory=False, seed=12, paths=2_000)

    assert leaning.mean() < symmetric.mean()
    assert leaning.std() < symmetric.std()


@pytest.mark.parametrize(("gamma", "spread", "profit", "last_sd", "profit_sd"), SYMMETRIC)
def test_the_closed_forms_of_the_symmetric_strategy(
    gamma: float, spread: float, profit: float, last_sd: float, profit_sd: float
) -> None:
    found = mean_spread(gamma)
    hit = A * math.exp(-K * found / 2) * STEP_S
    both = 2 * hit * (1 - hit)
    walk = VARIANCE * STEP_S * both * STEPS * (STEPS + 1) / 2

    assert found == pytest.approx(spread, abs=5.1e-9)
    assert STEPS * hit * found == pytest.approx(profit, abs=5.1e-7)
    assert math.sqrt(STEPS * both) == pytest.approx(last_sd, abs=5.1e-7)
    assert math.sqrt(STEPS * both * (found / 2) ** 2 + walk) == pytest.approx(profit_sd, abs=5.1e-7)


@pytest.mark.parametrize("gamma", [0.01, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("k", [0.3, 1.5, 20.0])
@pytest.mark.parametrize("left_s", [0.0, 0.25, 1.0])
def test_price_and_spread_are_the_formulas(gamma: float, k: float, left_s: float) -> None:
    expected = gamma * VARIANCE * left_s + 2 / gamma * math.log(1 + gamma / k)
    found = total_spread(base_spread(gamma, k), gamma, VARIANCE, left_s)

    assert found == pytest.approx(expected, abs=1e-9)
    for held in (-5, 0, 3):
        price = reservation_price(MID, held, gamma, VARIANCE, left_s)
        assert price == pytest.approx(MID - held * gamma * VARIANCE * left_s, abs=1e-9)


@pytest.mark.parametrize(("gamma", "printed"), [(0.1, 1.49), (0.01, 1.35)])
def test_the_mean_spread_rounds_to_what_the_journal_prints(gamma: float, printed: float) -> None:
    assert round(mean_spread(gamma), 2) == printed


def test_the_mean_spread_at_the_highest_aversion_is_a_hundredth_above_the_journal() -> None:
    # The journal prints 3.02 where its formula, over these steps, gives 3.0317.
    assert round(mean_spread(1.0), 2) == 3.03
