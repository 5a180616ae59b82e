"""What ccxt hands out of a served capture, as it comes, and what that costs, beside `bench/paper.py`.

`python bench/ccxt_feed.py --data data`
"""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CAPTURES = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
SYMBOL = "BTC/USDT"


def client(port: int) -> Any:
    """The client with other addresses."""
    from ccxt import pro

    rest, ws = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    urls = {
        "public": f"{rest}/api/v3",
        "private": f"{rest}/api/v3",
        "sapi": f"{rest}/sapi/v1",
        "ws": {"spot": f"{ws}/stream/ws", "ws-api": {"spot": f"{ws}/ws-api/v3"}},
    }
    return pro.binance({"urls": {"api": urls}, "options": {"fetchMarkets": {"types": ["spot"]}}})


async def watch(port: int) -> dict[str, Any]:
    """Follow book and trades until nothing has come for two seconds."""
    exchange = client(port)
    counts = {"books": 0, "trades": 0}
    last = [0.0]

    async def books() -> None:
        while True:
            await exchange.watch_order_book(SYMBOL)
            counts["books"] += 1
            last[0] = time.monotonic()

    async def trades() -> None:
        exchange.newUpdates = True
        while True:
            counts["trades"] += len(await exchange.watch_trades(SYMBOL))
            last[0] = time.monotonic()

    try:
        await exchange.load_markets()
        tasks = [asyncio.create_task(one()) for one in (books, trades)]
        while not counts["books"]:
            await asyncio.sleep(0.01)
        began_s, cpu_s = time.monotonic(), time.process_time()
        while time.monotonic() < last[0] + 2.0:
            await asyncio.sleep(0.1)
        cpu_s = time.process_time() - cpu_s
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await exchange.close()
    return {**counts, "wall_s": last[0] - began_s, "cpu_s": cpu_s}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--speeds", type=float, nargs="*", default=[10, 60, 1_000])
    given = parser.parse_args()
    for speed in given.speeds:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
        files = [str(given.data / "binance" / name) for name in CAPTURES]
        command = [sys.executable, "-m", "cli", "serve-feed", *files, "--port", str(port)]
        served = subprocess.Popen(
            [*command, "--speed", str(speed), "--hold", "--json", "-q"], stdout=subprocess.PIPE
        )
        time.sleep(1)
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if served.poll() is not None:
                    raise SystemExit("serve-feed ended, and says why above") from None
                time.sleep(0.2)
        found = asyncio.run(watch(port))
        served.terminate()
        text, _ = served.communicate(timeout=30)
        sent = json.loads(text)["messages"]
        rate = sent / found["wall_s"] if found["wall_s"] else 0.0
        print(
            f"ccxt at {speed:6,.0f}x: {sent:,} messages at {rate:8,.0f}/s, "
            f"{1e6 * found['cpu_s'] / sent:6.1f} us CPU each; books handed out {found['books']:,}, "
            f"trades handed out {found['trades']:,}",
            flush=True,
        )


if __name__ == "__main__":
    main()
