"""The LOBSTER ingest against the books that its vendor publishes.

The tape is replayed here in plain Python on dictionaries, row by row as the tape's format says, and
compared with the raw orderbook file, which this reads on its own.
"""

import csv
import gzip
import io
import zipfile
from bisect import bisect_left, insort
from collections.abc import Iterator
from pathlib import Path

import pytest

from market.codes import Kind, RowFlag
from market.columns import TAPE_COLUMNS
from sim.ingest.lobster import ingest_lobster
from sim.tape.meta import TapeMeta
from sim.tape.read import Tape, open_tape, verify_digest

pytestmark = pytest.mark.truth

GOOG = "LOBSTER_SampleFile_GOOG_2012-06-21_10.zip"
AAPL_MESSAGE = "AAPL_2012-06-21_34200000_37800000_message_50.csv.gz"
AAPL_SEED = "AAPL_2012-06-21_first672_orderbook_50.csv.gz"
AAPL_BBO = "AAPL_2012-06-21_34200000_37800000_bbo_50.csv.gz"
EMPTY = 9_999_999_999


class PlainBook:
    """What a tape's rows leave standing: orders by handle, lots by key, keys in order."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}
        self.lots: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.keys: tuple[list[int], list[int]] = ([], [])

    def apply(self, kind: int, side: int, handle: int, price: int, qty: int) -> tuple[int, int]:
        """Apply an order row; the side and key that changed."""
        if kind == Kind.ADD or (kind == Kind.REVEAL and qty > 0):
            assert handle not in self.orders
            assert qty > 0
            key = price if side else -price
            self.orders[handle] = (side, key, qty)
            self._change(side, key, qty)
            return side, key
        own_side, key, own_qty = self.orders[handle]
        assert own_side == side
        assert key == (price if side else -price)
        taken = -qty if kind == Kind.REVEAL else qty
        assert 0 < taken <= own_qty
        if kind == Kind.DELETE:
            assert taken == own_qty
        if taken == own_qty:
            del self.orders[handle]
        else:
            self.orders[handle] = (side, key, own_qty - taken)
        self._change(side, key, -taken)
        return side, key

    def _change(self, side: int, key: int, qty: int) -> None:
        lots, keys = self.lots[side], self.keys[side]
        if key not in lots:
            insort(keys, key)
        lots[key] = lots.get(key, 0) + qty
        assert lots[key] >= 0
        if lots[key] == 0:
            del lots[key]
            keys.pop(bisect_left(keys, key))

    def columns(self, level_count: int) -> list[int]:
        """The book as an orderbook row has it."""
        row = []
        for level in range(level_count):
            for side, sign in ((1, 1), (0, -1)):
                if level < len(self.keys[side]):
                    key = self.keys[side][level]
                    row += [sign * key, self.lots[side][key]]
                else:
                    row += [sign * EMPTY, 0]
        return row


def messages_of(tape: Tape) -> Iterator[list[tuple[int, ...]]]:
    """The tape's rows as plain tuples, one list for each source message."""
    group: list[tuple[int, ...]] = []
    for rows in tape.chunks():
        for row in zip(*(rows[name].tolist() for name in TAPE_COLUMNS), strict=True):
            group.append(row)
            if row[6] & RowFlag.LAST:
                yield group
                group = []
    assert not group


def apply_all(book: PlainBook, group: list[tuple[int, ...]]) -> list[tuple[int, int, int, int]]:
    """Apply a message's rows; side, key, kind and flags of each change."""
    changes = []
    for _, price, qty, handle, _, kind, flags in group:
        if kind in (Kind.TRADE, Kind.CROSS, Kind.PHASE):
            assert handle == -1
            continue
        side, key = book.apply(kind, flags & 1, handle, price, qty)
        changes.append((side, key, kind, flags))
    return changes


@pytest.fixture(scope="module")
def goog(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TapeMeta, Tape]:
    out = tmp_path_factory.mktemp("goog") / "goog.tape.parquet"
    meta = ingest_lobster(data_dir / "lobster" / GOOG, out=out)
    return meta, open_tape(out)


def test_goog_counts_are_the_known_ones(goog: tuple[TapeMeta, Tape]) -> None:
    meta, tape = goog
    assert meta.session_date == "2012-06-21"
    assert meta.book(0).symbol == "GOOG"
    counts = meta.statistics
    assert counts["rows"] == 147_916
    assert counts["tape_rows"] == tape.row_count
    assert counts["bad_rows"] == 0
    assert counts["unannounced"] == 0
    assert counts["corrections"] <= 8_400
    assert counts["reveals"] <= 8_400
    print({name: counts[name] for name in ("corrections", "reveals", "inferred")})
    assert counts["reveal_messages"] <= 6_300
    # Orders from before the file: 2,830 deletes and 532 executions, and those corrected away.
    assert counts["unknown_ids"] >= 2_830 + 532
    verify_digest(tape)


def test_goog_times_are_utc(goog: tuple[TapeMeta, Tape]) -> None:
    _, tape = goog
    first = next(tape.chunks())["ts_ns"][0]
    # 2012-06-21 is summer time: midnight in New York is 04:00 UTC; the first message is 09:30.
    assert first == 1_340_236_800_000_000_000 + 4 * 3_600_000_000_000 + 34_200_015_105_074


def test_goog_book_equals_the_orderbook_file_on_every_row_and_column(
    data_dir: Path, goog: tuple[TapeMeta, Tape]
) -> None:
    """Also holds every REVEAL and inferred row to the worst visible levels, by the raw rows before and after."""
    _, tape = goog
    book = PlainBook()
    groups = messages_of(tape)
    apply_all(book, next(groups))
    reveals = equal = 0
    before: list[int] | None = None
    with zipfile.ZipFile(data_dir / "lobster" / GOOG) as archive:
        name = next(n for n in archive.namelist() if "_orderbook_" in n)
        lines = io.TextIOWrapper(archive.open(name), "ascii")
        for line, group in zip(lines, groups, strict=True):
            changes = apply_all(book, group)
            truth = [int(field) for field in line.split(",")]
            for side, key, kind, flags in changes:
                reveals += kind == Kind.REVEAL
                if kind == Kind.REVEAL or flags & RowFlag.INFERRED:
                    assert before is not None
                    assert_at_the_worst_levels(side, key, before, truth)
            assert book.columns(10) == truth
            equal += 1
            before = truth
    assert equal == 147_916
    assert reveals == tape.meta.statistics["reveals"]


def assert_at_the_worst_levels(side: int, key: int, before: list[int], truth: list[int]) -> None:
    """A REVEAL lies beyond all that the row before showed, and nothing seen now is worse."""
    first, sign = (0, 1) if side else (2, -1)
    seen = [sign * price for price in before[first::4]]
    now = [sign * price for price in truth[first::4]]
    assert key > seen[-1]
    assert key <= now[-1]
    assert all(other <= seen[-1] for other in now[:-1])


def test_aapl_best_prices_agree_with_the_exchange(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "lobster"
    out = tmp_path / "aapl.tape.parquet"
    meta = ingest_lobster(
        folder / AAPL_MESSAGE, orderbook=folder / AAPL_SEED, seed_only=True, out=out
    )
    assert meta.statistics["rows"] == 91_997
    assert meta.statistics["bad_rows"] == 0
    assert meta.statistics["reveals"] == 0
    assert 41 <= meta.statistics["unannounced"] <= 46
    book = PlainBook()
    groups = messages_of(open_tape(out))
    apply_all(book, next(groups))
    wrong = []
    with gzip.open(folder / AAPL_BBO, "rt") as lines:
        for row, (fields, group) in enumerate(zip(csv.reader(lines), groups, strict=True)):
            apply_all(book, group)
            truth = [int(field) for field in fields]
            best = book.columns(1)
            if (best[0], best[2]) != (truth[0], truth[2]):
                wrong.append(row)
    assert len(wrong) <= 90
    # The price left the window of fifty levels there, and nothing told what became of the rest.
    assert wrong[0] >= 54_606
    assert wrong[-1] <= 54_766
