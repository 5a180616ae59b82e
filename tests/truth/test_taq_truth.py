"""AIG's consolidated tapes: trades inside the quotes before them, and volume by venue."""

from pathlib import Path

import pytest

from market.codes import Kind, RowFlag
from sim.ingest.taq import ingest_taq
from sim.ingest.venue_shares import venue_shares
from sim.tape.read import open_tape, verify_digest

pytestmark = pytest.mark.truth


@pytest.mark.parametrize(
    ("day", "quotes", "trades", "off_exchange"),
    [("20131007", 1_079_935, 25_351, 0.2939), ("20131009", 1_424_012, 52_008, 0.3004)],
)
def test_trades_lie_inside_the_quotes_and_a_third_is_off_exchange(
    data_dir: Path, tmp_path: Path, day: str, quotes: int, trades: int, off_exchange: float
) -> None:
    folder = data_dir / "taq"
    out = tmp_path / "aig.tape.parquet"
    meta = ingest_taq(
        folder / f"aig_{day}_quote.zip", trades=folder / f"aig_{day}_trade.zip", out=out
    )
    counts = meta.statistics
    assert (meta.book(0).symbol, meta.session_date.replace("-", "")) == ("AIG", day)
    assert (counts["quotes"], counts["trades"], counts["bad_rows"]) == (quotes, trades, 0)
    tape = open_tape(out)
    verify_digest(tape)
    best = [0, 0]
    inside = compared = 0
    for rows in tape.chunks():
        columns = (rows[name].tolist() for name in ("kind", "price", "side_flags"))
        for kind, price, flags in zip(*columns, strict=True):
            if kind == Kind.QUOTE:
                best[flags & RowFlag.SELL] = price
            elif all(best):
                compared += 1
                inside += best[0] <= price <= best[1]
    share = 100 * inside / compared
    shares = venue_shares(out)
    print(f"\n{day}: {inside} of {compared} trades inside the prior quote pair, {share:.2f} %")
    print("volume", {venue: round(part, 4) for venue, part in shares.items()})
    assert compared == trades
    assert 96 <= round(share) <= 97
    assert shares["D"] == pytest.approx(off_exchange, abs=1e-4)
    assert sum(shares.values()) == pytest.approx(1)
    assert counts["suspicious"] == 0
    assert 0.4 < counts["trades_conditioned"] / trades < 0.5
