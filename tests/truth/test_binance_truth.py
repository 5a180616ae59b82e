"""Binance tapes against the exchange's own best bid and ask, on its three markets."""

from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind
from sim.ingest.binance import ingest_binance
from sim.ingest.binance_truth import verify_binance
from sim.tape.read import open_tape, verify_digest

pytestmark = pytest.mark.truth

SPOT = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
USDM = ("usdm_btcusdt_20240808.gz",)
COINM = ("cm_btcusd_perp_20240808.gz", "cm_btcusd_perp_20240809.gz")


@pytest.mark.parametrize(
    ("names", "lines", "same_ids", "venue"),
    [
        (SPOT, 99_574, 1_072, "BINANCE"),
        (USDM, 93_954, 629, "BINANCE-USDM"),
        (COINM, 98_386, 1_885, "BINANCE-COINM"),
    ],
)
def test_best_prices_are_the_tickers(
    data_dir: Path, tmp_path: Path, names: tuple[str, ...], lines: int, same_ids: int, venue: str
) -> None:
    captures = [data_dir / "binance" / name for name in names]
    out = tmp_path / "a.tape.parquet"
    meta = ingest_binance(captures, out=out)
    counts = meta.statistics
    assert meta.book(0).venue == venue
    assert counts["lines"] == lines
    assert counts["gaps"] == counts["bad_rows"] == counts["trade_gaps"] == 0
    verdict = verify_binance(out, captures)
    share = 100 * verdict.updates_equal / verdict.updates
    print(
        f"\n{venue}: {verdict.same_ids_equal} of {verdict.same_ids} at the same update id; "
        f"{verdict.updates_equal} of {verdict.updates} carried forward, {share:.3f} %"
    )
    print(f"clock {counts['clock_offset_ns']} ns, drift {counts['clock_drift_ppb']} ppb")
    assert (verdict.same_ids, verdict.same_ids_equal) == (same_ids, same_ids)
    assert verdict.updates_equal >= 0.999 * verdict.updates
    # Every diff that the snapshot does not contain was compared.
    assert verdict.updates == counts["diffs"] - counts["dropped_before_snapshot"]
    # The recorder's clock is 1.27 s behind; the least delay, a few ms, is part of the estimate.
    assert -1_280_000_000 < counts["clock_offset_ns"] < -1_265_000_000
    assert abs(counts["clock_drift_ppb"]) < 20_000


def test_tape_accounts_for_every_row(data_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.tape.parquet"
    meta = ingest_binance([data_dir / "binance" / USDM[0]], out=out)
    counts = meta.statistics
    tape = open_tape(out)
    verify_digest(tape)
    rows = np.concatenate(list(tape.chunks()))
    assert len(rows) == counts["tape_rows"]
    assert int((rows["kind"] == Kind.LEVEL).sum()) == counts["level_rows"] + counts["snapshot_rows"]
    assert int((rows["kind"] == Kind.TRADE).sum()) == counts["trades"] == 21_313
    assert bool((np.diff(rows["ts_ns"]) >= 0).all())
