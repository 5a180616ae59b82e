"""Asking a venue: where it is, what it says, and how long it takes to be heard."""

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from bridge.paper.listing import binance, coinbase, kraken
from bridge.paper.listing.terms import Listed, OrderLimit
from market.errors import InputError

PINGS: Final = 20
BODY_BYTES_MAX: Final = 64 << 20
TIMEOUT_S: Final = 10.0

Read = Callable[[bytes, Sequence[str], str], list[Listed]]


class Place(NamedTuple):
    """Where a venue is, and how it describes itself.

    Attributes:
        ws_url: Of its market data, without the path.
        rest_url: Of REST.
        info_path: What it says of instruments.
        ping_path: The least that it answers.
        ask: Turns symbols into the query of `info_path`.
        read: Reads the answer.
    """

    ws_url: str
    rest_url: str
    info_path: str
    ping_path: str
    ask: Callable[[Sequence[str]], list[tuple[str, str]]]
    read: Read


def _ask_binance(symbols: Sequence[str]) -> list[tuple[str, str]]:
    if len(symbols) == 1:
        return [("symbol", symbols[0])]
    return [("symbols", msgspec.json.encode(list(symbols)).decode())]


def _ask_nothing(_symbols: Sequence[str]) -> list[tuple[str, str]]:
    return []


def _ask_coinbase(symbols: Sequence[str]) -> list[tuple[str, str]]:
    return [("product_ids", one) for one in symbols]


def _ask_kraken(symbols: Sequence[str]) -> list[tuple[str, str]]:
    return [("pair", ",".join(symbols))]


PLACES: Final = {
    "binance": Place(
        "wss://stream.binance.com:9443",
        "https://api.binance.com",
        "/api/v3/exchangeInfo",
        "/api/v3/ping",
        _ask_binance,
        binance.listed,
    ),
    "binance-usdm": Place(
        "wss://fstream.binance.com",
        "https://fapi.binance.com",
        "/fapi/v1/exchangeInfo",
        "/fapi/v1/ping",
        _ask_nothing,
        binance.listed,
    ),
    "coinbase": Place(
        "wss://advanced-trade-ws.coinbase.com",
        "https://api.coinbase.com",
        "/api/v3/brokerage/market/products",
        "/api/v3/brokerage/time",
        _ask_coinbase,
        coinbase.listed,
    ),
    "kraken": Place(
        "wss://ws.kraken.com",
        "https://api.kraken.com",
        "/0/public/AssetPairs",
        "/0/public/Time",
        _ask_kraken,
        kraken.listed,
    ),
}


class Described(NamedTuple):
    """What a venue has said.

    Attributes:
        listed: Instruments, in the order of the symbols.
        limits: On new orders, where the venue says any.
        round_trips_ns: Of the least requests on one connection; the first, which opens it, is not there.
    """

    listed: list[Listed]
    limits: tuple[OrderLimit, ...]
    round_trips_ns: tuple[int, ...]


async def describe(venue: str, rest_url: str, symbols: Sequence[str]) -> Described:
    """Ask a venue for its instruments, and how long it takes to be heard.

    Raises:
        InputError: The venue does not answer, or not so.
    """
    try:
        import aiohttp
    except ImportError as error:
        raise InputError(
            f"live feeds: found no {error.name}, allowed with: pip install market-twin[live]"
        ) from error
    place = PLACES[venue]
    url = rest_url + place.info_path
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    trips = []
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http:
            async with http.get(url, params=place.ask(symbols)) as answer:
                body = b""
                async for piece in answer.content.iter_chunked(1 << 16):
                    body += piece
                    if len(body) > BODY_BYTES_MAX:
                        raise InputError(f"{url}: found over {BODY_BYTES_MAX} bytes")
                if answer.status != 200:
                    raise InputError(f"{url}: found HTTP {answer.status}, {body[:120]!r}")
            for _ in range(PINGS):
                began_ns = time.perf_counter_ns()
                async with http.get(rest_url + place.ping_path) as answer:
                    await answer.read()
                trips.append(time.perf_counter_ns() - began_ns)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise InputError(f"{url}: {type(error).__name__}: {error}"[:300]) from None
    listed = place.read(body, symbols, venue.upper())
    limits = binance.order_limits(body) if venue.startswith("binance") else ()
    return Described(listed, limits, tuple(trips))
