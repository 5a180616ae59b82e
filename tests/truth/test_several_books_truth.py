"""Many books in one run: BTC on three Binance markets, and a GOOG day dealt to AIG's venues."""

from pathlib import Path

import pytest

from sim.ingest.binance import ingest_binance
from sim.ingest.taq import ingest_taq
from sim.ingest.venue_shares import venue_shares
from sim.tape.merge import merge_tapes
from sim.tape.read import Tape
from sim.tape.split import load_shares, save_shares, split_tape
from sim.tape.stats import tape_stats
from tests.several_books import added, run, scenario, shown_alone, shown_in_run

pytestmark = pytest.mark.truth

CHECKPOINTS = 20
MARKETS = (
    ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"),
    ("usdm_btcusdt_20240808.gz",),
    ("cm_btcusd_perp_20240808.gz", "cm_btcusd_perp_20240809.gz"),
)


@pytest.fixture(scope="module")
def btc(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tape of each market and all of them merged."""
    folder = tmp_path_factory.mktemp("btc")
    parts = [folder / f"{number}.tape.parquet" for number in range(len(MARKETS))]
    for part, names in zip(parts, MARKETS, strict=True):
        ingest_binance([data_dir / "binance" / name for name in names], out=part)
    merge_tapes(parts, folder / "merged.tape.parquet")
    return folder


@pytest.fixture(scope="module")
def split(data_dir: Path, goog_tape: Tape, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The GOOG day dealt to the exchanges that traded AIG, by their shares."""
    folder = tmp_path_factory.mktemp("split")
    day = [data_dir / "taq" / f"aig_20131007_{part}.zip" for part in ("quote", "trade")]
    ingest_taq(day[0], trades=day[1], out=folder / "aig.tape.parquet")
    volume = venue_shares(folder / "aig.tape.parquet", exclude="D")
    written = save_shares(volume, folder / "venues.toml", seed=7)
    dealt_to = load_shares(folder / "venues.toml")
    assert dealt_to == written
    split_tape(goog_tape.path, dealt_to, folder / "split.tape.parquet")
    return folder / "split.tape.parquet"


def test_btc_on_three_markets_in_one_run(btc: Path, tmp_path: Path) -> None:
    tape = btc / "merged.tape.parquet"
    path = scenario(tmp_path, "frozen")

    one, two = (run(path, tape, tmp_path / number) for number in ("1", "2"))
    moments, found, _ = shown_in_run(path, tape, CHECKPOINTS)

    assert one.digest == two.digest
    assert one.consolidated == two.consolidated == tape_stats(tape).consolidated
    for number in range(len(MARKETS)):
        alone = shown_alone(btc / f"{number}.tape.parquet", moments)
        assert [books[number] for books in found] == alone
        assert min(len(side) for side in alone[-1]) > 500
    # The coin-margined contract has another symbol; spot and USD-M differ by their basis.
    (name, both) = next(iter(one.consolidated.items()))
    assert (name, len(one.consolidated)) == ("BTCUSDT USDT", 1)
    assert list(both.at_best_bid) == ["BINANCE", "BINANCE-USDM"]
    assert both.crossed_share is not None
    assert both.crossed_share > 0.95
    assert both.spread is not None
    print(
        f"\n{one.messages} messages, {one.decisions} decisions, {one.fills} fills; "
        f"basis {-both.spread:.2f} USDT, crossed {100 * both.crossed_share:.2f} % of the time"
    )
    assert -60 < both.spread < -10
    assert one.fills > 100


def test_goog_dealt_to_the_exchanges_that_traded_aig(
    split: Path, goog_tape: Tape, tmp_path: Path
) -> None:
    path = scenario(tmp_path, "frozen")

    one, two = (run(path, split, tmp_path / number) for number in ("1", "2"))
    moments, found, _ = shown_in_run(path, split, CHECKPOINTS)

    assert one.digest == two.digest
    assert one.consolidated == two.consolidated
    whole = shown_alone(goog_tape.path, moments)
    assert [added(books) for books in found] == [added([book]) for book in whole]
    assert len(found[0]) == 12
    together = one.consolidated["GOOG USD"]
    print(f"\n{one.messages} messages, {one.fills} fills; {together}")
    # No venue of a split can lock or cross another one: all of them are one sane book.
    assert together.locked_share == together.crossed_share == 0
    assert together.spread == pytest.approx(0.2733, abs=5e-5)
    assert together.at_best_bid["N"] == max(share or 0 for share in together.at_best_bid.values())
    assert one.fills > 100


def test_a_reactive_run_over_the_split_day_repeats(split: Path, tmp_path: Path) -> None:
    path = scenario(tmp_path, "reactive")

    one, two = (run(path, split, tmp_path / number) for number in ("1", "2"))

    assert one.digest == two.digest
    assert one.consolidated == two.consolidated
    # Our own quotes are part of what venues show, so the market is narrower than the tape's.
    spread = one.consolidated["GOOG USD"].spread
    assert spread is not None
    assert spread < 0.2733
    assert one.fills > 100
