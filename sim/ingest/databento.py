"""Databento DBN to tape: orders (mbo), levels (mbp-10, mbp-1) and trades, plain or zstd.

The rules are those of `dbn_mbo`, `dbn_levels` and `dbn_event`. One book for every instrument of
every publisher, numbered in the order in which they first appear; prices stay in the vendor's
units of 1e-9, lots are the venue's. Reading is a stream: what is in memory is a block of bytes, the
live books and one event of each.

Limits: DBN does not name the tick, so it is the largest one that all displayed prices lie on (of
trades, where nothing is displayed), unless it is given; nor does it name the currency.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from market.columns import PRICE_TICKS_MAX
from market.errors import InputError
from sim.ingest.bad_records import BadRecords, RefusedRecord
from sim.ingest.dbn_book import DbnBook, Record, records_of
from sim.ingest.dbn_event import EVENT_RECORDS_MAX, SIDE_COLUMNS, Clock
from sim.ingest.dbn_records import LAYOUTS, UNITS_PER_CURRENCY, DbnStream, with_ts_out
from sim.ingest.decimal_text import scaled
from sim.ingest.row_buffer import RowBuffer
from sim.ingest.session_date import utc_date
from sim.ingest.source import fingerprint, open_file
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.write import TapeWriter

EXTRA = "databento"
_DECIMALS = 9
_BOOKS_MAX = 1 << 16


class DbnHead(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream says about itself; `symbols` are by instrument id, `start_ns` was asked for."""

    schema: str
    start_ns: int
    dataset: str
    symbols: dict[int, str]
    has_ts_out: bool


def ingest_databento(
    file: Path,
    *,
    out: Path,
    tick: str | None = None,
    currency: str = "USD",
    max_bad: int = 0,
    progress: Callable[[int, int], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> TapeMeta:
    """Turn a DBN file into a tape.

    Args:
        file: The stream, .dbn or .dbn.zst.
        out: Where the tape goes; nothing is there before it is whole.
        tick: The tick as a decimal number of currency, such as 0.25; by default the prices tell.
        currency: What prices are in.
        max_bad: How many bad records to tolerate; each is left out.
        progress: Told bytes of the file done and in all, now and then.
        warn: Told each bad record that was tolerated.

    Returns:
        The tape's metadata; `statistics` has the counters.

    Raises:
        InputError: The file or a record is wrong, or the extra `databento` is not installed.
    """
    if out.exists() and file.exists() and out.samefile(file):
        raise InputError(f"{out}: found the source file to write to, allowed another place")
    tick_units = _tick_units(tick)
    bad = BadRecords(max_bad, warn)
    with open_file(file) as source, TapeWriter(out, SIDE_COLUMNS) as writer:
        stream = DbnStream(source)
        run = _Ingest(file.name, stream, RowBuffer(writer, SIDE_COLUMNS), bad, tick_units)
        for _ in run.batches():
            if progress is not None:
                progress(source.done_bytes, source.total_bytes)
        meta = TapeMeta(
            books=run.books(currency),
            session_date=run.session_date,
            sources=(fingerprint(file),),
            statistics=run.statistics(writer.row_count),
        )
        writer.finish(meta)
    return meta


def read_head(metadata: bytes, where: str) -> DbnHead:
    """A stream's metadata, decoded by the vendor's own library.

    Raises:
        InputError: The library is not installed, or can't read it.
    """
    try:
        import databento_dbn as dbn
    except ImportError:
        raise InputError(
            f"{where}: found no package databento-dbn, allowed with the extra: "
            f"pip install 'market-twin[{EXTRA}]'"
        ) from None
    try:
        found = dbn.Metadata.decode(metadata)
        symbols = {
            int(interval["symbol"]): symbol
            for symbol, intervals in found.mappings.items()
            for interval in intervals
            if interval["symbol"].isdigit()
        }
        return DbnHead(
            schema=str(found.schema),
            start_ns=int(found.start),
            dataset=found.dataset,
            symbols=symbols,
            has_ts_out=bool(found.ts_out),
        )
    except (dbn.DBNError, ValueError, OverflowError) as error:
        text = " ".join(str(error).split())[:120]
        raise InputError(f"{where}: found damaged DBN metadata ({text}), allowed whole") from None


class _Ingest:
    """One ingest under way."""

    def __init__(
        self,
        name: str,
        stream: DbnStream,
        buffer: RowBuffer,
        bad: BadRecords,
        tick_units: int,
    ) -> None:
        self._name = name
        self._stream = stream
        self._buffer = buffer
        self._bad = bad
        self._tick_units = tick_units
        self._clock = Clock()
        self._books: dict[tuple[int, int], DbnBook] = {}  # by publisher and instrument
        self._counts: dict[str, int] = {}
        self._first_ns = 0
        self._head = read_head(stream.metadata, name)
        if self._head.schema not in LAYOUTS:
            raise InputError(
                f"{name}: found schema {self._head.schema}, allowed {', '.join(LAYOUTS)}"
            )

    @property
    def session_date(self) -> str:
        """The UTC date of the first record, or the one that was asked for when there is none."""
        return utc_date(self._first_ns or self._head.start_ns)

    def batches(self) -> Iterator[None]:
        """Take the whole stream, a batch at a time."""
        rtype, layout = LAYOUTS[self._head.schema]
        if self._head.has_ts_out:
            layout = with_ts_out(layout)
        for first_offset, run in self._stream.batches(rtype, layout, self._bad):
            for index, record in enumerate(records_of(run)):
                try:
                    self._take(record)
                except RefusedRecord as refused:
                    self._bad.refuse(f"{self._name}:{first_offset + index * run.itemsize}", refused)
            yield
        for book in self._books.values():
            if book.event.is_open:
                self._counts["unfinished_events"] = self._counts.get("unfinished_events", 0) + 1
                book.end_event(self._buffer, self._clock)
        self._buffer.flush()

    def books(self, currency: str) -> tuple[TapeBook, ...]:
        """Every book of the tape, by its id."""
        publishers = {publisher for publisher, _ in self._books}
        found = []
        for (publisher, instrument), book in self._books.items():
            tick_units = self._tick_of(book)
            venue = self._head.dataset
            found.append(
                TapeBook(
                    book_id=book.book_id,
                    symbol=self._head.symbols.get(instrument, str(instrument)),
                    venue=f"{venue}/{publisher}" if len(publishers) > 1 else venue,
                    currency=currency,
                    price_units_per_currency=UNITS_PER_CURRENCY,
                    tick_units=tick_units,
                    handle_count=book.handle_count,
                    depth=book.depth,
                )
            )
        return tuple(found)

    def statistics(self, tape_rows: int) -> dict[str, int]:
        """The counters."""
        return {
            "records": self._stream.record_count,
            "tape_rows": tape_rows,
            "other_records": self._stream.other_count,
            "bad_records": self._bad.count,
            **dict(sorted(self._counts.items())),
        }

    def _tick_of(self, book: DbnBook) -> int:
        """The tick that was given, or the one that the prices tell."""
        event = book.event
        grid_units = event.grid_units or event.print_units or 1
        tick_units = self._tick_units or grid_units
        if event.grid_units % tick_units:
            raise InputError(
                f"{self._name}: found displayed prices that are multiples of {grid_units} units "
                f"of 1e-9, allowed multiples of the given tick, {tick_units}"
            )
        if event.price_max > PRICE_TICKS_MAX * tick_units:
            raise InputError(
                f"{self._name}: found a price of {event.price_max} units on a tick of "
                f"{tick_units}, allowed {PRICE_TICKS_MAX} ticks"
            )
        return tick_units

    def _take(self, record: Record) -> None:
        """Apply a record, and end the event that it is the last one of."""
        key = record.publisher, record.instrument
        book = self._books.get(key)
        if book is None:
            if len(self._books) == _BOOKS_MAX:
                raise RefusedRecord(f"found instrument {key[1]}, allowed {_BOOKS_MAX} of them")
            book = DbnBook(len(self._books), self._head.schema, self._counts)
        try:
            self._clock.take(record.recv_ns, record.delay_ns, record.flags)
            book.take(record)
            # A refused record opens no book: its instrument may be what is wrong with it.
            self._books[key] = book
            self._first_ns = self._first_ns or record.recv_ns
        finally:
            if key in self._books and book.is_done(record.flags):
                book.end_event(self._buffer, self._clock)
        if book.event.record_count > EVENT_RECORDS_MAX:
            raise InputError(
                f"{self._name}: found an event of over {EVENT_RECORDS_MAX} records, "
                "allowed events that end with F_LAST"
            )


def _tick_units(tick: str | None) -> int:
    """A tick in price units; 0 where it is not given."""
    if tick is None:
        return 0
    try:
        units = scaled(tick, _DECIMALS)
    except ValueError:
        units = 0
    if units < 1:
        raise InputError(f"--tick: found {tick!r}, allowed a decimal number such as 0.25")
    return units
