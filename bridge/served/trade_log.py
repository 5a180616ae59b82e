"""What has traded of a symbol so far: the newest trades, and bars of any interval.

Model: trades are counted into bars of a second and of a minute; any other bar is made of these when it is
asked for. A bar's time is the time that the exchange showed when its trades were sent.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from bridge.served.errors import INVALID_INTERVAL, ApiError
from bridge.served.frames import Quote, Traded
from bridge.served.symbols import SCALE, text_of

KEPT: Final = 1_000
SECONDS_KEPT: Final = 86_400
MINUTES_KEPT: Final = 10_080
SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
AVERAGE_MINUTES: Final = 5
INTERVAL_MS: Final = {
    "1s": 1_000, "1m": 60_000, "3m": 180_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000,
    "1h": 3_600_000, "2h": 7_200_000, "4h": 14_400_000, "6h": 21_600_000, "8h": 28_800_000,
    "12h": 43_200_000, "1d": 86_400_000, "3d": 259_200_000, "1w": 604_800_000,
}  # fmt: skip


class Bar:
    """One bar, in hundred-millionths; `worth` in their squares."""

    __slots__ = ("close", "count", "first_id", "high", "low", "open", "qty", "taken", "worth",
                 "worth_taken")  # fmt: skip

    def __init__(self, price: int, first_id: int) -> None:
        self.open = self.high = self.low = self.close = price
        self.qty = self.worth = self.taken = self.worth_taken = self.count = 0
        self.first_id = first_id

    def add(self, price: int, qty: int, *, taken: bool) -> None:
        """Count a trade; `taken` says that a buy came to a sell."""
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.qty += qty
        self.worth += price * qty
        self.taken += qty * taken
        self.worth_taken += price * qty * taken
        self.count += 1

    def join(self, later: "Bar") -> None:
        """Append the bar behind this one."""
        self.high, self.low = max(self.high, later.high), min(self.low, later.low)
        self.close = later.close
        self.qty += later.qty
        self.worth += later.worth
        self.taken += later.taken
        self.worth_taken += later.worth_taken
        self.count += later.count


class TradeLog:
    """Trades of one symbol."""

    def __init__(self) -> None:
        self._newest: deque[tuple[Traded, int]] = deque(maxlen=KEPT)
        self._seconds: dict[int, Bar] = {}
        self._minutes: dict[int, Bar] = {}

    def add(self, trade: Traded, now_ms: int) -> None:
        """Count a trade that was sent now."""
        self._newest.append((trade, now_ms))
        price, qty = _scaled(trade.price), _scaled(trade.qty)
        for bars, number, kept in (
            (self._seconds, now_ms // SECOND_MS, SECONDS_KEPT),
            (self._minutes, now_ms // MINUTE_MS, MINUTES_KEPT),
        ):
            bar = bars.get(number)
            if bar is None:
                bar = bars[number] = Bar(price, trade.trade_id)
                if len(bars) > kept:
                    del bars[next(iter(bars))]
            bar.add(price, qty, taken=not trade.buyer_is_maker)

    @property
    def last(self) -> Traded | None:
        """The newest trade."""
        return self._newest[-1][0] if self._newest else None

    def recent(self, count: int) -> list[dict[str, Any]]:
        """The newest trades, as `trades` has them."""
        return [
            {
                "id": trade.trade_id,
                "price": trade.price,
                "qty": trade.qty,
                "quoteQty": _worth(_scaled(trade.price) * _scaled(trade.qty)),
                "time": time_ms,
                "isBuyerMaker": trade.buyer_is_maker,
                "isBestMatch": True,
            }
            for trade, time_ms in self._tail(count)
        ]

    def aggregates(self, count: int) -> list[dict[str, Any]]:
        """The same, as `aggTrades` has them: each trade an aggregate of one."""
        return [
            {
                "a": trade.trade_id,
                "p": trade.price,
                "q": trade.qty,
                "f": trade.trade_id,
                "l": trade.trade_id,
                "T": time_ms,
                "m": trade.buyer_is_maker,
                "M": True,
            }
            for trade, time_ms in self._tail(count)
        ]

    def _tail(self, count: int) -> list[tuple[Traded, int]]:
        return list(islice(self._newest, max(len(self._newest) - count, 0), None))

    def bars(self, interval: str, count: int, start_ms: int, end_ms: int) -> list[list[Any]]:
        """Bars as `klines` has them, oldest first.

        Raises:
            ApiError: There is no such interval.
        """
        length_ms = INTERVAL_MS.get(interval)
        if length_ms is None:
            raise ApiError(*INVALID_INTERVAL)
        is_long = length_ms % MINUTE_MS == 0
        bars, unit_ms = (self._minutes, MINUTE_MS) if is_long else (self._seconds, SECOND_MS)
        made: dict[int, list[Bar]] = {}
        for number in bars if start_ms else reversed(bars):
            open_ms = number * unit_ms // length_ms * length_ms
            if not start_ms <= open_ms <= end_ms:
                continue
            if open_ms not in made and len(made) == count:
                break
            made.setdefault(open_ms, []).append(bars[number])
        if not start_ms:
            made = {open_ms: made[open_ms][::-1] for open_ms in reversed(made)}
        return [_kline(open_ms, length_ms, _joined(parts)) for open_ms, parts in made.items()]

    def _since(self, start_ms: int) -> Bar | None:
        """Everything from a time on, by the second; whole minutes where they are whole."""
        first = -(-start_ms // SECOND_MS)
        minute = -(-start_ms // MINUTE_MS)
        parts = [
            bar
            for second in range(first, minute * MINUTE_MS // SECOND_MS)
            if (bar := self._seconds.get(second)) is not None
        ]
        newest = []
        for number in reversed(self._minutes):
            if number < minute:
                break
            newest.append(self._minutes[number])
        parts += reversed(newest)
        return _joined(parts) if parts else None

    def average(self, price: str, now_ms: int) -> dict[str, Any]:
        """The average of the last minutes, as `avgPrice` has it; `price` where none was traded."""
        bar = self._since(now_ms - AVERAGE_MINUTES * MINUTE_MS)
        if bar is not None and bar.qty:
            price = text_of(bar.worth // bar.qty)
        closed_ms = self._newest[-1][1] if self._newest else now_ms
        return {"mins": AVERAGE_MINUTES, "price": price, "closeTime": closed_ms}

    def day(self, symbol: str, quote: Quote, now_ms: int) -> dict[str, Any]:
        """The last day, as `ticker/24hr` has it."""
        day = self._since(now_ms - DAY_MS + 1) or Bar(0, -1)
        change, last = day.close - day.open, self.last
        percent = change * 100_000 // day.open if day.open else 0
        return {
            "symbol": symbol,
            "priceChange": text_of(change),
            "priceChangePercent": f"{'-' if percent < 0 else ''}{abs(percent) // 1_000}."
            f"{abs(percent) % 1_000:03d}",
            "weightedAvgPrice": text_of(day.worth // day.qty if day.qty else 0),
            "prevClosePrice": text_of(day.open),
            "lastPrice": text_of(day.close),
            "lastQty": last.qty if last else text_of(0),
            "bidPrice": quote.bid,
            "bidQty": quote.bid_qty,
            "askPrice": quote.ask,
            "askQty": quote.ask_qty,
            "openPrice": text_of(day.open),
            "highPrice": text_of(day.high),
            "lowPrice": text_of(day.low),
            "volume": text_of(day.qty),
            "quoteVolume": _worth(day.worth),
            "openTime": now_ms - DAY_MS,
            "closeTime": now_ms,
            "firstId": day.first_id,
            "lastId": last.trade_id if last else -1,
            "count": day.count,
        }


def _joined(bars: Sequence[Bar]) -> Bar:
    """Bars one behind the other as one."""
    whole = Bar(bars[0].open, bars[0].first_id)
    for bar in bars:
        whole.join(bar)
    return whole


def _kline(open_ms: int, length_ms: int, bar: Bar) -> list[Any]:
    return [
        open_ms,
        text_of(bar.open),
        text_of(bar.high),
        text_of(bar.low),
        text_of(bar.close),
        text_of(bar.qty),
        open_ms + length_ms - 1,
        _worth(bar.worth),
        bar.count,
        text_of(bar.taken),
        _worth(bar.worth_taken),
        "0",
    ]


def _scaled(text: str) -> int:
    """A price or quantity in hundred-millionths."""
    whole, _, rest = text.partition(".")
    return int(whole) * SCALE + int(rest.ljust(8, "0")[:8] or "0")


def _worth(product: int) -> str:
    """A product of two numbers of hundred-millionths."""
    return text_of(product // SCALE)
