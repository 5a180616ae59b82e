"""Every rule of the Bitstamp ingest on a few invented rows."""

import bz2
from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind
from market.errors import InputError
from sim.ingest.bitstamp import ingest_bitstamp
from sim.ingest.bitstamp_book import OUTCOMES
from sim.tape.read import open_tape
from tests.unit.sim.bitstamp_fixture import (
    BEGIN_MS,
    HEADER,
    INFERRED,
    LAST,
    SELL,
    SNAPSHOT,
    Event,
    ingest,
    ingest_lines,
    line,
    write,
)

BOOK: list[Event] = [
    (0, 1, "100.00", 500, "created", "bid"),
    (1, 2, "101.00", 300, "created", "ask"),
    (2, 3, "101.50", 200, "created", "ask"),
]
BOOK_ROWS = [
    [(Kind.ADD, LAST, 0, 10_000, 500)],
    [(Kind.ADD, LAST | SELL, 1, 10_100, 300)],
    [(Kind.ADD, LAST | SELL, 2, 10_150, 200)],
]


def test_orders_that_do_not_cross_come_and_go(tmp_path: Path) -> None:
    meta, messages = ingest(
        tmp_path,
        [
            *BOOK,
            (3, 1, "100.00", 350, "changed", "bid"),
            (4, 1, "100.00", 350, "deleted", "bid"),
            (5, 2, "101.00", 0, "deleted", "ask"),
            (6, 3, "101.50", 50, "deleted", "ask"),
        ],
    )
    assert messages[:3] == BOOK_ROWS
    assert messages[3:] == [
        [(Kind.EXECUTE, LAST, 0, 10_000, 150)],
        [(Kind.DELETE, LAST, 0, 10_000, 350)],
        [(Kind.EXECUTE, LAST | SELL, 1, 10_100, 300)],
        [(Kind.EXECUTE, SELL, 2, 10_150, 150), (Kind.DELETE, LAST | SELL, 2, 10_150, 50)],
    ]
    counts = meta.statistics
    assert counts["rows"] == sum(counts[name] for name in OUTCOMES) == 7
    assert (counts["created"], counts["filled"], counts["cancelled"]) == (3, 2, 2)
    book = meta.book(0)
    assert (book.price_units_per_currency, book.qty_units_per_piece) == (100, 100_000_000)
    assert (book.venue, book.depth, book.handle_count) == ("BITSTAMP", "L3", 3)


@pytest.mark.parametrize("aggressor_first", [False, True])
def test_crossing_create_is_held_and_nothing_trades_twice(
    tmp_path: Path, aggressor_first: bool
) -> None:
    told: list[Event] = [
        (10, 2, "101.00", 0, "deleted", "ask"),
        (10, 9, "101.00", 100, "changed", "bid"),
    ]
    if aggressor_first:
        told.reverse()
    meta, messages = ingest(tmp_path, [*BOOK, (9, 9, "101.00", 400, "created", "bid"), *told])
    assert [row for message in messages[3:] for row in message] == [
        (Kind.EXECUTE, SELL, 1, 10_100, 300),
        # What is left of the aggressor rests as soon as it crosses nothing, in the same message.
        (Kind.ADD, LAST, 1, 10_100, 100),
    ]
    counts = meta.statistics
    assert (counts["held"], counts["released"], counts["filled"]) == (1, 1, 1)
    assert counts["unmatched_fills"] == counts["unmatched_claims"] == 0


def test_aggressor_that_is_filled_never_reaches_the_tape(tmp_path: Path) -> None:
    meta, messages = ingest(
        tmp_path,
        [
            *BOOK,
            (9, 9, "101.00", 120, "created", "bid"),
            (10, 2, "101.00", 180, "changed", "ask"),
            (10, 9, "101.00", 0, "deleted", "bid"),
        ],
    )
    assert messages[3:] == [[(Kind.EXECUTE, LAST | SELL, 1, 10_100, 120)]]
    assert meta.statistics["held_deletes"] == 1


def test_fills_after_release_are_told_once_more_and_write_nothing(tmp_path: Path) -> None:
    meta, messages = ingest(
        tmp_path,
        [
            *BOOK,
            (9, 9, "101.00", 400, "created", "bid"),
            (10, 2, "101.00", 0, "deleted", "ask"),
            (11, 9, "101.00", 100, "changed", "bid"),
            (20, 9, "101.00", 60, "changed", "bid"),
        ],
    )
    assert messages[-1] == [(Kind.EXECUTE, LAST, 1, 10_100, 40)]
    assert meta.statistics["unchanged"] == 1


def test_market_order_that_moves_along_is_taken_out_and_held(tmp_path: Path) -> None:
    meta, messages = ingest(
        tmp_path,
        [
            *BOOK,
            (9, 9, "100.50", 350, "created", "bid"),
            (10, 9, "101.00", 349, "changed", "bid"),
            (11, 2, "101.00", 0, "deleted", "ask"),
            (11, 9, "101.00", 49, "changed", "bid"),
            (12, 9, "101.50", 48, "changed", "bid"),
            (13, 3, "101.50", 152, "changed", "ask"),
            (13, 9, "101.50", 0, "deleted", "bid"),
        ],
    )
    assert messages[3:] == [
        [(Kind.ADD, LAST, 3, 10_050, 350)],
        [(Kind.DELETE, LAST | INFERRED, 3, 10_050, 350)],
        [(Kind.EXECUTE, SELL, 1, 10_100, 300), (Kind.ADD, LAST, 1, 10_100, 49)],
        [(Kind.DELETE, LAST | INFERRED, 1, 10_100, 49)],
        [(Kind.EXECUTE, LAST | SELL, 2, 10_150, 48)],
    ]
    assert (meta.statistics["moved"], meta.statistics["unmatched_fills"]) == (2, 0)


def test_order_that_is_crossed_for_too_long_is_stale(tmp_path: Path) -> None:
    meta, messages = ingest(
        tmp_path,
        [
            *BOOK,
            (9, 9, "101.00", 400, "created", "bid"),
            (5_009, 10, "99.00", 1, "created", "bid"),
            (5_010, 11, "99.00", 1, "created", "bid"),
            (5_011, 2, "101.00", 300, "deleted", "ask"),
        ],
    )
    assert messages[3:] == [
        [(Kind.ADD, LAST, 3, 9_900, 1)],
        [
            (Kind.DELETE, SELL | INFERRED, 1, 10_100, 300),
            (Kind.ADD, 0, 1, 10_100, 400),
            (Kind.ADD, LAST, 4, 9_900, 1),
        ],
    ]
    assert (meta.statistics["stale_evicted"], meta.statistics["stale_deletes"]) == (1, 1)


def test_rows_out_of_order_are_counted_and_write_nothing(tmp_path: Path) -> None:
    meta, messages = ingest(
        tmp_path,
        [
            *BOOK,
            (9, 1, "100.00", 500, "deleted", "bid"),
            (10, 1, "100.00", 500, "deleted", "bid"),
            (11, 1, "100.00", 500, "created", "bid"),
            (12, 1, "100.00", 400, "changed", "bid"),
            (13, 2, "101.00", 300, "created", "ask"),
            (14, 2, "101.00", 900, "changed", "ask"),
            (15, 2, "101.00", 300, "changed", "ask"),
            (16, 77, "50.00", 5, "deleted", "bid"),
            (17, 78, "50.00", 0, "deleted", "bid"),
            (18, 79, "50.00", 5, "changed", "bid"),
        ],
    )
    assert messages[3:] == [
        [(Kind.DELETE, LAST, 0, 10_000, 500)],
        [(Kind.REVEAL, LAST, 0, 5_000, 5)],
    ]
    for name in (
        "duplicate_deletes", "late_creates", "late_changes", "duplicate_creates", "grown_changes",
        "unchanged", "unknown_deletes", "unknown_fills", "revealed",
    ):  # fmt: skip
        assert meta.statistics[name] == 1, name


def test_orders_from_before_the_file_open_it(tmp_path: Path) -> None:
    lines = [
        *(line(event) for event in BOOK),
        line((3, 4, "99.00", 70, "deleted", "bid"), -60_000),
        line((40, 9, "101.00", 130, "created", "bid")),
        line((50, 5, "101.00", 0, "deleted", "ask"), -60_000),
        line((51, 9, "101.00", 100, "changed", "bid")),
    ]
    meta, messages = ingest_lines(tmp_path, lines)
    assert messages[0] == [
        (Kind.ADD, SNAPSHOT | INFERRED, 0, 9_900, 70),
        # 30 is what the other side of the fill says.
        (Kind.ADD, LAST | SNAPSHOT | INFERRED | SELL, 1, 10_100, 30),
    ]
    assert meta.statistics["opening_orders"] == 2
    assert messages[-1] == [(Kind.EXECUTE, LAST | SELL, 1, 10_100, 30)]
    meta, messages = ingest_lines(tmp_path, lines, opening=False)
    assert meta.statistics["opening_orders"] == 0
    assert (meta.statistics["unknown_deletes"], meta.statistics["unknown_fills"]) == (1, 1)
    assert messages[0] == BOOK_ROWS[0]


def test_times_never_go_back_and_stamps_are_kept(tmp_path: Path) -> None:
    lines = [line(BOOK[0]), line(BOOK[1], -1_000), line((0, 3, "102.00", 1, "created", "ask"))]
    meta, _ = ingest_lines(tmp_path, lines)
    assert meta.statistics["times_back"] == 1
    assert meta.session_date == "2020-09-13"
    rows, sides = next(open_tape(tmp_path / "a.tape.parquet").chunks_with_sides())
    begin_ns = BEGIN_MS * 1_000_000
    assert rows["ts_ns"].tolist() == [begin_ns, begin_ns + 1_000_000, begin_ns + 1_000_000]
    assert np.array_equal(sides["venue_stamp_ns"], [begin_ns, begin_ns - 1_000_000_000, begin_ns])
    assert sides["source_seq"].tolist() == [1, 2, 3]


def test_bzip2_and_plain_files_give_one_tape(tmp_path: Path) -> None:
    path = write(tmp_path, [line(event) for event in BOOK])
    packed = tmp_path / "orders.csv.bz2"
    packed.write_bytes(bz2.compress(path.read_bytes()))
    digests = []
    for source in (path, packed):
        out = tmp_path / "b.tape.parquet"
        ingest_bitstamp(source, out=out)
        digests.append(open_tape(out).digest)
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2,16", "x,16", "found id 'x', allowed a whole number"),
        (",101.00,", ",101.005,", "found price '101.005', allowed a price of at most two"),
        (",101.00,", ",0.00,", "found price 0, allowed from 0.01"),
        (",300,", ",-300,", "found volume '-300', allowed whole lots"),
        (",300,", ",0,", "found volume 0, allowed 1 to"),
        (",300,", ",9999999999999,", "found volume 9999999999999, allowed 1 to 1099511627776"),
        ("created", "made", "found action 'made', allowed created, changed or deleted"),
        (",ask", ",sell", "found direction 'sell', allowed bid or ask"),
        (",ask", "", "found 6 columns, allowed 7"),
    ],
)
def test_bad_row_is_named_and_stops_the_ingest(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    lines = [line(event) for event in BOOK]
    assert old in lines[1]
    lines[1] = lines[1].replace(old, new, 1)
    out = tmp_path / "a.tape.parquet"
    with pytest.raises(InputError, match=f"^orders.csv:3: {words}"):
        ingest_bitstamp(write(tmp_path, lines), out=out)
    assert not out.exists()
    told: list[str] = []
    meta = ingest_bitstamp(write(tmp_path, lines), out=out, max_bad=1, warn=told.append)
    assert (meta.statistics["rows"], meta.statistics["bad_rows"], len(told)) == (3, 1, 1)


def test_order_that_changes_its_side_is_refused(tmp_path: Path) -> None:
    lines = [*(line(event) for event in BOOK), line((9, 1, "100.00", 5, "changed", "ask"))]
    with pytest.raises(InputError, match=r"orders.csv:5: found order 1 as SELL, allowed BUY"):
        ingest_bitstamp(write(tmp_path, lines), out=tmp_path / "a.tape.parquet")


@pytest.mark.parametrize("text", ["", "id,price\n", HEADER, HEADER + "\n"])
def test_file_without_rows_or_header_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"^orders.csv:"):
        ingest_bitstamp(path, out=tmp_path / "a.tape.parquet")
