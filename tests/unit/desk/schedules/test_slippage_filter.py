"""The local level by the Nile, by its closed forms, and as an offset."""

from math import inf, log, pi, sqrt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.execution.schedules.slippage_filter import (
    LevelData,
    LevelParams,
    OffsetRule,
    add_slippage,
    believing,
    fit,
    log_likelihood,
    offset_ticks,
    resting_gain,
    resting_variance,
)
from market.errors import InputError

# Annual flow of the Nile at Aswan, 1871 to 1970, in 1e8 cubic metres (Cobb 1978).
NILE = [
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180,
    799, 958, 1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833,
    701, 916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845,
    864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649,
    846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923, 975, 815,
    1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
]  # fmt: skip
PARAMS = LevelParams(noise=15098.53, step=1469.178)


def test_the_record_is_the_published_one() -> None:
    assert len(NILE) == 100
    assert sum(NILE) == 91_935


def test_likelihood_begun_without_belief() -> None:
    assert log_likelihood(PARAMS, NILE) == pytest.approx(-632.5456, abs=5e-5)


def test_likelihood_begun_with_a_belief_that_is_nearly_none() -> None:
    data = believing(0.0, 1e7)
    for flow in NILE:
        add_slippage(data, PARAMS, flow)
    assert data.log_likelihood == pytest.approx(-641.58558, abs=1e-5)


def test_where_the_filter_comes_to_rest() -> None:
    data, params = LevelData(), LevelParams(noise=15_099.0, step=1_469.1)  # Durbin and Koopman's
    for flow in NILE:
        add_slippage(data, params, flow)
    assert resting_variance(params) == pytest.approx(5501.25794, abs=5e-6)
    assert resting_gain(params) == pytest.approx(0.2670480, abs=5e-8)
    assert data.variance == pytest.approx(5501.25794, abs=5e-6)
    assert data.filtered == pytest.approx(4032.15794, abs=5e-6)
    assert data.level == pytest.approx(798.3703, abs=5e-5)


def test_the_best_variances() -> None:
    found = fit(NILE)
    assert found.noise == pytest.approx(15098.53, rel=1e-5)
    assert found.step == pytest.approx(1469.178, rel=2e-5)
    assert log_likelihood(found, NILE) >= log_likelihood(PARAMS, NILE)


@given(noise=st.floats(1e-3, 1e6), step=st.floats(0.0, 1e6))
def test_at_rest_an_order_changes_no_variance(noise: float, step: float) -> None:
    params = LevelParams(noise=noise, step=step)
    at_rest = resting_variance(params)
    data = believing(3.0, at_rest)
    add_slippage(data, params, 5.0)
    assert data.variance == pytest.approx(at_rest, rel=1e-9, abs=1e-12)


def test_two_orders_by_hand() -> None:
    # r = q = 1: after the first P = 2; F = 3, K = 2/3, a = 0 + 2/3·3 = 2, P = 2/3 + 1.
    data, params = LevelData(), LevelParams(noise=1.0, step=1.0)
    add_slippage(data, params, 0.0)
    add_slippage(data, params, 3.0)
    assert data.level == pytest.approx(2.0)
    assert data.variance == pytest.approx(5 / 3)
    assert data.log_likelihood == pytest.approx(-0.5 * (log(2 * pi) + log(3.0) + 3.0))


@given(
    record=st.lists(st.floats(-100, 100), min_size=1, max_size=30),
    noise=st.floats(0.01, 100),
    step=st.floats(0.0, 100),
)
def test_the_filter_goes_on_from_its_encoded_state_bit_for_bit(
    record: list[float], noise: float, step: float
) -> None:
    params = LevelParams(noise=noise, step=step)
    whole, halves = LevelData(), LevelData()
    for slippage in record:
        add_slippage(whole, params, slippage)
        add_slippage(halves, params, slippage)
        halves = msgspec.msgpack.decode(msgspec.msgpack.encode(halves), type=LevelData)
    assert msgspec.msgpack.encode(whole) == msgspec.msgpack.encode(halves)
    assert min(record) - 1e-9 <= whole.level <= max(record) + 1e-9


def offset_at(level: float, rule: OffsetRule, now_ticks: int = 0) -> int:
    params = LevelParams(noise=3.0, step=0.0)
    return offset_ticks(rule, params, LevelData(5, level, 1.0), now_ticks)


def test_the_offset_follows_the_level_within_its_bounds() -> None:
    rule = OffsetRule(min_ticks=-2, max_ticks=4)
    assert [offset_at(level, rule) for level in (-9.0, -1.6, -0.4, 0.4, 1.6, 9.0, 1e300)] == [
        -2, -2, 0, 0, 2, 4, 4,
    ]  # fmt: skip


def test_deviations_let_more_orders_through() -> None:
    # √(P + r) = 2, so z = 1 adds two ticks.
    rule = OffsetRule(deviations_ppm=1_000_000, max_ticks=10)
    assert offset_at(1.0, rule) == 3


def test_small_changes_are_left_alone_unless_the_offset_is_out_of_bounds() -> None:
    rule = OffsetRule(dead_ticks=3, max_ticks=6)
    assert offset_at(2.0, rule, now_ticks=0) == 0
    assert offset_at(3.0, rule, now_ticks=0) == 3
    assert offset_at(6.0, rule, now_ticks=8) == 6
    fresh = offset_ticks(rule, LevelParams(noise=1.0, step=0.0), LevelData(), 9)
    assert fresh == 6


def test_rising_slippage_moves_the_offset_up() -> None:
    data, params, rule = LevelData(), LevelParams(noise=1.0, step=0.5), OffsetRule(max_ticks=8)
    offsets, now_ticks = [], 0
    for slippage in [0.0] * 10 + [4.0] * 10:
        add_slippage(data, params, slippage)
        now_ticks = offset_ticks(rule, params, data, now_ticks)
        offsets.append(now_ticks)
    assert offsets[:10] == [0] * 10
    assert offsets[10:] == sorted(offsets[10:])
    assert offsets[-1] == 4


def test_gain_at_rest_is_the_golden_ratio_for_equal_variances() -> None:
    assert resting_gain(LevelParams(noise=1.0, step=1.0)) == pytest.approx((sqrt(5) - 1) / 2)


@pytest.mark.parametrize(
    "wrong",
    [{"noise": 0.0, "step": 1.0}, {"noise": 1.0, "step": -1.0}, {"noise": inf, "step": 1.0}],
)
def test_wrong_variances_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="slippage filter"):
        LevelParams(**wrong)


def test_wrong_rules_and_records_are_refused() -> None:
    with pytest.raises(InputError, match="min_ticks 3"):
        OffsetRule(min_ticks=3, max_ticks=2)
    with pytest.raises(InputError, match="dead_ticks"):
        OffsetRule(dead_ticks=0)
    with pytest.raises(InputError, match="3 or more that differ"):
        fit([1.0, 1.0, 1.0])
