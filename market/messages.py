"""Messages: immutable, and the only things that cross a boundary.

Towards a desk go `View`, `Report`, `TimerFired`, `LinkStatus`, `Operator`, `Accrual` and `StoreStatus`; from it come
`Submit`, `Cancel`, `Replace`, `Query` and `SetTimer`. Every message carries the venue time it stems from where it has one, so that a decision
can never be shown to rest on something from the future.
"""

from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from market.codes import (
    AccrualKind,
    JournalTrouble,
    Liquidity,
    OperatorAction,
    OrderType,
    Phase,
    PostOnly,
    Reason,
    ReportType,
    SaleKind,
    SelfTrade,
    Side,
    TimeInForce,
    Trigger,
)
from market.succession import Adopted, Promoted

NO_PRICE: Final = -(1 << 62)
"""Stands where a side of a book is empty or nothing has traded yet."""

EVERY: Final = -1
"""Stands for every book, or every strategy, where one could be named."""


class Terms(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What an order carries beyond price, quantity and time; venues with rules know them.

    docs/explanation/venue-rules.md says what each does, and with which types it goes.

    Attributes:
        display_lots: Peak of an iceberg; 0 shows all.
        display_high_lots: With it each peak is drawn from [display_lots, display_high_lots].
        hidden: Never displayed.
        min_qty_lots: Least lots that must trade at once.
        all_or_none: The whole of it, or nothing.
        stop_ticks: Trigger of a stop, or the strike of a STRIKE_MATCH order; NO_PRICE for none.
        trail_ticks: How far a trailing stop stays behind.
        peg_offset_ticks: Passive distance of a peg from what it follows.
        post: Says more than `post_only` does; OFF leaves that to it.
        self_trade: What happens on meeting an own order; None for what the venue does by default.
        expire_ns: When a GTD order ends.
        quote: Whether it is a leg of a quote, which quote protection may pull.
    """

    display_lots: int = 0
    display_high_lots: int = 0
    hidden: bool = False
    min_qty_lots: int = 0
    all_or_none: bool = False
    stop_ticks: int = NO_PRICE
    trail_ticks: int = 0
    peg_offset_ticks: int = 0
    post: PostOnly = PostOnly.OFF
    self_trade: SelfTrade | None = None
    expire_ns: int = 0
    quote: bool = False


class Submit(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    tag=True,
    tag_field="message",
    omit_defaults=True,
):
    """A new order. `order_id` is the intent: at most one venue order may ever come of it.

    `sale` is the mark of a sell; a buy bears none, which is LONG. Older journals lack the last fields.
    """

    book_id: int
    order_id: int
    side: Side
    price_ticks: int
    qty_lots: int
    order_type: OrderType = OrderType.LIMIT
    tif: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    terms: Terms | None = None
    sale: SaleKind = SaleKind.LONG


class Cancel(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """Take an order out of the book."""

    book_id: int
    order_id: int


class Replace(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """Give an order a new price and a new open quantity.

    A smaller quantity at the same price keeps priority; anything else loses it.
    """

    book_id: int
    order_id: int
    price_ticks: int
    qty_lots: int


class Query(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """Ask the venue how an order stands; it answers with a STATUS report."""

    book_id: int
    order_id: int


class QuoteLeg(NamedTuple):
    """A quote in one book; lots of 0 leave a side empty.

    Attributes:
        book_id: Where.
        bid_ticks: Price to buy at.
        bid_lots: How much.
        ask_ticks: Price to sell at.
        ask_lots: How much.
        bid_order_id: Of the bid, if a new order has to be made, and then never used before.
        ask_order_id: Of the ask.
    """

    book_id: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    bid_order_id: int
    ask_order_id: int


class MassQuote(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """A set of quotes that replaces the sender's set of the same group in one step.

    `order_id` names the message; the answer to it is QUOTED. Without legs and with `reset`, it lets a
    group whose protection was reached quote again. `book_id` is that of the first leg.
    """

    book_id: int
    order_id: int
    group: int = 0
    legs: tuple[QuoteLeg, ...] = ()
    reset: bool = False


class MassCancel(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"
):
    """Take many orders out: the sender's in one book, or in EVERY book of the venue of `book_id`.

    `order_id` names the message; the answer to it is MASS_CANCELLED, with how many orders ended as
    its quantity and how many were kept as its leaves.

    Attributes:
        book_id: A book of the venue.
        every_book: Whether all books of that venue are meant.
        side: Only this side; None for both.
        quotes_only: Whether orders that are no quotes stay.
        whole_owner: Whether orders that the owner's other sessions sent are meant as well.
    """

    book_id: int
    order_id: int
    every_book: bool = False
    side: Side | None = None
    quotes_only: bool = False
    whole_owner: bool = False


class SetTimer(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """Ask the host for a `TimerFired` at `due_ns`, or at once if that has passed."""

    timer_id: int
    due_ns: int


class View(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    tag=True,
    tag_field="message",
    omit_defaults=True,
):
    """What a host knows of one book at its local time.

    A side's price is NO_PRICE when the side is empty. `own_bid_lots` and `own_ask_lots` are the
    part of the best levels that the host believes to be its own orders (zero in frozen replay,
    whose feed never shows them). `venue_ns` is the newest venue time that has reached the host.
    In a call, `indicative_ticks` is what the venue last said that it would print (NO_PRICE for
    nothing), with its lots, and `imbalance_lots` what would be left over, above 0 of buys.
    `maybe_bad` says that messages are missing or disagree, so that the book may be wrong or old.
    """

    book_id: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    own_bid_lots: int
    own_ask_lots: int
    last_trade_units: int
    last_trade_lots: int
    trade_count: int
    venue_ns: int
    local_ns: int
    seq: int
    phase: Phase
    fired: Trigger
    bids: tuple[tuple[int, int], ...] = ()
    asks: tuple[tuple[int, int], ...] = ()
    indicative_ticks: int = NO_PRICE
    indicative_lots: int = 0
    imbalance_lots: int = 0
    maybe_bad: bool = False

    @property
    def two_sided(self) -> bool:
        """Whether both sides have a price."""
        return self.bid_ticks != NO_PRICE and self.ask_ticks != NO_PRICE

    @property
    def crossed(self) -> bool:
        """Whether the local book is locked or crossed, which frozen replay can bring about."""
        return self.two_sided and self.bid_ticks >= self.ask_ticks


class Report(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    tag=True,
    tag_field="message",
    omit_defaults=True,
):
    """A venue's answer about one order; `venue_ns` is when the venue gave it.

    `exec_id` numbers the fills of one order from 1, and is 0 in a report that is about no fill. BUSTED
    takes the fill of that number back; CORRECTED gives it `price_ticks` and `qty_lots` instead. `fee`
    is what this fill cost in price unit × lot, rounded half up; negative for a rebate. STATUS says how
    an order stands: `leaves_lots` open (0 for an order that has ended or that the venue does not know,
    then with reason UNKNOWN_ORDER), and `qty_lots` filled so far, as they filled: busts and
    corrections do not change it. `figure` is what decided a refusal (`market.refusals` puts it into
    words). With `half` 1 the price lies half a tick above `price_ticks`, as midpoints may.
    """

    type: ReportType
    book_id: int
    order_id: int
    price_ticks: int
    qty_lots: int
    leaves_lots: int
    reason: Reason
    liquidity: Liquidity
    venue_ns: int
    report_seq: int
    exec_id: int = 0
    fee: int = 0
    figure: int = 0
    half: int = 0


class TimerFired(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"
):
    """A timer that the desk set is due."""

    timer_id: int
    due_ns: int


class LinkStatus(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"
):
    """The order link of a book (or of EVERY book) went down, or came up again."""

    book_id: int
    up: bool


class Operator(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """A person's word; `authority` names who gave it, and must not be empty where risk comes back.

    SET_LIMITS makes every limit `limits_ppm` millionths of what was configured; a million is as before.
    Other words leave that out.
    """

    action: OperatorAction
    authority: str
    strategy: int = EVERY
    limits_ppm: int | UnsetType = UNSET


class StoreStatus(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"
):
    """The store under the desk's journal is in trouble, or with NONE is well again.

    Nothing that was decided and was not durable when trouble began has left, but cancels and questions.
    """

    trouble: JournalTrouble


class Accrual(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """Funding or borrow falls due on what is held of a book now.

    `rate_ppb` is a rate in parts per billion of a position's worth at `mark_units`, paid by who is
    long when it is positive and of FUNDING; BORROW is paid by who is short.
    """

    kind: AccrualKind
    book_id: int
    rate_ppb: int
    mark_units: int


OrderCommand = Submit | Cancel | Replace | Query
VenueCommand = OrderCommand | MassQuote | MassCancel
Command = VenueCommand | SetTimer
Inbound = (
    View | Report | TimerFired | LinkStatus | Operator | Accrual | StoreStatus | Promoted | Adopted
)
