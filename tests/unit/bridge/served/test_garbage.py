"""Whatever is asked, the exchange answers in its own words: no request brings it down."""

import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.served.api import Api
from bridge.served.exchange import Exchange
from bridge.served.rest import SIGNED, Request, Rest
from bridge.served.subscriptions import Subscriptions
from bridge.served.wsapi import PUBLIC, WsApiSession
from bridge.served.wsapi import SIGNED as WS_SIGNED
from tests.served_rig import KEY, SECRET, capture_exchange, write_capture

if TYPE_CHECKING:
    from pathlib import Path

WALL_MS = 1_800_000_000_000
NAMES = (
    "symbol", "symbols", "side", "type", "timeInForce", "quantity", "quoteOrderQty", "price",
    "newClientOrderId", "origClientOrderId", "orderId", "limit", "interval", "startTime", "endTime",
    "fromId", "recvWindow", "newOrderRespType", "stopPrice", "omitZeroBalances",
)  # fmt: skip
WORDS = (
    "BTCUSDT", "BUY", "SELL", "LIMIT", "MARKET", "LIMIT_MAKER", "GTC", "IOC", "FOK", "0", "1", "-1",
    "0.01", "59000", "60000.01", "1e5", "NaN", "9" * 30, "0." + "0" * 25, "", "true", "1m", "FULL",
    '["BTCUSDT"]', "[]", "٣", "twin1", "\x00",
)  # fmt: skip
PATHS = sorted({path for _, path in SIGNED} | {f"/api/v3/{name}" for name in
        ("depth", "trades", "aggTrades", "klines", "avgPrice", "ticker/24hr", "ticker/price",
         "ticker/bookTicker", "exchangeInfo", "", "x")} | {"/", "/sapi/v1/margin/allPairs"})  # fmt: skip

words = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
         "price": "59000", "quantity": "0.01"}  # fmt: skip
params = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), words, max_size=9),
    st.dictionaries(st.sampled_from(NAMES), words, max_size=3).map(lambda more: {**ORDER, **more}),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    folder: Path = tmp_path_factory.mktemp("garbage")
    made = capture_exchange([write_capture(folder / "c.gz", 300)], folder)
    made.advance(made.market.start_ns + 10**9, WALL_MS)
    return made


def signature(text: str) -> str:
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


@settings(max_examples=400)
@given(st.sampled_from(("GET", "POST", "DELETE", "PUT")), st.sampled_from(PATHS), params)
def test_every_rest_request_is_answered(
    exchange: Exchange, method: str, path: str, asked: dict[str, str]
) -> None:
    query = urlencode({"timestamp": WALL_MS, **asked})
    text = f"{query}&signature={signature(query)}"

    answer = Rest(Api(exchange, SECRET)).answer(
        Request(method, path, text, "", {"X-MBX-APIKEY": KEY})
    )

    assert answer.status in (200, 400, 401, 404, 429)
    found = msgspec.json.decode(answer.body)
    if answer.status != 200:
        assert set(found) == {"code", "msg"}
    assert exchange.floor.conserves()


@settings(max_examples=400)
@given(
    st.sampled_from((*PUBLIC, *WS_SIGNED, "session.logon", "userDataStream.subscribe", "x")),
    st.dictionaries(st.sampled_from(NAMES), json_values, max_size=6),
    st.booleans(),
)
def test_every_websocket_request_is_answered(
    exchange: Exchange, method: str, asked: dict[str, Any], sign: bool
) -> None:
    session = WsApiSession(Api(exchange, SECRET))
    wanted: dict[str, Any] = {"apiKey": KEY, "timestamp": WALL_MS, **asked}
    if sign:
        plain = "&".join(f"{name}={wanted[name]}" for name in sorted(wanted))
        wanted["signature"] = signature(plain)

    answer = msgspec.json.decode(
        session.take(msgspec.json.encode({"id": "a", "method": method, "params": wanted}))
    )

    assert answer["id"] == "a"
    assert answer["status"] in (200, 400, 401, 404, 429)
    assert ("result" in answer) == (answer["status"] == 200)
    assert exchange.floor.conserves()


@given(st.binary(max_size=40) | json_values.map(msgspec.json.encode), json_values, json_values)
def test_every_message_to_a_stream_is_answered(noise: bytes, method: Any, asked: Any) -> None:
    subscriptions = Subscriptions("/ws")

    for text in (noise, msgspec.json.encode({"id": 1, "method": method, "params": asked}),
                 msgspec.json.encode({"id": 1, "method": "SUBSCRIBE", "params": asked})):  # fmt: skip
        assert set(msgspec.json.decode(subscriptions.take(text))) & {"result", "error"}
