"""The exchange without its sockets: one market, its frames, its accounts, and what it knows of both.

Model: whoever has the wall clock says how far the market's time has come (`advance`), sends the frames
that this brings forth, and lets requests in between. Nothing here waits, and nothing here knows what time
it is but what `advance` was told last.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from bridge.served.accounts import Account
from bridge.served.floor import Floor, UserEvent
from bridge.served.frames import Frame, MarketFeed, Quote
from bridge.served.port import ServedMarket
from bridge.served.simulated import SimulatedFeed
from bridge.served.symbols import symbols_of, text_of
from bridge.served.trade_log import TradeLog
from market.errors import InputError
from market.instruments import Instrument

QUOTE_PLENTY: Final = Fraction(1_000_000)
BASE_PLENTY: Final = Fraction(1_000)
FAR_NS: Final = 1 << 62
NOTHING: Final = text_of(0)


class Exchange:
    """What runs behind the server.

    Args:
        market: Where orders trade.
        accounts: Balances to begin with, by API key; the keys in the order of the market's members.
        feed: Where frames come from; None for what the market itself shows.
        source_stamps: Whether messages bear the source's time instead of the moment of sending.
        futures: Whether it is USD-M's market data that is served: nobody trades there.

    Attributes:
        frames_made: Messages that the source has had so far.
        shown_ns: The source's time of the newest of them, which is that of the book.
    """

    def __init__(
        self,
        market: ServedMarket,
        accounts: Mapping[str, Mapping[str, Fraction]],
        feed: MarketFeed | None = None,
        *,
        source_stamps: bool = False,
        futures: bool = False,
    ) -> None:
        self.market = market
        self.symbols = symbols_of(market.instruments)
        self.source_stamps = source_stamps
        self.futures = futures
        self.wall_ms = 0
        self.accounts = {
            key: Account(key, member, balances)
            for member, (key, balances) in enumerate(accounts.items())
        }
        self.feed = feed or SimulatedFeed(market, list(self.symbols.values()))
        self.floor = Floor(market, self.symbols, list(self.accounts.values()), lambda: self.time_ms)
        self.logs = {name: TradeLog() for name in self.symbols}
        self.frames_made = 0
        self.shown_ns = market.start_ns

    @property
    def time_ms(self) -> int:
        """What time the exchange puts on what it says."""
        return self.market.now_ns // 1_000_000 if self.source_stamps else self.wall_ms

    def advance(self, until_ns: int, wall_ms: int) -> list[Frame]:
        """Let everything before `until_ns` happen; the frames of it, in order."""
        self.wall_ms = wall_ms
        self.market.advance(until_ns)
        self.floor.hear()
        # What a recording has behind its last row about the book belongs to its last instant.
        frames = self.feed.take(FAR_NS if until_ns >= self.market.end_ns else until_ns)
        for frame in frames:
            if frame.traded is not None and frame.names[0].endswith("@trade"):
                symbol = frame.names[0].partition("@")[0].upper()
                stamp_ms = frame.source_ns // 1_000_000 if self.source_stamps else wall_ms
                if symbol in self.logs:
                    self.logs[symbol].add(frame.traded, stamp_ms)
        if frames:
            self.shown_ns = frames[-1].source_ns
        self.frames_made += len(frames)
        return frames

    def rendered(self, frame: Frame) -> bytes:
        """A frame as it goes out now."""
        return frame.sourced() if self.source_stamps else frame.stamped(self.wall_ms)

    def events(self) -> Sequence[UserEvent]:
        """What accounts are to be told, each once."""
        taken, self.floor.events = self.floor.events, []
        return taken

    def quote(self, name: str) -> Quote:
        """The best prices of a symbol."""
        book = self.feed.depth(self.symbols[name], 1)
        bid, bid_qty = book.bids[0] if book.bids else (NOTHING, NOTHING)
        ask, ask_qty = book.asks[0] if book.asks else (NOTHING, NOTHING)
        return Quote(bid, bid_qty, ask, ask_qty)


def read_balances(texts: Sequence[str], instruments: Sequence[Instrument]) -> dict[str, Fraction]:
    """Balances written as `ASSET=AMOUNT`; without any, plenty of everything that is traded.

    Raises:
        InputError: One is written otherwise.
    """
    if not texts:
        symbols = symbols_of(instruments).values()
        quotes = dict.fromkeys((one.quote for one in symbols), QUOTE_PLENTY)
        return {**dict.fromkeys((one.base for one in symbols), BASE_PLENTY), **quotes}
    found: dict[str, Fraction] = {}
    for text in texts:
        asset, _, amount = text.partition("=")
        whole = amount.replace(".", "", 1)
        if not asset.isalnum() or not whole.isascii() or not whole.isdecimal():
            raise InputError(f"balance: found {text[:40]!r}, allowed is such as USDT=100000")
        found[asset.upper()] = Fraction(amount)
    return found
