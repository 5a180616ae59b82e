"""What a session tells whoever scrapes it: `/metrics` in Prometheus's text format, on loopback.

Model: nothing is counted here; when somebody asks, the figures are read as they are then. Whoever asks has to
show the token, as `Authorization: Bearer TOKEN`.
"""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from market.errors import InputError

if TYPE_CHECKING:
    from aiohttp import web
    from prometheus_client import Metric

PREFIX: Final = "twin_paper_"
TOKEN_MIN: Final = 8
BEARER: Final = "Bearer "


class Figure(NamedTuple):
    """One figure.

    Attributes:
        name: In Prometheus's manner, with its unit; the prefix comes before it.
        help: What it is.
        values: By labels; without any, under the empty tuple.
        labels: Their names.
        is_counter: Whether it only rises.
    """

    name: str
    help: str
    values: Mapping[tuple[str, ...], float]
    labels: Sequence[str] = ()
    is_counter: bool = False


Read = Callable[[], Sequence[Figure]]


class _Collector:
    """Figures as the library takes them."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def collect(self) -> "Iterator[Metric]":
        """Everything, as it is now."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for one in self._read():
            kind = CounterMetricFamily if one.is_counter else GaugeMetricFamily
            family = kind(PREFIX + one.name, one.help, labels=one.labels)
            for labels, value in one.values.items():
                family.add_metric(labels, value)
            yield family


class MetricsServer:
    """Answers `/metrics`; stop it.

    Args:
        read: Reads every figure.
        token: What whoever asks has to show.

    Attributes:
        port: On which it listens, once it does.

    Raises:
        InputError: The token is too short, or the extra `live` is not installed.
    """

    def __init__(self, read: Read, token: str) -> None:
        if len(token) < TOKEN_MIN:
            raise InputError(
                f"metrics token: found fewer than {TOKEN_MIN} characters, allowed are {TOKEN_MIN} or more"
            )
        try:
            from prometheus_client import CollectorRegistry
        except ImportError as error:
            raise InputError(
                f"metrics: found no {error.name}, allowed with: pip install market-twin[live]"
            ) from None
        self.port = 0
        self._registry = CollectorRegistry()
        self._registry.register(_Collector(read))
        self._token = (BEARER + token).encode()
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen.

        Raises:
            InputError: The port cannot be had.
        """
        from aiohttp import web

        app = web.Application()
        app.router.add_get("/metrics", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise InputError(
                f"metrics: found {host}:{port} ({error}), allowed is a free port"
            ) from None
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: "web.Request") -> "web.Response":
        from aiohttp import web
        from prometheus_client import generate_latest

        shown = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if not hmac.compare_digest(shown, self._token):
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        return web.Response(body=generate_latest(self._registry), content_type="text/plain")
