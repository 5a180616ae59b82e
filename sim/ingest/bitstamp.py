"""Bitstamp's recorded order events to an L3 tape; the rules are those of `bitstamp_book`.

A tape's time is when the recorder heard of an event, made monotone; the order's own stamp (whole
seconds) is the side column `venue_stamp_ns`. Price units are cents and lots hundred-millionths of a
coin, so that one price unit times one lot is 1e-10 dollars. Reading is a stream: what is in memory
is the live orders, ids that ended within a minute, and a batch of rows.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from market.errors import InputError
from sim.ingest.bad_records import BadRecords
from sim.ingest.bitstamp_book import BitstampBook
from sim.ingest.bitstamp_opening import read_opening
from sim.ingest.bitstamp_rows import (
    LOTS_PER_PIECE,
    PRICE_UNITS_PER_CURRENCY,
    Record,
    records_of,
)
from sim.ingest.row_buffer import RowBuffer
from sim.ingest.session_date import utc_date
from sim.ingest.source import fingerprint, open_file
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.write import TapeWriter

SIDE_COLUMNS = ("venue_stamp_ns", "source_seq")
_PROGRESS_ROWS = 16_384


def ingest_bitstamp(
    orders: Path,
    *,
    out: Path,
    symbol: str = "BTCUSD",
    opening: bool = True,
    max_bad: int = 0,
    progress: Callable[[int, int], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> TapeMeta:
    """Turn a file of order events into a tape.

    Args:
        orders: The csv, plain, gzip or bzip2.
        out: Where the tape goes; nothing is there before it is whole.
        symbol: Name of the instrument; the file has none.
        opening: Whether to open the orders that rested before the file, found by a first pass.
        max_bad: How many bad rows to tolerate; each is left out.
        progress: Told bytes of the file done and in all, now and then.
        warn: Told each bad row that was tolerated.

    Returns:
        The tape's metadata; `statistics` has the counters.

    Raises:
        InputError: The file or a row of it is wrong.
    """
    if out.exists() and out.samefile(orders):
        raise InputError(f"{out}: found a source file to write to, allowed another place")
    before: list[Record] = []
    if opening:
        with open_file(orders) as source:
            before = read_opening(source)
    counts: Counter[str] = Counter({"rows": 0, "times_back": 0})
    bad = BadRecords(max_bad, warn)
    with open_file(orders) as source, TapeWriter(out, SIDE_COLUMNS) as writer:
        buffer = RowBuffer(writer, SIDE_COLUMNS)
        book = BitstampBook(buffer)
        first_ns = clock_ns = -1
        for line, record in records_of(source):
            counts["rows"] += 1
            fault = record if isinstance(record, str) else book.check(record)
            if fault is not None:
                bad.refuse(f"{source.name}:{line}", fault)
                continue
            assert isinstance(record, Record)
            if first_ns < 0:
                first_ns = record.ts_ns
                book.open_before(before, record)
            counts["times_back"] += record.ts_ns < clock_ns
            clock_ns = max(clock_ns, record.ts_ns)
            book.apply(record, clock_ns, line - 1)
            if progress is not None and counts["rows"] % _PROGRESS_ROWS == 0:
                progress(source.done_bytes, source.total_bytes)
        if first_ns < 0:
            raise InputError(f"{source.name}: found no rows, allowed at least one")
        buffer.flush()
        if progress is not None:
            progress(source.done_bytes, source.total_bytes)
        meta = TapeMeta(
            books=(_tape_book(symbol, book.book.handle_count),),
            session_date=utc_date(first_ns),
            sources=(fingerprint(orders),),
            statistics={
                **counts,
                "bad_rows": bad.count,
                "tape_rows": writer.row_count,
                "opening_orders": len(before),
                **book.counts,
            },
        )
        writer.finish(meta)
    return meta


def _tape_book(symbol: str, handle_count: int) -> TapeBook:
    return TapeBook(
        book_id=0,
        symbol=symbol,
        venue="BITSTAMP",
        currency="USD",
        price_units_per_currency=PRICE_UNITS_PER_CURRENCY,
        tick_units=1,
        qty_units_per_piece=LOTS_PER_PIECE,
        handle_count=handle_count,
    )
