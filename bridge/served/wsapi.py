"""One connection of the websocket API without its socket: requests in, answers and user data out.

Every request may be signed by itself; one that is logged on needs no key and no signature any more.
User data is subscribed to here, with a signature or after a logon: there is no listen key.
"""

from typing import Any, Final

import msgspec

from bridge.served.accounts import Account
from bridge.served.api import Api
from bridge.served.errors import BAD_REQUEST, NO_METHOD, ApiError
from bridge.served.floor import UserEvent
from bridge.served.signing import sorted_text

PUBLIC: Final = {
    "ping": "ping",
    "time": "time",
    "exchangeInfo": "exchangeInfo",
    "depth": "depth",
    "trades.recent": "trades",
    "trades.aggregate": "aggTrades",
    "klines": "klines",
    "avgPrice": "avgPrice",
    "ticker.24hr": "ticker/24hr",
    "ticker.price": "ticker/price",
    "ticker.book": "ticker/bookTicker",
}
SIGNED: Final = {
    "order.place": "order.place",
    "order.test": "order.test",
    "order.cancel": "order.cancel",
    "order.status": "order.status",
    "openOrders.status": "openOrders",
    "openOrders.cancelAll": "openOrders.cancel",
    "account.status": "account",
    "account.commission": "account/commission",
    "allOrders": "allOrders",
    "myTrades": "myTrades",
}
RATE_LIMITS: Final = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6_000,
     "count": 1}
]  # fmt: skip


class WsApiSession:
    """One connection.

    Args:
        api: What answers.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._account: Account | None = None
        self._connected_ms = api.wall_ms
        self._authorized_ms: int | None = None
        self._subscribed: dict[str, int] = {}
        self._next = 0

    def take(self, text: str | bytes) -> bytes:
        """Answer one request."""
        number: object = None
        try:
            try:
                request = msgspec.json.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                raise ApiError(*BAD_REQUEST) from None
            if not isinstance(request, dict) or not isinstance(request.get("method"), str):
                raise ApiError(*BAD_REQUEST)
            number = request.get("id")
            params = request.get("params") or {}
            if not isinstance(params, dict):
                raise ApiError(*BAD_REQUEST)
            result = self._found(request["method"], params)
        except ApiError as error:
            answer = {
                "id": number,
                "status": error.status,
                "error": {"code": error.code, "msg": error.message},
                "rateLimits": RATE_LIMITS,
            }
            return msgspec.json.encode(answer)
        answer = {"id": number, "status": 200, "result": result, "rateLimits": RATE_LIMITS}
        return msgspec.json.encode(answer)

    def events(self, event: UserEvent) -> list[bytes]:
        """An event as this connection is told of it: once for each subscription to its account."""
        number = self._subscribed.get(event.key)
        if number is None:
            return []
        return [msgspec.json.encode({"subscriptionId": number, "event": event.event})]

    def _found(self, method: str, params: dict[str, Any]) -> Any:
        plain = {name: _text(value) for name, value in params.items() if value is not None}
        if method in PUBLIC:
            return self._api.public[PUBLIC[method]](plain)
        if method in SIGNED:
            return self._api.private[SIGNED[method]](self._who(params, plain), plain)
        if method == "session.logon":
            self._account = self._signer(params, plain)
            self._authorized_ms = self._api.wall_ms
            return self._session()
        if method == "session.status":
            return self._session()
        if method == "session.logout":
            self._account = self._authorized_ms = None
            return self._session()
        if method in ("userDataStream.subscribe", "userDataStream.subscribe.signature"):
            return self._subscribe(self._who(params, plain))
        if method == "userDataStream.unsubscribe":
            self._unsubscribe(plain.get("subscriptionId", ""))
            return {}
        raise ApiError(*NO_METHOD)

    def _who(self, params: dict[str, Any], plain: dict[str, str]) -> Account:
        """Whose request it is: its own signature's, or who is logged on."""
        if self._account is not None and "signature" not in plain:
            return self._account
        return self._signer(params, plain)

    def _signer(self, params: dict[str, Any], plain: dict[str, str]) -> Account:
        account = self._api.account_of(plain.get("apiKey", ""))
        self._api.check(sorted_text(params), plain)
        return account

    def _session(self) -> dict[str, Any]:
        key = self._account.key if self._account is not None else None
        return {"apiKey": key, "authorizedSince": self._authorized_ms,
                "connectedSince": self._connected_ms, "returnRateLimits": True,
                "serverTime": self._api.wall_ms,
                "userDataStream": bool(self._subscribed)}  # fmt: skip

    def _subscribe(self, account: Account) -> dict[str, int]:
        if account.key not in self._subscribed:
            self._subscribed[account.key] = self._next
            self._next += 1
        return {"subscriptionId": self._subscribed[account.key]}

    def _unsubscribe(self, number: str) -> None:
        for key, subscription in list(self._subscribed.items()):
            if number in ("", str(subscription)):
                del self._subscribed[key]


def _text(value: object) -> str:
    """A parameter as a query would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return msgspec.json.encode(value).decode()
    return str(value)
