"""Volatility by hand, then against slow sums over random bars."""

from math import sqrt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.state.volatility import (
    VolatilityConfig,
    VolatilityData,
    Window,
    add_bar,
    decay_of,
    ewma_volatility,
    long_volatility,
    rolling_volatility,
)
from market.errors import InputError

SMALL = VolatilityConfig(halflife_bars=1, window_bars=2, long_window_bars=3, min_bars=1)
CHANGES = st.lists(st.one_of(st.just(0.0), st.floats(-0.1, 0.1)), max_size=60)


def after(changes: list[float], config: VolatilityConfig = SMALL) -> VolatilityData:
    data = VolatilityData()
    for change in changes:
        add_bar(data, config, change)
    return data


def test_worked_example_of_the_ewma() -> None:
    # Half-life 1 bar: λ = 1/2. Changes 1 %, −2 %, 0 %, in units of 1e-4 for the squares 1, 4, 0:
    #   weighted sums are ½·0 + ½·1 = 0.5, then ½·0.5 + ½·4 = 2.25, then ½·2.25 + ½·0 = 1.125,
    #   weights are 1/2, then 3/4, then 7/8,
    #   so the variances are 1, then 3, then 1.125 / 0.875 = 9/7.
    assert decay_of(1) == 0.5
    for changes, variance in (
        ([0.01], 1e-4),
        ([0.01, -0.02], 3e-4),
        ([0.01, -0.02, 0.0], 9e-4 / 7),
    ):
        found = ewma_volatility(after(changes), SMALL)
        assert found == pytest.approx(sqrt(variance), rel=1e-14)


def test_worked_example_of_the_windows() -> None:
    # Squares 1, 4, 0, 9 (in 1e-4). The newest two: 1; (1+4)/2; (4+0)/2; (0+9)/2.
    # The newest three: 1; 5/2; 5/3; (4+0+9)/3.
    rolling = [1.0, 2.5, 2.0, 4.5]
    long = [1.0, 2.5, 5.0 / 3.0, 13.0 / 3.0]
    data = VolatilityData()
    for change, two, three in zip([0.01, -0.02, 0.0, 0.03], rolling, long, strict=True):
        add_bar(data, SMALL, change)
        assert rolling_volatility(data, SMALL) == pytest.approx(0.01 * sqrt(two), rel=1e-14)
        assert long_volatility(data, SMALL) == pytest.approx(0.01 * sqrt(three), rel=1e-14)


def test_bars_of_a_quarter_second_are_scaled_to_a_second() -> None:
    # Four bars a second, each 1 %: variance 4e-4 a second, 2 %.
    config = VolatilityConfig(bar_ns=250_000_000, halflife_bars=3, min_bars=1)
    data = after([0.01, -0.01, 0.01], config)

    assert ewma_volatility(data, config) == pytest.approx(0.02, rel=1e-14)
    assert rolling_volatility(data, config) == pytest.approx(0.02, rel=1e-14)
    assert long_volatility(data, config) == pytest.approx(0.02, rel=1e-14)


def test_half_of_a_weight_is_left_after_the_half_life() -> None:
    for halflife in (1, 2, 60, 3_600, 100_000):
        assert decay_of(halflife) ** halflife == pytest.approx(0.5, rel=1e-10)


def test_volatility_is_unknown_before_enough_bars() -> None:
    config = VolatilityConfig(min_bars=3)

    data = after([0.01, 0.01], config)
    measures = (ewma_volatility, rolling_volatility, long_volatility)
    assert [measure(data, config) for measure in measures] == [0.0, 0.0, 0.0]
    add_bar(data, config, 0.01)
    assert [measure(data, config) for measure in measures] == [pytest.approx(0.01)] * 3


def test_a_window_of_quiet_bars_after_a_jump_is_exactly_zero() -> None:
    data = after([1e-5, 0.5, 1e-7, 0.0, 0.0, 0.0])

    assert rolling_volatility(data, SMALL) == 0.0
    assert long_volatility(data, SMALL) == 0.0
    assert ewma_volatility(data, SMALL) > 0.0


def test_the_ewma_of_a_market_that_died_ends_at_zero_not_in_subnormals() -> None:
    data = after([0.5])
    lowest = 1.0
    for _ in range(400):
        add_bar(data, SMALL, 0.0)
        if data.weighted > 0.0:
            lowest = data.weighted

    assert data.weighted == 0.0
    assert lowest > 1e-61


@given(CHANGES, st.integers(2, 9), st.integers(0, 9))
def test_windows_equal_plain_sums_of_their_newest_squares(
    changes: list[float], window: int, more: int
) -> None:
    config = VolatilityConfig(window_bars=window, long_window_bars=window + more, min_bars=1)
    data = VolatilityData()
    for count, change in enumerate(changes, 1):
        add_bar(data, config, change)
        for measure, size in ((rolling_volatility, window), (long_volatility, window + more)):
            newest = [one * one for one in changes[max(0, count - size) : count]]
            expected = sqrt(sum(newest) / len(newest))
            assert measure(data, config) == pytest.approx(expected, rel=1e-12, abs=0.0)


@given(CHANGES, st.integers(1, 20))
def test_the_ewma_equals_its_definition(changes: list[float], halflife: int) -> None:
    config = VolatilityConfig(halflife_bars=halflife, min_bars=1)
    data = after(changes, config)
    if changes:
        weights = [0.5 ** (age / halflife) for age in range(len(changes))][::-1]
        total = sum(w * c * c for w, c in zip(weights, changes, strict=True))
        expected = sqrt(total / sum(weights))
        assert ewma_volatility(data, config) == pytest.approx(expected, rel=1e-9, abs=1e-25)


@given(CHANGES, st.integers(0, 60))
def test_a_snapshot_goes_on_with_the_same_bits(changes: list[float], cut: int) -> None:
    whole, first = after(changes), after(changes[:cut])
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=VolatilityData)
    for change in changes[cut:]:
        add_bar(restored, SMALL, change)

    assert msgspec.msgpack.encode(restored) == msgspec.msgpack.encode(whole)


def test_fresh_data_shares_nothing() -> None:
    one, other = VolatilityData(), VolatilityData()
    add_bar(one, SMALL, 0.1)

    assert other == VolatilityData()
    assert Window().ring == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bar_ns", 0),
        ("halflife_bars", 0),
        ("window_bars", 1),
        ("long_window_bars", 299),
        ("min_bars", 301),
        ("min_bars", 0),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(field: str, value: int) -> None:
    with pytest.raises(InputError, match=rf"volatility\.{field} is {value}, allowed is"):
        VolatilityConfig(**{field: value})


@pytest.mark.parametrize("change", [float("inf"), float("nan"), 1e200])
def test_a_change_that_is_no_number_is_a_defect(change: float) -> None:
    with pytest.raises(AssertionError):
        add_bar(VolatilityData(), SMALL, change)
