"""The server: one port for REST, market streams and the websocket API, and the wall clock behind them.

Model: the market's time is `start + elapsed × speed`, where elapsed is what a monotonic clock has counted
since the market was let go. A loop takes the exchange there and sends what comes of it; a request first
takes the exchange to its own moment, so that an order meets the market as it is then.

Who may speak to it: whoever reaches the port may look at the market, as at a real exchange, and only who
signs with the secret may trade. Away from loopback every address begins with the secret
(`http://HOST:PORT/SECRET/api`). A page of another site in somebody's browser is turned away by its Origin.
"""

import asyncio
import contextlib
import hmac
import time
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bridge.served.api import Api
from bridge.served.errors import UNAVAILABLE, ApiError
from bridge.served.exchange import Exchange
from bridge.served.faults import FaultState, ServedFault
from bridge.served.frames import Frame
from bridge.served.outlets import Outlet, StreamOutlets
from bridge.served.rest import Answer, Request, Rest, refusal
from bridge.served.rolling import PERIOD_MS, rolling
from bridge.served.subscriptions import Subscriptions
from bridge.served.wsapi import WsApiSession
from market.errors import InputError

if TYPE_CHECKING:
    from aiohttp import web

Take = Callable[[str], bytes]
"""Answers a message of a connection."""

WS_API: Final = "/ws-api/v3"
TICK_S: Final = 0.001
CHUNK_NS: Final = 100_000_000
"""Most of the market's time that one step takes it along, before others are let in."""

FINE_NS: Final = 20_000
"""Likewise, before the first diff has left that time then waits behind."""

STREAM_PATHS: Final = ("/ws", "/stream", "/public/", "/market/")
DEPTH_PATHS: Final = ("/api/v3/depth", "/fapi/v1/depth")
BODY_MAX: Final = 65_536
HEARTBEAT_S: Final = 20.0
CUT_CODE: Final = 1012


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    with contextlib.suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


class ExchangeServer:
    """Serves an exchange.

    Args:
        exchange: What is served.
        secret: What requests are signed with, and what addresses begin with away from loopback.
        speed: Seconds of the market's time in a second.
        faults: What goes wrong.
        hold: Whether the market's time waits for the first stream that somebody follows; with source
            stamps it stands once more behind the first diff, until somebody has asked for the book. So
            nothing happens before a client knows the book, by the source's own times.

    Attributes:
        messages_sent: Stream messages queued for clients.
        late_ns: How far behind the market's time was at the last step, in wall time.
        over: Whether the source is over, and all that was queued of it has been written.
        broken: Whether the market has stopped, asked to or by an error, which `stop` then raises.
    """

    def __init__(
        self,
        exchange: Exchange,
        secret: str,
        *,
        speed: float = 1.0,
        faults: tuple[ServedFault, ...] = (),
        hold: bool = False,
    ) -> None:
        if not speed > 0:
            raise InputError(f"speed: found {speed}, allowed is above 0")
        if len(secret) < 8:
            raise InputError("token: found fewer than 8 characters, allowed are 8 or more")
        self.exchange = exchange
        self.faults = FaultState(faults)
        self.port = 0
        self.messages_sent = 0
        self.late_ns = 0
        self.over = asyncio.Event()
        self.broken = asyncio.Event()
        self._secret = secret
        self._speed = speed
        self._hold = hold
        # With source stamps time is the messages', and a snapshot has to be of the first diff's.
        self._waits_for_depth = hold and exchange.source_stamps
        self._depth_sent = False
        self._api = Api(exchange, secret)
        self._rest = Rest(self._api)
        self._streams = StreamOutlets()
        self._sessions: dict[Outlet, WsApiSession] = {}
        self._held: deque[tuple[int, Frame]] = deque()
        self._began_ns: int | None = None
        self._rolls_ms = 0
        self._open = True
        self._runner: web.AppRunner | None = None
        self._task: asyncio.Task[None] | None = None

    # --- life -------------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen, and let the market's time begin unless it is held.

        Raises:
            InputError: The port cannot be had.
        """
        from aiohttp import web

        self._open = is_loopback(host)
        app = web.Application(client_max_size=BODY_MAX)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=1.0
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise InputError(
                f"port: found {host}:{port} ({error}), allowed is a free one"
            ) from None
        self.port = self._runner.addresses[0][1]
        if not self._waits_for_depth:  # who then follows the first stream has to see this too
            self._show(self.exchange.advance(self.exchange.market.start_ns + 1, _wall_ms()))
        if not self._hold:
            self._began_ns = time.monotonic_ns()
        self._task = asyncio.create_task(self._drive())
        self._task.add_done_callback(lambda _task: self.broken.set())

    async def stop(self) -> None:
        """Cut every connection and close the port; raise what broke the market, if anything did."""
        try:
            if self._task is not None:
                self._task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._task
        finally:
            await self._cut()
            if self._runner is not None:
                await self._runner.cleanup()

    async def _drive(self) -> None:
        """Take the market along with the wall clock, until it is over."""
        while True:
            if self._began_ns is None and self._streams.followed:
                self._began_ns = time.monotonic_ns()
            behind = self.catch_up()
            if self.faults.disconnects(self._elapsed_ns()):
                await self._cut()
            if self.exchange.feed.is_over and not self._held and self._streams.all_written:
                self.over.set()
            if self.exchange.wall_ms >= self._rolls_ms:
                self._rolls_ms = self.exchange.wall_ms + PERIOD_MS
                for name, message in rolling(self.exchange, self._streams.names):
                    self.messages_sent += self._streams.send_named(name, message)
            await asyncio.sleep(0 if behind else TICK_S)

    def _elapsed_ns(self) -> int:
        """Wall time since the market's time began."""
        return 0 if self._began_ns is None else time.monotonic_ns() - self._began_ns

    def catch_up(self) -> bool:
        """Take the market to the present, or as far as one step may go; whether more is to do."""
        elapsed_ns, market = self._elapsed_ns(), self.exchange.market
        self.exchange.wall_ms = _wall_ms()
        if self._began_ns is None or (self._waits_for_depth and self._depth_sent):
            return False
        target_ns = market.start_ns + 1 + int(elapsed_ns * self._speed)
        chunk_ns = FINE_NS if self._waits_for_depth else CHUNK_NS
        until_ns = min(target_ns, market.now_ns + chunk_ns)
        until_ns = max(market.now_ns, min(until_ns, market.end_ns))
        self.late_ns = int((min(target_ns, market.end_ns) - until_ns) / self._speed)
        self._show(self.exchange.advance(until_ns, self.exchange.wall_ms))
        return self.late_ns > 0

    def _go_on(self) -> None:
        """Somebody has the book that the first diff left: time runs from here."""
        if self._waits_for_depth:
            self._waits_for_depth = False
            passed_ns = self.exchange.market.now_ns - self.exchange.market.start_ns
            self._began_ns = time.monotonic_ns() - int(passed_ns / self._speed)

    async def _cut(self) -> None:
        """End every websocket."""
        outlets = [*self._sessions, *self._streams.outlets()]
        await asyncio.gather(
            *(outlet.socket.close(code=CUT_CODE) for outlet in outlets), return_exceptions=True
        )

    # --- what goes out ----------------------------------------------------------------------------

    def _show(self, frames: list[Frame]) -> None:
        """Send frames, but for those that a fault holds back or swallows, and user data."""
        elapsed_ns = self._elapsed_ns()
        for frame in frames:
            due_ns = self.faults.held_until_ns(elapsed_ns)
            if due_ns > elapsed_ns or self._held:
                self._held.append((due_ns, frame))
            else:
                self._send(frame)
        while self._held and self._held[0][0] <= elapsed_ns:
            self._send(self._held.popleft()[1])
        for event in self.exchange.events():
            for outlet, session in self._sessions.items():
                for message in session.events(event):
                    outlet.put(message)

    def _send(self, frame: Frame) -> None:
        if not self._streams.wants(frame):
            return
        is_depth = "@depth" in frame.names[0]
        if is_depth and self.faults.drops_depth():
            return
        self._depth_sent = self._depth_sent or is_depth
        self.messages_sent += self._streams.send(frame, self.exchange.rendered(frame))

    # --- what comes in ----------------------------------------------------------------------------

    async def _answer(self, request: "web.Request") -> "web.StreamResponse":
        """One request, of any kind."""
        from aiohttp import web

        path = self._path(request)
        if path is None:
            return web.Response(status=403)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request, path)
        body = (await request.read()).decode(errors="replace")
        status = self.faults.rest_status(self._elapsed_ns())
        if status:
            answer = refusal(ApiError(UNAVAILABLE[0], UNAVAILABLE[1], status))
        else:
            self.catch_up()
            query = request.rel_url.raw_query_string
            answer = self._rest.answer(Request(request.method, path, query, body, request.headers))
            self._show([])
            if self._depth_sent and path in DEPTH_PATHS and answer.status == 200:
                self._go_on()
        return self._response(answer)

    def _response(self, answer: Answer) -> "web.Response":
        from aiohttp import web

        headers = {"x-mbx-used-weight-1m": "1"}
        return web.Response(
            status=answer.status,
            body=answer.body,
            content_type="application/json",
            charset="utf-8",
            headers=headers,
        )

    def _path(self, request: "web.Request") -> str | None:
        """The path behind the secret, or None for who may not speak here."""
        origin = urlsplit(request.headers.get("Origin", "")).hostname
        if origin is not None and not is_loopback(origin):
            return None
        path = request.path
        first, _, rest = path.removeprefix("/").partition("/")
        if hmac.compare_digest(first.encode(), self._secret.encode()):
            return f"/{rest}"
        return path if self._open else None

    async def _websocket(self, request: "web.Request", path: str) -> "web.StreamResponse":
        """One websocket, from its beginning to its end."""
        from aiohttp import WSMsgType, web

        is_api = path == WS_API and not self.exchange.futures
        if not is_api and not path.startswith(STREAM_PATHS):
            return web.Response(status=404)
        socket = web.WebSocketResponse(compress=False, heartbeat=HEARTBEAT_S, max_msg_size=BODY_MAX)
        await socket.prepare(request)
        outlet = Outlet(socket, request.transport)
        take = self._open_api(outlet) if is_api else self._open_streams(outlet, path, request)
        writer = asyncio.create_task(outlet.write())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.catch_up()
                    outlet.put(take(message.data))
                    self._show([])
        finally:
            writer.cancel()
            self._sessions.pop(outlet, None)
            self._streams.remove(outlet)
        return socket

    def _open_api(self, outlet: Outlet) -> Take:
        session = self._sessions[outlet] = WsApiSession(self._api)
        return session.take

    def _open_streams(self, outlet: Outlet, path: str, request: "web.Request") -> Take:
        subscriptions = Subscriptions(path, request.query.get("streams", ""))
        self._streams.add(outlet, subscriptions)

        def take(text: str) -> bytes:
            answer = subscriptions.take(text)
            self._streams.add(outlet, subscriptions)
            return answer

        return take


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
