"""The compiled book against the books that the vendor publishes, both modes, by `verify_tape`."""

import time
from pathlib import Path

import pytest

from sim.ingest.lobster import ingest_lobster
from sim.tape.read import Tape
from sim.verify import verify_tape

pytestmark = pytest.mark.truth

AAPL_MESSAGE = "AAPL_2012-06-21_34200000_37800000_message_50.csv.gz"
AAPL_SEED = "AAPL_2012-06-21_first672_orderbook_50.csv.gz"
AAPL_BBO = "AAPL_2012-06-21_34200000_37800000_bbo_50.csv.gz"
MODES = ("frozen", "reactive")


@pytest.mark.parametrize("mode", MODES)
def test_goog_is_equal_on_every_row_and_column(goog_tape: Tape, goog_zip: Path, mode: str) -> None:
    verify_tape(goog_tape.path, goog_zip, mode)  # the first call may compile
    began = time.perf_counter()
    verdict = verify_tape(goog_tape.path, goog_zip, mode)
    seconds = time.perf_counter() - began
    print(f"\nGOOG, {mode}: {verdict.rows_equal} of {verdict.rows} rows in {seconds:.2f} s")
    assert verdict.first_difference is None
    assert verdict.levels == 10
    assert (verdict.rows, verdict.rows_equal) == (147_916, 147_916)


@pytest.mark.parametrize("mode", MODES)
def test_aapl_best_prices_and_sizes_are_equal_on_999_of_1000_rows(
    data_dir: Path, tmp_path: Path, mode: str
) -> None:
    folder = data_dir / "lobster"
    out = tmp_path / "aapl.tape.parquet"
    ingest_lobster(folder / AAPL_MESSAGE, orderbook=folder / AAPL_SEED, seed_only=True, out=out)
    verdict = verify_tape(out, folder / AAPL_BBO, mode)
    share = 100 * verdict.rows_equal / verdict.rows
    print(f"\nAAPL, {mode}: {verdict.rows_equal} of {verdict.rows} rows, {share:.3f} %")
    assert verdict.levels == 1
    assert verdict.rows == 91_997
    assert share >= 99.90
    # The price left the fifty levels of the message file there.
    assert verdict.first_difference is not None
    assert verdict.first_difference.startswith("row 54607:")
