"""What goes into a call auction and what comes out of it."""

from dataclasses import dataclass, field
from typing import Final

from market.codes import Side
from sim.venue_rules.auction_policy import Decided


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionOrder:
    """One order in the call.

    Attributes:
        side: Buy or sell.
        qty_lots: Open quantity, all of which takes part; > 0.
        price_ticks: Its limit; None for a market order.
        hidden_lots: What the book does not display of it: an iceberg's reserve, all of a hidden
            order.
        seq: Entry sequence; the smaller comes first.
        min_qty_lots: It trades at least this much or nothing.
        strike_ticks: A strike-match order buys only at this price or above, sells at it or below.
    """

    side: Side
    qty_lots: int
    price_ticks: int | None = None
    hidden_lots: int = 0
    seq: int = 0
    min_qty_lots: int = 0
    strike_ticks: int | None = None

    @property
    def shown_lots(self) -> int:
        """What the book displays of it."""
        return self.qty_lots - self.hidden_lots

    def trades_at(self, price_ticks: int) -> bool:
        """Whether its limit allows a price."""
        if self.price_ticks is None:
            return True
        return self.side.sign * (self.price_ticks - price_ticks) >= 0

    def strike_missed(self, price_ticks: int) -> bool:
        """Whether it is a strike-match order and the price is not for it."""
        if self.strike_ticks is None:
            return False
        return self.side.sign * (price_ticks - self.strike_ticks) < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for one auction beside its policy.

    Attributes:
        reference_x2_ticks: Twice the reference price, in ticks; None when there is none.
        band_ticks: Lowest and highest price that may print; None for any.
    """

    reference_x2_ticks: int | None = None
    band_ticks: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """One price, what it trades, and what is left over: plus for buys, minus for sells."""

    price_ticks: int | None = None
    executed_lots: int = 0
    surplus_lots: int = 0
    decided: Decided = Decided.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionResult:
    """A print and its fills, one an order in the order given.

    Attributes:
        excluded: Orders that left because their strike or minimum was missed, by index.
    """

    found: Print
    fills_lots: tuple[int, ...]
    excluded: tuple[int, ...] = field(default=())


NO_TERMS: Final = Terms()
