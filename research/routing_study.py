"""Does the router earn its place? The same wishes by the router, by each single venue, by the best price.

Model: one scenario is run again and again, with nothing changed but its route. Its wishes come by the
clock, so the runs have the same ones, and what each cost is compared wish by wish: shortfall against the
mid at the decision, fees included, in basis points of what was wanted. A router learns from its own fills
while it trades; only wishes from `after` on are judged, so that it has learned before.

An ablation is the router without a family of its factors: what it costs more is what the family was worth.

Why is answered by venue: what the router, the best single venue and the best price filled where, for
which fees, and where the mid went afterwards (`research.routing_venues`).

Intervals are of the mean difference, resampled over wishes (`research.bootstrap`).
"""

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, time
from fractions import Fraction
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from desk.tca import ParentRecord, shortfall_of
from market.errors import InputError
from research.bootstrap import Interval, mean_interval
from research.routing_families import FAMILIES
from research.routing_venues import Tallies, VenueRow, summed, tallies_of, venue_rows
from scenarios.run import run_scenario
from scenarios.schema import load_scenario, parse_scenario
from scenarios.tca_records import records_of

ROUTE: Final = re.compile(r"(?ms)^\[hosts\.stack\.strategies\.route\]$.*?(?=^\[|\Z)")
CHANGED: Final = re.compile(r"(?m)^(mode|venue|take|rest)\s*=.*\n")
ROUTER: Final = "router"
BEST: Final = "best"


class Wish(msgspec.Struct, frozen=True):
    """What one wish cost, in basis points of its worth; what of that were fees; its fills by venue."""

    cost_bp: float
    fees_bp: float
    lots: int
    filled_lots: int
    venues: Tallies


class VariantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One way of routing.

    Attributes:
        lots: Wanted in all by the judged wishes; a wish that was not filled is part of the next one.
        filled: Part of them that was filled.
        cost_bp: Mean shortfall of the judged wishes.
        fees_bp: Of which fees.
        more_than_router: By how much it costs more than the router does.
        router_is_better: Whether all of that interval is above zero.
    """

    name: str
    wishes: int
    lots: int
    filled: float
    cost_bp: float
    fees_bp: float
    more_than_router: Interval
    router_is_better: bool


class RoutingStudy(msgspec.Struct, frozen=True, kw_only=True):
    """What `twin study routing` found.

    Attributes:
        judged: Wishes that are judged: known in every run, from `after` on.
        venues: The router, each single venue, and the best displayed price.
        ablation: The router without a family of factors.
        by_venue: Of the router, the best single venue and the best price: what was filled where.
        best_static: The single venue that cost least.
        beats_best_static: Whether the router is better than it, the interval above zero.
        beats_best_price: The same against the best displayed price.
    """

    scenario: str
    tape: str
    after: str
    judged: int
    venues: list[VariantRow]
    ablation: list[VariantRow]
    by_venue: list[VenueRow]
    best_static: str
    beats_best_static: bool
    beats_best_price: bool


def variants_of(text: str, where: str) -> dict[str, str]:
    """The scenario's text for each way of routing.

    Raises:
        InputError: It has not exactly one strategy with a route.
    """
    scenario = parse_scenario(text, where)
    routes = [
        one.route
        for host in scenario.hosts
        if host.stack is not None
        for one in host.stack.strategies
        if isinstance(one.route, msgspec.Struct)
    ]
    if len(routes) != 1 or len(ROUTE.findall(text)) != 1:
        raise InputError(f"{where}: found {len(routes)} routes, allowed is one")
    found = {ROUTER: _with_route(text, 'mode = "scored"')}
    for book in routes[0].books:
        found[book] = _with_route(text, f'mode = "static"\nvenue = "{book}"')
    found[BEST] = _with_route(text, 'mode = "best"')
    for family, names in FAMILIES.items():
        none = "{ " + ", ".join(f"{name} = 0" for name in names) + " }"
        found[f"without {family}"] = _with_route(
            text, f'mode = "scored"\ntake = {none}\nrest = {none}'
        )
    return found


def _with_route(text: str, lines: str) -> str:
    """A scenario with another way of routing."""

    def changed(found: re.Match[str]) -> str:
        return CHANGED.sub("", found[0]).rstrip() + "\n" + lines + "\n\n"

    return ROUTE.sub(changed, text)


def wishes_of(run: Path, every_ns: int, after_ns: int) -> dict[int, Wish]:
    """What each wish of a run cost, by the stretch of time in which it was decided.

    Args:
        run: The run's folder.
        every_ns: Length of a stretch.
        after_ns: First moment that counts.
    """
    told = records_of(run, valued="end")
    found: dict[int, list[ParentRecord]] = {}
    for record in told.records:
        if record.decided.at_ns >= after_ns:
            found.setdefault(record.decided.at_ns // every_ns, []).append(record)
    wishes = {}
    for stretch, records in found.items():
        costs = [shortfall_of(record) for record in records]
        worth_x2 = sum(cost.worth_x2 for cost in costs)
        if worth_x2 > 0:
            wishes[stretch] = Wish(
                float(Fraction(10_000 * sum(cost.total_x2 for cost in costs), worth_x2)),
                float(Fraction(10_000 * sum(cost.parts.fees_x2 for cost in costs), worth_x2)),
                sum(record.wanted_lots for record in records),
                sum(record.filled_lots for record in records),
                tallies_of(records, told.mids),
            )
    return wishes


def _run(what: tuple[str, str, str, int, int]) -> dict[int, Wish]:
    """One run in a process of its own; its folder is thrown away."""
    text, tape, name, every_ns, after_ns = what
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name.replace(' ', '_').replace('@', '_')}.toml"
        path.write_text(text, encoding="utf-8")
        summary = run_scenario(
            str(path),
            tape=Path(tape),
            seed=None,
            runs_dir=Path(folder),
            progress=lambda _done, _total: None,
            announce=lambda _identity: None,
            wall_ns=lambda: 0,
        )
        return wishes_of(Path(summary.folder), every_ns, after_ns)


def routing_study(
    scenario: str,
    tape: Path,
    *,
    after: str = "13:00",
    zone: str = "America/New_York",
    jobs: int = 1,
    ablation: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> RoutingStudy:
    """Run every way of routing and compare what the same wishes cost.

    Args:
        scenario: A packaged name or a file, with one routed strategy `parents`.
        tape: Of the books of its route.
        after: Time of day from which wishes are judged.
        zone: Of that time.
        jobs: Processes.
        ablation: Whether families of factors are left out one by one.
        progress: Told runs done and in all.

    Raises:
        InputError: The scenario has no single route over wishes by the clock, or the time is no time.
    """
    text, where = load_scenario(scenario)[1:]
    texts = variants_of(text, where)
    if not ablation:
        texts = {name: one for name, one in texts.items() if not name.startswith("without ")}
    every_ns = _every_ns(text, where)
    after_ns = _after_ns(tape, after, zone)
    jobs_of = [(one, str(tape), name, every_ns, after_ns) for name, one in texts.items()]
    wishes: dict[str, dict[int, Wish]] = {}
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        for done, (name, found) in enumerate(zip(texts, pool.map(_run, jobs_of), strict=True), 1):
            wishes[name] = found
            if progress is not None:
                progress(done, len(texts))
    return compared(scenario, tape, after, wishes)


def compared(
    scenario: str, tape: Path, after: str, wishes: Mapping[str, Mapping[int, Wish]]
) -> RoutingStudy:
    """What the runs say.

    Args:
        scenario: Its name.
        tape: That was replayed.
        after: From when wishes are judged.
        wishes: By the way of routing, what each stretch's wish cost.

    Raises:
        InputError: No wish is in every run.
    """
    judged = sorted(set.intersection(*(set(found) for found in wishes.values())))
    if not judged:
        raise InputError(
            f"{scenario}: found no wish that every run has from {after} on, allowed is one or more"
        )
    rows = {name: _row(name, judged, wishes) for name in wishes}
    venues = [row for name, row in rows.items() if not name.startswith("without ")]
    static = [row for row in venues if row.name not in (ROUTER, BEST)]
    cheapest = min(static, key=lambda row: row.cost_bp)
    return RoutingStudy(
        scenario=scenario,
        tape=str(tape),
        after=after,
        judged=len(judged),
        venues=venues,
        ablation=[row for name, row in rows.items() if name.startswith("without ")],
        by_venue=[
            row
            for name in (ROUTER, cheapest.name, BEST)
            for row in venue_rows(name, summed(wishes[name][at].venues for at in judged))
        ],
        best_static=cheapest.name,
        beats_best_static=cheapest.router_is_better,
        beats_best_price=rows[BEST].router_is_better,
    )


def _row(name: str, judged: Sequence[int], wishes: Mapping[str, Mapping[int, Wish]]) -> VariantRow:
    """One way of routing against the router."""
    own, router = wishes[name], wishes[ROUTER]
    count = len(judged)
    interval = mean_interval(
        [own[at].cost_bp - router[at].cost_bp for at in judged], f"routing/{name}"
    )
    return VariantRow(
        name=name,
        wishes=len(judged),
        lots=sum(own[at].lots for at in judged),
        filled=sum(own[at].filled_lots for at in judged) / sum(own[at].lots for at in judged),
        cost_bp=sum(own[at].cost_bp for at in judged) / count,
        fees_bp=sum(own[at].fees_bp for at in judged) / count,
        more_than_router=interval,
        router_is_better=interval.above_zero,
    )


def _every_ns(text: str, where: str) -> int:
    """Length of a stretch of the strategy whose wishes are compared."""
    for host in parse_scenario(text, where).hosts:
        for one in host.stack.strategies if host.stack is not None else ():
            if one.strategy == "parents" and isinstance(one.route, msgspec.Struct):
                return int(one.params.every_ns)  # type: ignore[attr-defined]
    raise InputError(f"{where}: found no strategy 'parents' with a route, allowed is one")


def _after_ns(tape: Path, after: str, zone: str) -> int:
    """The time of day on the tape's day, in nanoseconds since the epoch."""
    from sim.tape.read import open_tape

    try:
        clock = time.fromisoformat(after)
        day = datetime.fromisoformat(open_tape(tape).meta.session_date).date()
        moment = datetime.combine(day, clock, tzinfo=ZoneInfo(zone))
    except (ValueError, KeyError) as error:
        raise InputError(
            f"after: found {after!r} in {zone!r}: {error}; allowed is a time"
        ) from None
    return int(moment.timestamp()) * 1_000_000_000
