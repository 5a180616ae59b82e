"""A tape of which nothing is there yet: its books are known, its rows come while the run goes on."""

from typing import Final

from market.instruments import Instrument
from sim.ingest.session_date import utc_date
from sim.tape.meta import TapeBook, TapeMeta

HANDLES: Final = 1 << 17
"""Levels that a book may have at a time: a dozen times those of the deepest snapshot of any venue."""


class GrowingTape:
    """What a run knows of a tape before its first row; every book is one of levels (L2).

    Args:
        instruments: By book_id.
        start_ns: First instant of the run.
        end_ns: First instant behind it.

    Attributes:
        meta: Of the tape, as far as it can be known.
    """

    def __init__(self, instruments: tuple[Instrument, ...], start_ns: int, end_ns: int) -> None:
        books = tuple(level_book(number, one, HANDLES) for number, one in enumerate(instruments))
        self.meta = TapeMeta(books=books, session_date=utc_date(start_ns))
        self.start_ns = start_ns
        self.end_ns = end_ns


def level_book(number: int, one: Instrument, handle_count: int) -> TapeBook:
    """An instrument as a tape of levels describes it."""
    return TapeBook(
        book_id=number,
        symbol=one.symbol,
        venue=one.venue,
        currency=one.currency,
        price_units_per_currency=one.price_units_per_currency,
        tick_units=one.tick_units,
        lot_units=one.lot_num,
        qty_units_per_piece=one.lot_den,
        handle_count=handle_count,
        depth="L2",
    )
