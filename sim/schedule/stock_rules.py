"""Which rule stops a single US stock on a day: none, a pause after a jump, or limit-up limit-down.

The rules changed, so they are looked up by the date of the session:

| from | for | rule |
|---|---|---|
| 11 June 2010 | S&P 500 | a pause after a move of 10 % within five minutes |
| 14 September 2010 | Russell 1000, named funds | the same |
| 8 August 2011 | all others | after 30 %, or 50 % below one dollar |
| 8 April 2013 | tier 1 | limit-up limit-down (`sim.venue_rules.bands.LULD_RULES`) |
| 5 August 2013 | tier 2 | limit-up limit-down |

Sources: SEC approval of 10 June 2010 (press; Nasdaq itself began on 14 June), Nasdaq's FAQ on the single
stock trading pause (22 February 2013), FINRA notice 11-37, Nasdaq rule 4120(a)(11) for the hours, Nasdaq
alerts ERA2013-9 and ETA2013-111 for the phases of limit-up limit-down.

Times of day are nanoseconds since midnight in New York, of a day that closes at 16:00; `time_of_day_ns`
turns the time of any session into these, so that a half day has its last half hour too.

Limits: stocks of tier 1 came under limit-up limit-down one after the other until 31 May 2013, and those of
tier 2 until 8 December; here all do at once, unless a stock says its own first day.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sim.schedule.resolve import Session
from sim.venue_rules.bands import (
    CLOSE_NS,
    MINUTE_NS,
    LuldRules,
    Tier,
    clock_ns,
    luld_rules_on,
)

LAST_HOUR_NS: Final = 60 * MINUTE_NS
"""How close to the close times count from it; all rules near the close are within."""


class Listing(IntEnum):
    """Which lists a stock is on; RUSSELL_1000 stands for the funds that the rules name too."""

    SP500 = 1
    RUSSELL_1000 = 2
    OTHER = 3

    @property
    def tier(self) -> Tier:
        """Its tier of limit-up limit-down."""
        return Tier.TWO if self is Listing.OTHER else Tier.ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpRules:
    """A trading pause after a jump, as it stood from one day on.

    Attributes:
        from_day: First day, as 20100611.
        listing: For which stocks.
        percent: The move within `window_ns`, either way, that pauses a stock.
        percent_below_dollar: The same for one that closed below a dollar.
        start_ns: When it begins to hold, since midnight.
        end_ns: When it ends, on a day that closes at 16:00.
        window_ns: How far back prices are compared.
        pause_ns: How long trading pauses.
    """

    from_day: int
    listing: Listing
    percent: int
    percent_below_dollar: int
    start_ns: int = clock_ns(9, 45)
    end_ns: int = clock_ns(15, 35)
    window_ns: int = 5 * MINUTE_NS
    pause_ns: int = 5 * MINUTE_NS


JUMP_RULES: Final = (
    JumpRules(from_day=20100611, listing=Listing.SP500, percent=10, percent_below_dollar=10),
    JumpRules(from_day=20100914, listing=Listing.RUSSELL_1000, percent=10, percent_below_dollar=10),
    JumpRules(from_day=20110808, listing=Listing.OTHER, percent=30, percent_below_dollar=50),
)


def stock_rules_on(
    day: int, listing: Listing, luld_from_day: int = 0
) -> LuldRules | JumpRules | None:
    """The rule that holds for a stock on a day, None before there was one.

    Args:
        day: Such as 20120621.
        listing: Of the stock.
        luld_from_day: First day of the stock's own bands, where it is known; 0 for its tier's.
    """
    luld = luld_rules_on(day)
    if luld is not None and listing.tier in luld.tiers and day >= luld_from_day:
        return luld
    jumps = [one for one in JUMP_RULES if one.listing is listing and one.from_day <= day]
    return jumps[-1] if jumps else None


def time_of_day_ns(session: Session, now_ns: int) -> int:
    """The time of day of a session, as if it closed at 16:00."""
    to_close_ns = session.close_ns - now_ns
    if to_close_ns <= LAST_HOUR_NS:
        return CLOSE_NS - to_close_ns
    return now_ns - session.midnight_ns


def moment_ns(session: Session, time_ns: int) -> int:
    """When a session reaches a time of day of a day that closes at 16:00.

    On a half day the hours that it lacks come at once, an hour before its close.
    """
    if time_ns >= CLOSE_NS - LAST_HOUR_NS:
        return session.close_ns - (CLOSE_NS - time_ns)
    return min(session.midnight_ns + time_ns, session.close_ns - LAST_HOUR_NS)
