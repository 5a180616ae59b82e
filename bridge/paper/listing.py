"""What a venue says of its instruments before a session: grids, least amounts, and how far away it is.

Binance's `exchangeInfo` is read here; what it does not say is refused, not guessed.
"""

import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import msgspec

from market.errors import InputError
from market.instruments import SCALE_MAX, Instrument
from market.units import DURATION_NS

INFO_PATH: Final = {"binance": "/api/v3/exchangeInfo", "binance-usdm": "/fapi/v1/exchangeInfo"}
PING_PATH: Final = {"binance": "/api/v3/ping", "binance-usdm": "/fapi/v1/ping"}
WS_URL: Final = {
    "binance": "wss://stream.binance.com:9443",
    "binance-usdm": "wss://fstream.binance.com",
}
REST_URL: Final = {
    "binance": "https://api.binance.com",
    "binance-usdm": "https://fapi.binance.com",
}
PINGS: Final = 20
INTERVAL_NS: Final = {
    "SECOND": DURATION_NS["s"],
    "MINUTE": DURATION_NS["m"],
    "HOUR": DURATION_NS["h"],
    "DAY": DURATION_NS["d"],
}
BODY_BYTES_MAX: Final = 64 << 20
TIMEOUT_S: Final = 10.0


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an order must keep to, beside the grids; 0 where the venue says nothing.

    Attributes:
        lots_min: Least quantity.
        lots_max: Largest.
        notional_min: Least worth in price unit × lot.
    """

    lots_min: int = 1
    lots_max: int = 0
    notional_min: int = 0


class OrderLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many new orders in a stretch of time, by account."""

    count: int
    window_ns: int


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument as its venue describes it."""

    instrument: Instrument
    terms: Terms


class _Symbol(msgspec.Struct, kw_only=True):
    symbol: str
    status: str = "TRADING"
    quote: str = msgspec.field(name="quoteAsset")
    filters: list[dict[str, object]] = []


class _Limit(msgspec.Struct, kw_only=True):
    kind: str = msgspec.field(name="rateLimitType", default="")
    interval: str = ""
    count: int = msgspec.field(name="intervalNum", default=1)
    limit: int = 0


class _Info(msgspec.Struct):
    symbols: list[_Symbol]
    limits: list[_Limit] = msgspec.field(name="rateLimits", default_factory=list)


def listed(body: bytes, symbols: Sequence[str], venue: str) -> list[Listed]:
    """Instruments out of `exchangeInfo`.

    Args:
        body: The venue's answer.
        symbols: Wanted, in this order.
        venue: The name that the instruments' venue is to have.

    Raises:
        InputError: A symbol is not there, does not trade, or its grids are not said.
    """
    info = _read(body)
    by_name = {one.symbol: one for one in info.symbols}
    found = []
    for name in symbols:
        one = by_name.get(name)
        if one is None:
            some = ", ".join(sorted(by_name)[:12])
            raise InputError(f"symbol: found {name!r}, allowed are those of the venue: {some} …")
        if one.status != "TRADING":
            raise InputError(f"symbol {name}: found status {one.status!r}, allowed is 'TRADING'")
        found.append(_listed(one, venue))
    return found


def order_limits(body: bytes) -> tuple[OrderLimit, ...]:
    """How many orders a venue takes, out of `exchangeInfo`.

    Raises:
        InputError: A limit's stretch of time is none of those known.
    """
    found = []
    for one in _read(body).limits:
        if one.kind != "ORDERS":
            continue
        if one.interval not in INTERVAL_NS or one.limit < 1 or one.count < 1:
            raise InputError(
                f"exchangeInfo: found {one.limit} orders in {one.count} {one.interval!r}, allowed are "
                f"numbers above 0 of {', '.join(INTERVAL_NS)}"
            )
        found.append(OrderLimit(count=one.limit, window_ns=one.count * INTERVAL_NS[one.interval]))
    return tuple(found)


def _read(body: bytes) -> _Info:
    try:
        return msgspec.json.decode(body, type=_Info)
    except msgspec.MsgspecError as error:
        raise InputError(f"exchangeInfo: found {body[:60]!r} ({error})") from None


def _listed(one: _Symbol, venue: str) -> Listed:
    filters = {str(each.get("filterType")): each for each in one.filters}
    tick = _number(one.symbol, filters, "PRICE_FILTER", "tickSize")
    step = _number(one.symbol, filters, "LOT_SIZE", "stepSize")
    if tick <= 0 or step <= 0:
        raise InputError(f"symbol {one.symbol}: found no tickSize or stepSize, allowed is both")
    instrument = Instrument(
        symbol=one.symbol,
        venue=venue,
        currency=one.quote,
        price_units_per_currency=tick.denominator,
        tick_units=tick.numerator,
        lot_num=step.numerator,
        lot_den=step.denominator,
    )
    unit = Fraction(1, instrument.price_units_per_currency) * step
    least = Fraction(0)
    for kind, key in (("NOTIONAL", "minNotional"), ("MIN_NOTIONAL", "minNotional")):
        if kind in filters and key in filters[kind]:
            least = max(least, _number(one.symbol, filters, kind, key))
    most = _number(one.symbol, filters, "LOT_SIZE", "maxQty") / step
    return Listed(
        instrument=instrument,
        terms=Terms(
            lots_min=max(1, -(-_number(one.symbol, filters, "LOT_SIZE", "minQty") // step)),
            lots_max=min(int(most), SCALE_MAX),
            notional_min=int(-(-least // unit)),
        ),
    )


def _number(symbol: str, filters: dict[str, dict[str, object]], kind: str, key: str) -> Fraction:
    """A number of a filter, exactly.

    Raises:
        InputError: It is not there, or no number.
    """
    text = filters.get(kind, {}).get(key)
    try:
        return Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"symbol {symbol}: found {kind}.{key} {text!r}, allowed is a decimal number"
        ) from None


async def describe(
    venue: str, rest_url: str, symbols: Sequence[str]
) -> tuple[list[Listed], tuple[OrderLimit, ...], tuple[int, ...]]:
    """Ask a venue for its instruments, and how long it takes to be heard.

    Returns:
        Instruments in the order of `symbols`, limits on orders, and round trips of empty requests on one connection,
        in ns; the first, which opens it, is not among them.

    Raises:
        InputError: The venue does not answer, or not so.
    """
    try:
        import aiohttp
    except ImportError as error:
        raise InputError(
            f"live feeds: found no {error.name}, allowed with: pip install market-twin[live]"
        ) from error
    url = rest_url + INFO_PATH[venue]
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http:
            async with http.get(url, params=_asked(symbols)) as answer:
                body = await answer.content.read(BODY_BYTES_MAX)
                if answer.status != 200:
                    raise InputError(f"{url}: found HTTP {answer.status}, {body[:120]!r}")
                body += await answer.read()
            trips = []
            for _ in range(PINGS):
                began_ns = time.perf_counter_ns()
                async with http.get(rest_url + PING_PATH[venue]) as answer:
                    await answer.read()
                trips.append(time.perf_counter_ns() - began_ns)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise InputError(f"{url}: {type(error).__name__}: {error}"[:300]) from None
    return listed(body, symbols, venue.upper()), order_limits(body), tuple(trips)


def _asked(symbols: Sequence[str]) -> dict[str, str]:
    """Ask for no more than is wanted."""
    if len(symbols) == 1:
        return {"symbol": symbols[0]}
    return {"symbols": msgspec.json.encode(list(symbols)).decode()}
