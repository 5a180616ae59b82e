"""A scripted venue on loopback: one websocket handler and one REST answer, both of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve

from bridge.feeds import Want
from bridge.feeds.transport import Link, LinkConfig

MS = 1_000_000
Handler = Callable[[ServerConnection], Awaitable[None]]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def no_rest(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=404, text="none here")


@asynccontextmanager
async def venue(handler: Handler, answer: Answer = no_rest) -> AsyncIterator[dict[str, str]]:
    """The two addresses, as a `LinkConfig` takes them."""
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    rest_port = runner.addresses[0][1]
    async with serve(handler, "127.0.0.1", 0, compression=None) as server:
        ws_port = next(iter(server.sockets)).getsockname()[1]
        yield {
            "ws_url": f"ws://127.0.0.1:{ws_port}/stream",
            "rest_url": f"http://127.0.0.1:{rest_port}",
        }
    await runner.cleanup()


class Heard:
    """A sink that keeps what it is told, answers with wishes, and stops the link when it has enough."""

    def __init__(
        self,
        wishes: Callable[[str, bytes], Sequence[Want]] = lambda _channel, _data: (),
        *,
        until: Callable[["Heard"], bool],
    ) -> None:
        self.entries: list[tuple[str, bytes]] = []
        self.times: list[float] = []
        self.stop = asyncio.Event()
        self._wishes = wishes
        self._until = until

    def __call__(self, channel: str, data: bytes) -> Sequence[Want]:
        self.entries.append((channel, data))
        self.times.append(asyncio.get_running_loop().time())
        if self._until(self):
            self.stop.set()
        return self._wishes(channel, data)

    def channels(self) -> list[str]:
        return [channel for channel, _ in self.entries]

    def data(self, channel: str) -> list[bytes]:
        return [data for at, data in self.entries if at == channel]


async def run_link(
    addresses: dict[str, str], heard: Heard, *, within_s: float = 10, **settings: int
) -> Link:
    """Run a link until its sink has heard enough."""
    settings = {"first_pause_ns": 5 * MS, "longest_pause_ns": 40 * MS, "jitter_ppm": 0} | settings
    link = Link(LinkConfig(**addresses, **settings), heard, draw=lambda: 0.5)
    async with asyncio.timeout(within_s):
        await link.run(heard.stop)
    return link
