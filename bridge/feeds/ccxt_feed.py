"""Any venue that ccxt knows, for breadth: a conflated feed of states, which may lose trades.

What it is not: ccxt keeps the book itself and hands out its newest state, so what happened between two
states is gone; under load it hands out few of them, and its cache of trades drops the oldest in a
burst. It checks what it checks (Binance's ids, but neither Kraken's checksum nor Coinbase's numbers).
Where a native feed is there, it is the better one; queue positions made of this are guesses.

Model: `CcxtLink` keeps a `ccxt.pro` exchange watching, and tells each state and each batch of trades as
JSON, in the order in which they came. `CcxtFeed` takes these, without I/O: the first state after a
beginning is a snapshot, each later one what changed since. So recordings and replays work as with
any other feed.

Channels: `ccxt:book:SYMBOL` and `ccxt:trades:SYMBOL`, with symbols as ccxt writes them.

Limits: ccxt's numbers are floats; the shortest decimal that gives one is what the venue wrote, up to 15
digits. `seq` counts states where the venue's number is not handed on. Trades without a number or a
side are counted and don't leave.
"""

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from bridge.feeds.base import DAMAGE, DOWN, NOTHING, QUIET, UP, FeedBook, Step
from bridge.feeds.clock_offset import Timed
from bridge.feeds.grid import Grid, lines_of, plain
from bridge.feeds.pauses import Pauses
from bridge.feeds.stamps import Id, Ms, trade_number
from bridge.feeds.transport import Sink, stopped
from market.codes import Side
from market.errors import InputError
from market.live import BookDelta, BookSnapshot, BookTrouble, Level, Print, TroubleReason, Update

BOOK: Final = "ccxt:book:"
TRADES: Final = "ccxt:trades:"

_S: Final = 1_000_000_000
_MS: Final = 1_000_000
_COUNTS: Final = (
    "states", "states_refused", "batches", "batches_refused", "trades", "trade_repeats",
    "trades_unnumbered", "entries_unknown",
)  # fmt: skip


class _State(msgspec.Struct, frozen=True, gc=False):
    """A book as ccxt keeps it."""

    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]
    timestamp: Ms | None = None
    nonce: Id | None = None


class _Trade(msgspec.Struct, frozen=True, gc=False):
    """A trade as ccxt says it."""

    price: Decimal
    amount: Decimal
    id: str | None = None
    side: str | None = None
    timestamp: Ms | None = None


_STATES: Final = msgspec.json.Decoder(_State)
_BATCHES: Final = msgspec.json.Decoder(list[_Trade])


class _Line:
    """One symbol."""

    def __init__(self, book: FeedBook) -> None:
        self.book_id: Final = book.book_id
        self.grid: Final = Grid(book.instrument)
        self.sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.is_whole = False
        self.seq = 0
        self.trade_id = -1


class CcxtFeed(Timed):
    """States and trades to updates, without I/O.

    Args:
        books: What to follow; symbols as ccxt writes them, such as BTC/USDT.

    Attributes:
        counts: What happened, by name.
        last_refusal: The newest thing that was refused, in words, or empty.
    """

    def __init__(self, books: Sequence[FeedBook]) -> None:
        self.counts: Final = dict.fromkeys(_COUNTS, 0)
        self.last_refusal = ""
        self._lines: Final = lines_of(books, _Line)
        super().__init__()

    def opened(self, now_ns: int) -> Step:
        """Nothing is to be asked for: the link watches by itself."""
        del now_ns
        return NOTHING

    def closed(self, now_ns: int) -> Step:
        """No book can be believed."""
        del now_ns
        updates: list[Update] = []
        for line in self._lines.values():
            line.is_whole = False
            updates.append(BookTrouble(line.book_id, TroubleReason.DOWN))
        return Step(updates, ())

    def take(self, channel: str, data: bytes, now_ns: int) -> Step:
        """Take a state, a batch of trades, or a silence."""
        if channel == QUIET:
            whole = [line for line in self._lines.values() if line.is_whole]
            return Step([BookTrouble(line.book_id, TroubleReason.STALE) for line in whole], ())
        is_book = channel.startswith(BOOK)
        line = self._lines.get(channel.removeprefix(BOOK if is_book else TRADES))
        if line is None:
            self.counts["entries_unknown"] += 1
            return NOTHING
        try:
            if is_book:
                return Step(self._on_state(line, data, now_ns), ())
            return Step(self._on_trades(line, data), ())
        except (*DAMAGE, InputError) as error:
            self.counts["states_refused" if is_book else "batches_refused"] += 1
            self.last_refusal = f"{channel}: {str(error)[:200]}"
            if not is_book:
                return NOTHING
            line.is_whole = False
            return Step((BookTrouble(line.book_id, TroubleReason.GAP),), ())

    def _on_state(self, line: _Line, data: bytes, now_ns: int) -> list[Update]:
        state = _STATES.decode(data)
        sides = _levels(line.grid, state.bids), _levels(line.grid, state.asks)
        before, line.sides = line.sides, sides
        self.counts["states"] += 1
        stamp_ns = (state.timestamp or 0) * _MS
        if stamp_ns:
            self.clock.see(now_ns, stamp_ns)
        line.seq = line.seq + 1 if state.nonce is None else state.nonce
        if line.is_whole:
            bids, asks = _changes(before[0], sides[0]), _changes(before[1], sides[1])
            return [BookDelta(line.book_id, stamp_ns, line.seq, bids, asks)]
        line.is_whole = True
        levels = tuple(sides[0].items()), tuple(sides[1].items())
        return [BookSnapshot(line.book_id, stamp_ns, line.seq, *levels)]

    def _on_trades(self, line: _Line, data: bytes) -> list[Update]:
        updates: list[Update] = []
        newest = line.trade_id
        numbered: list[tuple[int, _Trade]] = []
        for trade in _BATCHES.decode(data):
            number = trade_number(trade.id or "")
            if number is None or trade.side not in ("buy", "sell"):
                self.counts["trades_unnumbered"] += 1
            else:
                numbered.append((number, trade))
        for trade_id, trade in sorted(numbered, key=lambda pair: pair[0]):
            if trade_id <= newest:
                self.counts["trade_repeats"] += 1
                continue
            newest = trade_id
            updates.append(
                Print(
                    line.book_id,
                    (trade.timestamp or 0) * _MS,
                    trade_id,
                    line.grid.ticks[plain(trade.price)],
                    line.grid.traded_lots(plain(trade.amount)),
                    Side.BUY if trade.side == "buy" else Side.SELL,
                )
            )
        line.trade_id = newest
        self.counts["batches"] += 1
        self.counts["trades"] += len(updates)
        return updates


def _levels(grid: Grid, levels: Sequence[tuple[Decimal, Decimal]]) -> dict[int, int]:
    made = {}
    for price, qty in levels:
        lots = grid.lots[plain(qty)]
        if lots:
            made[grid.ticks[plain(price)]] = lots
    return made


def _changes(before: dict[int, int], after: dict[int, int]) -> tuple[Level, ...]:
    """What makes one side of a book of another: removals first."""
    gone = [(price_ticks, 0) for price_ticks in before if price_ticks not in after]
    new = [level for level in after.items() if before.get(level[0]) != level[1]]
    return (*gone, *new)


class CcxtLink:
    """Keeps an exchange of ccxt watching, and tells what it hands out.

    Args:
        make: Makes an exchange; a new one for every connection.
        symbols: As ccxt writes them.
        sink: Takes everything that happens; its wishes are not granted, since ccxt asks by itself.
        depth: Levels of each side.
        quiet_ns: Silence after which the sink is told.
        pauses: Between connections.

    Attributes:
        connect_count: Exchanges that were made.
        frame_count: States and batches told.
        quiet_count: Silences told.
        fetch_failures: None: ccxt does its fetches by itself.
        last_trouble: Why the newest connection ended, or empty.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        symbols: Sequence[str],
        sink: Sink,
        *,
        depth: int = 100,
        quiet_ns: int = 10 * _S,
        pauses: Pauses | None = None,
    ) -> None:
        self.connect_count = self.frame_count = self.quiet_count = self.fetch_failures = 0
        self.last_trouble = ""
        self._make: Final = make
        self._symbols: Final = tuple(symbols)
        self._sink: Final = sink
        self._depth: Final = depth
        self._quiet_s: Final = quiet_ns / _S
        self._pauses: Final = pauses or Pauses(_S // 2, 60 * _S, 250_000)
        self._heard_s = 0.0
        self._told_quiet = False
        self._sink_error: Exception | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Keep watching until asked to stop; what the sink raises ends it."""
        loop = asyncio.get_running_loop()
        while not stop.is_set() and not await stopped(stop, self._pauses.next_ns()):
            exchange = self._make()
            self.connect_count += 1
            self._heard_s = began_s = loop.time()
            self._told_quiet = False
            self._sink(UP, b"")
            works = [self._watch_quiet(), *self._watching(exchange)]
            tasks = [asyncio.create_task(work) for work in works]
            ending = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait({*tasks, ending}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _cancel([*tasks, ending])
                unclosed = await _close(exchange)
            if self._sink_error is not None:
                raise self._sink_error
            errors = [task.exception() for task in tasks if not task.cancelled()]
            trouble = next((error for error in errors if error is not None), None)
            self.last_trouble = _words(trouble) if trouble is not None else unclosed or "stopped"
            self._sink(DOWN, self.last_trouble.encode())
            if loop.time() - began_s > 60:
                self._pauses.reset()

    def _watching(self, exchange: Any) -> list[Any]:
        """The work of a connection: every book and every trade."""
        works = []
        for symbol in self._symbols:
            works.append(self._watch_book(exchange, symbol))
            works.append(self._watch_trades(exchange, symbol))
        return works

    async def _watch_book(self, exchange: Any, symbol: str) -> None:
        while True:
            book = await exchange.watch_order_book(symbol, self._depth)
            state = {
                "bids": [level[:2] for level in book["bids"][: self._depth]],
                "asks": [level[:2] for level in book["asks"][: self._depth]],
                "timestamp": book.get("timestamp"),
                "nonce": book.get("nonce"),
            }
            self._tell(BOOK + symbol, state)

    async def _watch_trades(self, exchange: Any, symbol: str) -> None:
        names = ("id", "timestamp", "price", "amount", "side")
        while True:
            trades = await exchange.watch_trades(symbol)
            self._tell(TRADES + symbol, [{name: one.get(name) for name in names} for one in trades])

    async def _watch_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            silent_s = loop.time() - self._heard_s
            if silent_s >= self._quiet_s and not self._told_quiet:
                self.quiet_count += 1
                self._give(QUIET, b"")
                self._told_quiet = True
            await asyncio.sleep(max(0.001, self._quiet_s - silent_s, self._quiet_s / 4))

    def _tell(self, channel: str, value: object) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        self._told_quiet = False
        self.frame_count += 1
        self._give(channel, msgspec.json.encode(value))

    def _give(self, channel: str, data: bytes) -> None:
        """Tell the sink; what it raises is told from what ccxt raises."""
        try:
            self._sink(channel, data)
        except Exception as error:
            self._sink_error = error
            raise


def ccxt_exchange(name: str, options: dict[str, Any] | None = None) -> Any:
    """A `ccxt.pro` exchange without any key.

    Raises:
        InputError: ccxt is not installed, knows no such exchange, or was given a key.
    """
    try:
        import ccxt.pro as pro
    except ImportError as error:
        raise InputError(
            f"ccxt: found no {error.name}, allowed with: pip install market-twin[ccxt]"
        ) from error
    if name not in pro.exchanges:
        raise InputError(
            f"ccxt: found the exchange {name[:40]!r}, allowed is one that ccxt.pro knows"
        )
    given = options or {}
    if secret := {"apiKey", "secret", "password", "privateKey", "token"} & set(given):
        raise InputError(f"ccxt: found {', '.join(sorted(secret))}, allowed is market data only")
    return getattr(pro, name)({"enableRateLimit": True, "newUpdates": True, **given})


async def _cancel(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _close(exchange: Any) -> str:
    """Close an exchange; what was in the way, or nothing."""
    try:
        await exchange.close()
    except Exception as error:  # noqa: BLE001 whatever ccxt raises is told as the link's trouble
        return f"closing: {_words(error)}"
    return ""


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
