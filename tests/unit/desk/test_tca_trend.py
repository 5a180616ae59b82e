"""The alarm: its stated rate of false ones, how soon it calls, and that only order matters."""

from fractions import Fraction
from statistics import mean, median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.tca import Alarm, TrendConfig, TrendData, observe, shortfall_of, standardised
from desk.tca.trend import ALLOWANCE_PPM, THRESHOLDS_PPM
from market.errors import InputError
from sim.streams import draw, normal_quantile, stream_key, uniform_fp
from tests.unit.desk.tca_world import BUY, case

PPM = 1_000_000


def mean_run_length(threshold: float, allowance: float, states: int = 400) -> float:
    """The integral equation of a CUSUM of uniform scores, as a Markov chain (Brook and Evans 1972)."""
    width = threshold / states
    start = np.concatenate([[0.0], (np.arange(states) + 0.5) * width])
    low, high = start - 0.5 - allowance, start + 0.5 - allowance
    edges = np.arange(states + 1) * width
    moves = np.zeros((states + 1, states + 1))
    moves[:, 0] = np.clip(np.minimum(high, 0.0) - low, 0.0, 1.0)
    upper = np.minimum(high[:, None], edges[None, 1:])
    moves[:, 1:] = np.clip(upper - np.maximum(low[:, None], edges[None, :-1]), 0.0, None)
    return float(np.linalg.solve(np.eye(states + 1) - moves, np.ones(states + 1))[0])


@pytest.mark.parametrize("every", THRESHOLDS_PPM)
def test_every_threshold_solves_the_integral_equation_for_its_rate(every: int) -> None:
    found = mean_run_length(THRESHOLDS_PPM[every] / PPM, ALLOWANCE_PPM / PPM)

    assert abs(found / every - 1) < 0.001


def normal(seed: int, number: int, shift: float = 0.0) -> int:
    """A shortfall in millionths of its standard deviation."""
    bits = draw(stream_key(seed, "shortfall"), number)
    return int((normal_quantile(min(uniform_fp(bits), 1 - 1e-12)) + shift) * PPM)


def first_alarm(config: TrendConfig, seed: int, shift: float = 0.0, after: int = 0) -> Alarm:
    """The first alarm of a stream whose costs rise after so many parents."""
    data = TrendData()
    number = 0
    while True:
        number += 1
        alarm = observe(data, config, normal(seed, number, shift if number > after else 0.0))
        if alarm:
            return alarm


@pytest.mark.parametrize(("every", "runs"), [(100, 400), (500, 100)])
def test_false_alarms_come_as_seldom_as_is_stated(every: int, runs: int) -> None:
    config = TrendConfig(false_alarm_every=every, warm_up=50)

    lengths = [first_alarm(config, seed).parent_number - config.warm_up for seed in range(runs)]

    # A run length is nearly exponential: its standard error is its mean over the root of the runs.
    assert abs(mean(lengths) - every) < 3 * every / runs**0.5


@pytest.mark.parametrize(("shift", "delay_max"), [(0.5, 60), (1.0, 20), (2.0, 10)])
def test_costs_that_shift_are_called_soon_and_with_the_moment_at_which_they_did(
    shift: float, delay_max: int
) -> None:
    config = TrendConfig(false_alarm_every=10_000)

    alarms = [first_alarm(config, seed, shift, after=300) for seed in range(60)]

    after = [one for one in alarms if one.parent_number > 300]
    assert len(after) > 50
    assert median(one.parent_number - 300 for one in after) <= delay_max
    assert abs(median(one.since for one in after) - 301) <= 10


def test_costs_that_fall_are_never_called() -> None:
    config, data = TrendConfig(false_alarm_every=100), TrendData()
    alarms = [observe(data, config, -number) for number in range(2_000)]

    assert not any(alarms)
    assert 0 == data.sum_ppm


@given(st.lists(st.integers(-40, 40), max_size=150), st.integers(1, 20))
def test_only_the_order_of_costs_matters_and_not_their_distribution(
    values: list[int], warm_up: int
) -> None:
    config = TrendConfig(false_alarm_every=100, warm_up=warm_up)
    plain, tailed = TrendData(), TrendData()

    # A rising function that makes any tail heavy.
    pairs = [
        (observe(plain, config, value), observe(tailed, config, value**3 * 10**6 + value))
        for value in values
    ]

    assert all(one == other for one, other in pairs)


def test_a_score_is_a_place_among_all_so_far_by_hand() -> None:
    config, data = TrendConfig(false_alarm_every=100, warm_up=2), TrendData()
    assert observe(data, config, 5) is None
    assert observe(data, config, 7) is None
    assert (0, 0) == (data.sum_ppm, data.since)

    # Largest of three: the middle of the last third is 5/6. Then second of four, shared by two: 2/4.
    assert observe(data, config, 9) is None
    assert (833_333 - 600_000, 3) == (data.sum_ppm, data.since)
    observe(data, config, 7)
    assert (233_333 + 500_000 - 600_000, 3) == (data.sum_ppm, data.since)
    # The smallest of five: 1/10.
    observe(data, config, 1)
    assert (0, 0) == (data.sum_ppm, data.since)


def test_an_alarm_says_since_when_and_the_sum_begins_again() -> None:
    config, data = TrendConfig(false_alarm_every=100, warm_up=10), TrendData()
    for number in range(10):
        observe(data, config, number % 5)

    found = [observe(data, config, 100 + number) for number in range(4)]

    assert [None, None] == found[:2]
    alarm = found[2]
    assert alarm is not None
    assert (13, 11) == (alarm.parent_number, alarm.since)
    assert alarm.sum_ppm > alarm.threshold_ppm == THRESHOLDS_PPM[100]
    assert 1 == data.alarms
    assert 14 == data.since


def test_equal_costs_never_call() -> None:
    config, data = TrendConfig(false_alarm_every=100), TrendData()

    assert not any(observe(data, config, 7) for _ in range(500))


def test_a_rate_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(InputError, match="false_alarm_every is 300, allowed is one of 100, 200"):
        TrendConfig(false_alarm_every=300)
    with pytest.raises(InputError, match="warm_up is 0"):
        TrendConfig(warm_up=0)


def test_a_shortfall_is_standardised_by_what_was_expected_and_by_a_scale() -> None:
    found = shortfall_of(case(BUY, 1_000, 4_000, 4_004, 4_005, 700, 1_700, 4_008))

    assert 1_900 == standardised(found)
    assert round(Fraction(1_900 - 1_000, 450) * PPM) == standardised(found, 1_000, 450)
    assert standardised(shortfall_of(case(BUY, 10, 0, 0, 1, 10, 0, 1))) is None
