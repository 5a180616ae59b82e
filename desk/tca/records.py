"""What transaction-cost analysis is told: one parent, its orders and their fills, each with the market.

Model: a *parent* is one wish of one side. At its decision, whenever an order of it leaves and arrives,
and at every fill the record holds two quotes: what the desk believed, and what was true at the venue.
Everything that a cost is split into is a difference of such prices.

Units: bids, asks and limits are whole price units (`_units`). Mids and fill prices are twice that
(`_x2_units`), so that midpoints are whole. All orders of a parent have the price unit and the lot of
its instrument, at whatever venue they are; ticks may differ. All times of a record are of one clock.

Invariants, refused at construction where they do not hold:
1. A fill has lots, and says whether it was resting, arriving or in an auction.
2. Decision, departure, arrival, fills and end follow each other, and `closed_ns` is after them all.

Limits: a quote has both sides. Whoever makes records gives the last two-sided quote where a book has
lost one, and leaves out fills that were busted.
"""

from itertools import pairwise

import msgspec

from market.codes import Liquidity, OrderType, Side, TimeInForce
from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE


class Quote(msgspec.Struct, frozen=True, gc=False):
    """Best prices at a moment; they may be locked or crossed, as a local book can be."""

    bid_units: int
    ask_units: int

    def __post_init__(self) -> None:
        if NO_PRICE in (self.bid_units, self.ask_units):
            raise InputError(
                f"quote: found bid {self.bid_units} and ask {self.ask_units}, allowed are two prices"
            )

    @property
    def mid_x2_units(self) -> int:
        """Twice the mid."""
        return self.bid_units + self.ask_units

    def touch_units(self, side: Side) -> int:
        """The best price of whom an arriving order of this side trades with."""
        return self.bid_units if side else self.ask_units


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A moment, with what the desk believed of the book and what the venue's book was."""

    at_ns: int
    local: Quote
    venue: Quote


class FillRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One fill as it stands.

    Attributes:
        venue: Where it traded; another one than the order's when it was routed on.
        price_x2_units: Twice its price.
        fee: What it cost in price unit × lot; negative for a rebate.
        seen: The books just before it, at the venue's time of it.
        after_mid_x2_units: Twice the venue's mid right after it, with what it took out of the book.
    """

    exec_id: int
    venue: str
    price_x2_units: int
    lots: int
    fee: int
    liquidity: Liquidity
    seen: Seen
    after_mid_x2_units: int

    def __post_init__(self) -> None:
        if not self.venue:
            raise InputError(f"fill {self.exec_id}: venue is empty, allowed is a name")
        if self.lots < 1:
            raise InputError(f"fill {self.exec_id}: lots is {self.lots}, allowed is 1 or more")
        if self.liquidity is Liquidity.NONE:
            raise InputError(
                f"fill {self.exec_id}: liquidity is NONE, allowed is MAKER, TAKER, AUCTION or "
                "HIDDEN_MAKER"
            )

    @property
    def provided(self) -> bool:
        """Whether it was resting."""
        return self.liquidity in (Liquidity.MAKER, Liquidity.HIDDEN_MAKER)


class ChildRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One order at a venue.

    Attributes:
        limit_units: Its limit; NO_PRICE for none.
        lots: Ordered in all.
        sent: When it left the desk.
        received: When it reached the venue; None when it never did, or was refused there.
        ended_ns: When nothing of it was open any more.
        fills: In the venue's order.
        special: Whether it asks for more than price, quantity and time (a stop, a peg, a minimum).
        routable: Whether the venue may send it on.
        changed: How often it was replaced.
    """

    order_id: int
    venue: str
    order_type: OrderType
    tif: TimeInForce
    lots: int
    sent: Seen
    received: Seen | None
    ended_ns: int
    limit_units: int = NO_PRICE
    fills: tuple[FillRecord, ...] = ()
    special: bool = False
    routable: bool = False
    changed: int = 0

    def __post_init__(self) -> None:
        name = f"order {self.order_id}"
        if self.lots < 1:
            raise InputError(f"{name}: lots is {self.lots}, allowed is 1 or more")
        times_ns = [self.sent.at_ns]
        if self.received is not None:
            times_ns.append(self.received.at_ns)
        elif self.fills:
            raise InputError(
                f"{name}: found fills of an order that never arrived, allowed are none"
            )
        times_ns += [fill.seen.at_ns for fill in self.fills]
        _check_order(name, [*times_ns, self.ended_ns])

    @property
    def filled_lots(self) -> int:
        """Lots that traded."""
        return sum(fill.lots for fill in self.fills)


class ParentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One wish and all that became of it.

    Attributes:
        instrument: Its price unit and lot are those of every price and quantity here.
        algo: How it was worked.
        wanted_lots: How much was wished for; fills may be more when replacements raced.
        decided: When it was decided. The paper portfolio trades all of it then, at the local mid.
        ended_ns: When it ended, filled or given up.
        end_mid_x2_units: Twice the mid then, at which what was not filled is valued.
        closed_ns: When the desk had heard of all this; a curve learned before then knows nothing of it.
        limit_units: Worst price that was allowed; NO_PRICE for none.
        order_fees: Charged for the whole rather than for a fill, in price unit × lot.
        market_lots: What the market traded from its arrival to its end, own fills with it; None where
            nobody counted.
        customer: For whom, in reports.
        held: Whether the customer left no discretion; such orders go into other reports.
        directed: Whether the customer named the venue.
    """

    parent_id: int
    instrument: Instrument
    strategy: int
    algo: str
    side: Side
    wanted_lots: int
    decided: Seen
    ended_ns: int
    end_mid_x2_units: int
    closed_ns: int
    children: tuple[ChildRecord, ...] = ()
    limit_units: int = NO_PRICE
    order_fees: int = 0
    market_lots: int | None = None
    customer: str = ""
    held: bool = False
    directed: bool = False

    def __post_init__(self) -> None:
        name = f"parent {self.parent_id}"
        if self.wanted_lots < 1:
            raise InputError(f"{name}: wanted_lots is {self.wanted_lots}, allowed is 1 or more")
        for child in self.children:
            _check_order(
                f"{name}, order {child.order_id}",
                [self.decided.at_ns, child.sent.at_ns, child.ended_ns, self.closed_ns],
            )
            if child.fills:
                _check_order(name, [child.fills[-1].seen.at_ns, self.ended_ns])
        _check_order(name, [self.decided.at_ns, self.ended_ns, self.closed_ns])
        if self.market_lots is not None and self.market_lots < self.filled_lots:
            raise InputError(
                f"{name}: market_lots is {self.market_lots}, allowed is at least its own fills, "
                f"{self.filled_lots}"
            )

    @property
    def sent(self) -> Seen | None:
        """When the first order of it left; None when none did."""
        return min((child.sent for child in self.children), key=_at_ns, default=None)

    @property
    def arrived(self) -> Seen | None:
        """When the first order of it was at a venue; None when none ever was."""
        found = [child.received for child in self.children if child.received is not None]
        return min(found, key=_at_ns, default=None)

    @property
    def filled_lots(self) -> int:
        """Lots that traded."""
        return sum(child.filled_lots for child in self.children)

    def fills(self) -> list[tuple[ChildRecord, FillRecord]]:
        """Every fill with its order, by venue time and, where that is equal, by venue and child."""
        found = [(child, fill) for child in self.children for fill in child.fills]
        return sorted(found, key=lambda one: (one[1].seen.at_ns, one[1].venue))


def _at_ns(seen: Seen) -> int:
    return seen.at_ns


def _check_order(name: str, times_ns: list[int]) -> None:
    """Times must not go back."""
    for before_ns, after_ns in pairwise(times_ns):
        if after_ns < before_ns:
            raise InputError(
                f"{name}: found {after_ns} ns after {before_ns} ns, allowed are times in order of "
                "decision, departure, arrival, fills, end, and the desk's hearing of it"
            )
