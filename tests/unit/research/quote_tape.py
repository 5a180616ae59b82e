"""Tapes of best prices for the tests of what is fitted on tapes."""

from pathlib import Path

import numpy as np

from market.codes import Kind, RowFlag, Side
from market.columns import TAPE_DTYPE
from tests.unit.sim.tapes import book, write

SECOND_NS = 1_000_000_000
START_NS = 1_000 * SECOND_NS

Quote = tuple[int, int, int]
"""Time, bid and ask in price units; 0 for a side without a price."""


def quote_tape(path: Path, quotes: list[Quote], *, book_id: int = 0, books: int = 1) -> Path:
    """A tape of one book's quotes; further books, if any, stay empty."""
    rows = np.zeros(2 * len(quotes), TAPE_DTYPE)
    for number, (ts_ns, bid, ask) in enumerate(quotes):
        for side, price in ((Side.BUY, bid), (Side.SELL, ask)):
            row = rows[2 * number + side]
            row["ts_ns"], row["price"], row["qty"] = ts_ns, price, 1 if price else 0
            row["kind"], row["handle"], row["book_id"] = Kind.QUOTE, int(side), book_id
            row["side_flags"] = int(side) | (RowFlag.LAST if side is Side.SELL else 0)
    fields = {"depth": "L1", "handle_count": 2, "tick_units": 1}
    return write(path, rows, tuple(book(book_id=n, **fields) for n in range(books)))


def regime_quotes(seconds: int, *, seed: int = 1, stretch: int = 200) -> list[Quote]:
    """One quote a second, whose moves are quiet and wild in turns."""
    draws = np.random.default_rng(seed)
    spread = np.where((np.arange(seconds) // stretch) % 2 == 0, 20.0, 200.0)
    bids = 1_000_000 + np.cumsum(np.rint(draws.normal(0.0, spread))).astype(np.int64)
    return [
        (START_NS + second * SECOND_NS + SECOND_NS // 2, int(bid), int(bid) + 2)
        for second, bid in enumerate(bids)
    ]
