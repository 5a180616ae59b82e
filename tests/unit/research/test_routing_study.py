"""The same wishes by every way of routing: paired, counted by venue, and the router without its factors."""

from pathlib import Path

import numpy as np
import pytest

from desk.router import FACTORS
from market.errors import InputError
from market.units import DURATION_NS
from research.bootstrap import mean_interval
from research.routing_families import FAMILIES
from research.routing_study import (
    BEST,
    ROUTER,
    RoutingStudy,
    Wish,
    compared,
    routing_study,
    variants_of,
)
from research.routing_venues import Tally, summed, venue_rows
from scenarios.schema import load_scenario, parse_scenario
from sim.flow import FlowModel, record_flow
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.write import TapeWriter

S = DURATION_NS["s"]
START_NS = 1_340_297_820 * S
"""12:57 of GOOG's day in New York."""

BOOKS = [f"GOOG@V{number}" for number in (1, 2, 3, 4)]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`fragmented_goog` with a wish every five seconds, on six minutes of generated orders."""
    text = load_scenario("fragmented_goog")[1]
    for was, now in (
        ('duration = "6.5h"', 'duration = "6m"'),
        ('every = "30s"', 'every = "5s"'),
        ('patience = "10s"', 'patience = "2s"'),
        ('flat_before_end = "5m"', 'flat_before_end = "20s"'),
    ):
        assert was in text
        text = text.replace(was, now)
    path = tmp_path_factory.mktemp("routing") / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one book that the scenario deals to four venues."""
    flow = FlowModel(
        limit_mean_ns=10_000_000,
        market_mean_ns=100_000_000,
        life_mean_ns=10 * S,
        band_ticks=30,
        qty_mean_lots=60,
        seed_orders=600,
        anchor_ticks=57_000,
    ).compile(seed=7, book_id=0, start_ns=START_NS, end_ns=START_NS + 360 * S)
    rows = np.concatenate(
        list(record_flow(flow, tick_units=100, slice_ns=S, message_count=1_000_000))
    )
    book = TapeBook(
        book_id=0,
        symbol="GOOG",
        venue="NASDAQ",
        currency="USD",
        price_units_per_currency=10_000,
        tick_units=100,
        handle_count=int(rows["handle"].max()) + 1,
    )
    path = tmp_path_factory.mktemp("routing") / "orders.tape.parquet"
    with TapeWriter(path) as writer:
        writer.append(rows)
        writer.finish(TapeMeta(books=(book,), session_date="2012-06-21"))
    return path


@pytest.fixture(scope="module")
def study(scenario: Path, tape: Path) -> RoutingStudy:
    """Without the ablation."""
    return routing_study(str(scenario), tape, ablation=False, jobs=2)


def wish(cost_bp: float, **tallies: Tally) -> Wish:
    """What one wish cost, with lots that were taken at venues."""
    return Wish(cost_bp, 0.1, 10, 10, {(name, False): one for name, one in tallies.items()})


def test_every_way_of_routing_is_judged_by_the_same_wishes_from_the_hour_on(
    study: RoutingStudy,
) -> None:
    assert [row.name for row in study.venues] == [ROUTER, *BOOKS, BEST]
    assert {row.wishes for row in study.venues} == {study.judged}
    # Three of the six minutes are after 13:00, less the last 20 s, with a wish every 5 s.
    assert 25 <= study.judged <= 32
    assert study.ablation == []


def test_a_single_venue_fills_there_alone_and_the_router_at_several(study: RoutingStudy) -> None:
    venues: dict[str, set[str]] = {}
    for row in study.by_venue:
        venues.setdefault(row.by, set()).add(row.venue)

    assert venues[study.best_static] == {study.best_static.removeprefix("GOOG@")}
    assert len(venues[ROUTER]) > 1
    assert len(venues[BEST]) > 1
    for by in venues:
        assert sum(row.share for row in study.by_venue if row.by == by) == pytest.approx(1.0)


def test_fees_by_venue_are_those_of_the_scenario(study: RoutingStudy) -> None:
    maker = {"V1": -0.35, "V2": -0.10, "V3": 0.31, "V4": -0.45}
    taker = {"V1": 0.52, "V2": 0.20, "V3": -0.26, "V4": 0.52}
    for row in study.by_venue:
        wanted = (maker if row.how == "rested" else taker)[row.venue]
        assert row.fees_bp == pytest.approx(wanted, abs=0.01)


def test_a_study_repeats_in_any_number_of_processes(
    study: RoutingStudy, scenario: Path, tape: Path
) -> None:
    assert routing_study(str(scenario), tape, ablation=False, jobs=1) == study


def test_only_wishes_that_every_run_has_are_compared_and_pairwise() -> None:
    tally = Tally(fills=1, lots=10, worth_x2=20_000, fees_x2=2, known_x2=(20_000, 0))
    found = compared(
        "s",
        Path("t"),
        "13:00",
        {
            ROUTER: {at: wish(float(at), V1=tally) for at in range(40)},
            "dear": {at: wish(at + 2.0, V1=tally) for at in range(1, 41)},
            "cheap": {at: wish(at + 1.0 + at % 2, V2=tally) for at in range(40)},
            BEST: {at: wish(at - 1.0, V1=tally) for at in range(40)},
            "without price": {at: wish(float(at), V1=tally) for at in range(40)},
        },
    )
    by = {row.name: row for row in found.venues}

    assert found.judged == 39
    assert found.best_static == "cheap"
    assert by["dear"].more_than_router.low == by["dear"].more_than_router.high == 2.0
    assert 1.0 < by["cheap"].more_than_router.low < 1.5 < by["cheap"].more_than_router.high < 2.0
    assert found.beats_best_static
    assert not found.beats_best_price
    assert [row.name for row in found.ablation] == ["without price"]
    assert not found.ablation[0].router_is_better
    assert [(row.by, row.venue, row.lots) for row in found.by_venue] == [
        (ROUTER, "V1", 390),
        ("cheap", "V2", 390),
        (BEST, "V1", 390),
    ]


def test_counts_by_venue_add_up_and_an_unknown_mark_out_is_none() -> None:
    one = Tally(
        fills=1, lots=5, worth_x2=10_000, fees_x2=-1, marked_x2=(-3, 0), known_x2=(10_000, 0)
    )
    two = Tally(
        fills=2, lots=15, worth_x2=30_000, fees_x2=5, marked_x2=(7, 0), known_x2=(30_000, 0)
    )
    rows = venue_rows("any", summed([{("A", True): one}, {("A", True): two}, {("B", False): one}]))

    assert [(row.venue, row.how, row.fills, row.lots) for row in rows] == [
        ("A", "rested", 3, 20),
        ("B", "taken", 1, 5),
    ]
    assert rows[0].share == 0.8
    assert rows[0].fees_bp == 1.0
    assert rows[0].after_1s_bp == 1.0
    assert rows[0].after_10s_bp is None


def test_without_a_family_its_weights_are_zero_and_all_others_stay() -> None:
    text, where = load_scenario("fragmented_goog")[1:]
    found = variants_of(text, where)

    assert set(found) == {ROUTER, *BOOKS, BEST, *(f"without {name}" for name in FAMILIES)}
    assert len(FAMILIES) <= 10
    assert sum(map(len, FAMILIES.values())) == len(FACTORS)
    for name, changed in found.items():
        (strategy,) = parse_scenario(changed, where).hosts[0].stack.strategies  # type: ignore[union-attr]
        family = FAMILIES.get(name.removeprefix("without "), ())
        assert strategy.route.take == dict.fromkeys(family, 0)  # type: ignore[union-attr]
        assert strategy.route.rest == dict.fromkeys(family, 0)  # type: ignore[union-attr]
        assert strategy.route.mode == (  # type: ignore[union-attr]
            "static" if name in BOOKS else BEST if name == BEST else "scored"
        )


def test_what_cannot_be_compared_is_refused(scenario: Path, tape: Path) -> None:
    text, where = load_scenario("calm")[1:]
    with pytest.raises(InputError, match="found 0 routes, allowed is one"):
        variants_of(text, where)
    with pytest.raises(InputError, match="found no strategy 'parents' with a route"):
        routing_study("goog_day", tape)
    with pytest.raises(InputError, match="after: found 'noon'"):
        routing_study(str(scenario), tape, after="noon")
    with pytest.raises(InputError, match="s: found no wish that every run has from 13:00 on"):
        compared("s", tape, "13:00", {ROUTER: {1: wish(1.0)}, "V1": {2: wish(1.0)}, BEST: {}})


def test_an_interval_holds_the_mean_of_what_it_is_made_of_and_repeats() -> None:
    values = np.random.default_rng(3).normal(1.0, 1.0, 400).tolist()
    found = mean_interval(values, "one")

    assert found.low < found.mean < found.high
    # The half width of a mean of 400 is 1.96 / 20.
    assert (found.high - found.low) / 2 == pytest.approx(0.098, rel=0.15)
    assert mean_interval(values, "one") == found
    assert mean_interval(values, "two") != found
    assert found.above_zero
    assert not mean_interval([-one for one in values], "one").above_zero
