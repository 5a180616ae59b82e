"""One large order goes through the opening auction, two lit venues, a dark pool and the close."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from market.codes import Liquidity, ReportType
from scenarios.run import RunSummary, run_scenario
from sim.recorder import EventKind

LIT1, LIT2, DARK = 0, 1, 2
TOTALS = {"buyer": 60_000, "seller": -40_000}
Fill = dict[str, int]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunSummary, list[Fill]]:
    summary = run_scenario(
        "lit_dark_auction",
        tape=None,
        seed=None,
        runs_dir=tmp_path_factory.mktemp("runs"),
        progress=lambda _done, _total: None,
        announce=lambda _fields: None,
        wall_ns=lambda: 0,
    )
    rows = pq.read_table(Path(summary.folder) / "events.parquet").to_pylist()
    fills = [
        row
        for row in rows
        if row["kind"] == EventKind.ANSWER and row["detail"] == ReportType.FILLED
    ]
    return summary, fills


def test_both_parents_are_done_to_the_last_lot(ran: tuple[RunSummary, list[Fill]]) -> None:
    summary, _ = ran

    assert summary.status == "complete"
    assert {host.name: host.position_lots for host in summary.hosts} == TOTALS
    assert "not marked" not in summary.pnl


def test_every_part_of_the_day_had_its_share(ran: tuple[RunSummary, list[Fill]]) -> None:
    _, fills = ran

    def lots(book_id: int, *liquidity: Liquidity) -> int:
        return sum(
            fill["qty_lots"]
            for fill in fills
            if fill["book_id"] == book_id and fill["liquidity"] in liquidity
        )

    auctions = [
        fill for fill in fills if fill["book_id"] == LIT1 and fill["liquidity"] == Liquidity.AUCTION
    ]
    # An auction has one price: the open, and the close.
    prices = {(fill["venue_ns"], fill["price_ticks"]) for fill in auctions}
    assert len({time_ns for time_ns, _ in prices}) == len(prices) == 2
    assert lots(LIT1, Liquidity.MAKER, Liquidity.TAKER) > 10_000
    assert lots(LIT2, Liquidity.MAKER, Liquidity.TAKER) > 10_000
    assert lots(DARK, Liquidity.HIDDEN_MAKER) == lots(DARK, Liquidity.TAKER) > 10_000


def test_the_dark_pool_trades_at_the_middle_of_the_lit_book(
    ran: tuple[RunSummary, list[Fill]],
) -> None:
    _, fills = ran
    dark = [fill for fill in fills if fill["book_id"] == DARK]

    assert dark
    by_time = {fill["venue_ns"]: [] for fill in dark}
    for fill in dark:
        by_time[fill["venue_ns"]].append(2 * fill["price_ticks"] + fill["half"])
    assert all(len(set(prices)) == 1 for prices in by_time.values())
    # Fees are those of each venue's own list: nothing in the dark pool is a rebate.
    assert all(fill["fee"] > 0 for fill in dark)
    assert any(fill["fee"] < 0 for fill in fills if fill["book_id"] == LIT1)
