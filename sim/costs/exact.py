"""Whole-number arithmetic of costs: rates of many units, rounded once and by a declared rule.

Model: an amount is a whole number of price unit × lot, as everywhere. Rates come in parts per billion
of a trade's worth and in billionths of currency (*nanos*) for each lot or fill, so that a preset says
what a price list says and knows nothing of an instrument's grid. A `Scale` joins the two: it is how
many price unit × lot make one unit of currency, as a fraction, since a lot may be fifty pieces or a
hundred-millionth of one.

Invariant: a rate, a number of lots and a worth are multiplied out as one fraction, and rounded once.

Limits: what is charged is whole price unit × lot, so a price unit that is coarse against the fee
shows in it. A future of 50 pieces a lot with cents for units rounds to half a dollar; choose units of
a ten-thousandth and it rounds to half a cent.
"""

import math
from typing import Final, Literal, NamedTuple

from market.errors import InputError
from market.instruments import Instrument

PPM: Final = 1_000_000
PPB: Final = 1_000_000_000

NANOS: Final = 1_000_000_000
"""Billionths in one unit of currency."""

NANOS_MAX: Final = 10**18
"""Largest amount of currency that a schedule may name: a billion."""

Rounding = Literal["half_up", "up", "down"]
"""How an amount between two whole ones is rounded: floor(x + 1/2), ceiling or floor."""


class Scale(NamedTuple):
    """Price unit × lot in one unit of currency, as the fraction `num` / `den` in lowest terms."""

    num: int
    den: int

    def of_nanos(self, nanos: int) -> int:
        """Billionths of currency in price unit × lot, rounded half up."""
        return divide(nanos * self.num, NANOS * self.den)


def scale_of(instrument: Instrument) -> Scale:
    """The scale of an instrument's amounts."""
    num = instrument.price_units_per_currency * instrument.lot_den
    common = math.gcd(num, instrument.lot_num)
    return Scale(num // common, instrument.lot_num // common)


def divide(number: int, by: int, rounding: Rounding = "half_up") -> int:
    """A whole quotient; `by` > 0. Rounds as said, the same way below zero as above."""
    assert by > 0
    if rounding == "half_up":
        return (2 * number + by) // (2 * by)
    if rounding == "up":
        return -(-number // by)
    return number // by


def check_range(what: str, value: int, low: int, high: int) -> None:
    """Refuse a figure outside its range.

    Raises:
        InputError: With what was found and what is allowed.
    """
    if not low <= value <= high:
        raise InputError(f"{what}: found {value}, allowed is {low} to {high}")
