"""Frames from a running market: what its books show, as Binance would say it.

Model: every update is a diff of its own on `@depth@0ms`, at the instant at which it happened and in
the order of the books; on `@depth@100ms` what changed is gathered in windows of 100 ms of the market's
time, the newest quantity of each level counting. `u` is the update's number, and `U` follows the `u`
before it on the same stream.
"""

from typing import Final

from bridge.served.frames import DEPTH_FORMS, RAW_DEPTH, Frame, Snapshot, Traded, agg_trade
from bridge.served.port import ServedMarket
from bridge.served.symbols import Symbol
from market.codes import Side
from market.live import BestQuote, BookDelta, Print

MS: Final = 1_000_000
WINDOW_NS: Final = 100 * MS


class _Gathered:
    """What has changed in a window."""

    def __init__(self) -> None:
        self.levels: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.last_seq = 0
        self.sent_seq = 0
        self.raw_seq = 0


class SimulatedFeed:
    """The frames of a market (`bridge.served.frames.MarketFeed`).

    Args:
        market: What runs behind.
        symbols: Its symbols, by book.
    """

    def __init__(self, market: ServedMarket, symbols: list[Symbol]) -> None:
        self._market = market
        self._symbols = symbols
        self._gathered = [_Gathered() for _ in symbols]
        self._window_ns = market.start_ns + WINDOW_NS

    @property
    def is_over(self) -> bool:
        """Whether no more will come."""
        return self._market.now_ns >= self._market.end_ns

    def take(self, until_ns: int) -> list[Frame]:
        """Frames of before `until_ns` that have not been taken yet, in order."""
        made: list[Frame] = []
        for update in self._market.updates():
            if isinstance(update, BookDelta):
                self._close(update.venue_ns, made)
                made.append(self._delta(update))
            elif isinstance(update, Print):
                self._close(update.venue_ns, made)
                made += self._trade(update)
            elif isinstance(update, BestQuote):
                made.append(self._quote(update))
        self._close(until_ns - 1, made)
        return made

    def _close(self, now_ns: int, made: list[Frame]) -> None:
        """End the windows that `now_ns` is not in any more."""
        if now_ns < self._window_ns:
            return
        for symbol, gathered in zip(self._symbols, self._gathered, strict=True):
            if gathered.last_seq > gathered.sent_seq:
                names = tuple(f"{symbol.name.lower()}@{form}" for form in DEPTH_FORMS)
                first, gathered.sent_seq = gathered.sent_seq + 1, gathered.last_seq
                sides = tuple(tuple(side.items()) for side in gathered.levels)
                ids = first, gathered.last_seq
                made.append(_depth(symbol, names, self._window_ns, ids, sides))
                gathered.levels = {}, {}
        self._window_ns += (now_ns - self._window_ns) // WINDOW_NS * WINDOW_NS + WINDOW_NS

    def _delta(self, update: BookDelta) -> Frame:
        symbol, gathered = self._symbols[update.book_id], self._gathered[update.book_id]
        for side, levels in zip(gathered.levels, (update.bids, update.asks), strict=True):
            side.update(levels)
        ids = gathered.raw_seq + 1, update.seq
        gathered.raw_seq = gathered.last_seq = update.seq
        names = (f"{symbol.name.lower()}@{RAW_DEPTH}",)
        return _depth(symbol, names, update.venue_ns, ids, (update.bids, update.asks))

    def _trade(self, update: Print) -> list[Frame]:
        symbol = self._symbols[update.book_id]
        price, qty = symbol.price_text(update.price_ticks), symbol.qty_text(update.qty_lots)
        traded = Traded(update.trade_id, price, qty, update.aggressor is Side.SELL)
        pieces = (
            b'{"e":"trade","E":',
            f',"s":"{symbol.name}","t":{update.trade_id},"p":"{price}","q":"{qty}","T":'.encode(),
            b',"m":%b,"M":true}' % (b"true" if traded.buyer_is_maker else b"false"),
        )
        names = (f"{symbol.name.lower()}@trade",)
        frame = _frame(names, update.venue_ns, pieces)._replace(traded=traded)
        return [frame, agg_trade(symbol.name, traded, update.venue_ns)]

    def _quote(self, update: BestQuote) -> Frame:
        symbol = self._symbols[update.book_id]
        text = (
            f'{{"u":{update.seq},"s":"{symbol.name}",'
            f'"b":"{symbol.price_text(update.bid_ticks)}","B":"{symbol.qty_text(update.bid_lots)}",'
            f'"a":"{symbol.price_text(update.ask_ticks)}","A":"{symbol.qty_text(update.ask_lots)}"}}'
        )
        return _frame((f"{symbol.name.lower()}@bookTicker",), update.venue_ns, (text.encode(),))

    def depth(self, symbol: Symbol, count: int) -> Snapshot:
        """A book after the newest update."""
        seq, bids, asks = self._market.depth(symbol.book_id, count)
        return Snapshot(seq, _texts(symbol, tuple(bids)), _texts(symbol, tuple(asks)))


def _texts(symbol: Symbol, levels: tuple[tuple[int, int], ...]) -> list[tuple[str, str]]:
    """Levels as text."""
    return [(symbol.price_text(price), symbol.qty_text(lots)) for price, lots in levels]


def _depth(
    symbol: Symbol,
    names: tuple[str, ...],
    source_ns: int,
    ids: tuple[int, int],
    sides: tuple[tuple[tuple[int, int], ...], ...],
) -> Frame:
    """A diff."""
    bids, asks = (
        ",".join(f'["{price}","{qty}"]' for price, qty in _texts(symbol, side)) for side in sides
    )
    pieces = (
        b'{"e":"depthUpdate","E":',
        f',"s":"{symbol.name}","U":{ids[0]},"u":{ids[1]},"b":[{bids}],"a":[{asks}]}}'.encode(),
    )
    return _frame(names, source_ns, pieces)


def _frame(names: tuple[str, ...], source_ns: int, pieces: tuple[bytes, ...]) -> Frame:
    whole = str(source_ns // MS).encode().join(pieces)
    return Frame(names, source_ns, pieces, whole)
