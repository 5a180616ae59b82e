"""A Binance session, line by line: what a line says, when it was published, and what it leaves.

The rules of times are those of `sim.ingest.binance`, those of ids of `sim.ingest.binance_book`.
"""

from market.codes import Kind, RowFlag, Side
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import InputError
from sim.ingest.bad_records import BadRecords, RefusedRecord
from sim.ingest.binance_book import BinanceBook, Diff, LevelChange, Snapshot
from sim.ingest.binance_lines import (
    DEPTH,
    OTHER,
    SNAPSHOT,
    TRADE,
    Data,
    Levels,
    Line,
    decode_line,
    levels_of,
    split_line,
)
from sim.ingest.binance_market import BinanceMarket, currency_of
from sim.ingest.binance_scale import Scale
from sim.ingest.clock_offset import ClockOffset
from sim.ingest.row_buffer import RowBuffer
from sim.ingest.session_date import utc_date
from sim.tape.meta import TapeBook

SIDE_COLUMNS = ("venue_stamp_ns", "recv_delta_ns", "source_seq")
SKEW_NS_MAX = 3_600_000_000_000
"""How far a message's clock difference may lie from the first one's: what is more is damage."""

_MS = 1_000_000


class BinanceSession:
    """One ingest under way: takes lines, puts rows into a buffer, and counts.

    Args:
        rows: Where tape rows go; its side columns are `SIDE_COLUMNS`.
        bad: Judges refused lines.
        market: Which rules the ids follow.
        price: Scale of prices.
        lot: Scale of quantities.
    """

    def __init__(
        self, rows: RowBuffer, bad: BadRecords, market: BinanceMarket, price: Scale, lot: Scale
    ) -> None:
        self._rows = rows
        self._bad = bad
        self._market = market
        self._price = price
        self._lot = lot
        self._book = BinanceBook(rows, futures=market.futures)
        self._clock = ClockOffset()
        self._symbol = ""
        self._now_ns = 0
        self._first_ns = 0
        # The first accepted message's clock difference, and the newest one looked at.
        self._skew_ns: int | None = None
        self._seen_skew_ns: int | None = None
        self._local_ns = 0
        self._trade_id = -1
        # A snapshot without a stamp that came before any stamped message.
        self._early: Snapshot | None = None
        self._counts = {
            "lines": 0, "diffs": 0, "snapshots": 0, "trades": 0, "tickers": 0, "other_messages": 0,
            "trade_rows": 0, "trade_repeats": 0, "trade_gaps": 0, "held_stamps": 0,
            "local_time_back": 0,
        }  # fmt: skip

    def take(self, where: str, text: bytes) -> None:
        """Take one line; refuse what is wrong before anything of it is applied."""
        self._counts["lines"] += 1
        try:
            local_ns, body = split_line(text)
            kind, line = decode_line(body)
            if line.data is None:
                self._take_unstreamed(kind, line, local_ns)
            elif kind != OTHER:
                self._check_instrument(kind, line.data)
                self._take_streamed(kind, line, line.data, local_ns)
            else:
                self._counts["other_messages"] += 1
        except RefusedRecord as error:
            self._seen_skew_ns = None
            self._bad.refuse(where, error)
            return
        if self._skew_ns is None:
            self._skew_ns = self._seen_skew_ns
        self._first_ns = self._first_ns or self._now_ns
        self._counts["local_time_back"] += local_ns < self._local_ns
        self._local_ns = max(local_ns, self._local_ns)

    def finish(self, last_name: str) -> tuple[TapeBook, str, dict[str, int]]:
        """Close the session: the book's scales, its first UTC date, and the counters."""
        if self._early is not None:
            self._flush_early(self._early.local_ns)
        counts = self._book.counts
        if self._counts["snapshots"] == 0:
            raise InputError(
                f"{last_name}: found no depth snapshot up to its end, allowed captures with one; "
                "name the session's first file too"
            )
        self._rows.flush()
        book = TapeBook(
            book_id=0,
            symbol=self._symbol,
            venue=self._market.venue,
            currency=currency_of(self._symbol),
            price_units_per_currency=10**self._price.decimals,
            tick_units=self._price.step,
            lot_units=self._lot.step,
            qty_units_per_piece=10**self._lot.decimals,
            handle_count=self._book.handle_count,
            depth="L2",
        )
        statistics = {
            **self._counts,
            **counts,
            "waiting_for_snapshot": self._book.waiting,
            **self._clock.statistics(),
            "bad_rows": self._bad.count,
        }
        return book, utc_date(self._first_ns or self._now_ns), statistics

    def _take_unstreamed(self, kind: str, line: Line, local_ns: int) -> None:
        """A snapshot, or an event of another kind that could not be decoded."""
        if kind != SNAPSHOT:
            self._counts["other_messages"] += 1
            return
        if line.symbol:
            self._check_symbol(line.symbol)
        snapshot = Snapshot(
            last_id=line.snapshot_id,
            changes=self._changes(*levels_of(line), least=1),
            stamp_ns=self._check_stamp(line.transaction_ms or line.event_ms, local_ns),
            local_ns=local_ns,
        )
        self._counts["snapshots"] += 1
        self._see_symbol(line.symbol)
        if snapshot.stamp_ns:
            self._advance(snapshot.stamp_ns)
        elif self._clock.recent_ns is None:
            self._book.counts["snapshots_unused"] += self._early is not None
            self._early = self._early or snapshot
            return
        else:
            self._now_ns = max(self._now_ns, local_ns - self._clock.recent_ns)
        self._book.on_snapshot(snapshot, self._now_ns)

    def _take_streamed(self, kind: str, line: Line, data: Data, local_ns: int) -> None:
        """A diff, a trade or a ticker."""
        stamp_ns = self._check_stamp(data.transaction_ms or data.event_ms, local_ns)
        event_ns = self._check_stamp(data.event_ms, local_ns)
        if kind == DEPTH:
            diff = Diff(
                first_id=data.first_id,
                last_id=data.last_id,
                previous_id=data.previous_id,
                changes=self._changes(*levels_of(line), least=0),
                stamp_ns=stamp_ns,
                local_ns=local_ns,
            )
            self._arrive(data.symbol, stamp_ns, event_ns, local_ns)
            self._counts["diffs"] += 1
            self._book.on_diff(diff, self._now_ns)
        elif kind == TRADE:
            self._take_trade(data, stamp_ns, event_ns, local_ns)
        else:
            self._see_symbol(data.symbol)
            if event_ns:
                self._clock.see(local_ns, event_ns)
            self._counts["tickers"] += 1

    def _take_trade(self, data: Data, stamp_ns: int, event_ns: int, local_ns: int) -> None:
        """A print between two orders; funds and liquidations that trade with nobody are counted."""
        if data.trade_type not in ("", "MARKET"):
            self._counts["other_messages"] += 1
            return
        price, lots = self._price.to_units(data.price), self._lot.to_steps(data.qty)
        self._check_size("price", data.price, 1, price // self._price.step, PRICE_TICKS_MAX)
        self._check_size("quantity", data.qty, 1, lots, QTY_LOTS_MAX)
        self._arrive(data.symbol, stamp_ns, event_ns, local_ns)
        self._counts["trades"] += 1
        if data.trade_id <= self._trade_id:
            self._counts["trade_repeats"] += 1
            return
        self._counts["trade_gaps"] += self._trade_id >= 0 and data.trade_id > self._trade_id + 1
        self._trade_id = data.trade_id
        self._counts["trade_rows"] += 1
        flags = int(RowFlag.SELL) if data.buyer_is_maker else 0
        sides = (stamp_ns, local_ns - self._now_ns, data.trade_id)
        self._rows.add(self._now_ns, price, lots, -1, Kind.TRADE, flags, sides)
        self._rows.end_message()

    def _arrive(self, symbol: str, stamp_ns: int, event_ns: int, local_ns: int) -> None:
        """A stamped message is sound: move the clocks, and place a snapshot that waited for one."""
        self._see_symbol(symbol)
        self._clock.see(local_ns, event_ns)
        self._advance(stamp_ns)
        if self._early is not None:
            self._flush_early(self._now_ns)

    def _flush_early(self, ts_ns: int) -> None:
        assert self._early is not None
        early, self._early = self._early, None
        self._now_ns = max(self._now_ns, ts_ns)
        self._book.on_snapshot(early, self._now_ns)

    def _advance(self, stamp_ns: int) -> None:
        self._counts["held_stamps"] += stamp_ns < self._now_ns
        self._now_ns = max(self._now_ns, stamp_ns)

    def _changes(self, bids: Levels, asks: Levels, *, least: int) -> list[LevelChange]:
        """Levels as integers, bids first."""
        changes = []
        for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
            for price_text, qty_text in levels:
                price, lots = self._price.to_units(price_text), self._lot.to_steps(qty_text)
                self._check_size("price", price_text, 1, price // self._price.step, PRICE_TICKS_MAX)
                self._check_size("quantity", qty_text, least, lots, QTY_LOTS_MAX)
                changes.append((int(side), price, lots))
        return changes

    def _check_size(self, name: str, text: str, least: int, value: int, most: int) -> None:
        if not least <= value <= most:
            raise RefusedRecord(f"found {name} {text!r}, allowed {least} to {most} steps")

    def _check_stamp(self, stamp_ms: int, local_ns: int) -> int:
        """An exchange time in ns; 0 stays 0."""
        stamp_ns = stamp_ms * _MS
        if stamp_ns == 0:
            return 0
        skew_ns = local_ns - stamp_ns
        self._seen_skew_ns = skew_ns
        if self._skew_ns is not None and abs(skew_ns - self._skew_ns) > SKEW_NS_MAX:
            raise RefusedRecord(
                f"found the exchange's time {stamp_ms} ms at the local time {local_ns} ns, allowed "
                f"a difference within an hour of the first message's, {self._skew_ns} ns"
            )
        return stamp_ns

    def _check_instrument(self, kind: str, data: Data) -> None:
        self._check_symbol(data.symbol)
        if kind == DEPTH and (data.previous_id >= 0) != self._market.futures:
            found, allowed = ("a", "none") if data.previous_id >= 0 else ("no", "one")
            raise RefusedRecord(
                f"found {found} previous update id (pu), allowed {allowed} on {self._market.name}"
            )

    def _check_symbol(self, symbol: str) -> None:
        if self._symbol not in ("", symbol):
            raise RefusedRecord(f"found the symbol {symbol[:40]!r}, allowed {self._symbol!r}")

    def _see_symbol(self, symbol: str) -> None:
        self._symbol = self._symbol or symbol
