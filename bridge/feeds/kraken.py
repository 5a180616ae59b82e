"""Kraken spot market data, websocket v2: book with its checksum held, and trades.

Not verified live: written from the documented messages and their published example of a checksum, and
tried against these only.

Model: one connection is subscribed to `book` and `trade` of all symbols. A book's snapshot comes first;
each message about it holds a checksum of the book as it must be then (`kraken_book`). Where it differs,
something was missed: that book is in trouble, and is subscribed to anew, at once the first time and
later each time after that (`backoff`); what comes of it before its new snapshot is ignored.

Invariants:
1. Each of `frames` is counted again as exactly one of books, trades, answers, others and frames_refused.
2. A snapshot or delta leaves only after its checksum was held.
3. A trade leaves once; those of before the first connection do not leave.

Limits: a missed message shows when the next one about its book comes, and one about levels behind the
ten best only once they are among these. A state has no number at the venue: `seq` counts a book's
messages. A trade's side is the taker's. There are no best quotes. The instrument's grids must be the
pair's own precisions or finer.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

import msgspec

from bridge.feeds.backoff import Backoff
from bridge.feeds.base import DAMAGE, FRAME, NOTHING, QUIET, FeedBook, Send, Step, Want
from bridge.feeds.clock_offset import Timed
from bridge.feeds.grid import Grid, lines_of, plain
from bridge.feeds.kraken_book import Change, KrakenBook
from bridge.feeds.stamps import Id, ns_of
from market.codes import Side
from market.errors import InputError
from market.live import (
    NO_STAMP,
    BookDelta,
    BookSnapshot,
    BookTrouble,
    Print,
    TroubleReason,
    Update,
)

WS_PATH: Final = "/v2"
DEPTHS: Final = (10, 25, 100, 500, 1000)

_COUNTS: Final = (
    "frames", "books", "trades", "answers", "others", "frames_refused", "checksums_wrong",
    "updates_ignored", "trade_repeats", "trade_gaps", "trades_before", "symbols_unknown",
    "subscriptions_refused",
)  # fmt: skip


class _Level(msgspec.Struct, frozen=True, gc=False):
    price: Decimal
    qty: Decimal


class _Book(msgspec.Struct, frozen=True, gc=False):
    symbol: str
    checksum: Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
    bids: list[_Level] = []
    asks: list[_Level] = []
    timestamp: datetime | None = None


class _Trade(msgspec.Struct, frozen=True, gc=False):
    symbol: str
    side: str
    price: Decimal
    qty: Decimal
    trade_id: Id
    timestamp: datetime


class _Message(msgspec.Struct, frozen=True, gc=False):
    """A message of a channel, or an answer to a request."""

    channel: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")
    method: str = ""
    success: bool = True
    error: str = ""


_MESSAGES: Final = msgspec.json.Decoder(_Message)
_BOOKS: Final = msgspec.json.Decoder(list[_Book])
_TRADES: Final = msgspec.json.Decoder(list[_Trade])


class _Line:
    """One pair."""

    def __init__(self, book: FeedBook, depth: int) -> None:
        self.book_id: Final = book.book_id
        self.symbol: Final = book.instrument.symbol
        self.grid: Final = Grid(book.instrument)
        self.book: Final = KrakenBook(depth)
        self.backoff: Final = Backoff()
        self.is_whole = False
        self.seq = 0
        self.trade_id = -1
        # When it is to be subscribed to anew; 0 when it is not.
        self.again_ns = 0


class KrakenFeed(Timed):
    """The feed of one connection.

    Args:
        books: What to follow; symbols as Kraken writes them, such as BTC/USD.
        depth: Levels of each side: 10, 25, 100, 500 or 1000.
        ids_only: Subscribe and read nothing, for who only records: there are no numbers to hold,
            and a checksum needs the pair's precisions.

    Attributes:
        ws_path: Where on the websocket's host it is.
        counts: What happened, by name.
        last_refusal: The newest thing that was refused, in words, or empty.
    """

    def __init__(
        self, books: Sequence[FeedBook], *, depth: int = 100, ids_only: bool = False
    ) -> None:
        if depth not in DEPTHS:
            raise InputError(f"depth: found {depth}, allowed are {', '.join(map(str, DEPTHS))}")
        self.ws_path: Final = WS_PATH
        self.counts: Final = dict.fromkeys(_COUNTS, 0)
        self.last_refusal = ""
        self._depth: Final = depth
        self._ids_only: Final = ids_only
        self._lines: Final = lines_of(books, lambda book: _Line(book, depth))
        super().__init__()
        self._again: list[_Line] = []

    # --- the protocol ---------------------------------------------------------------------------

    def opened(self, now_ns: int) -> Step:
        """Subscribe to both channels."""
        del now_ns
        symbols = list(self._lines)
        trades = {"channel": "trade", "symbol": symbols, "snapshot": True}
        return Step((), (self._ask("subscribe", symbols), _request("subscribe", trades)))

    def closed(self, now_ns: int) -> Step:
        """No book can be believed."""
        del now_ns
        self._again.clear()
        updates: list[Update] = []
        for line in self._lines.values():
            line.is_whole, line.again_ns = False, 0
            updates.append(BookTrouble(line.book_id, TroubleReason.DOWN))
        return Step(updates, ())

    def take(self, channel: str, data: bytes, now_ns: int) -> Step:
        """Take a frame, or a silence."""
        if channel == FRAME and self._ids_only:
            self.counts["frames"] += 1
            self.counts["others"] += 1
            return NOTHING
        if channel == FRAME:
            updates, wants = self._on_frame(data, now_ns)
            if self._again:
                wants = (*wants, *self._subscribe_again(now_ns))
            return Step(updates, wants)
        if channel == QUIET:
            whole = [line for line in self._lines.values() if line.is_whole]
            return Step([BookTrouble(line.book_id, TroubleReason.STALE) for line in whole], ())
        return NOTHING

    # --- frames ---------------------------------------------------------------------------------

    def _on_frame(self, data: bytes, now_ns: int) -> Step:
        self.counts["frames"] += 1
        channel = ""
        try:
            message = _MESSAGES.decode(data)
            channel = message.channel
            if message.channel == "book":
                updates = self._on_books(message, now_ns)
                self.counts["books"] += 1
            elif message.channel == "trade":
                updates = self._on_trades(message, now_ns)
                self.counts["trades"] += 1
            else:
                self._on_other(message)
                return NOTHING
        except (*DAMAGE, InputError) as error:
            self.counts["frames_refused"] += 1
            self.last_refusal = f"a frame: {str(error)[:200]}"
            return NOTHING if channel == "trade" else Step(self._lose_all(now_ns), ())
        return Step(updates, ())

    def _on_books(self, message: _Message, now_ns: int) -> list[Update]:
        """The books of a message, each on its own: one that is off its grid harms no other."""
        if message.type not in ("snapshot", "update"):
            raise InputError(f"found the type {message.type[:20]!r}, allowed: snapshot, update")
        updates: list[Update] = []
        for told in _BOOKS.decode(message.data):
            line = self._lines.get(told.symbol)
            if line is None:
                self.counts["symbols_unknown"] += 1
            elif message.type == "update" and not line.is_whole:
                self.counts["updates_ignored"] += 1
            else:
                updates += self._on_book(line, told, message.type == "snapshot", now_ns)
        return updates

    def _on_book(self, line: _Line, told: _Book, is_snapshot: bool, now_ns: int) -> list[Update]:
        try:
            bids, asks = _changes(line.grid, told.bids), _changes(line.grid, told.asks)
        except InputError as error:
            self.last_refusal = f"a book of {line.symbol}: {str(error)[:200]}"
            return self._lose(line, TroubleReason.GAP, now_ns)
        book = line.book
        if is_snapshot:
            sides = (
                book.bids.replace(bids[: self._depth]),
                book.asks.replace(asks[: self._depth]),
            )
        else:
            sides = book.bids.apply(bids), book.asks.apply(asks)
        if book.checksum() != told.checksum:
            self.counts["checksums_wrong"] += 1
            self.last_refusal = (
                f"a book of {line.symbol}: found checksum {told.checksum}, allowed is that of our book, "
                f"{book.checksum()}"
            )
            return self._lose(line, TroubleReason.CHECKSUM, now_ns)
        line.is_whole = True
        line.seq += 1
        stamp_ns = NO_STAMP if told.timestamp is None else ns_of(told.timestamp)
        if stamp_ns:
            self.clock.see(now_ns, stamp_ns)
        if is_snapshot:
            levels = [tuple(level for level in side if level[1]) for side in sides]
            return [BookSnapshot(line.book_id, stamp_ns, line.seq, levels[0], levels[1])]
        return [BookDelta(line.book_id, stamp_ns, line.seq, *sides)]

    def _on_trades(self, message: _Message, now_ns: int) -> list[Update]:
        """Trades, oldest first; `InputError` when one is off its grid: then none of them counts."""
        updates: list[Update] = []
        newest: dict[str, int] = {}
        for trade in sorted(_TRADES.decode(message.data), key=lambda trade: trade.trade_id):
            line = self._lines.get(trade.symbol)
            if line is None:
                self.counts["symbols_unknown"] += 1
                continue
            before = newest.get(trade.symbol, line.trade_id)
            if trade.trade_id <= before:
                self.counts["trade_repeats"] += 1
                continue
            printed = _print(line, trade)
            newest[trade.symbol] = trade.trade_id
            if message.type == "snapshot" and line.trade_id < 0:
                self.counts["trades_before"] += 1
                continue
            self.counts["trade_gaps"] += 0 <= before < trade.trade_id - 1
            updates.append(printed)
            if message.type == "update":
                self.clock.see(now_ns, printed.venue_ns)
        for symbol, trade_id in newest.items():
            self._lines[symbol].trade_id = trade_id
        return updates

    def _on_other(self, message: _Message) -> None:
        self.counts["answers" if message.method else "others"] += 1
        if not message.success:
            self.counts["subscriptions_refused"] += 1
            self.last_refusal = f"a {message.method[:20]}: {message.error[:200]}"

    # --- trouble --------------------------------------------------------------------------------

    def _lose(self, line: _Line, reason: TroubleReason, now_ns: int) -> list[Update]:
        line.is_whole = False
        if not line.again_ns:
            line.again_ns = now_ns + line.backoff.next_wait_ns(now_ns)
            self._again.append(line)
        return [BookTrouble(line.book_id, reason)]

    def _lose_all(self, now_ns: int) -> list[Update]:
        """A frame that can't be read may have been about any book."""
        updates: list[Update] = []
        for line in self._lines.values():
            if line.is_whole:
                updates += self._lose(line, TroubleReason.GAP, now_ns)
        return updates

    def _subscribe_again(self, now_ns: int) -> list[Want]:
        """Subscribe to the books anew whose time has come; frames, heartbeats at least, come often."""
        due = [line for line in self._again if line.again_ns <= now_ns]
        self._again = [line for line in self._again if line.again_ns > now_ns]
        wants: list[Want] = []
        for line in due:
            line.again_ns = 0
            wants += (self._ask(way, [line.symbol]) for way in ("unsubscribe", "subscribe"))
        return wants

    def _ask(self, way: str, symbols: list[str]) -> Send:
        params: dict[str, object] = {"channel": "book", "symbol": symbols, "depth": self._depth}
        return _request(way, params | ({"snapshot": True} if way == "subscribe" else {}))


def _request(way: str, params: dict[str, object]) -> Send:
    return Send(msgspec.json.encode({"method": way, "params": params}))


def _changes(grid: Grid, levels: Sequence[_Level]) -> list[Change]:
    """Levels with the digits that the checksum is over; `InputError` when one is off the grid."""
    changes = []
    for level in levels:
        price, qty = plain(level.price), plain(level.qty)
        digits = price.replace(".", "").lstrip("0") + qty.replace(".", "").lstrip("0")
        changes.append(Change(grid.ticks[price], grid.lots[qty], digits))
    return changes


def _print(line: _Line, trade: _Trade) -> Print:
    if trade.side not in ("buy", "sell"):
        raise InputError(f"found the side {trade.side[:20]!r}, allowed are buy and sell")
    return Print(
        line.book_id,
        ns_of(trade.timestamp),
        trade.trade_id,
        line.grid.ticks[plain(trade.price)],
        line.grid.traded_lots(plain(trade.qty)),
        Side.BUY if trade.side == "buy" else Side.SELL,
    )
