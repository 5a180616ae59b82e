"""Many books in one run: merging changes none of them, splitting loses nothing, hosts follow several."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec import structs

from market.codes import Kind, Side
from market.errors import InputError
from scenarios.run import RunSummary
from sim.tape.merge import merge_tapes
from sim.tape.read import open_tape
from sim.tape.split import load_shares, split_tape
from sim.tape.stats import tape_stats
from sim.tape.write import TapeWriter
from tests.several_books import (
    added,
    flow_tape,
    run,
    scenario,
    shown_alone,
    shown_in_run,
)

CHECKPOINTS = 12
SHARES = "seed = 7\n[venues]\nXNAS = 0.5\nARCX = 0.3\nBATS = 0.2\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three invented tapes, one of them split over three venues, and all three merged."""
    made = tmp_path_factory.mktemp("books")
    parts = [flow_tape(made / f"{n}.tape.parquet", f"V{n}", n + 1) for n in range(3)]
    merge_tapes(parts, made / "merged.tape.parquet")
    (made / "v.toml").write_text(SHARES, encoding="utf-8")
    split_tape(parts[0], load_shares(made / "v.toml"), made / "split.tape.parquet")
    return made


def twice(folder: Path, tape: str, mode: str, runs: Path) -> RunSummary:
    """Run two times, which must come to the same."""
    path = scenario(runs, mode)
    one, two = (run(path, folder / f"{tape}.tape.parquet", runs / n) for n in ("1", "2"))
    assert one.digest == two.digest
    assert one.consolidated == two.consolidated
    assert one.fills > 10
    return one


@pytest.mark.parametrize("mode", ["frozen", "reactive"])
@pytest.mark.parametrize("tape", ["merged", "split"])
def test_a_run_over_several_books_repeats(
    folder: Path, tmp_path: Path, tape: str, mode: str
) -> None:
    summary = twice(folder, tape, mode, tmp_path)

    assert list(summary.consolidated) == ["SYN USD"]
    measured = tape_stats(folder / f"{tape}.tape.parquet").consolidated
    # Frozen venues show history and nothing else; reactive ones show our orders too.
    assert (summary.consolidated == measured) is (mode == "frozen")
    written = json.loads((Path(summary.folder) / "summary.json").read_text())
    assert written["consolidated"]["SYN USD"]["spread"] == summary.consolidated["SYN USD"].spread


@pytest.mark.parametrize("mode", ["frozen", "reactive"])
def test_that_venues_are_watched_together_changes_nothing(
    folder: Path, tmp_path: Path, mode: str
) -> None:
    watched = open_tape(folder / "split.tape.parquet")
    # The same rows as books of three instruments, of which no two belong together.
    strangers = tuple(
        structs.replace(book, symbol=f"SYN{book.book_id}") for book in watched.meta.books
    )
    with TapeWriter(tmp_path / "strangers.tape.parquet") as writer:
        for rows in watched.chunks():
            writer.append(rows)
        writer.finish(structs.replace(watched.meta, books=strangers))
    path = scenario(tmp_path, mode)

    one = run(path, watched.path, tmp_path / "1")
    two = run(path, tmp_path / "strangers.tape.parquet", tmp_path / "2")

    assert (one.digest, one.delivered) == (two.digest, two.delivered)
    assert bool(one.consolidated) is not bool(two.consolidated)


def test_merging_changes_no_book(folder: Path, tmp_path: Path) -> None:
    moments, found, fills = shown_in_run(
        scenario(tmp_path, "frozen"), folder / "merged.tape.parquet", CHECKPOINTS
    )

    assert fills > 10
    for number in range(3):
        alone = shown_alone(folder / f"{number}.tape.parquet", moments)
        assert [books[number] for books in found] == alone
        assert min(len(side) for one in alone for side in one) > 5


def test_venues_of_a_split_add_up_to_the_book_and_show_its_best_prices(
    folder: Path, tmp_path: Path
) -> None:
    moments, found, fills = shown_in_run(
        scenario(tmp_path, "frozen"), folder / "split.tape.parquet", CHECKPOINTS
    )

    assert fills > 10
    whole = shown_alone(folder / "0.tape.parquet", moments)
    for books, one in zip(found, whole, strict=True):
        assert added(books) == added([one])
        for side in Side:
            best = max if side is Side.BUY else min
            assert best(book[side][0][0] for book in books if book[side]) == one[side][0][0]
    # Real flow, synthetic fragmentation: the market of all venues together is as wide as it was.
    together = tape_stats(folder / "split.tape.parquet").consolidated["SYN USD"]
    assert together.crossed_share == together.locked_share == 0
    assert together.spread is not None
    assert 0.01 <= together.spread < 0.2
    best_bid = list(together.at_best_bid.values())
    assert best_bid == sorted(best_bid, key=lambda share: -(share or 0))
    assert 1 < sum(share or 0 for share in best_bid) < 3


def test_a_split_moves_prints_and_orders_but_no_lot(folder: Path) -> None:
    whole = tape_stats(folder / "0.tape.parquet").books["0 SYN@V0"]
    parts = tape_stats(folder / "split.tape.parquet").books.values()

    assert whole.volume_lots == sum(part.volume_lots for part in parts) > 1_000
    name = Kind.EXECUTE.name
    assert whole.rows_by_kind[name] == sum(part.rows_by_kind[name] for part in parts)


def test_a_host_names_books_by_symbol_or_by_venue(folder: Path, tmp_path: Path) -> None:
    tape = folder / "split.tape.parquet"
    orders = []
    for books in (["SYN@BATS"], ["SYN@ARCX", "SYN"], ["SYN"]):
        summary = run(scenario(tmp_path, "frozen", books), tape, tmp_path / "runs")
        events = open_events(summary)
        # The first book that is named is the one that the strategy trades.
        orders.append({row["book_id"] for row in events if row["host"] == 0 and row["kind"] == 4})

    assert orders == [{2}, {1}, {0}]
    with pytest.raises(InputError, match="found book 'SYN@X', allowed SYN@XNAS, SYN@ARCX"):
        run(scenario(tmp_path, "frozen", ["SYN@X"]), tape, tmp_path / "runs")


def open_events(summary: RunSummary) -> list[dict[str, int]]:
    """Every event of a run."""
    rows: list[dict[str, int]] = pq.read_table(Path(summary.folder) / "events.parquet").to_pylist()
    return rows


def test_a_tape_of_one_book_has_nothing_to_consolidate(folder: Path, tmp_path: Path) -> None:
    tape = folder / "0.tape.parquet"

    assert run(scenario(tmp_path, "frozen"), tape, tmp_path / "runs").consolidated == {}
    assert tape_stats(tape).consolidated == {}
    assert len(open_tape(tape).meta.books) == 1
