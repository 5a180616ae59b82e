"""Consolidated quotes and trades (TAQ-like) to an L1 tape of one book.

**Model.** The quote file tells the best bid and offer over all venues, one side a row, with the venue
that holds it; a bid row and the ask row of the same millisecond behind it are one message. Trades
come from a file of their own, with the venue that printed them; no aggressor is told.

**Order of events.** Time is whole milliseconds. In one millisecond quotes come before trades: on the
sample days more trades then lie inside the quote pair before them than the other way round.

**Limits.** This is one consolidated book, not one book for each venue: carried forward per venue, the
letters give books that are crossed almost always. `venue_code` (the letter's code point) says who
held a quote or printed a trade, and nothing about what others showed. A third of the volume is
printed off exchange (`D`).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from market.codes import Kind, RowFlag
from market.errors import InputError
from sim.ingest.bad_records import BadRecords
from sim.ingest.row_buffer import RowBuffer
from sim.ingest.taq_files import TaqFiles, open_taq
from sim.ingest.taq_rows import TICK_UNITS, QuoteRow, TradeRow, quote_rows, trade_rows
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.write import TapeWriter

SIDE_COLUMNS = ("source_seq", "venue_code")
PRICE_UNITS_PER_CURRENCY = 10_000
BID_HANDLE, ASK_HANDLE = 0, 1
_MS = 1_000_000
_PROGRESS_ROWS = 16_384


def ingest_taq(
    quotes: Path,
    *,
    trades: Path | None = None,
    out: Path,
    max_bad: int = 0,
    progress: Callable[[int, int], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> TapeMeta:
    """Turn a day's quote file, and its trade file, into a tape.

    Args:
        quotes: Zip with one csv, csv, or csv.gz.
        trades: The same of the day's trades.
        out: Where the tape goes; nothing is there before it is whole.
        max_bad: How many bad rows to tolerate; each is left out.
        progress: Told bytes of the quote file done and in all, now and then.
        warn: Told each bad row that was tolerated.

    Returns:
        The tape's metadata; `statistics` has the counters.

    Raises:
        InputError: A file or a row is wrong.
    """
    if out.exists() and any(
        path.exists() and out.samefile(path) for path in (quotes, trades) if path
    ):
        raise InputError(f"{out}: found a source file to write to, allowed another place")
    with open_taq(quotes, trades) as files, TapeWriter(out, SIDE_COLUMNS) as writer:
        run = _Ingest(files, RowBuffer(writer, SIDE_COLUMNS), BadRecords(max_bad, warn))
        run.run(progress)
        statistics = {**run.counts, "tape_rows": writer.row_count}
        meta = TapeMeta(
            books=(
                TapeBook(
                    book_id=0,
                    symbol=files.session.symbol,
                    venue="CONSOLIDATED",
                    currency="USD",
                    price_units_per_currency=PRICE_UNITS_PER_CURRENCY,
                    tick_units=TICK_UNITS,
                    handle_count=2,
                    depth="L1",
                ),
            ),
            session_date=files.session.date,
            sources=files.sources,
            statistics=statistics,
        )
        writer.finish(meta)
    return meta


class _Ingest:
    """One ingest under way."""

    def __init__(self, files: TaqFiles, rows: RowBuffer, bad: BadRecords) -> None:
        self._files = files
        self._rows = rows
        self._bad = bad
        self._midnight_ns = files.session.midnight_ns
        self.counts = {
            "quotes": 0, "trades": 0, "quote_rows": 0, "quotes_conditioned": 0,
            "trades_conditioned": 0, "suspicious": 0, "bad_rows": 0,
        }  # fmt: skip

    def run(self, progress: Callable[[int, int], None] | None) -> None:
        """Merge both files to their ends."""
        source = self._files.quotes
        quotes = quote_rows(source, self._bad)
        trades: Iterator[TradeRow] = iter(())
        if self._files.trades is not None:
            trades = trade_rows(self._files.trades, self._bad)
        quote, trade = next(quotes, None), next(trades, None)
        while quote is not None or trade is not None:
            if quote is not None and (trade is None or quote.ms <= trade.ms):
                following = next(quotes, None)
                self._put_quote(quote, following)
                if progress is not None and self.counts["quotes"] % _PROGRESS_ROWS == 0:
                    progress(source.done_bytes, source.total_bytes)
                quote = following
            elif trade is not None:
                self._put_trade(trade)
                trade = next(trades, None)
        self.counts["bad_rows"] = self._bad.count
        if self.counts["quotes"] + self.counts["trades"] == 0:
            raise InputError(f"{source.name}: found no rows, allowed at least one")
        self._rows.flush()
        if progress is not None:
            progress(source.done_bytes, source.total_bytes)

    def _put_quote(self, quote: QuoteRow, following: QuoteRow | None) -> None:
        """One side or both; a bid stays open for its ask."""
        counts = self.counts
        counts["quotes"] += 1
        counts["quotes_conditioned"] += not quote.regular
        counts["suspicious"] += quote.suspicious
        flags = int(RowFlag.MAYBE_BAD) if quote.suspicious else 0
        ts_ns = self._midnight_ns + quote.ms * _MS
        sides = (quote.number, quote.venue)
        add = self._rows.add
        if quote.bid_lots:
            add(ts_ns, quote.bid_units, quote.bid_lots, BID_HANDLE, Kind.QUOTE, flags, sides)
        if quote.ask_lots:
            flags |= RowFlag.SELL
            add(ts_ns, quote.ask_units, quote.ask_lots, ASK_HANDLE, Kind.QUOTE, flags, sides)
        counts["quote_rows"] += (quote.bid_lots > 0) + (quote.ask_lots > 0)
        if not _is_pair(quote, following):
            self._rows.end_message()

    def _put_trade(self, trade: TradeRow) -> None:
        self.counts["trades"] += 1
        self.counts["trades_conditioned"] += not trade.regular
        self.counts["suspicious"] += trade.suspicious
        flags = int(RowFlag.SIDE_UNKNOWN)
        if trade.suspicious:
            flags |= RowFlag.MAYBE_BAD
        self._rows.add(
            self._midnight_ns + trade.ms * _MS,
            trade.price_units,
            trade.lots,
            -1,
            Kind.TRADE,
            flags,
            (trade.number, trade.venue),
        )
        self._rows.end_message()


def _is_pair(quote: QuoteRow, following: QuoteRow | None) -> bool:
    """Whether a bid row and the row behind it are one message."""
    return (
        following is not None
        and following.ms == quote.ms
        and quote.ask_lots == 0
        and following.bid_lots == 0
    )
