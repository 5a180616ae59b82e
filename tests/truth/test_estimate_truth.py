"""The liquidity that an estimate is made of, against a plain count over the recorded day's raw files."""

from pathlib import Path

import numpy as np
import pytest

from market.codes import Side
from research.estimate import OrderLine, estimate
from research.estimate.liquidity import read_liquidity
from sim.tape.read import Tape
from sim.tape.stats import tape_stats

pytestmark = pytest.mark.truth

SECOND_NS = 1_000_000_000


def test_spread_and_depth_of_goog_are_those_of_its_orderbook_file(
    goog_tape: Tape, goog_rows: np.ndarray, goog_truth: np.ndarray
) -> None:
    (book,) = read_liquidity(goog_tape.path).books
    last = goog_rows["side_flags"] & 2 != 0
    times_ns = goog_rows["ts_ns"][last][-len(goog_truth) :]
    first = times_ns[0] // SECOND_NS + 1
    looks = np.arange(first, times_ns[-1] // SECOND_NS + 1) * SECOND_NS
    at = np.searchsorted(times_ns, looks, side="left") - 1
    # Columns: offer, its lots, bid, its lots; then the next level.
    ask, bid = goog_truth[at, 0], goog_truth[at, 2]
    spread = float(np.mean((ask - bid) / ((ask + bid) / 2)))
    depth = float(np.mean(goog_truth[at][:, 1:20:2].sum(axis=1) / 2))

    assert book.looks == len(looks)
    assert book.spread == pytest.approx(spread, rel=1e-6)
    assert book.depth_lots == pytest.approx(depth, rel=1e-6)
    (stats,) = tape_stats(goog_tape.path).books.values()
    assert book.volume_lots == stats.volume_lots


def test_a_large_order_on_googs_day_costs_what_the_law_says(goog_tape: Tape) -> None:
    line = OrderLine(symbol="GOOG", side=Side.BUY, lots=5_000, horizon_ns=1_800 * SECOND_NS)
    found = estimate([line], Path(goog_tape.path))
    (row,) = found.orders

    assert row.spread == pytest.approx(2.4, abs=0.1)
    assert row.impact == pytest.approx(8.1, abs=0.1)
    assert row.low < 0 < row.cost < row.high
