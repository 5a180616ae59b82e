"""Does the router earn its place? The same wishes by the router, by each single venue, by the best price.

Model: one scenario is run again and again, with nothing changed but its route. Its wishes come by the
clock, so the runs have the same ones, and what each cost is compared wish by wish: shortfall against the
mid at the decision, fees included, in basis points of what was wanted. A router learns from its own fills
while it trades; only wishes from `after` on are judged, so that it has learned before.

An ablation is the router without a family of its factors: what it costs more is what the family was worth.

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

from desk.router import FACTORS
from desk.tca import shortfall_of
from market.errors import InputError
from research.bootstrap import Interval, mean_interval
from scenarios.run import run_scenario
from scenarios.schema import load_scenario, parse_scenario
from scenarios.tca_records import records_of

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "price": ("price_edge_ppb", "spread_ppb", "level_gap_ticks", "take_cost_ppb"),
    "fees": ("taker_fee_ppb", "maker_rebate_ppb", "order_fee_ppb", "clearing_ppb"),
    "displayed size": (
        "far_lots",
        "far_depth_lots",
        "far_cover_ppm",
        "near_lots",
        "imbalance_ppm",
    ),
    "queue": ("queue_share_ppm", "queue_wait_ms", "outflow_mlots_s"),
    "volume": ("volume_mlots_s", "volume_share_ppm", "trade_mlots", "flicker_mhz"),
    "fills": (
        "fill_ppm",
        "fill_low_ppm",
        "fill_rate_uhz",
        "fill_time_ms",
        "take_ratio_ppm",
        "rest_value_ppb",
    ),
    "hidden and slippage": ("fade_ppm", "hidden_ppm", "improvement_ppb", "slippage_ppb"),
    "mark-outs": (
        "markout_10ms_ppb",
        "markout_100ms_ppb",
        "markout_1s_ppb",
        "markout_10s_ppb",
        "markout_60s_ppb",
        "toxic_ppm",
        "leak_ppb",
    ),
    "latency": (
        "ack_p50_us",
        "ack_p90_us",
        "ack_p99_us",
        "ack_jitter_us",
        "cancel_p90_us",
        "feed_delay_us",
        "stale_ms",
    ),
    "trouble": (
        "reject_ppm",
        "late_cancel_ppm",
        "silent_ppm",
        "unknown_orders",
        "link_breaks",
        "throttle_room",
        "throttle_use_ppm",
        "halts",
        "health_ppm",
        "auction_ms",
        "resting_lots",
        "parent_share_ppm",
        "opposite_lots",
        "lot_waste_ppm",
    ),
}
"""Every factor is in one family."""

ROUTE: Final = re.compile(r"(?ms)^\[hosts\.stack\.strategies\.route\]$.*?(?=^\[|\Z)")
CHANGED: Final = re.compile(r"(?m)^(mode|venue|take|rest)\s*=.*\n")
ROUTER: Final = "router"
BEST: Final = "best"


class Wish(msgspec.Struct, frozen=True):
    """What one wish cost, in basis points of its worth; and what of that were fees."""

    cost_bp: float
    fees_bp: float
    lots: int
    filled_lots: int


class VariantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One way of routing.

    Attributes:
        filled: Part of the wanted lots that was filled.
        cost_bp: Mean shortfall of the judged wishes.
        fees_bp: Of which fees.
        more_than_router: By how much it costs more than the router does.
        router_is_better: Whether all of that interval is above zero.
    """

    name: str
    wishes: int
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
    found: dict[int, list[tuple[int, int, int, int, int]]] = {}
    for record in records_of(run, valued="end").records:
        if record.decided.at_ns < after_ns:
            continue
        cost = shortfall_of(record)
        found.setdefault(record.decided.at_ns // every_ns, []).append(
            (
                cost.total_x2,
                cost.parts.fees_x2,
                cost.worth_x2,
                record.wanted_lots,
                record.filled_lots,
            )
        )
    wishes = {}
    for stretch, parts in found.items():
        total, fees, worth, lots, filled = (sum(column) for column in zip(*parts, strict=True))
        if worth > 0:
            wishes[stretch] = Wish(
                float(Fraction(10_000 * total, worth)),
                float(Fraction(10_000 * fees, worth)),
                lots,
                filled,
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
    return _compared(scenario, tape, after, wishes)


def _compared(
    scenario: str, tape: Path, after: str, wishes: Mapping[str, Mapping[int, Wish]]
) -> RoutingStudy:
    """What the runs say."""
    judged = sorted(set.intersection(*(set(found) for found in wishes.values())))
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
        best_static=cheapest.name,
        beats_best_static=cheapest.router_is_better,
        beats_best_price=rows[BEST].router_is_better,
    )


def _row(name: str, judged: Sequence[int], wishes: Mapping[str, Mapping[int, Wish]]) -> VariantRow:
    """One way of routing against the router."""
    own, router = wishes[name], wishes[ROUTER]
    count = max(len(judged), 1)
    interval = mean_interval(
        [own[at].cost_bp - router[at].cost_bp for at in judged], f"routing/{name}"
    )
    return VariantRow(
        name=name,
        wishes=len(judged),
        filled=sum(own[at].filled_lots for at in judged)
        / max(sum(own[at].lots for at in judged), 1),
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


assert sorted(name for names in FAMILIES.values() for name in names) == sorted(
    factor.field for factor in FACTORS
)
