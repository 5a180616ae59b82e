"""The link on loopback: what is told, in which order, and what a bad connection costs."""

import asyncio
import contextlib
import socket
import sys
from itertools import pairwise

import pytest
from aiohttp import web
from websockets.asyncio.server import ServerConnection

from bridge.feeds import DOWN, FRAME, QUIET, UP, Fetch, Reopen, Send, Want
from bridge.feeds.pauses import Pauses
from bridge.feeds.transport import Link, LinkConfig
from market.errors import InputError
from tests.unit.bridge.feeds.loopback import MS, Heard, run_link, venue


async def idle(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def downs(count: int) -> object:
    return lambda heard: heard.channels().count(DOWN) >= count


def test_what_is_sent_and_comes_is_told_in_order() -> None:
    def wishes(channel: str, data: bytes) -> list[Want]:
        return [Send(b"one"), Send(b"two")] if channel == UP else []

    async def scene() -> None:
        heard = Heard(wishes, until=lambda heard: len(heard.data(FRAME)) == 2)
        async with venue(echo) as addresses:
            link = await run_link(addresses, heard)
        assert heard.entries == [(UP, b""), (FRAME, b"one"), (FRAME, b"two"), (DOWN, b"stopped")]
        assert (link.frame_count, link.byte_count, link.connect_count) == (2, 6, 1)

    asyncio.run(scene())


def test_a_fetch_is_told_after_its_time_and_a_failure_is_told_too() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/good":
            return web.Response(text=request.query_string)
        return web.Response(status=503, text="later")

    def wishes(channel: str, data: bytes) -> list[Want]:
        if channel != UP:
            return []
        return [Fetch("rest:a", "/good?x=1", 400 * MS), Fetch("rest:b", "/bad", 0)]

    async def scene() -> None:
        heard = Heard(wishes, until=lambda heard: len(heard.entries) == 3)
        async with venue(idle, answer) as addresses:
            link = await run_link(addresses, heard)
        assert heard.entries[1:3] == [("fail:rest:b", b"HTTP 503: later"), ("rest:a", b"x=1")]
        assert heard.times[2] - heard.times[0] >= 0.39
        assert (link.fetch_count, link.fetch_failures) == (2, 1)

    asyncio.run(scene())


def test_a_venue_that_says_too_many_is_left_alone() -> None:
    asked: list[float] = []

    async def answer(_request: web.Request) -> web.StreamResponse:
        asked.append(asyncio.get_running_loop().time())
        if len(asked) == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.Response(text="yes")

    def wishes(channel: str, data: bytes) -> list[Want]:
        return [Fetch("rest:a", "/", 0)] if channel in (UP, "fail:rest:a") else []

    async def scene() -> None:
        heard = Heard(wishes, until=lambda heard: bool(heard.data("rest:a")))
        async with venue(idle, answer) as addresses:
            await run_link(addresses, heard)
        assert asked[1] - asked[0] >= 0.95

    asyncio.run(scene())


def test_a_venue_that_drops_us_is_not_stormed() -> None:
    async def drop(connection: ServerConnection) -> None:
        await connection.close(1001, "bye")

    async def scene() -> None:
        heard = Heard(until=downs(7))
        async with venue(drop) as addresses:
            link = await run_link(
                addresses, heard, first_pause_ns=10 * MS, longest_pause_ns=80 * MS
            )
        assert heard.channels() == [UP, DOWN] * 7
        assert b"1001" in heard.entries[1][1]
        ups = [
            time
            for time, (channel, _) in zip(heard.times, heard.entries, strict=True)
            if channel == UP
        ]
        pauses = [after - before for before, after in pairwise(ups)]
        for pause, least in zip(pauses, (0.01, 0.02, 0.04, 0.08, 0.08, 0.08), strict=True):
            assert pause >= least
        assert link.last_trouble

    asyncio.run(scene())


def test_pauses_double_and_chance_lengthens_them() -> None:
    pauses = Pauses(500 * MS, 60_000 * MS, 500_000, lambda: 0.5)
    found = [pauses.next_ns() // MS for _ in range(10)]
    assert found == [0, 625, 1250, 2500, 5000, 10_000, 20_000, 40_000, 75_000, 75_000]
    pauses.ask(100_000 * MS)
    assert pauses.next_ns() == 100_000 * MS
    assert pauses.next_ns() == 75_000 * MS
    pauses.reset()
    assert [pauses.next_ns() // MS for _ in range(2)] == [0, 625]
    drawn = [Pauses(500 * MS, 500 * MS, 10**6) for _ in range(20)]
    lengths = {(one.next_ns(), one.next_ns()) for one in drawn}
    assert len(lengths) > 10
    assert all(500 * MS <= second < 1_000 * MS for _, second in lengths)


def test_a_connection_that_held_resets_the_pause() -> None:
    async def hold(connection: ServerConnection) -> None:
        await asyncio.sleep(0.05)
        await connection.close()

    async def scene() -> None:
        heard = Heard(until=downs(4))
        async with venue(hold) as addresses:
            await run_link(
                addresses,
                heard,
                stable_ns=20 * MS,
                first_pause_ns=3_000 * MS,
                longest_pause_ns=3_000 * MS,
            )
        assert heard.times[-1] - heard.times[0] < 6

    asyncio.run(scene())


def test_nobody_there_is_tried_again_and_ends_when_asked() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{holder.getsockname()[1]}/"

        async def scene() -> None:
            stop = asyncio.Event()
            heard = Heard(until=lambda heard: False)
            config = LinkConfig(ws_url=url, first_pause_ns=5 * MS, longest_pause_ns=20 * MS)
            link = Link(config, heard)
            running = asyncio.create_task(link.run(stop))
            while link.attempt_count < 4:
                await asyncio.sleep(0.01)
            stop.set()
            await running
            assert heard.entries == []
            assert link.connect_count == 0
            assert "opening" in link.last_trouble

        asyncio.run(scene())


def test_silence_is_told_once_and_then_ends_the_connection() -> None:
    async def stall(connection: ServerConnection) -> None:
        await connection.send("one")
        await asyncio.sleep(0.5)
        await connection.send("two")
        await connection.wait_closed()

    async def scene() -> None:
        heard = Heard(until=downs(1))
        async with venue(stall) as addresses:
            link = await run_link(addresses, heard, quiet_ns=200 * MS, dead_ns=1_500 * MS)
        assert heard.channels() == [UP, FRAME, QUIET, FRAME, QUIET, DOWN]
        assert heard.entries[-1][1].startswith(b"silent for 1.")
        # In time after the newest frame, whenever the silence before was told.
        assert heard.times[4] - heard.times[3] < 0.8
        assert link.quiet_count == 2

    asyncio.run(scene())


def test_a_wish_to_reopen_opens_anew_and_late_fetches_go_with_the_old_connection() -> None:
    ups = 0

    def wishes(channel: str, data: bytes) -> list[Want]:
        nonlocal ups
        if channel != UP:
            return []
        ups += 1
        return [Fetch("rest:a", "/", 10_000 * MS), Reopen("tired", 60 * MS)] if ups == 1 else []

    async def scene() -> None:
        heard = Heard(wishes, until=lambda heard: heard.channels().count(UP) == 2)
        async with venue(idle) as addresses:
            await run_link(addresses, heard)
        assert heard.entries == [(UP, b""), (DOWN, b"reopen: tired"), (UP, b""), (DOWN, b"stopped")]
        assert heard.times[2] - heard.times[1] >= 0.055

    asyncio.run(scene())


def test_a_frame_that_is_too_long_ends_the_connection() -> None:
    async def flood(connection: ServerConnection) -> None:
        await connection.send(bytes(2_000))
        await connection.wait_closed()

    async def scene() -> None:
        heard = Heard(until=downs(1))
        async with venue(flood) as addresses:
            await run_link(addresses, heard, frame_bytes_max=1_000)
        assert heard.channels() == [UP, DOWN]
        assert b"1009" in heard.entries[-1][1]

    asyncio.run(scene())


def test_a_body_that_is_too_long_is_a_failure() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=bytes(100_000))

    def wishes(channel: str, data: bytes) -> list[Want]:
        return [Fetch("rest:a", "/", 0)] if channel == UP else []

    async def scene() -> None:
        heard = Heard(wishes, until=lambda heard: len(heard.entries) == 2)
        async with venue(idle, answer) as addresses:
            await run_link(addresses, heard, frame_bytes_max=1_000)
        assert heard.entries[1] == ("fail:rest:a", b"found a body of over 1000 bytes")

    asyncio.run(scene())


@pytest.mark.parametrize("where", [UP, FRAME, "rest:a"])
def test_what_the_sink_raises_ends_the_link(where: str) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="x")

    def wishes(channel: str, data: bytes) -> list[Want]:
        if channel == where:
            raise InputError("the log takes no more")
        return [Send(b"x"), Fetch("rest:a", "/", 0)] if channel == UP else []

    async def scene() -> None:
        heard = Heard(wishes, until=lambda heard: False)
        async with venue(echo, answer) as addresses:
            with pytest.raises(InputError, match="the log takes no more"):
                await run_link(addresses, heard)
        assert heard.channels()[-1] == DOWN

    asyncio.run(scene())


def test_a_link_that_is_cancelled_tells_it() -> None:
    async def scene() -> None:
        heard = Heard(until=lambda heard: False)
        async with venue(idle) as addresses:
            running = asyncio.create_task(run_link(addresses, heard))
            while not heard.entries:
                await asyncio.sleep(0.005)
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
        assert heard.entries == [(UP, b""), (DOWN, b"given up")]

    asyncio.run(scene())


def test_a_flood_is_told_whole_and_what_waits_is_bounded() -> None:
    async def flood(connection: ServerConnection) -> None:
        for number in range(5_000):
            await connection.send(b"%d" % number)
        await connection.wait_closed()

    async def scene() -> None:
        heard = Heard(until=lambda heard: len(heard.entries) == 5_001)
        async with venue(flood) as addresses:
            link = await run_link(addresses, heard, frames_waiting_max=64)
        assert heard.data(FRAME) == [b"%d" % number for number in range(5_000)]
        # One read of the socket may bring more than the bound; it then pauses the socket.
        assert 0 < link.waiting_max < 5_000

    asyncio.run(scene())


@pytest.mark.parametrize(
    "settings",
    [
        {"ws_url": "http://x"},
        {"ws_url": "ws://"},
        {"ws_url": "ws://me:secret@x/"},
        {"ws_url": "ws://x", "rest_url": "ftp://x"},
        {"ws_url": "ws://x", "quiet_ns": 0},
        {"ws_url": "ws://x", "quiet_ns": 100 * 10**9},
    ],
)
def test_addresses_and_times_that_make_no_sense_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"found .*allowed") as caught:
        LinkConfig(**settings)
    assert "secret" not in str(caught.value)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    link = Link(LinkConfig(ws_url="ws://x"), lambda _c, _d: ())
    with pytest.raises(InputError, match=r"pip install market-twin\[live\]"):
        asyncio.run(link.run(asyncio.Event()))
