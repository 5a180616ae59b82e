"""Drawdown, regime and capacity: points by hand, then what must hold everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.sizing_models.capacity import CapacityLimits, best_lots, break_even_lots, caps_of
from desk.sizing_models.drawdown import DrawdownRule, multiplier_ppm
from desk.sizing_models.factor import CapKind
from desk.sizing_models.regime import RegimeMultipliers, mean_regime_factor, regime_factor
from market.codes import Regime
from market.decisions import PPM
from market.errors import InputError

CUSHION = DrawdownRule(rule="cushion", floor_ppm=200_000)
STEPS = DrawdownRule(rule="steps", steps=((50_000, PPM), (100_000, 500_000), (150_000, 0)))


def test_cushion_by_hand() -> None:
    # Floor at 20 %, drawdown 10 %: (0.2 − 0.1) / (0.2 · 0.9) = 5/9.
    assert multiplier_ppm(CUSHION, 0) == PPM
    assert multiplier_ppm(CUSHION, 100_000) == 555_555
    assert multiplier_ppm(CUSHION, 200_000) == 0
    assert multiplier_ppm(CUSHION, 900_000) == 0


def test_steps_by_hand() -> None:
    for drawdown_ppm, expected in (
        (0, PPM), (50_000, PPM), (75_000, 750_000), (100_000, 500_000), (125_000, 250_000),
        (150_000, 0), (900_000, 0),
    ):  # fmt: skip
        assert multiplier_ppm(STEPS, drawdown_ppm) == expected


def test_no_rule_changes_nothing() -> None:
    assert multiplier_ppm(DrawdownRule(), 700_000) == PPM


@given(floor_ppm=st.integers(1, PPM), one=st.integers(0, 1_100_000), two=st.integers(0, 1_100_000))
def test_a_deeper_drawdown_never_raises_a_size(floor_ppm: int, one: int, two: int) -> None:
    low, high = sorted((one, two))
    for rule in (DrawdownRule(rule="cushion", floor_ppm=floor_ppm), STEPS):
        assert 0 <= multiplier_ppm(rule, high) <= multiplier_ppm(rule, low) <= PPM


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "steps"},
        {"steps": ((50_000, 500_000), (50_000, 400_000))},
        {"steps": ((50_000, 500_000), (60_000, 600_000))},
        {"steps": ((1_000_001, 0),)},
        {"floor_ppm": 0},
    ],
)
def test_a_wrong_drawdown_rule_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="allowed is"):
        DrawdownRule(**wrong)  # type: ignore[arg-type]


def test_each_regime_has_its_own_multiplier() -> None:
    rule = RegimeMultipliers(unknown_ppm=1, calm_ppm=2, normal_ppm=3, volatile_ppm=4, extreme_ppm=5)
    assert [regime_factor(rule, regime).ppm for regime in Regime] == [1, 2, 3, 4, 5]


def test_probabilities_give_the_mean_and_what_is_missing_counts_as_unknown() -> None:
    rule = RegimeMultipliers(unknown_ppm=0, calm_ppm=PPM, volatile_ppm=400_000)
    odds = ((Regime.CALM, 500_000), (Regime.VOLATILE, 250_000))
    assert mean_regime_factor(rule, odds).ppm == 600_000


def test_a_regime_multiplier_above_one_is_refused() -> None:
    with pytest.raises(InputError, match=r"regime\.calm_ppm is 1000001"):
        RegimeMultipliers(calm_ppm=PPM + 1)


def test_each_cap_by_hand() -> None:
    caps = caps_of(
        CapacityLimits(
            daily_volume_ppm=10_000, depth_ppm=500_000, participation_ppm=100_000, impact_ppm=PPM
        ),
        daily_volume_lots=1_000_000,
        depth_lots=900,
        horizon_volume_lots=5_000,
        edge_ppm=1_500,
        day_volatility_ppm=20_000,
    )
    # Impact: V·(2α/3Yσ)² = 1e6 · (0.003/0.06)² = 2500.
    assert [(cap.kind, cap.lots) for cap in caps] == [
        (CapKind.DAILY_VOLUME, 10_000),
        (CapKind.DEPTH, 450),
        (CapKind.PARTICIPATION, 500),
        (CapKind.IMPACT, 2_500),
    ]


def test_a_cap_that_is_on_and_knows_nothing_allows_nothing() -> None:
    caps = caps_of(
        CapacityLimits(daily_volume_ppm=1, impact_ppm=PPM),
        daily_volume_lots=0,
        depth_lots=0,
        horizon_volume_lots=0,
        edge_ppm=-5,
        day_volatility_ppm=0,
    )
    assert [cap.lots for cap in caps] == [0, 0]


@given(
    volume_lots=st.integers(1, 10**9),
    edge_ppm=st.integers(0, 50_000),
    volatility_ppm=st.integers(1, 100_000),
)
def test_the_best_size_earns_at_least_as_much_as_any_other(
    volume_lots: int, edge_ppm: int, volatility_ppm: int
) -> None:
    def earned(lots: float) -> float:
        return lots * (edge_ppm / PPM - volatility_ppm / PPM * (lots / volume_lots) ** 0.5)

    best = best_lots(volume_lots, edge_ppm, volatility_ppm, PPM)
    for other in (best // 2, best * 9 // 10, best * 11 // 10 + 1, 2 * best + 1):
        assert earned(best + 1) >= earned(other) - 1e-6 or earned(best) >= earned(other) - 1e-6
    even = break_even_lots(volume_lots, edge_ppm, volatility_ppm, PPM)
    assert earned(even) >= -1e-6 * even
    assert earned(even + 1) <= 1e-6 * (even + 1)


def test_a_wrong_capacity_is_refused() -> None:
    with pytest.raises(InputError, match=r"capacity\.participation_ppm is 1000001"):
        CapacityLimits(participation_ppm=PPM + 1)
