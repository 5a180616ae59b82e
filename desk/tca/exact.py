"""Whole numbers and fractions: how the figures of transaction-cost analysis are rounded, once.

Model: an amount is a whole number of half price unit × lot (`_x2`), because a mid lies between two
prices; what divides two of them is a `Fraction` until somebody reads it. It is then rounded half up,
floor(x + 1/2), also below zero, as everywhere on the desk.

Limits: `Decimal` is how a figure leaves in a report, made from whole numbers; nothing is calculated
with it.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final

from market.decisions import PPM
from market.errors import InputError
from market.instruments import Instrument

CENTS: Final = 100


def rounded(value: Fraction) -> int:
    """The nearest whole number, half up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def in_ppm(value: Fraction) -> int:
    """A ratio in whole parts per million, rounded half up."""
    return rounded(value * PPM)


def ratio(number: int, by: int) -> Fraction | None:
    """An exact quotient; None where there is nothing to divide by, or a worth that is not above zero."""
    return Fraction(number, by) if by > 0 else None


def decimal(value: Fraction, places: int) -> Decimal:
    """A figure of a report with a fixed number of decimals, rounded half up."""
    scaled = rounded(value * 10**places)
    digits = tuple(int(digit) for digit in str(abs(scaled)))
    return Decimal((int(scaled < 0), digits, -places))


def percent(number: int | Fraction, by: int | Fraction, places: int = 2) -> Decimal | None:
    """A share in percent; None of nothing."""
    return decimal(Fraction(number) * 100 / by, places) if by else None


def currency(instrument: Instrument, amount_x2: int) -> Fraction:
    """An amount in half price unit × lot, in units of the instrument's currency, exactly."""
    denominator = 2 * instrument.price_units_per_currency * instrument.lot_den
    return Fraction(amount_x2 * instrument.lot_num, denominator)


def per_share(instrument: Instrument, price_x2_units: int | Fraction) -> Fraction:
    """A price, or a difference of prices, in half price units, in units of currency."""
    return Fraction(price_x2_units) / (2 * instrument.price_units_per_currency)


def shares_of(instrument: Instrument, lots: int) -> int:
    """Lots as whole shares, which is how the American rules count.

    Raises:
        InputError: A lot is not a whole number of shares.
    """
    if instrument.lot_den != 1:
        raise InputError(
            f"instrument {instrument.symbol!r}: found a lot of "
            f"{instrument.lot_num}/{instrument.lot_den}, allowed are whole shares in this report"
        )
    return lots * instrument.lot_num


def currency_decimals(instruments: Iterable[Instrument]) -> dict[str, int]:
    """For each currency the decimals that write half of any instrument's smallest amount."""
    found: dict[str, int] = {}
    for one in instruments:
        found[one.currency] = max(found.get(one.currency, 0), one.cash_decimals + 1)
    return found


def in_decimals(instrument: Instrument, amount_x2: int, decimals: int) -> int:
    """An amount in 10^-`decimals` of currency; whole, by the choice of `currency_decimals`."""
    scale: int = 10**decimals
    exact = currency(instrument, amount_x2) * scale
    assert exact.denominator == 1
    return exact.numerator
