"""What a desk learned of its own costs: every book's curve at each boundary, and the piece that came of it.

The curves stand in the journal as they were learned; nothing is fitted here.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from market.decisions import Learned
from research.report.figures import COLORS, Figure, figure, times
from research.report.run_data import RunData
from research.report.sections import Table
from scenarios.run_journal import JOURNAL_SUFFIX
from scenarios.stack import name_of

BP_PPM = 100
"""Parts per million in a basis point."""


class LearnedTold(NamedTuple):
    """Plots and tables."""

    figures: list[Figure]
    tables: list[Table]


def learned_costs(run: RunData) -> LearnedTold:
    """What the desks of a run learned; nothing where none has a loop, or met a boundary."""
    found: dict[str, list[Learned]] = {}
    for host in run.hosts:
        for one in _learned(run, host):
            name = name_of(run.books[one.book_id])
            key = name if len(run.hosts) == 1 else f"{host} {name}"
            found.setdefault(key, []).append(one)
    if not found:
        return LearnedTold([], [])
    return LearnedTold([_costs_figure(found), _pieces_figure(found)], [_table(found)])


def _learned(run: RunData, host: str) -> Iterator[Learned]:
    """Every curve in a host's journal."""
    path = run.folder / f"{host}{JOURNAL_SUFFIX}"
    if not path.is_file():
        return
    for record in Reader(map_file(path), where=str(path)):
        if record.type is RecordType.EVENT:
            yield from event_in(record).learned


def _times(rows: list[Learned]) -> list[str]:
    return times(np.array([one.boundary_ns for one in rows], dtype=np.int64))


def _costs_figure(found: dict[str, list[Learned]]) -> Figure:
    """What a lot was believed to cost from each boundary on, a line for each size."""
    data: list[Figure] = []
    for key, rows in found.items():
        for place, lots in enumerate(rows[0].knots):
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": f"{key}: {lots:,} lots",
                    "x": _times(rows),
                    "y": [one.after_ppm[place] / BP_PPM for one in rows],
                    "line": {"color": COLORS[place % len(COLORS)], "shape": "hv", "width": 1.4},
                }
            )
    return figure("Believed cost of a lot, by size of the order", data, "basis points")


def _pieces_figure(found: dict[str, list[Learned]]) -> Figure:
    """The largest order that was cheap enough from each boundary on."""
    data: list[Figure] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": key,
            "x": _times(rows),
            "y": [one.piece_after_lots for one in rows],
            "line": {"color": COLORS[place % len(COLORS)], "shape": "hv", "width": 1.4},
        }
        for place, (key, rows) in enumerate(found.items())
    ]
    return figure("Largest order that is cheap enough", data, "lots", height=260)


def _table(found: dict[str, list[Learned]]) -> Table:
    """Every boundary, before and after."""
    columns = [
        "book", "boundary", "orders", "cost before", "cost after", "piece before", "piece after",
    ]  # fmt: skip
    rows = [
        [
            key,
            when,
            f"{one.orders:,}",
            _curve(one.before_ppm),
            _curve(one.after_ppm),
            f"{one.piece_before_lots:,}",
            f"{one.piece_after_lots:,}",
        ]
        for key, every in found.items()
        for when, one in zip(_times(every), every, strict=True)
    ]
    return Table(title="Boundaries, costs in ppm at each size", columns=columns, rows=rows)


def _curve(costs_ppm: tuple[int, ...]) -> str:
    return " / ".join(f"{cost:,}" for cost in costs_ppm)
