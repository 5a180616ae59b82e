"""A recording of any venue's feed, as a tape of what we knew of each book, when we knew it.

Model: what was recorded is told to the venue's feed again; what it says becomes rows as in a paper session
(`sim.live_rows`), stamped with the time at which we had it. So one tape holds every book of the recording,
and a book is cleared where the feed did not believe it.

How it differs from the ingest of captures (`sim.ingest.binance`), which a recording of Binance may go
through as well: that one stamps rows with the exchange's time, keeps it and the update ids beside them, and
is of one symbol.

Limits: a book's grid is what the venue said in the recording (Binance), or has to be named.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from bridge.feeds import FeedBook, drive
from bridge.feeds.binance import BinanceFeed
from bridge.feeds.ccxt_feed import CcxtFeed
from bridge.feeds.native import NativeFeed, live_feed
from bridge.paper.listing.binance import listed
from bridge.recording import LogReader
from bridge.venues import INFO, About
from market.errors import InputError
from market.instruments import SCALE_MAX, Instrument
from sim.ingest.session_date import utc_date
from sim.ingest.source import fingerprint
from sim.live_rows import LiveRows
from sim.tape.growing import level_book
from sim.tape.meta import TapeMeta
from sim.tape.write import TapeWriter

_INFO_WITHIN: Final = 20_000
"""Entries among which what the venue says of its instruments must be; it is asked for at once."""
_PROGRESS_ENTRIES: Final = 4_096

LiveFeed = NativeFeed | CcxtFeed


def tape_of_recording(
    folder: Path,
    *,
    out: Path,
    ticks: Mapping[str, str],
    lots: Mapping[str, str],
    progress: Callable[[int, int], None] | None = None,
) -> TapeMeta:
    """Turn a recording of `twin record` into a tape of all its books.

    Args:
        folder: The recording.
        out: Where the tape goes; nothing is there before it is whole.
        ticks: Price steps by symbol as the venue writes it; the step of "" is for every other.
        lots: Quantity steps likewise.
        progress: Told entries done, now and then.

    Returns:
        The tape's metadata; `statistics` has the feed's counters.

    Raises:
        InputError: The recording is damaged or of something else, or a grid is not known.
    """
    about = about_of(folder)
    instruments = _instruments(folder, about, ticks, lots)
    feed = _feed(about, instruments)
    maker = LiveRows(instruments)
    handles = [0] * len(instruments)
    reader = LogReader(folder)
    first_ns = last_ns = 0
    with TapeWriter(out) as writer:
        for number, (stamp_ns, channel, data) in enumerate(reader):
            last_ns = max(last_ns, stamp_ns)
            first_ns = first_ns or last_ns
            updates = drive(feed, channel, data, last_ns).updates
            rows = maker.rows(updates, last_ns) if updates else None
            if rows is not None and len(rows):
                writer.append(rows)
                for book_id in np.unique(rows["book_id"]).tolist():
                    most = int(rows["handle"][rows["book_id"] == book_id].max()) + 1
                    handles[book_id] = max(handles[book_id], most)
            if progress is not None and number % _PROGRESS_ENTRIES == 0:
                progress(number, 0)
        if writer.row_count == 0:
            raise InputError(
                f"{folder}: found no book and no trade, allowed is a recording of some"
            )
        meta = TapeMeta(
            books=tuple(
                level_book(book_id, instrument, handles[book_id])
                for book_id, instrument in enumerate(instruments)
            ),
            session_date=utc_date(first_ns),
            sources=tuple(fingerprint(path) for path in sorted(folder.glob("*.twinlog"))),
            statistics={
                **{f"feed_{name}": count for name, count in feed.counts.items()},
                "feed_quantities_cut": feed.quantities_cut if isinstance(feed, BinanceFeed) else 0,
                **{f"made_{name}": count for name, count in maker.counts.items()},
                "torn_bytes": reader.torn_bytes,
                "tape_rows": writer.row_count,
            },
        )
        writer.finish(meta)
    return meta


def about_of(folder: Path) -> About:
    """What a recording says that it is of.

    Raises:
        InputError: It is empty, or none that `twin record` wrote.
    """
    reader = LogReader(folder)
    if next(iter(reader), None) is None:
        raise InputError(f"{folder}: found an empty recording, allowed is one with messages")
    try:
        return msgspec.json.decode(reader.about, type=About)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise InputError(
            f"{folder}: found a recording of something else, allowed is one that `twin record` wrote, "
            "or a paper session's folder"
        ) from None


def _instruments(
    folder: Path, about: About, ticks: Mapping[str, str], lots: Mapping[str, str]
) -> list[Instrument]:
    """The grid of every book: named, or what the venue said."""
    for symbol in sorted({*ticks, *lots} - {"", *about.symbols}):
        raise InputError(
            f"{folder}: found a step for {symbol!r}, allowed: {', '.join(about.symbols)}"
        )
    known: dict[str, Instrument] = {}
    if about.venue == "binance" and not ("" in ticks and "" in lots):
        body = _info(folder)
        if body:
            of_venue = listed(body, about.symbols, "BINANCE")
            known = {one.instrument.symbol: one.instrument for one in of_venue}
    return [
        _instrument(folder, about, symbol, ticks, lots, known.get(symbol))
        for symbol in about.symbols
    ]


def _instrument(
    folder: Path,
    about: About,
    symbol: str,
    ticks: Mapping[str, str],
    lots: Mapping[str, str],
    known: Instrument | None,
) -> Instrument:
    tick_text, lot_text = (steps.get(symbol, steps.get("")) for steps in (ticks, lots))
    if known is None and (tick_text is None or lot_text is None):
        raise InputError(
            f"{folder}: found no price and quantity step of {symbol}, allowed is both named: "
            "--tick 0.01 --lot 0.00000001"
        )
    tick = _step(tick_text, "tick") if tick_text is not None else None
    lot = _step(lot_text, "lot") if lot_text is not None else None
    if known is not None:
        tick = tick or Fraction(known.tick_units, known.price_units_per_currency)
        lot = lot or Fraction(known.lot_num, known.lot_den)
    assert tick is not None
    assert lot is not None
    return Instrument(
        symbol=symbol,
        venue=about.venue.upper().replace(":", "-"),
        currency=known.currency if known is not None else _quote(symbol),
        price_units_per_currency=tick.denominator,
        tick_units=tick.numerator,
        lot_num=lot.numerator,
        lot_den=lot.denominator,
    )


def _step(text: str, what: str) -> Fraction:
    """A step out of its decimal text."""
    try:
        step = Fraction(text)
    except (ValueError, ZeroDivisionError):
        step = Fraction(0)
    if not step > 0 or max(step.numerator, step.denominator) > SCALE_MAX:
        raise InputError(f"{what}: found {text[:40]!r}, allowed is a decimal number above 0")
    return step


def _quote(symbol: str) -> str:
    """The currency behind the separator that a venue puts into symbols."""
    for separator in ("/", "-"):
        if separator in symbol:
            return symbol.partition(separator)[2].partition(":")[0]
    return "UNKNOWN"


def _info(folder: Path) -> bytes:
    """What the venue said of its instruments, or nothing."""
    for number, entry in enumerate(LogReader(folder)):
        if entry.channel == INFO:
            return entry.data
        if number == _INFO_WITHIN:
            break
    return b""


def _feed(about: About, instruments: Sequence[Instrument]) -> LiveFeed:
    """The feed of a recording's venue."""
    books = [FeedBook(number, instrument) for number, instrument in enumerate(instruments)]
    if about.venue.startswith("ccxt:"):
        return CcxtFeed(books)
    return live_feed(about.venue, about.market, books)
