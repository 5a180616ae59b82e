"""The whole list of two hundred parents, with cash for a tenth of its buys."""

from pathlib import Path

import pytest

from tests.unit.scenarios.test_rebalance import check_parents, lowest_cash, run_of, waits

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]

CASH = 400_000


def test_two_hundred_parents_are_finished_and_cash_is_never_below_zero(tmp_path: Path) -> None:
    run = run_of("rebalance_200", tmp_path)

    check_parents(run, 200)
    # What the first in line still need is kept for them, so much of it may lie there.
    assert 0 <= lowest_cash(run, CASH) < CASH * 1_000_000
    assert waits(run) > 1_000
