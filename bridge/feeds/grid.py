"""Decimal text to exact ticks and lots: no float is ever made of a price.

Model: a price on the wire is a decimal number; in an instrument's ticks it is a whole number or it is
refused. Texts repeat (a book's levels change many times), so each is worked out once and remembered;
a remembered one costs one look into a dict. The memory is bounded: when it is full it is emptied.

Limits: a venue's book may hold quantities finer than the step that it asks of new orders, since older
orders were held to another one (Binance's BTCUSDT does). Either the instrument's lot is that fine, or
its feed cuts such quantities down to whole lots, and counts them.
"""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from bridge.feeds.base import FeedBook
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import InputError
from market.instruments import Instrument
from market.live import Level

REMEMBERED_MAX: Final = 1 << 14
"""Texts remembered, some 2 MB: prices near the touch come again and again, others seldom."""

_DECIMALS_MAX: Final = 18
_TEXT_MAX: Final = 40
"""Far more than any price needs; Python refuses to read thousands of digits, with another error."""


class Steps(dict[str, int]):
    """Look a decimal up to get it in steps; `InputError` where it is none.

    Args:
        what: Name of the quantity, for errors.
        per_unit: Steps in 1, as a fraction.
        least: Least number of steps allowed.
        most: Greatest number of steps allowed.
        cut: Cut what lies between two steps down to the lower one; else refuse it.

    Attributes:
        cut_count: Different texts that were cut, as far as they are remembered.
    """

    def __init__(
        self, what: str, per_unit: tuple[int, int], least: int, most: int, *, cut: bool = False
    ) -> None:
        super().__init__()
        self.cut_count = 0
        self._cut = cut
        self._what = what
        self._num, self._den = per_unit
        self._scales = {
            decimals: _scale(*per_unit, decimals) for decimals in range(_DECIMALS_MAX + 1)
        }
        self._least = least
        self._most = most

    def __missing__(self, text: str) -> int:
        whole, _, fraction = text.partition(".")
        digits = whole + fraction
        scale = self._scales.get(len(fraction))
        if (
            scale is None
            or not (digits.isdecimal() and text.isascii())
            or not whole
            or (not fraction and len(whole) != len(text))
            or len(text) > _TEXT_MAX
        ):
            raise self._no_number(text)
        times, per = scale
        steps, rest = divmod(int(digits) * times, per)
        if rest or not self._least <= steps <= self._most:
            self._judge(text, steps, rest)
        if len(self) >= REMEMBERED_MAX:
            self.clear()
        self[text] = steps
        return steps

    def _judge(self, text: str, steps: int, rest: int) -> None:
        """What is between two steps, or out of bounds, is refused, or allowed to be cut."""
        if rest and not self._cut:
            raise InputError(
                f"{self._what}: found {text!r}, allowed are multiples of {self._den}/{self._num}"
            )
        if not self._least <= steps <= self._most:
            raise InputError(
                f"{self._what}: found {text!r}, allowed are {self._least} to {self._most} steps of "
                f"{self._den}/{self._num}"
            )
        self.cut_count += 1

    def _no_number(self, text: str) -> InputError:
        return InputError(f"{self._what}: found {text[:40]!r}, allowed is a decimal number")


def _scale(num: int, den: int, decimals: int) -> tuple[int, int]:
    """What makes steps of a number's digits, as a fraction in its lowest terms."""
    per = den * 10**decimals
    common = math.gcd(num, per)
    return num // common, per // common


class Grid:
    """An instrument's two grids.

    Attributes:
        ticks: Price text to ticks.
        lots: Quantity text to lots, 0 included.

    Args:
        instrument: Whose grids they are.
        cut: Cut quantities between two lots down to the lower one; else refuse them.
    """

    def __init__(self, instrument: Instrument, *, cut: bool = False) -> None:
        name = instrument.symbol
        per_unit = (instrument.price_units_per_currency, instrument.tick_units)
        self.ticks = Steps(f"{name} price", per_unit, 1, PRICE_TICKS_MAX)
        per_piece = (instrument.lot_den, instrument.lot_num)
        self.lots = Steps(f"{name} quantity", per_piece, 0, QTY_LOTS_MAX, cut=cut)

    def levels(self, texts: Sequence[tuple[str, str]]) -> tuple[Level, ...]:
        """Levels in ticks and lots, in the same order; `InputError` when one is off the grid."""
        ticks, lots = self.ticks, self.lots
        return tuple([(ticks[price], lots[qty]) for price, qty in texts])

    def whole_levels(self, texts: Sequence[tuple[str, str]]) -> tuple[Level, ...]:
        """The levels of a snapshot: those that are there."""
        return tuple([level for level in self.levels(texts) if level[1]])

    def traded_lots(self, text: str) -> int:
        """A trade's quantity, which can't be 0."""
        lots = self.lots[text]
        if lots == 0:
            raise InputError(f"a trade's quantity: found {text!r}, allowed is more than 0")
        return lots


def plain(number: Decimal) -> str:
    """A number as a grid reads it, without an exponent.

    Raises:
        InputError: It is not finite, or so large or small that its digits would fill the memory.
    """
    if not number.is_finite() or abs(number.adjusted()) > _TEXT_MAX:
        raise InputError(f"found the number {str(number)[:40]}, allowed is a decimal number")
    return format(number, "f")


Line = TypeVar("Line")


def lines_of(books: Sequence[FeedBook], make: Callable[[FeedBook], Line]) -> dict[str, Line]:
    """What a feed keeps for each of its books, by symbol.

    Raises:
        InputError: There is no book, or two of one symbol.
    """
    lines = {book.instrument.symbol: make(book) for book in books}
    if not books or len(lines) != len(books):
        raise InputError(
            f"books: found {len(books)} books of {len(lines)} symbols, allowed are one or more "
            "books of different symbols"
        )
    return lines
