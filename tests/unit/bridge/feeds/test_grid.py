"""Decimal text to exact steps: what is taken, what is refused, and that nothing grows."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.feeds import grid
from bridge.feeds.grid import Grid, Steps, plain
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import InputError
from market.instruments import Instrument
from tests.unit.bridge.feeds.rig import instrument


@pytest.mark.parametrize(
    ("text", "ticks"),
    [
        ("61685.99000000", 6_168_599),
        ("0.01", 1),
        ("1", 100),
        ("007.10", 710),
        ("1.00000000000", 100),
    ],
)
def test_prices_on_the_grid_are_exact(text: str, ticks: int) -> None:
    assert Grid(instrument()).ticks[text] == ticks


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "1.", ".5", "-1", "+1", "1e5", "1.2.3", "1,5", " 1", "1 ", "1_0", "٣", "1.٣", "²", "NaN",
        "1" * 19, "1" * 5_000, "0" * 50 + "1", "1." + "0" * 19, "61685.995", "0", "0.00", str(PRICE_TICKS_MAX),
    ],
)  # fmt: skip
def test_what_is_no_price_on_the_grid_is_refused(text: str) -> None:
    ticks = Grid(instrument()).ticks
    for _ in range(2):
        with pytest.raises(InputError, match=r"BTCUSDT price: found .*allowed"):
            ticks[text]


def test_quantities_may_be_none_and_have_a_bound() -> None:
    lots = Grid(instrument(lots=1)).lots
    assert lots["0.000"] == 0
    assert lots[str(QTY_LOTS_MAX)] == QTY_LOTS_MAX
    with pytest.raises(InputError, match="quantity"):
        lots[str(QTY_LOTS_MAX + 1)]
    with pytest.raises(InputError, match="more than 0"):
        Grid(instrument()).traded_lots("0.00")


def test_grids_need_not_be_powers_of_ten() -> None:
    odd = Instrument(
        symbol="X",
        venue="V",
        currency="C",
        price_units_per_currency=32,
        tick_units=8,
        lot_num=5,
        lot_den=2,
    )
    found = Grid(odd)
    assert found.ticks["1.75"] == 7
    assert found.lots["7.5"] == 3
    with pytest.raises(InputError, match="multiples of 8/32"):
        found.ticks["1.8"]


@given(
    st.integers(0, 10**9),
    st.integers(0, 12),
    st.sampled_from([(100, 1), (1, 5), (32, 8), (10**8, 1), (2, 5)]),
)
def test_any_decimal_is_its_fraction(digits: int, decimals: int, per_unit: tuple[int, int]) -> None:
    whole, fraction = divmod(digits, 10**decimals)
    text = f"{whole}.{fraction:0{decimals}d}" if decimals else str(whole)
    expected = Fraction(digits, 10**decimals) * Fraction(*per_unit)
    steps, cut = (Steps("x", per_unit, 0, 1 << 80, cut=cut) for cut in (False, True))
    assert cut[text] == expected.numerator // expected.denominator
    assert cut.cut_count == (expected.denominator != 1)
    if expected.denominator == 1:
        assert steps[text] == expected
    else:
        with pytest.raises(InputError, match="multiples"):
            steps[text]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "REMEMBERED_MAX", 10)
    ticks = Grid(instrument()).ticks
    for number in range(1, 100):
        assert ticks[f"{number}.00"] == 100 * number
        assert len(ticks) <= 10


@pytest.mark.parametrize(
    "text", ["1e999999999", "1e-999999999", "0e-999999999", "NaN", "Infinity", "-Infinity"]
)
def test_numbers_that_would_fill_the_memory_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="found the number"):
        plain(Decimal(text))
    assert plain(Decimal("1E-8")) == "0.00000001"
    assert plain(Decimal("0.00100000")) == "0.00100000"
