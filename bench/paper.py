"""A whole desk on a live feed, by messages a second and by how late its commands leave.

A sender, another process, plays the frames of captures over loopback: as fast as they are taken, or so many a
second. Each bears the time at which it was sent. The desk is that of `paper_btc`, in the loop of `twin paper`
with its recording; a command's latency counts from the sending of the frame that it was decided on, all waiting
included. `python bench/paper.py --data data`
"""

import argparse
import asyncio
import gc
import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bridge.feeds import FeedBook
from bridge.feeds.binance import BinanceFeed
from bridge.feeds.transport import Link, LinkConfig
from bridge.paper.alarm import Alarm
from bridge.paper.fills import FillFile
from bridge.paper.listing import Terms
from bridge.paper.loop import PaperLoop
from bridge.paper.wall import WallClock
from bridge.recording import LogWriter
from market.instruments import Instrument
from scenarios.paper import PaperWorld
from scenarios.paper_rehearsal import rehearse
from scenarios.paper_session import FeedSpec, SessionStart, plan_session
from scenarios.schema import load_scenario

CAPTURES = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
BTC = Instrument(
    symbol="BTCUSDT",
    venue="BINANCE",
    currency="USDT",
    price_units_per_currency=100,
    tick_units=1,
    lot_den=10**5,
)
SENT = b',"sent":'
WARM_S = 1.0
"""Not measured: the book's snapshot of thousands of levels is taken in it, some 30 ms."""

CAUSED_NS = 1_000_000
DECIDED_NS = 121_000
"""What passes in the run from a frame to the departure of a command: wire, decision and commit of `paper_btc`."""


def captured(data: Path, count: int) -> tuple[bytes, list[bytes]]:
    """A snapshot, and frames from its own place on."""
    snapshot, frames = b"", []
    for name in CAPTURES:
        with gzip.open(data / "binance" / name) as file:
            for line in file:
                body = line.rstrip(b"\n").partition(b" ")[2]
                if body.startswith(b'{"lastUpdateId"'):
                    snapshot = body
                else:
                    frames.append(body)
                if len(frames) == count:
                    return snapshot, frames
    return snapshot, frames


async def send(data: Path, count: int, rate: float) -> None:
    """The sender: says its port, and sends to whoever subscribes."""
    from websockets.asyncio.server import ServerConnection, serve

    _, frames = captured(data, count)

    async def handler(connection: ServerConnection) -> None:
        await connection.recv()
        await asyncio.sleep(1.0)
        began = time.monotonic()
        for number, body in enumerate(frames):
            if rate:
                while time.monotonic() < began + number / rate:
                    await asyncio.sleep(0.0002)
            await connection.send(
                (body[:-1] + SENT + str(time.monotonic_ns()).encode() + b"}").decode()
            )
        await asyncio.sleep(1.0)
        await connection.close()

    async with serve(handler, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.Future()


class Desk:
    """The loop of `twin paper` around a desk, and what is measured of it."""

    def __init__(self, folder: Path, snapshot: bytes) -> None:
        scenario, _, _ = load_scenario("paper_btc")
        clock = WallClock()
        start_ns = clock.now_ns()
        self.fills = FillFile(folder / "fills.jsonl")
        feed = BinanceFeed([FeedBook(0, BTC)], "spot", cut_quantities=True)
        self.world = PaperWorld(
            scenario,
            [BTC],
            [feed],
            seed=7,
            start_ns=start_ns,
            end_ns=start_ns + 3_600 * 10**9,
            filled=lambda fill: self.fills.add(b'{"venue_ns":%d}' % fill.venue_ns),
        )
        self.log = LogWriter(folder / "inputs")
        self.loop = PaperLoop(self.world, self.log, self.fills, clock.now_ns, print)
        self.loop.alarm = Alarm(asyncio.get_running_loop(), self.loop.ring)
        _rehearse(start_ns)
        self.taken_ns: list[int] = []
        self.left_ns: list[int] = []
        self.first_s = self.last_s = 0.0
        self.count = 0
        self._snapshot = snapshot
        self._sent: list[tuple[int, int]] = [(0, 0)]
        session = self.world.assembly.member_of(0)
        plain = session.send

        def leave(command: object, now_ns: int) -> None:
            before = now_ns - DECIDED_NS
            at_ns, sent_ns = next((one for one in reversed(self._sent) if one[0] <= before), (0, 0))
            # What a timer decided is not about a frame.
            if before - at_ns < CAUSED_NS and time.monotonic() > self.first_s + WARM_S:
                self.left_ns.append(time.monotonic_ns() - sent_ns)
            plain(command, now_ns)  # type: ignore[arg-type]

        session.send = leave  # type: ignore[method-assign]

    def take(self, channel: str, data: bytes) -> Sequence[object]:
        """A frame came."""
        at = data.rfind(SENT)
        sent_ns = int(data[at + len(SENT) : -1]) if at > 0 else 0
        wants = self.loop.take(f"0/{channel}", data)
        now = time.monotonic_ns()
        if sent_ns:
            self.count += 1
            if self.first_s and time.monotonic() > self.first_s + WARM_S:
                self.taken_ns.append(now - sent_ns)
            self._sent.append((self.loop.last_ns, sent_ns))
            if len(self._sent) > 20_000:
                del self._sent[:10_000]
            self.last_s = time.monotonic()
            if not self.first_s:
                self.first_s = self.last_s
            if self._snapshot and self.count == 8:
                body, self._snapshot = self._snapshot, b""
                self.loop.take("0/rest:depth:BTCUSDT", body)
        return [one for one in wants if type(one).__name__ == "Send"]


def _rehearse(start_ns: int) -> None:
    """What `twin paper` does before it connects: nothing is compiled or loaded while frames wait."""
    plan = plan_session("paper_btc", None)
    start = SessionStart(
        name=plan.scenario.run.name,
        scenario_digest=plan.digest,
        code_digest="",
        seed=7,
        instruments=(BTC,),
        terms=(Terms(),),
        feeds=(FeedSpec(venue="binance", books=(0,)),),
        start_ns=start_ns,
        end_ns=start_ns + 3_600 * 10**9,
    )
    rehearse(start, plan)


async def receive(port: int, snapshot: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), snapshot)
        stop = asyncio.Event()

        def take(channel: str, data: bytes) -> Sequence[object]:
            if channel == "link:down":
                stop.set()
            return desk.take(channel, data)

        link = Link(LinkConfig(ws_url=f"ws://127.0.0.1:{port}/stream"), take)  # type: ignore[arg-type]
        desk.loop.take("begin", b"")  # as `twin paper` does: loads what is compiled
        gc.collect()
        gc.freeze()
        gc.disable()
        cpu_s = time.process_time()
        await link.run(stop)
        cpu_s = time.process_time() - cpu_s
        count = desk.count
        rate = count / (desk.last_s - desk.first_s)
        taken, left = sorted(desk.taken_ns) or [0], sorted(desk.left_ns) or [0]
        print(
            f"{name:>12} {count:8,} {rate:10,.0f} msg/s {1e6 * cpu_s / count:6.1f} us CPU"
            f"  taken p50 {at(taken, 500):8.3f} p99 {at(taken, 990):8.3f} ms"
            f"  command p50 {at(left, 500):8.3f} p99 {at(left, 990):8.3f} p999 {at(left, 999):8.3f} ms"
            f"  commands {len(desk.left_ns):6,} decisions {desk.world.assembly.hosts[0].decisions:7,}"
            f"  book {desk.world.watch.checked} checked {desk.world.watch.wrong} wrong"
            f"  waiting {link.waiting_max}  syncs {desk.loop.figures.syncs.count}"
            f" p99 {desk.loop.figures.syncs.percentile_ns(990) / 1e6:.1f}"
            f" max {desk.loop.figures.syncs.max_ns / 1e6:.1f} ms",
            flush=True,
        )
        alarm = desk.loop.alarm
        assert alarm is not None
        alarm.close()
        desk.log.close()
        desk.fills.close()


def at(ranked: Sequence[int], per_mille: int) -> float:
    return ranked[max(0, -(-len(ranked) * per_mille // 1_000) - 1)] / 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--rates", type=float, nargs="*", default=[1_000, 2_500, 5_000, 0])
    parser.add_argument("--sender", type=float, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sender is not None:
        asyncio.run(send(given.data, given.count, given.sender))
        return
    snapshot, _ = captured(given.data, 100)
    for rate in given.rates:
        command = [sys.executable, __file__, "--data", str(given.data), "--count", str(given.count)]
        sender = subprocess.Popen(
            [*command, "--sender", str(rate)], stdout=subprocess.PIPE, text=True
        )
        assert sender.stdout is not None
        port = int(sender.stdout.readline())
        asyncio.run(receive(port, snapshot, f"{rate:,.0f}/s" if rate else "flat out"))
        sender.terminate()
        sender.wait()


if __name__ == "__main__":
    main()
