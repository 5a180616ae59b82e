"""What venues disagree about when they turn a crossed book into one price: a flag each.

Model: every call auction asks the same questions in the same order: which price trades most, which
of those leaves least over, which way the rest presses, and what lies nearest to a reference. A venue
is an answer to each, so a policy is data and no venue has code of its own.

Sources differ here, so both answers exist: Xetra's release 14 prints the limit nearest to the
reference where T7 prints the reference itself, moved into the range of equally good prices.

Prices are ticks. References are *half ticks* (`reference_x2_ticks`), because a midpoint may lie
between two ticks.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from market.errors import InputError

PPM: Final = 1_000_000


class Candidates(IntEnum):
    """Which prices an auction may print: the limits in its book, or every tick between them."""

    LIMITS = 0
    TICKS = 1


class TieRule(IntEnum):
    """What the reference does among equally good prices.

    NEAREST prints the limit next to it; CLAMP prints the reference, moved into their range.
    """

    NEAREST = 0
    CLAMP = 1


class Fallback(IntEnum):
    """What is printed among equally good prices when there is no reference.

    MIDDLE takes the middle of their range for the reference.
    """

    LOWEST = 0
    HIGHEST = 1
    MIDDLE = 2


class Rounding(IntEnum):
    """How a price between two ticks becomes a tick."""

    DOWN = 0
    UP = 1
    HALF_UP = 2
    HALF_DOWN = 3


class OutsideBand(IntEnum):
    """What a band does: it moves the print inside, or stops an auction that would print outside."""

    RESTRICT = 0
    NO_PRINT = 1


class Display(IntEnum):
    """When hidden quantity trades: with the rest, behind its own price, or behind every price.

    Market orders come before all of it.
    """

    IGNORED = 0
    FIRST_AT_PRICE = 1
    FIRST_AT_ALL = 2


class Decided(IntEnum):
    """Which step found the print; a step that left one price ends the search."""

    NOTHING = 0
    VOLUME = 1
    SURPLUS = 2
    PRESSURE = 3
    PRESSURE_LIMIT = 4
    REFERENCE = 5
    MARKET_ONLY = 6
    OUTSIDE_BAND = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionPolicy:
    """How one venue determines the price of a call auction, and who is filled.

    Attributes:
        candidates: Which prices may be printed.
        least_surplus: Whether, of the prices that trade most, those with the least left over stay.
        pressure: Whether the highest of them prints when all leave buys over, the lowest for sells.
        pressure_limit_ppm: How far from the reference pressure may move the print, in millionths of
            the reference; 0 for as far as it goes.
        tie: What the reference does among prices that are still equal.
        prefer_high: Of two limits equally near to the reference, whether the higher prints.
        without_reference: What prints among them when there is no reference.
        rounding: How a reference or a pressure limit between ticks becomes a tick.
        outside_band: What a band does to a print outside it.
        display: When hidden quantity is filled.
    """

    candidates: Candidates = Candidates.LIMITS
    least_surplus: bool = True
    pressure: bool = True
    pressure_limit_ppm: int = 0
    tie: TieRule = TieRule.CLAMP
    prefer_high: bool = True
    without_reference: Fallback = Fallback.MIDDLE
    rounding: Rounding = Rounding.HALF_UP
    outside_band: OutsideBand = OutsideBand.NO_PRINT
    display: Display = Display.IGNORED

    def __post_init__(self) -> None:
        if self.candidates == Candidates.TICKS and self.tie == TieRule.NEAREST:
            raise InputError(
                "auction tie: found nearest with every tick a candidate, must be clamp"
            )
        if not 0 <= self.pressure_limit_ppm <= PPM:
            raise InputError(
                f"auction pressure_limit_ppm: found {self.pressure_limit_ppm}, "
                f"must be in [0, {PPM}]"
            )


XETRA_R14: Final = AuctionPolicy(tie=TieRule.NEAREST)
XETRA_T7: Final = AuctionPolicy(tie=TieRule.CLAMP)
FOUR_STEP: Final = AuctionPolicy(candidates=Candidates.TICKS)
"""Volume, surplus, pressure, reference over every tick: nexdax, and ASX with a pressure limit."""
EURONEXT: Final = AuctionPolicy(candidates=Candidates.TICKS, pressure=False)
NASDAQ_CROSS: Final = AuctionPolicy(
    candidates=Candidates.TICKS,
    pressure=False,
    outside_band=OutsideBand.RESTRICT,
    display=Display.FIRST_AT_ALL,
)
"""The reference is the inside midpoint, the band that of `collars.cross_band`."""
