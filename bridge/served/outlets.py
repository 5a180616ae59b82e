"""Websocket connections as they are written to: a bounded queue each, and who follows which stream.

A connection that does not read is cut when its queue is full, as real exchanges do; nothing is dropped
from the middle of a queue.
"""

import asyncio
from typing import TYPE_CHECKING, Final

from bridge.served.frames import Frame
from bridge.served.subscriptions import Subscriptions

if TYPE_CHECKING:
    from aiohttp import web

QUEUE_MAX: Final = 400_000
"""Twice the messages that may wait for a client: each has its head beside it."""
BUFFER_MAX: Final = 1 << 20
PAUSE_S: Final = 0.001
TEXT: Final = 0x81
SHORT: Final = 126
MIDDLE: Final = 1 << 16


class Outlet:
    """One websocket, and what waits to be written to it.

    Messages are put into frames here and handed to the transport many at a time: one system call a
    message would be most of what serving costs. Frames of the library (pings, closes) go the same way and
    lie between ours, never inside one.

    Args:
        socket: Of the connection.
        transport: Under it.
    """

    def __init__(
        self, socket: "web.WebSocketResponse", transport: asyncio.WriteTransport | None
    ) -> None:
        self.socket = socket
        self.overrun = False
        self._transport = transport
        self._waiting: list[bytes] = []
        self._filled = asyncio.Event()

    def put(self, message: bytes) -> None:
        """Queue a text message."""
        if len(self._waiting) >= QUEUE_MAX:
            self.overrun = True
        elif not self.overrun:
            self._waiting.append(_head(len(message)))
            self._waiting.append(message)
        self._filled.set()

    @property
    def is_behind(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._waiting)

    async def write(self) -> None:
        """Write what waits, until the connection ends."""
        from aiohttp import WSCloseCode

        transport = self._transport
        while transport is not None and not transport.is_closing():
            await self._filled.wait()
            self._filled.clear()
            if self.overrun:
                await self.socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            if self.socket.closed:
                return
            waiting, self._waiting = self._waiting, []
            transport.write(b"".join(waiting))
            while transport.get_write_buffer_size() > BUFFER_MAX and not transport.is_closing():
                await asyncio.sleep(PAUSE_S)
            await asyncio.sleep(0)


def _head(size: int) -> bytes:
    """The head of a whole, unmasked text frame (RFC 6455, 5.2)."""
    if size < SHORT:
        return bytes((TEXT, size))
    if size < MIDDLE:
        return bytes((TEXT, SHORT)) + size.to_bytes(2, "big")
    return bytes((TEXT, SHORT + 1)) + size.to_bytes(8, "big")


class StreamOutlets:
    """Market-stream connections by the streams that they follow."""

    def __init__(self) -> None:
        self._of: dict[Outlet, Subscriptions] = {}
        self._by_name: dict[str, list[tuple[Outlet, Subscriptions]]] = {}

    @property
    def followed(self) -> bool:
        """Whether anybody follows anything."""
        return bool(self._by_name)

    def outlets(self) -> list[Outlet]:
        """Every connection."""
        return list(self._of)

    @property
    def all_written(self) -> bool:
        """Whether nothing waits anywhere."""
        return not any(outlet.is_behind for outlet in self._of)

    def add(self, outlet: Outlet, subscriptions: Subscriptions) -> None:
        """A connection is there, or follows other streams now."""
        self._of[outlet] = subscriptions
        self._rebuild()

    def remove(self, outlet: Outlet) -> None:
        """A connection is gone."""
        self._of.pop(outlet, None)
        self._rebuild()

    def _rebuild(self) -> None:
        self._by_name = {}
        for outlet, subscriptions in self._of.items():
            for name in subscriptions.names:
                self._by_name.setdefault(name, []).append((outlet, subscriptions))

    def wants(self, frame: Frame) -> bool:
        """Whether anybody follows a stream of this frame."""
        return any(name in self._by_name for name in frame.names)

    @property
    def names(self) -> list[str]:
        """Every stream that somebody follows."""
        return list(self._by_name)

    def send(self, frame: Frame, payload: bytes) -> int:
        """Queue a frame for everybody who follows it; to how many."""
        return sum(self.send_named(name, payload) for name in frame.names)

    def send_named(self, name: str, payload: bytes) -> int:
        """Queue a message of one stream for everybody who follows it; to how many."""
        followers = self._by_name.get(name, ())
        for outlet, subscriptions in followers:
            message = payload
            if subscriptions.is_wrapped:
                message = b'{"stream":"%b","data":%b}' % (name.encode(), payload)
            outlet.put(message)
        return len(followers)
