"""The DBN ingest on the files at hand, against books kept here from the vendor's own decoder."""

from pathlib import Path
from typing import Any

import databento_dbn as dbn
import pyarrow as pa
import pytest

from market.codes import Kind, Phase, RowFlag
from sim.ingest.databento import ingest_databento
from sim.tape.meta import TapeMeta
from sim.tape.read import open_tape, verify_digest
from tests.tape_orders import replay_orders

pytestmark = pytest.mark.truth

SUNDAY = "esh4-glbx-mdp3-20231224.mbo.dbn.zst"
LIVE = "orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst"
QUOTES = "futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst"
TRADES = "futures_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst"
ES_TICK_UNITS = 250_000_000
Row = tuple[int, ...]


def decoded(data_dir: Path, name: str) -> list[Any]:
    """Every record of a file, without its metadata."""
    with pa.input_stream(str(data_dir / "databento" / name), compression="zstd") as stream:
        decoder = dbn.DBNDecoder()
        decoder.write(stream.read())
    return decoder.decode()[1:]


def taken(data_dir: Path, folder: Path, name: str) -> tuple[TapeMeta, list[Row]]:
    """A file's tape: its metadata and rows."""
    out = folder / "databento.tape.parquet"
    meta = ingest_databento(data_dir / "databento" / name, out=out)
    tape = open_tape(out)
    verify_digest(tape)
    assert meta.books[0].tick_units == ES_TICK_UNITS
    return meta, [row for chunk in tape.chunks() for row in chunk.tolist()]


def resting(records: list[Any]) -> list[tuple[int, int, int]]:
    """Side, price and size of the orders that the records leave."""
    orders: dict[int, tuple[int, int, int]] = {}
    for record in records:
        action, order_id = str(record.action), record.order_id
        if action == "R":
            orders.clear()
        elif action in "AM":
            orders[order_id] = int(str(record.side) == "A"), record.price, record.size
        elif action == "C":
            side, price, size = orders.pop(order_id)
            if size > record.size:
                orders[order_id] = side, price, size - record.size
    return sorted(orders.values())


@pytest.mark.parametrize(
    ("name", "snapshot_orders", "symbol"), [(SUNDAY, 8_725, "ESH4"), (LIVE, 13_600, "ESM4")]
)
def test_snapshots_load_whole_and_say_their_phase(
    data_dir: Path, tmp_path: Path, name: str, snapshot_orders: int, symbol: str
) -> None:
    records = decoded(data_dir, name)
    meta, rows = taken(data_dir, tmp_path, name)
    assert meta.books[0].symbol == symbol
    assert meta.statistics["records"] == len(records)
    assert meta.statistics["bad_records"] == 0
    first = rows[: 1 + next(i for i, row in enumerate(rows) if row[6] & RowFlag.LAST)]
    adds = [row for row in first if row[5] == Kind.ADD]
    assert len(adds) == snapshot_orders
    assert all(row[6] & RowFlag.SNAPSHOT for row in first)
    bid = max(row[1] for row in adds if not row[6] & RowFlag.SELL)
    ask = min(row[1] for row in adds if row[6] & RowFlag.SELL)
    assert first[0][5] == Kind.PHASE
    assert first[0][2] == (Phase.CONTINUOUS if bid < ask else Phase.PRE_OPEN)
    assert ask - bid > 0
    left = replay_orders(tmp_path / "databento.tape.parquet")
    assert sorted(left.values()) == resting(records)


@pytest.mark.parametrize("name", [SUNDAY, LIVE])
def test_no_order_of_a_snapshot_stands_before_an_older_one(data_dir: Path, name: str) -> None:
    queues: dict[tuple[str, int], list[int]] = {}
    for record in decoded(data_dir, name):
        if str(record.action) == "A" and record.flags & dbn.F_SNAPSHOT:
            queues.setdefault((str(record.side), record.price), []).append(record.ts_event)
    assert len(queues) > 1_000
    assert all(stamps == sorted(stamps) for stamps in queues.values())


def test_every_execution_of_the_live_seconds_is_told_once(data_dir: Path, tmp_path: Path) -> None:
    records = decoded(data_dir, LIVE)
    _, rows = taken(data_dir, tmp_path, LIVE)
    traded = [(r.price, r.size) for r in records if str(r.action) == "T"]
    assert [(row[1], row[2]) for row in rows if row[5] == Kind.EXECUTE] == traded
    assert not [row for row in rows if row[5] == Kind.TRADE]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_quotes_are_the_best_levels_of_every_record(data_dir: Path, tmp_path: Path) -> None:
    records = decoded(data_dir, QUOTES)
    meta, rows = taken(data_dir, tmp_path, QUOTES)
    assert meta.books[0].depth == "L1"
    best: dict[int, tuple[int, int]] = {}
    changes, shown = [], [(0, 0), (0, 0)]
    for record in records:
        level = record.levels[0]
        now = [(level.bid_px, level.bid_sz), (level.ask_px, level.ask_sz)]
        changes += [(side, *now[side]) for side in (0, 1) if now[side] != shown[side]]
        shown = now
    quotes = [row for row in rows if row[5] == Kind.QUOTE]
    assert [(row[6] & 1, row[1], row[2]) for row in quotes] == changes
    for row in quotes:
        best[row[3]] = row[1], row[2]
    assert [best[0], best[1]] == shown


def test_trades_are_those_of_the_quote_file(data_dir: Path, tmp_path: Path) -> None:
    records = decoded(data_dir, TRADES)
    _, of_trades = taken(data_dir, tmp_path, TRADES)
    _, of_quotes = taken(data_dir, tmp_path, QUOTES)
    prints = [(row[1], row[2], row[6] & 1) for row in of_trades]
    assert prints == [(r.price, r.size, int(str(r.side) == "A")) for r in records]
    assert prints == [(row[1], row[2], row[6] & 1) for row in of_quotes if row[5] == Kind.TRADE]
    assert len(prints) == 120
