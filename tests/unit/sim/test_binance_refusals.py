"""Every way in which a Binance capture can be wrong, in one line each, and nothing half-written."""

from pathlib import Path

import pytest

from market.errors import InputError
from sim.ingest.binance import ingest_binance
from tests.unit.sim.binance_fixture import Exchange, assert_counted, eventful, rows_of

BAD_LINES: list[tuple[str, str, str]] = [
    ("15999", "x5999", "before the message, allowed local nanoseconds"),
    (" {", "{", "before the message, allowed local nanoseconds"),
    ("15999", "9915999", "before the message, allowed local nanoseconds"),
    ('"e":"depthUpdate"', '"e":"depthUpdatf"', "found the event 'depthUpdatf', allowed a depthUp"),
    ('"e":"depthUpdate",', "", "found the event '', allowed a depthUpdate"),
    ('"u":1006', '"u":"1006"', "found a damaged message .Expected `int`, got `str`"),
    ('"u":1006', '"u":-5', "found a damaged message"),
    ('"u":1006', '"u":1003', "found a depthUpdate without all of its fields"),
    ('"E":1600', '"E":16', "found the exchange's time .* within an hour of the first"),
    ('["99.90","1.250"]', '["99.90","1.2.5"]', "found '1.2.5', allowed a plain decimal number"),
    ('["99.90","1.250"]', '["99.90","-1"]', "found '-1', allowed a plain decimal number"),
    ('["99.90","1.250"]', '["99.90"]', "found a damaged message"),
    ('["99.90","1.250"]', '["99.905","1"]', "found '99.905', allowed multiples of 0.01"),
    ('["99.90","1.250"]', '["0.00","1"]', "found price '0.00', allowed 1 to"),
    ('["99.90","1.250"]', '["99.90","99999999999999"]', "found quantity .* allowed 0 to"),
    ('"s":"ABCUSDT"', '"s":"ABDUSDT"', "found the symbol 'ABDUSDT', allowed 'ABCUSDT'"),
    ('"a":[', '"pu":1003,"a":[', r"found a previous update id \(pu\), allowed none on spot"),
    ("}}", "", "found a damaged message"),
]
AT = 2  # the second diff


@pytest.mark.parametrize(("old", "new", "words"), BAD_LINES)
def test_bad_line_is_named_and_stops_the_ingest(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    exchange = eventful()
    assert old in exchange.lines[AT]
    exchange.lines[AT] = exchange.lines[AT].replace(old, new, 1)
    path = exchange.write(tmp_path)
    out = tmp_path / "a.tape.parquet"
    with pytest.raises(InputError, match=f"^spot_abcusdt.gz:3: .*{words}") as caught:
        ingest_binance([path], out=out, tick="0.01", lot="0.001")
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("old", "new", "words"), BAD_LINES)
def test_tolerated_line_is_counted_and_what_it_hides_is_a_gap(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    exchange = eventful()
    exchange.lines[-2] = exchange.lines[AT].replace(old, new, 1)
    out = tmp_path / "a.tape.parquet"
    notes: list[str] = []
    meta = ingest_binance(
        [exchange.write(tmp_path)], out=out, tick="0.01", lot="0.001", max_bad=1, warn=notes.append
    )
    assert meta.statistics["bad_rows"] == len(notes) == 1
    assert_counted(meta, out, exchange.lines)


def test_refused_diff_shows_as_a_gap(tmp_path: Path) -> None:
    exchange = eventful()
    exchange.depth([("99.10", "1.000")], [])
    exchange.lines[-1] = exchange.lines[-1].replace("1.000", "1.0x0")
    exchange.depth([("99.20", "1.000")], [])
    out = tmp_path / "a.tape.parquet"
    meta = ingest_binance([exchange.write(tmp_path)], out=out, max_bad=1)
    assert (meta.statistics["bad_rows"], meta.statistics["gaps"]) == (1, 1)
    assert rows_of(out)[-1][3:] == (9920, 1000)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"t":71', '"u":71', "found a trade without all of its fields"),
        ('"q":"0.100"', '"q":"0"', "found quantity '0', allowed 1 to"),
        ('"q":"0.100"', '"q":"0.0001"', "found '0.0001', allowed multiples of 0.001"),
        ('"m":true', '"m":1', "found a damaged message"),
    ],
)
def test_bad_trade_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    exchange = eventful()
    assert old in exchange.lines[1]
    exchange.lines[1] = exchange.lines[1].replace(old, new)
    with pytest.raises(InputError, match=f":2: .*{words}"):
        ingest_binance([exchange.write(tmp_path)], out=tmp_path / "a", tick="0.01", lot="0.001")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"market": "margin"}, "market: found 'margin', allowed spot, usdm, coinm"),
        ({"market": "usdm"}, r"found no previous update id \(pu\), allowed one on usdm"),
        ({"tick": "x"}, "tick: found 'x', allowed a plain decimal number"),
        ({"lot": "0"}, "lot: found '0', allowed 1 to"),
        ({"tick": "5000000"}, "tick: found '5000000', allowed 1 to"),
    ],
)
def test_wrong_option_is_refused(tmp_path: Path, options: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        ingest_binance([eventful().write(tmp_path)], out=tmp_path / "a", **options)


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    path = eventful().write(tmp_path)
    out = tmp_path / "a.tape.parquet"
    with pytest.raises(InputError, match="captures: found no file"):
        ingest_binance([], out=out)
    with pytest.raises(InputError, match="found a source file to write to"):
        ingest_binance([path], out=path)
    with pytest.raises(InputError, match="found no such file"):
        ingest_binance([tmp_path / "spot_no.gz"], out=out)
    other = path.rename(tmp_path / "capture.gz")
    with pytest.raises(InputError, match="found a name that doesn't begin with a market"):
        ingest_binance([other], out=out)
    other.write_bytes(other.read_bytes()[:-30])
    with pytest.raises(InputError, match="found cut off or damaged data"):
        ingest_binance([other], out=out, market="spot")
    assert not out.exists()


def test_empty_capture_has_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no depth snapshot"):
        ingest_binance([Exchange().write(tmp_path, [])], out=tmp_path / "a", max_bad=9)
