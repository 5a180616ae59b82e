"""Every order of a run: its parts are the whole, and all of them together are the venue's P&L.

A minute of two hosts, and one of a desk, are run always; every packaged scenario in `make nightly`.
"""

import time
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from desk.tca import Convention, by_hour, by_strategy, by_venue, shortfall_of
from desk.tca.exact import currency
from scenarios.run import RunSummary, run_scenario
from scenarios.tca_records import records_of

SCENARIOS = ("calm", "first_light", "lit_dark_auction", "thin", "trend", "volatile")
"""All that need no tape."""

MINUTE = """
format_version = 1
[run]
name = "minute"
title = "A minute of generated flow."
start = "2012-06-21T13:30:00Z"
duration = "1m"
mode = "reactive"
seed = 7
[[books]]
symbol = "SYN"
venue = "X"
currency = "USD"
price_units_per_currency = 10000
tick_units = 100
[flow]
limit_mean = "20ms"
market_mean = "120ms"
life_mean = "10s"
band_ticks = 20
qty_mean_lots = 100
seed_orders = 400
anchor_ticks = 58000
[[hosts]]
name = "quoter"
desk = 1
strategy = "quoter"
params = {qty_lots = 100, inventory_lots_max = 1000}
compute = {model = "constant", latency = "20us"}
feed = {model = "lognormal", median = "80us", sigma = 0.4}
orders = {model = "constant", latency = "50us"}
reports = {model = "constant", latency = "50us"}
[[hosts]]
name = "buyer"
desk = 2
strategy = "scheduled_buyer"
params = {total_lots = 2000, slices = 10, patience = "3s"}
compute = {model = "constant", latency = "20us"}
feed = {model = "lognormal", median = "4ms", sigma = 0.4}
orders = {model = "constant", latency = "4ms"}
reports = {model = "constant", latency = "4ms"}
[fees]
maker_units_ppm = -3
taker_units_ppm = 5
"""


def run(name_or_path: str, folder: Path) -> RunSummary:
    """Run in this process, quietly."""
    return run_scenario(
        name_or_path,
        tape=None,
        seed=None,
        runs_dir=folder,
        progress=lambda _done, _total: None,
        announce=_ignore,
        wall_ns=time.perf_counter_ns,
    )


def _ignore(_: Mapping[str, object]) -> None:
    """Nobody reads the identity here."""


@pytest.mark.slow
def test_the_parts_of_every_order_of_a_minute_sum_to_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "minute.toml"
    path.write_text(MINUTE, encoding="utf-8")

    check(run(str(path), tmp_path / "runs"))


@pytest.mark.slow
def test_a_desks_orders_stand_under_the_parents_of_its_journal(tmp_path: Path) -> None:
    summary = run("calm", tmp_path)

    check(summary)
    told = records_of(Path(summary.folder))
    assert [name.partition("/")[0] for name in told.strategies] == ["desk", "desk"]
    worked = [record for record in told.records if record.algo != "quotes"]
    assert {record.algo for record in told.records} == {"quotes", "passive"}
    assert any(len(record.children) > 1 for record in worked)
    # What was replaced may have filled meanwhile, and is then ordered again.
    kept = [record for record in worked if not any(child.changed for child in record.children)]
    assert len(kept) > 100
    for record in kept:
        assert record.wanted_lots >= max(child.lots for child in record.children)


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_parts_of_every_order_of_every_packaged_scenario_sum_to_the_whole(
    name: str, tmp_path: Path
) -> None:
    check(run(name, tmp_path))


def check(summary: RunSummary) -> None:
    """Measure every order, and hold the sums against the venue's account."""
    told = records_of(Path(summary.folder), valued="close")
    records = told.records

    assert summary.orders == sum(len(record.children) for record in records)
    assert summary.fills == sum(len(record.fills()) for record in records) > 0
    totals = []
    for convention in Convention:
        found = [shortfall_of(record, convention) for record in records]
        for one in found:
            parts = one.parts
            moved_x2 = parts.delay_x2 + parts.impact_x2 + parts.timing_x2 + parts.opportunity_x2
            assert one.paper_x2 - one.real_x2 == moved_x2 + parts.spread_x2 + parts.fees_x2
        totals.append([one.total_x2 for one in found])
        for rows in (by_strategy(found), by_venue(found), by_hour(found)):
            whole = sum(currency(one.record.instrument, one.total_x2) for one in found)
            assert whole == sum(Fraction(row.total, 10**row.decimals) for row in rows)
        real = sum(currency(one.record.instrument, one.real_x2) for one in found)
        assert Fraction(summary.pnl.partition(" ")[0]) == real
    assert totals[0] == totals[1]
