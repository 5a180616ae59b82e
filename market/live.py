"""What a live feed says: normalised updates, in exact integers, that both sides of the bridge know.

Model: an update is what one raw message says about one book. A feed (`bridge.feeds`) makes them, a
world whose tape grows while it runs takes them. Neither knows the other; both know this file.

Invariants, which every feed keeps:
1. A book begins with a `BookSnapshot`; each `BookDelta` behind it continues it without a gap.
2. A `BookTrouble` says that a book can't be believed from here on. It ends with the next
   `BookSnapshot`; `STALE` alone, after which nothing is known to be missing, also ends with the
   book's next update.
3. Quantities of levels are absolute; 0 removes the level. Prices are in ticks of the instrument's
   grid, quantities in its lots: what lies off the grid never gets here.

Limits: no order is seen, only levels (L2), trades and best quotes.
"""

from enum import IntEnum
from typing import Final

import msgspec

from market.codes import Side

Level = tuple[int, int]
"""Price in ticks, absolute quantity in lots."""

NO_STAMP: Final = 0
"""The venue time of what bears none."""


class TroubleReason(IntEnum):
    """Why a book can't be believed."""

    DOWN = 1
    """The connection is gone."""
    GAP = 2
    """A message is missing, by the venue's own numbers."""
    CHECKSUM = 3
    """The book does not have the sum that the venue says it has."""
    STALE = 4
    """Nothing came for longer than this feed is ever silent."""
    SNAPSHOT_LOST = 5
    """The snapshot that was asked for was refused, or does not join what came since."""


class BookSnapshot(msgspec.Struct, frozen=True, gc=False):
    """The whole book, as far as the venue shows it; what was known before is void.

    Attributes:
        book_id: Which book.
        venue_ns: The venue's time, or NO_STAMP.
        seq: The venue's number of the state that this is.
        bids: In the venue's order; no quantity is 0.
        asks: Likewise.
    """

    book_id: int
    venue_ns: int
    seq: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class BookDelta(msgspec.Struct, frozen=True, gc=False):
    """Levels that changed, all at once; `seq` is the number of the state afterwards."""

    book_id: int
    venue_ns: int
    seq: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Print(msgspec.Struct, frozen=True, gc=False):
    """A trade.

    Attributes:
        book_id: Which book.
        venue_ns: The venue's time of the trade, or NO_STAMP.
        trade_id: The venue's number; of an aggregate, the last trade's in it.
        price_ticks: Its price.
        qty_lots: Its quantity, above 0.
        aggressor: The side that took.
    """

    book_id: int
    venue_ns: int
    trade_id: int
    price_ticks: int
    qty_lots: int
    aggressor: Side


class BestQuote(msgspec.Struct, frozen=True, gc=False):
    """The venue's own best bid and ask: a check on the book, and no part of it."""

    book_id: int
    venue_ns: int
    seq: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int


class BookTrouble(msgspec.Struct, frozen=True, gc=False):
    """The book can't be believed from here on."""

    book_id: int
    reason: TroubleReason


Update = BookSnapshot | BookDelta | Print | BestQuote | BookTrouble
