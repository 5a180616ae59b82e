"""The I/O of a feed: one websocket that is kept open, REST on the side, and everything told to a sink.

Model: a `Link` opens its websocket, tells what happens (`bridge.feeds.base` has the channels) to a sink,
synchronously and in order, and grants the wishes that the sink answers with. The sink stamps, logs and
applies; the link knows nothing of what frames mean. When a connection ends, for whatever reason, what
hung on it ends with it, the sink is told, and another is opened after a pause that doubles up to a
bound, drawn a little longer by chance so that many clients do not come back in step; a connection that
held for a while resets it. So neither a venue that refuses nor one that drops us is stormed.

Invariants:
1. Between `link:up` and `link:down` everything told is of that one connection.
2. A fetch ends in one `rest:` or `fail:rest:` entry, unless its connection ends before.
3. What a sink raises ends the link and is raised; nothing of it is swallowed.
4. Nothing grows without bound: a frame, a body, the frames and the sends that wait, and the fetches under
   way have limits. Frames are never dropped or merged: beyond the limit the peer's socket has to wait,
   which shows as a feed's `lag_ns`.

Half-open connections: pings that stay unanswered end one, and so does silence, since a venue may answer
pings while its feed has stalled: after `quiet_ns` without a frame the sink is told, after `dead_ns` the
connection is given up.

Limits: one websocket and one REST host. A venue's answer 418 or 429 holds every fetch back for as long
as its Retry-After says.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from bridge.feeds.base import DOWN, FAILED, FRAME, QUIET, UP, Fetch, Reopen, Send, Want
from bridge.feeds.pauses import Pauses
from market.errors import InputError

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from websockets.asyncio.client import ClientConnection

Sink = Callable[[str, bytes], Sequence[Want]]
"""Takes a channel and bytes, answers with wishes; called in order, from one loop."""

_S: Final = 1_000_000_000
_FETCHES_AT_ONCE: Final = 2
_FETCHES_MAX: Final = 1_000
_SENDS_MAX: Final = 1_000
_HELD_BACK: Final = (418, 429)
_HELD_BACK_S: Final = 60.0
_HELD_BACK_S_MAX: Final = 3_600.0


class LinkConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where to, and how patiently.

    Attributes:
        ws_url: The websocket, path included.
        rest_url: Scheme and host of REST; a `Fetch` adds the path. May be empty where none is wanted.
        quiet_ns: Silence after which the sink is told.
        dead_ns: Silence after which the connection is given up.
        ping_ns: How often we ping, and how long an answer may take.
        open_ns: How long opening, or a fetch, may take.
        first_pause_ns: The pause before the second attempt.
        longest_pause_ns: What it doubles up to.
        jitter_ppm: Most that chance adds to a pause, in millionths of it.
        stable_ns: A connection that held so long resets the pause.
        frame_bytes_max: The longest frame, or REST body.
        frames_waiting_max: Frames that may wait in memory before the socket has to.
    """

    ws_url: str
    rest_url: str = ""
    quiet_ns: int = 10 * _S
    dead_ns: int = 60 * _S
    ping_ns: int = 20 * _S
    open_ns: int = 10 * _S
    first_pause_ns: int = _S // 2
    longest_pause_ns: int = 60 * _S
    jitter_ppm: int = 250_000
    stable_ns: int = 60 * _S
    frame_bytes_max: int = 1 << 24
    frames_waiting_max: int = 1_024

    def __post_init__(self) -> None:
        for name, url, schemes in (
            ("ws_url", self.ws_url, ("ws", "wss")),
            ("rest_url", self.rest_url or "http://-", ("http", "https")),
        ):
            parts = urlsplit(url)
            if parts.scheme not in schemes or not parts.hostname or parts.username is not None:
                raise InputError(
                    f"{name}: found scheme {parts.scheme!r} and host {parts.hostname!r}, allowed is "
                    f"{' or '.join(schemes)} with a host and without a user"
                )
        if not 0 < self.quiet_ns <= self.dead_ns:
            raise InputError(
                f"quiet_ns: found {self.quiet_ns}, allowed is 1 to dead_ns, {self.dead_ns}"
            )


class Link:
    """Keeps one feed connected.

    Args:
        config: Where to, and how patiently.
        sink: Takes everything that happens.
        draw: Chance for pauses, from 0 up to 1.

    Attributes:
        connect_count: Connections that were opened.
        attempt_count: Attempts to open one.
        frame_count: Frames told.
        byte_count: Their bytes.
        fetch_count: Fetches that were begun.
        fetch_failures: Of these, those that came to nothing.
        quiet_count: Silences told.
        waiting_max: Most frames that waited at once behind the one being told.
        last_trouble: Why the newest connection or attempt ended, or empty.
    """

    def __init__(
        self, config: LinkConfig, sink: Sink, *, draw: Callable[[], float] | None = None
    ) -> None:
        self.connect_count = self.attempt_count = self.frame_count = self.byte_count = 0
        self.fetch_count = self.fetch_failures = self.quiet_count = self.waiting_max = 0
        self.last_trouble = ""
        self._config: Final = config
        self._sink: Final = sink
        self._pauses: Final = Pauses(
            config.first_pause_ns, config.longest_pause_ns, config.jitter_ppm, draw
        )
        self._heard_s = 0.0
        self._told_quiet = False
        self._held_until_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._fetching = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Keep connected until asked to stop.

        Raises:
            InputError: The extra `live` is not installed.
        """
        try:
            import aiohttp
            from websockets.asyncio.client import connect
            from websockets.exceptions import WebSocketException
        except ImportError as error:
            raise InputError(
                f"live feeds: found no {error.name}, allowed with: pip install market-twin[live]"
            ) from error
        config = self._config
        timeout = aiohttp.ClientTimeout(total=config.open_ns / _S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=not self._is_local()) as http:
            while not stop.is_set() and not await stopped(stop, self._pauses.next_ns()):
                self.attempt_count += 1
                try:
                    opening = connect(
                        config.ws_url,
                        compression=None,
                        max_size=config.frame_bytes_max,
                        max_queue=config.frames_waiting_max,
                        ping_interval=config.ping_ns / _S,
                        ping_timeout=config.ping_ns / _S,
                        open_timeout=config.open_ns / _S,
                        close_timeout=1,
                        proxy=None if self._is_local() else True,
                    )
                    socket = await _unless(stop, opening)
                except (OSError, TimeoutError, WebSocketException) as error:
                    self.last_trouble = f"opening: {type(error).__name__}: {error}"[:300]
                    continue
                if socket is None:
                    break
                self.connect_count += 1
                await self._live(socket, http, stop)

    # --- one connection -------------------------------------------------------------------------

    async def _live(
        self, socket: "ClientConnection", http: "ClientSession", stop: asyncio.Event
    ) -> None:
        """One connection from its opening to its end, which is told however it comes."""
        loop = asyncio.get_running_loop()
        self._ending: asyncio.Future[str] = loop.create_future()
        self._sends: asyncio.Queue[bytes] = asyncio.Queue(_SENDS_MAX)
        self._slots = asyncio.Semaphore(_FETCHES_AT_ONCE)
        self._http = http
        began_s = self._heard_s = loop.time()
        self._told_quiet = False
        self._fetching = 0
        reason = "given up"
        try:
            self._tell(UP, b"")
            self._begin(partial(self._receive, socket))
            self._begin(partial(self._send, socket))
            self._begin(self._watch)
            self._begin(partial(_until, stop))
            reason = await self._ending
            self.last_trouble = reason
        finally:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if loop.time() - began_s >= self._config.stable_ns / _S:
                self._pauses.reset()
            self._sink(DOWN, reason[:300].encode())
            with contextlib.suppress(OSError, TimeoutError):
                await socket.close()

    def _begin(self, work: Callable[[], Awaitable[str | None]]) -> None:
        """Do something for as long as the connection lasts; its answer, or its error, ends that."""

        async def until_end() -> None:
            try:
                reason = await work()
            except Exception as error:  # noqa: BLE001 passed on whole, to whoever awaits the end
                if not self._ending.done():
                    self._ending.set_exception(error)
                return
            if reason is not None and not self._ending.done():
                self._ending.set_result(reason)

        task = asyncio.create_task(until_end())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, channel: str, data: bytes) -> None:
        """Tell the sink, and grant what it wishes."""
        for want in self._sink(channel, data):
            if isinstance(want, Send):
                if self._sends.full():
                    self._end(f"{_SENDS_MAX} sends wait")
                else:
                    self._sends.put_nowait(want.data)
            elif isinstance(want, Reopen):
                self._pauses.ask(want.after_ns)
                self._end(f"reopen: {want.reason}")
            elif self._fetching >= _FETCHES_MAX:
                self._end(f"{_FETCHES_MAX} fetches under way")
            else:
                self._fetching += 1
                self._begin(partial(self._fetch, want))

    def _end(self, reason: str) -> None:
        if not self._ending.done():
            self._ending.set_result(reason)

    async def _receive(self, socket: "ClientConnection") -> str:
        from websockets.exceptions import ConnectionClosed

        loop = asyncio.get_running_loop()
        # A queue that the library keeps to itself: a version without it costs this measure only.
        waiting = getattr(getattr(socket, "recv_messages", None), "frames", ())
        try:
            while not self._ending.done():
                data = await socket.recv(decode=False)
                self._heard_s = loop.time()
                self._told_quiet = False
                self.frame_count += 1
                self.byte_count += len(data)
                if len(waiting) > self.waiting_max:
                    self.waiting_max = len(waiting)
                self._tell(FRAME, data)
        except ConnectionClosed as error:
            return f"closed: {error}"
        return "given up"

    async def _send(self, socket: "ClientConnection") -> str:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await socket.send((await self._sends.get()).decode())
        except ConnectionClosed as error:
            return f"closed: {error}"

    async def _watch(self) -> str:
        """Silence, told and then acted on."""
        loop = asyncio.get_running_loop()
        quiet_s, dead_s = self._config.quiet_ns / _S, self._config.dead_ns / _S
        while True:
            silent_s = loop.time() - self._heard_s
            if silent_s >= dead_s:
                return f"silent for {silent_s:.1f} s"
            if silent_s >= quiet_s and not self._told_quiet:
                self._told_quiet = True
                self.quiet_count += 1
                self._tell(QUIET, b"")
            # A frame may come at once and be the last: the next silence is then seen in time as well.
            left_s = min(quiet_s, dead_s - silent_s) if self._told_quiet else quiet_s - silent_s
            await asyncio.sleep(max(0.001, left_s))

    # --- REST -----------------------------------------------------------------------------------

    async def _fetch(self, want: Fetch) -> None:
        """Get a path, not before its time, and tell what came of it."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(want.after_ns / _S)
        async with self._slots:
            while (held_s := self._held_until_s - loop.time()) > 0:
                await asyncio.sleep(held_s)
            self.fetch_count += 1
            body, trouble = await self._get(want.path)
        self._fetching -= 1
        if trouble:
            self.fetch_failures += 1
            self._tell(f"{FAILED}{want.channel}", trouble.encode())
        else:
            self._tell(want.channel, body)

    async def _get(self, path: str) -> tuple[bytes, str]:
        """A path's body, or why there is none."""
        import aiohttp

        most = self._config.frame_bytes_max
        try:
            async with self._http.get(self._config.rest_url + path) as answer:
                body = b""
                async for piece in answer.content.iter_chunked(1 << 16):
                    body += piece
                    if len(body) > most:
                        return b"", f"found a body of over {most} bytes"
                if answer.status == 200:
                    return body, ""
                self._hold_back(answer)
                return b"", f"HTTP {answer.status}: {body[:200].decode(errors='replace')}"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return b"", f"{type(error).__name__}: {error}"[:300]

    def _hold_back(self, answer: "ClientResponse") -> None:
        """A venue that says we ask too much is not asked again before it says."""
        if answer.status not in _HELD_BACK:
            return
        told = answer.headers.get("Retry-After", "")
        wait_s = float(told) if told.isdigit() else _HELD_BACK_S
        until_s = asyncio.get_running_loop().time() + min(wait_s, _HELD_BACK_S_MAX)
        self._held_until_s = max(self._held_until_s, until_s)

    def _is_local(self) -> bool:
        """Whether a proxy could only be in the way."""
        return urlsplit(self._config.ws_url).hostname in ("localhost", "127.0.0.1", "::1")


async def _unless(
    stop: asyncio.Event, work: "Awaitable[ClientConnection]"
) -> "ClientConnection | None":
    """The connection; None where somebody wants to stop first, and it is given up."""
    doing, asked = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((doing, asked), return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        doing.cancel()
        asked.cancel()
        await asyncio.gather(doing, asked, return_exceptions=True)


async def _until(stop: asyncio.Event) -> str:
    await stop.wait()
    return "stopped"


async def stopped(stop: asyncio.Event, wait_ns: int) -> bool:
    """Wait, at most until asked to stop; whether that was."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_ns / _S):
            await stop.wait()
    return stop.is_set()
