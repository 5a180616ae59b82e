"""One order of ours, as data, and what a report about it came to.

Model: an order's lots are counted from its *base*, the newest report that gave its open quantity as a
whole: the submission, a replacement, or a status. What has filled since then, and what the end left
unfilled, comes off it. So reports may come in any order and the count ends the same.

A *stamp* is (`venue_ns`, `report_seq`): the venue's own order of what it said. Reports with equal
stamps are taken in the order in which they come.
"""

from enum import IntEnum

import msgspec

from desk.orders.table import OrderState
from market.codes import Liquidity, OrderType, Side, TimeInForce


class Anomaly(IntEnum):
    """What was wrong with a report; the values are journaled and never change."""

    NONE = 0
    UNKNOWN_ORDER = 1
    """About no order that we sent, or about one that has been forgotten."""
    DUPLICATE_EXEC = 2
    """A fill, bust or correction that was taken before; nothing changed."""
    DUPLICATE_ORDER = 3
    """The venue had this id already: a copy of our submission was refused, the first lives on."""
    ILLEGAL_EVENT = 4
    """Not in the table; the state stays, lots of a fill are booked."""
    OVERFILL = 5
    """More filled than was ordered; booked, because the venue owns the truth."""
    BAD_REPORT = 6
    """Its own figures make no sense; nothing changed."""
    UNASKED_STATUS = 7
    """A status that was not asked for since our last request: it may be older; nothing changed."""
    REVIVED = 8
    """The venue shows an ended order open at a later moment; it is UNKNOWN now."""
    NO_EXEC_ID = 9
    """A fill without a number; booked, though nothing can tell whether it is a repeat."""


class Fill(msgspec.Struct, gc=False):
    """One fill by its number.

    Attributes:
        price_ticks: As it counts now, after corrections.
        qty_lots: As it counts now; 0 once busted.
        traded_lots: As first reported; 0 while only its bust or correction has been heard of.
        word_ns: Stamp of the newest bust or correction, −1 when there was none.
    """

    price_ticks: int
    qty_lots: int
    traded_lots: int
    venue_ns: int
    report_seq: int
    word_ns: int = -1
    word_seq: int = -1


class Order(msgspec.Struct, gc=False, kw_only=True):
    """One order.

    Attributes:
        price_ticks: The price that the venue has confirmed, or that we sent first.
        qty_lots: Lots ordered in all, with what had filled before a replacement.
        open_lots: What may still fill, or has filled unheard, without a replacement in flight.
        replacing_lots: Open quantity that a replacement in flight asks for; 0 when there is none.
        replacing_ticks: Its price.
        cum_lots: Lots filled as they count now, after busts and corrections.
        traded_lots: Lots filled as first reported.
        fills: By `exec_id`.
        changed_ns: When we last asked something of it, or its state changed.
        cancel_sent: A cancel is in flight, or found it gone.
        asked: Queries not yet answered.
        asked_before: Those of them that a later request, or a lost link, has made too old.
        status_ns: Stamp of the newest status heard, −1 before the first.
        base_lots: Open lots at the base.
        since_lots: Lots traded since the base.
        left_lots: Lots that the end left unfilled.
        owed_lots: Lots traded before the base that a status counts and we have not heard of.
        end_ns: Stamp of the end, −1 before it.
    """

    order_id: int
    book_id: int
    strategy: int
    side: Side
    price_ticks: int
    qty_lots: int
    order_type: OrderType
    tif: TimeInForce
    post_only: bool
    sent_ns: int
    changed_ns: int
    signal_id: int
    permit_id: int
    parent_id: int
    open_lots: int
    base_lots: int
    fills: dict[int, Fill]
    state: OrderState = OrderState.PENDING_NEW
    replacing_lots: int = 0
    replacing_ticks: int = 0
    cum_lots: int = 0
    traded_lots: int = 0
    cancel_sent: bool = False
    asked: int = 0
    asked_before: int = 0
    status_ns: int = -1
    status_seq: int = -1
    base_ns: int = -1
    base_seq: int = -1
    since_lots: int = 0
    left_lots: int = 0
    owed_lots: int = 0
    end_ns: int = -1
    end_seq: int = -1

    @property
    def ended(self) -> bool:
        """Whether the venue has ended it; its last fills may still be on their way."""
        return self.state >= OrderState.FILLED

    @property
    def at_risk_lots(self) -> int:
        """The most that may still fill or be reported as filled.

        A replacement gives a new *open* quantity, and the old one may fill first, so both count. It
        counts past the end too, until its answer is here: the end may have overtaken that.
        """
        return self.open_lots + self.replacing_lots


class Outcome(msgspec.Struct, gc=False):
    """What one report came to.

    Attributes:
        order: None for one that we do not know.
        filled_lots: Above zero for a fill or a correction, below for a bust, else 0.
        price_ticks: Of those lots.
        fee: As the report says, in price unit × lot.
        corrected_from: Price and lots that a correction takes back before `filled_lots` are booked.
        ended: Whether this report ended the order.
        doubted: Whether the order's state was, or is now, UNKNOWN.
        risk_moved: Whether other lots may fill now than before.
        anomaly: An `Anomaly`.
    """

    order: Order | None
    filled_lots: int = 0
    price_ticks: int = 0
    fee: int = 0
    liquidity: Liquidity = Liquidity.NONE
    corrected_from: tuple[int, int] | None = None
    ended: bool = False
    doubted: bool = False
    risk_moved: bool = False
    anomaly: int = 0

    @property
    def net_lots(self) -> int:
        """By how much the filled lots of the order changed."""
        return self.filled_lots - (self.corrected_from[1] if self.corrected_from else 0)


class OrdersData(msgspec.Struct):
    """All that `Orders` remembers.

    Attributes:
        sequence: Orders sent so far.
        orders: By id: all that have not ended, and the newest that have.
        ended: Ids of the ended ones, oldest first from `ended_head` on.
        risk: Lots at risk, [buys, sells], by `strategy << 16 | book_id`.
        anomalies: How often each `Anomaly` was met.
    """

    sequence: int = 0
    orders: dict[int, Order] = {}
    ended: list[int] = []
    ended_head: int = 0
    risk: dict[int, list[int]] = {}
    anomalies: dict[int, int] = {}
