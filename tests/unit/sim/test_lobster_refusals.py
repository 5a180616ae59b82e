"""Every way in which LOBSTER files can be wrong, in one line each, and nothing half-written."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from market.codes import Kind
from market.errors import InputError
from sim.ingest.lobster import ingest_lobster
from sim.tape.read import open_tape
from tests.unit.sim.lobster_fixture import (
    EMPTY,
    LAST,
    MAYBE_BAD,
    SELL,
    STEM,
    Exchange,
    assert_tape_follows,
    eventful,
    ingest,
    opened,
    rows_of,
)

BAD_MESSAGES: list[tuple[str, str, str]] = [
    (",1,20,10,999900,1", ",1,20,10,999900", "found 5 columns, allowed 6"),
    (",1,20,10,999900,1", ",1,20,10,999900,1,1", "found 7 columns, allowed 6"),
    (",1,20,", ",1,2x0,", "found '2x0' as order id, allowed a whole number"),
    (",1,20,", ",1,,", "found '' as order id, allowed a whole number"),
    (",1,20,10", ",1,20,1.5", "found '1.5' as size, allowed a whole number"),
    (",1,20,", ",1," + "9" * 19 + ",", "allowed at most 18 digits"),
    ("34200.5", "nan", "found 'nan00000000' as time, allowed a number"),
    ("34200.5", " 34200.5", "found ' 34200.500000000' as time, allowed a number"),
    ("34200.500000000", "34200.1234567890123", "allowed at most 9 digits and 12 decimals"),
    ("34200.5", "34100.5", "allowed from 34200250000000"),
    ("34200.5", "-1.5", "ns after midnight"),
    (",1,20,10", ",8,20,10", r"found type 8, allowed 1\.\.7"),
    (",999900,1", ",999900,0", "found direction 0, allowed 1 or -1"),
    (",1,20,10", ",1,20,0", "found size 0, allowed 1"),
    (",1,20,10", ",1,20,-10", "found size -10, allowed 1"),
    (",999900,1", ",-999900,1", "found price -999900, allowed 1"),
    (",999900,1", ",999950,1", "found price 999950, allowed multiples of 100"),
    (",1,20,10,999900,1", ",7,0,0,2,-1", "found price 2 of a halt message, allowed -1, 0 or 1"),
    (",1,20,10", ",3,20,999", "found size 999 to take, allowed 110"),
]


def replaced(lines: list[str], row: int, old: str, new: str) -> None:
    assert old in lines[row]
    lines[row] = lines[row].replace(old, new)


@pytest.mark.parametrize(("old", "new", "words"), BAD_MESSAGES)
def test_bad_message_is_named_and_stops_the_ingest(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    exchange = eventful()
    replaced(exchange.messages, 1, old, new)
    message, orderbook = exchange.write_csv(tmp_path)
    assert_refused(tmp_path, message, orderbook, f"{STEM}_message_3.csv:2: .*{words}")


@pytest.mark.parametrize(
    ("row", "old", "new", "words"),
    [
        (2, ",1,21,", ",1,20,", "found a submission of order 20, allowed ids that are not"),
        (5, "999900,1", "1000100,-1", "found direction -1, allowed 1, the order's"),
        (5, "999900,1", "1000000,1", "found price 1000000, allowed 999900, the order's"),
    ],
)
def test_message_that_contradicts_its_order_is_refused(
    tmp_path: Path, row: int, old: str, new: str, words: str
) -> None:
    exchange = eventful()
    replaced(exchange.messages, row, old, new)
    message, orderbook = exchange.write_csv(tmp_path)
    assert_refused(tmp_path, message, orderbook, f"message_3.csv:{row + 1}: {words}")


def edited_row(exchange: Exchange, row: int, change: Callable[[list[int]], None]) -> None:
    fields = [int(field) for field in exchange.truths[row].split(",")]
    change(fields)
    exchange.truths[row] = ",".join(map(str, fields))


def set_fields(**values: int) -> Callable[[list[int]], None]:
    def change(fields: list[int]) -> None:
        for name, value in values.items():
            fields[int(name[1:])] = value

    return change


@pytest.mark.parametrize(
    ("row", "change", "words"),
    [
        (1, set_fields(c3=999), "bid level 1: found size 999, allowed 120"),
        (1, set_fields(c1=0), "ask level 1: found size 0, allowed 1"),
        (1, set_fields(c4=1_000_100), "ask level 2: found price 1000100, allowed prices on the"),
        (1, set_fields(c6=999_750), "bid level 2: found price 999750, allowed prices on the"),
        (1, set_fields(c6=-EMPTY, c7=0), "bid level 3: found 999500, allowed -9999999999"),
        (1, set_fields(c10=-EMPTY, c11=5), "bid level 3: found 5, allowed 0"),
        (1, set_fields(c10=-EMPTY, c11=0), "bid level 3: found price 0, allowed 999500"),
        (1, set_fields(c10=999_400), "bid level 3: found price 999400, allowed 999500"),
        (2, set_fields(c2=1_000_100), "bid level 1: found a new level of 15, allowed none"),
        (6, set_fields(c7=9), "bid level 2: found size 9, allowed 70"),
    ],
)
def test_orderbook_row_that_does_not_follow_is_refused(
    tmp_path: Path, row: int, change: Callable[[list[int]], None], words: str
) -> None:
    exchange = eventful()
    edited_row(exchange, row, change)
    message, orderbook = exchange.write_csv(tmp_path)
    assert_refused(tmp_path, message, orderbook, f"orderbook_3.csv:{row + 1}: {words}")


def deep() -> Exchange:
    """Three asks seen, two pushed out by better ones, and one of those taken away again."""
    exchange = Exchange()
    for order_id in range(3):
        exchange.rest(order_id, -1, 1_000_000 + 100 * order_id, 10)
    exchange.say(5, 0, 1, 1_000_000, 1)
    exchange.submit(20, -1, 999_900, 5)
    exchange.submit(21, -1, 999_800, 5)
    exchange.take(3, 21)
    return exchange


def test_level_already_seen_may_not_be_missing_from_the_row(tmp_path: Path) -> None:
    exchange = deep()
    edited_row(exchange, 3, set_fields(c4=1_000_100, c8=1_000_200))
    message, orderbook = exchange.write_csv(tmp_path)
    words = "orderbook_3.csv:4: ask level 2: found price 1000100, allowed 1000000"
    assert_refused(tmp_path, message, orderbook, words)


def test_only_the_worst_visible_level_may_come_back_changed(tmp_path: Path) -> None:
    exchange = deep()
    exchange.take(3, 20)
    edited_row(exchange, 4, set_fields(c9=11))
    groups = ingest(exchange, tmp_path)
    assert groups[-1][-1] == (Kind.REVEAL, LAST | SELL, 3, 1_000_200, 1)
    edited_row(exchange, 4, set_fields(c5=12))
    message, orderbook = exchange.write_csv(tmp_path)
    words = "orderbook_3.csv:5: ask level 2: found size 12, allowed 10"
    assert_refused(tmp_path, message, orderbook, words)


def assert_refused(folder: Path, message: Path, orderbook: Path | None, words: str) -> None:
    """One line that says what was found, and nothing left behind."""
    out = folder / "a.tape.parquet"
    before = sorted(folder.iterdir())
    with pytest.raises(InputError, match=words) as caught:
        ingest_lobster(message, orderbook=orderbook, out=out)
    assert "\n" not in str(caught.value)
    assert "found" in str(caught.value)
    assert "allowed" in str(caught.value)
    assert sorted(folder.iterdir()) == before


def cut_zip(folder: Path) -> tuple[Path, Path | None]:
    path = eventful().write_zip(folder)
    path.write_bytes(path.read_bytes()[:-60])
    return path, None


def flipped_zip(folder: Path) -> tuple[Path, Path | None]:
    path = eventful().write_zip(folder)
    content = bytearray(path.read_bytes())
    content[120] ^= 0xFF
    path.write_bytes(content)
    return path, None


def bookless_zip(folder: Path) -> tuple[Path, Path | None]:
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{STEM}_message_3.csv", "1,1,1,1,100,1\n")
    return path, None


def false_zip(folder: Path) -> tuple[Path, Path | None]:
    path = folder / "x.zip"
    path.write_bytes(b"no zip at all")
    return path, None


def zip_and_book(folder: Path) -> tuple[Path, Path | None]:
    return eventful().write_zip(folder), eventful().write_csv(folder)[1]


def cut_gzip(folder: Path) -> tuple[Path, Path | None]:
    message, orderbook = eventful().write_gzip(folder)
    message.write_bytes(message.read_bytes()[:-20])
    return message, orderbook


def false_gzip(folder: Path) -> tuple[Path, Path | None]:
    message, orderbook = eventful().write_gzip(folder)
    orderbook.write_bytes(gzip.decompress(orderbook.read_bytes()))
    return message, orderbook


def short_book(folder: Path) -> tuple[Path, Path | None]:
    exchange = eventful()
    exchange.truths.pop()
    return exchange.write_csv(folder)


def long_book(folder: Path) -> tuple[Path, Path | None]:
    exchange = eventful()
    exchange.truths.append(exchange.truths[-1])
    return exchange.write_csv(folder)


def odd_book(folder: Path) -> tuple[Path, Path | None]:
    exchange = eventful()
    exchange.truths[0] += ",5"
    return exchange.write_csv(folder)


def empty_message(folder: Path) -> tuple[Path, Path | None]:
    exchange = eventful()
    paths = exchange.write_csv(folder)
    paths[0].write_bytes(b"")
    return paths


def empty_book(folder: Path) -> tuple[Path, Path | None]:
    paths = eventful().write_csv(folder)
    paths[1].write_bytes(b"")
    return paths


def garbage(folder: Path) -> tuple[Path, Path | None]:
    paths = eventful().write_csv(folder)
    paths[0].write_bytes(bytes(range(256)) * 40)
    return paths


def endless_line(folder: Path) -> tuple[Path, Path | None]:
    paths = eventful().write_csv(folder)
    paths[0].write_bytes(b"7" * 3_000_000)
    return paths


def blank_line(folder: Path) -> tuple[Path, Path | None]:
    exchange = eventful()
    exchange.messages.insert(1, "")
    return exchange.write_csv(folder)


def impossible_first_row(folder: Path) -> tuple[Path, Path | None]:
    exchange = opened()
    exchange.submit(20, 1, 999_900, 10)
    exchange.messages[0] = exchange.messages[0].replace(",1,20,10,", ",1,20,9999,")
    return exchange.write_csv(folder)


def badly_named(folder: Path) -> tuple[Path, Path | None]:
    message, orderbook = eventful().write_csv(folder)
    return message.rename(folder / "goog.csv"), orderbook


def badly_dated(folder: Path) -> tuple[Path, Path | None]:
    message, orderbook = eventful().write_csv(folder)
    return message.rename(folder / "A_2020-13-45_1_2_message_3.csv"), orderbook


def missing(folder: Path) -> tuple[Path, Path | None]:
    return folder / f"{STEM}_message_3.csv", None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (cut_zip, "cut off or damaged zip"),
        (flipped_zip, "damaged"),
        (bookless_zip, "found 0 orderbook files inside, allowed exactly one"),
        (false_zip, "found no zip inside"),
        (zip_and_book, "found an orderbook file beside a zip"),
        (cut_gzip, "message_3.csv.gz: found cut off or damaged data"),
        (false_gzip, "found no gzip data inside"),
        (short_book, "orderbook_3.csv: found 15 rows, allowed at least 16"),
        (long_book, "orderbook_3.csv: found over 16 rows, allowed 16"),
        (odd_book, "orderbook_3.csv:1: found 13 columns, allowed a multiple of 4"),
        (empty_message, "message_3.csv: found no rows"),
        (empty_book, "orderbook_3.csv: found no rows"),
        (garbage, "message_3.csv:1: found"),
        (endless_line, "found a line of over"),
        (blank_line, "message_3.csv:2: found 1 columns, allowed 6"),
        (impossible_first_row, "orderbook_3.csv:1: found size 160 at price 999900"),
        (badly_named, "found a name without ticker and date"),
        (badly_dated, "found the date 2020-13-45"),
        (missing, "found no such file"),
    ],
)
def test_bad_files_are_refused_and_nothing_is_written(
    tmp_path: Path, make: Callable[[Path], tuple[Path, Path | None]], words: str
) -> None:
    message, orderbook = make(tmp_path)
    assert_refused(tmp_path, message, orderbook, words)


def test_seed_only_needs_an_orderbook(tmp_path: Path) -> None:
    message, _ = eventful().write_csv(tmp_path)
    with pytest.raises(InputError, match="found no orderbook file"):
        ingest_lobster(message, seed_only=True, out=tmp_path / "a.tape.parquet")


def test_source_is_never_written_over(tmp_path: Path) -> None:
    path = eventful().write_zip(tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="found a source file to write to"):
        ingest_lobster(path, out=path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("file", ["message", "orderbook"])
def test_tolerated_rows_are_counted_named_and_healed(tmp_path: Path, file: str) -> None:
    exchange = eventful()
    lines = exchange.messages if file == "message" else exchange.truths
    good = lines[6]
    lines[6] = "rubbish"
    message, orderbook = exchange.write_csv(tmp_path)
    out = tmp_path / "a.tape.parquet"
    told: list[str] = []
    meta = ingest_lobster(message, orderbook=orderbook, out=out, max_bad=1, warn=told.append)
    assert meta.statistics["bad_rows"] == 1
    assert told == [f"{STEM}_{file}_3.csv:7: found 1 columns, allowed {good.count(',') + 1}"]
    groups = dict(rows_of(out))
    marked = [seq for seq, rows in groups.items() if any(row[1] & MAYBE_BAD for row in rows)]
    # A bad message is healed by its own orderbook row, a bad orderbook row by the next one.
    assert marked == [6 if file == "message" else 7]
    lines[6] = good
    lines[9] = lines[10] = "more rubbish"
    exchange.write_csv(tmp_path)
    before = out.read_bytes()
    with pytest.raises(InputError, match=r"csv:11: .* \(bad row 2\)"):
        ingest_lobster(message, orderbook=orderbook, out=out, max_bad=1)
    assert out.read_bytes() == before


def test_healed_tape_follows_the_orderbook_again(tmp_path: Path) -> None:
    exchange = eventful()
    edited_row(exchange, 12, set_fields(c1=777))
    groups = ingest(exchange, tmp_path, max_bad=2)
    assert_tape_follows(groups, exchange)
    assert open_tape(tmp_path / "a.tape.parquet").meta.statistics["bad_rows"] == 2
