"""Our exponential and logarithm against the C library's, and against the ones that draws use."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market import portable

ANY_EXPONENT = st.floats(-708.0, 709.0)
ANY_POSITIVE = st.floats(5e-324, 1.7976931348623157e308, exclude_min=False)


@given(ANY_EXPONENT)
def test_exp_is_right_to_two_last_places(x: float) -> None:
    assert abs(portable.exp(x) - math.exp(x)) <= 2.0 * math.ulp(math.exp(x))


@given(ANY_POSITIVE)
def test_log_is_right_to_two_last_places(x: float) -> None:
    assert abs(portable.log(x) - math.log(x)) <= 2.0 * math.ulp(math.log(x))


def test_dense_grids_around_the_hard_places_are_right_to_two_last_places() -> None:
    near_one = [1.0 + k * 2.0**-40 for k in range(-2_000, 2_000) if k]
    near_zero = [k * 2.0**-30 for k in range(-2_000, 2_000)]
    halves_of_log_2 = [k * 0.34657359027997264 + d for k in range(-1_000, 1_000) for d in (0, 1e-9)]

    for x in near_one:
        assert abs(portable.log(x) - math.log(x)) <= 2.0 * math.ulp(math.log(x))
    for x in [*near_zero, *halves_of_log_2]:
        assert abs(portable.exp(x) - math.exp(x)) <= 2.0 * math.ulp(math.exp(x))


@pytest.mark.parametrize(
    ("x", "bits"),
    [
        (1.0, "0x1.5bf0a8b14576ap+1"),
        (-1.0, "0x1.78b56362cef38p-2"),
        (-0.6931471805599453, "0x1.0000000000000p-1"),
        (700.0, "0x1.d945df4f8ec8ep+1009"),
    ],
)
def test_bits_of_exp_are_these_on_every_machine(x: float, bits: str) -> None:
    assert abs(float.fromhex(bits) - math.exp(x)) <= math.ulp(math.exp(x))
    assert portable.exp(x).hex() == bits


def test_edges() -> None:
    assert portable.exp(0.0) == 1.0
    assert portable.log(1.0) == 0.0
    assert portable.exp(-709.0) == 0.0
    assert portable.exp(-math.inf) == 0.0
    assert portable.exp(710.0) == math.inf
    for x in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(AssertionError):
            portable.log(x)
