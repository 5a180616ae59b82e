"""The feeds that are written for one venue each, by its name."""

from collections.abc import Sequence

from bridge.feeds.base import FeedBook
from bridge.feeds.binance import BinanceFeed
from bridge.feeds.coinbase import CoinbaseFeed
from bridge.feeds.kraken import KrakenFeed
from market.errors import InputError

NativeFeed = BinanceFeed | CoinbaseFeed | KrakenFeed


def live_feed(
    venue: str,
    market: str,
    books: Sequence[FeedBook],
    *,
    depth_speed: str = "100ms",
    ids_only: bool = False,
) -> NativeFeed:
    """The feed of a venue's market, for who trades on it or reads a recording of it.

    Args:
        venue: binance, coinbase or kraken.
        market: Of Binance: spot or usdm.
        books: What to follow.
        depth_speed: How often Binance sends what changed.
        ids_only: For who only records.

    Raises:
        InputError: No feed is of that venue or market.
    """
    if venue == "binance":
        # Real books hold quantities that are finer than the venue's own step.
        cut = not ids_only
        return BinanceFeed(
            books, market, depth_speed=depth_speed, cut_quantities=cut, ids_only=ids_only
        )
    if venue == "coinbase":
        return CoinbaseFeed(books, ids_only=ids_only)
    if venue == "kraken":
        return KrakenFeed(books, ids_only=ids_only)
    raise InputError(f"venue: found {venue[:40]!r}, allowed are binance, coinbase, kraken")
