"""What a call auction publishes while orders still gather.

Model: when the book is crossed, the price, volume and surplus that would result if the call ended
now; when it is not, the best displayed prices of both sides. A venue's *far* price is the same over
the orders of its auction alone, its *near* price over these and the continuous book together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sim.venue_rules.auction import run_auction
from sim.venue_rules.auction_order import NO_TERMS, AuctionOrder, Print, Terms
from sim.venue_rules.auction_policy import AuctionPolicy, OutsideBand
from sim.venue_rules.auction_queue import BestShown, best_shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Indication:
    """The print if the call ended now, or else the best displayed prices.

    Attributes:
        found: Price None when nothing would trade; its surplus is the published imbalance.
        best: Displayed prices; empty while there is an indicative price.
        in_band: Whether the print would be allowed; an auction that stops there is extended.
    """

    found: Print
    best: BestShown
    in_band: bool = True


def indicate(
    orders: Sequence[AuctionOrder], policy: AuctionPolicy, terms: Terms = NO_TERMS
) -> Indication:
    """The indication of a call.

    A band that only stops prints is left out, so that everybody sees how far away the price is.
    """
    stops = policy.outside_band == OutsideBand.NO_PRINT
    found = run_auction(orders, policy, replace(terms, band_ticks=None) if stops else terms).found
    if found.price_ticks is None:
        return Indication(found=found, best=best_shown(orders))
    band = terms.band_ticks
    allowed = band is None or band[0] <= found.price_ticks <= band[1]
    return Indication(found=found, best=BestShown(), in_band=allowed)
