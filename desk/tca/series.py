"""What the market did, as two series: mids that stand until they change, and trades.

Model: both are known up to `until_ns`, exclusive, as a run is. What is asked of a later moment is not
known: the answer is None, never zero and never the last value that was seen.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import msgspec

from market.errors import InputError


class MidSeries(msgspec.Struct, frozen=True):
    """Twice the mid of a book, from each of its times on; of equal times the last counts.

    Attributes:
        times_ns: In order.
        mids_x2_units: As many.
        until_ns: End of what is known.
    """

    times_ns: Sequence[int]
    mids_x2_units: Sequence[int]
    until_ns: int

    def __post_init__(self) -> None:
        _check("mids", self.times_ns, len(self.mids_x2_units), self.until_ns)

    def at(self, at_ns: int) -> int | None:
        """Twice the mid as of a moment; None before the first and from the end on."""
        if at_ns >= self.until_ns:
            return None
        index = bisect_right(self.times_ns, at_ns) - 1
        return int(self.mids_x2_units[index]) if index >= 0 else None

    def mean(self, from_ns: int, to_ns: int) -> Fraction | None:
        """The time-weighted mean of the mid in price units over [from, to), exactly.

        Of an interval without length it is the mid. None where any of it is not known.
        """
        assert from_ns <= to_ns
        first_x2 = self.at(from_ns)
        if first_x2 is None or to_ns > self.until_ns:
            return None
        if from_ns == to_ns:
            return Fraction(first_x2, 2)
        low = bisect_right(self.times_ns, from_ns)
        high = bisect_left(self.times_ns, to_ns)
        edges_ns = [from_ns, *(int(one) for one in self.times_ns[low:high]), to_ns]
        mids_x2 = [first_x2, *(int(one) for one in self.mids_x2_units[low:high])]
        lengths_ns = [after_ns - before_ns for before_ns, after_ns in pairwise(edges_ns)]
        weighted = sum(mid * ns for mid, ns in zip(mids_x2, lengths_ns, strict=True))
        return Fraction(weighted, 2 * (to_ns - from_ns))


class TradeSeries(msgspec.Struct, frozen=True):
    """What was traded in public.

    Attributes:
        times_ns: In order.
        prices_units: As many.
        lots: As many, each above zero.
        until_ns: End of what is known.
    """

    times_ns: Sequence[int]
    prices_units: Sequence[int]
    lots: Sequence[int]
    until_ns: int

    def __post_init__(self) -> None:
        _check("trades", self.times_ns, len(self.prices_units), self.until_ns)
        if len(self.lots) != len(self.times_ns):
            raise InputError(
                f"trades: found {len(self.lots)} lots of {len(self.times_ns)} trades, "
                "allowed are as many"
            )

    def between(self, from_ns: int, to_ns: int) -> tuple[int, int] | None:
        """Lots, and price units × lots, traded from a moment to another, both included.

        None where any of it is not known.
        """
        assert from_ns <= to_ns
        if to_ns >= self.until_ns:
            return None
        low, high = bisect_left(self.times_ns, from_ns), bisect_right(self.times_ns, to_ns)
        lots = [int(one) for one in self.lots[low:high]]
        prices = [int(one) for one in self.prices_units[low:high]]
        return sum(lots), sum(price * qty for price, qty in zip(prices, lots, strict=True))


def _check(name: str, times_ns: Sequence[int], count: int, until_ns: int) -> None:
    """Values belong to times, times are in order, and nothing lies beyond the end."""
    if count != len(times_ns):
        raise InputError(
            f"{name}: found {count} values of {len(times_ns)} times, allowed are as many"
        )
    for index, (before_ns, after_ns) in enumerate(pairwise(times_ns), 1):
        if after_ns < before_ns:
            raise InputError(
                f"{name}: found {after_ns} ns after {before_ns} ns at {index}, allowed is an order"
            )
    if len(times_ns) and times_ns[-1] >= until_ns:
        raise InputError(f"{name}: found {times_ns[-1]} ns, allowed is before the end, {until_ns}")
