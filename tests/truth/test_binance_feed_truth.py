"""The live feed over real captures: its book is the exchange's own, at every id that shows it.

The rebuild beside it shares nothing with the feed but the file: the standard library's JSON, decimals,
and the exchange's rule written out.
"""

import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge.feeds import FeedBook, drive
from bridge.feeds.binance import BinanceFeed
from market.instruments import Instrument
from market.live import BestQuote, BookDelta, BookSnapshot
from tests.unit.bridge.feeds.rig import Rebuild

pytestmark = pytest.mark.truth

SPOT = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
USDM = ("usdm_btcusdt_20240808.gz",)
Levels = tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]


def lines(data_dir: Path, names: tuple[str, ...]) -> Iterator[tuple[int, bytes]]:
    for name in names:
        with gzip.open(data_dir / "binance" / name) as file:
            for line in file:
                stamp, _, body = line.rstrip(b"\n").partition(b" ")
                yield int(stamp), body


def plain_rebuild(data_dir: Path, names: tuple[str, ...], *, futures: bool) -> Levels:
    """The book at the end of a capture, by the exchange's rule."""
    diffs: list[dict[str, Any]] = []
    snapshot: dict[str, Any] = {}
    for _, body in lines(data_dir, names):
        message = json.loads(body)
        if "lastUpdateId" in message:
            snapshot = message
        elif message["data"].get("e") == "depthUpdate":
            diffs.append(message["data"])
    last_id = snapshot["lastUpdateId"]
    book: Levels = ({}, {})
    for side, levels in zip(book, (snapshot["bids"], snapshot["asks"]), strict=True):
        side.update((Decimal(price), Decimal(qty)) for price, qty in levels)
    for diff in diffs:
        if diff["u"] < last_id + (not futures):
            continue
        assert (diff["pu"] <= last_id) if futures else (diff["U"] <= last_id + 1)
        for side, levels in zip(book, (diff["b"], diff["a"]), strict=True):
            for price, qty in levels:
                if Decimal(qty):
                    side[Decimal(price)] = Decimal(qty)
                else:
                    side.pop(Decimal(price), None)
        last_id = diff["u"]
    return book


@pytest.mark.parametrize(
    ("names", "market", "speed", "units", "same_ids"),
    [(SPOT, "spot", "100ms", 100, 1_072), (USDM, "usdm", "0ms", 10, 629)],
)
def test_the_feeds_book_is_the_exchanges(
    data_dir: Path, names: tuple[str, ...], market: str, speed: str, units: int, same_ids: int
) -> None:
    # The book holds quantities that are finer than today's step: 47.07593600.
    instrument = Instrument(
        symbol="BTCUSDT",
        venue="BINANCE",
        currency="USDT",
        price_units_per_currency=units,
        tick_units=1,
        lot_den=10**6,
    )
    feed = BinanceFeed([FeedBook(0, instrument)], market, depth_speed=speed)
    feed.opened(0)
    rebuild = Rebuild()
    best_at: dict[int, tuple[int, int, int, int]] = {}
    shared = equal = 0
    tickers: dict[int, BestQuote] = {}
    for now_ns, body in lines(data_dir, names):
        channel = "rest:depth:BTCUSDT" if body.startswith(b'{"lastUpdateId"') else "ws"
        for update in drive(feed, channel, body, now_ns).updates:
            rebuild.apply(update)
            if isinstance(update, BestQuote):
                tickers.setdefault(update.seq, update)
            elif isinstance(update, BookDelta | BookSnapshot):
                bids, asks = rebuild.books[0]
                bid, ask = max(bids), min(asks)
                best_at[update.seq] = (bid, bids[bid], ask, asks[ask])
    for update_id, best in best_at.items():
        if update_id in tickers:
            quote = tickers[update_id]
            shared += 1
            equal += best == (quote.bid_ticks, quote.bid_lots, quote.ask_ticks, quote.ask_lots)
    print(f"\n{market}: {equal} of {shared} at the same update id; {feed.counts}")
    assert (shared, equal) == (same_ids, same_ids)

    counts = feed.counts
    refused = ("frames_refused", "frames_unknown", "gaps", "trade_gaps", "trade_repeats")
    assert [counts[name] for name in refused] == [0] * len(refused)
    assert rebuild.troubles == []
    assert feed.quantities_cut == 0

    expected = plain_rebuild(data_dir, names, futures=market == "usdm")
    for side, levels in zip(rebuild.books[0], expected, strict=True):
        assert side == {int(price * units): int(qty * 10**6) for price, qty in levels.items()}
    assert feed.clock_offset_ns is not None
    assert -1_280_000_000 < feed.clock_offset_ns < -1_265_000_000
