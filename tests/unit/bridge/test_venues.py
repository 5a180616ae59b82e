"""Which feeds can be recorded, and where they are."""

import msgspec
import pytest

from bridge.feeds import UP, drive
from bridge.feeds.ccxt_feed import CcxtLink
from bridge.feeds.transport import Link, LinkConfig
from bridge.venues import VENUES, About, VenueFeed, recorded_feed, venue_symbol
from market.errors import InputError


def config_of(found: VenueFeed) -> LinkConfig:
    link = found.link(lambda _channel, _data: ())
    assert isinstance(link, Link)
    return link._config


@pytest.mark.parametrize(
    ("venue", "market", "name", "ws_url", "info"),
    [
        (
            "binance", "spot", "binance-spot-BTCUSDT-ETHUSDT",
            "wss://stream.binance.com:9443/stream",
            "https://api.binance.com/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D",
        ),
        (
            "binance", "usdm", "binance-usdm-BTCUSDT-ETHUSDT",
            "wss://fstream.binance.com/public/stream",
            "https://fapi.binance.com/fapi/v1/exchangeInfo",
        ),
        (
            "coinbase", "spot", "coinbase-spot-BTC-USDT-ETH-USDT",
            "wss://advanced-trade-ws.coinbase.com/",
            "https://api.coinbase.com/api/v3/brokerage/market/products?product_ids=BTC-USDT&product_ids=ETH-USDT",
        ),
        (
            "kraken", "spot", "kraken-spot-BTCUSDT-ETHUSDT",
            "wss://ws.kraken.com/v2",
            "https://api.kraken.com/0/public/AssetPairs?pair=BTC/USDT,ETH/USDT",
        ),
    ],
)  # fmt: skip
def test_each_venue_has_its_addresses_and_names(
    venue: str, market: str, name: str, ws_url: str, info: str
) -> None:
    found = recorded_feed(venue, market, ["BTC/USDT", "eth/usdt"])
    config = config_of(found)
    assert (found.name, config.ws_url) == (name, ws_url)
    assert config.rest_url + found.info_path == info
    assert found.feed is not None
    assert drive(found.feed, UP, b"", 1).wants
    about = msgspec.json.decode(found.about, type=About)
    assert (about.venue, about.market, len(about.symbols)) == (venue, market, 2)
    assert found.last_refusal() == ""


def test_another_host_keeps_the_venues_path() -> None:
    found = recorded_feed(
        "binance", "spot", ["BTCUSDT"], ws_url="ws://127.0.0.1:9/", rest_url="http://127.0.0.1:9/x/"
    )
    config = config_of(found)
    assert config.ws_url == "ws://127.0.0.1:9/stream"
    assert config.rest_url + found.info_path == (
        "http://127.0.0.1:9/x/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%5D"
    )


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=f"allowed are {', '.join(VENUES)}"):
        recorded_feed("mtgox", "spot", ["BTC/USD"])
    with pytest.raises(InputError, match="allowed on binance is spot, usdm"):
        recorded_feed("binance", "margin", ["BTC/USD"])
    with pytest.raises(InputError, match="allowed on kraken is spot"):
        recorded_feed("kraken", "usdm", ["BTC/USD"])


@pytest.mark.parametrize(
    "text", ["", "/", "BTC/", "BTC/USD/T", "../USDT", "BTC USDT", "BTÇ/USD", "A?b=c"]
)
def test_words_that_are_no_symbols_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="symbol: found"):
        venue_symbol("binance", text)


def test_any_venue_of_ccxt_can_be_recorded() -> None:
    pytest.importorskip("ccxt")
    found = recorded_feed("ccxt:bybit", "spot", ["btc/usdt:usdt"])
    assert (found.name, found.feed) == ("ccxt-bybit-BTCUSDT-USDT", None)
    assert isinstance(found.link(lambda _channel, _data: ()), CcxtLink)
    with pytest.raises(InputError, match="found the exchange 'mtgox'"):
        recorded_feed("ccxt:mtgox", "spot", ["BTC/USD"])
    with pytest.raises(InputError, match="ccxt has its own"):
        recorded_feed("ccxt:bybit", "spot", ["BTC/USD"], ws_url="ws://x")
