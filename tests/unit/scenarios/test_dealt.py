"""`[split]` deals a tape of one book to venues when a run begins, as `twin tape split` does."""

from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind
from market.errors import InputError
from scenarios.dealt import TAPES, dealt_tape
from scenarios.schema import parse_scenario, scenario_digest
from scenarios.split_section import SplitSection
from scenarios.venue_shares import find_shares
from sim.tape.read import open_tape
from sim.tape.split import load_shares, split_tape
from sim.tape.toxic import toxic_births
from tests.unit.sim.tapes import book, random_rows, write

AIG = SplitSection(shares="aig_four")
OWN = """[split]
seed = 7
venues = { V1 = 0.355, V2 = 0.225, V3 = 0.42 }
toxic = { venue = "V3", tilt = 0.6, horizon = "1s" }
"""

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


def own() -> str:
    """The scenario with shares of its own."""
    return SCENARIO.replace('[split]\nshares = "aig_four"\n', OWN)


OWN_TEXT = own()


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


def test_shares_in_the_scenario_deal_as_a_file_with_the_same_words(
    tape: Path, tmp_path: Path
) -> None:
    section = parse_scenario(own(), "s.toml").split
    assert section is not None
    (tmp_path / "v.toml").write_text(OWN.replace("[split]", ""))
    split_tape(tape, load_shares(tmp_path / "v.toml"), tmp_path / "s.parquet")

    found = dealt_tape(open_tape(tape), section, tmp_path / "runs")

    assert [one.venue for one in found.meta.books] == ["V1", "V2", "V3"]
    assert found.digest == open_tape(tmp_path / "s.parquet").digest


@pytest.mark.parametrize(
    ("was", "now"),
    [("seed = 7", "seed = 8"), ("0.355", "0.354"), ("tilt = 0.6", "tilt = 0.1")],
)
def test_other_shares_are_another_scenario_and_another_tape(
    tape: Path, tmp_path: Path, was: str, now: str
) -> None:
    text = own().replace(was, now).replace("0.42", "0.421" if now == "0.354" else "0.42")
    made = [
        dealt_tape(open_tape(tape), section, tmp_path / "runs")
        for section in (parse_scenario(own(), "").split, parse_scenario(text, "").split)
        if section is not None
    ]

    assert made[0].path != made[1].path
    assert scenario_digest(own()) != scenario_digest(text)


def test_the_dealt_tape_tells_what_each_venue_got(tape: Path, tmp_path: Path) -> None:
    section = parse_scenario(own(), "s.toml").split
    assert section is not None
    found = dealt_tape(open_tape(tape), section, tmp_path / "runs")
    told = found.meta.statistics
    rows = np.concatenate(list(found.chunks()))
    born = (rows["kind"] == Kind.ADD) | ((rows["kind"] == Kind.REVEAL) & (rows["qty"] > 0))
    counted = np.bincount(rows["book_id"][born], minlength=3).tolist()
    marks = toxic_births(open_tape(tape), 1_000_000_000)

    assert [told[f"orders_{name}"] for name in ("V1", "V2", "V3")] == counted
    marked = [told[f"marked_{name}"] for name in ("V1", "V2", "V3")]
    assert sum(marked) == int(marks.rows.sum()) > 0
    assert marked[2] / sum(marked) > counted[2] / sum(counted)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SCENARIO.replace("aig_four", "nobody"), "shares: found 'nobody', allowed is aig_four"),
        (SCENARIO.replace('shares = "aig_four"', ""), "split: found neither shares nor venues"),
        (SCENARIO.replace("[split]", "[split]\nseed = 3"), "split: found shares and seed"),
        (OWN_TEXT.replace("0.355", "0.356"), "split: found shares that add up to 1.001, allowed 1"),
        (OWN_TEXT.replace("0.355", "nan"), "split: venues.V1: found nan, allowed a share"),
        (OWN_TEXT.replace("0.355", "true"), "split: venues.V1: found True, allowed a share"),
        (
            OWN_TEXT.replace("venues = {", "venues = 3 # {"),
            "split.venues: found 3, allowed is a tab",
        ),
        (OWN_TEXT.replace("seed = 7", 'seed = "x"'), "split.seed: found 'x', allowed is a whole"),
        (OWN_TEXT.replace('"V3", tilt', '"V9", tilt'), "split: toxic.venue: found 'V9'"),
        (OWN_TEXT.replace(", tilt = 0.6", ""), "split: toxic: found .* allowed `venue`, a `tilt`"),
        (SCENARIO.replace("frozen", "reactive") + FLOW, r"split: found with a \[flow\]"),
    ],
)
def test_a_split_that_cannot_be_is_refused(text: str, said: str) -> None:
    text = text.replace('start = "auto"', 'start = "2012-06-21T10:00:00-04:00"')

    with pytest.raises(InputError, match=said):
        parse_scenario(text, "s.toml")
