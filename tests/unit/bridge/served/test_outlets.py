"""What is written to a websocket, and who is cut."""

import asyncio
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from bridge.served import outlets
from bridge.served.outlets import Outlet


class Socket:
    closed = False
    code = 0

    async def close(self, *, code: int) -> None:
        self.closed, self.code = True, code


class Transport:
    """Takes everything, and says how much it holds."""

    def __init__(self, held: int = 0) -> None:
        self.data = b""
        self.held = held

    def write(self, data: bytes) -> None:
        self.data += data

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return self.held


def outlet_of(socket: Any, transport: Any) -> Outlet:
    return Outlet(socket, transport)


async def written(outlet: Outlet) -> None:
    task = asyncio.create_task(outlet.write())
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_frames_are_those_of_the_protocol(size: int) -> None:
    transport = Transport()
    message = b"x" * size

    async def test() -> None:
        outlet = outlet_of(Socket(), transport)
        outlet.put(message)
        outlet.put(b"{}")
        await written(outlet)

    asyncio.run(test())
    frames = [Frame(Opcode.TEXT, data).serialize(mask=False) for data in (message, b"{}")]
    assert transport.data == b"".join(frames)


def test_who_does_not_read_is_cut_and_gets_no_half_of_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outlets, "QUEUE_MAX", 20)
    monkeypatch.setattr(outlets, "PAUSE_S", 0)
    socket, transport = Socket(), Transport(held=outlets.BUFFER_MAX + 1)

    async def test() -> None:
        outlet = outlet_of(socket, transport)
        outlet.put(b"first")
        task = asyncio.create_task(outlet.write())
        await asyncio.sleep(0)
        for _ in range(11):
            outlet.put(b"more")
        assert outlet.is_behind
        transport.held = 0
        await asyncio.wait_for(task, 5)

    asyncio.run(test())
    assert (socket.closed, socket.code) == (True, 1008)
    assert transport.data == Frame(Opcode.TEXT, b"first").serialize(mask=False)
