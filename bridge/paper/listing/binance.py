"""Binance's `exchangeInfo`, spot and USD-M."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import msgspec

from bridge.paper.listing.terms import Listed, OrderLimit, listed_as, number
from market.errors import InputError
from market.units import DURATION_NS

INTERVAL_NS: Final = {
    "SECOND": DURATION_NS["s"],
    "MINUTE": DURATION_NS["m"],
    "HOUR": DURATION_NS["h"],
    "DAY": DURATION_NS["d"],
}
WORTH: Final = (
    ("NOTIONAL", "minNotional"),
    ("MIN_NOTIONAL", "minNotional"),
    ("MIN_NOTIONAL", "notional"),
)
"""Where the least worth stands; USD-M writes it otherwise."""


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
    by_name = {one.symbol: one for one in _read(body).symbols}
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
    """How many orders the venue takes.

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
    sizes = filters.get("LOT_SIZE", {})
    worth = max(
        (
            number(one.symbol, filters[kind], key)
            for kind, key in WORTH
            if key in filters.get(kind, {})
        ),
        default=Fraction(0),
    )
    return listed_as(
        one.symbol,
        venue,
        one.quote,
        tick=number(one.symbol, filters.get("PRICE_FILTER", {}), "tickSize"),
        step=number(one.symbol, sizes, "stepSize"),
        least=number(one.symbol, sizes, "minQty"),
        most=number(one.symbol, sizes, "maxQty"),
        worth=worth,
    )
