"""The Bitstamp ingest against the exchange's own snapshots and trades of the same day.

The rule: for each of the 29,992 snapshots of the raw log, and each of its five best levels on either
side, the size that the tape's book has at that price, after every row that was heard up to the
snapshot's millisecond, equals the exchange's to within one lot for each order there (the volumes of
the order file went through a float, which cost up to a lot each). Nothing is taken out of the
snapshots, stale orders neither, and a level that the tape does not have counts as wrong.

The tape is replayed here in plain Python on dictionaries. The log is truth only, never an input.
"""

import bz2
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from market.codes import Kind
from market.columns import TAPE_COLUMNS
from sim.ingest.bitstamp import ingest_bitstamp
from sim.ingest.bitstamp_book import OUTCOMES
from sim.tape.meta import TapeMeta
from sim.tape.read import Tape, open_tape, verify_digest

pytestmark = pytest.mark.truth

ORDERS = "orders.csv.bz2"
LOG = "2015-05-01.log.bz2"
HOUR_MS = 3_600_000
LEVELS = 5


class Snapshot(NamedTuple):
    """A snapshot's best levels, bids and asks, as (cents, lots)."""

    ts_ms: int
    sides: tuple[list[tuple[int, int]], list[tuple[int, int]]]


class PlainBook:
    """Lots and number of orders at each price, from the rows of a tape."""

    def __init__(self, tape: Tape) -> None:
        self._rows = self._stream(tape)
        self._next = next(self._rows, None)
        self._orders: dict[int, int] = {}
        self.lots: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        self.counts: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        self.executed: Counter[int] = Counter()  # lots by millisecond

    def advance(self, until_ms: int) -> None:
        """Apply every row up to a millisecond, included."""
        while self._next is not None and self._next[0] <= until_ms * 1_000_000:
            self._apply(*self._next)
            self._next = next(self._rows, None)

    def crossed(self) -> bool:
        """Whether the best bid is at or above the best ask."""
        bids, asks = self.lots
        return bool(bids and asks) and max(bids) >= min(asks)

    @staticmethod
    def _stream(tape: Tape) -> Iterator[tuple[int, ...]]:
        for rows in tape.chunks():
            yield from zip(*(rows[name].tolist() for name in TAPE_COLUMNS), strict=True)

    def _apply(
        self, ts_ns: int, price: int, qty: int, handle: int, book: int, kind: int, flags: int
    ) -> None:
        side = flags & 1
        if kind in (Kind.ADD, Kind.REVEAL):
            assert handle not in self._orders
            self._orders[handle] = qty
            self.lots[side][price] += qty
            self.counts[side][price] += 1
            return
        self._orders[handle] -= qty
        self.lots[side][price] -= qty
        if kind == Kind.EXECUTE:
            self.executed[ts_ns // 1_000_000] += qty
        if self._orders[handle] == 0:
            del self._orders[handle]
            self.counts[side][price] -= 1
            if self.counts[side][price] == 0:
                del self.counts[side][price], self.lots[side][price]


def read_log(path: Path) -> tuple[list[Snapshot], Counter[int]]:
    """Snapshots, and lots traded by millisecond."""
    snapshots = []
    traded: Counter[int] = Counter()
    with bz2.open(path, "rt") as lines:
        for line in lines:
            ts_ms, kind, text = line.split(" ", 2)
            if kind == "trade":
                amount = json.loads(text, parse_float=Decimal)["amount"]
                traded[int(ts_ms)] += round(amount * 100_000_000)
            elif kind == "order_book":
                found = json.loads(text)
                bids, asks = (
                    [
                        (int(price.replace(".", "")), int(size.replace(".", "")))
                        for price, size in found[side][:LEVELS]
                    ]
                    for side in ("bids", "asks")
                )
                snapshots.append(Snapshot(int(ts_ms), (bids, asks)))
    return snapshots, traded


@pytest.fixture(scope="module")
def truth(data_dir: Path) -> tuple[list[Snapshot], Counter[int]]:
    return read_log(data_dir / "bitstamp" / LOG)


@pytest.fixture(scope="module")
def btc(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TapeMeta, Tape]:
    out = tmp_path_factory.mktemp("btc") / "btc.tape.parquet"
    meta = ingest_bitstamp(data_dir / "bitstamp" / ORDERS, out=out)
    return meta, open_tape(out)


def agreement_by_hour(tape: Tape, snapshots: list[Snapshot]) -> tuple[dict[int, float], PlainBook]:
    """Percent of levels that agree in each hour since the first snapshot, and the book at the end."""
    book = PlainBook(tape)
    levels: Counter[int] = Counter()
    equal: Counter[int] = Counter()
    begin_ms = snapshots[0].ts_ms
    for snapshot in snapshots:
        book.advance(snapshot.ts_ms)
        assert not book.crossed()
        hour = (snapshot.ts_ms - begin_ms) // HOUR_MS
        for side in (0, 1):
            for price, lots in snapshot.sides[side]:
                count = book.counts[side][price]
                levels[hour] += 1
                equal[hour] += count > 0 and abs(book.lots[side][price] - lots) <= count
    book.advance(1 << 42)
    return {hour: 100 * equal[hour] / levels[hour] for hour in sorted(levels)}, book


def test_every_row_of_the_day_has_one_outcome(btc: tuple[TapeMeta, Tape]) -> None:
    meta, tape = btc
    counts = meta.statistics
    assert counts["rows"] == 242_524
    assert counts["bad_rows"] == counts["times_back"] == 0
    assert sum(counts[name] for name in OUTCOMES) == 242_524
    assert counts["opening_orders"] == 412
    # Known from the file: 13 deletions before their creations, 4 changes after their deletions.
    assert (counts["late_creates"], counts["late_changes"]) == (13, 4)
    assert counts["tape_rows"] == tape.row_count
    print(counts)
    verify_digest(tape)


def test_book_agrees_with_the_exchange_in_every_hour_and_is_never_crossed(
    btc: tuple[TapeMeta, Tape],
    truth: tuple[list[Snapshot], Counter[int]],
    data_dir: Path,
    tmp_path: Path,
) -> None:
    snapshots, _ = truth
    assert len(snapshots) == 29_992
    found, _ = agreement_by_hour(btc[1], snapshots)
    out = tmp_path / "late.tape.parquet"
    ingest_bitstamp(data_dir / "bitstamp" / ORDERS, out=out, opening=False)
    without, _ = agreement_by_hour(open_tape(out), snapshots)
    print("\nhour  agree %  without the opening pass")
    for hour, percent in found.items():
        print(f"{hour:4}  {percent:7.2f}  {without[hour]:7.2f}")
    assert len(found) == 24
    assert min(found.values()) >= 99.0
    # Depth from before the file, which nothing announced, is most of what is missing then.
    assert min(without.values()) >= 80.0


def test_nothing_trades_twice(
    btc: tuple[TapeMeta, Tape], truth: tuple[list[Snapshot], Counter[int]]
) -> None:
    _, traded = truth
    book = PlainBook(btc[1])
    book.advance(1 << 42)
    executed, traded_lots = book.executed.total(), traded.total()
    print(f"\nexecuted {executed} lots on the tape, {traded_lots} in the exchange's trades")
    assert 0.99 <= executed / traded_lots <= 1.01
