"""Binance captures to levels: splice, gaps, times, scales; on an invented exchange."""

import json
from pathlib import Path

import pytest

from market.codes import Kind
from market.errors import InputError
from sim.ingest.binance import ingest_binance
from sim.ingest.binance_truth import verify_binance
from sim.tape.read import open_tape
from tests.unit.sim.binance_fixture import (
    BEGIN_MS,
    LAST,
    MAYBE_BAD,
    SELL,
    SLOW_NS,
    SNAPSHOT,
    WIRE_NS,
    Exchange,
    eventful,
    ingest,
    levels_after,
)

BOTH = pytest.mark.parametrize("futures", [False, True])


def integer_levels(exchange: Exchange) -> tuple[dict[int, int], dict[int, int]]:
    """The exchange's own book in cents and thousandths."""
    bids, asks = (
        {round(float(p) * 100): round(float(q) * 1_000) for p, q in side.items()}
        for side in exchange.levels
    )
    return bids, asks


@BOTH
def test_late_snapshot_joins_the_diffs_that_waited_for_it(tmp_path: Path, futures: bool) -> None:
    exchange = eventful(futures=futures)
    meta, rows = ingest(exchange, tmp_path)
    assert levels_after(rows) == integer_levels(exchange)
    counts = meta.statistics
    # The first diff lies inside the snapshot; the one that ends with it, too, and on futures the
    # exchange's rule keeps that one.
    assert counts["dropped_before_snapshot"] == (1 if futures else 2)
    assert counts["gaps"] == counts["clear_rows"] == counts["bad_rows"] == 0
    assert counts["void_removals"] == 1
    assert counts["snapshot_rows"] == 7
    assert [row[1] & SNAPSHOT for row in rows if row[0] == Kind.LEVEL][:7] == [SNAPSHOT] * 7


@BOTH
def test_every_message_ends_with_one_last_row(tmp_path: Path, futures: bool) -> None:
    _, rows = ingest(eventful(futures=futures), tmp_path)
    kinds = [(row[0], bool(row[1] & LAST)) for row in rows]
    trade, level = Kind.TRADE, Kind.LEVEL
    spot = [
        (trade, True),  # a print needs no book
        *[(level, False)] * 6, (level, True),
        (level, False), (level, True),
        (level, False), (level, True),
        (trade, True),
        (level, False), (level, True),
        (trade, True),
    ]  # fmt: skip
    again = [(level, False), (level, True)]  # the diff that ends with the snapshot's id
    assert kinds == (spot[:8] + again + spot[8:] if futures else spot)


@BOTH
def test_truth_agrees_with_the_tickers(tmp_path: Path, futures: bool) -> None:
    exchange = eventful(futures=futures)
    ingest(exchange, tmp_path)
    verdict = verify_binance(tmp_path / "a.tape.parquet", [exchange.write(tmp_path)])
    assert (verdict.same_ids, verdict.same_ids_equal) == (3, 3)
    assert (verdict.updates, verdict.updates_equal) == (3, 3)
    assert verdict.first_difference is None


def test_truth_names_a_ticker_that_differs(tmp_path: Path) -> None:
    exchange = eventful()
    ingest(exchange, tmp_path)
    at = next(i for i, line in enumerate(exchange.lines) if "0.750" in line and "bookT" in line)
    exchange.lines[at] = exchange.lines[at].replace('"B":"0.750"', '"B":"0.751"')
    verdict = verify_binance(tmp_path / "a.tape.parquet", [exchange.write(tmp_path)])
    assert (verdict.same_ids, verdict.same_ids_equal) == (3, 2)
    assert verdict.first_difference == (
        "update 1012: found (9995, 750, 10010, 2000), allowed (9995, 751, 10010, 2000)"
    )


@BOTH
def test_gap_clears_the_book_and_doubts_it_until_the_next_snapshot(
    tmp_path: Path, futures: bool
) -> None:
    exchange = eventful(futures=futures)
    before = len(ingest(exchange, tmp_path)[1])
    exchange.depth([("99.00", "9.000")], [], lost=True)
    exchange.depth([("99.10", "1.000")], [("100.40", "1.000")])
    image = exchange.image()
    exchange.depth([("99.20", "2.000")], [])
    meta, rows = ingest(exchange, tmp_path)
    doubtful = rows[before:]
    assert [row[0] for row in doubtful] == [Kind.CLEAR, *[Kind.LEVEL] * 3]
    assert all(row[1] & MAYBE_BAD for row in doubtful)
    assert [bool(row[1] & LAST) for row in doubtful] == [False, False, True, True]
    assert levels_after(rows) == ({9910: 1000, 9920: 2000}, {10040: 1000})
    assert meta.statistics["gaps"] == 1
    assert meta.statistics["waiting_for_snapshot"] == 2
    exchange.say(image)
    exchange.depth([("99.30", "3.000")], [])
    meta, healed = ingest(exchange, tmp_path)
    assert healed[: len(rows)] == rows
    assert healed[len(rows)][:2] == (Kind.CLEAR, SNAPSHOT)
    assert not any(row[1] & MAYBE_BAD for row in healed[len(rows) :])
    assert levels_after(healed) == integer_levels(exchange)
    assert meta.statistics["waiting_for_snapshot"] == 0


@BOTH
def test_repeated_diffs_and_trades_are_dropped_and_counted(tmp_path: Path, futures: bool) -> None:
    exchange = eventful(futures=futures)
    _, rows = ingest(exchange, tmp_path)
    diffs = [line for line in exchange.lines if "depthUpdate" in line]
    trades = [line for line in exchange.lines if '"trade"' in line]
    exchange.lines += [diffs[-2], trades[-1]]
    meta, again = ingest(exchange, tmp_path)
    assert again == rows
    assert meta.statistics["dropped_repeats"] == meta.statistics["trade_repeats"] == 1


def test_snapshot_older_than_the_first_diff_is_a_gap(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.say(exchange.image())
    exchange.depth([("99.50", "1.000")], [], lost=True)
    exchange.depth([("99.40", "1.000")], [])
    meta, rows = ingest(exchange, tmp_path, tick="0.01", lot="0.001")
    assert meta.statistics["gaps"] == 1
    assert levels_after(rows) == ({9940: 1000}, {})


def test_second_snapshot_of_a_whole_book_is_not_used(tmp_path: Path) -> None:
    exchange = eventful()
    _, rows = ingest(exchange, tmp_path)
    exchange.say(exchange.image())
    meta, again = ingest(exchange, tmp_path)
    assert again == rows
    assert meta.statistics["snapshots_unused"] == 1


@BOTH
def test_times_are_the_exchanges_and_never_fall(tmp_path: Path, futures: bool) -> None:
    meta, _ = ingest(eventful(futures=futures), tmp_path)
    tape = open_tape(tmp_path / "a.tape.parquet")
    [(rows, sides)] = list(tape.chunks_with_sides())
    assert meta.session_date == "2020-09-13"
    times = rows["ts_ns"].tolist()
    assert times == sorted(times)
    # The first row is the first trade: T is 1 ms before E; on spot the diff before it has only E.
    assert times[0] == (BEGIN_MS + (99 if futures else 100)) * 1_000_000
    assert sides["venue_stamp_ns"][0] == (BEGIN_MS + 99) * 1_000_000
    local_ns = rows["ts_ns"] + sides["recv_delta_ns"]
    assert local_ns[0] == (BEGIN_MS + 100) * 1_000_000 + WIRE_NS - SLOW_NS
    assert meta.statistics["clock_offset_ns"] == WIRE_NS - SLOW_NS
    assert meta.statistics["held_stamps"] == (1 if futures else 3)


def test_spot_snapshot_before_any_stamp_takes_the_first_stamp(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.say(exchange.image())
    exchange.depth([("99.50", "1.000")], [])
    ingest(exchange, tmp_path)
    [rows] = list(open_tape(tmp_path / "a.tape.parquet").chunks())
    assert set(rows["ts_ns"].tolist()) == {(BEGIN_MS + 100) * 1_000_000}


def test_spot_snapshot_alone_is_placed_at_its_local_time(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.say(exchange.image())
    exchange.symbol = ""
    meta, rows = ingest(exchange, tmp_path)
    assert len(rows) == meta.statistics["snapshot_rows"] == 5
    assert meta.statistics["clock_windows"] == 0


def test_scales_are_the_finest_seen_or_told(tmp_path: Path) -> None:
    meta, _ = ingest(eventful(), tmp_path)
    book = meta.book(0)
    assert (book.symbol, book.venue, book.currency, book.depth) == (
        "ABCUSDT", "BINANCE", "USDT", "L2",
    )  # fmt: skip
    assert (book.price_units_per_currency, book.tick_units) == (100, 1)
    assert (book.qty_units_per_piece, book.lot_units) == (1_000, 1)
    told, rows = ingest(eventful(), tmp_path, tick="0.05", lot="0.0125")
    book = told.book(0)
    assert (book.price_units_per_currency, book.tick_units) == (100, 5)
    assert (book.qty_units_per_piece, book.lot_units) == (10_000, 125)
    assert rows[0] == (Kind.TRADE, SELL | LAST, -1, 9990, 8)


def test_several_files_are_one_session(tmp_path: Path) -> None:
    exchange = eventful()
    _, rows = ingest(exchange, tmp_path)
    first = exchange.write(tmp_path, exchange.lines[:7])
    first = first.rename(tmp_path / "spot_1.gz")
    second = exchange.write(tmp_path, exchange.lines[7:], zipped=False)
    out = tmp_path / "b.tape.parquet"
    done: list[tuple[int, int]] = []
    meta = ingest_binance([first, second], out=out, progress=lambda *at: done.append(at))
    assert open_tape(out).digest == open_tape(tmp_path / "a.tape.parquet").digest
    assert [source.name for source in meta.sources] == ["spot_1.gz", "spot_abcusdt.txt"]
    assert done[-1][0] == done[-1][1] == 2 * sum(p.stat().st_size for p in (first, second))
    assert rows


def test_other_streams_are_counted_and_funds_do_not_trade(tmp_path: Path) -> None:
    exchange = eventful(futures=True)
    _, rows = ingest(exchange, tmp_path)
    exchange.stream("aggTrade", {"e": "aggTrade", "E": exchange.now_ms, "a": 5, "p": "1"})
    exchange.stream("markPrice", {"e": "markPriceUpdate", "E": exchange.now_ms, "p": "1"})
    exchange.trade("0", "0")
    stamp, _, text = exchange.lines[-1].partition(" ")
    message = json.loads(text)
    message["data"]["X"] = "INSURANCE_FUND"
    exchange.lines[-1] = f"{stamp} {json.dumps(message)}"
    meta, again = ingest(exchange, tmp_path)
    assert again == rows
    assert meta.statistics["other_messages"] == 3


def test_capture_without_a_snapshot_is_refused(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.depth([("99.50", "1.000")], [])
    path = exchange.write(tmp_path)
    with pytest.raises(InputError, match=r"found no depth snapshot .* allowed captures with one"):
        ingest_binance([path], out=tmp_path / "a.tape.parquet")
    assert sorted(tmp_path.iterdir()) == [path]
