"""Limit-up limit-down bands: how far from a reference price a stock may trade.

Model: a band lies around a reference price, as wide as the previous close, the tier and the time of
day say, and its edges are whole cents. Outside the hours of the plan there is no band.

The rules changed over the years, so they are dated (`LULD_RULES`): from 8 April 2013 for tier 1 in
the middle of the day, from 5 August 2013 for all and from the open, from 24 February 2014 until the
close, and from 24 February 2020 without double bands at the open, or in tier 2 above three dollars.

Prices are units, a fixed number to the cent; times of day are nanoseconds since midnight in New
York; days are integers such as 20130408.

Limits: tier 2 came in over some weeks of 2013, here it comes in at once; a day that closes early is
its caller's, who hands in the time as if the close were at 16:00. The last date is from memory.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sim.venue_rules.auction import divide
from sim.venue_rules.auction_policy import PPM, Rounding

MINUTE_NS: Final = 60_000_000_000


class Tier(IntEnum):
    """Tier 1 is the S&P 500, the Russell 1000 and listed funds named by the plan; 2 is the rest."""

    ONE = 1
    TWO = 2


@dataclass(frozen=True, slots=True)
class Band:
    """Lowest and highest price at which trading is allowed."""

    low: int
    high: int

    def holds(self, price: int) -> bool:
        """Whether a price is inside."""
        return self.low <= price <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class LuldRules:
    """The plan as it stood from one day on.

    Attributes:
        from_day: First day, as 20130408.
        tiers: The tiers that have bands.
        start_ns: When bands begin, in nanoseconds since midnight.
        end_ns: When they end.
        wide: Stretches of the day in which bands are twice as wide.
        wide_tier2_above_3: Whether that holds for tier 2 above three dollars.
        wide_low_below: Whether the lower band too widens for closes below 75 cents.
    """

    from_day: int
    tiers: tuple[Tier, ...] = (Tier.ONE, Tier.TWO)
    start_ns: int
    end_ns: int
    wide: tuple[tuple[int, int], ...]
    wide_tier2_above_3: bool = True
    wide_low_below: bool = False


def clock_ns(hours: int, minutes: int) -> int:
    """A time of day in nanoseconds since midnight."""
    return (hours * 60 + minutes) * MINUTE_NS


OPEN_NS: Final = clock_ns(9, 30)
CLOSE_NS: Final = clock_ns(16, 0)
_AT_OPEN: Final = (OPEN_NS, clock_ns(9, 45))

LULD_RULES: Final = (
    LuldRules(
        from_day=20130408,
        tiers=(Tier.ONE,),
        start_ns=clock_ns(9, 45),
        end_ns=clock_ns(15, 30),
        wide=(),
    ),
    LuldRules(
        from_day=20130805,
        start_ns=OPEN_NS,
        end_ns=clock_ns(15, 45),
        wide=(_AT_OPEN, (clock_ns(15, 35), clock_ns(15, 45))),
    ),
    LuldRules(
        from_day=20140224,
        start_ns=OPEN_NS,
        end_ns=CLOSE_NS,
        wide=(_AT_OPEN, (clock_ns(15, 35), CLOSE_NS)),
    ),
    LuldRules(
        from_day=20200224,
        start_ns=OPEN_NS,
        end_ns=CLOSE_NS,
        wide=((clock_ns(15, 35), CLOSE_NS),),
        wide_tier2_above_3=False,
    ),
)


def luld_rules_on(day: int) -> LuldRules | None:
    """The plan as it stood on a day, None before it began."""
    begun = [rules for rules in LULD_RULES if rules.from_day <= day]
    return begun[-1] if begun else None


def luld_band(
    rules: LuldRules,
    *,
    reference: int,
    previous_close: int,
    tier: Tier,
    time_of_day_ns: int,
    units_per_cent: int = 1,
    leverage_ppm: int = PPM,
) -> Band | None:
    """The band at a time of day, None where there is none.

    Args:
        rules: From `luld_rules_on`.
        reference: Reference price in units; > 0.
        previous_close: The close that chooses the width, in units.
        tier: Of the stock.
        time_of_day_ns: Since midnight.
        units_per_cent: Price units a cent.
        leverage_ppm: Of a leveraged fund in tier 2, in millionths: 3,000,000 for threefold.
    """
    if tier not in rules.tiers or not rules.start_ns <= time_of_day_ns < rules.end_ns:
        return None
    above_3 = previous_close > 300 * units_per_cent
    wide = any(start <= time_of_day_ns < end for start, end in rules.wide)
    if tier == Tier.TWO and above_3 and not rules.wide_tier2_above_3:
        wide = False
    times = leverage_ppm if tier == Tier.TWO else PPM
    # A width is a numerator over PPM * PPM units, so that nothing is rounded before the edges are.
    if above_3 or previous_close >= 75 * units_per_cent:
        percent = (5 if tier == Tier.ONE else 10) if above_3 else 20
        width = reference * percent * (PPM // 100) * times
        low_width = high_width = width * (2 if wide else 1)
    else:
        width = min(15 * units_per_cent * PPM, reference * 75 * (PPM // 100)) * PPM
        high_width = width * (2 if wide else 1)
        low_width = high_width if rules.wide_low_below else width
    scale = PPM * PPM
    return Band(
        max(0, _to_cent(reference * scale - low_width, scale, units_per_cent)),
        _to_cent(reference * scale + high_width, scale, units_per_cent),
    )


def _to_cent(numerator: int, scale: int, units_per_cent: int) -> int:
    """A price as units, rounded to the nearest whole cent."""
    return divide(numerator, scale * units_per_cent, Rounding.HALF_UP) * units_per_cent
