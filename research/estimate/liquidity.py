"""What a tape says of the liquidity of its books, by hour of UTC: spread, depth, volume, volatility.

Model: every book is looked at once a second. A look counts while the book has two sides, is not locked or
crossed, and trades continuously; means are over such looks, so they are over time and not over messages. A bar
is the mid at its end over the mid at its begin, both at whole multiples of its length; it counts where
both looks do. Volume is what printed.

Limits: what is hidden shows in volume alone; one day's hours are one day's.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from market.codes import Phase
from market.errors import InputError
from market.instruments import Instrument
from market.units import DURATION_NS, format_ns
from scenarios.books import instrument_of
from sim.kernels import tape_book as k
from sim.rows import Rows
from sim.tape.book import NO_PRICE, Best, TapeBooks
from sim.tape.moment import tape_span
from sim.tape.read import open_tape
from sim.tape.stats import CHUNK_ROWS, PRINTS, Sampler

LOOK_NS: Final = DURATION_NS["s"]
LOOKS_MAX: Final = 10_000_000
HOUR_NS: Final = DURATION_NS["h"]
BP: Final = 10_000

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]


class HourRow(msgspec.Struct, frozen=True, kw_only=True):
    """One book in one hour of the day; means over its looks.

    Attributes:
        looks: Seconds that counted.
        spread_bp: Best offer less best bid, of the mid.
        touch_lots: At one best price.
        depth_lots: On the best five levels of one side.
        volume_lots: Printed.
        volatility_bp: Of an hour, by the hour's bars; None where there are fewer than two.
    """

    book: str
    hour: str
    looks: int
    spread_bp: float
    touch_lots: float
    depth_lots: float
    volume_lots: int
    volatility_bp: float | None


class BookLiquidity(msgspec.Struct, frozen=True, kw_only=True):
    """One book over the whole tape.

    Attributes:
        looks: Seconds that counted.
        spread: Mean spread as a share of the mid.
        touch_lots: Mean lots at one best price.
        depth_lots: Mean lots on the best five levels of one side.
        volume_lots: Printed.
        mid_units: The last mid, in price units.
        changes: Of each bar, NaN where it does not count.
        hours: By hour.
    """

    name: str
    instrument: Instrument
    looks: int
    spread: float
    touch_lots: float
    depth_lots: float
    volume_lots: int
    mid_units: float
    changes: Floats
    hours: list[HourRow]

    @property
    def bars(self) -> int:
        """Bars that count."""
        return int(np.count_nonzero(~np.isnan(self.changes)))


class TapeLiquidity(msgspec.Struct, frozen=True, kw_only=True):
    """A tape: its books in order, those without a look left out.

    Attributes:
        idle: Names of the books without a look.
    """

    digest: str
    bar_ns: int
    books: list[BookLiquidity]
    idle: list[str]


def read_liquidity(
    path: Path, bar_ns: int = DURATION_NS["m"], *, progress: Progress | None = None
) -> TapeLiquidity:
    """Read a tape once.

    Args:
        path: A tape of any depth and any number of books.
        bar_ns: Length of a bar, whole seconds.
        progress: Told rows done and in all, now and then.

    Raises:
        InputError: The tape is wrong or too long, or bars are no whole seconds.
    """
    if bar_ns < LOOK_NS or bar_ns % LOOK_NS:
        raise InputError(f"bar: found {format_ns(bar_ns)}, allowed are whole seconds from 1s on")
    tape = open_tape(path)
    span = tape_span(tape)
    if span is None or not 1 <= (span[1] - span[0]) // LOOK_NS <= LOOKS_MAX:
        told = "no rows" if span is None else format_ns(span[1] - span[0])
        raise InputError(f"{path}: found {told}, allowed is a tape of 1 to {LOOKS_MAX:,} seconds")
    first_ns = span[0] - span[0] % LOOK_NS + LOOK_NS
    moments_ns = np.arange(first_ns, span[1] + 1, LOOK_NS, dtype=np.int64)
    books = TapeBooks(tape.meta)
    watched = {book.book_id: _Watched(moments_ns) for book in tape.meta.books}
    done = 0
    for rows in tape.chunks(rows=CHUNK_ROWS):
        for book_id, (at, best) in books.apply_watched(rows).items():
            watched[book_id].take(rows[at], best)
        done += len(rows)
        if progress is not None:
            progress(done, tape.row_count)
    found, idle = [], []
    for book in tape.meta.books:
        one = watched[book.book_id].liquidity(instrument_of(book), moments_ns, bar_ns)
        if one is None:
            idle.append(f"{book.symbol}@{book.venue}")
        else:
            found.append(one)
    return TapeLiquidity(digest=tape.digest, bar_ns=bar_ns, books=found, idle=idle)


class _Watched:
    """One book while the tape is read."""

    def __init__(self, moments_ns: Ints) -> None:
        self._sampler = Sampler(moments_ns)
        self._volume_lots: dict[int, int] = {}

    def take(self, rows: Rows, best: Best) -> None:
        """The next rows of the book, and the book after each."""
        self._sampler.take(rows["ts_ns"], best)
        printed = rows[np.isin(rows["kind"], PRINTS)]
        hours = printed["ts_ns"] // HOUR_NS % 24
        for hour in np.unique(hours).tolist():
            lots = int(printed["qty"][hours == hour].sum())
            self._volume_lots[hour] = self._volume_lots.get(hour, 0) + lots

    def liquidity(
        self, instrument: Instrument, moments_ns: Ints, bar_ns: int
    ) -> BookLiquidity | None:
        """What there was; None where no look counts."""
        seen = self._sampler.finish()
        moments_ns = moments_ns[len(moments_ns) - len(seen) :]
        bid, ask = seen[:, k.B_BID], seen[:, k.B_ASK]
        counts = (bid != NO_PRICE) & (ask != NO_PRICE) & (ask > bid) & (bid + ask > 0)
        counts &= seen[:, k.B_PHASE] == Phase.CONTINUOUS
        if not counts.any():
            return None
        mids = np.where(counts, (bid + ask) / 2, np.nan)
        name = f"{instrument.symbol}@{instrument.venue}"
        ends = np.flatnonzero(moments_ns % bar_ns == 0)
        changes = mids[ends][1:] / mids[ends][:-1] - 1
        whole = _means(seen, counts)
        hour_of, bar_hour = moments_ns // HOUR_NS % 24, moments_ns[ends][:-1] // HOUR_NS % 24
        hours = [
            self._hour(
                name, hour, seen, counts & (hour_of == hour), changes[bar_hour == hour], bar_ns
            )
            for hour in np.unique(hour_of[counts]).tolist()
        ]
        return BookLiquidity(
            name=name,
            instrument=instrument,
            looks=int(counts.sum()),
            spread=whole[0],
            touch_lots=whole[1],
            depth_lots=whole[2],
            volume_lots=sum(self._volume_lots.values()),
            mid_units=float(mids[counts][-1]),
            changes=changes,
            hours=hours,
        )

    def _hour(
        self,
        name: str,
        hour: int,
        seen: Best,
        counts: npt.NDArray[np.bool_],
        changes: Floats,
        bar_ns: int,
    ) -> HourRow:
        spread, touch_lots, depth_lots = _means(seen, counts)
        known = changes[~np.isnan(changes)]
        swing = float(np.sqrt(np.mean(known**2) * HOUR_NS / bar_ns)) if len(known) > 1 else None
        return HourRow(
            book=name,
            hour=f"{hour:02d}:00",
            looks=int(counts.sum()),
            spread_bp=round(spread * BP, 4),
            touch_lots=round(touch_lots, 2),
            depth_lots=round(depth_lots, 2),
            volume_lots=self._volume_lots.get(hour, 0),
            volatility_bp=None if swing is None else round(swing * BP, 4),
        )


def _means(seen: Best, counts: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Mean spread as a share of the mid, and mean lots at the touch and on five levels of one side."""
    some = seen[counts]
    spread = (some[:, k.B_ASK] - some[:, k.B_BID]) / ((some[:, k.B_ASK] + some[:, k.B_BID]) / 2)
    touch = (some[:, k.B_BID_QTY] + some[:, k.B_ASK_QTY]) / 2
    depth = (some[:, k.B_DEPTH] + some[:, k.B_DEPTH + 1]) / 2
    return float(spread.mean()), float(touch.mean()), float(depth.mean())
