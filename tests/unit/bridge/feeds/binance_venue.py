"""A pretended Binance: one truth, from which diffs, snapshots, tickers and trades are made."""

from bridge.feeds import FeedBook, Fetch
from bridge.feeds.binance import BinanceFeed
from tests.unit.bridge.feeds.rig import Book, Entry, Session, dumps, instrument

MARKETS = ("spot", "usdm")

ACK: Entry = ("ws", b'{"result":null,"id":1}')


class BinanceVenue:
    """One symbol's book; each change is one update id, each diff covers those since the last diff."""

    def __init__(self, *, futures: bool = False, symbol: str = "BTCUSDT") -> None:
        self.futures = futures
        self.symbol = symbol
        self.book: Book = (
            {99_00 - i: 10 + i for i in range(5)},
            {101_00 + i: 20 + i for i in range(5)},
        )
        self.last_id = 1_000
        self.sent_id = 1_000
        self.trade_id = 0
        self.stamp_ms = 1_700_000_000_000
        self._changed: dict[tuple[int, int], int] = {}

    def change(self, side: int, price_ticks: int, lots: int) -> None:
        self.last_id += 1
        if lots:
            self.book[side][price_ticks] = lots
        else:
            self.book[side].pop(price_ticks, None)
        self._changed[side, price_ticks] = lots

    def diff(self, **changed: object) -> Entry:
        """The changes since the last diff, as a frame."""
        self.stamp_ms += 100
        data: dict[str, object] = {
            "e": "depthUpdate", "E": self.stamp_ms, "s": self.symbol,
            "U": self.sent_id + 1, "u": self.last_id,
        }  # fmt: skip
        if self.futures:
            data |= {"T": self.stamp_ms - 1, "pu": self.sent_id}
        for name, side in (("b", 0), ("a", 1)):
            data[name] = [
                [price_text(price), qty_text(lots)]
                for (at, price), lots in self._changed.items()
                if at == side
            ]
        self._changed.clear()
        self.sent_id = self.last_id
        return self._stream("depth@100ms", data | changed)

    def snapshot(self) -> bytes:
        sides = [
            [[price_text(price), qty_text(lots)] for price, lots in sorted(levels.items())]
            for levels in self.book
        ]
        body: dict[str, object] = {
            "lastUpdateId": self.last_id, "bids": sides[0][::-1], "asks": sides[1],
        }  # fmt: skip
        if self.futures:
            body |= {"E": self.stamp_ms, "T": self.stamp_ms}
        return dumps(body)

    def ticker(self) -> Entry:
        bid, ask = max(self.book[0]), min(self.book[1])
        data: dict[str, object] = {
            "u": self.last_id, "s": self.symbol,
            "b": price_text(bid), "B": qty_text(self.book[0][bid]),
            "a": price_text(ask), "A": qty_text(self.book[1][ask]),
        }  # fmt: skip
        if self.futures:
            data |= {"e": "bookTicker", "E": self.stamp_ms, "T": self.stamp_ms}
        return self._stream("bookTicker", data)

    def trade(self, *, buyer_is_maker: bool = False, **changed: object) -> Entry:
        self.trade_id += 1
        data: dict[str, object] = {
            "e": "trade", "E": self.stamp_ms, "T": self.stamp_ms - 1, "s": self.symbol,
            "t": self.trade_id, "p": "100.01", "q": "0.007", "m": buyer_is_maker,
        }  # fmt: skip
        return self._stream("trade", data | changed)

    def answer(self, fetch: Fetch) -> Entry:
        assert fetch.channel == f"rest:depth:{self.symbol}"
        assert f"symbol={self.symbol}&" in fetch.path
        return fetch.channel, self.snapshot()

    def _stream(self, name: str, data: dict[str, object]) -> Entry:
        return "ws", dumps({"stream": f"{self.symbol.lower()}@{name}", "data": data})


def connect(market: str) -> tuple[Session, BinanceVenue]:
    """A feed of one book, and the venue that it hears."""
    feed = BinanceFeed([FeedBook(0, instrument())], market)
    return Session(feed), BinanceVenue(futures=market == "usdm")


def feed_of(session: Session) -> BinanceFeed:
    assert isinstance(session.feed, BinanceFeed)
    return session.feed


def begin(session: Session, venue: BinanceVenue) -> None:
    """Up to a whole book."""
    session.up()
    session.tell(*ACK)
    first_diff(session, venue)
    session.tell(*venue.answer(session.due()))


def first_diff(session: Session, venue: BinanceVenue) -> None:
    """The diff that begins a stream, and asks for the snapshot; it changes nothing."""
    price_ticks, lots = next(iter(venue.book[0].items()))
    venue.change(0, price_ticks, lots)
    session.tell(*venue.diff())


def price_text(ticks: int) -> str:
    return f"{ticks // 100}.{ticks % 100:02d}000000"


def qty_text(lots: int) -> str:
    return f"{lots // 1000}.{lots % 1000:03d}00000"
