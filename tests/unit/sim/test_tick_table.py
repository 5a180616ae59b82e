"""Tick-size tables: the European one as printed, lookups, and steps across boundaries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import InputError
from sim.venue_rules.tick_table import RTS11, UNITS, US_EQUITY, TickTable, rts11_table


@pytest.mark.parametrize(
    ("price", "ticks"),
    [
        (0, (5, 2, 1, 1, 1, 1)),
        (1_000, (10, 5, 2, 1, 1, 1)),
        (9_999, (50, 20, 10, 5, 2, 1)),
        (10_000, (100, 50, 20, 10, 5, 2)),
        (199_999, (1_000, 500, 200, 100, 50, 20)),
        (200_000, (2_000, 1_000, 500, 200, 100, 50)),
        (999_999, (5_000, 2_000, 1_000, 500, 200, 100)),
        (50_000 * UNITS, (5_000_000, 2_000_000, 1_000_000, 500_000, 200_000, 100_000)),
    ],
)
def test_rows_of_the_european_table(price: int, ticks: tuple[int, ...]) -> None:
    assert tuple(table.tick_at(price) for table in RTS11) == ticks


def test_the_column_follows_the_average_daily_trades() -> None:
    trades = (0, 9, 10, 79, 80, 599, 600, 1_999, 2_000, 8_999, 9_000, 10**6)

    assert [RTS11.index(rts11_table(count)) for count in trades] == [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5,
    ]  # fmt: skip
    with pytest.raises(InputError, match="found -1"):
        rts11_table(-1)


def test_an_american_stock_trades_finer_below_one_dollar() -> None:
    assert US_EQUITY.is_on_grid(9_999)
    assert not US_EQUITY.is_on_grid(10_050)
    assert (US_EQUITY.step_down(10_000), US_EQUITY.step_up(10_000)) == (9_999, 10_100)
    assert (US_EQUITY.floor(10_050), US_EQUITY.ceil(10_050)) == (10_000, 10_100)


TABLES = st.sampled_from([*RTS11, US_EQUITY])


@given(TABLES, st.integers(1, 60_000 * UNITS))
def test_floor_and_ceil_are_the_nearest_prices_of_the_grid(table: TickTable, price: int) -> None:
    low, high = table.floor(price), table.ceil(price)

    assert table.is_on_grid(low)
    assert table.is_on_grid(high)
    assert low <= price <= high
    assert high - low in (0, table.tick_at(price))


@given(TABLES, st.integers(1, 60_000 * UNITS))
def test_a_step_up_and_a_step_down_undo_each_other(table: TickTable, price: int) -> None:
    price = table.ceil(price)

    assert table.step_down(table.step_up(price)) == price
    assert table.step_up(table.step_down(price)) == price


@pytest.mark.parametrize(
    ("starts", "ticks", "text"),
    [
        ((1,), (1,), "must ascend from 0"),
        ((0, 5, 5), (1, 1, 1), "must ascend from 0"),
        ((0, 10), (1,), "one > 0 for each start"),
        ((0,), (0,), "one > 0 for each start"),
        ((0, 10), (1, 3), "must be a multiple of the ticks 1 and 3"),
    ],
)
def test_impossible_tables_are_refused(
    starts: tuple[int, ...], ticks: tuple[int, ...], text: str
) -> None:
    with pytest.raises(InputError, match=text):
        TickTable(starts, ticks)
