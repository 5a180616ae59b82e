"""How much an account has traded in the fee period, day by day, so that a bust finds its own day.

Model: a log keeps lots and currency of each day; the turnover of a fill is the sum over the days of
its period. Days are numbered from 1970 in the schedule's zone. Currency is kept in a fraction of it
that all books of the log divide into, so sums are exact.

Limits: a day is 24 hours of a fixed zone; summer time moves its edge by an hour, at night.
"""

import numpy as np

from market.units import DURATION_NS
from sim.costs.fee_schedule import FeeSchedule, Turnover

DAY_NS = DURATION_NS["d"]
ALL_DAYS = -(1 << 62)


def day_of(now_ns: int, zone_minutes: int) -> int:
    """Number of the day since 1970 in a zone that lies so many minutes east of UTC."""
    return (now_ns + zone_minutes * DURATION_NS["m"]) // DAY_NS


def first_of_month(day: int) -> int:
    """The first day of the calendar month that a day lies in."""
    month = np.datetime64(day, "D").astype("datetime64[M]")
    return int(month.astype("datetime64[D]").astype(np.int64))


def first_day(schedule: FeeSchedule, day: int) -> int:
    """The first day whose turnover counts on a day."""
    if schedule.period == "run":
        return ALL_DAYS
    if schedule.period == "day":
        return day
    if schedule.period == "month":
        return first_of_month(day)
    begin = day - schedule.trailing_days
    return begin + 1 if schedule.tier_from == "fill" else begin


class TurnoverLog:
    """What one account has traded under one schedule.

    Args:
        schedule: Says which days count.
        per_currency: Parts of one unit of currency in which amounts are given.
    """

    def __init__(self, schedule: FeeSchedule, per_currency: int) -> None:
        self._schedule = schedule
        self._per_currency = per_currency
        self._lots: dict[int, int] = {}
        self._amounts: dict[int, int] = {}
        self._day = ALL_DAYS
        self._earlier = (0, 0)

    def add(self, day: int, lots: int, amount: int) -> None:
        """Count what was traded on a day; negative figures take back."""
        self._lots[day] = self._lots.get(day, 0) + lots
        self._amounts[day] = self._amounts.get(day, 0) + amount
        if day != self._day:
            self._day = ALL_DAYS  # what was summed over earlier days may have changed

    def turnover(self, day: int, lots: int, amount: int) -> Turnover:
        """The turnover that counts for a fill.

        Args:
            day: Of the fill.
            lots: Of the fill, which is not in the log yet.
            amount: What it is worth.
        """
        if day != self._day:
            self._sum_earlier(day)
        total_lots, total_amount = self._earlier
        if self._schedule.tier_from == "fill":
            total_lots += self._lots.get(day, 0) + lots
            total_amount += self._amounts.get(day, 0) + amount
        return Turnover(total_lots, total_amount, self._per_currency)

    def _sum_earlier(self, day: int) -> None:
        """Add up the days of the period before a day, once until one of them changes."""
        first = first_day(self._schedule, day)
        days = [one for one in self._lots if first <= one < day]
        self._earlier = (
            sum(self._lots[one] for one in days),
            sum(self._amounts[one] for one in days),
        )
        self._day = day
