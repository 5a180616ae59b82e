"""What each ITCH message says on the tape."""

import gzip
from pathlib import Path

import pytest

import sim.ingest.itch as itch
from market.codes import Kind, Phase, RowFlag
from sim.ingest.itch import ingest_itch
from sim.kernels.itch import ingest_messages
from sim.tape.read import open_tape
from tests.unit.sim.itch_fixture import DATE, MIDNIGHT_NS, SECOND, Feed, ingest, opened

BUY, SELL = RowFlag(0), RowFlag.SELL
NO = -1


def phase(book_id: int, state: Phase) -> tuple[object, ...]:
    return book_id, Kind.PHASE, NO, 0, state, RowFlag(0)


OPEN = phase(0, Phase.CONTINUOUS)


def test_orders_live_and_die_under_dense_handles(tmp_path: Path) -> None:
    feed = opened("ABC")
    feed.add(1, 2**64 - 1, "B", 300, 100_000)
    feed.add(1, 0, "S", 200, 100_200, mpid="GNRS")
    feed.cancel(1, 2**64 - 1, 100)
    feed.execute(1, 0, 50)
    feed.execute(1, 0, 150)
    feed.add(1, 7, "S", 10, 100_300)
    feed.delete(1, 2**64 - 1)
    feed.add(1, 8, "B", 20, 99_900)
    meta, rows = ingest(tmp_path, feed.framed())
    assert rows == [
        OPEN,
        (0, Kind.ADD, 0, 100_000, 300, BUY),
        (0, Kind.ADD, 1, 100_200, 200, SELL),
        (0, Kind.REDUCE, 0, 100_000, 100, BUY),
        (0, Kind.EXECUTE, 1, 100_200, 50, SELL),
        (0, Kind.EXECUTE, 1, 100_200, 150, SELL),
        (0, Kind.ADD, 1, 100_300, 10, SELL),
        (0, Kind.DELETE, 0, 100_000, 200, BUY),
        (0, Kind.ADD, 0, 99_900, 20, BUY),
    ]
    book = meta.books[0]
    assert (book.symbol, book.venue, book.tick_units, book.handle_count) == (
        "ABC",
        "NASDAQ",
        100,
        2,
    )
    assert book.price_units_per_currency == 10_000


def test_a_chain_of_replaces_keeps_its_handle_and_loses_priority(tmp_path: Path) -> None:
    feed = opened("ABC")
    feed.add(1, 1, "S", 100, 50_000)
    feed.replace(1, 1, 2, 80, 50_000)
    feed.replace(1, 2, 3, 90, 50_100)
    feed.add(1, 1, "B", 5, 40_000)
    feed.execute(1, 3, 90)
    _, rows = ingest(tmp_path, feed.framed())
    assert rows[1:] == [
        (0, Kind.ADD, 0, 50_000, 100, SELL),
        (0, Kind.REPLACE, 0, 50_000, 80, SELL),
        (0, Kind.REPLACE, 0, 50_100, 90, SELL),
        (0, Kind.ADD, 1, 40_000, 5, BUY),
        (0, Kind.EXECUTE, 0, 50_100, 90, SELL),
    ]


def test_an_execution_at_another_price_prints_only_when_it_says_so(tmp_path: Path) -> None:
    feed = opened("ABC")
    feed.add(1, 1, "B", 100, 50_000)
    feed.execute_at(1, 1, 10, "Y", 49_950)
    feed.execute_at(1, 1, 20, "Y", 50_000)
    feed.execute_at(1, 1, 70, "N", 49_000)
    meta, rows = ingest(tmp_path, feed.framed())
    assert rows[2:] == [
        (0, Kind.EXECUTE, 0, 50_000, 10, BUY),
        (0, Kind.EXECUTE, 0, 50_000, 20, BUY),
        (0, Kind.REDUCE, 0, 50_000, 70, BUY),
    ]
    assert meta.statistics["executions_at_other_price"] == 1
    assert meta.statistics["executions_unprinted"] == 1


@pytest.mark.parametrize(
    ("date", "letter", "flags"),
    [
        ("2014-07-11", "B", RowFlag.SELL),
        ("2014-07-11", "S", RowFlag(0)),
        ("2014-07-14", "B", RowFlag.SIDE_UNKNOWN),
    ],
)
def test_a_print_names_the_aggressor_as_long_as_the_feed_did(
    tmp_path: Path, date: str, letter: str, flags: RowFlag
) -> None:
    feed = opened("ABC")
    feed.trade(1, letter, 30, 50_033)
    _, rows = ingest(tmp_path, feed.framed(), date=date)
    assert rows == [OPEN, (0, Kind.TRADE, NO, 50_033, 30, flags)]


def test_a_cross_is_a_row_unless_it_has_no_shares(tmp_path: Path) -> None:
    feed = opened("ABC", "DEF")
    feed.cross(1, 2**33, 50_050)
    feed.cross(2, 0, 0)
    meta, rows = ingest(tmp_path, feed.framed())
    opening = NO - Phase.OPENING_CALL
    assert rows == [OPEN, (0, Kind.CROSS, opening, 50_050, 2**33, RowFlag.SIDE_UNKNOWN)]
    assert meta.statistics["empty_crosses"] == 1
    assert [book.symbol for book in meta.books] == ["ABC"]


@pytest.mark.parametrize(
    ("letter", "handle"),
    [
        ("O", NO - Phase.OPENING_CALL),
        ("C", NO - Phase.CLOSING_CALL),
        ("H", NO - Phase.HALT_CALL),
        ("I", NO),
    ],
)
def test_a_cross_names_its_call(tmp_path: Path, letter: str, handle: int) -> None:
    feed = opened("ABC")
    feed.cross(1, 10, 50_050, letter)
    _, rows = ingest(tmp_path, feed.framed())
    assert rows[1] == (0, Kind.CROSS, handle, 50_050, 10, RowFlag.SIDE_UNKNOWN)


def test_a_cross_comes_before_the_executions_of_its_shares(tmp_path: Path) -> None:
    feed = opened("ABC", "DEF")
    for locate in (1, 2):
        feed.add(locate, locate, "B", 100, 50_000)
    with feed.instant():
        feed.execute_at(1, 1, 10, "N", 49_900)
        feed.execute_at(2, 2, 20, "N", 49_900)
        feed.execute_at(1, 1, 30, "N", 49_900)
        feed.cross(1, 500, 49_900)
        feed.execute_at(1, 1, 1, "Y", 49_900)
    meta, rows = ingest(tmp_path, feed.framed())
    assert rows[4:] == [
        (0, Kind.CROSS, NO - Phase.OPENING_CALL, 49_900, 500, RowFlag.SIDE_UNKNOWN),
        (0, Kind.EXECUTE, 0, 50_000, 10, BUY),
        (1, Kind.REDUCE, 0, 50_000, 20, BUY),
        (0, Kind.EXECUTE, 0, 50_000, 30, BUY),
        (0, Kind.EXECUTE, 0, 50_000, 1, BUY),
    ]
    counts = meta.statistics
    assert (counts["executions_unprinted"], counts["executions_in_crosses"]) == (3, 2)


def test_shares_at_the_end_of_a_block_wait_for_their_cross(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = opened("ABC")
    feed.add(1, 1, "B", 100, 50_000)
    with feed.instant():
        feed.execute_at(1, 1, 10, "N", 49_900)
        feed.cross(1, 500, 49_900, "C")
    data = feed.framed()
    _, whole = ingest(tmp_path, data)
    monkeypatch.setattr(itch, "_BLOCK_BYTES", 7)
    assert ingest(tmp_path, data)[1] == whole
    assert [row[1] for row in whole[2:]] == [Kind.CROSS, Kind.EXECUTE]
    cut = data[: -(40 + 2)]
    assert [row[1] for row in ingest(tmp_path, cut)[1][2:]] == [Kind.REDUCE]


def test_phases_follow_the_market_the_stock_and_operational_halts(tmp_path: Path) -> None:
    feed = Feed()
    feed.system("O")
    feed.stock(1, "ABC")
    feed.action(1, "T")
    feed.add(1, 1, "B", 1, 50_000)
    feed.system("S")
    feed.system("Q")
    for letter in "HHQTP":
        feed.action(1, letter)
    feed.halt(1, "Q", "H")
    feed.action(1, "T")
    feed.halt(1, "B", "T")
    feed.halt(1, "Q", "T")
    feed.system("M")
    feed.system("E")
    feed.system("C")
    meta, rows = ingest(tmp_path, feed.framed())
    assert [row for row in rows if row[1] is Kind.PHASE] == [
        phase(0, state)
        for state in (
            Phase.PRE_OPEN, Phase.CONTINUOUS, Phase.HALT, Phase.PRE_OPEN, Phase.CONTINUOUS,
            Phase.HALT, Phase.CONTINUOUS, Phase.CLOSED,
        )
    ]  # fmt: skip
    assert meta.statistics["phase_rows"] == 8


def test_a_change_of_the_market_reaches_every_open_book(tmp_path: Path) -> None:
    feed = opened("ABC", "DEF", "GHI")
    feed.add(3, 1, "B", 1, 50_000)
    feed.add(1, 2, "B", 1, 50_000)
    feed.action(1, "H")
    feed.system("E")
    meta, rows = ingest(tmp_path, feed.framed())
    assert [book.symbol for book in meta.books] == ["GHI", "ABC"]
    assert rows[-3:] == [phase(1, Phase.HALT), phase(0, Phase.CLOSED), phase(1, Phase.CLOSED)]


def test_a_feed_that_begins_after_the_start_is_of_an_open_market(tmp_path: Path) -> None:
    feed = Feed()
    feed.names[1] = "ABC"
    feed.add(1, 1, "B", 1, 50_000)
    meta, rows = ingest(tmp_path, feed.framed())
    assert rows[0] == OPEN
    assert meta.books[0].symbol == "ABC"


def test_every_message_type_is_counted_and_chatter_leaves_no_row(tmp_path: Path) -> None:
    feed = opened("ABC")
    feed.chatter(1)
    meta, rows = ingest(tmp_path, feed.framed())
    assert rows == []
    assert meta.books == ()
    counts = {name[-1]: n for name, n in meta.statistics.items() if name.startswith("messages_")}
    assert counts == {**dict.fromkeys("RHYLVWKJBINO", 1), "S": 2}
    assert meta.statistics["messages"] == sum(counts.values())


def test_handles_are_dense_by_book(tmp_path: Path) -> None:
    feed = opened("ABC", "DEF")
    for ref in range(6):
        feed.add(1 + ref % 2, ref, "B", 1, 50_000)
    feed.delete(2, 3)
    feed.add(1, 6, "B", 1, 50_000)
    feed.add(2, 7, "B", 1, 50_000)
    meta, rows = ingest(tmp_path, feed.framed())
    adds = [(row[0], row[2]) for row in rows if row[1] is Kind.ADD]
    assert adds == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2), (0, 3), (1, 1)]
    assert [book.handle_count for book in meta.books] == [4, 3]


def test_only_the_wanted_stocks_are_taken(tmp_path: Path) -> None:
    feed = opened("ABC", "DEF", "GHI")
    for locate in (1, 2, 3):
        feed.add(locate, locate, "B", 1, 50_000)
        feed.execute(locate, locate, 1)
    meta, rows = ingest(tmp_path, feed.framed(), symbols=["GHI", "ABC"])
    assert [book.symbol for book in meta.books] == ["ABC", "GHI"]
    assert len(rows) == 2 * 3
    assert meta.statistics["filtered"] == 3
    assert meta.statistics["messages_A"] == 3


def test_a_stock_quoted_between_cents_has_the_price_unit_as_tick(tmp_path: Path) -> None:
    feed = opened("ABC", "DEF")
    feed.add(1, 1, "B", 1, 9_900)
    feed.replace(1, 1, 2, 1, 9_901)
    feed.add(2, 3, "B", 1, 9_900)
    meta, _ = ingest(tmp_path, feed.framed())
    assert [book.tick_units for book in meta.books] == [1, 100]


def test_times_are_those_of_new_york(tmp_path: Path) -> None:
    feed = opened("ABC")
    feed.add(1, 1, "B", 1, 50_000)
    ingest(tmp_path, feed.framed())
    tape = open_tape(tmp_path / "feed.tape.parquet")
    ((rows, sides),) = list(tape.chunks_with_sides())
    assert rows["ts_ns"].tolist() == [MIDNIGHT_NS + feed.now_ns] * 2
    assert feed.now_ns == (3 * 3600 + 5) * SECOND
    assert sides["source_seq"].tolist() == [4, 4]
    assert tape.meta.session_date == DATE


@pytest.mark.parametrize(
    "name",
    ["S020320-v50.itch", "02032020.NASDAQ_ITCH50", "20200203.BX_ITCH_50", "x-2020-02-03.itch"],
)
def test_the_date_is_read_off_the_name(tmp_path: Path, name: str) -> None:
    feed = opened("ABC")
    (tmp_path / name).write_bytes(feed.framed())
    meta = ingest_itch(tmp_path / name, out=tmp_path / "out.tape.parquet")
    assert meta.session_date == DATE


def big_feed() -> bytes:
    """Three stocks with so many orders that arrays grow."""
    feed = opened("ABC", "DEF", "GHI")
    for ref in range(300):
        feed.add(1 + ref % 3, ref, "BS"[ref % 2], 10 + ref, 50_000 + 100 * ref)
        if ref % 5 == 4:
            feed.execute(1 + (ref - 3) % 3, ref - 3, 3)
            feed.delete(1 + (ref - 4) % 3, ref - 4)
        if ref % 50 == 49:
            feed.action(1, "HT"[ref // 50 % 2])
    feed.system("E")
    return feed.framed()


def test_how_the_file_is_cut_into_blocks_and_arrays_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ingest(tmp_path, big_feed())
    monkeypatch.setattr(itch, "_BLOCK_BYTES", 13)
    monkeypatch.setattr(itch, "_ORDERS", 4)
    monkeypatch.setattr(itch, "_ROWS", 8)
    assert ingest(tmp_path, big_feed()) == whole


def test_gzip_zero_lengths_and_an_end_mark_change_nothing(tmp_path: Path) -> None:
    feed = opened("ABC")
    feed.add(1, 1, "B", 1, 50_000)
    plain = ingest(tmp_path, feed.framed())
    for data in (
        gzip.compress(feed.framed()),
        feed.framed(lengths=False),
        feed.framed() + b"\0\0",
        feed.framed(lengths=False) + b"\0\0",
    ):
        meta, rows = ingest(tmp_path, data)
        assert rows == plain[1]
        assert meta.statistics == plain[0].statistics


def test_an_empty_file_is_an_empty_tape(tmp_path: Path) -> None:
    meta, rows = ingest(tmp_path, b"")
    assert rows == []
    assert meta.statistics["messages"] == 0


def test_progress_is_told_and_ends_with_the_file(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    data = big_feed()
    ingest(tmp_path, data, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(data), len(data))


def test_the_kernel_is_compiled_once(tmp_path: Path) -> None:
    ingest(tmp_path, big_feed())
    assert len(ingest_messages.signatures) == 1
