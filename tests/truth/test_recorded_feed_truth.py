"""Real captures over a wire: served, recorded by `twin record`, replayed through the feed, held to the venue.

At 60 times their own speed, and by night at 10 times: the book is equal to `bookTicker` at every update
id that both carry, nothing is missing by the venue's numbers, and every trade is there once.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.feeds import FeedBook, drive
from bridge.feeds.binance import BinanceFeed
from bridge.recording import LogReader
from market.live import BestQuote, BookDelta, BookSnapshot
from tests.unit.bridge.feeds.rig import Rebuild, instrument

pytestmark = pytest.mark.truth

TWIN = Path(sys.executable).with_name("twin")
SPOT = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
SAME_IDS = 1_072
TRADES = 19_904
SECONDS = 682
"""How long the captures are, with some to spare."""


@pytest.mark.parametrize("speed", [60, pytest.param(10, marks=pytest.mark.nightly)])
def test_the_recorded_books_are_the_exchanges(data_dir: Path, tmp_path: Path, speed: int) -> None:
    captures = [str(data_dir / "binance" / name) for name in SPOT]
    server = subprocess.Popen(
        [TWIN, "serve-feed", *captures, "--port", "0", "--speed", str(speed), "--hold", "--lot", "0.000001"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        text=True,
    )  # fmt: skip
    try:
        assert server.stderr is not None
        said = (re.search(r"127\.0\.0\.1:\d+", line) for line in server.stderr)
        address = next(found for found in said if found is not None)
        done = subprocess.run(
            [
                TWIN, "record", "binance", "BTC/USDT", "--out", tmp_path / "tapes", "--json", "--quiet",
                "--seconds", str(SECONDS // speed + 10),
                "--url-ws", f"ws://{address[0]}", "--url-rest", f"http://{address[0]}",
            ],
            capture_output=True, cwd=tmp_path, text=True, check=False,
        )  # fmt: skip
    finally:
        server.terminate()
        server.wait()
        server.stderr.close()
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)

    feed = BinanceFeed([FeedBook(0, instrument(lots=10**6))])
    rebuild = Rebuild()
    best_at: dict[int, tuple[int, int, int, int]] = {}
    tickers: dict[int, BestQuote] = {}
    for stamp_ns, channel, data in LogReader(Path(told["folder"])):
        for update in drive(feed, channel, data, stamp_ns).updates:
            rebuild.apply(update)
            if isinstance(update, BestQuote):
                tickers.setdefault(update.seq, update)
            elif isinstance(update, BookDelta | BookSnapshot):
                bids, asks = rebuild.books[0]
                bid, ask = max(bids), min(asks)
                best_at[update.seq] = (bid, bids[bid], ask, asks[ask])
    equal = [
        best_at[update_id] == (told.bid_ticks, told.bid_lots, told.ask_ticks, told.ask_lots)
        for update_id, told in tickers.items()
        if update_id in best_at
    ]
    print(f"\n{speed}x: {sum(equal)} of {len(equal)} at the same update id; {feed.counts}")
    assert all(equal)
    # What the exchange sent before it had answered the subscription is not ours.
    assert SAME_IDS - 2 <= len(equal) <= SAME_IDS
    counts = feed.counts
    assert counts["gaps"] == counts["trade_gaps"] == counts["frames_refused"] == 0
    assert counts["trade_repeats"] == 0
    assert TRADES - 5 <= counts["trades"] <= TRADES
    assert told["lost_entries"] == 0
