"""Regimes by rank in the market's own history."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.state.hmm_params import HmmParams
from desk.state.regimes import RegimeConfig, RegimeData, add_regime_bar, rank_ppm, regime_of
from market.codes import Regime
from market.errors import InputError

SMALL = RegimeConfig(history_bars=8, min_bars=4)
VOLATILITIES = st.lists(st.integers(0, 12).map(float), max_size=60)


def after(volatilities: list[float], config: RegimeConfig = SMALL) -> RegimeData:
    data = RegimeData()
    for volatility in volatilities:
        add_regime_bar(data, config, 0.0, volatility)
    return data


def test_worked_example_of_ranks() -> None:
    # Among 1, 2, 2, 4: 2 has one below and three not above: (1 + 3) / 2 of 4 = 50 %.
    ranked = [1.0, 2.0, 2.0, 4.0]

    assert rank_ppm(ranked, 2.0) == 500_000
    assert rank_ppm(ranked, 3.0) == 750_000
    assert rank_ppm(ranked, 0.5) == 0
    assert rank_ppm(ranked, 9.0) == 1_000_000
    assert rank_ppm(ranked, 1.0) == 125_000


@pytest.mark.parametrize(
    ("volatility", "regime"),
    [
        (0.5, Regime.CALM),  # 0 %
        (2.0, Regime.NORMAL),  # between 25 % and 25 %, so (1 + 2) / 8 = 37.5 %
        (3.5, Regime.NORMAL),  # 75 %, not above it
        (4.0, Regime.VOLATILE),  # (3 + 4) / 8 = 87.5 %
        (5.0, Regime.EXTREME),  # 100 %
    ],
)
def test_a_rank_becomes_a_regime(volatility: float, regime: Regime) -> None:
    assert regime_of(after([3.0, 1.0, 4.0, 2.0, volatility])) is regime


def test_it_is_unknown_until_enough_bars_were_ranked() -> None:
    assert regime_of(RegimeData()) is Regime.UNKNOWN
    assert regime_of(after([1.0] * 4)) is Regime.UNKNOWN
    assert regime_of(after([1.0] * 5)) is Regime.NORMAL


def test_zeros_before_the_first_movement_are_no_history() -> None:
    data = after([0.0] * 50)
    assert data == RegimeData()

    data = after([0.0] * 50 + [1.0, 2.0, 3.0, 0.0])
    assert data.history == [1.0, 2.0, 3.0, 0.0]


def test_a_market_that_never_changes_is_normal() -> None:
    assert regime_of(after([2.0] * 30)) is Regime.NORMAL


@given(VOLATILITIES)
def test_history_is_the_newest_bars_and_ranked_the_same_sorted(volatilities: list[float]) -> None:
    data = RegimeData()
    seen: list[float] = []
    for volatility in volatilities:
        add_regime_bar(data, SMALL, 0.0, volatility)
        if seen or volatility > 0.0:
            seen.append(volatility)
        newest = seen[-SMALL.history_bars :]
        assert data.ranked == sorted(newest)
        assert data.history[data.head :] + data.history[: data.head] == newest


@given(VOLATILITIES, VOLATILITIES)
def test_what_comes_later_changes_nothing_before(past: list[float], later: list[float]) -> None:
    data = RegimeData()
    regimes = []
    for volatility in past + later:
        add_regime_bar(data, SMALL, 0.0, volatility)
        regimes.append(data.regime)

    alone = [regime_of(after(past[: count + 1])) for count in range(len(past))]
    assert regimes[: len(past)] == alone


@given(VOLATILITIES, st.integers(0, 60), st.booleans())
def test_a_snapshot_goes_on_with_the_same_bits(
    volatilities: list[float], cut: int, by_model: bool
) -> None:
    params = HmmParams(
        bar_ns=1, scale=1.0, starts=(0.5, 0.5), moves=((0.9, 0.1), (0.2, 0.8)), variances=(1.0, 9.0)
    )
    config = RegimeConfig(history_bars=8, min_bars=4, hmm=params if by_model else None)
    whole, part = RegimeData(), RegimeData()
    for number, volatility in enumerate(volatilities):
        if number == cut:
            part = msgspec.msgpack.decode(msgspec.msgpack.encode(part), type=RegimeData)
        add_regime_bar(whole, config, volatility, volatility)
        add_regime_bar(part, config, volatility, volatility)

    assert msgspec.msgpack.encode(part) == msgspec.msgpack.encode(whole)
    assert type(part.regime) is Regime


@pytest.mark.parametrize(
    ("field", "value"),
    [("history_bars", 1), ("min_bars", 9_999), ("calm_ppm", -1), ("volatile_ppm", 249_999),
     ("extreme_ppm", 1_000_001)],
)  # fmt: skip
def test_a_setting_out_of_range_is_refused_by_name(field: str, value: int) -> None:
    with pytest.raises(InputError, match=rf"regime\.{field} is {value}, allowed is"):
        RegimeConfig(**{field: value})
