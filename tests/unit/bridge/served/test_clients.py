"""Clients of the real exchange, as they come from their registries: only addresses are changed."""

import asyncio
import contextlib
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bridge.served.faults import read_fault
from bridge.served.server import ExchangeServer
from tests.served_rig import KEY, SECRET, capture_exchange, run, served, until, write_capture

SYMBOL = "BTC/USDT"


def ccxt_client(server: ExchangeServer) -> Any:
    from ccxt import pro

    rest, stream = f"http://127.0.0.1:{server.port}", f"ws://127.0.0.1:{server.port}"
    return pro.binance(
        {
            "apiKey": KEY,
            "secret": SECRET,
            "options": {"fetchMarkets": {"types": ["spot"]}},
            "urls": {
                "api": {
                    "public": f"{rest}/api/v3",
                    "private": f"{rest}/api/v3",
                    "sapi": f"{rest}/sapi/v1",
                    "ws": {
                        "spot": f"{stream}/stream/ws",
                        "ws-api": {"spot": f"{stream}/ws-api/v3"},
                    },
                }
            },
        }
    )


async def watch(client: Any, server: ExchangeServer) -> None:
    """Follow the book to the end."""
    while not server.over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.watch_order_book(SYMBOL), 0.5)


@pytest.fixture
def exchange(tmp_path: Path) -> Any:
    return capture_exchange([write_capture(tmp_path / "c.gz", 6_000)], tmp_path)


def test_ccxt_trades_over_rest(exchange: Any) -> None:
    import ccxt

    async def test() -> None:
        async with served(exchange, speed=2) as server:
            client = ccxt_client(server)
            try:
                markets = await client.load_markets()
                assert markets[SYMBOL]["precision"] == {
                    "amount": 1e-05, "price": 0.01, "base": 1e-08, "quote": 1e-08,
                }  # fmt: skip
                book = await client.fetch_order_book(SYMBOL, 5)
                best = book["asks"][0][0]
                bought = await client.create_order(SYMBOL, "market", "buy", 0.5)
                rests = await client.create_order(
                    SYMBOL, "limit", "buy", 0.01, round(best * 0.9, 2)
                )
                listed = [one["id"] for one in await client.fetch_open_orders(SYMBOL)]
                gone = await client.cancel_order(rests["id"], SYMBOL)
                balance = await client.fetch_balance()
                trades = await client.fetch_my_trades(SYMBOL)
                assert (bought["status"], bought["filled"]) == ("closed", 0.5)
                assert bought["fee"]["currency"] == "USDT"
                assert (rests["status"], gone["status"]) == ("open", "canceled")
                assert listed == [rests["id"]]
                assert balance["total"]["BTC"] == 10.5
                assert balance["used"]["USDT"] == 0
                assert sum(one["amount"] for one in trades) == pytest.approx(0.5)
                assert (await client.fetch_ticker(SYMBOL))["last"] > 0
                assert len(await client.fetch_ohlcv(SYMBOL, "1m")) >= 1
                assert len(await client.fetch_trades(SYMBOL)) > 0
                with pytest.raises(ccxt.OrderNotFound):
                    await client.cancel_order("12345", SYMBOL)
                with pytest.raises(ccxt.InsufficientFunds):
                    await client.create_order(SYMBOL, "limit", "buy", 1_000, best)
                client.secret = "not the secret"
                with pytest.raises(ccxt.AuthenticationError):
                    await client.fetch_balance()
            finally:
                await client.close()
        assert exchange.floor.conserves()

    run(test)


def test_ccxt_watches_and_trades_over_websockets(exchange: Any) -> None:
    async def test() -> None:
        async with served(exchange, speed=2) as server:
            client = ccxt_client(server)
            try:
                await client.load_markets()
                watched = [
                    asyncio.create_task(client.watch_orders(SYMBOL)),
                    asyncio.create_task(client.watch_balance()),
                ]
                book = await client.watch_order_book(SYMBOL)
                trades = await client.watch_trades(SYMBOL)
                assert book["bids"][0][0] < book["asks"][0][0]
                assert trades[0]["symbol"] == SYMBOL
                ticker, bars = await asyncio.gather(
                    client.watch_ticker(SYMBOL), client.watch_ohlcv(SYMBOL, "1m")
                )
                assert 0 < ticker["low"] <= ticker["last"] <= ticker["high"]
                assert bars[-1][3] <= bars[-1][4] <= bars[-1][2]
                await until(lambda: any(s._subscribed for s in server._sessions.values()), "logon")
                price = round(book["bids"][0][0] * 0.9, 2)
                rests = await client.create_order_ws(SYMBOL, "limit", "buy", 0.01, price)
                orders, balance = await asyncio.gather(*watched)
                told = [(one["id"], one["status"]) for one in orders]
                locked = Fraction(str(balance["USDT"]["used"]))
                gone = await client.cancel_order_ws(rests["id"], SYMBOL)
                sold = await client.create_order_ws(SYMBOL, "market", "sell", 0.01)
                assert told == [(rests["id"], "open")]
                assert locked > 530
                assert gone["status"] == "canceled"
                assert (sold["status"], sold["filled"]) == ("closed", 0.01)
            finally:
                await client.close()
        assert exchange.floor.conserves()

    run(test)


def test_ccxt_ends_with_the_book_that_the_exchange_has(exchange: Any) -> None:
    async def test() -> None:
        async with served(exchange, speed=20, hold=True) as server:
            client = ccxt_client(server)
            try:
                await client.load_markets()
                book = await client.watch_order_book(SYMBOL)
                while (
                    not server.over.is_set() or book["nonce"] < exchange.feed.depth(None, 1).last_id
                ):
                    with contextlib.suppress(TimeoutError):  # of the pause between its last diffs
                        book = await asyncio.wait_for(client.watch_order_book(SYMBOL), 0.5)
                wanted = exchange.feed.depth(None, 40)
                for side, levels in (("bids", wanted.bids), ("asks", wanted.asks)):
                    assert [[float(p), float(q)] for p, q in levels] == book[side][: len(levels)]
            finally:
                await client.close()

    run(test)


def test_ccxt_notices_a_missing_diff(tmp_path: Path) -> None:
    import ccxt

    exchange = capture_exchange([write_capture(tmp_path / "c.gz", 6_000)], tmp_path)
    faults = (read_fault("drop_depth@1s"),)

    async def test() -> None:
        async with served(exchange, speed=10, hold=True, faults=faults) as server:
            client = ccxt_client(server)
            try:
                await client.load_markets()
                with pytest.raises(ccxt.ChecksumError):
                    await watch(client, server)
                assert server.faults.bitten == {"drop_depth": 1}
            finally:
                await client.close()

    run(test)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_python_binance_trades_over_rest_and_websockets(
    exchange: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of websockets' old names, at import
        from binance import AsyncClient, BinanceSocketManager
        from binance.exceptions import BinanceAPIException
        from binance.ws.reconnecting_websocket import ReconnectingWebsocket
    # How long its reader sleeps before it notices that it was closed.
    monkeypatch.setattr(ReconnectingWebsocket, "TIMEOUT", 1)

    async def test() -> None:
        async with served(exchange, speed=2) as server:
            rest, stream = f"http://127.0.0.1:{server.port}", f"ws://127.0.0.1:{server.port}"

            class Client(AsyncClient):  # type: ignore[misc]  # ships no types
                API_URL = f"{rest}/api"
                MARGIN_API_URL = f"{rest}/sapi"
                WS_API_URL = f"{stream}/ws-api/v3"

            client = await Client.create(KEY, SECRET)
            manager = BinanceSocketManager(client)
            manager.STREAM_URL = f"{stream}/"
            try:
                info = await client.get_exchange_info()
                name = info["symbols"][0]["symbol"]
                book = await client.get_order_book(symbol=name, limit=5)
                async with manager.depth_socket(name, interval=100) as socket:
                    assert (await socket.recv())["e"] == "depthUpdate"
                async with manager.multiplex_socket([f"{name.lower()}@trade"]) as socket:
                    assert (await socket.recv())["data"]["e"] == "trade"
                async with manager.user_socket() as user:
                    await until(
                        lambda: any(s._subscribed for s in server._sessions.values()), "logon"
                    )
                    price = f"{float(book['bids'][0][0]) * 0.9:.2f}"
                    ask = {"symbol": name, "side": "BUY", "quantity": "0.01"}
                    limit = {**ask, "type": "LIMIT", "timeInForce": "GTC", "price": price}
                    order = await client.create_order(**limit)
                    event = await asyncio.wait_for(user.recv(), 5)
                    assert (event["e"], event["i"], event["X"]) == (
                        "executionReport", order["orderId"], "NEW",
                    )  # fmt: skip
                    gone = await client.cancel_order(symbol=name, orderId=order["orderId"])
                    filled = await client.create_order(**ask, type="MARKET")
                    by_socket = await client.ws_create_order(**limit)
                    gone_too = await client.ws_cancel_order(
                        symbol=name, orderId=by_socket["orderId"]
                    )
                balance = await client.get_asset_balance("BTC")
                assert (gone["status"], gone_too["status"]) == ("CANCELED", "CANCELED")
                assert filled["status"] == "FILLED"
                assert balance["free"] == "10.01000000"
                assert len(await client.get_my_trades(symbol=name)) >= 1
                with pytest.raises(BinanceAPIException) as refused:
                    await client.cancel_order(symbol=name, orderId=99)
                assert refused.value.code == -2011
            finally:
                await client.close_connection()
        assert exchange.floor.conserves()

    run(test)
