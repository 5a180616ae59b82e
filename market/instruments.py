"""Instruments: what is traded, on which grids, and what an exact amount of it is worth.

Model: prices are whole numbers of price units, quantities whole numbers of lots, so every amount of
money is a whole number of *price unit × lot* products. Sums of them are exact; they become currency
only when a person reads them. A contract's multiplier is part of the lot: one lot of a future on 50
times an index is 50/1.

Invariants: both grids divide currency into decimals, so that every amount has an exact decimal
form; a grid for which this fails (a third of a coin) is refused.

Limits: linear instruments only; inverse contracts, whose worth is quantity / price, are not here.
"""

import math
from typing import Final

import msgspec

from market.columns import PRICE_TICKS_MAX
from market.errors import InputError

SCALE_MAX: Final = 10**12
"""Largest number of price units in a unit of currency, and of lots in a unit of quantity."""

MONEY_DECIMALS: Final = 2
"""Decimals that money is written with even when they are zero."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument on one venue.

    Attributes:
        symbol: The venue's name for it.
        venue: Where it trades.
        currency: In which it is priced and settled.
        price_units_per_currency: Price units in one unit of currency; 10,000 for LOBSTER's prices.
        tick_units: Price units between neighbouring prices of displayed orders.
        lot_num: With `lot_den`, the quantity in one lot; 1/1 for a share, 1/100000000 for a
            hundred-millionth of a coin.
        lot_den: The other part of the fraction.
    """

    symbol: str
    venue: str
    currency: str
    price_units_per_currency: int
    tick_units: int
    lot_num: int = 1
    lot_den: int = 1

    def __post_init__(self) -> None:
        for name in ("symbol", "venue", "currency"):
            if not getattr(self, name):
                raise InputError(f"instrument {self.symbol!r}: {name} is empty, allowed is a name")
        for name in ("price_units_per_currency", "tick_units", "lot_num", "lot_den"):
            value = getattr(self, name)
            if not 1 <= value <= SCALE_MAX:
                raise InputError(
                    f"instrument {self.symbol!r}: {name} is {value}, allowed is 1 to {SCALE_MAX}"
                )
        if self.cash_decimals < 0:
            raise InputError(
                f"instrument {self.symbol!r}: one price unit times one lot is "
                f"{self.lot_num}/{self.price_units_per_currency * self.lot_den} {self.currency}, "
                "allowed is what a decimal number can say exactly"
            )

    @property
    def cash_decimals(self) -> int:
        """Decimals that write one price unit × lot exactly; −1 when no number of them does."""
        denominator = self.price_units_per_currency * self.lot_den
        denominator //= math.gcd(denominator, self.lot_num)
        twos = (denominator & -denominator).bit_length() - 1
        rest, fives = denominator >> twos, 0
        while rest % 5 == 0:
            rest, fives = rest // 5, fives + 1
        return max(twos, fives) if rest == 1 else -1

    def notional(self, price_ticks: int, qty_lots: int) -> int:
        """What a quantity at a price is worth, exactly, in price unit × lot.

        Args:
            price_ticks: Price on the tick grid.
            qty_lots: Quantity; a negative one gives a negative worth.
        """
        assert abs(price_ticks) <= PRICE_TICKS_MAX
        return price_ticks * self.tick_units * qty_lots

    def notional_of_units(self, price_units: int, qty_lots: int) -> int:
        """The same for a price that may lie between ticks."""
        return price_units * qty_lots

    def money(self, amount: int) -> str:
        """Write an amount in price unit × lot as currency, exactly: `-1234.50 USD`.

        Two decimals at least, and as many more as the amount needs.
        """
        decimals = max(self.cash_decimals, MONEY_DECIMALS)
        denominator = self.price_units_per_currency * self.lot_den
        scaled, rest = divmod(abs(amount) * self.lot_num * 10**decimals, denominator)
        assert rest == 0
        digits = f"{scaled:0{decimals + 1}d}"
        whole, fraction = digits[:-decimals], digits[-decimals:]
        fraction = fraction[:MONEY_DECIMALS] + fraction[MONEY_DECIMALS:].rstrip("0")
        return f"{'-' if amount < 0 else ''}{whole}.{fraction} {self.currency}"
