"""Streams that tell of trades in sum: `@ticker`, `@miniTicker` and `@kline_INTERVAL`, once a second.

Model: nothing is kept for them. Once a second of the wall clock the server asks for those that somebody
follows, and they are made from what has traded by then. A bar is said to be closed when a later one has
begun.

Limits: sums begin with the service, not a day before; a symbol that has not traded yet says nothing.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from bridge.served.exchange import Exchange
from bridge.served.trade_log import INTERVAL_MS

PERIOD_MS: Final = 1_000

TICKER: Final = {
    "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice", "x": "prevClosePrice",
    "c": "lastPrice", "Q": "lastQty", "b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty",
    "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume",
    "O": "openTime", "C": "closeTime", "F": "firstId", "L": "lastId", "n": "count",
}  # fmt: skip
MINI: Final = ("c", "o", "h", "l", "v", "q")


def rolling(exchange: Exchange, followed: Iterable[str]) -> list[tuple[str, bytes]]:
    """What the followed streams of this kind say now: name and JSON of each."""
    said = []
    for name in followed:
        lower, _, form = name.partition("@")
        symbol = lower.upper()
        log = exchange.logs.get(symbol)
        if log is None or log.last is None:
            continue
        message = None
        if form in ("ticker", "miniTicker"):
            message = _ticker(exchange, symbol, mini=form == "miniTicker")
        elif form.startswith("kline_") and form.removeprefix("kline_") in INTERVAL_MS:
            message = _kline(exchange, symbol, form.removeprefix("kline_"))
        if message is not None:
            said.append((name, msgspec.json.encode(message)))
    return said


def _ticker(exchange: Exchange, symbol: str, *, mini: bool) -> dict[str, Any]:
    """The last day of a symbol."""
    day = exchange.logs[symbol].day(symbol, exchange.quote(symbol), exchange.time_ms)
    fields = {key: day[word] for key, word in TICKER.items()}
    event = "24hrMiniTicker" if mini else "24hrTicker"
    head = {"e": event, "E": exchange.time_ms, "s": symbol}
    return {**head, **({key: fields[key] for key in MINI} if mini else fields)}


def _kline(exchange: Exchange, symbol: str, interval: str) -> dict[str, Any] | None:
    """The newest bar of a symbol."""
    bars = exchange.logs[symbol].bars(interval, 1, 0, exchange.time_ms)
    if not bars:
        return None
    opened, start, high, low, close, volume, ends, worth, count, taken, worth_taken, _ = bars[-1]
    bar = {
        "t": opened, "T": ends, "s": symbol, "i": interval, "f": -1, "L": -1, "o": start,
        "c": close, "h": high, "l": low, "v": volume, "n": count, "x": exchange.time_ms > ends,
        "q": worth, "V": taken, "Q": worth_taken, "B": "0",
    }  # fmt: skip
    return {"e": "kline", "E": exchange.time_ms, "s": symbol, "k": bar}
