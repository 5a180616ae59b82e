"""What can be asked of the exchange, whether by REST or by its websocket API.

Model: a request has a name, parameters as text, and for what is somebody's an account. Each answer is
plain data for JSON; a refusal is an `ApiError`.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from bridge.served import signing
from bridge.served.accounts import Account
from bridge.served.errors import INVALID_KEY, KEY_FORMAT, ApiError
from bridge.served.exchange import Exchange
from bridge.served.floor import ORDERS_MAX
from bridge.served.order_forms import need, whole_of
from bridge.served.shapes import account_info, looked_up, own_trade, rate_text
from bridge.served.symbols import Symbol, symbol_of, text_of_fraction
from bridge.served.trade_log import TradeLog

MOST: Final = 1_000
DEPTH_MOST: Final = 5_000
FAR_MS: Final = 1 << 50

Params = Mapping[str, str]


class Api:
    """The exchange's requests.

    Args:
        exchange: Whose.
        secret: What every account's requests are signed with.
    """

    def __init__(self, exchange: Exchange, secret: str) -> None:
        self.futures = exchange.futures
        self._exchange = exchange
        self._secret = secret
        floor = exchange.floor
        self.public: dict[str, Callable[[Params], Any]] = {
            "ping": lambda _: {},
            "time": lambda _: {"serverTime": self.wall_ms},
            "exchangeInfo": self._exchange_info,
            "depth": self._depth,
            "trades": lambda p: self._log(p).recent(whole_of(p, "limit", 500, MOST)),
            "historicalTrades": lambda p: self._log(p).recent(whole_of(p, "limit", 500, MOST)),
            "aggTrades": lambda p: self._log(p).aggregates(whole_of(p, "limit", 500, MOST)),
            "klines": self._klines,
            "avgPrice": self._average,
            "ticker/24hr": lambda p: self._each(p, self._day),
            "ticker/price": lambda p: self._each(p, self._price),
            "ticker/bookTicker": lambda p: self._each(p, self._quote),
        }
        self.private: dict[str, Callable[[Account, Params], Any]] = {
            "account": self._account,
            "openOrders": self._open_orders,
            "allOrders": self._all_orders,
            "myTrades": self._my_trades,
            "order.place": floor.place,
            "order.test": lambda account, p: floor.place(account, p, test=True),
            "order.cancel": floor.cancel,
            "order.status": floor.status,
            "openOrders.cancel": floor.cancel_all,
            "tradeFee": self._trade_fee,
            "coins": self._coins,
            "account/commission": self._commission,
        }

    @property
    def wall_ms(self) -> int:
        """What time it is, by the clock that requests are judged by."""
        return self._exchange.wall_ms

    # --- who asks ---------------------------------------------------------------------------------

    def account_of(self, key: str) -> Account:
        """The account of an API key.

        Raises:
            ApiError: There is none.
        """
        if not key:
            raise ApiError(*KEY_FORMAT)
        account = self._exchange.accounts.get(key)
        if account is None:
            raise ApiError(*INVALID_KEY)
        return account

    def check(self, text: str, params: Params) -> None:
        """Hold a request's signature over `text`, and its age, against what they must be.

        Raises:
            ApiError: They are not.
        """
        signature = need(params, "signature")
        signing.check_age(params, self._exchange.wall_ms)
        signing.check_signature(self._secret, text, signature)

    # --- what everybody may ask -------------------------------------------------------------------

    def _symbol(self, params: Params) -> Symbol:
        return symbol_of(self._exchange.symbols, need(params, "symbol"))

    def _log(self, params: Params) -> TradeLog:
        return self._exchange.logs[self._symbol(params).name]

    def _exchange_info(self, params: Params) -> Any:
        symbols = [self._exchange.symbols[name] for name in self._names(params)]
        return {
            "timezone": "UTC",
            "serverTime": self._exchange.wall_ms,
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
                 "limit": 6_000},
                {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10,
                 "limit": ORDERS_MAX},
                {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000},
            ],
            "exchangeFilters": [],
            "symbols": [symbol.info(futures=self.futures) for symbol in symbols],
        }  # fmt: skip

    def _names(self, params: Params) -> list[str]:
        """The symbols that a request names: one, a JSON list of them, or none for all."""
        if params.get("symbol"):
            return [self._symbol(params).name]
        listed = params.get("symbols", "").strip("[]")
        if not listed:
            return list(self._exchange.symbols)
        names = [one.strip().strip('"') for one in listed.split(",")]
        return [symbol_of(self._exchange.symbols, name).name for name in names]

    def _each(self, params: Params, answer: Callable[[str], Any]) -> Any:
        """One answer for a symbol that was named, and a list for any other wish."""
        names = self._names(params)
        return answer(names[0]) if params.get("symbol") else [answer(name) for name in names]

    def _depth(self, params: Params) -> Any:
        symbol = self._symbol(params)
        book = self._exchange.feed.depth(symbol, whole_of(params, "limit", 100, DEPTH_MOST))
        answer: dict[str, Any] = {
            "lastUpdateId": book.last_id,
            "bids": [list(level) for level in book.bids],
            "asks": [list(level) for level in book.asks],
        }
        if self.futures:
            answer["E"] = answer["T"] = self._exchange.time_ms
        if self._exchange.source_stamps:
            answer["ns"] = self._exchange.shown_ns
        return answer

    def _klines(self, params: Params) -> Any:
        log, interval = self._log(params), need(params, "interval")
        count = whole_of(params, "limit", 500, MOST)
        start_ms = whole_of(params, "startTime", 0, FAR_MS)
        return log.bars(interval, count, start_ms, whole_of(params, "endTime", FAR_MS, FAR_MS))

    def _average(self, params: Params) -> Any:
        name = self._symbol(params).name
        return self._exchange.logs[name].average(self._price(name)["price"], self._exchange.time_ms)

    def _day(self, name: str) -> Any:
        exchange = self._exchange
        return exchange.logs[name].day(name, exchange.quote(name), exchange.time_ms)

    def _price(self, name: str) -> Any:
        last = self._exchange.logs[name].last
        price = last.price if last else self._exchange.quote(name).bid
        return {"symbol": name, "price": price}

    def _quote(self, name: str) -> Any:
        quote = self._exchange.quote(name)
        return {
            "symbol": name,
            "bidPrice": quote.bid,
            "bidQty": quote.bid_qty,
            "askPrice": quote.ask,
            "askQty": quote.ask_qty,
        }

    # --- what only an account may ask -------------------------------------------------------------

    def _account(self, account: Account, params: Params) -> Any:
        omit_zero = params.get("omitZeroBalances", "").lower() == "true"
        exchange = self._exchange
        return account_info(account, exchange.floor.rates, exchange.time_ms, omit_zero=omit_zero)

    def _open_orders(self, account: Account, params: Params) -> Any:
        names = self._names(params)
        return [looked_up(one) for one in account.open.values() if one.symbol.name in names]

    def _all_orders(self, account: Account, params: Params) -> Any:
        symbol = self._symbol(params)
        first = whole_of(params, "orderId", 0, FAR_MS)
        mine = [
            order
            for order in account.orders.values()
            if order.symbol is symbol and order.order_id >= first
        ]
        count = whole_of(params, "limit", 500, MOST)
        return [looked_up(one) for one in (mine[:count] if first else mine[-count:])]

    def _my_trades(self, account: Account, params: Params) -> Any:
        symbol = self._symbol(params)
        only = whole_of(params, "orderId", 0, FAR_MS)
        first = whole_of(params, "fromId", 0, FAR_MS)
        start_ms = whole_of(params, "startTime", 0, FAR_MS)
        mine = sorted(
            (own_trade(order, fill) for order in account.orders.values()
             if order.symbol is symbol and only in (0, order.order_id)
             for fill in order.fills if fill.trade_id >= first and fill.time_ms >= start_ms),
            key=lambda one: one["id"],
        )  # fmt: skip
        count = whole_of(params, "limit", 500, MOST)
        return mine[:count] if first or start_ms else mine[-count:]

    def _trade_fee(self, _account: Account, params: Params) -> Any:
        rates = self._exchange.floor.rates
        return [
            {
                "symbol": name,
                "makerCommission": rate_text(rates[name].maker_ppm),
                "takerCommission": rate_text(rates[name].taker_ppm),
            }
            for name in self._names(params)
        ]

    def _coins(self, account: Account, _params: Params) -> Any:
        """Every asset; none can be sent anywhere."""
        rates = self._exchange.floor.rates
        assets = {one for symbol in self._exchange.symbols.values() for one in symbol.assets}
        return [
            {
                "coin": asset,
                "name": asset,
                "free": text_of_fraction(account.free(asset, rates)),
                "locked": text_of_fraction(account.locked(asset, rates)),
                "freeze": text_of_fraction(Fraction(0)),
                "depositAllEnable": False,
                "withdrawAllEnable": False,
                "trading": True,
                "isLegalMoney": False,
                "networkList": [],
            }
            for asset in sorted(assets | account.balances.keys())
        ]

    def _commission(self, _account: Account, params: Params) -> Any:
        name = self._symbol(params).name
        rates = self._exchange.floor.rates[name]
        zero = {"maker": rate_text(0), "taker": rate_text(0), "buyer": rate_text(0),
                "seller": rate_text(0)}  # fmt: skip
        standard = {
            **zero,
            "maker": rate_text(rates.maker_ppm),
            "taker": rate_text(rates.taker_ppm),
        }
        return {"symbol": name, "standardCommission": standard, "taxCommission": zero}
