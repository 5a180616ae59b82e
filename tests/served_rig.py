"""A small capture of a market that never was, and an exchange that serves it on loopback, and its client."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import aiohttp
import websockets

from bridge.served.capture import CaptureFeed
from bridge.served.exchange import Exchange
from bridge.served.faults import ServedFault
from bridge.served.server import ExchangeServer
from scenarios.served import SimulatedMarket, served_scenario, tape_scenario
from sim.ingest.binance import ingest_binance
from sim.streams import draw
from sim.tape.read import open_tape

SECRET = "a secret of the tests"
KEY = "twin"
BALANCES = {"USDT": Fraction(1_000_000), "BTC": Fraction(10), "USD": Fraction(10**8)}
MID = 6_000_000
START_MS = 1_723_161_600_000
BEHIND_MS = 1_270  # the local clock is so far behind the exchange's
LEVELS = 40


def price_text(ticks: int) -> str:
    return f"{ticks // 100}.{ticks % 100:02d}000000"


def qty_text(lots: int) -> str:
    return f"{lots // 100_000}.{lots % 100_000:05d}000"


class Walk:
    """A book that changes by drawn steps; every change has an id."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.number = 0
        self.id = 1_000
        self.books = (
            {MID - n: self.qty() for n in range(LEVELS)},
            {MID + 1 + n: self.qty() for n in range(LEVELS)},
        )
        self.changed: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def below(self, count: int) -> int:
        self.number += 1
        return draw(self.seed, self.number) % count

    def qty(self) -> int:
        return 1_000 + self.below(200_000)

    def best(self) -> tuple[int, int]:
        return max(self.books[0]), min(self.books[1])

    def set(self, side: int, ticks: int, lots: int) -> None:
        self.id += 1
        self.changed[side][ticks] = lots
        if lots:
            self.books[side][ticks] = lots
        else:
            self.books[side].pop(ticks, None)


def capture_lines(steps: int, *, seed: int = 1, step_ms: int = 10) -> list[str]:
    """Lines of a capture: diffs every ten steps, tickers and trades between them."""
    walk, lines, first_id, trade_id = Walk(seed), [], 1_001, 500
    for step in range(steps):
        now_ms = START_MS + step * step_ms
        local_ns = (now_ms - BEHIND_MS) * 1_000_000 + 3_000_000 + walk.below(2_000_000)

        def say(stream: str, data: dict[str, Any], at_ns: int = local_ns) -> None:
            text = json.dumps({"stream": f"btcusdt@{stream}", "data": data}, separators=(",", ":"))
            lines.append(f"{at_ns} {text}")

        before = walk.best(), [walk.books[s][t] for s, t in enumerate(walk.best())]
        side = walk.below(2)
        best = walk.best()[side]
        if walk.below(3) == 0:
            lots = min(walk.books[side][best], 1_000 + walk.below(50_000))
            trade_id += 1
            say("trade", {
                "e": "trade", "E": now_ms, "s": "BTCUSDT", "t": trade_id, "p": price_text(best),
                "q": qty_text(lots), "T": now_ms, "m": side == 0, "M": True,
            })  # fmt: skip
            left = walk.books[side][best] - lots
            walk.set(side, best, left if left or len(walk.books[side]) < 5 else 0)
            if walk.books[side].get(best) == 0:
                walk.set(side, best, 1_000)
        else:
            ticks = (MID - walk.below(LEVELS)) if side == 0 else (MID + 1 + walk.below(LEVELS))
            walk.set(side, ticks, walk.qty())
        after = walk.best(), [walk.books[s][t] for s, t in enumerate(walk.best())]
        if after != before:
            (bid, ask), (bid_lots, ask_lots) = after
            say("bookTicker", {
                "u": walk.id, "s": "BTCUSDT", "b": price_text(bid), "B": qty_text(bid_lots),
                "a": price_text(ask), "A": qty_text(ask_lots),
            })  # fmt: skip
        if step % 10 == 9:
            levels = [
                [[price_text(t), qty_text(q)] for t, q in one.items()] for one in walk.changed
            ]
            say("depth@100ms", {
                "e": "depthUpdate", "E": now_ms, "s": "BTCUSDT", "U": first_id, "u": walk.id,
                "b": levels[0], "a": levels[1],
            })  # fmt: skip
            first_id, walk.changed = walk.id + 1, ({}, {})
            if step == 9:
                books = [
                    [[price_text(t), qty_text(q)] for t, q in one.items()] for one in walk.books
                ]
                text = json.dumps({"lastUpdateId": walk.id, "bids": books[0], "asks": books[1]})
                lines.append(f"{local_ns + 1} {text}")
    return lines


def futures_lines(steps: int) -> list[str]:
    """The same market as USD-M would tell of it: diffs name the one before, and all bear both times."""
    found, previous = [], 1_000
    for line in capture_lines(steps):
        stamp, _, text = line.partition(" ")
        message = json.loads(text)
        data = message.get("data", message)
        data |= {"E": data.get("E", int(stamp) // 10**6 + BEHIND_MS)}
        data["T"] = data["E"]
        if data.get("e") == "depthUpdate":
            data["pu"], previous = previous, data["u"]
        elif "stream" in message:
            data |= {"e": data.get("e", "bookTicker"), "X": "MARKET"}
        found.append(f"{stamp} {json.dumps(message, separators=(',', ':'))}")
    return found


def write_capture(path: Path, steps: int = 3_000, *, seed: int = 1) -> Path:
    """A capture of `steps` times ten milliseconds."""
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write("\n".join(capture_lines(steps, seed=seed)) + "\n")
    return path


def capture_exchange(
    captures: list[Path], folder: Path, *, futures: bool = False, **options: Any
) -> Exchange:
    """The exchange that serves captures, with one account."""
    tape = folder / "served.tape.parquet"
    market_name = "usdm" if futures else "spot"
    ingest_binance(captures, out=tape, market=market_name, tick="0.01", lot="0.00001")
    opened = open_tape(tape)
    market = SimulatedMarket(tape_scenario(opened), opened, seed=7, members=1, publishes=False)
    feed = CaptureFeed(captures, futures=futures)
    return Exchange(market, {KEY: BALANCES}, feed, futures=futures, **options)


def scenario_exchange(name: str, **options: Any) -> Exchange:
    """The exchange that serves a running simulation, with one account."""
    market = SimulatedMarket(served_scenario(name), None, seed=7, members=1)
    return Exchange(market, {KEY: BALANCES}, **options)


@asynccontextmanager
async def served(
    exchange: Exchange,
    *,
    speed: float = 10.0,
    hold: bool = False,
    faults: tuple[ServedFault, ...] = (),
) -> AsyncIterator[ExchangeServer]:
    """The server on a free port of loopback."""
    server = ExchangeServer(exchange, SECRET, speed=speed, hold=hold, faults=faults)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def until(holds: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
    """Wait until something holds, and fail in words when it does not."""
    for _ in range(int(seconds / 0.01)):
        found = holds()
        if found:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"after {seconds} s there was still no {what}")


def run(test: Callable[[], Awaitable[None]], seconds: float = 60.0) -> None:
    """Run an asynchronous test."""

    async def bounded() -> None:
        await asyncio.wait_for(test(), seconds)

    asyncio.run(bounded())


class Book:
    """A client's book, by the venue's own rules, with its best prices after each update."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.last = snapshot["lastUpdateId"]
        self.sides = [dict(snapshot["bids"]), dict(snapshot["asks"])]
        self.gaps = 0
        self.best: dict[int, tuple[str, str, str, str]] = {}

    def apply(self, diff: dict[str, Any]) -> None:
        if diff["u"] <= self.last:
            return
        self.gaps += diff["U"] > self.last + 1
        for side, levels in zip(self.sides, (diff["b"], diff["a"]), strict=True):
            for price, qty in levels:
                if float(qty) == 0:
                    side.pop(price, None)
                else:
                    side[price] = qty
        self.last = diff["u"]
        bid, ask = max(self.sides[0], key=float), min(self.sides[1], key=float)
        self.best[self.last] = bid, self.sides[0][bid], ask, self.sides[1][ask]


async def snapshot(server: ExchangeServer, symbol: str = "BTCUSDT") -> dict[str, Any]:
    address = f"http://127.0.0.1:{server.port}/api/v3/depth"
    async with (
        aiohttp.ClientSession() as session,
        session.get(address, params={"symbol": symbol, "limit": 5000}) as answer,
    ):
        return dict(await answer.json())


async def collect(
    server: ExchangeServer, path: str, *, times: list[float] | None = None
) -> list[Any]:
    """All messages of a stream address until the source is over, and when they came."""
    found = []
    async with websockets.connect(f"ws://127.0.0.1:{server.port}{path}") as socket:
        while True:
            is_over = server.over.is_set()
            try:
                found.append(json.loads(await asyncio.wait_for(socket.recv(), 0.2)))
            except TimeoutError:
                if is_over:
                    return found
                continue
            if times is not None:
                times.append(asyncio.get_running_loop().time())


def last_id(steps: int) -> int:
    """The id of a capture's last diff."""
    found = [json.loads(line.partition(" ")[2]) for line in capture_lines(steps)]
    return int([one["data"]["u"] for one in found if "@depth" in one.get("stream", "")][-1])
