"""What a session keeps and counts: fills once, clocks that do not fall, percentiles, what a venue says."""

import resource
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.paper.fills import FillFile
from bridge.paper.listing import PLACES
from bridge.paper.spans import LEVELS, Spans
from bridge.paper.wall import WallClock
from market.errors import InputError


def test_fills_of_an_earlier_process_are_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "fills.jsonl"
    first = FillFile(path)
    for number in range(3):
        first.add(b'{"venue_ns":%d}' % number)
    assert len(first.acknowledge()) == 3
    first.close()
    path.write_bytes(path.read_bytes() + b'{"venue_ns":9')  # killed in the middle of a line

    second = FillFile(path)
    assert second.newest_ns() == 2
    assert second.missing() == 3
    for number in range(4):
        second.add(b'{"venue_ns":%d}' % number)
    assert second.missing() == 0
    assert second.acknowledge() == [b'{"venue_ns":3}']
    second.close()
    assert path.read_bytes() == b"".join(b'{"venue_ns":%d}\n' % one for one in range(4))


def test_another_fill_than_the_acknowledged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fills.jsonl"
    path.write_bytes(b'{"venue_ns":1}\n')
    with FillFile(path) as file, pytest.raises(InputError, match="the program is another one"):
        file.add(b'{"venue_ns":2}')


def test_a_clock_goes_on_behind_an_earlier_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead_ns = time.time_ns() + 10**12
    clock = WallClock(ahead_ns)
    assert clock.now_ns() >= ahead_ns
    before_ns = clock.now_ns()
    monkeypatch.setattr(time, "time_ns", lambda: 5)  # somebody sets the clock
    assert clock.now_ns() >= before_ns
    assert clock.offset_ns < 0


@given(st.lists(st.integers(0, 1 << 38), min_size=1, max_size=60), st.integers(1, 1_000))
def test_a_percentile_is_right_to_a_part_of_itself(spans: list[int], per_mille: int) -> None:
    found = Spans()
    for one in spans:
        found.add(one)
    ranked = sorted(spans)
    exact = ranked[-(-len(ranked) * per_mille // 1_000) - 1]
    told = found.percentile_ns(per_mille)
    assert exact <= told <= exact + exact // LEVELS + 1


def info(**changed: object) -> bytes:
    symbol: dict[str, object] = {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "quoteAsset": "USDT",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.01000000"},
            {
                "filterType": "LOT_SIZE",
                "stepSize": "0.00001000",
                "minQty": "0.00002000",
                "maxQty": "9000.00000000",
            },
            {"filterType": "NOTIONAL", "minNotional": "5.00000000"},
        ],
    }
    return msgspec.json.encode({"symbols": [symbol | changed]})


def test_an_instrument_is_what_its_venue_says() -> None:
    [one] = PLACES["binance"].read(info(), ["BTCUSDT"], "BINANCE")
    assert (one.instrument.price_units_per_currency, one.instrument.tick_units) == (100, 1)
    assert (one.instrument.lot_num, one.instrument.lot_den) == (1, 100_000)
    assert one.terms.lots_min == 2
    assert one.terms.lots_max == 900_000_000
    assert one.terms.notional_min == 5 * 100 * 100_000


@pytest.mark.parametrize(
    ("body", "wanted", "message"),
    [
        (info(), "ETHUSDT", "symbol: found 'ETHUSDT'"),
        (info(status="BREAK"), "BTCUSDT", "found status 'BREAK'"),
        (info(filters=[]), "BTCUSDT", r"found tickSize None"),
        (b"<html>", "BTCUSDT", "exchangeInfo: found"),
    ],
)
def test_what_a_venue_does_not_say_is_refused(body: bytes, wanted: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        PLACES["binance"].read(body, [wanted], "BINANCE")


def test_coinbase_and_kraken_are_read_by_their_documentation() -> None:
    product = {
        "product_id": "BTC-USD", "quote_currency_id": "USD", "price_increment": "0.01",
        "base_increment": "0.00000001", "base_min_size": "0.00001", "base_max_size": "3400",
        "quote_min_size": "1", "trading_disabled": False,
    }  # fmt: skip
    body = msgspec.json.encode({"products": [product]})
    [one] = PLACES["coinbase"].read(body, ["BTC-USD"], "COINBASE")
    assert (one.instrument.tick_units, one.instrument.price_units_per_currency) == (1, 100)
    assert (one.instrument.currency, one.instrument.lot_den) == ("USD", 10**8)
    assert (one.terms.lots_min, one.terms.notional_min) == (1_000, 100 * 10**8)

    pair = {
        "altname": "XBTUSD", "wsname": "XBT/USD", "pair_decimals": 1, "lot_decimals": 8,
        "ordermin": "0.00005", "costmin": "0.5", "tick_size": "0.1", "status": "online",
    }  # fmt: skip
    body = msgspec.json.encode({"error": [], "result": {"XXBTZUSD": pair}})
    [two] = PLACES["kraken"].read(body, ["BTC/USD"], "KRAKEN")
    assert (two.instrument.symbol, two.instrument.price_units_per_currency) == ("BTC/USD", 10)
    assert (two.terms.lots_min, two.terms.notional_min) == (5_000, 5 * 10**8)

    closed = msgspec.json.encode({"error": ["EQuery:Unknown asset pair"]})
    with pytest.raises(InputError, match="Unknown asset pair"):
        PLACES["kraken"].read(closed, ["BTC/USD"], "KRAKEN")
    halted = msgspec.json.encode({"products": [product | {"trading_disabled": True}]})
    with pytest.raises(InputError, match="disabled"):
        PLACES["coinbase"].read(halted, ["BTC-USD"], "COINBASE")


def test_only_one_process_has_the_fills_and_another_one_touches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "fills.jsonl"
    with FillFile(path):
        path.write_bytes(b'{"venue_ns":1}\n{"venue')  # it is in the middle of writing
        with pytest.raises(InputError, match="another process"):
            FillFile(path)
        assert path.read_bytes() == b'{"venue_ns":1}\n{"venue'


def test_a_full_disk_acknowledges_nothing_and_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "fills.jsonl"
    file = FillFile(path)
    file.add(b'{"venue_ns":1}')
    file.acknowledge()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, before[1]))
    try:
        file.add(b'{"venue_ns":2}')
        with pytest.raises(InputError, match=r"fills\.jsonl"):
            file.acknowledge()
        assert (file.waiting, path.read_bytes()) == (1, b'{"venue_ns":1}\n')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.acknowledge() == [b'{"venue_ns":2}']
    file.close()
    assert path.read_bytes() == b'{"venue_ns":1}\n{"venue_ns":2}\n'


def test_a_last_fill_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fills.jsonl"
    path.write_bytes(b"\0\0\0\n")
    with FillFile(path) as file, pytest.raises(InputError, match="found no fill"):
        file.newest_ns()
