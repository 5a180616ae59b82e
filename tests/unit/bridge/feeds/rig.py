"""A session of a feed against a pretended venue: wishes are granted, updates rebuild a plain book."""

import msgspec

from bridge.feeds import DOWN, UP, Feed, Fetch, Reopen, Send, drive
from market.instruments import Instrument
from market.live import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    BookTrouble,
    Print,
    TroubleReason,
    Update,
)

Entry = tuple[str, bytes]
Book = tuple[dict[int, int], dict[int, int]]

SECOND_NS = 1_000_000_000
START_NS = 1_700_000_000 * SECOND_NS


def instrument(symbol: str = "BTCUSDT", units: int = 100, lots: int = 1_000) -> Instrument:
    return Instrument(
        symbol=symbol,
        venue="TEST",
        currency="USD",
        price_units_per_currency=units,
        tick_units=1,
        lot_den=lots,
    )


class Rebuild:
    """Books made of updates alone, as any consumer would; holds a feed to the rules of `market.live`."""

    def __init__(self) -> None:
        self.books: dict[int, Book] = {}
        self.trouble: dict[int, TroubleReason] = {}
        self.prints: list[Print] = []
        self.quotes: list[BestQuote] = []
        self.troubles: list[TroubleReason] = []

    def apply(self, update: Update) -> None:
        if isinstance(update, BookSnapshot):
            assert all(lots > 0 for _, lots in (*update.bids, *update.asks))
            self.books[update.book_id] = (dict(update.bids), dict(update.asks))
            self.trouble.pop(update.book_id, None)
        elif isinstance(update, BookDelta):
            reason = self.trouble.get(update.book_id)
            assert reason in (None, TroubleReason.STALE), "a delta continued a book in trouble"
            self.trouble.pop(update.book_id, None)
            for levels, changes in zip(
                self.books[update.book_id], (update.bids, update.asks), strict=True
            ):
                for price_ticks, lots in changes:
                    if lots:
                        levels[price_ticks] = lots
                    else:
                        levels.pop(price_ticks, None)
        elif isinstance(update, BookTrouble):
            self.troubles.append(update.reason)
            if not (update.reason == TroubleReason.STALE and update.book_id in self.trouble):
                self.trouble[update.book_id] = update.reason
        elif isinstance(update, Print):
            self.prints.append(update)
        else:
            self.quotes.append(update)


class Session:
    """Drives a feed by entries, keeps what it said, and holds its wishes until they are granted."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.now_ns = START_NS
        self.rebuild = Rebuild()
        self.entries: list[tuple[int, str, bytes]] = []
        self.updates: list[Update] = []
        self.sent: list[bytes] = []
        self.fetches: list[tuple[int, Fetch]] = []
        self.reopens: list[Reopen] = []

    def tell(self, channel: str, data: bytes = b"", *, after_ns: int = 1_000_000) -> list[Update]:
        self.now_ns += after_ns
        self.entries.append((self.now_ns, channel, data))
        step = drive(self.feed, channel, data, self.now_ns)
        for update in step.updates:
            self.rebuild.apply(update)
        self.updates += step.updates
        for want in step.wants:
            if isinstance(want, Send):
                self.sent.append(want.data)
            elif isinstance(want, Fetch):
                assert want.after_ns >= 0
                self.fetches.append((self.now_ns + want.after_ns, want))
            else:
                self.reopens.append(want)
        if channel == DOWN:
            self.fetches.clear()
        return list(step.updates)

    def up(self) -> None:
        self.tell(UP)

    def due(self) -> Fetch:
        """The next fetch, once its time has come."""
        due_ns, fetch = self.fetches.pop(0)
        self.now_ns = max(self.now_ns, due_ns)
        return fetch


def dumps(value: object) -> bytes:
    return msgspec.json.encode(value)
