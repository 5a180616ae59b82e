"""What a venue ends of its own accord: an order, and the reason that its owner is told."""

from typing import NamedTuple

from market.codes import Reason


class Ending(NamedTuple):
    """An order is to be ended by the venue: `expire(order_id, reason)` of its book."""

    order_id: int
    book_id: int
    reason: Reason
