"""An own order with terms, and the places where it can be.

Model: `live` is what may trade where the order stands; of a displayed iceberg that is its peak, and
`reserve` the rest. `price_x2` is the price in half ticks at which it stands or arrives, `limit_ticks`
the limit that its owner gave; the two differ for pegs only.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from market.codes import OrderType, PostOnly, SelfTrade, TimeInForce
from market.messages import NO_PRICE
from sim.reference.state import Order
from sim.streams import draw


class Place(IntEnum):
    """Where an own order is."""

    NOWHERE = 0
    DISPLAYED = 1
    MARKET = 2
    DARK = 3
    DORMANT = 4


STOPS: Final = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
PEGS: Final = (OrderType.PEG_PRIMARY, OrderType.PEG_MIDPOINT, OrderType.PEG_MARKET)
PRICED: Final = (OrderType.LIMIT, OrderType.STOP_LIMIT, *PEGS)
"""Types that may have a limit price."""

AUCTION_TIFS: Final = (TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE, TimeInForce.AUCTION)
CANNOT_WAIT: Final = (TimeInForce.IOC, TimeInForce.FOK)


@dataclass(slots=True, eq=False)
class RuledOrder(Order):
    """An order of ours with all that it may carry."""

    owner: int = 0
    order_type: OrderType = OrderType.LIMIT
    tif: TimeInForce = TimeInForce.GTC
    post: PostOnly = PostOnly.OFF
    limit_ticks: int = NO_PRICE
    display: int = 0
    display_high: int = 0
    hidden: bool = False
    min_lots: int = 0
    all_or_none: bool = False
    stop_ticks: int = NO_PRICE
    trail_ticks: int = 0
    offset_ticks: int = 0
    self_trade: SelfTrade = SelfTrade.ALLOW

    place: Place = Place.NOWHERE
    reserve: int = 0  # of a displayed iceberg, what stands behind its peak
    peaks: int = 0  # that it had so far
    took: int = 0  # what it traded since it arrived
    entry: int = 0  # its number among all that entered a dark queue or the dormant list
    price_x2: int = 0
    trigger_x2: int = 0  # of a stop

    @property
    def open_lots(self) -> int:
        """All that may still trade."""
        return self.live + self.reserve

    @property
    def told_ticks(self) -> int:
        """The limit; 0 for an order without one."""
        return 0 if self.limit_ticks == NO_PRICE else self.limit_ticks

    @property
    def is_peg(self) -> bool:
        """Whether its price follows another."""
        return self.order_type in PEGS

    @property
    def is_stop(self) -> bool:
        """Whether it waits for a trigger."""
        return self.order_type in STOPS

    @property
    def is_midpoint(self) -> bool:
        """Whether it follows the middle."""
        return self.order_type == OrderType.PEG_MIDPOINT

    @property
    def for_auction(self) -> bool:
        """Whether it trades in calls only."""
        return self.tif in AUCTION_TIFS

    @property
    def key_x2(self) -> int:
        """Its price as a number of half ticks where smaller is better."""
        return -self.side.sign * self.price_x2

    def set_limit(self, price_ticks: int) -> None:
        """Give it a limit; that of a peg is not where it stands."""
        self.limit_ticks = price_ticks
        if price_ticks != NO_PRICE and not self.is_peg:
            self.price_x2 = 2 * price_ticks

    def cut_minimum(self) -> None:
        """After a change of what is open: a minimum is never more than that."""
        self.min_lots = self.open_lots if self.all_or_none else min(self.min_lots, self.open_lots)

    def take_peak(self, peak_key: int, used: int = 0) -> None:
        """Split the reserve into what shows and the rest; without an iceberg all of it shows.

        Args:
            peak_key: Stream key of random peaks.
            used: Lots of its peaks that traded before any could be shown.
        """
        shown = -used if self.display > 0 else self.reserve
        while shown <= 0:
            shown += self.next_size(peak_key)
        self.live = min(self.reserve, shown)
        self.reserve -= self.live

    def next_size(self, peak_key: int) -> int:
        """Draw the size of the next peak."""
        size = self.display
        if self.display_high > size:
            size += draw(peak_key, self.number, self.peaks) % (self.display_high - size + 1)
        self.peaks += 1
        return size
