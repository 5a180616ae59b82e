"""Which of Binance's markets a capture is of, and what that says about its instrument."""

from pathlib import Path

import msgspec

from market.errors import InputError


class BinanceMarket(msgspec.Struct, frozen=True, kw_only=True):
    """One market: its name, the venue's name on tapes, whether diffs carry `pu`."""

    name: str
    venue: str
    futures: bool
    prefixes: tuple[str, ...]


MARKETS = (
    BinanceMarket(name="spot", venue="BINANCE", futures=False, prefixes=("spot",)),
    BinanceMarket(name="usdm", venue="BINANCE-USDM", futures=True, prefixes=("usdm", "um")),
    BinanceMarket(name="coinm", venue="BINANCE-COINM", futures=True, prefixes=("coinm", "cm")),
)
_ALLOWED = ", ".join(market.name for market in MARKETS)
_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD", "EUR", "TRY", "BTC", "ETH", "BNB")


def find_market(name: str | None, first: Path) -> BinanceMarket:
    """The market that was named, or else the one that the first file's name begins with.

    Raises:
        InputError: Neither says it.
    """
    word = first.name.partition("_")[0].lower() if name is None else name
    for market in MARKETS:
        if word == market.name or (name is None and word in market.prefixes):
            return market
    if name is not None:
        raise InputError(f"market: found {name!r}, allowed {_ALLOWED}")
    raise InputError(
        f"{first.name}: found a name that doesn't begin with a market, allowed spot_…, usdm_…, "
        f"cm_…, or the market named: {_ALLOWED}"
    )


def currency_of(symbol: str) -> str:
    """The currency that a symbol is priced in, such as USDT of BTCUSDT; USD of BTCUSD_PERP."""
    pair = symbol.partition("_")[0]
    return next((quote for quote in _QUOTES if pair.endswith(quote)), "UNKNOWN")
