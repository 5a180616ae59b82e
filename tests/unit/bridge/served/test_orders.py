"""Orders, accounts and signatures of the served exchange, without a socket."""

import hashlib
import hmac
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from bridge.served.api import Api
from bridge.served.errors import error_of
from bridge.served.exchange import Exchange
from bridge.served.rest import Request, Rest
from bridge.served.wsapi import WsApiSession
from market.codes import Reason
from scenarios.served import SimulatedMarket
from sim.streams import draw
from tests.served_rig import (
    BALANCES,
    KEY,
    SECRET,
    capture_exchange,
    scenario_exchange,
    write_capture,
)

WALL_MS = 1_800_000_000_000
LATER_NS = 2_000_000_000


class Client:
    """Signs and asks."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.api = Api(exchange, SECRET)
        self.rest = Rest(self.api)
        self.name = next(iter(exchange.symbols))
        exchange.advance(exchange.market.start_ns + LATER_NS, WALL_MS)

    def ask(
        self, method: str, path: str, *, secret: str = SECRET, key: str = KEY, **params: object
    ) -> tuple[int, Any]:
        query = urlencode({"timestamp": WALL_MS, **params})
        sign = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        text = f"{query}&signature={sign}"
        query, body = (text, "") if method != "POST" else ("", text)
        request = Request(method, f"/api/v3/{path}", query, body, {"X-MBX-APIKEY": key})
        answer = self.rest.answer(request)
        return answer.status, msgspec.json.decode(answer.body)

    def place(self, side: str, **params: object) -> Any:
        asked: dict[str, Any] = {"symbol": self.name, "side": side, **params}
        return self.ask("POST", "order", **asked)[1]

    def limit(self, side: str, ticks: int, lots: int, **params: object) -> Any:
        symbol = self.exchange.symbols[self.name]
        price, quantity = symbol.price_text(ticks), symbol.qty_text(lots)
        more = {"type": "LIMIT", "timeInForce": "GTC", **params}
        return self.place(side, price=price, quantity=quantity, **more)

    def best(self) -> tuple[tuple[int, int], tuple[int, int]]:
        _, bids, asks = self.exchange.market.depth(0, 1)
        return bids[0], asks[0]

    def free(self, asset: str) -> Fraction:
        balances = self.ask("GET", "account")[1]["balances"]
        return next(Fraction(one["free"]) for one in balances if one["asset"] == asset)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(capture_exchange([write_capture(tmp_path / "c.gz")], tmp_path))


def code(answer: Any) -> tuple[int, str]:
    return answer["code"], answer["msg"]


def test_a_limit_order_beyond_the_best_level_fills_it_whole_and_then_the_next(
    client: Client,
) -> None:
    _, (ask, shown) = client.best()
    _, _, asks = client.exchange.market.depth(0, 2)

    answer = client.limit("BUY", asks[1][0], shown + 1_000)

    assert answer["status"] == "FILLED"
    assert [(one["price"], one["qty"]) for one in answer["fills"]] == [
        (client.exchange.symbols["BTCUSDT"].price_text(ask), f"{shown / 100_000:.8f}"),
        (client.exchange.symbols["BTCUSDT"].price_text(asks[1][0]), "0.01000000"),
    ]
    paid = sum(Fraction(one["price"]) * Fraction(one["qty"]) for one in answer["fills"])
    fees = sum(Fraction(one["commission"]) for one in answer["fills"])
    assert client.free("USDT") == BALANCES["USDT"] - paid - fees
    assert fees > 0
    assert client.exchange.floor.conserves()


def test_what_does_not_fill_rests_locks_its_worth_and_is_freed_by_a_cancel(client: Client) -> None:
    (bid, _), _ = client.best()
    before = client.free("USDT")

    answer = client.limit("BUY", bid - 500, 1_000, newClientOrderId="mine")

    assert (answer["status"], answer["fills"]) == ("NEW", [])
    locked = Fraction(answer["price"]) / 100 * Fraction(1_001, 1_000)
    assert abs(before - client.free("USDT") - locked) <= Fraction(1, 10**8)
    listed = client.ask("GET", "openOrders", symbol=client.name)[1]
    assert [one["clientOrderId"] for one in listed] == ["mine"]
    gone = client.ask("DELETE", "order", symbol=client.name, origClientOrderId="mine")[1]
    assert (gone["status"], gone["origClientOrderId"]) == ("CANCELED", "mine")
    assert client.free("USDT") == before
    again = client.ask("DELETE", "order", symbol=client.name, orderId=answer["orderId"])[1]
    assert code(again) == (-2011, "Unknown order sent.")


def test_a_resting_order_is_filled_by_the_recorded_trades_as_a_maker(client: Client) -> None:
    _, (ask, _) = client.best()
    order = client.limit("SELL", ask, 1_000)

    client.exchange.advance(client.exchange.market.end_ns, WALL_MS + 1)

    found = client.ask("GET", "order", symbol=client.name, orderId=order["orderId"])[1]
    trades = client.ask("GET", "myTrades", symbol=client.name)[1]
    assert found["status"] == "FILLED"
    assert {one["isMaker"] for one in trades} == {True}
    assert sum(Fraction(one["qty"]) for one in trades) == Fraction(1, 100)
    assert client.exchange.floor.conserves()


def test_an_order_is_partly_filled_and_the_rest_stays(client: Client) -> None:
    _, (ask, shown) = client.best()

    answer = client.limit("BUY", ask, shown + 500)

    assert answer["status"] == "PARTIALLY_FILLED"
    assert Fraction(answer["executedQty"]) == Fraction(shown, 100_000)
    assert Fraction(answer["origQty"]) == Fraction(shown + 500, 100_000)


def test_what_may_not_rest_expires(client: Client) -> None:
    _, (ask, shown) = client.best()

    some = client.limit("BUY", ask, shown + 500, timeInForce="IOC")
    none = client.limit("BUY", ask - 200, 1_000, timeInForce="FOK")

    assert (some["status"], Fraction(some["executedQty"])) == ("EXPIRED", Fraction(shown, 100_000))
    assert (none["status"], none["executedQty"]) == ("EXPIRED", "0.00000000")


def test_a_market_order_by_worth_spends_no_more_than_that(client: Client) -> None:
    answer = client.place("BUY", type="MARKET", quoteOrderQty="5000")

    spent = Fraction(answer["cummulativeQuoteQty"])
    assert answer["status"] == "FILLED"
    assert 4_990 < spent <= 5_000
    assert (answer["price"], answer["type"]) == ("0.00000000", "MARKET")


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"price": "60000.001"}, (-1013, "Filter failure: PRICE_FILTER")),
        ({"quantity": "0.000001"}, (-1013, "Filter failure: LOT_SIZE")),
        ({"quantity": "0.00001"}, (-1013, "Filter failure: NOTIONAL")),
        ({"quantity": "9001"}, (-1013, "Filter failure: LOT_SIZE")),
        ({"price": "500000"}, (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE")),
        ({"quantity": "0.123456789"}, (-1111, "Parameter 'quantity' has too much precision.")),
        ({"quantity": "100"}, (-2010, "Account has insufficient balance for requested action.")),
        ({"side": "UP"}, (-1117, "Invalid side.")),
        ({"type": "STOP"}, (-1116, "Invalid orderType.")),
        ({"timeInForce": "DAY"}, (-1115, "Invalid timeInForce.")),
        ({"symbol": "NONE"}, (-1121, "Invalid symbol.")),
        ({"type": "LIMIT_MAKER", "timeInForce": "", "price": "61000"},
         (-2010, "Order would immediately match and take.")),
        ({"price": ""},
         (-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed.")),
    ],
)  # fmt: skip
def test_a_wrong_order_is_refused_in_binances_own_words(
    client: Client, params: dict[str, str], wanted: tuple[int, str]
) -> None:
    order = {"symbol": client.name, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
             "price": "59000", "quantity": "0.01", **params}  # fmt: skip
    before = client.free("USDT")

    status, answer = client.ask("POST", "order", **order)

    assert (status, code(answer)) == (400, wanted)
    assert client.free("USDT") == before
    assert client.ask("GET", "allOrders", symbol=client.name)[1] == []


def test_a_request_must_be_signed_by_who_it_says_now(client: Client) -> None:
    ask = client.ask

    assert ask("GET", "account")[0] == 200
    assert ask("GET", "account", secret="another secret")[1]["code"] == -1022
    assert ask("GET", "account", key="stranger") == (
        401,
        {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."},
    )
    assert ask("GET", "account", key="")[1]["code"] == -2014
    assert ask("GET", "account", timestamp=WALL_MS - 5_001)[1]["code"] == -1021
    assert ask("GET", "account", timestamp=WALL_MS - 9_000, recvWindow=10_000)[0] == 200
    assert ask("GET", "account", timestamp=WALL_MS + 1_000)[1]["code"] == -1021
    assert ask("GET", "account", recvWindow=60_001)[1]["code"] == -1131
    unsigned = Request("GET", "/api/v3/account", f"timestamp={WALL_MS}", "", {"X-MBX-APIKEY": KEY})
    assert client.rest.answer(unsigned).status == 400
    assert ask("GET", "nothing")[0] == 404


def test_a_changed_parameter_breaks_the_signature(client: Client) -> None:
    query = f"symbol={client.name}&timestamp={WALL_MS}"
    sign = hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
    headers = {"X-MBX-APIKEY": KEY}

    def status(text: str) -> int:
        return client.rest.answer(Request("GET", "/api/v3/allOrders", text, "", headers)).status

    assert status(f"{query}&signature={sign}") == 200
    assert status(f"{query}&orderId=1&signature={sign}") == 400


def test_too_many_orders_in_ten_seconds_are_refused(client: Client) -> None:
    (bid, _), _ = client.best()
    answers = [client.limit("BUY", bid - 500 - n, 1_000) for n in range(101)]

    assert {one.get("status") for one in answers[:100]} == {"NEW"}
    assert code(answers[100]) == (-1015, "Too many new orders.")
    gone = client.ask("DELETE", "openOrders", symbol=client.name)[1]
    assert len(gone) == 100
    client.exchange.wall_ms += 10_001
    assert client.ask("POST", "order", symbol=client.name, side="BUY", type="LIMIT",
                      timeInForce="GTC", price="59000", quantity="0.01",
                      timestamp=WALL_MS + 10_000)[0] == 200  # fmt: skip


def test_balances_and_the_venues_ledger_agree_whatever_is_done(client: Client) -> None:
    market, exchange = client.exchange.market, client.exchange
    opened: list[int] = []
    for number in range(80):
        at_ns = market.now_ns + draw(3, number, 0) % 300_000_000
        exchange.advance(at_ns, WALL_MS + number * 200)
        exchange.wall_ms = WALL_MS
        exchange.floor._placed_ms.clear()
        (bid, _), (ask, _) = client.best()
        side = ("BUY", "SELL")[draw(3, number, 1) % 2]
        ticks = (bid, ask)[draw(3, number, 2) % 2] + draw(3, number, 3) % 20 - 10
        answer = client.limit(side, ticks, 1_000 + draw(3, number, 4) % 300_000)
        opened += [answer["orderId"]] if "orderId" in answer else []
        if opened and draw(3, number, 5) % 3 == 0:
            client.ask("DELETE", "order", symbol=client.name, orderId=opened.pop())
        account = exchange.accounts[KEY]
        for asset in ("BTC", "USDT"):
            assert account.free(asset, exchange.floor.rates) >= 0
        assert exchange.floor.conserves()
    fills = [fill for order in exchange.accounts[KEY].orders.values() for fill in order.fills]
    assert len(fills) > 40
    assert {fill.is_maker for fill in fills} == {True, False}


def test_no_balance_can_be_spent_twice(tmp_path: Path) -> None:
    exchange = capture_exchange([write_capture(tmp_path / "c.gz")], tmp_path)
    account = exchange.accounts[KEY]
    account.balances["USDT"] = account.opening["USDT"] = Fraction(1_000)
    client = Client(exchange)
    (bid, _), _ = client.best()

    first = client.limit("BUY", bid - 10, 1_000)
    second = client.limit("BUY", bid - 10, 1_000)

    assert first["status"] == "NEW"
    assert code(second)[0] == -2010


def test_orders_on_a_running_simulation_are_seen_by_everybody() -> None:
    exchange = scenario_exchange("calm")
    exchange.accounts[KEY].balances["SYN"] = exchange.accounts[KEY].opening["SYN"] = Fraction(1_000)
    client = Client(exchange)
    (bid, shown), _ = client.best()

    answer = client.limit("BUY", bid, 100)

    assert answer["status"] == "NEW"
    assert client.best()[0] == (bid, shown + 100)
    assert exchange.floor.conserves()


def test_a_fill_that_the_venue_takes_back_or_changes_moves_the_balances(client: Client) -> None:
    market = client.exchange.market
    assert isinstance(market, SimulatedMarket)
    venue = market.assembly.venue
    _, (ask, shown) = client.best()
    before = client.free("BTC"), client.free("USDT")
    order = client.limit("BUY", ask, min(shown, 1_000))
    venue.correct(order["orderId"], 1, ask - 1, 500, market.now_ns)
    client.exchange.advance(market.now_ns + 1_000, WALL_MS)
    assert client.free("BTC") - before[0] == Fraction(500, 100_000)
    assert client.exchange.floor.conserves()

    venue.bust(order["orderId"], 1, market.now_ns)
    client.exchange.advance(market.now_ns + 1_000, WALL_MS)

    assert (client.free("BTC"), client.free("USDT")) == before
    assert client.exchange.floor.conserves()


# --- the websocket API ----------------------------------------------------------------------------


def signed(client: Client, method: str, **params: object) -> bytes:
    params = {"apiKey": KEY, "timestamp": WALL_MS, **params}
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    sign = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    return msgspec.json.encode({"id": 1, "method": method, "params": {**params, "signature": sign}})


def test_user_data_tells_of_every_step_of_an_order_in_order(client: Client) -> None:
    session, other = WsApiSession(client.api), WsApiSession(client.api)
    _, (ask, shown) = client.best()
    answer = msgspec.json.decode(session.take(signed(client, "userDataStream.subscribe.signature")))
    assert answer["result"] == {"subscriptionId": 0}
    price = client.exchange.symbols[client.name].price_text(ask)

    session.take(
        signed(client, "order.place", symbol=client.name, side="BUY", type="LIMIT",
               timeInForce="IOC", price=price, quantity=f"{(shown + 5) / 100_000:.5f}")
    )  # fmt: skip

    told = client.exchange.events()
    events = [msgspec.json.decode(text) for one in told for text in session.events(one)]
    reports = [one["event"] for one in events if one["event"]["e"] == "executionReport"]
    assert [(one["x"], one["X"]) for one in reports] == [
        ("NEW", "NEW"),
        ("TRADE", "PARTIALLY_FILLED"),
        ("EXPIRED", "EXPIRED"),
    ]
    assert reports[1]["l"] == f"{shown / 100_000:.8f}"
    assert [one["event"]["e"] for one in events].count("outboundAccountPosition") == 3
    assert [text for one in told for text in other.events(one)] == []
    session.take(b'{"id":2,"method":"userDataStream.unsubscribe","params":{}}')
    assert [text for one in told for text in session.events(one)] == []


def test_who_is_logged_on_needs_no_signature(client: Client) -> None:
    session = WsApiSession(client.api)
    request = b'{"id":7,"method":"account.status","params":{}}'

    before = msgspec.json.decode(session.take(request))
    session.take(signed(client, "session.logon"))
    after = msgspec.json.decode(session.take(request))

    assert (before["status"], before["id"]) == (401, 7)
    assert (after["status"], after["result"]["accountType"]) == (200, "SPOT")


def test_a_session_says_since_when_it_is_there_and_who_it_is(client: Client) -> None:
    session = WsApiSession(client.api)
    asks = b'{"id":1,"method":"session.status","params":{}}'

    said = [msgspec.json.decode(session.take(asks))["result"]]
    session.take(signed(client, "session.logon"))
    said.append(msgspec.json.decode(session.take(asks))["result"])
    session.take(b'{"id":2,"method":"session.logout","params":{}}')
    said.append(msgspec.json.decode(session.take(asks))["result"])

    assert [one["apiKey"] for one in said] == [None, KEY, None]
    assert [one["authorizedSince"] for one in said] == [None, WALL_MS, None]
    assert [one["connectedSince"] for one in said] == [WALL_MS] * 3


def test_what_a_venue_refuses_is_said_in_binances_words_for_it() -> None:
    assert error_of(Reason.TOO_SMALL).message == "Filter failure: LOT_SIZE"
    assert error_of(Reason.TOO_LITTLE_NOTIONAL).message == "Filter failure: NOTIONAL"


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"method":3}', b'{"method":"x","params":[1]}',
                                  b"\xff", b'{"id":1,"method":"no.such"}'])  # fmt: skip
def test_what_is_no_request_is_answered_with_an_error(client: Client, text: bytes) -> None:
    answer = msgspec.json.decode(WsApiSession(client.api).take(text))

    assert answer["status"] in (400, 404)
    assert answer["error"]["code"] == -1000
