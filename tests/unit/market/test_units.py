"""Units convert exactly, and durations are read and written without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import InputError
from market.units import DURATION_NS_MAX, format_ns, parse_duration, ticks_to_units


def test_ticks_become_units() -> None:
    assert ticks_to_units(-3, 100) == -300


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("0ns", 0),
        ("1ns", 1),
        ("2us", 2_000),
        ("500ms", 500_000_000),
        ("2s", 2_000_000_000),
        ("0.000000001s", 1),
        ("1.5m", 90_000_000_000),
        ("1h", 3_600_000_000_000),
        ("10000d", DURATION_NS_MAX),
        ("1.50us", 1500),
    ],
)
def test_a_duration_is_read_exactly(text: str, duration_ns: int) -> None:
    assert parse_duration(text) == duration_ns


@pytest.mark.parametrize(
    "text", ["", "5", "ms", "-1s", "1 s", "1S", "1e3ms", ".5s", "5.s", "1h30m", "١s", "1s\n"]
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(
        InputError, match=r"^wire\.latency: found '.*', allowed is a number with one"
    ):
        parse_duration(text, "wire.latency")


def test_a_fraction_of_a_nanosecond_is_refused() -> None:
    with pytest.raises(InputError, match=r"^x: found '0\.5ns', allowed are whole nanoseconds$"):
        parse_duration("0.5ns", "x")


def test_a_duration_that_would_overflow_is_refused() -> None:
    with pytest.raises(InputError, match="allowed are at most 10000d"):
        parse_duration("10000.1d")


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (1_000, "1us"),
        (1_500_000, "1.5ms"),
        (1_000_000_001, "1.000000001s"),
        (-250_000, "-250us"),
        (7_200_000_000_000, "7200s"),
    ],
)
def test_a_duration_is_written_in_its_largest_unit(duration_ns: int, text: str) -> None:
    assert format_ns(duration_ns) == text


@given(st.integers(0, DURATION_NS_MAX))
def test_what_is_written_is_read_back(duration_ns: int) -> None:
    assert parse_duration(format_ns(duration_ns)) == duration_ns
