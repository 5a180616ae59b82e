"""Faults of the local exchange over real sockets: what a client sees of each."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets

from bridge.served.faults import ServedFault, read_fault
from tests.served_rig import (
    Book,
    capture_exchange,
    collect,
    last_id,
    run,
    served,
    snapshot,
    until,
    write_capture,
)

SECOND_NS = 1_000_000_000


async def drain(socket: websockets.ClientConnection) -> None:
    while True:
        await socket.recv()


def faulty(tmp_path: Path, *faults: str) -> Any:
    exchange = capture_exchange([write_capture(tmp_path / "c.gz", 3_000)], tmp_path)
    return served(exchange, speed=10, hold=True, faults=tuple(map(read_fault, faults)))


def test_a_dropped_diff_is_a_gap_in_its_ids_and_nothing_else(tmp_path: Path) -> None:
    async def test() -> None:
        async with faulty(tmp_path, "drop_depth@500ms") as server:
            book = Book(await snapshot(server))
            for message in await collect(server, "/ws/btcusdt@depth@100ms"):
                book.apply(message)
            assert server.faults.bitten == {"drop_depth": 1}
        assert book.gaps == 1

    run(test)


def test_a_freeze_is_silence_and_then_everything(tmp_path: Path) -> None:
    async def test() -> None:
        async with faulty(tmp_path, "freeze@500ms+700ms") as server:
            book = Book(await snapshot(server))
            times: list[float] = []
            for message in await collect(server, "/ws/btcusdt@depth@100ms", times=times):
                book.apply(message)
        assert book.gaps == 0
        assert book.last == last_id(3_000)
        assert max(b - a for a, b in pairwise(times)) > 0.6

    run(test)


def test_everybody_is_cut_and_may_come_back(tmp_path: Path) -> None:
    async def test() -> None:
        async with faulty(tmp_path, "disconnect@300ms") as server:
            uri = f"ws://127.0.0.1:{server.port}/ws/btcusdt@depth@100ms"
            async with websockets.connect(uri) as socket:
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await drain(socket)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1012
            async with websockets.connect(uri) as socket:
                assert json.loads(await socket.recv())["e"] == "depthUpdate"

    run(test)


def test_rest_fails_for_a_while_with_what_the_plan_says(tmp_path: Path) -> None:
    plan = ServedFault(kind="rest_error", at_ns=0, lasts_ns=SECOND_NS // 2, status=502)
    exchange = capture_exchange([write_capture(tmp_path / "c.gz", 3_000)], tmp_path)

    async def test() -> None:
        async with (
            served(exchange, speed=1, faults=(plan,)) as server,
            aiohttp.ClientSession() as session,
        ):
            address = f"http://127.0.0.1:{server.port}/api/v3/ping"
            async with session.get(address) as answer:
                assert (answer.status, (await answer.json())["code"]) == (502, -1000)
            await until(lambda: server._elapsed_ns() > SECOND_NS // 2, "end of the fault")
            async with session.get(address) as answer:
                assert answer.status == 200

    run(test)


def test_delayed_streams_come_later_by_so_much(tmp_path: Path) -> None:
    async def test() -> None:
        async with faulty(tmp_path, "delay@0s+2s") as server:
            uri = f"ws://127.0.0.1:{server.port}/ws/btcusdt@depth@100ms"
            async with websockets.connect(uri) as socket:
                json.loads(await socket.recv())
                assert server._elapsed_ns() > 150_000_000

    run(test)
