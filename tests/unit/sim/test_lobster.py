"""The LOBSTER ingest on a small invented exchange: every type, every rule, every way to be wrong."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind, Phase, RowFlag
from market.errors import InputError
from sim.ingest.lobster import ingest_lobster
from sim.ingest.lobster_files import read_session
from sim.kernels import csv_rows, ingest_book, lobster, lobster_window
from sim.tape.read import open_tape, verify_digest
from tests.unit.sim.lobster_fixture import EMPTY, LEVELS, STEM, Exchange, eventful, opened

SELL, LAST, SNAPSHOT = int(RowFlag.SELL), int(RowFlag.LAST), int(RowFlag.SNAPSHOT)
MAYBE_BAD, SIDE_UNKNOWN = int(RowFlag.MAYBE_BAD), int(RowFlag.SIDE_UNKNOWN)

Row = tuple[Kind, int, int, int, int]
"""Kind, flags, handle, price, quantity."""


def rows_of(path: Path) -> list[tuple[int, list[Row]]]:
    """The tape's rows by source row."""
    groups: list[tuple[int, list[Row]]] = []
    for rows, sides in open_tape(path).chunks_with_sides():
        for row, seq in zip(rows.tolist(), sides["source_seq"].tolist(), strict=True):
            _, price, qty, handle, book_id, kind, flags = row
            assert book_id == 0
            if not groups or groups[-1][0] != seq:
                groups.append((seq, []))
            groups[-1][1].append((Kind(kind), flags, handle, price, qty))
    return groups


def ingest(exchange: Exchange, folder: Path, **options: object) -> list[list[Row]]:
    """The rows of each message, the snapshot first, of an exchange written as plain files."""
    message, orderbook = exchange.write_csv(folder)
    out = folder / "a.tape.parquet"
    ingest_lobster(message, orderbook=orderbook, out=out, **options)
    verify_digest(open_tape(out))
    groups = rows_of(out)
    assert [seq for seq, _ in groups] == list(range(-1, len(exchange.messages)))
    for _, rows in groups:
        assert [bool(row[1] & LAST) for row in rows] == [False] * (len(rows) - 1) + [True]
    return [rows for _, rows in groups]


def assert_tape_follows(groups: list[list[Row]], exchange: Exchange) -> None:
    """Replay the rows on dictionaries and compare with every orderbook row."""
    orders: dict[int, tuple[int, int, int]] = {}
    for number, rows in enumerate(groups):
        for kind, flags, handle, price, qty in rows:
            if kind in (Kind.ADD, Kind.REVEAL) and qty > 0:
                assert handle not in orders
                orders[handle] = (flags & SELL, price, qty)
            elif kind in (Kind.REDUCE, Kind.DELETE, Kind.EXECUTE, Kind.REVEAL):
                side, own_price, left = orders.pop(handle)
                assert (side, own_price) == (flags & SELL, price)
                assert 0 < abs(qty) <= left
                assert kind != Kind.DELETE or qty == left
                if abs(qty) < left:
                    orders[handle] = (side, price, left - abs(qty))
        if number == 0:
            continue
        told = Exchange()
        told.orders = {h: (1 - 2 * side, p, q) for h, (side, p, q) in orders.items()}
        assert ",".join(map(str, told.row())) == exchange.truths[number - 1], number


def test_snapshot_is_the_book_before_the_first_message(tmp_path: Path) -> None:
    snapshot = ingest(eventful(), tmp_path)[0]
    buy, sell = SNAPSHOT, SNAPSHOT | SELL
    assert snapshot == [
        (Kind.ADD, buy, 0, 999_900, 150),
        (Kind.ADD, buy, 1, 999_700, 70),
        (Kind.ADD, buy, 2, 999_500, 40),
        (Kind.ADD, sell, 3, 1_000_100, 30),
        (Kind.ADD, sell, 4, 1_000_200, 60),
        (Kind.ADD, sell | LAST, 5, 1_000_400, 80),
    ]


def test_every_message_becomes_named_rows(tmp_path: Path) -> None:
    exchange = eventful()
    groups = ingest(exchange, tmp_path)
    assert groups[1:] == [
        [(Kind.EXECUTE, LAST, 0, 999_900, 40)],
        [(Kind.ADD, LAST, 6, 999_900, 10)],
        [(Kind.ADD, LAST, 7, 1_000_000, 15)],
        [(Kind.TRADE, LAST, -1, 1_000_050, 12)],
        [(Kind.TRADE, LAST | SELL, -1, 1_000_050, 7)],
        [(Kind.REDUCE, LAST, 6, 999_900, 4)],
        [(Kind.EXECUTE, 0, 7, 1_000_000, 15), (Kind.REVEAL, LAST, 7, 999_500, 25)],
        [
            (Kind.DELETE, SELL, 3, 1_000_100, 30),
            (Kind.REVEAL, LAST | SELL, 3, 1_000_500, 90),
        ],
        [(Kind.CROSS, LAST | SIDE_UNKNOWN, -1, 1_000_000, 300)],
        [(Kind.PHASE, LAST, -1, 0, Phase.HALT)],
        [(Kind.PHASE, LAST, -1, 0, Phase.PRE_OPEN)],
        [(Kind.PHASE, LAST, -1, 0, Phase.CONTINUOUS)],
        [(Kind.ADD, LAST | SELL, 8, 1_000_100, 35)],
        [
            (Kind.DELETE, SELL, 8, 1_000_100, 35),
            (Kind.REVEAL, LAST | SELL, 3, 1_000_500, -90),
        ],
        [(Kind.REDUCE, LAST, 0, 999_900, 50)],
        [(Kind.EXECUTE, LAST, 0, 999_900, 60)],
    ]
    assert_tape_follows(groups, exchange)


def test_statistics_and_metadata_say_what_was_done(tmp_path: Path) -> None:
    exchange = eventful()
    out = tmp_path / "a.tape.parquet"
    meta = ingest_lobster(exchange.write_zip(tmp_path), out=out)
    assert open_tape(out).meta == meta
    assert meta.statistics == {
        "rows": 16,
        "tape_rows": 6 + 16 + 3,
        "snapshot_rows": 6,
        "corrections": 3,
        "reveals": 3,
        "reveal_messages": 3,
        "victims": 0,
        "unannounced": 0,
        "unknown_ids": 4,
        "bad_rows": 0,
    }
    book = meta.book(0)
    assert (book.symbol, book.currency, book.handle_count) == ("ABC", "USD", 9)
    assert (book.price_units_per_currency, book.tick_units) == (10_000, 100)
    assert meta.session_date == "2020-02-03"
    assert [source.name for source in meta.sources] == ["ABC.zip"]


def test_zip_gzip_and_plain_files_give_one_tape(tmp_path: Path) -> None:
    exchange = eventful()
    digests = []
    for message, orderbook in (
        (exchange.write_zip(tmp_path), None),
        exchange.write_gzip(tmp_path),
        exchange.write_csv(tmp_path),
    ):
        out = tmp_path / "a.tape.parquet"
        seen: list[tuple[int, int]] = []
        ingest_lobster(
            message, orderbook=orderbook, out=out, progress=lambda *at, seen=seen: seen.append(at)
        )
        assert seen[-1][0] == seen[-1][1] > 0
        digests.append(open_tape(out).digest)
    assert len(set(digests)) == 1


def test_line_ends_may_be_of_either_sort_and_the_last_may_be_missing(tmp_path: Path) -> None:
    message, orderbook = eventful().write_csv(tmp_path)
    out = tmp_path / "a.tape.parquet"
    ingest_lobster(message, orderbook=orderbook, out=out)
    before = open_tape(out).digest
    for path in (message, orderbook):
        path.write_bytes(path.read_bytes().rstrip(b"\n").replace(b"\n", b"\r\n"))
    ingest_lobster(message, orderbook=orderbook, out=out)
    assert open_tape(out).digest == before


def test_times_are_cut_to_nanoseconds_and_shifted_to_utc(tmp_path: Path) -> None:
    exchange = opened()
    for order_id in (20, 21):
        exchange.submit(order_id, 1, 999_900, 1)
    exchange.messages[0] = exchange.messages[0].replace("34200.250000000", "34200.088778456999")
    exchange.messages[1] = exchange.messages[1].replace("34200.500000000", "34201")
    message, orderbook = exchange.write_csv(tmp_path)
    out = tmp_path / "a.tape.parquet"
    ingest_lobster(message, orderbook=orderbook, out=out)
    times = np.concatenate([rows["ts_ns"] for rows in open_tape(out).chunks()])
    # 2020-02-03 is winter: New York's midnight is 05:00 UTC.
    midnight = 1_580_688_000_000_000_000 + 5 * 3_600_000_000_000
    assert times[-2] == midnight + 34_200_088_778_456
    assert times[-1] == midnight + 34_201_000_000_000
    assert (times[:-2] == times[-2]).all()


@pytest.mark.parametrize(
    ("name", "hours"),
    [("A_2020-03-06_1_2_message_1.csv", 5), ("x/B.C_2020-07-01_1_2_message_50.csv.gz", 4)],
)
def test_midnight_follows_the_clock_of_new_york(name: str, hours: int) -> None:
    session = read_session(name)
    day_ns = np.datetime64(session.date, "ns").astype(np.int64)
    assert session.midnight_ns - day_ns == hours * 3_600_000_000_000


def test_removals_of_unknown_orders_take_the_oldest_anonymous_then_the_oldest_named(
    tmp_path: Path,
) -> None:
    exchange = opened()
    exchange.submit(20, 1, 999_700, 10)
    exchange.submit(21, 1, 999_700, 20)
    exchange.take(3, 3)  # all that is anonymous there
    exchange.vanish(20, 10)  # the file contradicts itself: 12 more lots of an unknown id go
    exchange.vanish(21, 2)
    exchange.say(4, 99, 12, 999_700, 1)
    groups = ingest(exchange, tmp_path)
    assert groups[-1] == [
        (Kind.EXECUTE, 0, 6, 999_700, 10),
        (Kind.EXECUTE, LAST, 7, 999_700, 2),
    ]
    assert open_tape(tmp_path / "a.tape.parquet").meta.statistics["victims"] == 2


def test_deletion_of_less_than_the_order_leaves_anonymous_depth(tmp_path: Path) -> None:
    exchange = opened()
    exchange.submit(20, 1, 999_700, 10)
    exchange.orders[20] = (1, 999_700, 4)
    exchange.rest(40, 1, 999_700, 6)  # the other 6 are somebody's, as the row says
    exchange.take(3, 20)
    exchange.submit(21, 1, 999_700, 5)
    exchange.take(3, 3)
    exchange.take(3, 40)
    groups = ingest(exchange, tmp_path)
    assert groups[2] == [(Kind.REDUCE, LAST, 6, 999_700, 4)]
    assert groups[5] == [(Kind.DELETE, LAST, 6, 999_700, 6)]
    assert open_tape(tmp_path / "a.tape.parquet").meta.statistics["victims"] == 0


def test_corrections_in_the_dark_come_off_the_back_of_the_queue(tmp_path: Path) -> None:
    exchange = opened()
    exchange.submit(20, 1, 999_500, 10)
    exchange.submit(21, 1, 999_500, 20)
    exchange.submit(22, 1, 999_800, 5)  # pushes 999,500 out
    exchange.vanish(4)  # 40 of 70 go, unseen
    exchange.vanish(20)
    exchange.vanish(21, 8)
    exchange.take(3, 22)  # 12 are left of 40 anonymous, 10 and 20 named
    groups = ingest(exchange, tmp_path)
    assert groups[-1] == [
        (Kind.DELETE, 0, 8, 999_800, 5),
        (Kind.REVEAL, 0, 2, 999_500, -40),
        (Kind.REVEAL, LAST, 7, 999_500, -18),
    ]
    assert_tape_follows(groups, exchange)
    counts = open_tape(tmp_path / "a.tape.parquet").meta.statistics
    assert (counts["corrections"], counts["reveals"], counts["reveal_messages"]) == (1, 2, 1)


def test_kept_levels_that_turn_out_stale_are_removed(tmp_path: Path) -> None:
    exchange = opened()
    exchange.submit(20, 1, 999_800, 5)  # pushes 999,500 out
    exchange.vanish(4)
    exchange.rest(41, 1, 999_300, 9)
    exchange.take(3, 20)  # 999,300 enters; 999,500 would lie between
    groups = ingest(exchange, tmp_path)
    assert groups[-1] == [
        (Kind.DELETE, 0, 6, 999_800, 5),
        (Kind.REVEAL, 0, 2, 999_500, -40),
        (Kind.REVEAL, LAST, 2, 999_300, 9),
    ]
    assert_tape_follows(groups, exchange)


def test_many_levels_and_orders_grow_the_arrays(tmp_path: Path) -> None:
    exchange = opened()
    for number in range(9_000):
        exchange.messages.append(f"34201,1,{100 + number},1,{100 * (1 + number // 2)},1")
    for number in range(9_000):
        exchange.messages.append(f"34202,3,{100 + number},1,{100 * (1 + number // 2)},1")
    message, _ = exchange.write_csv(tmp_path)
    out = tmp_path / "a.tape.parquet"
    meta = ingest_lobster(message, out=out)
    assert meta.book(0).handle_count == 9_000
    assert meta.statistics["unknown_ids"] == 0
    rows = np.concatenate(list(open_tape(out).chunks()))
    assert rows["handle"].tolist() == [*range(9_000), *range(9_000)]
    assert set(rows["kind"][9_000:].tolist()) == {Kind.DELETE}


def test_freed_handles_are_given_out_last_in_first_out(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.messages = ["1,1,7,5,100,1", "2,1,8,5,100,1", "3,3,7,5,100,1", "4,3,8,5,100,1"]
    exchange.messages += ["5,1,9,5,100,1", "6,1,10,5,100,1"]
    message, _ = exchange.write_csv(tmp_path)
    out = tmp_path / "a.tape.parquet"
    ingest_lobster(message, out=out)
    rows = np.concatenate(list(open_tape(out).chunks()))
    assert rows["handle"].tolist() == [0, 1, 0, 1, 1, 0]


def test_seed_only_takes_the_first_row_and_counts_what_nobody_announced(tmp_path: Path) -> None:
    exchange = opened()
    exchange.submit(20, 1, 1_000_000, 10)
    exchange.take(4, 1)
    exchange.rest(50, -1, 1_000_700, 33)
    exchange.take(3, 50)
    message, orderbook = exchange.write_gzip(tmp_path)
    out = tmp_path / "a.tape.parquet"
    meta = ingest_lobster(message, orderbook=orderbook, seed_only=True, out=out)
    groups = [rows for _, rows in rows_of(out)]
    assert len(groups[0]) == 5  # the fourth bid level was not in the row
    assert groups[1] == [(Kind.ADD, LAST, 5, 1_000_000, 10)]
    assert groups[3] == [
        (Kind.REVEAL, SELL, 6, 1_000_700, 33),
        (Kind.DELETE, SELL | LAST, 6, 1_000_700, 33),
    ]
    assert meta.statistics["unannounced"] == 1
    assert meta.statistics["reveals"] == 0


def replaced(lines: list[str], row: int, old: str, new: str) -> None:
    assert old in lines[row]
    lines[row] = lines[row].replace(old, new)


BAD_MESSAGES: list[tuple[str, str, str]] = [
    (",1,20,10,999900,1", ",1,20,10,999900", "found 5 columns, allowed 6"),
    (",1,20,10,999900,1", ",1,20,10,999900,1,1", "found 7 columns, allowed 6"),
    (",1,20,", ",1,2x0,", "found '2x0' as order id, allowed a whole number"),
    (",1,20,", ",1,,", "found '' as order id, allowed a whole number"),
    (",1,20,10", ",1,20,1.5", "found '1.5' as size, allowed a whole number"),
    (",1,20,", ",1," + "9" * 19 + ",", "allowed at most 18 digits"),
    ("34200.5", "nan", "found 'nan00000000' as time, allowed a number"),
    ("34200.5", "34200.", "found ' 34200.00000000'", ),
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


def bad_message_cases() -> list[tuple[str, str, str]]:
    return [case for case in BAD_MESSAGES if "' 34200" not in case[2]] + [
        ("34200.5", " 34200.5", "found ' 34200.500000000' as time, allowed a number"),
    ]


@pytest.mark.parametrize(("old", "new", "words"), bad_message_cases())
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
        (2, set_fields(c2=999_800), "bid level 1: found a new level of 15, allowed none"),
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


def test_only_the_worst_visible_level_may_come_back_changed(tmp_path: Path) -> None:
    exchange = opened()
    exchange.submit(20, -1, 1_000_000, 5)
    exchange.orders.pop(5)  # two levels go, one message
    exchange.take(3, 20)
    exchange.messages[1] = exchange.messages[1].replace(",3,20,5,1000000", ",3,20,5,1000000")
    message, orderbook = exchange.write_csv(tmp_path)
    assert_refused(tmp_path, message, orderbook, "orderbook_3.csv:2: ask level 1: found price")


def test_two_levels_never_enter_at_once(tmp_path: Path) -> None:
    exchange = Exchange()
    for order_id in range(6):
        exchange.rest(order_id, -1, 1_000_000 + 100 * order_id, 10)
    exchange.submit(20, -1, 999_900, 5)
    exchange.submit(21, -1, 999_800, 5)
    exchange.take(3, 21)
    row = [int(field) for field in exchange.truths[2].split(",")]
    row[4:6], row[8:10] = [1_000_300, 11], [1_000_400, 12]
    exchange.truths[2] = ",".join(map(str, row))
    message, orderbook = exchange.write_csv(tmp_path)
    words = "ask level 2: found price 1000300, allowed 1000000"
    assert_refused(tmp_path, message, orderbook, f"orderbook_3.csv:3: {words}")


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


def test_kernels_compile_once(tmp_path: Path) -> None:
    ingest(eventful(), tmp_path)
    message, orderbook = eventful().write_gzip(tmp_path)
    ingest_lobster(message, orderbook=orderbook, seed_only=True, out=tmp_path / "b.tape.parquet")
    ingest_lobster(message, out=tmp_path / "c.tape.parquet")
    entries = (
        lobster.ingest_rows,
        lobster.seed_book,
        lobster_window.count_levels,
        csv_rows.parse_rows,
        ingest_book.open_order,
    )
    for kernel in entries:
        assert len(getattr(kernel, "signatures", [()])) == 1, kernel


def test_levels_are_taken_from_the_columns() -> None:
    assert eventful().truths[0].count(",") + 1 == 4 * LEVELS
