"""Price collars of a venue: how far one trade may lie from the last, and from the last auction.

Model: a *static* collar lies around the price of the last auction, a *dynamic* one around the last
trade. A continuous trade that would print outside either does not take place and a volatility
auction begins; an auction outside them is extended. A *cross band* lies around both sides of the
inside market and limits where a cross may print.

Prices are integer ticks. Widths are millionths of a reference and never less than so many ticks; the
edges are inside the exact width, so rounding never widens a collar.
"""

from dataclasses import dataclass
from enum import IntEnum

from market.errors import InputError
from sim.venue_rules.auction_policy import PPM
from sim.venue_rules.bands import Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """How far from a reference is allowed: a part of it, and never less than some ticks."""

    ppm: int
    ticks_min: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.ppm <= PPM:
            raise InputError(f"collar ppm: found {self.ppm}, must be in [0, {PPM}]")
        if self.ticks_min < 0:
            raise InputError(f"collar ticks_min: found {self.ticks_min}, must be >= 0")

    def around(self, reference_ticks: int) -> Band:
        """The collar around a reference."""
        ticks = max(abs(reference_ticks) * self.ppm // PPM, self.ticks_min)
        return Band(reference_ticks - ticks, reference_ticks + ticks)


class Breach(IntEnum):
    """Which collar a price would break; the dynamic one is looked at first."""

    NONE = 0
    DYNAMIC = 1
    STATIC = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Collars:
    """Both collars of a book; a width of None is no collar."""

    static: Width | None = None
    dynamic: Width | None = None

    def breach(self, price_ticks: int, *, auction_ticks: int, trade_ticks: int) -> Breach:
        """Which collar a print would break.

        Args:
            price_ticks: The print.
            auction_ticks: Price of the last auction.
            trade_ticks: Price of the last trade.
        """
        if self.dynamic and not self.dynamic.around(trade_ticks).holds(price_ticks):
            return Breach.DYNAMIC
        if self.static and not self.static.around(auction_ticks).holds(price_ticks):
            return Breach.STATIC
        return Breach.NONE


def cross_band(bid_ticks: int, ask_ticks: int, width: Width) -> Band:
    """Where a cross may print: `width` of the inside midpoint, below the bid and above the ask."""
    # The midpoint is half a sum; doubling the divisor instead keeps it whole.
    ticks = max((bid_ticks + ask_ticks) * width.ppm // (2 * PPM), width.ticks_min)
    return Band(bid_ticks - ticks, ask_ticks + ticks)
