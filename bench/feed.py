"""Messages a second of the Binance feed and of the recorder, on one core; `python bench/feed.py --help`.

Messages are depth updates with ten levels a side, as LIVE figures are given for, or those of captures.
The sender is another process, which writes prepared frames as fast as the socket takes them.
"""

import argparse
import asyncio
import gc
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bridge.feeds import FRAME, REST, FeedBook, drive
from bridge.feeds.binance import BinanceFeed
from bridge.feeds.transport import Link, LinkConfig
from bridge.recording import LogWriter, Recorder, read_log
from market.instruments import Instrument
from market.live import BookDelta, BookSnapshot

BOOK = FeedBook(
    0,
    Instrument(
        symbol="BTCUSDT",
        venue="BINANCE",
        currency="USDT",
        price_units_per_currency=100,
        tick_units=1,
        lot_den=10**8,
    ),
)
SNAPSHOT = (
    b'{"lastUpdateId":1000,"bids":[["61000.00000000","1.0"]],"asks":[["62000.00000000","1.0"]]}'
)


def depth_frame(number: int) -> bytes:
    """The update `number`, some 0.8 KB, whose prices and quantities move."""
    base = 6_168_000 + number % 977
    bids = [
        [f"{(base - 7 * i) / 100:.8f}", f"{(number * 31 + i * 977) % 99_991 / 1e4:.8f}"]
        for i in range(10)
    ]
    asks = [
        [f"{(base + 7 + 7 * i) / 100:.8f}", f"{(number * 17 + i * 733) % 99_991 / 1e4:.8f}"]
        for i in range(10)
    ]
    data = {
        "e": "depthUpdate", "E": 1_700_000_000_000 + number, "s": "BTCUSDT",
        "U": 1_001 + number, "u": 1_001 + number, "b": bids, "a": asks,
    }  # fmt: skip
    return json.dumps(
        {"stream": "btcusdt@depth@100ms", "data": data}, separators=(",", ":")
    ).encode()


def captured(paths: Sequence[Path]) -> list[tuple[str, bytes, int]]:
    """The entries of captures."""
    entries = []
    for path in paths:
        with gzip.open(path) as file:
            for line in file:
                stamp, _, body = line.rstrip(b"\n").partition(b" ")
                is_snapshot = body.startswith(b'{"lastUpdateId"')
                entries.append((f"{REST}depth:BTCUSDT" if is_snapshot else FRAME, body, int(stamp)))
    return entries


def book_of() -> Callable[[object], None]:
    """What applies an update to a plain book of dicts."""
    sides: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def apply(update: object) -> None:
        if type(update) is BookDelta:
            for levels, changes in ((sides[0], update.bids), (sides[1], update.asks)):
                for price, lots in changes:
                    if lots:
                        levels[price] = lots
                    else:
                        levels.pop(price, None)
        elif type(update) is BookSnapshot:
            for levels, whole in ((sides[0], update.bids), (sides[1], update.asks)):
                levels.clear()
                levels.update(whole)

    return apply


def decode(name: str, entries: Sequence[tuple[str, bytes, int]], market: str, speed: str) -> None:
    """Feed and book, no I/O."""
    best = 0.0
    for _ in range(3):
        feed = BinanceFeed([BOOK], market, depth_speed=speed)
        feed.opened(0)
        apply = book_of()
        begin_s = time.process_time()
        for channel, data, now_ns in entries:
            for update in drive(feed, channel, data, now_ns).updates:
                apply(update)
        best = max(best, len(entries) / (time.process_time() - begin_s))
    size = sum(len(data) for _, data, _ in entries) / len(entries)
    print(f"feed and book, {name:24} {size:6,.0f} bytes  {best:10,.0f} msg/s  {1e6 / best:6.1f} us")


async def send(count: int) -> None:
    """The sender: says its port, and sends to whoever subscribes."""
    from websockets.asyncio.server import ServerConnection, serve

    frames = []
    for number in range(count):
        payload = depth_frame(number)
        frames.append(b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload)
    batches = [b"".join(frames[at : at + 50]) for at in range(0, count, 50)]

    async def handler(connection: ServerConnection) -> None:
        await connection.recv()
        transport = connection.transport
        for batch in batches:
            while transport.get_write_buffer_size() > 1 << 18:
                await asyncio.sleep(0.0005)
            transport.write(batch)
        await connection.wait_closed()

    async with serve(handler, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.Future()


def receive(name: str, count: int, *, decoded: bool, recorded: bool) -> None:
    """A link over loopback, with what hangs on it."""
    sender = subprocess.Popen(
        [sys.executable, __file__, "--sender", str(count)], stdout=subprocess.PIPE, text=True
    )
    assert sender.stdout is not None
    port = int(sender.stdout.readline())
    feed = BinanceFeed([BOOK], ids_only=not decoded)
    apply = book_of()
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder, LogWriter(Path(folder)) as log:
        recorder = Recorder(log, time.time_ns)

        async def scene() -> None:
            stop = asyncio.Event()
            seen = 0

            def sink(channel: str, data: bytes) -> Sequence[object]:
                nonlocal seen
                now_ns = recorder.take(channel, data) if recorded else time.time_ns()
                step = drive(feed, channel, data, now_ns)
                for update in step.updates:
                    apply(update)
                if channel == FRAME:
                    seen += 1
                    if seen == 1:
                        times.extend((time.perf_counter(), time.process_time()))
                        drive(feed, f"{REST}depth:BTCUSDT", SNAPSHOT, now_ns)
                        return ()
                    if seen == count:
                        times.extend((time.perf_counter(), time.process_time()))
                        stop.set()
                return [want for want in step.wants if not hasattr(want, "path")]

            await Link(LinkConfig(ws_url=f"ws://127.0.0.1:{port}/"), sink).run(stop)

        asyncio.run(scene())
        log.sync()
        disk = sum(path.stat().st_size for path in Path(folder).iterdir())
        whole = sum(1 for entry in read_log(Path(folder)) if entry.channel == FRAME)
    sender.kill()
    sender.wait()
    assert feed.counts["gaps"] == 0
    assert whole == (count if recorded else 0)
    wall_s, cpu_s = times[2] - times[0], times[3] - times[1]
    print(
        f"{name:39} {count / wall_s:10,.0f} msg/s wall  {1e6 * cpu_s / count:6.1f} us CPU  "
        f"{disk / 1e6:6.1f} MB on disk"
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="messages over loopback")
    parser.add_argument("--data", type=Path, help="folder with binance/*.gz captures")
    parser.add_argument("--sender", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.sender:
        asyncio.run(send(args.sender))
        return
    gc.disable()
    made = [(FRAME, depth_frame(number), number) for number in range(50_000)]
    decode(
        "10+10 levels", [made[0], (f"{REST}depth:BTCUSDT", SNAPSHOT, 0), *made[1:]], "spot", "100ms"
    )
    if args.data:
        folder = args.data / "binance"
        spot = captured([folder / f"spot_btcusdt_2024080{day}.gz" for day in (8, 9)])
        usdm = captured([folder / "usdm_btcusdt_20240808.gz"])
        decode("spot capture, all", spot, "spot", "100ms")
        decode("USD-M capture, all", usdm, "usdm", "0ms")
    receive("link and ids", args.count, decoded=False, recorded=False)
    receive("link, ids and recorder (record-only)", args.count, decoded=False, recorded=True)
    receive("link, feed and book", args.count, decoded=True, recorded=False)
    receive("link, feed, book and recorder", args.count, decoded=True, recorded=True)


if __name__ == "__main__":
    main()
