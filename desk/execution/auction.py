"""A part of a parent for an auction: what is told of it, what is remembered, and which phases it outlives.

Model: a share of the parent goes as one order that trades in the venue's auction and at no other time;
the rest is worked over time by another algorithm. The order leaves with the parent's first piece and lies
there until the call. When it is over, with or without fills, what it did not trade is the rest's again, and
it is not sent a second time: whatever becomes of the auction, a parent has no more at work than is missing.

A call stands still everything else, and only a call: an order for the auction stays through the phases in
which it is to trade, and through those in which its venue ends it. A halt pulls it like any other.
"""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from desk.orders import Order
from market.codes import Phase, TimeInForce
from market.columns import PRICE_TICKS_MAX
from market.decisions import PPM
from market.errors import InputError

RestName = Literal["twap", "vwap", "pov", "is"]

TIFS: Final = {"close": TimeInForce.AT_CLOSE, "next": TimeInForce.AUCTION}
AUCTION_TIFS: Final = tuple(TIFS.values())
OUTLIVED: Final = tuple(
    int(phase) for phase in Phase if phase.is_call or phase in (Phase.CLOSED, Phase.TRADE_AT_LAST)
)


class AuctionRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a parent goes into an auction, and how.

    Attributes:
        share_ppm: Of the parent's lots, rounded down.
        rest: By which algorithm the others are worked.
        at: The auction of the close, or the next one of any kind.
        limit_ticks: How far past the other side's best price it may trade; without, at any price.
    """

    share_ppm: int
    rest: RestName = "twap"
    at: Literal["close", "next"] = "close"
    limit_ticks: int | UnsetType = UNSET

    def __post_init__(self) -> None:
        if not 1 <= self.share_ppm <= PPM:
            raise InputError(f"auction: share_ppm is {self.share_ppm}, allowed is 1 to {PPM}")
        ticks = self.limit_ticks
        if ticks is not UNSET and not 0 <= ticks <= PRICE_TICKS_MAX:
            raise InputError(
                f"auction: limit_ticks is {ticks}, allowed is 0 to {PRICE_TICKS_MAX}, or none"
            )

    @property
    def tif(self) -> TimeInForce:
        """How long its order lives."""
        return TIFS[self.at]


class AuctionData(msgspec.Struct):
    """What a plan remembers of its part for an auction.

    Attributes:
        lots: Meant for it, or at work there; 0 once its order is over.
        order_id: Of its order; 0 before it has left.
        filled_lots: What its order has traded, once it is over.
    """

    lots: int
    order_id: int = 0
    filled_lots: int = 0


def is_for_auction(order: Order) -> bool:
    """Whether an order trades in an auction alone."""
    return order.tif in AUCTION_TIFS


def outlives(orders: Iterable[Order], phase: int) -> list[Order]:
    """Of some orders, those that a phase other than continuous trading does not concern."""
    if phase not in OUTLIVED:
        return []
    return [order for order in orders if is_for_auction(order)]
