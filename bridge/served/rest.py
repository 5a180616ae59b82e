"""REST without a socket: a method, a path and its parameters in, a status and a JSON text out."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from bridge.served.api import Api
from bridge.served.errors import NO_METHOD, ApiError
from bridge.served.signing import signed_text


class Request(NamedTuple):
    """One request, as it came; `query` and `body` are not decoded."""

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]


class Answer(NamedTuple):
    """What goes back."""

    status: int
    body: bytes


API: Final = "/api/v3/"
FUTURES_API: Final = "/fapi/v1/"
KEY: Final = "X-MBX-APIKEY"
SIGNED: Final = {
    ("GET", "/api/v3/account"): "account",
    ("GET", "/api/v3/account/commission"): "account/commission",
    ("GET", "/api/v3/openOrders"): "openOrders",
    ("DELETE", "/api/v3/openOrders"): "openOrders.cancel",
    ("GET", "/api/v3/allOrders"): "allOrders",
    ("GET", "/api/v3/myTrades"): "myTrades",
    ("GET", "/api/v3/order"): "order.status",
    ("POST", "/api/v3/order"): "order.place",
    ("POST", "/api/v3/order/test"): "order.test",
    ("DELETE", "/api/v3/order"): "order.cancel",
    ("GET", "/sapi/v1/asset/tradeFee"): "tradeFee",
    ("GET", "/sapi/v1/capital/config/getall"): "coins",
}
EMPTY: Final[dict[str, list[Any]]] = {
    "/sapi/v1/margin/allPairs": [],
    "/sapi/v1/margin/isolated/allPairs": [],
}
"""What exists elsewhere and has nothing in it here; asked for with a key."""


class Rest:
    """The REST surface of an exchange.

    Args:
        api: What answers.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            return Answer(200, msgspec.json.encode(self._found(request)))
        except ApiError as error:
            return refusal(error)

    def _found(self, request: Request) -> Any:
        query, body = request.query, request.body
        params = dict(parse_qsl(query, keep_blank_values=True))
        params |= dict(parse_qsl(body, keep_blank_values=True))
        key = request.headers.get(KEY, "")
        name = SIGNED.get((request.method, request.path))
        if name is not None and not self._api.futures:
            account = self._api.account_of(key)
            self._api.check(signed_text(query, body), params)
            return self._api.private[name](account, params)
        if request.method == "GET" and request.path in EMPTY:
            self._api.account_of(key)
            return EMPTY[request.path]
        prefix = FUTURES_API if self._api.futures else API
        asked = request.path.removeprefix(prefix)
        if (
            request.method == "GET"
            and request.path.startswith(prefix)
            and asked in self._api.public
        ):
            return self._api.public[asked](params)
        raise ApiError(*NO_METHOD)


def refusal(error: ApiError) -> Answer:
    """A refusal as REST has it."""
    body = msgspec.json.encode({"code": error.code, "msg": error.message})
    return Answer(error.status, body)
