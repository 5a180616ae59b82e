"""Which venues can be recorded: their feeds, their addresses, and what a recording says about itself."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec

from bridge.feeds import Feed, FeedBook, Want
from bridge.feeds.binance import BinanceFeed
from bridge.feeds.ccxt_feed import CcxtLink, ccxt_exchange
from bridge.feeds.native import live_feed
from bridge.feeds.transport import Link, LinkConfig, Sink
from market.errors import InputError
from market.instruments import Instrument

INFO: Final = "rest:info"
"""The channel of what a venue says of its instruments: ticks, lots, filters."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording says about itself; no address, since one may hold a secret."""

    venue: str
    market: str
    symbols: tuple[str, ...]
    version: int = 1


def _nothing(_now_ns: int) -> Sequence[Want]:
    return ()


class VenueFeed(NamedTuple):
    """A feed that is ready to be recorded.

    Attributes:
        name: Venue, market and symbols.
        feed: Says what is to be asked for; None where nothing is, since ccxt asks by itself.
        about: What the recording says about itself.
        info_path: Where the venue describes its instruments, or empty.
        counts: What happened, by name.
        last_refusal: The newest thing that was refused, in words, or empty.
        link: Keeps it connected to a sink.
        ask_all: Wishes for every book's snapshot, where the venue gives one at any time.
    """

    name: str
    feed: Feed | None
    about: bytes
    info_path: str
    counts: Mapping[str, int]
    last_refusal: Callable[[], str]
    link: Callable[[Sink], Link | CcxtLink]
    ask_all: Callable[[int], Sequence[Want]] = _nothing


class Hosts(NamedTuple):
    """Where a venue's market is; the path of its instruments takes symbols, each as `info_item`."""

    ws_url: str
    rest_url: str
    info_path: str
    info_item: str = ""
    info_join: str = ","

    def info_of(self, names: Sequence[str]) -> str:
        """The path of what the venue says of these symbols."""
        return self.info_path.format(self.info_join.join(map(self.info_item.format, names)))


HOSTS: Final = {
    ("binance", "spot"): Hosts(
        "wss://stream.binance.com:9443",
        "https://api.binance.com",
        "/api/v3/exchangeInfo?symbols=%5B{}%5D",
        "%22{}%22",
    ),
    ("binance", "usdm"): Hosts(
        "wss://fstream.binance.com", "https://fapi.binance.com", "/fapi/v1/exchangeInfo"
    ),
    ("coinbase", "spot"): Hosts(
        "wss://advanced-trade-ws.coinbase.com",
        "https://api.coinbase.com",
        "/api/v3/brokerage/market/products?{}",
        "product_ids={}",
        "&",
    ),
    ("kraken", "spot"): Hosts(
        "wss://ws.kraken.com", "https://api.kraken.com", "/0/public/AssetPairs?pair={}", "{}"
    ),
}
VENUES: Final = tuple(dict.fromkeys(venue for venue, _ in HOSTS))

_CCXT: Final = "ccxt:"
"""Before the name of an exchange, as ccxt writes it."""


def recorded_feed(
    venue: str,
    market: str,
    symbols: Sequence[str],
    *,
    ws_url: str | None = None,
    rest_url: str | None = None,
) -> VenueFeed:
    """A feed for who only records.

    Args:
        venue: Its name.
        market: Which of its markets.
        symbols: As people write them, such as BTC/USDT, or as the venue does.
        ws_url: Instead of the venue's own; without a path, the venue's is added.
        rest_url: Likewise.

    Raises:
        InputError: There is no such venue, market or symbol.
    """
    if venue.startswith(_CCXT):
        if ws_url is not None or rest_url is not None:
            raise InputError(f"url: found one for {venue}, allowed is none: ccxt has its own")
        return _recorded_ccxt(venue, symbols)
    if venue not in VENUES:
        allowed = ", ".join(VENUES)
        raise InputError(f"venue: found {venue!r}, allowed are {allowed}, {_CCXT}NAME")
    hosts = HOSTS.get((venue, market))
    if hosts is None:
        allowed = ", ".join(name for of, name in HOSTS if of == venue)
        raise InputError(f"market: found {market!r}, allowed on {venue} is {allowed}")
    names = tuple(venue_symbol(venue, symbol) for symbol in symbols)
    books = [FeedBook(number, _unknown(name)) for number, name in enumerate(names)]
    feed = live_feed(venue, market, books, ids_only=True)
    return VenueFeed(
        name=f"{venue}-{market}-{'-'.join(names)}".replace("/", "")[:100],
        feed=feed,
        about=msgspec.json.encode(About(venue=venue, market=market, symbols=names)),
        info_path=hosts.info_of(names),
        counts=feed.counts,
        last_refusal=lambda: feed.last_refusal,
        ask_all=feed.ask_all if isinstance(feed, BinanceFeed) else _nothing,
        link=partial(
            Link,
            LinkConfig(
                ws_url=(ws_url or hosts.ws_url).rstrip("/") + feed.ws_path,
                rest_url=(rest_url or hosts.rest_url).rstrip("/"),
            ),
        ),
    )


def _recorded_ccxt(venue: str, symbols: Sequence[str]) -> VenueFeed:
    """States of an exchange, as ccxt hands them out."""
    exchange = venue.removeprefix(_CCXT)
    names = tuple(symbol.upper() for symbol in symbols)
    for name in names:
        venue_symbol(venue, name.partition(":")[0])
    make = partial(ccxt_exchange, exchange)
    make()  # So that an exchange that is not there is said at once.
    return VenueFeed(
        name=f"ccxt-{exchange}-{'-'.join(names)}".replace("/", "").replace(":", "-")[:100],
        feed=None,
        about=msgspec.json.encode(About(venue=venue, market="ccxt", symbols=names)),
        info_path="",
        counts={},
        last_refusal=lambda: "",
        link=lambda sink: CcxtLink(make, names, sink),
    )


def venue_symbol(venue: str, text: str) -> str:
    """A symbol as a venue writes it, of one as people do: BTC/USDT.

    Raises:
        InputError: It is none.
    """
    parts = text.upper().split("/")
    plain = "".join(parts).replace("_", "").replace("-", "")
    if len(parts) > 2 or not all(parts) or not plain.isascii() or not plain.isalnum():
        raise InputError(f"symbol: found {text[:40]!r}, allowed is one such as BTC/USDT")
    return {"binance": "", "coinbase": "-"}.get(venue, "/").join(parts)


def _unknown(symbol: str) -> Instrument:
    """An instrument whose grids nobody looks at."""
    return Instrument(
        symbol=symbol, venue="-", currency="-", price_units_per_currency=1, tick_units=1
    )
