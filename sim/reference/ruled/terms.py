"""What an order asks for, and whether its numbers go together.

Model: a ticket holds the numbers of a submit as they came. The checks stand in the order of
docs/explanation/venue-rules.md, the first that fails is the answer, and its figure says what would
have passed. Those that depend on the book are in `checks`.
"""

from typing import Final, NamedTuple

from market.codes import OrderType, PostOnly, Reason, SelfTrade, Side, TimeInForce
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.messages import NO_PRICE
from sim.reference.commands import GRANTED, Refusal
from sim.reference.ruled.orders import AUCTION_TIFS, CANNOT_WAIT, PEGS, PRICED, STOPS, RuledOrder
from sim.reference.state import Sort

PEAKS_MAX: Final = 1_000
RESTING_TIFS: Final = (TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD)
WITH_MINIMUM: Final = (OrderType.LIMIT, OrderType.MARKET, OrderType.PEG_MIDPOINT)
WITH_STOP: Final = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.STRIKE_MATCH)
IN_AUCTIONS: Final = (OrderType.LIMIT, OrderType.MARKET, OrderType.STRIKE_MATCH)


class Ticket(NamedTuple):
    """The numbers of a submit; a code may be one that does not exist."""

    order_id: int
    owner: int
    side: Side
    order_type: int
    tif: int
    post: int
    price_ticks: int
    qty_lots: int
    display_lots: int
    display_high_lots: int
    hidden: bool
    min_qty_lots: int
    all_or_none: bool
    stop_ticks: int
    trail_ticks: int
    peg_offset_ticks: int
    self_trade: int

    @property
    def limit_ticks(self) -> int:
        """The price, where the type has a use for one."""
        return self.price_ticks if self.order_type in PRICED else NO_PRICE

    @property
    def has_minimum(self) -> bool:
        """Whether it must trade a certain quantity."""
        return self.min_qty_lots > 0 or self.all_or_none

    @property
    def has_display(self) -> bool:
        """Whether it shows only a part."""
        return self.display_lots != 0 or self.display_high_lots != 0

    def order(self) -> RuledOrder:
        """The order that it becomes once nothing is wrong with its numbers."""
        order = RuledOrder(
            Sort.OWN,
            self.order_id,
            self.side,
            0,
            self.qty_lots,
            -1,
            owner=self.owner,
            order_type=OrderType(self.order_type),
            tif=TimeInForce(self.tif),
            post=PostOnly(self.post),
            display=self.display_lots,
            display_high=self.display_high_lots,
            hidden=self.hidden,
            min_lots=self.qty_lots if self.all_or_none else self.min_qty_lots,
            all_or_none=self.all_or_none,
            stop_ticks=self.stop_ticks,
            trail_ticks=self.trail_ticks,
            offset_ticks=self.peg_offset_ticks,
            self_trade=SelfTrade(self.self_trade),
        )
        order.set_limit(self.limit_ticks)
        return order


def bad_numbers(ticket: Ticket) -> Refusal:
    """Checks 1 to 5."""
    if not 1 <= ticket.qty_lots <= QTY_LOTS_MAX:
        return Reason.BAD_QTY, QTY_LOTS_MAX
    if bad_price(ticket.order_type, ticket.limit_ticks):
        return Reason.BAD_PRICE, PRICE_TICKS_MAX
    if bad_flags(ticket):
        return Reason.BAD_FLAGS, 0
    if ticket.min_qty_lots > ticket.qty_lots:
        return Reason.BAD_MINIMUM, ticket.qty_lots
    if bad_display(ticket.qty_lots, ticket.display_lots, ticket.display_high_lots):
        return Reason.BAD_DISPLAY, least_display(ticket.qty_lots)
    return GRANTED


def bad_price(order_type: int, limit_ticks: int) -> bool:
    """Whether a limit is too far, or missing where the type needs one."""
    if limit_ticks == NO_PRICE:
        return order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    return abs(limit_ticks) > PRICE_TICKS_MAX


def bad_display(qty: int, display: int, display_high: int) -> bool:
    """Whether no iceberg has such peaks, or it would have too many of them."""
    if not 0 <= display <= qty:
        return True
    if display_high != 0 and (display == 0 or not display <= display_high <= qty):
        return True
    return display > 0 and display * PEAKS_MAX < qty


def least_display(qty: int) -> int:
    """The smallest peak that an iceberg of this size may have, in lots."""
    return -(-qty // PEAKS_MAX)


def bad_flags(ticket: Ticket) -> bool:
    """Whether terms do not go together."""
    return (
        not known(ticket)
        or ticket.min_qty_lots < 0
        or bad_post(ticket)
        or bad_visibility(ticket)
        or bad_minimum(ticket)
        or bad_stop_terms(ticket)
        or bad_peg(ticket)
        or bad_life(ticket)
    )


def known(ticket: Ticket) -> bool:
    """Whether all codes exist."""
    return (
        0 <= ticket.order_type < len(OrderType)
        and 0 <= ticket.tif < len(TimeInForce)
        and 0 <= ticket.post < len(PostOnly)
        and 0 <= ticket.self_trade < len(SelfTrade)
    )


def bad_post(ticket: Ticket) -> bool:
    """Only a plain limit order that may wait can insist on waiting."""
    if ticket.post == PostOnly.OFF:
        return False
    waits = ticket.order_type == OrderType.LIMIT and ticket.tif in RESTING_TIFS
    return not waits or ticket.hidden or ticket.has_minimum


def bad_visibility(ticket: Ticket) -> bool:
    """An iceberg has a limit and shows something; only what has a place in the book can hide."""
    if ticket.has_display and (ticket.hidden or ticket.has_minimum):
        return True
    if ticket.has_display and ticket.order_type not in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        return True
    return ticket.hidden and ticket.order_type not in (OrderType.LIMIT, *PEGS)


def bad_minimum(ticket: Ticket) -> bool:
    """A minimum needs a type that can keep it; a market order keeps it at once or never."""
    if not ticket.has_minimum:
        return False
    if ticket.order_type == OrderType.MARKET:
        return ticket.tif not in CANNOT_WAIT
    return ticket.order_type not in WITH_MINIMUM


def bad_stop_terms(ticket: Ticket) -> bool:
    """A stop waits, and says for what."""
    if ticket.order_type in WITH_STOP and abs(ticket.stop_ticks) > PRICE_TICKS_MAX:
        return True
    if ticket.order_type not in STOPS:
        return False
    trails = ticket.order_type == OrderType.TRAILING_STOP
    if trails and not 1 <= ticket.trail_ticks <= PRICE_TICKS_MAX:
        return True
    return ticket.tif not in RESTING_TIFS


def bad_peg(ticket: Ticket) -> bool:
    """A peg keeps a distance that makes sense, and takes no part in calls only."""
    if ticket.order_type not in PEGS:
        return False
    offset = ticket.peg_offset_ticks
    if ticket.tif in AUCTION_TIFS or not 0 <= offset <= PRICE_TICKS_MAX:
        return True
    if ticket.order_type == OrderType.PEG_MIDPOINT:
        return offset != 0
    # Displayed at the other side's best price it would lock the market.
    return ticket.order_type == OrderType.PEG_MARKET and offset == 0 and not ticket.hidden


def bad_life(ticket: Ticket) -> bool:
    """Orders for calls are plain; strike-match orders are for calls only."""
    if ticket.tif in AUCTION_TIFS:
        plain = not (ticket.hidden or ticket.has_display or ticket.has_minimum)
        return ticket.order_type not in IN_AUCTIONS or not plain
    if ticket.order_type == OrderType.STRIKE_MATCH:
        return True
    return ticket.order_type == OrderType.MARKET_TO_LIMIT and ticket.tif in CANNOT_WAIT
