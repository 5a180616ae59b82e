"""Market-wide circuit breakers, as they stood on a day.

| from | levels | of | halts |
|---|---|---|---|
| 3 February 1997 | 350 and 550 points | Dow Jones | 30 minutes, an hour; for the day when less than that is left |
| 15 April 1998 | 10, 20 and 30 % in points | Dow Jones | an hour or half an hour, two hours or one, for the day |
| 8 April 2013 | 7, 13 and 20 % | S&P 500 | `sim.venue_rules.breakers` |

Points of the second rule are fixed for a quarter: the percentages of the mean close of the month before,
rounded to 50 points. Sources: NYSE releases of 30 June 1998 and 30 June 2011, NYSE information memo 12-23,
Nasdaq's page on market-wide circuit breakers.

Index values are integers in a unit of the caller's, with `units_per_point` of them in a point. Times of day
are nanoseconds since midnight in New York, of a day that closes at 16:00.

Limits: levels before 1997 are refused; on what index and by what it had closed is the caller's.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec

from market.errors import InputError
from sim.schedule.moments import day_text
from sim.venue_rules.auction import divide
from sim.venue_rules.auction_policy import Rounding
from sim.venue_rules.bands import CLOSE_NS, MINUTE_NS, OPEN_NS, clock_ns
from sim.venue_rules.breakers import BREAKERS_FROM_DAY, MarketBreakers, MarketHalt

POINTS_FROM_DAY: Final = 19970203
PERCENT_FROM_DAY: Final = 19980415
FIXED_POINTS: Final = (350, 550)
PERCENTS: Final = (10, 20, 30)
ROUND_POINTS: Final = 50
FOR_THE_DAY: Final = -1

# For each level: until when (exclusive) a halt is how long; the last one holds until the close.
HALTS_1997: Final = (
    ((clock_ns(15, 30), 30 * MINUTE_NS), (CLOSE_NS, FOR_THE_DAY)),
    ((clock_ns(15, 0), 60 * MINUTE_NS), (CLOSE_NS, FOR_THE_DAY)),
)
HALTS_1998: Final = (
    ((clock_ns(14, 0), 60 * MINUTE_NS), (clock_ns(14, 30), 30 * MINUTE_NS), (CLOSE_NS, 0)),
    (
        (clock_ns(13, 0), 120 * MINUTE_NS),
        (clock_ns(14, 0), 60 * MINUTE_NS),
        (CLOSE_NS, FOR_THE_DAY),
    ),
    ((CLOSE_NS, FOR_THE_DAY),),
)

HaltTable = tuple[tuple[tuple[int, int], ...], ...]


class Breakers(Protocol):
    """One day of market-wide breakers, under whatever rule."""

    def on_index(self, time_of_day_ns: int, value: int) -> MarketHalt | None:
        """The index moved; the halt that follows, if one does."""
        ...


class BreakerTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the breakers must know of the index.

    Attributes:
        previous_close: The index at the close before, above 0.
        units_per_point: Units of its values in one point.
        month_mean: Mean close of the last month of the quarter before, for days from 1998 to 2013.
    """

    previous_close: int
    units_per_point: int = 1
    month_mean: int = 0

    def __post_init__(self) -> None:
        if self.previous_close < 1 or self.units_per_point < 1 or self.month_mean < 0:
            raise InputError(
                f"breakers: found previous_close {self.previous_close}, units_per_point "
                f"{self.units_per_point} and month_mean {self.month_mean}, allowed is above 0"
            )


@dataclass(slots=True)
class PointBreakers:
    """One day of breakers whose levels are falls in units.

    Attributes:
        previous_close: The index at the close before.
        falls: How far it must fall for each level, ascending.
        halts: How long each level halts, by the time of day.
        level_reached: The highest level so far; each halts once.
    """

    previous_close: int
    falls: tuple[int, ...]
    halts: HaltTable
    level_reached: int = field(default=0)

    def on_index(self, time_of_day_ns: int, value: int) -> MarketHalt | None:
        """The index moved; the halt that follows, if one does."""
        if not OPEN_NS <= time_of_day_ns < CLOSE_NS:
            return None
        level = sum(self.previous_close - value >= fall for fall in self.falls)
        if level <= self.level_reached:
            return None
        self.level_reached = level
        length_ns = next(
            length_ns for end_ns, length_ns in self.halts[level - 1] if time_of_day_ns < end_ns
        )
        if not length_ns:
            return None
        until_ns = None if length_ns == FOR_THE_DAY else time_of_day_ns + length_ns
        return MarketHalt(level, time_of_day_ns, until_ns)


def level_points(month_mean: int, units_per_point: int) -> tuple[int, ...]:
    """The falls of a quarter from 1998 to 2013, in units.

    Args:
        month_mean: Mean close of the month before the quarter, in units.
        units_per_point: Units in one point.
    """
    step = ROUND_POINTS * units_per_point
    return tuple(
        divide(month_mean * percent, 100 * step, Rounding.HALF_UP) * step for percent in PERCENTS
    )


def breakers_on(day: int, terms: BreakerTerms, previous_close: int) -> Breakers:
    """The breakers of a day.

    Args:
        day: Such as 20120621.
        terms: Of the index.
        previous_close: The index at the close before, in its units.

    Raises:
        InputError: The day is before the first known rule, or what its rule needs is missing.
    """
    if day >= BREAKERS_FROM_DAY:
        return MarketBreakers(previous_close)
    if day >= PERCENT_FROM_DAY:
        if not terms.month_mean:
            raise InputError(
                f"breakers on {day_text(day)}: found no month_mean, which sets their levels from 1998 "
                "to 2013"
            )
        falls = level_points(terms.month_mean, terms.units_per_point)
        return PointBreakers(previous_close, falls, HALTS_1998)
    if day >= POINTS_FROM_DAY:
        falls = tuple(points * terms.units_per_point for points in FIXED_POINTS)
        return PointBreakers(previous_close, falls, HALTS_1997)
    raise InputError(
        f"breakers: found {day_text(day)}, allowed is from {day_text(POINTS_FROM_DAY)} on, from when "
        "their levels are known"
    )
