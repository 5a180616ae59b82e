"""What a venue says of an instrument, in exact numbers, however it writes them."""

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from market.errors import InputError
from market.instruments import SCALE_MAX, Instrument


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an order must keep to, beside the grids; 0 where the venue says nothing.

    Attributes:
        lots_min: Least quantity.
        lots_max: Largest.
        notional_min: Least worth in price unit × lot.
    """

    lots_min: int = 1
    lots_max: int = 0
    notional_min: int = 0


class OrderLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many new orders in a stretch of time, by account."""

    count: int
    window_ns: int


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument as its venue describes it."""

    instrument: Instrument
    terms: Terms


def number(symbol: str, table: Mapping[str, object], key: str) -> Fraction:
    """A number of a table, exactly.

    Raises:
        InputError: It is not there, or no number.
    """
    text = table.get(key)
    try:
        return Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"symbol {symbol}: found {key} {text!r}, allowed is a decimal number"
        ) from None


def listed_as(
    symbol: str,
    venue: str,
    currency: str,
    *,
    tick: Fraction,
    step: Fraction,
    least: Fraction = Fraction(0),
    most: Fraction = Fraction(0),
    worth: Fraction = Fraction(0),
) -> Listed:
    """An instrument of a venue's figures.

    Args:
        symbol: As the venue's feed writes it.
        venue: What the venue is called here.
        currency: In which it is priced.
        tick: Price step.
        step: Quantity step, which is a lot.
        least: Least quantity; 0 for a lot.
        most: Largest; 0 for any.
        worth: Least worth; 0 for any.

    Raises:
        InputError: A grid is not said.
    """
    if tick <= 0 or step <= 0:
        raise InputError(
            f"symbol {symbol}: found a price step of {tick} and a quantity step of {step}, allowed is "
            "above 0"
        )
    instrument = Instrument(
        symbol=symbol,
        venue=venue,
        currency=currency,
        price_units_per_currency=tick.denominator,
        tick_units=tick.numerator,
        lot_num=step.numerator,
        lot_den=step.denominator,
    )
    unit = Fraction(1, instrument.price_units_per_currency) * step
    return Listed(
        instrument=instrument,
        terms=Terms(
            lots_min=max(1, int(-(-least // step))),
            lots_max=min(int(most // step), SCALE_MAX),
            notional_min=int(-(-worth // unit)),
        ),
    )
