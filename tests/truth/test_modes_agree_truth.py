"""Every L3 tape gives the same book, row by row, in frozen and in reactive mode with no orders of ours."""

from pathlib import Path

import pytest

from sim.ingest.bitstamp import ingest_bitstamp
from sim.ingest.databento import ingest_databento
from sim.ingest.itch import ingest_itch
from sim.ingest.lobster import ingest_lobster
from sim.tape.read import Tape, open_tape
from tests.truth.mode_agreement import hold_modes_equal

pytestmark = pytest.mark.truth

AAPL_MESSAGE = "AAPL_2012-06-21_34200000_37800000_message_50.csv.gz"
AAPL_SEED = "AAPL_2012-06-21_first672_orderbook_50.csv.gz"

ITCH_FIXTURE = "ex20101224.TEST_ITCH_50"
ITCH_STRANGERS = 117
"""Messages about orders that the fixture never added; the ingest leaves them out."""

DBN_SNAPSHOT = "esh4-glbx-mdp3-20231224.mbo.dbn.zst"
DBN_LIVE = "orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst"


def test_modes_agree_on_goog(goog_tape: Tape) -> None:
    found = hold_modes_equal(goog_tape.meta, goog_tape.chunks())
    assert found.rows == goog_tape.row_count
    assert found.messages > 140_000


def test_modes_agree_on_aapl(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "lobster"
    out = tmp_path / "aapl.tape.parquet"
    ingest_lobster(folder / AAPL_MESSAGE, orderbook=folder / AAPL_SEED, seed_only=True, out=out)
    tape = open_tape(out)
    found = hold_modes_equal(tape.meta, tape.chunks())
    assert found.rows == tape.row_count
    assert found.messages > 90_000


def test_modes_agree_on_bitstamp_which_is_never_crossed(data_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "btc.tape.parquet"
    ingest_bitstamp(data_dir / "bitstamp" / "orders.csv.bz2", out=out)
    tape = open_tape(out)
    found = hold_modes_equal(tape.meta, tape.chunks(), never_crossed=True)
    assert found.rows == tape.row_count
    assert found.messages > 230_000


def test_modes_agree_on_every_stock_of_the_itch_fixture(data_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "itch.tape.parquet"
    ingest_itch(data_dir / "itch" / ITCH_FIXTURE, out=out, max_bad=ITCH_STRANGERS)
    tape = open_tape(out)
    found = hold_modes_equal(tape.meta, tape.chunks())
    assert len(tape.meta.books) == 3
    assert found.rows == tape.row_count
    assert found.messages > 11_000


@pytest.mark.parametrize(
    ("name", "messages_min"), [(DBN_SNAPSHOT, 8_700), (DBN_LIVE, 13_700)], ids=["sunday", "live"]
)
def test_modes_agree_on_databento(
    data_dir: Path, tmp_path: Path, name: str, messages_min: int
) -> None:
    out = tmp_path / "dbn.tape.parquet"
    ingest_databento(data_dir / "databento" / name, out=out)
    tape = open_tape(out)
    found = hold_modes_equal(tape.meta, tape.chunks())
    assert found.rows == tape.row_count
    assert found.messages >= messages_min
