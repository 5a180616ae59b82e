"""What a venue says of its instruments before a session: grids, least amounts, and how far away it is.

What it does not say is refused, not guessed.
"""

from bridge.paper.listing.describe import PLACES, Described, Place, describe
from bridge.paper.listing.terms import Listed, OrderLimit, Terms

__all__ = ["PLACES", "Described", "Listed", "OrderLimit", "Place", "Terms", "describe"]
