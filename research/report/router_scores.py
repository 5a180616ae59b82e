"""How venues were chosen: what each got, how it scored over time, and what its scores were made of.

Every choice that a desk's router made is a row of its journal, with every venue's score and the parts that
it is the sum of; nothing is scored again here.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from desk.router import RouterFactor
from market.decisions import Route, RouteVenue
from research.report.figures import COLORS, Figure, figure, times
from research.report.paths import thin
from research.report.run_data import RunData
from research.report.sections import Table
from scenarios.run_journal import JOURNAL_SUFFIX
from scenarios.stack import name_of

FACTORS_MAX: Final = 8
"""So many factors are drawn; the others are added up as one."""

POINTS_MAX: Final = 1_500
MICRO_PPB: Final = 1e6
LITTLE_TEXT: Final = "{:.1f} %"


class VenueTold(msgspec.Struct):
    """What the choices of one way (taking, or resting) say of a venue.

    Attributes:
        choices: How often it was compared.
        best: How often it came first.
        blocked: How often it could not be used.
        lots: What it got.
        ranks: Sum of its ranks.
        time_ns: When it was compared.
        scores: What its score was then, in ppb of the price.
        parts: By factor, the sum of what it gave.
    """

    choices: int = 0
    best: int = 0
    blocked: int = 0
    lots: int = 0
    ranks: int = 0
    time_ns: list[int] = []
    scores: list[float] = []
    parts: dict[int, int] = {}


class RouterTold(NamedTuple):
    """Plots and tables."""

    figures: list[Figure]
    tables: list[Table]


Key = tuple[str, bool, int]
"""Host, whether lots were taken, and book."""


def router_scores(run: RunData) -> RouterTold:
    """What the routers of a run chose; nothing where no desk has a route."""
    told: dict[Key, VenueTold] = {}
    for host in run.hosts:
        for now_ns, route in _routes(run, host):
            for venue in route.venues:
                key = (host, route.takes, venue.book_id)
                _note(told.setdefault(key, VenueTold()), venue, now_ns)
    if not told:
        return RouterTold([], [])
    figures = []
    for takes in (True, False):
        own = {key: told[key] for key in sorted(told) if key[1] is takes}
        if own:
            figures += [_scores_figure(run, own, takes), _parts_figure(run, own, takes)]
    return RouterTold(figures, [_table(run, told)])


def _routes(run: RunData, host: str) -> Iterator[tuple[int, Route]]:
    """Every choice in a host's journal, with its time."""
    path = run.folder / f"{host}{JOURNAL_SUFFIX}"
    if not path.is_file():
        return
    for record in Reader(map_file(path), where=str(path)):
        if record.type is not RecordType.EVENT:
            continue
        for decision in event_in(record).decisions:
            if decision.route is not None:
                yield record.now_ns, decision.route


def _note(told: VenueTold, venue: RouteVenue, now_ns: int) -> None:
    """One venue of one choice."""
    told.choices += 1
    told.lots += venue.lots
    told.ranks += venue.rank
    if venue.blocked:
        told.blocked += 1
        return
    told.best += venue.rank == 0
    told.time_ns.append(now_ns)
    told.scores.append(venue.score_micro / MICRO_PPB)
    for factor, part in venue.parts:
        told.parts[factor] = told.parts.get(factor, 0) + part


def _scores_figure(run: RunData, own: dict[Key, VenueTold], takes: bool) -> Figure:
    """Scores over time, a line for each venue."""
    data: list[Figure] = []
    for place, (key, told) in enumerate(own.items()):
        scores = np.array(told.scores)
        kept = thin(scores, POINTS_MAX)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": _venue_name(run, key),
                "x": times(np.array(told.time_ns, dtype=np.int64)[kept]),
                "y": scores[kept].round(3).tolist(),
                "line": {"color": COLORS[place % len(COLORS)], "width": 1.2},
            }
        )
    title = f"Scores of venues where lots {_verb(takes)}"
    return figure(title, data, "ppb of the price", height=300)


def _parts_figure(run: RunData, own: dict[Key, VenueTold], takes: bool) -> Figure:
    """What the mean score of each venue is made of; the factors that count least are one bar."""
    sizes: dict[int, float] = {}
    for told in own.values():
        for factor, part in told.parts.items():
            sizes[factor] = sizes.get(factor, 0.0) + abs(part) / max(len(told.scores), 1)
    shown = sorted(sizes, key=lambda factor: (-sizes[factor], factor))[:FACTORS_MAX]
    names = [_venue_name(run, key) for key in own]
    bars = [
        (RouterFactor(factor).field.replace("_", " "), [_mean(t, factor) for t in own.values()])
        for factor in shown
    ]
    rest = [
        round(sum(_mean(told, factor) for factor in told.parts if factor not in shown), 3)
        for told in own.values()
    ]
    if any(rest):
        bars.append(("all others", rest))
    data: list[Figure] = [{"type": "bar", "name": name, "x": names, "y": y} for name, y in bars]
    title = f"What scores are made of where lots {_verb(takes)}"
    return figure(title, data, "ppb of the price", barmode="relative", height=320)


def _mean(told: VenueTold, factor: int) -> float:
    """What a factor gave on average, in ppb of the price."""
    return round(told.parts.get(factor, 0) / max(len(told.scores), 1) / MICRO_PPB, 3)


def _table(run: RunData, told: dict[Key, VenueTold]) -> Table:
    """What every venue got."""
    sums: dict[tuple[str, bool], int] = {}
    for (host, takes, _), one in told.items():
        sums[host, takes] = sums.get((host, takes), 0) + one.lots
    rows = []
    for key in sorted(told, key=lambda one: (one[0], not one[1], one[2])):
        one, whole = told[key], sums[key[:2]]
        rows.append(
            [
                key[0],
                "take" if key[1] else "rest",
                name_of(run.books[key[2]]),
                f"{one.choices:,}",
                f"{one.best:,}",
                f"{one.blocked:,}",
                f"{one.ranks / one.choices + 1:.2f}",
                f"{one.lots:,}",
                LITTLE_TEXT.format(100 * one.lots / whole) if whole else "–",
            ]
        )
    columns = [
        "desk", "lots are to", "book", "choices", "came first", "could not be used", "mean rank",
        "lots", "share",
    ]  # fmt: skip
    return Table(title="Venues chosen", columns=columns, rows=rows)


def _venue_name(run: RunData, key: Key) -> str:
    name: str = name_of(run.books[key[2]])
    return name if len(run.hosts) == 1 else f"{key[0]} {name}"


def _verb(takes: Any) -> str:
    return "are taken" if takes else "rest"
