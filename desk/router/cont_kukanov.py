"""Cont and Kukanov: how much to take, and how much to let rest in which queue.

Model (Quantitative Finance 17(1), 2017): S lots are to be bought by a deadline. M are taken at
once for the half spread h and the fee f; L_k rest at venue k behind Q_k lots and fill as far as
ξ_k, what leaves that queue by then, passes them: (ξ_k − Q_k)⁺ but at most L_k, each earning h and
the rebate r_k. What is not filled is taken at the deadline for a penalty λ, and every lot that is
sent moves the price by θ. With M + Σ L_k = S (a desk must never get more than it wants, so
nothing is over-booked) the expected cost above the mid is

    (h+f)·M + θ·S + Σ_k [ −(h+r_k)·E fill_k + (λ+θ)·(L_k − E fill_k) ],

a sum of convex functions of one number each. So the best split has one price μ at the margin:
lots rest while the cost of the next one,

    (λ+θ) − (h+r_k+λ+θ)·P(ξ_k reaches it),

is below μ, which is h + f where some are taken. For one venue that is the paper's Proposition 3:
F(Q+L) = (2h+f+r)/(λ+h+r+θ). In whole lots nothing changes: filling up by the cheapest next lot is
exact for a sum of convex functions.

`split` is the reference policy, in whole lots and deterministic; `split_one` the closed form of
one venue; `expected_cost` prices any split.

Limits: queues are independent, and the distribution of what leaves them is known. The paper's own
problem with several venues allows over-booking at a penalty, which this does not; as that penalty
grows its solution becomes this one.
"""

from collections.abc import Sequence
from math import inf

import msgspec

from market.errors import InputError
from market.portable import exp, log


class Outflow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What leaves a queue until the deadline, in lots.

    Attributes:
        mean_lots: Of an exponential distribution; 0 when there are samples.
        samples: What left in times as long as this one, rising.
    """

    mean_lots: float = 0.0
    samples: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.samples:
            if list(self.samples) != sorted(self.samples) or self.samples[0] < 0:
                raise InputError("outflow: found samples out of order, allowed are rising lots")
        elif not 0.0 < self.mean_lots < inf:
            raise InputError(f"outflow: mean_lots is {self.mean_lots}, allowed is above 0")


class RestVenue(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A queue that lots may rest in.

    Attributes:
        queue_lots: Q, ahead of a new order.
        rebate: r, per lot.
        outflow: ξ until the deadline.
        lots_max: Most that may rest there.
    """

    book_id: int
    queue_lots: int
    rebate: float
    outflow: Outflow
    lots_max: int = 1 << 40


class TakeCost(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What decides between taking and resting, per lot.

    Attributes:
        half_spread: h.
        fee: f, of the venue where lots are taken.
        impact: θ.
        penalty: λ, of a lot that is not filled by the deadline.
    """

    half_spread: float
    fee: float
    impact: float
    penalty: float


class RestSplit(msgspec.Struct, frozen=True, gc=False):
    """Lots to take at once, and to let rest, in the order of the venues."""

    take_lots: int
    rest_lots: tuple[int, ...]


def margin(cost: TakeCost, rebate: float) -> float:
    """z: the probability of missing at which resting and taking cost the same."""
    return (2.0 * cost.half_spread + cost.fee + rebate) / _scale(cost, rebate)


def split_one(cost: TakeCost, venue: RestVenue, total: float) -> tuple[float, float]:
    """The closed form for one queue with an exponential outflow.

    Args:
        cost: What decides.
        venue: The queue.
        total: S.

    Returns:
        M and L, which add up to S.
    """
    assert not venue.outflow.samples
    z = margin(cost, venue.rebate)
    # F⁻¹(z) − Q; z of 1 and more never wants to take.
    rest = -venue.outflow.mean_lots * log(1.0 - z) - venue.queue_lots if z < 1.0 else inf
    rest = min(max(rest, 0.0), total)
    return total - rest, rest


def thresholds(cost: TakeCost, venue: RestVenue, total: float) -> tuple[float, float]:
    """Penalties below which everything rests, and above which everything is taken."""
    mean = venue.outflow.mean_lots
    gain = 2.0 * cost.half_spread + cost.fee + venue.rebate
    kept = cost.half_spread + venue.rebate + cost.impact

    def missed(lots: float) -> float:
        return 1.0 - exp(-lots / mean)

    low = gain / missed(venue.queue_lots + total) - kept
    high = gain / missed(venue.queue_lots) - kept if venue.queue_lots else inf
    return low, high


def next_cost(cost: TakeCost, venue: RestVenue, lots: int) -> float:
    """Cost of letting one more lot rest where `lots` rest already."""
    reached = _reached(venue.outflow, venue.queue_lots + lots)
    return cost.penalty + cost.impact - _scale(cost, venue.rebate) * reached


def split(cost: TakeCost, venues: Sequence[RestVenue], total_lots: int) -> RestSplit:
    """The best split in whole lots.

    Args:
        cost: What decides.
        venues: Queues; of those that cost the same, the lower book's comes first.
        total_lots: S.
    """
    assert total_lots >= 0
    take_price = cost.half_spread + cost.fee
    lots = [_lots_below(cost, venue, take_price, total_lots) for venue in venues]
    if sum(lots) > total_lots:
        lots = _cheapest(cost, venues, total_lots, lots)
    return RestSplit(total_lots - sum(lots), tuple(lots))


def expected_cost(
    cost: TakeCost, venues: Sequence[RestVenue], take_lots: int, rest_lots: Sequence[int]
) -> float:
    """Expected cost above the mid of a split that books nothing twice."""
    total = (cost.half_spread + cost.fee + cost.impact) * take_lots
    for venue, lots in zip(venues, rest_lots, strict=True):
        filled = expected_fill(venue.outflow, venue.queue_lots, lots)
        total -= (cost.half_spread + venue.rebate) * filled
        total += cost.penalty * (lots - filled) + cost.impact * (2.0 * lots - filled)
    return total


def expected_fill(outflow: Outflow, queue_lots: int, lots: int) -> float:
    """E min((ξ − Q)⁺, L)."""
    if outflow.samples:
        filled = sum(min(max(sample - queue_lots, 0), lots) for sample in outflow.samples)
        return filled / len(outflow.samples)
    mean = outflow.mean_lots
    return mean * (exp(-queue_lots / mean) - exp(-(queue_lots + lots) / mean))


def _scale(cost: TakeCost, rebate: float) -> float:
    return cost.penalty + cost.half_spread + rebate + cost.impact


def _reached(outflow: Outflow, ahead_lots: int) -> float:
    """Share of the lot behind so many others that is expected to fill."""
    if outflow.samples:
        low, high = 0, len(outflow.samples)
        while low < high:
            middle = (low + high) // 2
            if outflow.samples[middle] > ahead_lots:
                high = middle
            else:
                low = middle + 1
        return (len(outflow.samples) - low) / len(outflow.samples)
    mean = outflow.mean_lots
    return mean * (exp(-ahead_lots / mean) - exp(-(ahead_lots + 1) / mean))


def _lots_below(cost: TakeCost, venue: RestVenue, price: float, most_lots: int) -> int:
    """How many lots may rest before the next one costs as much as the price."""
    low, high = 0, min(most_lots, venue.lots_max)
    while low < high:
        middle = (low + high) // 2
        if next_cost(cost, venue, middle) < price:
            low = middle + 1
        else:
            high = middle
    return low


def _cheapest(
    cost: TakeCost, venues: Sequence[RestVenue], total_lots: int, most: Sequence[int]
) -> list[int]:
    """The cheapest lots of all queues: the highest price that is not too many, then one by one."""
    low = min(next_cost(cost, venue, 0) for venue in venues)
    high = cost.half_spread + cost.fee
    lots = [0] * len(venues)
    while low < (middle := 0.5 * (low + high)) < high:
        found = [
            _lots_below(cost, venue, middle, count)
            for venue, count in zip(venues, most, strict=True)
        ]
        if sum(found) <= total_lots:
            low, lots = middle, found
        else:
            high = middle
    # What is left costs the same everywhere, up to the last bit: lower books first.
    order = sorted(range(len(venues)), key=lambda place: (venues[place].book_id, place))
    for place in order:
        more = _lots_below(cost, venues[place], high, most[place]) - lots[place]
        lots[place] += min(max(more, 0), total_lots - sum(lots))
    return lots
