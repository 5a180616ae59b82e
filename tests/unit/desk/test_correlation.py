"""Correlation by hand, then against its definition over random bars."""

from math import sqrt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.state.correlation import CorrelationConfig, CorrelationData, add_bars, correlation_of
from market.errors import InputError

SMALL = CorrelationConfig(halflife_bars=1, min_bars=1)
CHANGE = st.one_of(st.just(0.0), st.floats(-0.1, 0.1).filter(lambda x: abs(x) > 1e-9))
BARS = st.lists(st.tuples(CHANGE, CHANGE, CHANGE), max_size=40)


def after(
    bars: list[list[float]], books: int = 2, config: CorrelationConfig = SMALL
) -> CorrelationData:
    data = CorrelationData.of(books)
    for changes in bars:
        add_bars(data, config, changes)
    return data


def test_worked_example() -> None:
    # Half-life 1 bar: λ = 1/2. Changes in per cent, sums in 1e-4:
    #   bar 1: (1, 2)    s11 = ½·1 = 0.5         s22 = ½·4 = 2          s12 = ½·2 = 1
    #   bar 2: (1, −1)   s11 = 0.25 + 0.5 = 0.75 s22 = 1 + 0.5 = 1.5    s12 = 0.5 − 0.5 = 0
    #   bar 3: (2, 2)    s11 = 0.375 + 2 = 2.375 s22 = 0.75 + 2 = 2.75  s12 = 0 + 2 = 2
    #   ρ: 1/√(0.5·2) = 1;   0;   2/√(2.375·2.75)
    first, second, third = [0.01, 0.02], [0.01, -0.01], [0.02, 0.02]

    assert correlation_of(after([first]), 0, 1) == pytest.approx(1.0, rel=1e-15)
    assert correlation_of(after([first, second]), 0, 1) == pytest.approx(0.0, abs=1e-15)
    data = after([first, second, third])
    assert data.sums == [pytest.approx(x * 1e-4) for x in (2.375, 2.0, 2.75)]
    assert correlation_of(data, 0, 1) == pytest.approx(2.0 / sqrt(2.375 * 2.75), rel=1e-14)


def test_books_that_move_alike_or_opposite_have_a_correlation_of_one() -> None:
    data = after([[0.01, 0.03, -0.02], [-0.004, -0.012, 0.008]], books=3)

    assert correlation_of(data, 0, 1) == pytest.approx(1.0, rel=1e-15)
    assert correlation_of(data, 0, 2) == pytest.approx(-1.0, rel=1e-15)
    assert abs(correlation_of(data, 1, 2)) <= 1.0


def test_a_book_that_does_not_move_has_none() -> None:
    data = after([[0.01, 0.0]] * 5)

    assert correlation_of(data, 0, 1) == 0.0
    assert correlation_of(data, 1, 1) == 0.0
    assert correlation_of(data, 0, 0) == pytest.approx(1.0)


def test_it_is_unknown_before_enough_bars() -> None:
    config = CorrelationConfig(min_bars=3)

    assert correlation_of(after([[0.01, 0.01]] * 2, config=config), 0, 1) == 0.0
    assert correlation_of(after([[0.01, 0.01]] * 3, config=config), 0, 1) == pytest.approx(1.0)


def test_small_variances_do_not_vanish_in_a_product() -> None:
    data = after([[1e-25, 1e-25], [1e-25, -3e-25]])

    assert correlation_of(data, 0, 1) == pytest.approx(-2.5 / sqrt(1.5 * 9.5), rel=1e-9)


def test_sums_of_a_dead_market_end_at_zero() -> None:
    data = after([[0.5, -0.5]])
    for _ in range(400):
        add_bars(data, SMALL, [0.0, 0.0])

    assert data.sums == [0.0, 0.0, 0.0]
    assert correlation_of(data, 0, 1) == 0.0


@given(BARS, st.integers(1, 30))
def test_it_equals_its_definition_and_stays_within_one(
    bars: list[tuple[float, float, float]], halflife: int
) -> None:
    data = after(
        [list(bar) for bar in bars],
        books=3,
        config=CorrelationConfig(halflife_bars=halflife, min_bars=1),
    )
    weights = [0.5 ** (age / halflife) for age in range(len(bars))][::-1]
    for one in range(3):
        for other in range(3):
            rho = correlation_of(data, one, other)
            assert -1.0 <= rho <= 1.0
            assert rho == correlation_of(data, other, one)
            xx, yy, xy = (
                sum(w * bar[a] * bar[b] for w, bar in zip(weights, bars, strict=True))
                for a, b in ((one, one), (other, other), (one, other))
            )
            expected = xy / sqrt(xx * yy) if xx and yy else 0.0
            assert rho == pytest.approx(expected, abs=1e-9)


@given(BARS, st.integers(0, 40))
def test_a_snapshot_goes_on_with_the_same_bits(
    bars: list[tuple[float, float, float]], cut: int
) -> None:
    lists = [list(bar) for bar in bars]
    whole, first = after(lists, 3), after(lists[:cut], 3)
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=CorrelationData)
    for changes in lists[cut:]:
        add_bars(restored, SMALL, changes)

    assert msgspec.msgpack.encode(restored) == msgspec.msgpack.encode(whole)


@pytest.mark.parametrize("field", ["halflife_bars", "min_bars"])
def test_a_setting_out_of_range_is_refused_by_name(field: str) -> None:
    with pytest.raises(InputError, match=rf"correlation\.{field} is 0, allowed is 1 to"):
        CorrelationConfig(**{field: 0})


def test_changes_of_too_few_books_are_a_defect() -> None:
    with pytest.raises(AssertionError):
        add_bars(CorrelationData.of(3), SMALL, [0.0, 0.0])
