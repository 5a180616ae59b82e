"""Market-wide circuit breakers: the whole market halts when the index has fallen far enough.

Model: the index is held against its previous close. Down 7 % and 13 % halt everything for fifteen
minutes, each once a day and not from 15:25 on; down 20 % ends the day whenever it happens. The
levels are those in force since 8 April 2013.

Index values are integers in a unit of the caller's; times of day are nanoseconds since midnight.
"""

from dataclasses import dataclass
from typing import Final

from sim.venue_rules.bands import CLOSE_NS, MINUTE_NS, OPEN_NS, clock_ns

BREAKERS_FROM_DAY: Final = 20130408
LEVEL_PERCENT: Final = (7, 13, 20)
HALT_NS: Final = 15 * MINUTE_NS
NO_HALT_FROM_NS: Final = clock_ns(15, 25)


@dataclass(frozen=True, slots=True)
class MarketHalt:
    """A halt of the whole market; `until_ns` None for the rest of the day."""

    level: int
    from_ns: int
    until_ns: int | None


@dataclass(slots=True)
class MarketBreakers:
    """One day of the breakers.

    Args:
        previous_close: The index at the close before, > 0.
    """

    previous_close: int
    level_reached: int = 0

    def on_index(self, time_of_day_ns: int, value: int) -> MarketHalt | None:
        """The index moved; the halt that follows, if one does."""
        if not OPEN_NS <= time_of_day_ns < CLOSE_NS:
            return None
        fallen = self.previous_close - value
        level = sum(100 * fallen >= percent * self.previous_close for percent in LEVEL_PERCENT)
        if level <= self.level_reached:
            return None
        self.level_reached = level
        if level == len(LEVEL_PERCENT):
            return MarketHalt(level, time_of_day_ns, None)
        if time_of_day_ns >= NO_HALT_FROM_NS:
            return None
        return MarketHalt(level, time_of_day_ns, time_of_day_ns + HALT_NS)

    def level_value(self, level: int) -> int:
        """The highest index value at which a level is reached, level in 1 … 3."""
        return self.previous_close * (100 - LEVEL_PERCENT[level - 1]) // 100
