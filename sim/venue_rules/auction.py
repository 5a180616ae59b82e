"""A call auction in plain Python: the specification of `sim/kernels/auction.py`.

Model: orders gather, nothing trades, then one price is found at which as much as possible trades,
and everybody who trades gets it. At a price, *demand* is all that buys there or higher and *supply*
all that sells there or lower, market orders included in both; the smaller of them executes, demand
minus supply is the *surplus*. `AuctionPolicy` says which of the possible prices is printed.

Invariants, each a property test:
1. No price trades more than the print.
2. Both sides trade the same quantity, which is what the print executes.
3. No order trades beyond its limit or more than it has.
4. An order trades only when all that come before it on its side are filled; so at most one order a
   side is filled in part.
5. Unless a reference, a pressure limit or a band chose a price further in, every order better than
   the print is filled.
6. The print is one of the policy's candidates, or the reference among equally good prices.

Conditional orders: one whose strike the print misses, or whose fill is below its minimum, leaves and
the price is determined anew: first all that miss their strike, then, one at a time, the last entered
of those below their minimum. What has left does not come back.

Limits: fills at the print are by price, display and time; a venue that shares pro rata at the
print's own price feeds that level to `allocation` instead.
"""

from collections.abc import Sequence

from market.codes import Side
from sim.venue_rules.auction_order import NO_TERMS, AuctionOrder, AuctionResult, Print, Terms
from sim.venue_rules.auction_policy import (
    PPM,
    AuctionPolicy,
    Candidates,
    Decided,
    Fallback,
    OutsideBand,
    Rounding,
    TieRule,
)
from sim.venue_rules.auction_queue import fill_by_priority


def run_auction(
    orders: Sequence[AuctionOrder], policy: AuctionPolicy, terms: Terms = NO_TERMS
) -> AuctionResult:
    """Determine the price and fill the orders."""
    active = dict(enumerate(orders))
    while True:
        found = determine_price(list(active.values()), policy, terms)
        fills = [0] * len(orders)
        if found.price_ticks is not None:
            for side in Side:
                fill_by_priority(
                    active, side, found.price_ticks, found.executed_lots, policy, fills
                )
        leaving = _leaving(active, found, fills)
        if not leaving:
            excluded = tuple(index for index in range(len(orders)) if index not in active)
            return AuctionResult(found=found, fills_lots=tuple(fills), excluded=excluded)
        for index in leaving:
            del active[index]


def _leaving(active: dict[int, AuctionOrder], found: Print, fills: list[int]) -> list[int]:
    """The orders whose conditions the print breaks and that leave before the next try."""
    price = found.price_ticks
    if price is None:
        return []
    struck = [index for index, order in active.items() if order.strike_missed(price)]
    short = [
        (order.seq, index)
        for index, order in active.items()
        if 0 < fills[index] < order.min_qty_lots
    ]
    return struck or ([max(short)[1]] if short else [])


def demand_supply(orders: Sequence[AuctionOrder], price_ticks: int) -> tuple[int, int]:
    """Lots that buy, and lots that sell, at a price."""
    at = [order for order in orders if order.trades_at(price_ticks)]
    demand = sum(order.qty_lots for order in at if order.side == Side.BUY)
    return demand, sum(order.qty_lots for order in at) - demand


def determine_price(
    orders: Sequence[AuctionOrder], policy: AuctionPolicy, terms: Terms = NO_TERMS
) -> Print:
    """The price at which the orders would trade, conditions aside."""
    limits = sorted({order.price_ticks for order in orders if order.price_ticks is not None})
    candidates = candidate_prices(limits, policy, terms)
    if not candidates:
        return Print()
    price, decided = _choose(orders, candidates, policy, terms)
    if not limits:
        decided = Decided.MARKET_ONLY
    demand, supply = demand_supply(orders, price)
    if min(demand, supply) == 0:
        return Print()
    band = terms.band_ticks
    if band and not band[0] <= price <= band[1]:
        return Print(decided=Decided.OUTSIDE_BAND)
    return Print(
        price_ticks=price,
        executed_lots=min(demand, supply),
        surplus_lots=demand - supply,
        decided=decided,
    )


def candidate_prices(limits: list[int], policy: AuctionPolicy, terms: Terms) -> list[int]:
    """The prices that are compared, ascending.

    Of the ticks between two limits, where nothing changes, the first and the last stand for all. A
    reference beyond the limits extends the range. Without any limit only the reference is left.
    """
    reference = terms.reference_x2_ticks
    prices = list(limits)
    if not limits and reference is not None:
        prices = [round_half_ticks(reference, policy.rounding)]
    elif limits and policy.candidates == Candidates.TICKS:
        ends = [reference >> 1, (reference + 1) >> 1] if reference is not None else []
        first, last = min(limits + ends), max(limits + ends)
        steps = [limit + step for limit in limits for step in (-1, 0, 1)]
        prices = [price for price in steps + ends if first <= price <= last]
    if terms.band_ticks and policy.outside_band == OutsideBand.RESTRICT:
        low, high = terms.band_ticks
        prices = [clamp(price, low, high) for price in prices]
    return sorted(set(prices))


def _choose(
    orders: Sequence[AuctionOrder], candidates: list[int], policy: AuctionPolicy, terms: Terms
) -> tuple[int, Decided]:
    """One of the candidates, or the reference between them, step by step."""
    sides = {price: demand_supply(orders, price) for price in candidates}
    most = max(min(pair) for pair in sides.values())
    tied = [price for price in candidates if min(sides[price]) == most]
    if len(tied) == 1:
        return tied[0], Decided.VOLUME
    surplus = {price: sides[price][0] - sides[price][1] for price in tied}
    if policy.least_surplus:
        least = min(abs(value) for value in surplus.values())
        tied = [price for price in tied if abs(surplus[price]) == least]
        if len(tied) == 1:
            return tied[0], Decided.SURPLUS
    signs = {surplus[price] > 0 for price in tied if surplus[price] != 0}
    one_sided = len(signs) == 1 and all(surplus[price] != 0 for price in tied)
    if policy.pressure and one_sided:
        return _pressed(tied, Side.BUY if True in signs else Side.SELL, policy, terms)
    return _nearest(tied, policy, terms), Decided.REFERENCE


def _pressed(
    tied: list[int], side: Side, policy: AuctionPolicy, terms: Terms
) -> tuple[int, Decided]:
    """The highest price when buys are left over, the lowest for sells, as far as the limit lets."""
    end = tied[-1] if side == Side.BUY else tied[0]
    reference = terms.reference_x2_ticks
    if policy.pressure_limit_ppm == 0 or reference is None:
        return end, Decided.PRESSURE
    moved = reference * PPM + side.sign * abs(reference) * policy.pressure_limit_ppm
    price = clamp(divide(moved, 2 * PPM, policy.rounding), tied[0], tied[-1])
    return price, Decided.PRESSURE if price == end else Decided.PRESSURE_LIMIT


def _nearest(tied: list[int], policy: AuctionPolicy, terms: Terms) -> int:
    """The print among prices that all steps before leave equal."""
    reference = terms.reference_x2_ticks
    if reference is None:
        if policy.without_reference != Fallback.MIDDLE:
            return tied[0] if policy.without_reference == Fallback.LOWEST else tied[-1]
        reference = tied[0] + tied[-1]
    if policy.tie == TieRule.CLAMP:
        return clamp(round_half_ticks(reference, policy.rounding), tied[0], tied[-1])
    better = -1 if policy.prefer_high else 1
    return min(tied, key=lambda price: (abs(2 * price - reference), better * price))


def clamp(price: int, low: int, high: int) -> int:
    """The price, moved into [low, high]."""
    return max(low, min(high, price))


def round_half_ticks(x2_ticks: int, rounding: Rounding) -> int:
    """Half ticks as ticks."""
    return divide(x2_ticks, 2, rounding)


def divide(number: int, by: int, rounding: Rounding) -> int:
    """A whole quotient; `by` > 0."""
    quotient, rest = divmod(number, by)
    if rounding == Rounding.UP:
        return quotient + (rest > 0)
    if rounding == Rounding.HALF_UP:
        return quotient + (2 * rest >= by)
    if rounding == Rounding.HALF_DOWN:
        return quotient + (2 * rest > by)
    return quotient
