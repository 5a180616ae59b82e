"""One market-stream connection: which streams it follows, and what it asks for.

Addresses: `/ws/NAME` and `/ws` bring messages as they are, `/stream?streams=A/B` each in a wrapper with
its stream's name. `/stream/ws/NUMBER`, which some clients make of an address with `/stream` in it,
is as `/ws`.
"""

from typing import Any, Final

import msgspec

MOST: Final = 1_024
"""Streams that one connection may follow."""

_INVALID: Final = {"code": 2, "msg": "Invalid request: unknown method or parameters"}
_NO_JSON: Final = {"code": 3, "msg": "Invalid JSON"}
_TOO_MANY: Final = {"code": 2, "msg": f"Invalid request: more than {MOST} streams"}


class Subscriptions:
    """The streams of one connection.

    Args:
        path: Of the address, without what precedes `/ws` or `/stream`.
        streams: What the address asks for after `streams=`.
    """

    def __init__(self, path: str, streams: str = "") -> None:
        path = path.removeprefix("/public").removeprefix("/market")  # of USD-M's addresses
        self.is_wrapped = path.startswith("/stream") and not path.startswith("/stream/ws")
        tail = path.removeprefix("/stream").removeprefix("/ws")
        wanted = [*tail.split("/"), *streams.split("/")]
        self.names: dict[str, None] = dict.fromkeys(_normal(one) for one in wanted if "@" in one)

    def take(self, text: str | bytes) -> bytes:
        """Answer what the client said."""
        try:
            request = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return msgspec.json.encode({"error": _NO_JSON})
        if not isinstance(request, dict):
            return msgspec.json.encode({"error": _INVALID})
        answer = self._answer(request.get("method"), request.get("params"))
        return msgspec.json.encode({**answer, "id": request.get("id")})

    def _answer(self, method: object, params: object) -> dict[str, Any]:
        listed = isinstance(params, list) and all(isinstance(one, str) for one in params)
        if method == "LIST_SUBSCRIPTIONS":
            return {"result": list(self.names)}
        if method == "SET_PROPERTY":
            if isinstance(params, list) and len(params) == 2 and params[0] == "combined":
                self.is_wrapped = params[1] is True
                return {"result": None}
            return {"error": _INVALID}
        if method == "GET_PROPERTY":
            return {"result": self.is_wrapped}
        if not listed or method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            return {"error": _INVALID}
        assert isinstance(params, list)
        for name in map(_normal, params):
            if method == "UNSUBSCRIBE":
                self.names.pop(name, None)
            elif len(self.names) >= MOST:
                return {"error": _TOO_MANY}
            else:
                self.names[name] = None
        return {"result": None}


def _normal(name: str) -> str:
    """A stream's name with its symbol in lower case, as Binance has it."""
    symbol, at, form = name.partition("@")
    return f"{symbol.lower()}{at}{form}"
