"""Every order of a run: its parts are the whole, and all of them together are the venue's P&L.

A minute of two hosts, and an hour of a desk, are run always; every packaged scenario in `make nightly`,
those that need a tape with the data at hand (`tests/truth/test_tca_truth.py`).
"""

import time
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from desk.tca import Convention, ParentRecord, by_algo, by_hour, by_strategy, by_venue, shortfall_of
from desk.tca.exact import currency
from market.codes import Liquidity
from market.messages import NO_PRICE
from scenarios.run import RunSummary, run_scenario
from scenarios.schema import library_names, load_scenario
from scenarios.tca_quotes import Columns, Ints, columns_of
from scenarios.tca_records import RunRecords, records_of
from sim.recorder import EventKind

Shown = tuple[str, str]
"""Symbol and venue."""

Views = tuple[Ints, Ints, Ints, Ints]

NEED_NO_TAPE = tuple(
    name
    for name in library_names()
    if (found := load_scenario(name)[0]).flow is not None or found.flows
)

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


def run(name_or_path: str, folder: Path, tape: Path | None = None) -> RunSummary:
    """Run in this process, quietly."""
    return run_scenario(
        name_or_path,
        tape=tape,
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
    # All of its 28 takes fit in the best level, and the one that emptied it was its parent's last.
    takes = [
        fill
        for record in told.records
        for _, fill in record.fills()
        if fill.liquidity is Liquidity.TAKER
    ]
    moves = [one for one in takes if one.after_mid_x2_units != one.seen.venue.mid_x2_units]
    assert (len(takes), len(moves)) == (28, 1)
    assert sum(shortfall_of(record).parts.impact_x2 for record in told.records) == 0
    # What was replaced may have filled meanwhile, and is then ordered again.
    kept = [record for record in worked if not any(child.changed for child in record.children)]
    assert len(kept) > 100
    for record in kept:
        assert record.wanted_lots >= max(child.lots for child in record.children)


@pytest.mark.slow
def test_an_algorithm_that_spreads_a_parent_is_called_by_its_name(tmp_path: Path) -> None:
    summary = run("desk_tour", tmp_path)

    check(summary)
    told = records_of(Path(summary.folder))
    names = {record.algo for record in told.records}
    assert names >= {"quotes", "immediate", "passive", "twap", "vwap", "pov", "is", "auction"}
    rows = {row.key: row for row in by_algo([shortfall_of(one) for one in told.records])}
    # Who takes again after a take that moved the middle pays for that; who only quotes never does.
    assert rows["immediate"].impact > 0
    assert rows["quotes"].impact == 0


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", NEED_NO_TAPE)
def test_the_parts_of_every_order_of_every_packaged_scenario_sum_to_the_whole(
    name: str, tmp_path: Path
) -> None:
    check(run(name, tmp_path))


def check(summary: RunSummary, marks_x2: Mapping[str, int] | None = None) -> None:
    """Measure every order, and hold the sums against the venue's account.

    Args:
        summary: Of the run.
        marks_x2: Twice the mid in price units at which each venue marked what was held in the end; by
            default that of the last view.
    """
    told = records_of(Path(summary.folder), valued="close")
    records = told.records

    assert summary.orders == sum(len(record.children) for record in records)
    assert summary.fills == sum(len(record.fills()) for record in records) > 0
    totals = []
    events = columns_of(pq.read_table(Path(summary.folder) / "events.parquet"))
    known: dict[Shown, Views] = {}
    # A parent is valued at its home's last view; the venue's account, at what each venue showed then.
    marked = Fraction(0)
    for record in records:
        for _, fill in record.fills():
            if marks_x2 is not None:
                close_x2 = marks_x2[fill.venue]
            elif fill.venue != record.instrument.venue:
                close_x2 = int(_shown(record, fill.venue, told, events, known)[1][-1])
            else:
                continue
            more_x2 = record.side.sign * fill.lots * (close_x2 - record.end_mid_x2_units)
            marked += currency(record.instrument, more_x2)
    for convention in Convention:
        found = [shortfall_of(record, convention) for record in records]
        for one in found:
            parts = one.parts
            moved_x2 = parts.delay_x2 + parts.impact_x2 + parts.timing_x2 + parts.opportunity_x2
            assert one.paper_x2 - one.real_x2 == moved_x2 + parts.spread_x2 + parts.fees_x2
        totals.append([one.total_x2 for one in found])
        for rows in (by_strategy(found), by_venue(found), by_algo(found), by_hour(found)):
            whole = sum(currency(one.record.instrument, one.total_x2) for one in found)
            assert whole == sum(Fraction(row.total, 10**row.decimals) for row in rows)
        real = sum(currency(one.record.instrument, one.real_x2) for one in found)
        # The account rounds half a unit of each book down.
        rounding = len(told.books) * currency(told.books[0], 1) if marks_x2 else 0
        assert 0 <= real + marked - Fraction(summary.pnl.partition(" ")[0]) <= rounding
    assert totals[0] == totals[1]
    for record in records:
        assert shortfall_of(record).parts.impact_x2 == _impact_x2(record, told, events, known)


def _impact_x2(
    record: ParentRecord, told: RunRecords, events: Columns, known: dict[Shown, Views]
) -> int:
    """Impact by a plain count: the views' middle around each take, with nothing of `tca_quotes`."""
    own_x2, impact_x2 = {}, 0
    for _, fill in record.fills():
        step = fill.seen.at_ns, fill.venue
        times_ns, mids_x2, bids, asks = _shown(record, fill.venue, told, events, known)
        far = bids if record.side else asks
        first = int(np.searchsorted(times_ns, fill.seen.at_ns, side="left"))
        before = max(first - 1, 0)
        moved_x2 = sum(moves for each, moves in own_x2.items() if each != step)
        beyond_x2 = 0
        if fill.liquidity is Liquidity.TAKER:
            touch_x2 = 2 * int(far[before])
            beyond_x2 = max(record.side.sign * (fill.price_x2_units - touch_x2), 0)
            after = min(first, len(times_ns) - 1)
            own_x2[step] = int(mids_x2[after] - mids_x2[before])
        impact_x2 += fill.lots * (record.side.sign * moved_x2 + beyond_x2)
    return impact_x2


def _shown(
    record: ParentRecord,
    venue: str,
    told: RunRecords,
    events: Columns,
    known: dict[Shown, Views],
) -> Views:
    """The views of a parent's instrument at a venue, found once."""
    shown = record.instrument.symbol, venue
    if shown not in known:
        known[shown] = _views(*shown, told, events)
    return known[shown]


def _views(symbol: str, venue: str, told: RunRecords, events: Columns) -> Views:
    """Times, twice the middles, and the best prices of a venue's views."""
    books = [number for number, one in enumerate(told.books) if one.symbol == symbol]
    books.sort(key=lambda number: told.books[number].venue != venue)
    for number in books:
        rows = (events["kind"] == EventKind.VIEW) & (events["book_id"] == number)
        rows &= (events["price_ticks"] != NO_PRICE) & (events["qty_lots"] != NO_PRICE)
        if rows.any():
            break
    at = np.flatnonzero(rows)
    at = at[np.lexsort((events["leaves_lots"][at], events["venue_ns"][at]))]
    tick_units = told.books[number].tick_units
    bids, asks = events["price_ticks"][at] * tick_units, events["qty_lots"][at] * tick_units
    return events["venue_ns"][at], bids + asks, bids, asks
