"""Which venues can be recorded: their feeds, their addresses, and what a recording says about itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from bridge.feeds import Feed, FeedBook
from bridge.feeds.binance import BinanceFeed
from bridge.feeds.transport import LinkConfig
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


class VenueFeed(NamedTuple):
    """A feed that is ready to be run."""

    name: str
    feed: Feed
    link: LinkConfig
    about: bytes
    info_path: str
    counts: Mapping[str, int]
    last_refusal: Callable[[], str]


class _Hosts(NamedTuple):
    """Where a venue's market is; the path of its instruments takes symbols in quotes."""

    ws_url: str
    rest_url: str
    info_path: str


_BINANCE: Final = {
    "spot": _Hosts(
        "wss://stream.binance.com:9443",
        "https://api.binance.com",
        "/api/v3/exchangeInfo?symbols=%5B{}%5D",
    ),
    "usdm": _Hosts(
        "wss://fstream.binance.com", "https://fapi.binance.com", "/fapi/v1/exchangeInfo"
    ),
}


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
    if venue != "binance":
        raise InputError(f"venue: found {venue!r}, allowed is binance")
    if market not in _BINANCE:
        raise InputError(f"market: found {market!r}, allowed are {', '.join(_BINANCE)}")
    hosts = _BINANCE[market]
    names = tuple(_binance_symbol(symbol) for symbol in symbols)
    books = [FeedBook(number, _unknown(name)) for number, name in enumerate(names)]
    feed = BinanceFeed(books, market, ids_only=True)
    about = About(venue=venue, market=market, symbols=names)
    return VenueFeed(
        name=f"{venue}-{market}-{'-'.join(names)}"[:100],
        feed=feed,
        link=LinkConfig(
            ws_url=(ws_url or hosts.ws_url).rstrip("/") + feed.ws_path,
            rest_url=(rest_url or hosts.rest_url).rstrip("/"),
        ),
        about=msgspec.json.encode(about),
        info_path=hosts.info_path.format(",".join(f"%22{name}%22" for name in names)),
        counts=feed.counts,
        last_refusal=lambda: feed.last_refusal,
    )


def _binance_symbol(text: str) -> str:
    symbol = text.replace("/", "").upper()
    if not symbol.isascii() or not symbol.replace("_", "").isalnum():
        raise InputError(f"symbol: found {text[:40]!r}, allowed is one such as BTC/USDT")
    return symbol


def _unknown(symbol: str) -> Instrument:
    """An instrument whose grids nobody looks at."""
    return Instrument(
        symbol=symbol, venue="-", currency="-", price_units_per_currency=1, tick_units=1
    )
