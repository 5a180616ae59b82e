"""Coinbase Advanced Trade market data: level2 and market_trades, with every message's number held.

Not verified live: written from the documented messages, and tried against these only.

Model: one connection is subscribed to `level2`, `market_trades` and `heartbeats`, the last of which
keeps quiet subscriptions open. Each message of a connection has the next `sequence_num`, whatever it is
about; a book's snapshot comes first on its channel. When a number is missing, which book missed
something can't be known: all are in trouble, and the connection is opened anew, each time later
(`backoff`), since only that brings new snapshots of all.

Invariants:
1. Each of `frames` is counted again as exactly one of books, trades, others, repeats, frames_ignored and
   frames_refused.
2. From a missing number, or a message that can't be read, to the end of its connection no book changes.
3. A trade leaves once; those of before the first connection do not leave.

Limits: trades come in batches of up to 250 ms. A trade's `side` is taken to be the taker's, as other
clients of this feed have it; the venue's older feed says the maker's: `sides_are_makers` turns it.
A message's number stands for the state's. There are no best quotes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from bridge.feeds.backoff import Backoff
from bridge.feeds.base import DAMAGE, FRAME, NOTHING, QUIET, FeedBook, Reopen, Send, Step
from bridge.feeds.clock_offset import Timed
from bridge.feeds.grid import Grid, lines_of
from bridge.feeds.stamps import Id, ns_of, trade_number
from market.codes import Side
from market.errors import InputError
from market.live import (
    BookDelta,
    BookSnapshot,
    BookTrouble,
    Level,
    Print,
    TroubleReason,
    Update,
)

WS_PATH: Final = "/"
CHANNELS: Final = ("level2", "market_trades", "heartbeats")

_SIDES: Final = {"bid": Side.BUY, "offer": Side.SELL, "ask": Side.SELL}
_COUNTS: Final = (
    "frames", "books", "trades", "others", "repeats", "gaps", "frames_ignored", "frames_refused",
    "trade_repeats", "trades_before", "products_unknown", "updates_without_book",
)  # fmt: skip


class _Level(msgspec.Struct, frozen=True, gc=False):
    side: str
    price_level: str
    new_quantity: str


class _Trade(msgspec.Struct, frozen=True, gc=False):
    trade_id: str
    product_id: str
    price: str
    size: str
    side: str
    time: datetime


class _Event(msgspec.Struct, frozen=True, gc=False):
    """An event of either channel."""

    type: str = ""
    product_id: str = ""
    updates: list[_Level] = []
    trades: list[_Trade] = []


class _Message(msgspec.Struct, frozen=True, gc=False):
    channel: str
    timestamp: datetime
    sequence_num: Id
    events: list[msgspec.Raw] = []


class _Said(msgspec.Struct, frozen=True, gc=False):
    """What is no message of a channel: the venue says what it does not do, and has no number for that."""

    type: str
    message: str = ""


_MESSAGES: Final = msgspec.json.Decoder(_Message)
_WORDS: Final = msgspec.json.Decoder(_Said)
_EVENTS: Final = msgspec.json.Decoder(_Event)


class _Line:
    """One product."""

    def __init__(self, book: FeedBook) -> None:
        self.book_id: Final = book.book_id
        self.grid: Final = Grid(book.instrument)
        self.is_whole = False
        self.trade_id = -1


class CoinbaseFeed(Timed):
    """The feed of one connection.

    Args:
        books: What to follow; symbols as Coinbase writes them, such as BTC-USD.
        sides_are_makers: Whether a trade's side is that of the order that rested.
        ids_only: Read no more of a message than its number, for who only records: nothing leaves.

    Attributes:
        ws_path: Where on the websocket's host it is.
        counts: What happened, by name.
        last_refusal: The newest thing that was refused, in words, or empty.
    """

    def __init__(
        self,
        books: Sequence[FeedBook],
        *,
        sides_are_makers: bool = False,
        ids_only: bool = False,
    ) -> None:
        self.ws_path: Final = WS_PATH
        self.counts: Final = dict.fromkeys(_COUNTS, 0)
        self.last_refusal = ""
        self._lines: Final = lines_of(books, _Line)
        self._sides_are_makers: Final = sides_are_makers
        self._ids_only: Final = ids_only
        super().__init__()
        self._backoff: Final = Backoff()
        self._number = -1
        # A message is missing: nothing of this connection can be believed any more.
        self._is_lost = False

    # --- the protocol ---------------------------------------------------------------------------

    def opened(self, now_ns: int) -> Step:
        """Subscribe to every channel, each with a request of its own."""
        del now_ns
        self._number, self._is_lost = -1, False
        products = list(self._lines)
        requests = [
            {"type": "subscribe", "channel": channel, "product_ids": products}
            for channel in CHANNELS
        ]
        return Step((), [Send(msgspec.json.encode(request)) for request in requests])

    def closed(self, now_ns: int) -> Step:
        """No book can be believed."""
        del now_ns
        return Step(self._lose(TroubleReason.DOWN), ())

    def take(self, channel: str, data: bytes, now_ns: int) -> Step:
        """Take a frame, or a silence."""
        if channel == FRAME:
            return self._on_frame(data, now_ns)
        if channel == QUIET:
            whole = [line for line in self._lines.values() if line.is_whole]
            return Step([BookTrouble(line.book_id, TroubleReason.STALE) for line in whole], ())
        return NOTHING

    # --- frames ---------------------------------------------------------------------------------

    def _on_frame(self, data: bytes, now_ns: int) -> Step:
        self.counts["frames"] += 1
        if self._is_lost:
            self.counts["frames_ignored"] += 1
            return NOTHING
        try:
            message = _MESSAGES.decode(data)
            stamp_ns = ns_of(message.timestamp)
        except (*DAMAGE, InputError) as error:
            return self._refuse(_said(data) or str(error), now_ns)
        if self._number >= 0 and message.sequence_num <= self._number:
            self.counts["repeats"] += 1
            return NOTHING
        if self._number >= 0 and message.sequence_num > self._number + 1:
            self.counts["gaps"] += 1
            self.counts["frames_ignored"] += 1
            return self._give_up(
                f"found message {message.sequence_num} behind {self._number}", now_ns
            )
        self._number = message.sequence_num
        self.clock.see(now_ns, stamp_ns)
        if self._ids_only:
            self.counts["others"] += 1
            return NOTHING
        try:
            updates = self._updates(message, stamp_ns)
        except (*DAMAGE, InputError) as error:
            return self._refuse(str(error), now_ns)
        return Step(updates, ())

    def _updates(self, message: _Message, stamp_ns: int) -> list[Update]:
        """What a message says; `InputError` when it holds what is off the grid."""
        updates: list[Update] = []
        newest: dict[str, int] = {}
        if message.channel == "l2_data":
            for event in map(_EVENTS.decode, message.events):
                updates += self._on_book(event, stamp_ns, message.sequence_num)
            self.counts["books"] += 1
        elif message.channel == "market_trades":
            for event in map(_EVENTS.decode, message.events):
                # In which order a batch comes is not documented; the venue's numbers rise.
                for trade_id, trade in sorted(map(_numbered, event.trades), key=_number_of):
                    updates += self._on_trade(trade_id, trade, event.type == "snapshot", newest)
            self.counts["trades"] += 1
        else:
            self.counts["others"] += 1
        for update in updates:
            if isinstance(update, BookSnapshot):
                self._line_of(update.book_id).is_whole = True
        for product, trade_id in newest.items():
            self._lines[product].trade_id = trade_id
        return updates

    def _on_book(self, event: _Event, stamp_ns: int, number: int) -> list[Update]:
        line = self._lines.get(event.product_id)
        if line is None:
            self.counts["products_unknown"] += 1
            return []
        is_snapshot = event.type == "snapshot"
        sides: tuple[list[Level], list[Level]] = ([], [])
        for level in event.updates:
            side = _SIDES.get(level.side)
            if side is None:
                raise InputError(f"found the side {level.side[:20]!r}, allowed are bid and offer")
            lots = line.grid.lots[level.new_quantity]
            if lots or not is_snapshot:
                sides[side].append((line.grid.ticks[level.price_level], lots))
        bids, asks = map(tuple, sides)
        if is_snapshot:
            return [BookSnapshot(line.book_id, stamp_ns, number, bids, asks)]
        if event.type != "update":
            raise InputError(f"found the type {event.type[:20]!r}, allowed are snapshot and update")
        if not line.is_whole:
            self.counts["updates_without_book"] += 1
            return []
        return [BookDelta(line.book_id, stamp_ns, number, bids, asks)]

    def _on_trade(
        self, trade_id: int, trade: _Trade, is_snapshot: bool, newest: dict[str, int]
    ) -> list[Update]:
        """One trade; a snapshot is of those just before. `newest` takes what was seen."""
        line = self._lines.get(trade.product_id)
        if line is None:
            self.counts["products_unknown"] += 1
            return []
        if trade.side not in ("BUY", "SELL"):
            raise InputError(f"found the side {trade.side[:20]!r}, allowed are BUY and SELL")
        if trade_id <= newest.get(trade.product_id, line.trade_id):
            self.counts["trade_repeats"] += 1
            return []
        newest[trade.product_id] = trade_id
        if is_snapshot and line.trade_id < 0:
            self.counts["trades_before"] += 1
            return []
        side = Side.BUY if trade.side == "BUY" else Side.SELL
        return [
            Print(
                line.book_id,
                ns_of(trade.time),
                trade_id,
                line.grid.ticks[trade.price],
                line.grid.traded_lots(trade.size),
                side.other if self._sides_are_makers else side,
            )
        ]

    # --- trouble --------------------------------------------------------------------------------

    def _refuse(self, why: str, now_ns: int) -> Step:
        """A message that can't be read is a missing one, and what the venue refuses is missing ever after."""
        self.counts["frames_refused"] += 1
        return self._give_up(f"a message: {why[:200]}", now_ns)

    def _give_up(self, reason: str, now_ns: int) -> Step:
        self._is_lost = True
        self.last_refusal = reason
        updates = self._lose(TroubleReason.GAP)
        return Step(updates, (Reopen(reason, self._backoff.next_wait_ns(now_ns)),))

    def _lose(self, reason: TroubleReason) -> list[Update]:
        for line in self._lines.values():
            line.is_whole = False
        return [BookTrouble(line.book_id, reason) for line in self._lines.values()]

    def _line_of(self, book_id: int) -> _Line:
        return next(line for line in self._lines.values() if line.book_id == book_id)


def _said(data: bytes) -> str:
    """The venue's own words, where it refuses what was asked for; empty for anything else."""
    try:
        said = _WORDS.decode(data)
    except DAMAGE:
        return ""
    return f"the venue says {said.type}: {said.message}"


def _numbered(trade: _Trade) -> tuple[int, _Trade]:
    """A trade with its number; `InputError` when it has none."""
    number = trade_number(trade.trade_id)
    if number is None:
        raise InputError(f"found the trade {trade.trade_id[:20]!r}, allowed is a number")
    return number, trade


def _number_of(numbered: tuple[int, _Trade]) -> int:
    return numbered[0]
