"""Pretended venues that one table of cards can be played against, each with its own way of saying things."""

import zlib
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bridge.feeds import DOWN, FRAME, Feed, FeedBook
from bridge.feeds.backoff import LONGEST_NS
from bridge.feeds.binance import BinanceFeed
from bridge.feeds.ccxt_feed import BOOK, TRADES, CcxtFeed
from bridge.feeds.coinbase import CoinbaseFeed
from bridge.feeds.kraken import KrakenFeed
from tests.unit.bridge.feeds.binance_venue import BinanceVenue, begin, price_text, qty_text
from tests.unit.bridge.feeds.rig import Book, Entry, Session, dumps, instrument

OFF_TICK = "99.005"
HEAL_ROUNDS = 20


class Venue(Protocol):
    """What a card needs of a venue."""

    book: Book
    detects_gaps: bool

    def feed(self) -> Feed: ...

    def up(self, session: Session) -> None:
        """A new connection, up to a whole book."""

    def changed(self, side: int, price_ticks: int, lots: int) -> Entry:
        """A change of the book, as an entry."""

    def off_tick(self) -> Entry:
        """An entry about the book with a price off the grid."""

    def trade(self, side: str) -> Entry:
        """A trade whose taker bought or sold."""

    def heal(self, session: Session) -> None:
        """Grant what the feed wishes."""


class OnBinance:
    """The spot venue, or USD-M."""

    detects_gaps = True

    def __init__(self, market: str = "spot") -> None:
        self.market = market
        self.venue = BinanceVenue(futures=market == "usdm")
        self.book = self.venue.book

    def feed(self) -> Feed:
        return BinanceFeed([FeedBook(0, instrument())], self.market)

    def up(self, session: Session) -> None:
        begin(session, self.venue)

    def changed(self, side: int, price_ticks: int, lots: int) -> Entry:
        self.venue.change(side, price_ticks, lots)
        return self.venue.diff()

    def off_tick(self) -> Entry:
        self.venue.change(0, 99_00, 1)
        return self.venue.diff(b=[[OFF_TICK, "1"]])

    def trade(self, side: str) -> Entry:
        return self.venue.trade(buyer_is_maker=side == "sell")

    def heal(self, session: Session) -> None:
        if session.fetches:
            session.tell(*self.venue.answer(session.due()))


class Plain:
    """A book that starts with five levels a side, and times that go on."""

    detects_gaps = True

    def __init__(self) -> None:
        self.book: Book = (
            {99_00 - i: 10 + i for i in range(5)},
            {101_00 + i: 20 + i for i in range(5)},
        )
        self.trade_id = 0
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def put(self, side: int, price_ticks: int, lots: int) -> None:
        self.now += timedelta(milliseconds=10)
        if lots:
            self.book[side][price_ticks] = lots
        else:
            self.book[side].pop(price_ticks, None)

    def stamp(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")


class OnCoinbase(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.number = -1

    def feed(self) -> Feed:
        return CoinbaseFeed([FeedBook(0, instrument("BTC-USD"))])

    def up(self, session: Session) -> None:
        session.up()
        self.number = -1
        session.tell(*self._message("subscriptions", [{"subscriptions": {"level2": ["BTC-USD"]}}]))
        levels = [
            self._level(side, price, lots)
            for side, half in enumerate(self.book)
            for price, lots in half.items()
        ]
        session.tell(*self._message("l2_data", [self._event("snapshot", levels)]))
        session.tell(*self._message("market_trades", [{"type": "snapshot", "trades": []}]))

    def changed(self, side: int, price_ticks: int, lots: int) -> Entry:
        self.put(side, price_ticks, lots)
        levels = [self._level(side, price_ticks, lots)]
        return self._message("l2_data", [self._event("update", levels)])

    def off_tick(self) -> Entry:
        level = self._level(0, 99_00, 1) | {"price_level": OFF_TICK}
        return self._message("l2_data", [self._event("update", [level])])

    def trade(self, side: str) -> Entry:
        self.trade_id += 1
        trade = {
            "trade_id": str(self.trade_id), "product_id": "BTC-USD", "price": "100.01",
            "size": "0.007", "side": side.upper(), "time": self.stamp(),
        }  # fmt: skip
        return self._message("market_trades", [{"type": "update", "trades": [trade]}])

    def heal(self, session: Session) -> None:
        if session.reopens:
            session.now_ns += session.reopens.pop().after_ns
            session.tell(DOWN, b"reopen")
            self.up(session)

    def _message(self, channel: str, events: list[dict[str, object]]) -> Entry:
        self.number += 1
        return FRAME, dumps(
            {
                "channel": channel, "client_id": "", "timestamp": self.stamp(),
                "sequence_num": self.number, "events": events,
            }
        )  # fmt: skip

    def _event(self, kind: str, levels: list[dict[str, object]]) -> dict[str, object]:
        return {"type": kind, "product_id": "BTC-USD", "updates": levels}

    def _level(self, side: int, price: int, lots: int) -> dict[str, object]:
        return {
            "side": ("bid", "offer")[side], "event_time": "1970-01-01T00:00:00Z",
            "price_level": price_text(price), "new_quantity": qty_text(lots),
        }  # fmt: skip


class OnKraken(Plain):
    """Numbers as JSON numbers with all digits, which no encoder of ours writes."""

    def feed(self) -> Feed:
        return KrakenFeed([FeedBook(0, instrument("BTC/USD"))], depth=25)

    def up(self, session: Session) -> None:
        session.up()
        session.tell(FRAME, b'{"channel":"status","type":"update","data":[{"system":"online"}]}')
        session.tell(*self.answer(session))

    def answer(self, session: Session) -> Entry:
        session.sent.clear()
        session.tell(FRAME, b'{"method":"subscribe","success":true,"result":{"channel":"book"}}')
        levels = [(side, *level) for side, half in enumerate(self.book) for level in half.items()]
        return self._book("snapshot", levels)

    def changed(self, side: int, price_ticks: int, lots: int) -> Entry:
        self.put(side, price_ticks, lots)
        return self._book("update", [(side, price_ticks, lots)])

    def off_tick(self) -> Entry:
        channel, frame = self._book("update", [(0, 99_00, 1)])
        return channel, frame.replace(b'"price":99.00', b'"price":' + OFF_TICK.encode())

    def trade(self, side: str) -> Entry:
        self.trade_id += 1
        return FRAME, (
            f'{{"channel":"trade","type":"update","data":[{{"symbol":"BTC/USD","side":"{side}",'
            f'"price":100.01,"qty":0.00700000,"ord_type":"market","trade_id":{self.trade_id},'
            f'"timestamp":"{self.stamp()}"}}]}}'
        ).encode()

    def heal(self, session: Session) -> None:
        if not session.sent:
            session.tell(FRAME, b'{"channel":"heartbeat"}')
        if session.sent:
            assert [b"unsubscribe" in sent for sent in session.sent] == [True, False]
            session.tell(*self.answer(session))

    def checksum(self) -> int:
        asks = sorted(self.book[1].items())[:10]
        bids = sorted(self.book[0].items(), reverse=True)[:10]
        digits = (
            text.replace(".", "").lstrip("0")
            for price, lots in (*asks, *bids)
            for text in (price_text(price)[:-6], qty_text(lots))
        )
        return zlib.crc32("".join(digits).encode())

    def _book(self, kind: str, levels: list[tuple[int, int, int]]) -> Entry:
        sides = [
            ",".join(
                f'{{"price":{price_text(price)[:-6]},"qty":{qty_text(lots)}}}'
                for at, price, lots in levels
                if at == side
            )
            for side in (0, 1)
        ]
        return FRAME, (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"BTC/USD","bids":[{sides[0]}],'
            f'"asks":[{sides[1]}],"checksum":{self.checksum()},"timestamp":"{self.stamp()}"}}]}}'
        ).encode()


class OnCcxt(Plain):
    """States, each whole: a lost one is no gap, since the next says everything."""

    detects_gaps = False

    def feed(self) -> Feed:
        return CcxtFeed([FeedBook(0, instrument("BTC/USDT"))])

    def up(self, session: Session) -> None:
        session.up()
        session.tell(*self._state())

    def changed(self, side: int, price_ticks: int, lots: int) -> Entry:
        self.put(side, price_ticks, lots)
        return self._state()

    def off_tick(self) -> Entry:
        channel, data = self._state()
        return channel, data.replace(b"99.0,", b"99.005,")

    def trade(self, side: str) -> Entry:
        self.trade_id += 1
        trade = {
            "id": str(self.trade_id), "timestamp": 1_700_000_000_000, "price": 100.01,
            "amount": 0.007, "side": side,
        }  # fmt: skip
        return TRADES + "BTC/USDT", dumps([trade])

    def heal(self, session: Session) -> None:
        session.tell(*self._state())

    def _state(self) -> Entry:
        sides = [
            [[price / 100, lots / 1000] for price, lots in sorted(half.items())]
            for half in self.book
        ]
        state = {"bids": sides[0][::-1], "asks": sides[1], "timestamp": 1_700_000_000_000}
        return BOOK + "BTC/USDT", dumps(state)


VENUES = {
    "binance-spot": OnBinance,
    "binance-usdm": lambda: OnBinance("usdm"),
    "coinbase": OnCoinbase,
    "kraken": OnKraken,
    "ccxt": OnCcxt,
}


def play(venue: Venue) -> Session:
    """A session with a whole book."""
    session = Session(venue.feed())
    venue.up(session)
    assert session.rebuild.books[0] == venue.book
    return session


def heal(session: Session, venue: Venue) -> None:
    """Let changes come, and grant wishes, until the book is whole again."""
    for step in range(HEAL_ROUNDS):
        session.tell(*venue.changed(1, 105_00, 1 + step), after_ns=LONGEST_NS + 1)
        if not session.rebuild.trouble:
            return
        venue.heal(session)
    raise AssertionError(f"still in trouble: {session.rebuild.trouble}")
