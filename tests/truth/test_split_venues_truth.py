"""The GOOG day dealt to four venues with presets: every trade judged by what the others showed."""

from pathlib import Path

import pytest

from sim.tape.read import Tape, open_tape
from sim.tape.split import load_shares, split_tape
from tests.several_books import added, run, shown_alone, shown_in_run
from tests.split_venues import (
    PRESETS,
    SHARES,
    counted_in_run,
    counted_on_tape,
    venue_scenario,
)

pytestmark = pytest.mark.truth

CLOSE_TICKS = 57_751
"""GOOG closed at 577.51 dollars on 20 June 2012."""
CHECKPOINTS = 20


@pytest.fixture(scope="module")
def split(goog_tape: Tape, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The day dealt to the venues."""
    folder = tmp_path_factory.mktemp("split-venues")
    (folder / "venues.toml").write_text(SHARES, encoding="utf-8")
    split_tape(goog_tape.path, load_shares(folder / "venues.toml"), folder / "s.tape.parquet")
    return folder / "s.tape.parquet"


def test_googs_trades_at_four_venues_are_judged_as_a_plain_count_says(
    split: Path, goog_tape: Tape, tmp_path: Path
) -> None:
    path = venue_scenario(
        tmp_path, symbol="GOOG", mode="frozen", phases="schedule", close_ticks=CLOSE_TICKS
    )
    summary = run(path, split, tmp_path / "runs")
    found, wanted = counted_in_run(summary, "GOOG USD"), counted_on_tape(open_tape(split))
    assert found == {venue: wanted[venue] for venue in sorted(PRESETS)}
    print(f"\n{summary.messages} messages in {summary.wall_s:.1f} s: {found}")
    trades = sum(one.trades for one in found.values())
    assert trades > 10_000
    # One real book swept what was dealt to four venues at one instant, so that hardly a trade
    # passes a quote that lasts.
    assert sum(one.throughs for one in found.values()) < trades // 1_000
    moments, books, _ = shown_in_run(path, split, CHECKPOINTS)
    whole = shown_alone(goog_tape.path, moments)
    assert [added(each) for each in books] == [added([book]) for book in whole]


def test_a_buyer_at_one_venue_passes_the_others_over(split: Path, tmp_path: Path) -> None:
    path = venue_scenario(
        tmp_path,
        symbol="GOOG",
        mode="reactive",
        close_ticks=CLOSE_TICKS,
        buyer=(20_000, 200, "100ms"),
    )
    summary = run(path, split, tmp_path / "runs")
    throughs = summary.trade_throughs["GOOG USD"]
    print(f"\n{throughs['ARCX']}")
    assert throughs["ARCX"].violations > 100
    others = [throughs[venue] for venue in PRESETS if venue != "ARCX"]
    assert all(one.violations < throughs["ARCX"].violations // 10 for one in others)
    assert sum(one.passed_over for one in others) >= throughs["ARCX"].violations
