"""Real captures served at 10 and 60 times their speed, received by clients in another process."""

import asyncio
import gzip
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets

from tests.served_rig import KEY, SECRET, run

pytestmark = pytest.mark.truth

FILES = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
STREAMS = "btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@trade"
SYMBOL = "BTC/USDT"


def recorded(data_dir: Path, names: tuple[str, ...]) -> list[tuple[str, dict[str, Any]]]:
    """Every message behind the snapshot, by the standard library."""
    found, begun = [], False
    for name in names:
        with gzip.open(data_dir / "binance" / name) as file:
            for line in file:
                message = json.loads(line.partition(b" ")[2])
                if "lastUpdateId" in message:
                    begun = True
                elif begun:
                    found.append((message["stream"], message["data"]))
    return found


def timeless(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in ("E", "T")}


@asynccontextmanager
async def serving(data_dir: Path, names: tuple[str, ...], speed: int) -> AsyncIterator[int]:
    """`twin serve-feed` in a process of its own, held until somebody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    files = [str(data_dir / "binance" / name) for name in names]
    command = [sys.executable, "-m", "cli", "serve-feed", *files, "--port", str(port), "--hold",
               "--speed", str(speed), "--quiet", "--json", "--token", SECRET]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        await answering(port, process)
        yield port
    finally:
        process.terminate()
        text, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads(text)["conserves"]


async def answering(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert process.poll() is None
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/api/v3/ping") as answer,
            ):
                assert answer.status == 200
                return
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.1)
    raise AssertionError("the exchange did not answer within a minute")


@pytest.mark.parametrize(("speed", "files"), [(10, FILES[:1]), (60, FILES)])
def test_every_recorded_message_arrives_in_order_at_its_pace(
    data_dir: Path, speed: int, files: tuple[str, ...]
) -> None:
    wanted = recorded(data_dir, files)

    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with serving(data_dir, files, speed) as port:
            uri = f"ws://127.0.0.1:{port}/stream?streams={STREAMS}"
            async with websockets.connect(uri, max_queue=None, compression=None) as client:
                texts = [await client.recv()]
                began = loop.time()
                while len(texts) < len(wanted):
                    texts.append(await asyncio.wait_for(client.recv(), 10))
                took = loop.time() - began
        messages = [json.loads(text) for text in texts]
        found = [(one["stream"], timeless(one["data"])) for one in messages]
        assert found == [(stream, timeless(data)) for stream, data in wanted]
        last = [data["E"] for _, data in wanted if "E" in data]
        assert took == pytest.approx((last[-1] - last[0]) / 1_000 / speed, rel=0.1)

    run(test, 120)


def ccxt_client(port: int) -> Any:
    from ccxt import pro

    rest, stream = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    api = {
        "public": f"{rest}/api/v3",
        "private": f"{rest}/api/v3",
        "sapi": f"{rest}/sapi/v1",
        "ws": {"spot": f"{stream}/stream/ws", "ws-api": {"spot": f"{stream}/ws-api/v3"}},
    }
    options = {"fetchMarkets": {"types": ["spot"]}, "watchOrderBookLimit": 5_000}
    return pro.binance({"apiKey": KEY, "secret": SECRET, "options": options, "urls": {"api": api}})


def test_ccxt_trades_on_the_recording_and_ends_with_its_book(data_dir: Path) -> None:
    wanted = recorded(data_dir, FILES)
    last_id = [data["u"] for stream, data in wanted if "@depth" in stream][-1]

    async def test() -> None:
        async with serving(data_dir, FILES, 60) as port:
            client = ccxt_client(port)
            try:
                await client.load_markets()
                book = await client.watch_order_book(SYMBOL)
                bought = await client.create_order(SYMBOL, "market", "buy", 0.5)
                rests = await client.create_order_ws(
                    SYMBOL, "limit", "sell", 0.01, book["asks"][0][0] + 1
                )
                while book["nonce"] < last_id:
                    book = await asyncio.wait_for(client.watch_order_book(SYMBOL), 10)
                ours = {
                    side: [list(level) for level in book[side][:100]] for side in ("bids", "asks")
                }
                theirs = await client.fetch_order_book(SYMBOL, 100)
                found = await client.fetch_order(rests["id"], SYMBOL)
                assert theirs["nonce"] == last_id
                assert ours == {side: theirs[side] for side in ("bids", "asks")}
                assert (bought["status"], bought["filled"]) == ("closed", 0.5)
                assert found["status"] in ("open", "closed")
            finally:
                await client.close()

    run(test, 120)
