"""Asking a venue: where it is, what it says, and how long it takes to be heard."""

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from bridge.paper.listing import binance, coinbase, kraken
from bridge.paper.listing.terms import Listed, OrderLimit
from bridge.venues import HOSTS, Hosts
from market.errors import InputError

PINGS: Final = 20
BODY_BYTES_MAX: Final = 64 << 20
TIMEOUT_S: Final = 10.0

Read = Callable[[bytes, Sequence[str], str], list[Listed]]


class Place(NamedTuple):
    """A venue's market, and how it describes itself.

    Attributes:
        venue: Key of `bridge.venues.HOSTS`.
        market: Likewise.
        ping_path: The least that it answers.
        read: Reads what it says of instruments.
    """

    venue: str
    market: str
    ping_path: str
    read: Read

    @property
    def hosts(self) -> Hosts:
        """Where it is."""
        return HOSTS[self.venue, self.market]


PLACES: Final = {
    "binance": Place("binance", "spot", "/api/v3/ping", binance.listed),
    "binance-usdm": Place("binance", "usdm", "/fapi/v1/ping", binance.listed),
    "coinbase": Place("coinbase", "spot", "/api/v3/brokerage/time", coinbase.listed),
    "kraken": Place("kraken", "spot", "/0/public/Time", kraken.listed),
}
"""What a session can follow, by the name that `--venue` takes."""


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
        from yarl import URL
    except ImportError as error:
        raise InputError(
            f"live feeds: found no {error.name}, allowed with: pip install market-twin[live]"
        ) from error
    place = PLACES[venue]
    url = rest_url + place.hosts.info_of(symbols)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    trips = []
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http:
            async with http.get(URL(url, encoded=True)) as answer:
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
