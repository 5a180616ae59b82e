"""The rules of one book as data: what `BookSpec.rules` of a world and a reference book are given.

docs/explanation/venue-rules.md, "Books with rules", says what each does. A book without them is a
plain price-time book.
"""

from dataclasses import dataclass
from enum import IntEnum

from market.codes import BandAction
from market.errors import InputError
from sim.venue_rules.allocation_policy import AllocationPolicy
from sim.venue_rules.auction_policy import XETRA_T7, AuctionPolicy


class Matching(IntEnum):
    """Who of those at one price trades with an arriving order.

    PRICE_TIME takes the oldest first; SHARED lets an `AllocationPolicy` share the level; BROKER_TIME
    takes the arriving owner's own orders first, then the oldest.
    """

    PRICE_TIME = 0
    SHARED = 1
    BROKER_TIME = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRules:
    """How one book treats its orders; read-only for a run.

    Attributes:
        matching: Who of those at one price trades.
        allocation: How a level is shared; for SHARED only.
        auction: How a call finds its price and fills.
        market_rests: Whether, while trading, what is left of a market order waits instead of expiring.
        mid_isolated: Whether midpoint pegs trade with midpoint pegs only.
        mid_reference: The `book_id` whose best prices pegs follow; -1 for the book itself.
        band_action: What the band does to an order that would trade outside it.
        call_extends: Whether a call that would print outside the band goes on as VOLATILITY_CALL.
        market_after_call: Whether market orders that a call left over go on, or expire.
        peak_key: Stream key of random peaks (`sim.streams.stream_key`).
    """

    matching: Matching = Matching.PRICE_TIME
    allocation: AllocationPolicy | None = None
    auction: AuctionPolicy = XETRA_T7
    market_rests: bool = False
    mid_isolated: bool = False
    mid_reference: int = -1
    band_action: BandAction = BandAction.NONE
    call_extends: bool = False
    market_after_call: bool = False
    peak_key: int = 0

    def __post_init__(self) -> None:
        if (self.matching is Matching.SHARED) != (self.allocation is not None):
            found = "none" if self.allocation is None else "one"
            raise InputError(
                f"book rules: found {found} allocation with matching {self.matching.name}, "
                "allowed is one with SHARED and none otherwise"
            )
        if self.mid_reference < -1:
            raise InputError(
                f"book rules mid_reference: found {self.mid_reference}, allowed is -1 or a book_id"
            )
