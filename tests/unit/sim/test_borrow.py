"""What a short position costs over a night and over a weekend, as brokers print it."""

import pytest

from market.codes import AccrualKind
from market.errors import InputError
from market.messages import Accrual
from sim.costs import BorrowTerms, accrued
from tests.unit.sim.test_fee_schedule import CENT, instrument

DOLLAR = 100 * CENT
SHARE = instrument()


def custom(year_percent: int) -> BorrowTerms:
    """The custom in dollars: 102 %, rounded up to the next dollar, over 360 days."""
    return BorrowTerms(
        year_ppb=year_percent * 10_000_000, security_ppm=1_020_000, security_step_nanos=DOLLAR
    )


@pytest.mark.parametrize(
    ("shares", "close_cents", "percent", "fee"),
    [
        (100_000, 25, 50, "138.8889"),  # 0.255 is secured by a whole dollar
        (1_000, 1_300, 6, "2.3333"),  # 13.26 by 14 dollars
        (10_000, 1_100, 5, "16.6667"),  # 11.22 by 12 dollars
        (10_000, 5_000, 0, "0.00"),
    ],
)
def test_a_night_costs_what_brokers_print(
    shares: int, close_cents: int, percent: int, fee: str
) -> None:
    accrual = custom(percent).accrual(0, close_cents * 100, 1, SHARE)

    assert f"{fee} USD" == SHARE.money(accrued(accrual, -shares))


def test_a_weekend_is_three_nights() -> None:
    nights = [custom(36).accrual(3, 100_000, nights, SHARE) for nights in (1, 3)]

    assert [(3, 1_000_000), (3, 3_000_000)] == [(one.book_id, one.rate_ppb) for one in nights]
    assert [110_000] * 2 == [one.mark_units for one in nights]  # 10.20 is secured by 11
    # 1,100 dollars for 100 shares, a thousandth a night.
    assert [11_000, 33_000] == [accrued(one, -100) for one in nights]


def test_who_is_long_or_flat_pays_nothing() -> None:
    accrual = custom(50).accrual(0, 100_000, 1, SHARE)

    assert [0, 0] == [accrued(accrual, lots) for lots in (100, 0)]


def test_security_without_a_step_is_rounded_up_to_a_price_unit() -> None:
    terms = BorrowTerms(year_ppb=1, security_ppm=1_050_000)

    assert [0, 2, 105, 107] == [terms.security_units(close, SHARE) for close in (-5, 1, 100, 101)]


def test_the_accrual_is_of_the_borrow_kind() -> None:
    expected = Accrual(kind=AccrualKind.BORROW, book_id=2, rate_ppb=1_388_889, mark_units=20_000)

    assert expected == custom(50).accrual(2, 10_001, 1, SHARE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("year_ppb", -1),
        ("year_days", 0),
        ("security_ppm", 999_999),
        ("security_step_nanos", -1),
    ],
)
def test_terms_with_nonsense_are_refused(field: str, value: int) -> None:
    with pytest.raises(InputError, match=f"{field}: found {value}, allowed is"):
        BorrowTerms(**{field: value})


def test_a_step_between_price_units_is_refused() -> None:
    for step in (1, 150_000):
        terms = BorrowTerms(security_step_nanos=step)
        with pytest.raises(
            InputError, match=f"found {step}, allowed is 0 or a multiple of a price"
        ):
            terms.security_units(1, SHARE)
