"""Market data over real sockets: what is sent is what was recorded, and it makes the right book."""

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets

from bridge.served.capture import CaptureFeed
from bridge.served.server import ExchangeServer
from market.errors import InputError
from tests.served_rig import (
    SECRET,
    START_MS,
    Book,
    capture_exchange,
    capture_lines,
    collect,
    futures_lines,
    run,
    scenario_exchange,
    served,
    snapshot,
    write_capture,
)

STREAMS = "btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@trade"


def same_but_for_times(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in ("E", "T", "ns")}


def test_a_clients_book_equals_every_ticker_at_a_shared_id(tmp_path: Path) -> None:
    exchange = capture_exchange([write_capture(tmp_path / "c.gz")], tmp_path)

    async def test() -> None:
        async with served(exchange, speed=20, hold=True) as server:
            book = Book(await snapshot(server))
            messages = await collect(server, f"/stream?streams={STREAMS}")
        tickers = {}
        for message in messages:
            if message["stream"].endswith("@bookTicker"):
                data = message["data"]
                tickers[data["u"]] = data["b"], data["B"], data["a"], data["A"]
            elif message["stream"].endswith("@depth@100ms"):
                book.apply(message["data"])
        shared = book.best.keys() & tickers.keys()
        assert book.gaps == 0
        assert len(shared) > 50
        assert {key: book.best[key] for key in shared} == {key: tickers[key] for key in shared}

    run(test)


def test_what_is_sent_is_what_was_recorded_but_for_its_times(tmp_path: Path) -> None:
    exchange = capture_exchange([write_capture(tmp_path / "c.gz", 1_000)], tmp_path)
    lines = [json.loads(line.partition(" ")[2]) for line in capture_lines(1_000)]
    first = next(number for number, line in enumerate(lines) if "lastUpdateId" in line)

    async def test() -> None:
        async with served(exchange, speed=20, hold=True) as server:
            messages = await collect(server, f"/stream?streams={STREAMS}")
            sent_ms = exchange.wall_ms
        wanted = [(one["stream"], same_but_for_times(one["data"])) for one in lines[first + 1 :]]
        found = [(one["stream"], same_but_for_times(one["data"])) for one in messages]
        assert found == wanted
        assert all(
            sent_ms - 30_000 < one["data"]["E"] <= sent_ms for one in messages if "E" in one["data"]
        )

    run(test)


def test_source_stamps_carry_the_sources_own_time_to_the_nanosecond(tmp_path: Path) -> None:
    exchange = capture_exchange(
        [write_capture(tmp_path / "c.gz", 1_000)], tmp_path, source_stamps=True
    )
    lines = [json.loads(line.partition(" ")[2]) for line in capture_lines(1_000)]
    stamps = {
        one["data"]["t"]: one["data"]["E"] for one in lines if "trade" in one.get("stream", "")
    }

    async def test() -> None:
        async with served(exchange, speed=20) as server:
            messages = await collect(server, f"/stream?streams={STREAMS}")
            shown_ns = (await snapshot(server))["ns"]
            assert abs(shown_ns - exchange.market.end_ns) < 100_000_000
        times = [one["data"]["ns"] for one in messages]
        assert times == sorted(times)
        for one in messages:
            data = one["data"]
            if "t" in data:
                assert (data["E"], data["ns"]) == (stamps[data["t"]], stamps[data["t"]] * 10**6)
        assert min(times) >= START_MS * 10**6

    run(test)


def test_raw_and_wrapped_addresses_and_subscriptions(tmp_path: Path) -> None:
    exchange = capture_exchange([write_capture(tmp_path / "c.gz")], tmp_path)

    async def test() -> None:
        async with served(exchange, speed=2) as server:
            address = f"ws://127.0.0.1:{server.port}"
            async with websockets.connect(f"{address}/ws/btcusdt@trade") as socket:
                assert json.loads(await socket.recv())["e"] == "trade"
            async with websockets.connect(f"{address}/stream/ws/0") as socket:
                await socket.send('{"method":"SUBSCRIBE","params":["BTCUSDT@bookTicker"],"id":5}')
                assert json.loads(await socket.recv()) == {"result": None, "id": 5}
                assert set(json.loads(await socket.recv())) == {"u", "s", "b", "B", "a", "A"}
                await socket.send('{"method":"UNSUBSCRIBE","params":["btcusdt@bookTicker"],"id":6}')
                await socket.send('{"method":"LIST_SUBSCRIPTIONS","id":7}')
                while "id" not in (answer := json.loads(await socket.recv())) or answer["id"] != 7:
                    pass
                assert answer == {"result": [], "id": 7}
                await socket.send("no JSON")
                assert json.loads(await socket.recv())["error"]["code"] == 3
            async with websockets.connect(f"{address}/ws") as socket:
                await socket.send('{"method":"SUBSCRIBE","params":"x","id":1}')
                assert json.loads(await socket.recv())["error"]["code"] == 2

    run(test)


def test_a_simulations_diffs_make_its_book_in_either_form() -> None:
    exchange = scenario_exchange("calm")

    async def test() -> None:
        async with served(exchange, speed=20, hold=True) as server:
            start = await snapshot(server, "SYNUSD")
            books = {form: Book(start) for form in ("depth@100ms", "depth@0ms")}
            tickers, trades = {}, []
            names = "/".join(f"synusd@{one}" for one in (*books, "bookTicker", "trade"))
            uri = f"ws://127.0.0.1:{server.port}/stream?streams={names}"
            async with websockets.connect(uri, max_queue=None) as socket:
                while books["depth@100ms"].last < start["lastUpdateId"] + 3_000:
                    message = json.loads(await socket.recv())
                    form, data = message["stream"].partition("@")[2], message["data"]
                    if form == "bookTicker":
                        tickers[data["u"]] = data["b"], data["B"], data["a"], data["A"]
                    elif form == "trade":
                        trades.append(data["t"])
                    else:
                        books[form].apply(data)
        for form, book in books.items():
            shared = book.best.keys() & tickers.keys()
            assert (form, book.gaps) == (form, 0)
            assert {key: book.best[key] for key in shared} == {key: tickers[key] for key in shared}
        assert len(books["depth@0ms"].best.keys() & tickers.keys()) > 100
        assert trades == list(range(trades[0], trades[0] + len(trades)))
        assert len(trades) > 50

    run(test)


def test_a_futures_capture_is_served_at_the_futures_addresses(tmp_path: Path) -> None:
    path = tmp_path / "usdm.txt"
    path.write_text("\n".join(futures_lines(600)) + "\n")
    exchange = capture_exchange([path], tmp_path, futures=True)

    async def test() -> None:
        async with served(exchange, speed=5, hold=True) as server:
            address = f"http://127.0.0.1:{server.port}"
            async with aiohttp.ClientSession() as session:
                for wanted, status in (
                    ("/fapi/v1/depth?symbol=BTCUSDT", 200),
                    ("/api/v3/depth?symbol=BTCUSDT", 404),
                    ("/api/v3/order", 404),
                ):
                    async with session.get(address + wanted) as answer:
                        assert (wanted, answer.status) == (wanted, status)
                async with session.get(f"{address}/fapi/v1/exchangeInfo") as answer:
                    (listed,) = (await answer.json())["symbols"]
            names = "btcusdt@depth@0ms/btcusdt@bookTicker"
            messages = await collect(server, f"/public/stream?streams={names}")
        assert (listed["contractType"], listed["pricePrecision"]) == ("PERPETUAL", 2)
        diffs = [one["data"] for one in messages if "@depth" in one["stream"]]
        assert len(diffs) > 30
        assert all(b["pu"] == a["u"] for a, b in pairwise(diffs))
        assert all(one["data"]["E"] == one["data"]["T"] for one in messages)

    run(test)


# --- who may speak --------------------------------------------------------------------------------


def test_a_page_of_another_site_and_a_stranger_from_outside_are_turned_away(tmp_path: Path) -> None:
    exchange = capture_exchange([write_capture(tmp_path / "c.gz", 100)], tmp_path)

    async def status(url: str, **headers: str) -> int:
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            return answer.status

    async def test() -> None:
        async with served(exchange) as server:
            ping = f"http://127.0.0.1:{server.port}/api/v3/ping"
            assert await status(ping) == 200
            assert await status(ping, Origin="http://localhost:3000") == 200
            assert await status(ping, Origin="http://evil.example") == 403
            server._open = False  # as away from loopback
            assert await status(ping) == 403
            assert await status(ping.replace("/api", f"/{SECRET.replace(' ', '%20')}/api")) == 200

    run(test)


def test_what_is_no_capture_is_refused_by_name_and_line(tmp_path: Path) -> None:
    path = tmp_path / "spot.txt"
    for text, words in (
        ("1 {}\n", "spot.txt:1"),
        ("x\n", "spot.txt:1"),
        ('1 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"B"}}\n', "no depth snapshot"),
        (
            '1 {"stream":"b@depth","data":{"e":"depthUpdate","E":1,"s":"B","pu":1}}\n',
            "a futures market",
        ),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=words):
            CaptureFeed([path])
    with pytest.raises(InputError, match="nothing"):
        CaptureFeed([tmp_path / "nothing"])


def test_a_snapshot_that_came_late_loses_nothing_of_the_book(tmp_path: Path) -> None:
    lines = capture_lines(400)
    at = next(n for n, one in enumerate(lines) if '{"lastUpdateId"' in one)
    late = [*lines[:at], *lines[at + 1 : at + 60], lines[at], *lines[at + 60 :]]
    depths = []
    for name, each in (("soon", lines), ("late", late)):
        path = tmp_path / f"{name}.txt"
        path.write_text("\n".join(each) + "\n")
        feed = CaptureFeed([path])
        feed.take(1 << 62)
        depths.append(feed.depth(None, 100))  # type: ignore[arg-type]

    assert depths[0] == depths[1]


def test_a_market_that_breaks_ends_the_service_with_its_error(tmp_path: Path) -> None:
    exchange = capture_exchange([write_capture(tmp_path / "spot_x.gz", 200)], tmp_path)

    async def test() -> None:
        server = ExchangeServer(exchange, SECRET)

        def broken(until_ns: int, wall_ms: int) -> list[Any]:
            raise RuntimeError("the market broke")

        await server.start()
        exchange.advance = broken  # type: ignore[method-assign]
        await asyncio.wait_for(server.broken.wait(), 5)
        with pytest.raises(RuntimeError, match="the market broke"):
            await server.stop()

    run(test)
