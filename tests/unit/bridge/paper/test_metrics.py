"""Figures are read when somebody asks who has the token."""

import asyncio

import aiohttp
import pytest

from bridge.paper.metrics import Figure, MetricsServer
from market.errors import InputError

TOKEN = "a token of the tests"


def test_figures_are_those_of_the_moment_and_for_who_has_the_token() -> None:
    count = 0

    def read() -> list[Figure]:
        nonlocal count
        count += 1
        return [
            Figure("entries", "Entries.", {(): count}, is_counter=True),
            Figure("position_lots", "Held.", {("A@X",): -5.0}, ("book",)),
        ]

    async def asked() -> list[tuple[int, str]]:
        server = MetricsServer(read, TOKEN)
        await server.start()
        url = f"http://127.0.0.1:{server.port}/metrics"
        found = []
        async with aiohttp.ClientSession() as http:
            for shown in ("", "Bearer nobody", f"Bearer {TOKEN}", f"Bearer {TOKEN}"):
                async with http.get(url, headers={"Authorization": shown}) as answer:
                    found.append((answer.status, await answer.text()))
        await server.stop()
        return found

    nobody, stranger, first, second = asyncio.run(asked())
    assert (nobody[0], stranger[0], first[0], second[0]) == (401, 401, 200, 200)
    assert nobody[1] == stranger[1] == ""
    assert 'twin_paper_position_lots{book="A@X"} -5.0' in first[1]
    counts = [
        line
        for _, text in (first, second)
        for line in text.splitlines()
        if "entries_total " in line
    ]
    assert counts[0] != counts[1]
    assert TOKEN not in first[1]


def test_a_short_token_is_none() -> None:
    with pytest.raises(InputError, match="fewer than 8 characters"):
        MetricsServer(list, "short")


def test_a_header_of_any_bytes_is_no_token_and_no_error() -> None:
    async def answered() -> bytes:
        server = MetricsServer(list, TOKEN)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        await server.stop()
        return line

    assert b" 401 " in asyncio.run(answered())
