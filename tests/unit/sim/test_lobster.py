"""The LOBSTER ingest on a small invented exchange: every type of message, every rule."""

from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind, Phase, RowFlag
from sim.ingest.lobster import ingest_lobster
from sim.ingest.lobster_files import read_session
from sim.kernels import csv_rows, lobster, lobster_window
from sim.tape.read import open_tape
from tests.tape_orders import replay_orders
from tests.unit.sim.lobster_fixture import (
    LAST,
    LEVELS,
    SELL,
    SIDE_UNKNOWN,
    SNAPSHOT,
    Exchange,
    assert_tape_follows,
    eventful,
    ingest,
    opened,
    rows_of,
)


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
        [(Kind.CROSS, LAST | SIDE_UNKNOWN, -1 - Phase.OPENING_CALL, 1_000_000, 300)],
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


@pytest.mark.parametrize(
    ("order_id", "handle"),
    [(-1, -1 - Phase.OPENING_CALL), (-2, -1 - Phase.CLOSING_CALL), (-3, -1), (-4, -1)],
)
def test_a_cross_names_its_call_and_comes_before_the_executions_of_its_instant(
    tmp_path: Path, order_id: int, handle: int
) -> None:
    exchange = opened()
    exchange.take(4, 5, 10)
    with exchange.instant():
        exchange.take(4, 1, 60)
        exchange.take(4, 5, 20)
        exchange.say(6, order_id, 500, 1_000_000, -1)
    exchange.take(4, 2, 50)
    message, orderbook = exchange.write_csv(tmp_path)
    out = tmp_path / "a.tape.parquet"
    meta = ingest_lobster(message, orderbook=orderbook, out=out)
    groups = rows_of(out)
    assert [seq for seq, _ in groups] == [-1, 0, 3, 1, 2, 4]
    assert groups[2][1] == [(Kind.CROSS, LAST | SIDE_UNKNOWN, handle, 1_000_000, 500)]
    assert all(rows[0][0] == Kind.EXECUTE for _, rows in (groups[1], *groups[3:]))
    assert meta.statistics["executions_in_crosses"] == 2
    assert replay_orders(out)


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
        "executions_in_crosses": 0,
        "inferred": 0,
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
        (Kind.REDUCE, LAST | int(RowFlag.INFERRED), 7, 999_500, 18),
    ]
    assert_tape_follows(groups, exchange)
    counts = open_tape(tmp_path / "a.tape.parquet").meta.statistics
    assert (counts["corrections"], counts["reveals"], counts["inferred"]) == (1, 1, 1)


def test_kept_levels_that_turn_out_stale_are_removed(tmp_path: Path) -> None:
    exchange = opened()
    exchange.say(5, 0, 1, 1_000_000, 1)
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
    )
    for kernel in entries:
        assert len(getattr(kernel, "signatures", [()])) == 1, kernel


def test_levels_are_taken_from_the_columns() -> None:
    assert eventful().truths[0].count(",") + 1 == 4 * LEVELS
