"""NASDAQ ITCH 5.0 to tape: the binary feed of a day, whole or of chosen stocks.

One book a stock, numbered in the order in which stocks get their first order, print or cross. The
rules are those of `sim/kernels/itch.py`; a cross comes before its shares (`cross_order`). Reading is a
stream: what is in memory is a block of bytes, the live orders, and 5 MB for stocks.

Limits: the tick is a cent, or one price unit where an order of that stock lay between cents. A P
message's side means something only before 14 July 2014; later prints have SIDE_UNKNOWN. Broken
trades are counted, not undone. Orders that rested before the file begins are unknown, so that a
feed must be read from its start.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from market.codes import Phase
from market.columns import HANDLES_MAX, TAPE_DTYPE
from market.errors import InputError
from sim.ingest.bad_records import BadRecords
from sim.ingest.cross_order import CrossOrder
from sim.ingest.itch_words import text_of, word_fault
from sim.ingest.session_date import date_in_name, midnight_ns
from sim.ingest.source import Source, fingerprint, open_file
from sim.kernels import itch_state as k
from sim.kernels.ingest_book import hash_rebuild
from sim.kernels.itch import ingest_messages
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.write import TapeWriter

PRICE_UNITS_PER_CURRENCY = 10_000
SIDES_END = "2014-07-14"
"""From this day on every P message says B, whatever the hidden order's side."""

_BLOCK_BYTES = 1 << 20
_ORDERS = 1 << 16
_ROWS = 1 << 16
_NAME_BYTES = 8


def ingest_itch(
    file: Path,
    *,
    out: Path,
    date: str | None = None,
    symbols: Sequence[str] = (),
    max_bad: int = 0,
    progress: Callable[[int, int], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> TapeMeta:
    """Turn an ITCH 5.0 file into a tape.

    Args:
        file: The messages, each behind two bytes of length; plain or gzip.
        out: Where the tape goes; nothing is there before it is whole.
        date: The session's date, YYYY-MM-DD; by default the file's name says it.
        symbols: The stocks to take; none for all.
        max_bad: How many bad messages to tolerate; each is left out.
        progress: Told bytes of the file done and in all, now and then.
        warn: Told each bad message that was tolerated.

    Returns:
        The tape's metadata; `statistics` has the counters.

    Raises:
        InputError: The file or a message is wrong.
    """
    if out.exists() and file.exists() and out.samefile(file):
        raise InputError(f"{out}: found the source file to write to, allowed another place")
    with open_file(file) as source, TapeWriter(out, ("source_seq",)) as writer:
        session_date, begin_ns = _session(file, date)
        run = _Ingest(source, session_date, begin_ns, symbols, BadRecords(max_bad, warn))
        while run.step(writer):
            if progress is not None:
                progress(source.done_bytes, source.total_bytes)
        run.finish(writer)
        run.check_symbols(symbols)
        meta = TapeMeta(
            books=run.books(),
            session_date=session_date,
            sources=(fingerprint(file),),
            statistics=run.statistics(writer.row_count),
        )
        writer.finish(meta)
    return meta


def _session(file: Path, date: str | None) -> tuple[str, int]:
    """The session's date and its midnight in nanoseconds since the epoch."""
    if date is not None:
        return date, midnight_ns(date, "--date")
    found = date_in_name(file.name)
    if found is None:
        raise InputError(
            f"{file.name}: found no date in the name, allowed one such as S010118, 01302019 or "
            "20190130, or --date YYYY-MM-DD"
        )
    return found, midnight_ns(found, file.name)


class _Ingest:
    """One ingest under way."""

    def __init__(
        self,
        source: Source,
        session_date: str,
        begin_ns: int,
        symbols: Sequence[str],
        bad: BadRecords,
    ) -> None:
        self._source = source
        self._bad = bad
        self._base = 0  # offset in the file of the block
        self._state = np.zeros(k.STATE_SIZE, np.int64)
        self._state[k.S_MIDNIGHT] = begin_ns
        self._state[k.S_SYSTEM] = Phase.CONTINUOUS
        self._state[k.S_NAMED_SIDES] = int(session_date < SIDES_END)
        self._stocks = np.zeros((k.LOCATES, k.STOCK_WIDTH), np.int64)
        self._stocks[:, (k.K_STATUS, k.K_PHASE)] = Phase.CONTINUOUS
        self._books = np.zeros(k.LOCATES, np.int64)
        self._orders = np.zeros((_ORDERS, k.ORDER_WIDTH), np.int64)
        self._table = np.zeros((2 * _ORDERS, 2), np.int64)
        self._wanted = np.array([_name_code(symbol) for symbol in symbols], np.int64)
        self._rows = np.zeros(_ROWS, TAPE_DTYPE)
        self._seqs = np.zeros(_ROWS, np.int64)
        self._rest = b""
        self._order = CrossOrder(k.UNTOLD)

    def step(self, writer: TapeWriter) -> bool:
        """Take one block of the file; whether there was one."""
        block = self._source.read(_BLOCK_BYTES)
        data = np.frombuffer(self._rest + block, np.uint8)
        state, at, why = self._state, 0, k.NEED_SPACE
        while why != k.NEED_DATA:
            why, at = ingest_messages(
                state, self._stocks, self._books, self._orders, self._table, self._wanted,
                data, at, int(not block), self._rows, self._seqs,
            )  # fmt: skip
            if why == k.REFUSED:
                self._refuse()
                continue
            count = int(state[k.S_OUT])
            rows, seqs = self._order.take(self._rows[:count], self._seqs[:count])
            writer.append(rows, {"source_seq": seqs})
            state[k.S_OUT] = 0
            if why == k.NEED_SPACE:
                self._grow()
        self._rest = data[at:].tobytes()
        self._base += at
        return bool(block)

    def finish(self, writer: TapeWriter) -> None:
        """Write what waited for a message behind it."""
        rows, seqs = self._order.finish()
        writer.append(rows, {"source_seq": seqs})

    def books(self) -> tuple[TapeBook, ...]:
        """Every book of the tape, by its id."""
        count = int(self._state[k.S_BOOKS])
        return tuple(
            TapeBook(
                book_id=book_id,
                symbol=text_of(int(stock[k.K_NAME]), _NAME_BYTES),
                venue="NASDAQ",
                currency="USD",
                price_units_per_currency=PRICE_UNITS_PER_CURRENCY,
                tick_units=1 if stock[k.K_OFF_CENT] else k.CENT_UNITS,
                handle_count=int(stock[k.K_HANDLES]),
            )
            for book_id, stock in enumerate(self._stocks[self._books[:count]])
        )

    def statistics(self, tape_rows: int) -> dict[str, int]:
        """The counters, then messages by type as far as there were any."""
        state = self._state
        counts = state[k.S_COUNT : k.S_COUNT + 256]
        return {
            "messages": int(state[k.S_SEQ]),
            "tape_rows": tape_rows,
            "phase_rows": int(state[k.S_PHASE_ROWS]),
            "filtered": int(state[k.S_FILTERED]),
            "empty_crosses": int(state[k.S_EMPTY_CROSSES]),
            "executions_unprinted": int(state[k.S_UNPRINTED]),
            "executions_in_crosses": self._order.shares,
            "executions_at_other_price": int(state[k.S_PRICED]),
            "bad_messages": self._bad.count,
            "misframed": int(state[k.S_MISFRAMED]),
            **{
                f"messages_{chr(kind)}": int(counts[kind])
                for kind in np.flatnonzero(counts).tolist()
            },
        }

    def check_symbols(self, symbols: Sequence[str]) -> None:
        """Refuse a stock that the file never names."""
        known = self._stocks[:, k.K_NAME]
        for symbol in symbols:
            if not (known == _name_code(symbol)).any():
                raise InputError(
                    f"{self._source.name}: found no stock {symbol}, allowed one of the "
                    f"{np.count_nonzero(known)} that the file names"
                )

    def _refuse(self) -> None:
        """Stop at a bad message, or count it where that is tolerated."""
        state = self._state
        where = f"{self._source.name}:{self._base + int(state[k.S_BEGIN])}"
        self._bad.refuse(where, word_fault(state))
        if state[k.S_FAULT] == k.FAULT_LOST:
            raise InputError(f"{where}: {word_fault(state)}")

    def _grow(self) -> None:
        """Make room for another order, and for a row of every book."""
        slots = int(self._state[k.S_SLOTS])
        if slots == len(self._orders):
            if 2 * slots > HANDLES_MAX:
                raise InputError(
                    f"{self._source.name}: found {slots} live orders, allowed {HANDLES_MAX // 2}"
                )
            self._orders = np.concatenate((self._orders, np.zeros_like(self._orders)))
            table = np.zeros((2 * len(self._table), 2), np.int64)
            hash_rebuild(self._table, table)
            self._table = table
        if int(self._state[k.S_BOOKS]) + 2 > len(self._rows) // 2:
            self._rows = np.zeros(2 * len(self._rows), TAPE_DTYPE)
            self._seqs = np.zeros(len(self._rows), np.int64)


def _name_code(symbol: str) -> int:
    """A stock's name as the feed has it: eight characters, read as one signed number."""
    if not symbol.isascii() or not 1 <= len(symbol) <= _NAME_BYTES:
        raise InputError(f"--symbol: found {symbol!r}, allowed 1 to {_NAME_BYTES} letters")
    return int.from_bytes(symbol.encode("ascii").ljust(_NAME_BYTES), "big", signed=True)
