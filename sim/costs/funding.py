"""Funding of perpetual futures: when it falls due, at which rate, and what that rate comes of.

Model: a perpetual never expires, so at fixed times those on the side that the price leans to pay the
others. The rate is a constant, or what the large venues document: an average premium P of the
contract over its index, moved towards an interest rate I by no more than a damper,

    rate = (P + clamp(I − P, ±damp)) × interval / span, clamp(rate, ±cap)

The premium of a moment is measured by impact prices, the average at which a given worth would trade
at once on either side of the book; P is the average of the interval's samples, later ones counting
more (1, 2, 3, …) or all the same.

Rounding: a sample half up to a part per billion; the average and the scaled rate together once, half
up. Payments: `sim.costs.accrual`.

Order of events: a sample taken at the due moment belongs to the interval that ends there.

Limits: a side of the book that cannot fill the impact worth says nothing, and a sample without an
index does not exist. Without any sample there is no premium, and the rate is that of a premium of 0.
Positions change between samples and due times; who holds none at the due time pays nothing.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

from market.codes import AccrualKind
from market.errors import InputError
from market.messages import Accrual
from market.units import DURATION_NS
from sim.costs.exact import NANOS_MAX, PPB, check_range, divide

DAY_NS = DURATION_NS["d"]

Source = Literal["constant", "premium"]
Weights = Literal["rising", "equal"]


class Ratio(NamedTuple):
    """An exact price: `num` / `den` price units, `den` > 0."""

    num: int
    den: int


class FundingTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A perpetual's funding.

    Attributes:
        interval_ns: Time between two payments; 0 is no funding.
        first_ns: The first payment of a day, after midnight UTC; below the interval.
        source: Whether the rate is `rate_ppb` or comes of the premium.
        rate_ppb: The constant, in parts per billion an interval; longs pay a positive one.
        interest_ppb: The interest rate I of one `span_ns`.
        damp_ppb: How far at most the interest moves the premium.
        cap_ppb: Largest rate of an interval in either direction; 0 for none.
        span_ns: Time that premium, interest and damper are quoted for; 0 for the interval.
        sample_ns: Time between two samples of the premium.
        weights: How samples count in the average.
        impact_currency: Worth that impact prices are asked for, in whole units of currency.
    """

    interval_ns: int = 0
    first_ns: int = 0
    source: Source = "constant"
    rate_ppb: int = 0
    interest_ppb: int = 0
    damp_ppb: int = 0
    cap_ppb: int = 0
    span_ns: int = 0
    sample_ns: int = DURATION_NS["m"]
    weights: Weights = "rising"
    impact_currency: int = 0

    def __post_init__(self) -> None:
        if self.interval_ns and (self.interval_ns < 0 or DAY_NS % self.interval_ns):
            raise InputError(
                f"interval: found {self.interval_ns} ns, allowed is 0 or a whole part of a day"
            )
        check_range("rate_ppb", self.rate_ppb, -PPB, PPB)
        check_range("interest_ppb", self.interest_ppb, -PPB, PPB)
        check_range("damp_ppb", self.damp_ppb, 0, PPB)
        check_range("cap_ppb", self.cap_ppb, 0, PPB)
        check_range("impact_currency", self.impact_currency, 0, NANOS_MAX)
        check_range("sample in ns", self.sample_ns, 1, DAY_NS)
        check_range("span in ns", self.span_ns, 0, DAY_NS)
        check_range("first in ns", self.first_ns, 0, max(self.interval_ns - 1, 0))
        if self.source == "premium" and not self.impact_currency:
            raise InputError("impact_currency: found 0, allowed is above 0 with source 'premium'")

    def next_due_ns(self, now_ns: int) -> int:
        """The first payment after a moment, in nanoseconds since the epoch.

        Args:
            now_ns: The moment; a payment at it is over.
        """
        assert self.interval_ns > 0
        past = (now_ns - self.first_ns) // self.interval_ns
        return self.first_ns + (past + 1) * self.interval_ns

    def rate(self, premium: Ratio) -> int:
        """The rate of an interval in parts per billion.

        Args:
            premium: The average premium in parts per billion, exactly; of no matter when constant.
        """
        if self.source == "constant":
            return self.rate_ppb
        num, den = premium
        low, high = -self.damp_ppb * den, self.damp_ppb * den
        number = num + max(low, min(self.interest_ppb * den - num, high))
        rate = divide(number * self.interval_ns, den * (self.span_ns or self.interval_ns))
        return max(-self.cap_ppb, min(rate, self.cap_ppb)) if self.cap_ppb else rate

    def accrual(self, book_id: int, rate_ppb: int, mark_units: int) -> Accrual:
        """What falls due on the positions of a book."""
        return Accrual(
            kind=AccrualKind.FUNDING, book_id=book_id, rate_ppb=rate_ppb, mark_units=mark_units
        )


class PremiumAverage:
    """The average premium of one interval, sample by sample.

    Args:
        weights: How samples count.
    """

    def __init__(self, weights: Weights) -> None:
        self._rising = weights == "rising"
        self.count = 0
        self._sum = 0
        self._weight = 0

    def add(self, premium_ppb: int) -> None:
        """Take a sample."""
        self.count += 1
        weight = self.count if self._rising else 1
        self._sum += weight * premium_ppb
        self._weight += weight

    def take(self) -> Ratio:
        """The exact average in parts per billion; the next interval begins without samples."""
        average = Ratio(self._sum, self._weight) if self.count else Ratio(0, 1)
        self.count = self._sum = self._weight = 0
        return average


def impact_price(levels: Iterable[tuple[int, int]], worth: int) -> Ratio | None:
    """The average price at which a worth would trade at once against one side of a book.

    Args:
        levels: (price in price units, lots), best first; prices above zero.
        worth: In price unit × lot, above zero.

    Returns:
        The exact price; None when the side is worth less.
    """
    assert worth > 0
    left, lots = worth, 0
    for price_units, level_lots in levels:
        assert price_units > 0
        here = price_units * level_lots
        if here >= left:
            # The last level gives left / price lots, so the average is worth / (lots + that).
            return Ratio(worth * price_units, lots * price_units + left)
        left -= here
        lots += level_lots
    return None


def premium_ppb(impact_bid: Ratio | None, impact_ask: Ratio | None, index_units: int) -> int:
    """A sample of the premium: (max(0, bid − index) − max(0, index − ask)) / index, half up.

    Args:
        impact_bid: What the bids would pay; None when they cannot fill it.
        impact_ask: What the asks would ask; None when they cannot fill it.
        index_units: The index, in price units; above zero.
    """
    assert index_units > 0
    above, below = Ratio(0, 1), Ratio(0, 1)
    if impact_bid is not None:
        above = Ratio(max(0, impact_bid.num - index_units * impact_bid.den), impact_bid.den)
    if impact_ask is not None:
        below = Ratio(max(0, index_units * impact_ask.den - impact_ask.num), impact_ask.den)
    number = above.num * below.den - below.num * above.den
    return divide(number * PPB, index_units * above.den * below.den)
