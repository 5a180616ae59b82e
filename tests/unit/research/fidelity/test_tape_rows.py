"""A tape beside a session, by the session's clock, books and grids."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from market.codes import Kind
from market.errors import InputError
from research.fidelity.assumed import rows_of_tape
from research.fidelity.evidence import Evidence, read_evidence
from research.fidelity.judge import judge
from research.fidelity.page import write_page
from sim.rows import Rows
from sim.tape.growing import GrowingTape
from sim.tape.meta import TapeBook
from sim.tape.write import TapeWriter
from tests.unit.research.fidelity.market import market_entries
from tests.unit.research.fidelity.rig import write_session


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("tape_rows") / "session"
    return read_evidence(write_session(folder, market_entries(600)))


def written(
    path: Path,
    evidence: Evidence,
    rows: Rows,
    change: Callable[[TapeBook], TapeBook] = lambda book: book,
    delta_ns: int | None = None,
) -> Path:
    meta = GrowingTape(evidence.start.instruments, 0, 1).meta
    meta = structs.replace(meta, books=tuple(change(book) for book in meta.books))
    columns = () if delta_ns is None else ("recv_delta_ns",)
    with TapeWriter(path, columns) as writer:
        writer.append(rows, {name: np.full(len(rows), delta_ns, np.int64) for name in columns})
        writer.finish(meta)
    return path


def test_the_sessions_own_rows_come_back(evidence: Evidence, tmp_path: Path) -> None:
    path = written(tmp_path / "a.tape.parquet", evidence, evidence.rows)
    assert rows_of_tape(path, evidence).tobytes() == evidence.rows.tobytes()


def test_a_tape_of_the_venues_times_is_taken_by_those_of_receiving(
    evidence: Evidence, tmp_path: Path
) -> None:
    rows = evidence.rows.copy()
    rows["ts_ns"] -= 1_270_000_000
    path = written(tmp_path / "a.tape.parquet", evidence, rows, delta_ns=1_270_000_000)
    assert rows_of_tape(path, evidence).tobytes() == evidence.rows.tobytes()


def test_a_finer_tape_is_cut_to_the_sessions_lots(evidence: Evidence, tmp_path: Path) -> None:
    rows = evidence.rows.copy()
    rows["qty"] = rows["qty"] * 10 + np.where(rows["qty"] > 0, 3, 0)
    rows["price"] *= 100
    fine = written(
        tmp_path / "a.tape.parquet",
        evidence,
        rows,
        lambda book: structs.replace(
            book, qty_units_per_piece=10**6, price_units_per_currency=10_000, tick_units=100
        ),
    )
    assert rows_of_tape(fine, evidence).tobytes() == evidence.rows.tobytes()


def test_a_level_of_less_than_a_lot_is_one_lot(evidence: Evidence, tmp_path: Path) -> None:
    rows = evidence.rows.copy()
    is_level = rows["kind"] == Kind.LEVEL
    rows["qty"] = np.where(rows["qty"] > 0, 7, 0)
    fine = written(
        tmp_path / "a.tape.parquet",
        evidence,
        rows,
        lambda book: structs.replace(book, qty_units_per_piece=10**6),
    )
    found = rows_of_tape(fine, evidence)
    assert len(found) == int((rows["kind"] != Kind.TRADE).sum())
    assert (found["qty"] > 0).sum() == int((is_level & (rows["qty"] > 0)).sum())


def test_what_came_before_is_the_opening_book(evidence: Evidence, tmp_path: Path) -> None:
    late = structs.replace(
        evidence, start=structs.replace(evidence.start, start_ns=int(evidence.rows["ts_ns"][400]))
    )
    path = written(tmp_path / "a.tape.parquet", evidence, evidence.rows)
    found = rows_of_tape(path, late)
    assert int(found["ts_ns"][0]) == late.start.start_ns
    assert len(found) == len(evidence.rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda book: structs.replace(book, symbol="ETHUSDT"), "found no book BTCUSDT@BINANCE"),
        (lambda book: structs.replace(book, depth="L3"), "found depth L3"),
        (
            lambda book: structs.replace(book, price_units_per_currency=700),
            "found prices finer than the session's",
        ),
    ],
)
def test_another_tape_is_refused(
    evidence: Evidence, tmp_path: Path, change: Callable[[TapeBook], TapeBook], message: str
) -> None:
    rows = evidence.rows
    if "L3" in message:
        rows = rows[rows["kind"] == Kind.TRADE]
    path = written(tmp_path / "a.tape.parquet", evidence, rows, change)
    with pytest.raises(InputError, match=message):
        rows_of_tape(path, evidence)


def test_a_tape_of_another_time_is_refused(evidence: Evidence, tmp_path: Path) -> None:
    rows = evidence.rows.copy()
    rows["ts_ns"] -= 10**15
    path = written(tmp_path / "a.tape.parquet", evidence, rows)
    with pytest.raises(InputError, match="found no row of the session's time"):
        rows_of_tape(path, evidence)


@pytest.mark.parametrize(("count", "orders"), [(2, 0), (8, 2)])
def test_a_session_without_a_fill_has_nothing_to_explain(
    tmp_path: Path, count: int, orders: int
) -> None:
    folder = write_session(tmp_path / "s", market_entries(60)[:count])
    (folder / "fills.jsonl").unlink()
    found = judge(folder)
    page = write_page(found)

    assert (found.lived.orders, found.lived.fills) == (orders, 0)
    assert found.explained_by == ""
    assert found.calibration is None
    assert "nothing to explain" in page.read_text()
