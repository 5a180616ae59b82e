"""Users' own csv and Parquet files to a tape, by a map of their columns.

The map (`mapped_schema`) says which column is what; numbers become integers exactly (`mapped_fields`);
what a row does is its kind's handler's (`mapped_book`). One file is one instrument: rows of other
symbols are counted and left out. Reading is a stream.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from market.errors import InputError
from sim.ingest.bad_records import BadRecords, RefusedRecord
from sim.ingest.mapped_book import (
    APPLIED,
    IGNORED,
    VOID_REMOVAL,
    Columns,
    Handler,
    LevelHandler,
    OrderHandler,
    Place,
    QuoteHandler,
    TradeHandler,
)
from sim.ingest.mapped_fields import Grid, time_reader
from sim.ingest.mapped_rows import Row, csv_rows, parquet_rows
from sim.ingest.mapped_schema import SourceMap, load_map
from sim.ingest.row_buffer import RowBuffer
from sim.ingest.session_date import local_date
from sim.ingest.source import fingerprint
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.write import TapeWriter

OTHER_SYMBOL: Final = "other_symbols"
OUTCOMES: Final = (APPLIED, IGNORED, VOID_REMOVAL, OTHER_SYMBOL)
"""With `bad_rows`, every row of the file is in exactly one of these counters."""

_HANDLERS: Final[dict[str, type[OrderHandler | LevelHandler | QuoteHandler | TradeHandler]]] = {
    "l3": OrderHandler,
    "l2": LevelHandler,
    "l1": QuoteHandler,
    "trades": TradeHandler,
}
_DEPTHS = {"l3": "L3", "l2": "L2", "l1": "L1", "trades": "L1"}
_SEQ_MAX = 1 << 62


def ingest_mapped(
    file: Path,
    *,
    map_file: Path,
    out: Path,
    form: Literal["csv", "parquet"],
    max_bad: int = 0,
    progress: Callable[[int, int], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> TapeMeta:
    """Turn a user's file into a tape.

    Args:
        file: The csv (plain, gzip or bzip2) or Parquet file.
        map_file: Which column is what.
        out: Where the tape goes; nothing is there before it is whole.
        form: How `file` is written.
        max_bad: How many bad rows to tolerate; each is left out.
        progress: Told bytes (csv) or rows (Parquet) done and in all, now and then.
        warn: Told each bad row that was tolerated.

    Returns:
        The tape's metadata; `statistics` has the counters.

    Raises:
        InputError: The map, the file or a row of it is wrong.
    """
    if out.exists() and any(out.samefile(path) for path in (file, map_file) if path.exists()):
        raise InputError(f"{out}: found a source file to write to, allowed another place")
    source = load_map(map_file)
    if form == "csv" and "native" in _units(source):
        raise InputError(f"{map_file}: found the time unit native in a csv, allowed in Parquet")
    tell = progress or (lambda _done, _total: None)
    side_columns = ("source_seq",) if source.receive is None else ("recv_delta_ns", "source_seq")
    with TapeWriter(out, side_columns) as writer:
        run = _Ingest(source, RowBuffer(writer, side_columns), BadRecords(max_bad, warn), map_file)
        wanted = run.columns.wanted
        rows = (
            csv_rows(file, source.file, wanted, tell)
            if form == "csv"
            else parquet_rows(file, wanted, tell)
        )
        for row in rows:
            run.take(row)
        run.finish(file)
        grid = Grid(source.instrument, str(map_file))
        meta = TapeMeta(
            books=(_tape_book(source, grid, run.handler.handle_count),),
            session_date=local_date(run.first_ns, source.time.timezone),
            sources=(fingerprint(file), fingerprint(map_file)),
            statistics={**run.counts, "bad_rows": run.bad.count, "tape_rows": writer.row_count},
        )
        writer.finish(meta)
    return meta


class _Ingest:
    """One ingest under way."""

    def __init__(self, source: SourceMap, out: RowBuffer, bad: BadRecords, map_file: Path) -> None:
        self.columns = Columns()
        self.bad = bad
        self.counts: Counter[str] = Counter(dict.fromkeys(("rows", *OUTCOMES), 0))
        self.handler: Handler = _HANDLERS[source.kind](source, self.columns, out, str(map_file))
        self.first_ns = -1
        self._out = out
        self._symbol = source.symbol
        self._symbol_at = 0 if source.symbol is None else self.columns.place(source.symbol.column)
        self._clamps = source.time.backwards == "clamp"
        self._time = self.columns.place(source.time.column), time_reader(source.time)
        self._receive = source.receive and (
            self.columns.place(source.receive.column),
            time_reader(source.receive),
        )
        self._seq_at = None if source.sequence is None else self.columns.place(source.sequence)
        self._grouped = source.one_message == "sequence"
        self._message: tuple[int, int] | None = None  # sequence and time of the open message
        self._clock_ns = 0
        if self._clamps:
            self.counts["times_clamped"] = 0

    def take(self, row: Row) -> None:
        """Take one row: apply it, pass it over, or refuse it."""
        where, fields = row
        self.counts["rows"] += 1
        try:
            if isinstance(fields, str):
                raise RefusedRecord(fields)
            self.counts[self._apply(fields)] += 1
        except RefusedRecord as error:
            self.bad.refuse(where, error)

    def finish(self, file: Path) -> None:
        """Hand over what is left."""
        if self.first_ns < 0:
            raise InputError(f"{file.name}: found no rows that apply, allowed at least one")
        self._out.end_message()
        self._out.flush()
        if isinstance(self.handler, OrderHandler):
            self.counts["crossing_adds"] = self.handler.crossing_adds

    def _apply(self, fields: list[str]) -> str:
        if self._symbol is not None and fields[self._symbol_at] != self._symbol.value:
            return OTHER_SYMBOL
        at, read = self._time
        told_ns = read(fields[at])
        ts_ns = max(told_ns, self._clock_ns)
        if told_ns < ts_ns and not self._clamps:
            raise RefusedRecord(f"found time {fields[at]!r}, allowed none before the row before")
        seq = self.counts["rows"] if self._seq_at is None else _sequence(fields[self._seq_at])
        sides: tuple[int, ...] = (seq,)
        if self._receive:
            at, read = self._receive
            sides = (read(fields[at]) - ts_ns, seq)
        message = (seq, ts_ns)
        if self._grouped and self._message is not None and self._message != message:
            if self._message[0] == seq:
                raise RefusedRecord(f"found sequence {seq} at two times, allowed one")
            self._out.end_message()
        outcome = self.handler.apply(fields, Place(ts_ns, sides))
        self._message = message
        self._clock_ns = ts_ns
        if self._clamps:
            self.counts["times_clamped"] += told_ns < ts_ns
        if self.first_ns < 0:
            self.first_ns = ts_ns
        if not self._grouped:
            self._out.end_message()
        return outcome


def _sequence(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > _SEQ_MAX:
        raise RefusedRecord(f"found sequence {text[:40]!r}, allowed a whole number up to 2^62")
    return int(text)


def _units(source: SourceMap) -> list[str]:
    """The time units that a map names."""
    return [time.unit for time in (source.time, source.receive) if time is not None]


def _tape_book(source: SourceMap, grid: Grid, handle_count: int) -> TapeBook:
    return TapeBook(
        book_id=0,
        symbol=source.instrument.symbol,
        venue=source.instrument.venue,
        currency=source.instrument.currency,
        price_units_per_currency=10**grid.price_decimals,
        tick_units=grid.tick_units,
        lot_units=grid.lot_units,
        qty_units_per_piece=10**grid.qty_decimals,
        handle_count=handle_count,
        depth=_DEPTHS[source.kind],
    )
