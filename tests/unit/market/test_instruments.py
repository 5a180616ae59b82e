"""Amounts of money are exact, on every grid that has an exact decimal form."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import InputError
from market.instruments import Instrument

SHARE = Instrument(
    symbol="GOOG",
    venue="NASDAQ",
    currency="USD",
    price_units_per_currency=10_000,
    tick_units=100,
)
COIN = Instrument(
    symbol="BTCUSD",
    venue="BITSTAMP",
    currency="USD",
    price_units_per_currency=100,
    tick_units=1,
    lot_den=10**8,
)
FUTURE = Instrument(
    symbol="ES",
    venue="CME",
    currency="USD",
    price_units_per_currency=4,
    tick_units=1,
    lot_num=50,
)


def test_notional_is_price_units_times_lots() -> None:
    assert SHARE.notional(57_000, 10) == 57_000 * 100 * 10
    assert SHARE.notional(57_000, -10) == -SHARE.notional(57_000, 10)
    assert SHARE.notional_of_units(5_700_050, 3) == 17_100_150


@pytest.mark.parametrize(
    ("instrument", "decimals"), [(SHARE, 4), (COIN, 10), (FUTURE, 1)], ids=["share", "coin", "es"]
)
def test_cash_has_the_decimals_that_one_product_needs(
    instrument: Instrument, decimals: int
) -> None:
    assert instrument.cash_decimals == decimals


@pytest.mark.parametrize(
    ("instrument", "amount", "text"),
    [
        (SHARE, 0, "0.00 USD"),
        (SHARE, 12_345_000, "1234.50 USD"),
        (SHARE, -1, "-0.0001 USD"),
        (SHARE, 57_005_000, "5700.50 USD"),
        (COIN, 1, "0.0000000001 USD"),
        (COIN, 23_412 * 10**8, "234.12 USD"),
        (FUTURE, 1, "12.50 USD"),
        (FUTURE, 4 * 5_000, "250000.00 USD"),
    ],
)
def test_money_is_written_exactly(instrument: Instrument, amount: int, text: str) -> None:
    assert instrument.money(amount) == text


@given(st.integers(-(10**25), 10**25), st.sampled_from([SHARE, COIN, FUTURE]))
def test_money_reads_back_as_the_same_amount(amount: int, instrument: Instrument) -> None:
    number, currency = instrument.money(amount).split(" ")
    assert currency == "USD"
    scale = instrument.price_units_per_currency * instrument.lot_den
    digits, exponent = int(number.replace(".", "")), len(number.split(".")[1])
    assert digits * scale == amount * instrument.lot_num * 10**exponent
    assert Decimal(number).is_signed() == (amount < 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"symbol": ""}, "instrument '': symbol is empty, allowed is a name"),
        ({"tick_units": 0}, "instrument 'X': tick_units is 0, allowed is 1 to 1000000000000"),
        ({"lot_den": 10**13}, "instrument 'X': lot_den is 10000000000000, allowed is"),
        ({"lot_den": 3}, "instrument 'X': one price unit times one lot is 1/300 EUR, allowed is"),
    ],
)
def test_a_wrong_grid_is_named(change: dict[str, int | str], message: str) -> None:
    good = {"symbol": "X", "venue": "V", "currency": "EUR", "price_units_per_currency": 100}
    with pytest.raises(InputError) as caught:
        Instrument(**{**good, "tick_units": 1, **change})  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_a_third_is_allowed_where_the_other_grid_mends_it() -> None:
    instrument = Instrument(
        symbol="X",
        venue="V",
        currency="EUR",
        price_units_per_currency=100,
        tick_units=1,
        lot_num=3,
        lot_den=6,
    )
    assert instrument.money(1) == "0.005 EUR"
