"""What each DBN record says on the tape."""

from pathlib import Path
from typing import Any

import databento_dbn as dbn
import numpy as np
import pytest

import sim.ingest.dbn_records as dbn_records
from market.codes import Kind, Phase, RowFlag
from market.errors import InputError
from sim.ingest.databento import ingest_databento
from sim.ingest.dbn_records import (
    F_BAD_TS_RECV,
    F_LAST,
    F_MAYBE_BAD_BOOK,
    F_SNAPSHOT,
    LAYOUTS,
)
from sim.tape.read import open_tape
from tests.tape_orders import replay_orders
from tests.unit.sim.dbn_fixture import (
    DELAY_NS,
    START_NS,
    TICK,
    UNIT,
    Pair,
    Stream,
    compressed,
    ingest,
)

BUY, SELL = RowFlag(0), RowFlag.SELL
SNAPSHOT = RowFlag.SNAPSHOT
NO = -1


def phase(state: Phase, flags: RowFlag = SNAPSHOT) -> tuple[Any, ...]:
    return 0, Kind.PHASE, NO, 0, state, flags


def test_orders_live_and_die_under_dense_handles(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "B", 11, 400, 5)
    stream.mbo("A", "A", 12, 402, 7)
    stream.mbo("C", "B", 11, 400, 2)
    stream.mbo("C", "B", 11, 400, 3)
    stream.mbo("N", "N", 0, None, 0)
    stream.mbo("A", "B", 13, -401, 1)
    meta, messages = ingest(tmp_path, stream.encoded())
    assert messages == [
        [(0, Kind.ADD, 0, 400, 5, BUY)],
        [(0, Kind.ADD, 1, 402, 7, SELL)],
        [(0, Kind.REDUCE, 0, 400, 2, BUY)],
        [(0, Kind.DELETE, 0, 400, 3, BUY)],
        [(0, Kind.ADD, 0, -401, 1, BUY)],
    ]
    book = meta.books[0]
    assert (book.symbol, book.venue, book.currency, book.depth) == ("ABC", "XVEN.TEST", "USD", "L3")
    assert (book.price_units_per_currency, book.tick_units, book.handle_count) == (UNIT, TICK, 2)
    assert meta.session_date == "2020-02-03"


def test_only_a_smaller_quantity_at_the_same_price_keeps_priority(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "A", 1, 400, 5)
    for ticks, size in ((400, 5), (400, 3), (400, 4), (401, 4), (401, 1)):
        stream.mbo("M", "A", 1, ticks, size)
    stream.mbo("M", "B", 2, 399, 9)
    meta, messages = ingest(tmp_path, stream.encoded())
    keep = SELL | RowFlag.KEEP_PRIORITY
    assert messages[1:] == [
        [(0, Kind.REPLACE, 0, 400, 5, keep)],
        [(0, Kind.REPLACE, 0, 400, 3, keep)],
        [(0, Kind.REPLACE, 0, 400, 4, SELL)],
        [(0, Kind.REPLACE, 0, 401, 4, SELL)],
        [(0, Kind.REPLACE, 0, 401, 1, keep)],
        [(0, Kind.ADD, 1, 399, 9, BUY)],
    ]
    assert meta.statistics["modifies_unknown"] == 1


def test_a_trade_its_fills_and_what_they_do_are_one_execution_each(tmp_path: Path) -> None:
    stream = Stream("mbo")
    for order_id, size in ((1, 2), (2, 5), (3, 4)):
        stream.mbo("A", "A", order_id, 400, size)
    stream.mbo("T", "B", 9, 400, 5, flags=0)
    stream.mbo("F", "A", 1, 400, 2, flags=0)
    stream.mbo("F", "A", 2, 400, 3, flags=0)
    stream.mbo("C", "A", 3, 400, 4, flags=0)
    stream.mbo("C", "A", 1, 400, 2, flags=0)
    stream.mbo("M", "A", 2, 400, 2)
    stream.mbo("C", "A", 2, 400, 1)
    meta, messages = ingest(tmp_path, stream.encoded())
    assert messages[3:] == [
        [
            (0, Kind.DELETE, 2, 400, 4, SELL),
            (0, Kind.EXECUTE, 0, 400, 2, SELL),
            (0, Kind.EXECUTE, 1, 400, 3, SELL),
        ],
        [(0, Kind.REDUCE, 1, 400, 1, SELL)],
    ]
    assert meta.statistics["executions"] == 2
    assert "prints" not in meta.statistics


def test_what_no_resting_order_lost_is_printed(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "B", 1, 400, 2)
    stream.mbo("T", "A", 9, 400, 5, flags=0)
    stream.mbo("F", "B", 1, 400, 2, flags=0)
    stream.mbo("C", "B", 1, 400, 2)
    stream.mbo("T", "N", 9, 401, 3)
    stream.mbo("T", "B", 9, 402, 1)
    _, messages = ingest(tmp_path, stream.encoded())
    assert messages[1:] == [
        [(0, Kind.EXECUTE, 0, 400, 2, BUY), (0, Kind.TRADE, NO, 400, 3, SELL)],
        [(0, Kind.TRADE, NO, 401, 3, RowFlag.SIDE_UNKNOWN)],
        [(0, Kind.TRADE, NO, 402, 1, BUY)],
    ]


def test_an_order_whose_fills_used_it_up_comes_back_at_the_end_of_its_queue(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "A", 1, 400, 2)
    stream.mbo("T", "B", 9, 400, 2, flags=0)
    stream.mbo("F", "A", 1, 400, 2, flags=0)
    stream.mbo("M", "A", 1, 400, 2)
    stream.mbo("T", "B", 9, 400, 1, flags=0)
    stream.mbo("F", "A", 1, 400, 1, flags=0)
    stream.mbo("M", "A", 1, 401, 7)
    meta, messages = ingest(tmp_path, stream.encoded())
    assert messages[1:] == [
        [(0, Kind.EXECUTE, 0, 400, 2, SELL), (0, Kind.ADD, 0, 400, 2, SELL)],
        [(0, Kind.EXECUTE, 0, 400, 1, SELL), (0, Kind.REPLACE, 0, 401, 7, SELL)],
    ]
    assert meta.statistics["refreshes"] == 1


def snapshot(stream: Stream, bid_ticks: int, ask_ticks: int) -> None:
    """A clear, a bid and an ask."""
    stream.mbo("R", "N", 0, None, 0, flags=F_SNAPSHOT | F_BAD_TS_RECV)
    stream.mbo("A", "B", 1, bid_ticks, 5, flags=F_SNAPSHOT)
    stream.mbo("A", "A", 2, ask_ticks, 5, flags=F_SNAPSHOT | F_LAST)


def test_an_uncrossed_snapshot_is_of_a_market_that_trades(tmp_path: Path) -> None:
    stream = Stream("mbo")
    snapshot(stream, 400, 401)
    snapshot(stream, 399, 400)
    _, messages = ingest(tmp_path, stream.encoded())
    clear = (0, Kind.CLEAR, NO, 0, 0, SNAPSHOT)
    assert messages == [
        [
            phase(Phase.CONTINUOUS),
            clear,
            (0, Kind.ADD, 0, 400, 5, SNAPSHOT),
            (0, Kind.ADD, 1, 401, 5, SNAPSHOT | SELL),
        ],
        [
            clear,
            (0, Kind.ADD, 0, 399, 5, SNAPSHOT),
            (0, Kind.ADD, 1, 400, 5, SNAPSHOT | SELL),
        ],
    ]


@pytest.mark.parametrize("ask_ticks", [400, 395])
def test_a_crossed_snapshot_waits_for_the_auction(tmp_path: Path, ask_ticks: int) -> None:
    stream = Stream("mbo")
    snapshot(stream, 400, ask_ticks)
    stream.mbo("A", "A", 3, 410, 1)
    stream.mbo("T", "N", 0, 398, 5, flags=0)
    stream.mbo("F", "B", 1, 398, 5, flags=0)
    stream.mbo("F", "A", 2, 398, 5, flags=0)
    stream.mbo("C", "B", 1, 400, 5, flags=0)
    stream.mbo("C", "A", 2, ask_ticks, 5)
    stream.mbo("T", "B", 0, 410, 1)
    meta, messages = ingest(tmp_path, stream.encoded())
    assert messages[0][0] == phase(Phase.PRE_OPEN)
    assert messages[2] == [
        (0, Kind.CROSS, NO, 398, 5, RowFlag.SIDE_UNKNOWN),
        (0, Kind.EXECUTE, 0, 400, 5, BUY),
        (0, Kind.EXECUTE, 1, ask_ticks, 5, SELL),
        phase(Phase.CONTINUOUS, RowFlag(0)),
    ]
    assert [row[1] for row in messages[3]] == [Kind.TRADE]
    assert (meta.statistics["crosses"], meta.statistics["prints"]) == (1, 1)


def test_an_auction_tells_each_price_once_before_all_that_traded(tmp_path: Path) -> None:
    stream = Stream("mbo")
    snapshot(stream, 402, 398)
    stream.mbo("C", "A", 2, 398, 1, flags=0)
    for ticks, size in ((400, 2), (401, 1), (400, 1)):
        stream.mbo("T", "N", 0, ticks, size, flags=0)
    stream.mbo("F", "B", 1, 400, 4, flags=0)
    stream.mbo("C", "B", 1, 402, 4)
    meta, messages = ingest(tmp_path, stream.encoded())
    # One bid is left, so that the book is crossed still and waits.
    assert messages[1] == [
        (0, Kind.REDUCE, 1, 398, 1, SELL),
        (0, Kind.CROSS, NO, 400, 3, RowFlag.SIDE_UNKNOWN),
        (0, Kind.CROSS, NO, 401, 1, RowFlag.SIDE_UNKNOWN),
        (0, Kind.EXECUTE, 0, 402, 4, BUY),
    ]
    assert "prints" not in meta.statistics


def test_an_auction_of_too_many_lots_is_refused(tmp_path: Path) -> None:
    stream = Stream("mbo")
    snapshot(stream, 402, 398)
    for _ in range(257):
        stream.mbo("T", "N", 0, 400, 2**32 - 3, flags=0)
    with pytest.raises(InputError, match=r"an auction of 11\d{11} lots, allowed 1099511627776"):
        ingest(tmp_path, stream.encoded())


def test_a_book_that_may_be_bad_says_so(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "B", 1, 400, 2, flags=F_LAST | F_MAYBE_BAD_BOOK)
    _, messages = ingest(tmp_path, stream.encoded())
    assert messages == [[(0, Kind.ADD, 0, 400, 2, RowFlag.MAYBE_BAD)]]


def test_an_event_is_published_when_its_last_record_was_sent(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "B", 1, 400, 2, flags=0)
    stream.mbo("A", "B", 2, 400, 2)
    ingest(tmp_path, stream.encoded())
    ((rows, sides),) = list(open_tape(tmp_path / "stream.tape.parquet").chunks_with_sides())
    assert rows["ts_ns"].tolist() == [START_NS + 2_000 - DELAY_NS] * 2
    assert sides["recv_delta_ns"].tolist() == [DELAY_NS] * 2
    assert sides["venue_stamp_ns"].tolist() == [START_NS + 100, START_NS + 1_100]
    assert sides["source_seq"].tolist() == [1, 2]


def test_events_of_two_instruments_do_not_mix(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "B", 1, 400, 2, flags=0)
    stream.instrument = 8
    stream.mbo("A", "B", 1, 100, 2, flags=0)
    stream.instrument = 7
    stream.mbo("A", "A", 2, 401, 3)
    stream.instrument, stream.publisher = 8, 2
    stream.mbo("A", "A", 2, 100, 3)
    meta, messages = ingest(tmp_path, stream.encoded())
    assert messages == [
        [(0, Kind.ADD, 0, 400, 2, BUY), (0, Kind.ADD, 1, 401, 3, SELL)],
        [(2, Kind.ADD, 0, 100, 3, SELL)],
        [(1, Kind.ADD, 0, 100, 2, BUY)],
    ]
    assert [(book.symbol, book.venue) for book in meta.books] == [
        ("ABC", "XVEN.TEST/1"), ("8", "XVEN.TEST/1"), ("8", "XVEN.TEST/2")
    ]  # fmt: skip
    assert [book.tick_units for book in meta.books] == [TICK, 100 * TICK, 100 * TICK]
    assert meta.statistics["unfinished_events"] == 1


def ten(*levels: tuple[Pair, Pair]) -> list[tuple[Pair, Pair]]:
    return [*levels, *[(None, None)] * (10 - len(levels))]


def test_ten_levels_become_rows_where_they_differ(tmp_path: Path) -> None:
    stream = Stream("mbp-10")
    stream.level("A", "B", 400, 5, ten(((400, 5), (401, 7)), ((399, 2), None)))
    stream.level("T", "A", 400, 4, ten(((400, 5), (401, 7)), ((399, 2), None)), flags=0)
    stream.level("C", "B", 400, 4, ten(((400, 1), (401, 7)), ((399, 2), None)))
    stream.level("C", "B", 400, 1, ten(((399, 2), (401, 7))))
    stream.level("A", "B", 398, 3, ten(((399, 2), (401, 7)), ((398, 3), None)))
    meta, messages = ingest(tmp_path, stream.encoded())
    assert messages == [
        [
            (0, Kind.LEVEL, 0, 400, 5, BUY),
            (0, Kind.LEVEL, 1, 399, 2, BUY),
            (0, Kind.LEVEL, 2, 401, 7, SELL),
        ],
        [(0, Kind.TRADE, NO, 400, 4, SELL), (0, Kind.LEVEL, 0, 400, 1, BUY)],
        [(0, Kind.LEVEL, 0, 400, 0, BUY)],
        [(0, Kind.LEVEL, 0, 398, 3, BUY)],
    ]
    assert (meta.books[0].depth, meta.books[0].handle_count) == ("L2", 3)


def test_one_level_becomes_quotes(tmp_path: Path) -> None:
    stream = Stream("mbp-1")
    stream.level("A", "B", 400, 5, [((400, 5), None)], flags=F_LAST | F_SNAPSHOT)
    stream.level("A", "A", 401, 6, [((400, 5), (401, 6))])
    stream.level("A", "A", 402, 6, [((400, 5), (401, 6))])
    stream.level("T", "A", 400, 5, [((400, 5), (401, 6))], flags=0)
    stream.level("C", "B", 400, 5, [(None, (401, 6))])
    meta, messages = ingest(tmp_path, stream.encoded())
    assert messages == [
        [phase(Phase.CONTINUOUS), (0, Kind.QUOTE, 0, 400, 5, SNAPSHOT)],
        [(0, Kind.QUOTE, 1, 401, 6, SELL)],
        [(0, Kind.TRADE, NO, 400, 5, SELL), (0, Kind.QUOTE, 0, 0, 0, BUY)],
    ]
    assert (meta.books[0].depth, meta.books[0].handle_count) == ("L1", 2)


def test_trades_alone_are_messages_of_their_own(tmp_path: Path) -> None:
    stream = Stream("trades")
    stream.trade("A", 400, 1)
    stream.trade("N", 401, 2)
    meta, messages = ingest(tmp_path, stream.encoded())
    assert messages == [
        [(0, Kind.TRADE, NO, 400, 1, SELL)],
        [(0, Kind.TRADE, NO, 401, 2, RowFlag.SIDE_UNKNOWN)],
    ]
    assert (meta.books[0].depth, meta.books[0].tick_units) == ("L1", TICK)


def eventful(*, ts_out: bool = False) -> Stream:
    """Orders that come, change and go."""
    stream = Stream("mbo", ts_out=ts_out)
    for order_id in range(40):
        stream.mbo(
            "A", "BA"[order_id % 2], order_id, 400 + order_id, 5, flags=128 * (order_id % 3 > 0)
        )
        if order_id % 4 == 3:
            stream.mbo("C", "BA"[(order_id - 3) % 2], order_id - 3, 397 + order_id, 2)
            stream.system()
    return stream


def test_blocks_compression_and_times_of_sending_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = ingest(tmp_path, eventful().encoded())
    assert plain[0].statistics["other_records"] == 10
    assert replay_orders(tmp_path / "stream.tape.parquet")
    assert ingest(tmp_path, eventful(ts_out=True).encoded())[1] == plain[1]
    assert ingest(tmp_path, compressed(eventful().encoded()))[1] == plain[1]
    monkeypatch.setattr(dbn_records, "_BLOCK_BYTES", 11)
    assert ingest(tmp_path, eventful().encoded()) == plain


def test_a_given_tick_and_currency_are_taken(tmp_path: Path) -> None:
    stream = Stream("mbo")
    stream.mbo("A", "B", 1, 400, 2)
    meta, _ = ingest(tmp_path, stream.encoded(), tick="0.05", currency="EUR")
    assert (meta.books[0].tick_units, meta.books[0].currency) == (50_000_000, "EUR")


def test_a_stream_without_records_is_an_empty_tape(tmp_path: Path) -> None:
    meta, messages = ingest(tmp_path, Stream("mbo").encoded())
    assert messages == []
    assert meta.books == ()
    assert meta.session_date == "2020-02-03"


def test_layouts_are_those_of_the_vendors_library() -> None:
    for schema, message in (
        ("mbo", dbn.MBOMsg), ("mbp-1", dbn.MBP1Msg), ("mbp-10", dbn.MBP10Msg), ("trades", dbn.TradeMsg)
    ):  # fmt: skip
        layout = LAYOUTS[schema][1]
        assert layout.itemsize == message.size_hint
        theirs = np.dtype(message._dtypes)
        names = [name for name in layout.names or () if name != "levels"]
        assert [theirs.fields[name][1] for name in names] == [
            layout.fields[name][1] for name in names
        ]


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    data = eventful().encoded()
    (tmp_path / "x.dbn").write_bytes(data)
    ingest_databento(
        tmp_path / "x.dbn",
        out=tmp_path / "out",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (len(data), len(data))
