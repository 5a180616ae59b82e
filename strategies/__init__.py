"""What we believe: participants that turn a view of a book into orders.

Two small ones trade a day through the wire: `Quoter` keeps a passive bid and ask at the best prices
within an inventory limit, and `ScheduledBuyer` works a fixed quantity in slices, passive at first
and aggressive when its patience ends. Both are `market.ports.Participant`: no clock, no I/O, the
same messages in, the same commands out. What they share is the count of what each order may still
do (`OpenOrders`) and the reading of a view that may be traded on (`touch_of`,
`newest`).
"""

from strategies.open_orders import DESK_MAX, OpenOrders
from strategies.quoter import Quoter, QuoterConfig
from strategies.scheduled_buyer import ScheduledBuyer, ScheduledBuyerConfig
from strategies.touch import Touch, newest, touch_of

__all__ = [
    "DESK_MAX",
    "OpenOrders",
    "Quoter",
    "QuoterConfig",
    "ScheduledBuyer",
    "ScheduledBuyerConfig",
    "Touch",
    "newest",
    "touch_of",
]
