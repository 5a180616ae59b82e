"""What trading cost, as plots and tables: the waterfall of parts, who and where, mark-outs, the trend.

Everything is measured by `desk.tca` and `scenarios.tca_run`, as `twin tca` says it: shortfalls by
PEROLD, what was not filled valued at its parent's own end. Above zero is a cost.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, get_args

import numpy as np

from desk.tca import CostRow, Shortfall, shortfall_of, standardised
from market.decisions import PPM
from market.errors import InputError
from research.report.figures import COLORS, LINE, SELL, SOFT, Figure, figure
from research.report.paths import thin
from research.report.run_data import RunData
from research.report.sections import Table
from scenarios.tca_records import RunRecords, records_of
from scenarios.tca_run import (
    PARTS,
    TABLES,
    By,
    Row,
    alarms_of,
    cost_rows,
    key_text,
    markout_rows,
)

KEYS: Final[tuple[By, ...]] = get_args(By)
BP: Final = 10_000
"""Basis points in the whole."""

DOTS_MAX: Final = 4_000
MEAN_OF: Final = 50
"""So many parents are in each point of the trend's line."""

NO_COSTS: Final = "no order was sent"


class Costs(NamedTuple):
    """What the section says: a sentence, plots and tables."""

    text: str
    figures: list[Figure]
    tables: list[Table]


def trading_costs(run: RunData) -> Costs:
    """All that is said of a run's costs; a run that cannot be measured is told why."""
    try:
        told = records_of(run.folder, valued="end")
    except InputError as error:
        return Costs(f"Not measured: {error}", [], [])
    if not told.records:
        return Costs(f"Not measured: {NO_COSTS}", [], [])
    found = [shortfall_of(record) for record in told.records]
    by_key = {key: cost_rows(told, found, key) for key in KEYS}
    shares = {key: TABLES[key](found) for key in KEYS}
    text = (
        f"{len(found):,} parents; the mid at each decision against what was paid, in parts that sum "
        "to the whole. Above zero is a cost."
    )
    figures = [waterfall(by_key["strategy"])]
    figures += [parts_figure(told, key, rows) for key, rows in shares.items() if len(rows) > 1]
    figures += [markout_curve(told), trend_figure(found)]
    tables = [cost_table(key, rows) for key, rows in by_key.items()]
    alarms = alarm_table(found)
    return Costs(text, figures, tables if alarms is None else [*tables, alarms])


def waterfall(rows: Sequence[Row]) -> Figure:
    """The parts of all costs, one after the other, and their sum; for each currency."""
    data: list[Figure] = []
    for currency in dict.fromkeys(str(row["currency"]) for row in rows):
        own = [row for row in rows if row["currency"] == currency]
        sums = [sum(_number(row[part]) for row in own) for part in PARTS]
        data.append(
            {
                "type": "waterfall",
                "name": currency,
                "x": [*PARTS, "total"],
                "y": [*(round(one, 6) for one in sums), 0],
                "measure": [*("relative" for _ in PARTS), "total"],
                "increasing": {"marker": {"color": SELL}},
                "decreasing": {"marker": {"color": COLORS[3]}},
                "totals": {"marker": {"color": LINE}},
            }
        )
    unit = ", ".join(str(one["name"]) for one in data)
    return figure("Cost by part", data, unit, waterfallgap=0.3, showlegend=len(data) > 1)


def parts_figure(told: RunRecords, by: By, rows: Sequence[CostRow]) -> Figure:
    """The parts of every key, stacked, as shares of what was wanted."""
    known = [row for row in rows if row.worth > 0]
    single = len({row.currency for row in rows}) == 1
    names = [
        key_text(told, by, row.key) if single else f"{key_text(told, by, row.key)} {row.currency}"
        for row in known
    ]
    data: list[Figure] = [
        {
            "type": "bar",
            "name": part,
            "x": names,
            "y": [round(getattr(row, part) / row.worth * BP, 4) for row in known],
            "marker": {"color": COLORS[place % len(COLORS)]},
        }
        for place, part in enumerate(PARTS)
    ]
    return figure(f"Cost by {by}", data, "basis points", barmode="relative", height=300)


def markout_curve(told: RunRecords) -> Figure:
    """Where the mid was after fills, by strategy: from the price, and from the mid at the fill."""
    data: list[Figure] = []
    rows = markout_rows(told, "strategy")
    for place, name in enumerate(dict.fromkeys(str(row["strategy"]) for row in rows)):
        own = [row for row in rows if row["strategy"] == name]
        for field, dash in (("from_price_ppm", "solid"), ("from_mid_ppm", "dot")):
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": f"{name} {field.removesuffix('_ppm').replace('_', ' the ')}",
                    "x": [row["after"] for row in own],
                    "y": [None if row[field] is None else _bp(row[field]) for row in own],
                    "line": {"color": COLORS[place % len(COLORS)], "dash": dash, "width": 1.4},
                }
            )
    return figure("Mark-outs of parents; above zero, the market went our way", data, "basis points")


def trend_figure(found: Sequence[Shortfall]) -> Figure:
    """Each parent's cost in the order in which the desk had heard all of it, with the alarms."""
    costs = [_bp(one) for one in _values(found)]
    if not costs:
        return figure("Trend of costs", [], "basis points")
    values = np.array(costs)
    kept = thin(values, DOTS_MAX)
    sums = np.concatenate(([0.0], np.cumsum(values)))
    first = np.maximum(kept + 1 - MEAN_OF, 0)
    means = (sums[kept + 1] - sums[first]) / (kept + 1 - first)
    number = (kept + 1).tolist()
    dots = {
        "type": "scatter",
        "mode": "markers",
        "name": "a parent",
        "x": number,
        "y": values[kept].round(4).tolist(),
        "marker": {"color": SOFT, "size": 4},
    }
    mean = {
        "type": "scatter",
        "mode": "lines",
        "name": f"mean of {MEAN_OF}",
        "x": number,
        "y": means.round(4).tolist(),
        "line": {"color": LINE, "width": 1.6},
    }
    alarms = alarms_of(found)
    marks = {
        "type": "scatter",
        "mode": "markers",
        "name": "alarm",
        "x": [one.parent_number for one in alarms],
        "y": [round(float(values[one.parent_number - 1]), 4) for one in alarms],
        "text": [f"since parent {one.since}" for one in alarms],
        "marker": {"color": SELL, "size": 12, "symbol": "x"},
    }
    axis = {"title": {"text": "parents"}}
    data = [dots, mean, marks] if alarms else [dots, mean]
    return figure("Trend of costs", data, "basis points", xaxis=axis)


def cost_table(by: By, rows: Sequence[Row]) -> Table:
    """The parts of every key in exact money."""
    columns = ["parents", "fills", "filled lots", "rest lots", *PARTS, "total"]
    return Table(
        title=f"By {by}",
        columns=[by, "currency", *columns, "ppm"],
        rows=[
            [
                str(row[by]),
                str(row["currency"]),
                *(_text(row[name.replace(" ", "_")]) for name in columns),
                _text(row["ppm"]),
            ]
            for row in rows
        ],
    )


def alarm_table(found: Sequence[Shortfall]) -> Table | None:
    """Where execution got worse; None where it did not."""
    rows = [
        [f"{one.parent_number:,}", f"{one.since:,}", f"{one.sum_ppm / PPM:.3f}"]
        for one in alarms_of(found)
    ]
    columns = ["found at parent", "most likely since", "sum of ranks"]
    return Table(title="Execution got worse", columns=columns, rows=rows) if rows else None


def _values(found: Sequence[Shortfall]) -> list[int]:
    """Costs as the alarm takes them: parents without a worth are left out of both."""
    ordered = sorted(found, key=lambda one: one.record.closed_ns)
    return [value for one in ordered if (value := standardised(one)) is not None]


def _bp(ppm: Any) -> float:
    return float(ppm) * BP / PPM


def _number(value: object) -> float:
    """Exact decimal text as a plot takes it."""
    return float(str(value))


def _text(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else str(value)
