"""Whom an arriving order meets, in which order, and how much it could take.

Model: first the other side's market queue, then what is displayed and what is dark, the better price
first and at one price the displayed. `next_candidate` looks at the book as it is now; `fillable`
walks the same way without changing anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from market.codes import BandAction, OrderType, Phase, SelfTrade
from market.messages import NO_PRICE
from sim.reference.ruled.isolated import shares
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.ruled.state import RuledState
from sim.reference.state import Order
from sim.venue_rules.book_rules import Matching

NEWEST_ENDS = (SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_BOTH)


@dataclass(slots=True)
class Arrival:
    """An order that arrives, and the prices that it may trade at, in half ticks.

    Attributes:
        order: In no place; all that it has is in `live`.
        limit_x2: The worst price of who it meets; None for any.
        at_x2: The one price of all its trades, at last; None where everybody has their own.
        from_band: Whether only the band limits it.
    """

    order: RuledOrder
    limit_x2: int | None
    at_x2: int | None = None
    from_band: bool = False

    def allows(self, key_x2: int) -> bool:
        """Whether its limit reaches a price of the other side, given as a key in half ticks."""
        return self.limit_x2 is None or key_x2 <= self.order.side.sign * self.limit_x2


class Candidate(NamedTuple):
    """The next to trade, where it is, and the price."""

    order: Order
    place: Place
    price_x2: int


def arrival_of(state: RuledState, order: RuledOrder) -> Arrival | None:
    """What an order may do on arriving now; None when it may not trade at all."""
    if state.phase == Phase.TRADE_AT_LAST:
        last = state.reference_x2
        priced = order.order_type != OrderType.MARKET
        if last is None or (priced and order.side.sign * (order.price_x2 - last) < 0):
            return None
        return Arrival(order, last, at_x2=last)
    if order.order_type != OrderType.MARKET:
        return Arrival(order, order.price_x2)
    end = far_end(state, order)
    return Arrival(order, None if end is None else 2 * end, from_band=end is not None)


def far_end(state: RuledState, order: RuledOrder) -> int | None:
    """The price in ticks beyond which the band lets nothing of this side go, if it does so."""
    if state.rules.band_action not in (BandAction.CLAMP, BandAction.REJECT):
        return None
    end = state.band[order.side.other]
    return None if abs(end) == -NO_PRICE else end


def interrupts(state: RuledState, arrival: Arrival, price_x2: int) -> bool:
    """Whether a trade at a price would be outside a band that stops matching."""
    return (
        state.rules.band_action == BandAction.INTERRUPT
        and arrival.at_x2 is None
        and state.outside_band(price_x2)
    )


def prevents(order: RuledOrder, resting: Order) -> bool:
    """Whether an arriving order may not trade with this one because both have one owner."""
    return (
        order.self_trade != SelfTrade.ALLOW
        and order.owner > 0
        and isinstance(resting, RuledOrder)
        and resting.owner == order.owner
    )


def next_candidate(state: RuledState, arrival: Arrival) -> Candidate | None:
    """Whom the arriving order meets now."""
    side = arrival.order.side.other
    if state.waiting[side]:
        price_x2 = market_price(state, arrival)
        if price_x2 is not None:
            return Candidate(state.waiting[side][0], Place.MARKET, price_x2)
    dark = best_dark(state, arrival)
    shown = best_shown(state, arrival)
    if shown is not None and (dark is None or 2 * -side.sign * shown.price_ticks <= dark.key_x2):
        price_x2 = 2 * shown.price_ticks if arrival.at_x2 is None else arrival.at_x2
        return Candidate(shown, Place.DISPLAYED, price_x2)
    if dark is None:
        return None
    return Candidate(dark, Place.DARK, dark.price_x2 if arrival.at_x2 is None else arrival.at_x2)


def market_price(state: RuledState, arrival: Arrival) -> int | None:
    """At which price an arriving order trades with the market queue of the other side."""
    if arrival.at_x2 is not None:
        return arrival.at_x2
    if not state.rules.market_rests:
        return None
    order = arrival.order
    best = state.best(order.side.other)
    found = [state.reference_x2, None if best is None else 2 * best, arrival.limit_x2]
    prices = [price for price in found if price is not None]
    if not prices:
        return None
    # For an arriving sell the highest, for a buy the lowest; its own limit is among them.
    return -order.side.sign * max(-order.side.sign * price for price in prices)


def best_shown(state: RuledState, arrival: Arrival) -> Order | None:
    """Who trades first of the best displayed level of which something can be taken."""
    side = arrival.order.side.other
    for key in state.keys[side]:
        if not arrival.allows(2 * key):
            return None
        first = first_of(state, arrival.order, state.levels[side][-side.sign * key])
        if first is not None:
            return first
    return None


def first_of(state: RuledState, order: RuledOrder, queue: list[Order]) -> Order | None:
    """The oldest of a level that has something, or the oldest of the arriving order's own broker."""
    if (
        state.rules.matching == Matching.BROKER_TIME
        and order.owner > 0
        and order.self_trade == SelfTrade.ALLOW
    ):
        for each in queue:
            if isinstance(each, RuledOrder) and each.owner == order.owner:
                return each
    return next((each for each in queue if each.live > 0), None)


def best_dark(state: RuledState, arrival: Arrival) -> RuledOrder | None:
    """The best dark order that may trade with the arriving one."""
    order = arrival.order
    for each in state.dark[order.side.other]:
        if not arrival.allows(each.key_x2):
            return None
        if each.min_lots <= order.live and not state.isolated(each):
            return each
    return None


# How much an order could take.


class Standing(NamedTuple):
    """A part of the other side that counts: whose it is, how much, and at which price."""

    order: Order
    lots: int
    min_lots: int
    price_x2: int


def fillable(state: RuledState, arrival: Arrival) -> int:
    """Lots that the arriving order would trade, at most what it has."""
    order = arrival.order
    if state.isolated(order):
        return sum(lots for _, lots in shares(state, order))
    wanted, found = order.live, 0
    for each in standing(state, arrival):
        if wanted == 0:
            break
        if each.lots == 0 or each.min_lots > wanted:
            continue
        if interrupts(state, arrival, each.price_x2):
            break
        lots = min(wanted, each.lots)
        if prevents(order, each.order):
            if order.self_trade in NEWEST_ENDS:
                break
            if order.self_trade == SelfTrade.DECREMENT:
                wanted -= lots
        else:
            wanted -= lots
            found += lots
    return found


def standing(state: RuledState, arrival: Arrival) -> Iterator[Standing]:
    """All that the arriving order could meet, in the order in which it would."""
    side = arrival.order.side.other
    price_x2 = market_price(state, arrival)
    if price_x2 is not None:
        for each in state.waiting[side]:
            yield Standing(each, each.live, 0, price_x2)
    dark = [each for each in state.dark[side] if not state.isolated(each)]
    count = 0
    for key in state.keys[side]:
        if not arrival.allows(2 * key):
            break
        while count < len(dark) and dark[count].key_x2 < 2 * key:
            yield unseen(dark[count])
            count += 1
        yield from level_standing(state, arrival, state.levels[side][-side.sign * key])
    for each in dark[count:]:
        if not arrival.allows(each.key_x2):
            break
        yield unseen(each)


def unseen(order: RuledOrder) -> Standing:
    """A dark order."""
    return Standing(order, order.live, order.min_lots, order.price_x2)


def level_standing(state: RuledState, arrival: Arrival, queue: list[Order]) -> Iterator[Standing]:
    """A displayed level: what shows, then the reserves; in a shared one own orders come first."""
    order = arrival.order
    parts = [each for each in queue if each.live > 0]
    if state.rules.matching == Matching.SHARED:
        parts.sort(key=lambda each: not prevents(order, each))
    for each in parts:
        lots = each.open_lots if prevents(order, each) else each.live
        yield Standing(each, lots, 0, 2 * each.price_ticks)
    for each in parts:
        if isinstance(each, RuledOrder) and each.reserve > 0 and not prevents(order, each):
            yield Standing(each, each.reserve, 0, 2 * each.price_ticks)
