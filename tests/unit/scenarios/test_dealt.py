"""`[split]` deals a tape of one book to venues when a run begins, as `twin tape split` does."""

from pathlib import Path

import pytest

from market.errors import InputError
from scenarios.dealt import TAPES, dealt_tape
from scenarios.schema import parse_scenario
from scenarios.sections import SplitSection
from scenarios.venue_shares import find_shares
from sim.tape.read import open_tape
from sim.tape.split import split_tape
from tests.unit.sim.tapes import book, random_rows, write

AIG = SplitSection(shares="aig_four")

SCENARIO = """
format_version = 1
[run]
name = "dealt"
title = "A buyer on a dealt tape"
start = "auto"
duration = "1h"
mode = "frozen"
[split]
shares = "aig_four"
[[hosts]]
name = "buyer"
desk = 1
strategy = "scheduled_buyer"
compute = { model = "constant", latency = "20us" }
feed = { model = "constant", latency = "1ms" }
orders = { model = "constant", latency = "1ms" }
reports = { model = "constant", latency = "1ms" }
[hosts.params]
total_lots = 1_000
slices = 10
patience = "1m"
"""

FLOW = """
[[books]]
symbol = "SYN"
venue = "SIM"
currency = "USD"
price_units_per_currency = 10_000
tick_units = 100
[flow]
limit_mean = "20ms"
market_mean = "100ms"
life_mean = "20s"
band_ticks = 50
qty_mean_lots = 100
seed_orders = 1_000
anchor_ticks = 10_000
"""


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return write(tmp_path / "t.parquet", random_rows(3, 2_000), (book(),))


def test_the_dealt_tape_is_that_of_the_tool(tape: Path, tmp_path: Path) -> None:
    found = dealt_tape(open_tape(tape), AIG, tmp_path / "runs")
    split_tape(tape, find_shares("aig_four"), tmp_path / "s.parquet")

    assert found.digest == open_tape(tmp_path / "s.parquet").digest
    assert [one.venue for one in found.meta.books] == ["V1", "V2", "V3", "V4"]


def test_it_is_kept_among_the_runs_under_source_and_shares_and_nothing_else_is(
    tape: Path, tmp_path: Path
) -> None:
    source = open_tape(tape)
    found = dealt_tape(source, AIG, tmp_path / "runs")
    again = dealt_tape(source, AIG, tmp_path / "runs")

    assert found.path == again.path
    assert [path.name for path in (tmp_path / "runs" / TAPES).iterdir()] == [
        f"{source.digest[:12]}-aig_four.tape.parquet"
    ]


def test_a_tape_that_has_the_venues_is_replayed_as_it_is(tape: Path, tmp_path: Path) -> None:
    found = dealt_tape(open_tape(tape), AIG, tmp_path / "runs")

    assert dealt_tape(found, AIG, tmp_path / "elsewhere") is found
    assert not (tmp_path / "elsewhere").exists()


def test_a_tape_of_several_other_books_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    books = (book(), book("Y", book_id=1))
    several = write(tmp_path / "t.parquet", random_rows(3, 100), books)

    with pytest.raises(InputError, match="allowed a tape of one L3 book"):
        dealt_tape(open_tape(several), AIG, tmp_path / "runs")
    assert list((tmp_path / "runs" / TAPES).iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tape: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")

    with pytest.raises(InputError, match="runs/tapes: cannot make the folder"):
        dealt_tape(open_tape(tape), AIG, tmp_path / "runs")


def test_a_scenario_names_packaged_shares() -> None:
    assert parse_scenario(SCENARIO, "s.toml").split == AIG


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SCENARIO.replace("aig_four", "nobody"), "shares: found 'nobody', allowed is aig_four"),
        (SCENARIO.replace('shares = "aig_four"', ""), "split: found no 'shares'"),
        (SCENARIO.replace("frozen", "reactive") + FLOW, r"split: found with a \[flow\]"),
    ],
)
def test_a_split_that_cannot_be_is_refused(text: str, said: str) -> None:
    text = text.replace('start = "auto"', 'start = "2012-06-21T10:00:00-04:00"')

    with pytest.raises(InputError, match=said):
        parse_scenario(text, "s.toml")
