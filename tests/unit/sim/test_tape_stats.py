"""Counts and distributions of a tape, against a plain count of the same rows."""

from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind, RowFlag
from sim.kernels import tape_book as k
from sim.tape import stats
from sim.tape.head import head_rows
from sim.tape.merge import merge_tapes
from sim.tape.read import open_tape
from sim.tape.stats import Sampler, grid, tape_stats
from tests.random_tape import TICK_UNITS
from tests.unit.sim.tapes import START_NS, book, quiet_rows, random_rows, write


@pytest.mark.parametrize("chunk_rows", [9, 65_536])
def test_messages_trades_and_orders_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_rows: int
) -> None:
    monkeypatch.setattr(stats, "CHUNK_ROWS", chunk_rows)
    rows = random_rows(6, 700)
    found = tape_stats(write(tmp_path / "a.tape.parquet", rows, (book(),)))

    one = found.books["0 S@X"]
    assert found.rows == len(rows)
    assert found.messages == one.messages == int((rows["side_flags"] & RowFlag.LAST != 0).sum())
    assert sum(one.rows_by_kind.values()) == len(rows)
    assert one.rows_by_kind["ADD"] == int((rows["kind"] == Kind.ADD).sum())
    prints = rows[np.isin(rows["kind"], (Kind.EXECUTE, Kind.TRADE, Kind.CROSS))]
    assert (one.prints, one.volume_lots) == (len(prints), int(prints["qty"].sum()))
    assert 20 <= one.live_max <= 32
    assert found.duration == f"{(int(rows['ts_ns'][-1]) - int(rows['ts_ns'][0])) / 1000:g}us"


def test_spread_and_depth_of_an_orderly_tape(tmp_path: Path) -> None:
    rows, _ = quiet_rows()
    rows["ts_ns"] += 3_600_000_000_000 - START_NS - 60_000_000_000

    found = tape_stats(write(tmp_path / "a.tape.parquet", rows, (book(),)))

    one = found.books["0 S@X"]
    assert one.samples == stats.SAMPLES
    assert one.samples_crossed_or_locked == 0
    assert found.messages_by_hour == {"1970-01-01T00h": 600, "1970-01-01T01h": 600}
    spread = one.spread_units
    assert spread.p10 is not None
    assert spread.p50 is not None
    assert spread.max is not None
    assert 2 * TICK_UNITS <= spread.p10 <= spread.p50 <= spread.max <= 14 * TICK_UNITS
    assert one.live_max == 20


@pytest.mark.parametrize("pieces", [1, 3, 40])
def test_a_sample_is_the_book_just_before_its_moment(pieces: int) -> None:
    ts_ns = np.sort(np.arange(200) * 37 % 500)
    best = np.zeros((200, k.BEST_WIDTH), np.int64)
    best[:, k.B_BID] = np.arange(200)
    moments = grid(20, 620, 60)
    sampler = Sampler(moments)

    for times, states in zip(
        np.array_split(ts_ns, pieces), np.array_split(best, pieces), strict=True
    ):
        sampler.take(times, states)

    expected = [int(np.flatnonzero(ts_ns < moment)[-1]) for moment in moments]
    assert sampler.finish()[:, k.B_BID].tolist() == expected


def test_moments_before_the_first_row_have_no_sample() -> None:
    sampler = Sampler(np.array([1, 2, 3, 9]))
    sampler.take(np.array([2]), np.ones((1, k.BEST_WIDTH), np.int64))

    assert len(sampler.finish()) == 2


def test_an_empty_tape_has_no_numbers(tmp_path: Path) -> None:
    found = tape_stats(write(tmp_path / "a.tape.parquet", random_rows(6, 3)[:0], (book(),)))

    assert (found.rows, found.first_row, found.duration) == (0, None, None)
    assert found.books["0 S@X"].spread_units.p50 is None


def test_head_shows_rows_in_words(tmp_path: Path) -> None:
    rows, sides = quiet_rows(40)
    rows["ts_ns"] += 1_340_285_400_000_000_000 - START_NS
    one = write(tmp_path / "1.tape.parquet", rows, (book("X"),), source_seq=sides["source_seq"])
    coarse = book("Y", price_units_per_currency=256)
    two = write(tmp_path / "2.tape.parquet", rows, (coarse,), source_seq=sides["source_seq"] + 7)
    merge_tapes([one, two], tmp_path / "m.tape.parquet")

    shown = list(head_rows(open_tape(tmp_path / "m.tape.parquet"), 20))

    assert len(shown) == 20
    assert shown[0] == {
        "time_utc": "2012-06-21T13:30:00.000000000Z",
        "book": "0 S@X",
        "kind": "ADD",
        "side": "SELL",
        "price": "100.0008",
        "qty": 1,
        "handle": 0,
        "flags": "LAST",
        "source_seq": 0,
    }
    assert (shown[1]["book"], shown[1]["price"], shown[1]["source_seq"]) == (
        "1 S@Y", "1000008/256", 7,
    )  # fmt: skip
    assert shown[18]["kind"] == "TRADE"
    assert shown[18]["handle"] == -1
    assert len(list(head_rows(open_tape(one), 99))) == 40
