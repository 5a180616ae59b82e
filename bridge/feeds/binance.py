"""Binance spot and USD-M market data: several symbols on one connection, every frame accounted for.

Model: one combined-stream connection (`ws_path`) is subscribed to the depth diffs, best quotes and trades
of every symbol. A book's first diff asks for its snapshot by REST, as the venue's rule has it: one that
was asked for earlier may be older than the stream. It joins the diffs by the venue's ids
(`binance_book`). A gap, a frame that can't be read or a snapshot that was
refused makes trouble for that book alone, and asks for a new snapshot: one at a time for a book, each
later than the one before (`backoff`), and those of all books at a pace that the venue allows.

Invariants:
1. Each of `frames` is counted again as exactly one of answers, frames_unknown, frames_refused, diffs,
   tickers, trades and trades_without_counterpart.
2. Trades leave with rising ids: a repeat is dropped, a hole is counted.
3. A number off the instrument's grid is refused with what holds it; a diff that held one is missing.

Order of events: a frame's updates leave before the next frame is looked at.

Limits: a symbol in which nothing happens has no book before its first diff. `bookTicker` of spot has no time. Only snapshots of limited depth exist (`binance_book`). On USD-M,
trades without a counterpart (insurance fund, ADL) are counted and are no prints. An aggregate trade
leaves as one print with its last trade's id.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec

from bridge.feeds import binance_frames as frames
from bridge.feeds.backoff import Backoff, Pace
from bridge.feeds.base import (
    DAMAGE,
    FAILED,
    FRAME,
    NOTHING,
    QUIET,
    REST,
    FeedBook,
    Fetch,
    Reopen,
    Send,
    Step,
    Want,
)
from bridge.feeds.binance_book import DepthSplice, Diff
from bridge.feeds.clock_offset import Timed
from bridge.feeds.grid import Grid, lines_of
from market.codes import Side
from market.errors import InputError
from market.live import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    BookTrouble,
    Print,
    TroubleReason,
    Update,
)

SPACING_NS: Final = 200_000_000
BURST: Final = 10
"""Snapshots that may be asked for at once; after that each market's own pace holds."""

_SPEEDS: Final = ("", "@0ms", "@100ms", "@250ms", "@500ms", "@1000ms")
_COUNTS: Final = (
    "frames", "answers", "frames_unknown", "frames_refused", "diffs", "diff_repeats", "gaps",
    "diffs_in_snapshot", "diffs_dropped_waiting", "snapshots", "snapshots_unjoined",
    "snapshots_unused", "snapshots_refused", "tickers", "trades", "trade_repeats", "trade_gaps",
    "trades_without_counterpart", "entries_unknown",
)  # fmt: skip

_TakeRaw = Callable[[msgspec.Raw, int], Step]


class Market(NamedTuple):
    """One of Binance's markets, as far as a feed has to know it."""

    name: str
    futures: bool
    ws_path: str
    snapshot_path: str
    snapshot_every_ns: int
    trade_stream: str


# A minute allows requests of weight 6,000 on spot, where 5,000 levels cost 250, and of 2,400 on USD-M,
# where 1,000 cost 20: one in 5 s, or in 1 s, with a burst of ten, stays below either in any minute.
MARKETS: Final = {
    "spot": Market(
        "spot", False, "/stream", "/api/v3/depth?symbol={}&limit=5000", 5 * 10**9, "trade"
    ),
    # Book and trade streams of USD-M have a path of their own since 2026.
    "usdm": Market(
        "usdm", True, "/public/stream", "/fapi/v1/depth?symbol={}&limit=1000", 10**9, "trade"
    ),
}


class _Line:
    """One symbol: its book, its trades, and what is asked for."""

    def __init__(
        self, book: FeedBook, market: Market, counts: dict[str, int], *, cut: bool
    ) -> None:
        self.book_id: Final = book.book_id
        self.symbol: Final = book.instrument.symbol
        self.grid: Final = Grid(book.instrument, cut=cut)
        self.splice: Final = DepthSplice(book.book_id, futures=market.futures, counts=counts)
        self.backoff: Final = Backoff()
        self.is_asked = False
        self.trade_id = -1


class BinanceFeed(Timed):
    """The feed of one connection.

    Args:
        books: What to follow; symbols as Binance writes them.
        market: "spot" or "usdm".
        depth_speed: How often diffs come, such as "100ms".
        trade_stream: "trade" or "aggTrade"; the market's own by default.
        cut_quantities: Cut quantities finer than a lot down (`quantities_cut`); else refuse them.

        ids_only: Read no more of a frame than tells whether one is missing, for who only records:
            books have no levels, tickers and trades are counted and never leave.

    Attributes:
        ws_path: Where on the websocket's host the streams are.
        counts: What happened, by name.
        last_refusal: The newest thing that was refused, in words, or empty.
    """

    def __init__(
        self,
        books: Sequence[FeedBook],
        market: str = "spot",
        *,
        depth_speed: str = "100ms",
        trade_stream: str | None = None,
        cut_quantities: bool = False,
        ids_only: bool = False,
    ) -> None:
        if market not in MARKETS:
            raise InputError(f"market: found {market!r}, allowed are {', '.join(MARKETS)}")
        if f"@{depth_speed}" not in _SPEEDS:
            allowed = ", ".join(speed[1:] for speed in _SPEEDS[1:])
            raise InputError(f"depth_speed: found {depth_speed!r}, allowed are {allowed}")
        self._market = MARKETS[market]
        self.ws_path: Final = self._market.ws_path
        self.counts: Final = dict.fromkeys(_COUNTS, 0)
        self.last_refusal = ""
        super().__init__()
        self._lines = lines_of(
            books, lambda book: _Line(book, self._market, self.counts, cut=cut_quantities)
        )
        self._streams: list[str] = []
        self._routes: dict[str, _TakeRaw] = {}
        self._depths = frames.DEPTH_IDS if ids_only else frames.DEPTHS
        self._snapshots = frames.SNAPSHOT_IDS if ids_only else frames.SNAPSHOTS
        self._ids_only = ids_only
        self._pace: Final = Pace(self._market.snapshot_every_ns, BURST, SPACING_NS)
        self._backoff = Backoff()
        for line in self._lines.values():
            self._route(line, depth_speed, trade_stream or self._market.trade_stream)

    @property
    def quantities_cut(self) -> int:
        """Quantities, as different texts, that were finer than a lot."""
        return sum(line.grid.lots.cut_count for line in self._lines.values())

    # --- the protocol ---------------------------------------------------------------------------

    def opened(self, now_ns: int) -> Step:
        """Subscribe to everything at once."""
        del now_ns
        request = {"method": "SUBSCRIBE", "params": self._streams, "id": 1}
        return Step((), (Send(msgspec.json.encode(request)),))

    def closed(self, now_ns: int) -> Step:
        """No book can be believed, and nothing that was asked for will come."""
        del now_ns
        updates: list[Update] = []
        for line in self._lines.values():
            line.is_asked = False
            updates += line.splice.lose(TroubleReason.DOWN)
        return Step(updates, ())

    def take(self, channel: str, data: bytes, now_ns: int) -> Step:
        """Take a frame, what a `Fetch` brought back or that it failed, or a silence."""
        if channel == FRAME:
            return self._on_frame(data, now_ns)
        if channel == QUIET:
            whole = [line for line in self._lines.values() if line.splice.is_whole]
            return Step([BookTrouble(line.book_id, TroubleReason.STALE) for line in whole], ())
        is_failure = channel.startswith(FAILED)
        line = self._lines.get(channel.removeprefix(FAILED).removeprefix(f"{REST}depth:"))
        if line is None:
            self.counts["entries_unknown"] += 1
            return NOTHING
        line.is_asked = False
        if is_failure:
            return self._on_lost_snapshot(line, data.decode(errors="replace"), now_ns)
        return self._on_snapshot(line, data, now_ns)

    def ask_all(self, now_ns: int) -> Sequence[Want]:
        """Ask for every book's snapshot, needed here or not: a reader of what is recorded may need it."""
        lines = self._lines.values()
        return [self._fetch(line, now_ns, 0) for line in lines if not line.is_asked]

    # --- frames ---------------------------------------------------------------------------------

    def _route(self, line: _Line, speed: str, trades: str) -> None:
        """What each of a symbol's streams is; its diffs under every name that their stream can have."""
        name = line.symbol.lower()
        take_trade = self._on_aggregate if trades == "aggTrade" else self._on_trade
        wanted = f"{name}@depth@{speed}", f"{name}@bookTicker", f"{name}@{trades}"
        self._streams += wanted
        for each in _SPEEDS:
            self._routes[f"{name}@depth{each}"] = partial(self._on_diff, line)
        if self._ids_only:
            self._routes[wanted[1]] = partial(self._on_counted, "tickers")
            self._routes[wanted[2]] = partial(self._on_counted, "trades")
        else:
            self._routes[wanted[1]] = partial(self._on_ticker, line)
            self._routes[wanted[2]] = partial(take_trade, line)

    def _on_frame(self, data: bytes, now_ns: int) -> Step:
        self.counts["frames"] += 1
        try:
            frame = frames.FRAMES.decode(data)
        except DAMAGE as error:
            return self._refuse("a frame", error)
        take = self._routes.get(frame.stream)
        if take is not None:
            return take(frame.data, now_ns)
        if frame.stream or frame.id is None:
            self.counts["frames_unknown"] += 1
            return NOTHING
        self.counts["answers"] += 1
        if frame.error is not None:
            code, text = frame.error.code, frame.error.msg[:200]
            self.last_refusal = f"the subscription: the venue said {code}, {text}"
            return Step((), (Reopen(self.last_refusal, self._backoff.next_wait_ns(now_ns)),))
        return NOTHING

    def _on_diff(self, line: _Line, raw: msgspec.Raw, now_ns: int) -> Step:
        try:
            depth = self._depths.decode(raw)
            if (depth.previous_id >= 0) != self._market.futures or depth.first_id > depth.last_id:
                raise InputError("found update ids that are none of this market's")
            bids, asks = line.grid.levels(depth.bids), line.grid.levels(depth.asks)
        except (*DAMAGE, InputError) as error:
            self._refuse(f"a diff of {line.symbol}", error)
            return Step(line.splice.lose(TroubleReason.GAP), self._ask(line, now_ns))
        self.counts["diffs"] += 1
        self.clock.see(now_ns, frames.ms_to_ns(depth.event_ms))
        stamp_ns = frames.ms_to_ns(depth.transaction_ms or depth.event_ms)
        delta = BookDelta(line.book_id, stamp_ns, depth.last_id, bids, asks)
        diff = Diff(depth.last_id, depth.first_id, depth.previous_id, delta)
        updates = line.splice.on_diff(diff)
        return Step(updates, () if line.splice.is_whole else self._ask(line, now_ns))

    def _on_counted(self, name: str, _raw: msgspec.Raw, _now_ns: int) -> Step:
        self.counts[name] += 1
        return NOTHING

    def _on_ticker(self, line: _Line, raw: msgspec.Raw, now_ns: int) -> Step:
        grid = line.grid
        try:
            ticker = frames.TICKERS.decode(raw)
            quote = BestQuote(
                line.book_id,
                frames.ms_to_ns(ticker.transaction_ms or ticker.event_ms),
                ticker.update_id,
                grid.ticks[ticker.bid],
                grid.lots[ticker.bid_qty],
                grid.ticks[ticker.ask],
                grid.lots[ticker.ask_qty],
            )
        except (*DAMAGE, InputError) as error:
            return self._refuse(f"a ticker of {line.symbol}", error)
        self.counts["tickers"] += 1
        if ticker.event_ms:
            self.clock.see(now_ns, frames.ms_to_ns(ticker.event_ms))
        return Step((quote,), ())

    def _on_trade(self, line: _Line, raw: msgspec.Raw, now_ns: int) -> Step:
        try:
            trade = frames.TRADES.decode(raw)
            if trade.kind not in ("", "MARKET"):
                self.counts["trades_without_counterpart"] += 1
                line.trade_id = max(line.trade_id, trade.trade_id)
                return NOTHING
            return self._print(line, trade, trade.trade_id, trade.trade_id, now_ns)
        except (*DAMAGE, InputError) as error:
            return self._refuse(f"a trade of {line.symbol}", error)

    def _on_aggregate(self, line: _Line, raw: msgspec.Raw, now_ns: int) -> Step:
        try:
            trade = frames.AGGREGATES.decode(raw)
            return self._print(line, trade, trade.first_id, trade.last_id, now_ns)
        except (*DAMAGE, InputError) as error:
            return self._refuse(f"an aggregate trade of {line.symbol}", error)

    def _print(
        self,
        line: _Line,
        trade: frames.Trade | frames.AggregateTrade,
        first_id: int,
        last_id: int,
        now_ns: int,
    ) -> Step:
        """Trades `first_id` to `last_id` as one print; `InputError` when it is off the grid."""
        printed = Print(
            line.book_id,
            frames.ms_to_ns(trade.transaction_ms),
            last_id,
            line.grid.ticks[trade.price],
            line.grid.traded_lots(trade.qty),
            Side.SELL if trade.buyer_is_maker else Side.BUY,
        )
        self.counts["trades"] += 1
        self.clock.see(now_ns, frames.ms_to_ns(trade.event_ms))
        if last_id <= line.trade_id:
            self.counts["trade_repeats"] += 1
            return NOTHING
        self.counts["trade_gaps"] += line.trade_id >= 0 and first_id > line.trade_id + 1
        line.trade_id = last_id
        return Step((printed,), ())

    # --- snapshots ------------------------------------------------------------------------------

    def _on_snapshot(self, line: _Line, data: bytes, now_ns: int) -> Step:
        try:
            found = self._snapshots.decode(data)
            grid = line.grid
            bids, asks = grid.whole_levels(found.bids), grid.whole_levels(found.asks)
        except (*DAMAGE, InputError) as error:
            return self._on_lost_snapshot(line, str(error), now_ns)
        self.counts["snapshots"] += 1
        stamp_ns = frames.ms_to_ns(found.transaction_ms or found.event_ms)
        snapshot = BookSnapshot(line.book_id, stamp_ns, found.last_id, bids, asks)
        updates = line.splice.on_snapshot(snapshot)
        return Step(updates, () if line.splice.is_whole else self._ask(line, now_ns))

    def _on_lost_snapshot(self, line: _Line, reason: str, now_ns: int) -> Step:
        self.counts["snapshots_refused"] += 1
        self.last_refusal = f"the snapshot of {line.symbol}: {reason[:200]}"
        if line.splice.is_whole:
            return NOTHING
        trouble = BookTrouble(line.book_id, TroubleReason.SNAPSHOT_LOST)
        return Step((trouble,), self._ask(line, now_ns))

    def _ask(self, line: _Line, now_ns: int) -> tuple[Want, ...]:
        """Ask for a snapshot, unless that has been done."""
        if line.is_asked or line.splice.is_whole:
            return ()
        return (self._fetch(line, now_ns, line.backoff.next_wait_ns(now_ns)),)

    def _fetch(self, line: _Line, now_ns: int, wait_ns: int) -> Fetch:
        """Ask for a snapshot after a wait, and not too soon after another book's."""
        line.is_asked = True
        due_ns = max(now_ns + wait_ns, self._pace.next_ns(now_ns))
        path = self._market.snapshot_path.format(line.symbol)
        return Fetch(f"{REST}depth:{line.symbol}", path, due_ns - now_ns)

    def _refuse(self, what: str, error: Exception) -> Step:
        self.counts["frames_refused"] += 1
        self.last_refusal = f"{what}: {str(error)[:200]}"
        return NOTHING
