"""What a DBN ingest refuses: one line with the place, what was found and what is allowed."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from market.errors import InputError
from sim.ingest.databento import ingest_databento
from sim.ingest.dbn_records import F_BAD_TS_RECV, F_LAST, F_TOB
from tests.unit.sim.dbn_fixture import TICK, Pair, Stream, compressed, ingest

LIVE = 5


def letter(stream: Stream, at: int, text: str) -> None:
    """Overwrite one byte of the newest record."""
    record = bytearray(stream.records[-1])
    record[at] = ord(text)
    stream.records[-1] = bytes(record)


def odd_action(stream: Stream) -> None:
    stream.mbo("A", "B", 6, 400, 1)
    letter(stream, 38, "?")


def odd_side(stream: Stream) -> None:
    stream.mbo("T", "B", 6, 400, 1)
    letter(stream, 39, "?")


def goes_back(stream: Stream) -> None:
    stream.now_ns -= 2_000
    stream.mbo("C", "B", LIVE, 400, 10)


def is_far(stream: Stream) -> None:
    stream.now_ns = 2**62
    stream.mbo("C", "B", LIVE, 400, 10)


def is_short(stream: Stream) -> None:
    stream.mbo("A", "B", 6, 400, 1)
    record = stream.records[-1]
    stream.records[-1] = bytes([13]) + record[1:52]


REFUSED: dict[str, tuple[Callable[[Stream], None], str]] = {
    "action": (odd_action, "found action '?', allowed one of A, C, M, R, T, F, N"),
    "trade side": (odd_side, "found side '?', allowed 'A', 'B' or 'N'"),
    "time back": (goes_back, "found ts_recv 1580706000000000000, allowed from 1580706000000001000"),
    "time far": (is_far, "found ts_recv 4611686018427388904, allowed times up to 46116860"),
    "length": (is_short, "found 52 bytes, allowed 56"),
    "level": (
        lambda stream: stream.mbo("A", "B", 6, 400, 1, flags=F_TOB | F_LAST),
        "found a level flagged F_TOB or F_MBP, allowed single orders",
    ),
    "id twice": (
        lambda stream: stream.mbo("A", "B", LIVE, 400, 1), "found a new order 5, allowed ids not in"
    ),
    "no side": (lambda stream: stream.mbo("A", "N", 6, 400, 1), "found side 'N', allowed 'A' or 'B'"),
    "no price": (lambda stream: stream.mbo("A", "B", 6, None, 1), "found no price, allowed one"),
    "no size": (lambda stream: stream.mbo("A", "B", 6, 400, 0), "found size 0, allowed 1.."),
    "undefined size": (
        lambda stream: stream.mbo("A", "B", 6, 400, 2**32 - 1), "found size 4294967295, allowed 1.."
    ),
    "cancel of nobody": (
        lambda stream: stream.mbo("C", "B", 6, 400, 1), "found a cancel of order 6, allowed ids in"
    ),
    "cancel of the other side": (
        lambda stream: stream.mbo("C", "A", LIVE, 400, 1), "found side 'A', allowed the order's"
    ),
    "cancel at another price": (
        lambda stream: stream.mbo("C", "B", LIVE, 401, 1),
        f"found price {401 * TICK}, allowed {400 * TICK}, the order's",
    ),
    "cancel of too much": (
        lambda stream: stream.mbo("C", "B", LIVE, 400, 11), "found size 11, allowed 1..10, the order's"
    ),
    "cancel of nothing": (
        lambda stream: stream.mbo("C", "B", LIVE, 400, 0), "found size 0, allowed 1..10"
    ),
    "modify of the other side": (
        lambda stream: stream.mbo("M", "A", LIVE, 400, 1), "found side 'A', allowed the order's"
    ),
    "modify to nothing": (lambda stream: stream.mbo("M", "B", LIVE, 400, 0), "found size 0, allowed"),
    "trade of nothing": (lambda stream: stream.mbo("T", "B", 0, 400, 0), "found size 0, allowed"),
    "fill of nothing": (lambda stream: stream.mbo("F", "B", LIVE, 400, 0), "found size 0, allowed"),
}  # fmt: skip


def stream_of(spoil: Callable[[Stream], None]) -> Stream:
    """A stream with one live order, and then what a test makes of it."""
    stream = Stream("mbo")
    stream.mbo("A", "B", LIVE, 400, 10)
    spoil(stream)
    return stream


@pytest.mark.parametrize("case", REFUSED)
def test_a_record_that_cannot_be_stops_the_ingest_and_leaves_nothing(
    tmp_path: Path, case: str
) -> None:
    spoil, text = REFUSED[case]
    stream = stream_of(spoil)
    with pytest.raises(InputError) as caught:
        ingest(tmp_path, stream.encoded())
    offset = len(stream.head) + len(stream.records[0])
    assert str(caught.value).startswith(f"stream.dbn:{offset}: {text}")
    assert [path.name for path in tmp_path.iterdir()] == ["stream.dbn"]


@pytest.mark.parametrize("case", REFUSED)
def test_a_tolerated_record_changes_nothing_but_the_counts(tmp_path: Path, case: str) -> None:
    spoil, text = REFUSED[case]
    stream = stream_of(spoil)
    stream.now_ns = 1_580_706_001 * 10**9
    stream.mbo("C", "B", LIVE, 400, 10)
    warned: list[str] = []
    meta, messages = ingest(tmp_path, stream.encoded(), max_bad=1, warn=warned.append)
    assert len(messages) == 2
    assert text in warned[0]
    assert meta.statistics["bad_records"] == len(warned) == 1
    assert meta.statistics["records"] == 3
    assert len(meta.books) == 1


def test_a_refused_record_opens_no_book(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.instrument = 99
    stream.mbo("C", "B", 1, 400, 1)
    meta, messages = ingest(tmp_path, stream.encoded(), max_bad=1)
    assert meta.books == ()
    assert messages == []


def test_a_time_that_the_vendor_calls_bad_may_go_back(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "B", 1, 400, 1)
    stream.now_ns -= 5_000
    stream.mbo("A", "B", 2, 400, 1, flags=F_LAST | F_BAD_TS_RECV)
    meta, messages = ingest(tmp_path, stream.encoded())
    assert len(messages) == 2
    assert meta.statistics["bad_records"] == 0


@pytest.mark.parametrize(
    "levels",
    [
        [((400, 5), None), ((400, 6), None)],
        [((400, 5), None), ((401, 6), None)],
        [(None, (400, 5)), (None, (399, 6))],
    ],
)
def test_levels_that_do_not_get_worse_are_refused(
    tmp_path: Path, levels: list[tuple[Pair, Pair]]
) -> None:
    stream = Stream("mbp-10")
    stream.level("A", "B", 400, 5, [*levels, *[(None, None)] * 8])
    with pytest.raises(
        InputError, match=r"found a level of price .*, allowed prices that get worse"
    ):
        ingest(tmp_path, stream.encoded())


def test_only_trades_are_in_a_file_of_trades(tmp_path: Path) -> None:
    stream = Stream("trades")
    stream.trade("A", 400, 1)
    letter(stream, 28, "A")
    with pytest.raises(InputError, match="found action 'A', allowed 'T'"):
        ingest(tmp_path, stream.encoded())


def test_a_stream_that_is_cut_off_says_so(tmp_path: Path) -> None:
    data = stream_of(lambda stream: stream.mbo("A", "A", 6, 401, 1)).encoded()
    with pytest.raises(InputError, match=r"stream\.dbn:\d+: found 55 bytes cut off"):
        ingest(tmp_path, data[:-1])
    meta, _ = ingest(tmp_path, data[:-1], max_bad=1)
    assert meta.statistics["records"] == 2
    for cut in (0, 3, 7, 50):
        with pytest.raises(InputError, match=f"found {cut} bytes, allowed a DBN stream"):
            ingest(tmp_path, data[:cut])
    with pytest.raises(InputError, match="cut off or damaged data"):
        ingest(tmp_path, compressed(data)[:-4])


def test_heads_that_cannot_be_are_refused(tmp_path: Path) -> None:
    data = Stream("mbo").encoded()
    for head in (b"XBN" + data[3:], b"DBN\x09" + data[4:]):
        with pytest.raises(InputError, match="at its beginning, allowed DBN of version 1 to 3"):
            ingest(tmp_path, head)
    with pytest.raises(InputError, match="found 4294967295 bytes of metadata, allowed"):
        ingest(tmp_path, data[:4] + b"\xff" * 4 + data[8:])
    with pytest.raises(InputError, match="found damaged DBN metadata"):
        ingest(tmp_path, data[:24] + b"\xee" + data[25:])
    with pytest.raises(
        InputError, match="found schema ohlcv-1d, allowed mbo, mbp-1, mbp-10, trades"
    ):
        ingest(tmp_path, data[:24] + b"\x08" + data[25:])
    with pytest.raises(
        InputError, match="found a record of 0 bytes, allowed from 16; what follows"
    ):
        ingest(tmp_path, data + bytes(20), max_bad=99)


def test_ticks_that_prices_do_not_lie_on_are_refused(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "B", 1, 401, 1)
    with pytest.raises(InputError, match="allowed multiples of the given tick, 500000000"):
        ingest(tmp_path, stream.encoded(), tick="0.5")
    for tick in ("0", "-1", "x", "0.00000000001"):
        with pytest.raises(InputError, match="--tick: found"):
            ingest(tmp_path, stream.encoded(), tick=tick)
    stream.mbo("A", "B", 2, 2**32, 1)
    with pytest.raises(InputError, match="allowed 1099511627776 ticks"):
        ingest(tmp_path, stream.encoded(), tick="0.000000001")


def test_a_missing_package_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Stream("mbo").encoded()
    monkeypatch.setitem(sys.modules, "databento_dbn", None)
    with pytest.raises(
        InputError, match=r"found no package databento-dbn, .*market-twin\[databento\]"
    ):
        ingest(tmp_path, data)


def test_the_source_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "x.dbn"
    file.write_bytes(Stream("mbo").encoded())
    with pytest.raises(InputError, match="found the source file to write to"):
        ingest_databento(file, out=file)


def test_a_name_that_promises_zstd_must_keep_it(tmp_path: Path) -> None:
    file = tmp_path / "x.dbn.zst"
    file.write_bytes(Stream("mbo").encoded())
    with pytest.raises(InputError, match="found no zstd data inside, allowed a zstd file"):
        ingest_databento(file, out=tmp_path / "out")
