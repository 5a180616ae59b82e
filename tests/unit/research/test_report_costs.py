"""What trading cost and how venues were chosen, on the page: the figures of `desk.tca` and the journal."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from desk.journal import Reader, RecordType, event_in
from desk.journal.rows import plain_row
from desk.tca import Shortfall, shortfall_of
from market.codes import Side
from market.decisions import RouteVenue
from research.report.learned_costs import learned_costs
from research.report.page import sections_of
from research.report.router_scores import router_scores
from research.report.run_data import load_run
from research.report.trading_costs import alarm_table, parts_figure, trading_costs, trend_figure
from scenarios.tca_records import records_of
from scenarios.tca_run import PARTS, TABLES, costs_of
from sim.recorder import EventKind
from tests.unit.desk.tca_world import child, fill, parent, seen
from tests.unit.research.report_runs import learned_run, routed_run, small_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two venues, and a desk with a route over them."""
    return routed_run(tmp_path_factory.mktemp("routed"))


def test_the_waterfall_is_the_costs_of_the_command_line(run: Path) -> None:
    told = trading_costs(load_run(run))
    rows = costs_of(run).costs

    (bars,) = told.figures[0]["data"]
    assert bars["x"] == [*PARTS, "total"]
    for part, shown in zip(PARTS, bars["y"], strict=False):
        assert shown == pytest.approx(sum(float(str(row[part])) for row in rows), abs=1e-6)
    assert sum(bars["y"]) == pytest.approx(sum(float(str(row["total"])) for row in rows), abs=1e-5)
    assert any(abs(y) > 0.01 for y in bars["y"])


def test_tables_by_every_key_have_one_total(run: Path) -> None:
    tables = trading_costs(load_run(run)).tables

    assert [table.title for table in tables[:4]] == [
        "By strategy",
        "By venue",
        "By algo",
        "By hour",
    ]
    place = tables[0].columns.index("total")
    sums = [sum(float(row[place]) for row in table.rows) for table in tables[:4]]
    assert sums == pytest.approx([sums[0]] * 4, abs=1e-6)
    # Filled at both venues, and what was not filled was at none.
    assert [row[0] for row in tables[1].rows] == ["(not filled)", "A", "B"]


def test_stacked_parts_are_the_share_of_what_was_wanted(run: Path) -> None:
    told = records_of(run, valued="end")
    rows = TABLES["venue"]([shortfall_of(record) for record in told.records])
    bars = parts_figure(told, "venue", rows)["data"]

    for place, name in enumerate(bars[0]["x"]):
        row = next(one for one in rows if (one.key or "(not filled)") == name)
        shown = sum(bar["y"][place] for bar in bars)
        assert shown == pytest.approx(row.total / row.worth * 1e4, abs=1e-3)


def test_the_mark_outs_are_those_of_the_command_line(run: Path) -> None:
    figures = trading_costs(load_run(run)).figures
    curve = next(one for one in figures if "Mark-outs" in one["layout"]["title"]["text"])

    rows = costs_of(run).markouts
    from_price = next(line for line in curve["data"] if line["name"].endswith("from the price"))
    assert from_price["x"] == [row["after"] for row in rows]
    assert from_price["y"] == pytest.approx([row["from_price_ppm"] / 100 for row in rows])  # type: ignore[operator]


def measured(costs: list[int]) -> list[Shortfall]:
    """Parents that cost so many cents a lot, one a second."""
    found = []
    for number, cost in enumerate(costs):
        moment = seen(number, 10_000)
        order = child(moment, moment, [fill(number, 10_000 + cost, 10, 10_000)])
        found.append(shortfall_of(parent(Side.BUY, 10, moment, [order], 2 * 10_000)))
    return found


def test_the_trend_marks_the_parent_at_which_execution_got_worse() -> None:
    calm = [number * 7 % 10 for number in range(200)]
    found = measured([*calm, *(20 + number * 7 % 10 for number in range(100))])
    dots, mean, alarms = trend_figure(found)["data"]

    assert 200 < alarms["x"][0] <= 220
    assert dots["y"][0] == calm[0]
    assert mean["y"][-1] == pytest.approx(np.mean(dots["y"][-50:]))
    table = alarm_table(found)
    assert table is not None
    assert table.rows[0][0] == str(alarms["x"][0])
    assert alarm_table(measured(calm)) is None
    assert len(trend_figure(measured(calm))["data"]) == 2


def test_a_run_without_orders_says_that_nothing_was_measured(tmp_path: Path) -> None:
    folder = small_run(tmp_path)
    still = tmp_path / "still"
    shutil.copytree(folder, still)
    table = pq.read_table(folder / "events.parquet")
    views = np.asarray(table.column("kind")) == EventKind.VIEW
    pq.write_table(table.filter(pa.array(views)), still / "events.parquet")

    told = trading_costs(load_run(still))
    assert told.text == "Not measured: no order was sent"
    titles = [part.title for part in sections_of(load_run(still))]
    assert "What trading cost" in titles
    assert "Router scores" not in titles


def test_a_run_that_cannot_be_measured_says_why(tmp_path: Path) -> None:
    folder = small_run(tmp_path)
    table = pq.read_table(folder / "events.parquet")
    kept = np.asarray(table.column("kind")) != EventKind.SUBMIT
    pq.write_table(table.filter(pa.array(kept)), folder / "events.parquet")

    told = trading_costs(load_run(folder))
    assert "found a fill and no command that sent it" in told.text
    assert (told.figures, told.tables) == ([], [])


def choices(run: Path) -> list[tuple[bool, RouteVenue]]:
    """Every venue of every choice on record, and whether lots were taken."""
    return [
        (decision.route.takes, venue)
        for record in Reader((run / "desk.journal").read_bytes())
        if record.type is RecordType.EVENT
        for decision in event_in(record).decisions
        if decision.route is not None
        for venue in decision.route.venues
    ]


def test_the_lots_of_every_venue_are_those_of_the_journal(run: Path) -> None:
    lots: Counter[tuple[str, int]] = Counter()
    for takes, venue in choices(run):
        lots["take" if takes else "rest", venue.book_id] += venue.lots
    (table,) = router_scores(load_run(run)).tables

    place = table.columns.index("lots")
    books = {"SYN@A": 0, "SYN@B": 1}
    shown = {(row[1], books[row[2]]): int(row[place].replace(",", "")) for row in table.rows}
    assert shown == lots
    assert len(shown) == 4


def test_the_parts_of_a_score_add_up_to_its_mean(run: Path) -> None:
    figures = router_scores(load_run(run)).figures
    titles = [one["layout"]["title"]["text"] for one in figures]
    assert titles[1] == "What scores are made of where lots are taken"

    for place, book_id in enumerate((0, 1)):
        scores = [
            venue.score_micro / 1e6
            for takes, venue in choices(run)
            if takes and venue.book_id == book_id and not venue.blocked
        ]
        parts = sum(bar["y"][place] for bar in figures[1]["data"])
        assert parts == pytest.approx(np.mean(scores), abs=0.02)


def test_no_table_names_two_columns_alike(run: Path, tmp_path: Path) -> None:
    """On a terminal the second of them would hide the first."""
    tables = [
        table
        for folder in (run, learned_run(tmp_path))
        for part in sections_of(load_run(folder))
        for table in part.tables
        if any(table.columns)
    ]
    assert len(tables) > 15
    for table in tables:
        assert len(set(table.columns)) == len(table.columns), table.title


def test_a_run_without_routes_has_no_scores(tmp_path: Path) -> None:
    assert router_scores(load_run(small_run(tmp_path))) == ([], [])


def test_curves_are_shown_as_they_were_learned(tmp_path: Path) -> None:
    folder = learned_run(tmp_path)
    rows = [
        one
        for record in Reader((folder / "desk.journal").read_bytes())
        if record.type is RecordType.EVENT
        for one in event_in(record).learned
    ]
    costs, pieces = learned_costs(load_run(folder)).figures

    assert len(rows) == 2
    for place, line in enumerate(costs["data"]):
        assert line["y"] == [one.after_ppm[place] / 100 for one in rows]
    assert pieces["data"][0]["y"] == [one.piece_after_lots for one in rows]
    (record,) = (
        plain_row(record)
        for record in Reader((folder / "desk.journal").read_bytes())
        if record.type is RecordType.EVENT
        and any(one.boundary_ns == rows[1].boundary_ns for one in event_in(record).learned)
    )
    assert list(record["learned"][0]["after_ppm"]) == list(rows[1].after_ppm)  # type: ignore[index]


def test_a_desk_without_a_loop_has_learned_nothing(run: Path) -> None:
    assert learned_costs(load_run(run)) == ([], [])
