"""Footprint: what somebody who learns a pattern earns by it, from an order by the clock and from a random one.

Model: scenario `footprint` twice for each seed, once as it is and once with the victim's slices at drawn
times and of drawn sizes (`jitter_time_ppm`, `jitter_size_ppm`), all else the same: flow, wishes, wires. What
the predator earns is its account at the venue, cash and what is held at the last mid, less fees. What the
victim pays is the shortfall of its wishes against the mid at each decision, in basis points of their worth.
Differences are paired by seed; their intervals are resampled over seeds.
"""

import re
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec

from desk.tca import shortfall_of
from market.errors import InputError
from research.bootstrap import Interval, mean_interval
from scenarios.run import RunSummary, run_scenario
from scenarios.schema import load_scenario, parse_scenario
from scenarios.tca_records import records_of

PREDATOR: Final = "predator"
SCHEDULE: Final = re.compile(
    r"(?m)\bschedule\s*=\s*\{|^\[hosts\.stack\.strategies\.execution\.schedule\]"
)
JITTER: Final = re.compile(
    r",\s*jitter_(?:time|size)_ppm\s*=\s*\w+|\bjitter_(?:time|size)_ppm\s*=\s*\w+\s*,?"
)


class Hunt(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        earned: By the predator, in currency.
        traded_lots: By it.
        victim_lots: By all others.
        victim_cost_bp: Shortfall of what was worked over time, of its worth.
    """

    earned: float
    traded_lots: int
    victim_lots: int
    victim_cost_bp: float


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """What `twin study footprint` found; means over seeds, money in the book's currency.

    Attributes:
        clockwork: What the predator earns from slices by the clock.
        randomised: The same from drawn ones.
        difference: The first less the second, paired by seed.
        randomised_is_safer: Whether all of that interval is above zero.
        victim_clockwork: What the victim pays with slices by the clock, in basis points.
        victim_randomised: The same with drawn ones.
        victim_difference: The first less the second, paired by seed.
    """

    seeds: int
    time_ppm: int
    size_ppm: int
    clockwork: Interval
    randomised: Interval
    difference: Interval
    randomised_is_safer: bool
    victim_clockwork: Interval
    victim_randomised: Interval
    victim_difference: Interval
    traded_lots: dict[str, float]


def jittered(text: str, where: str, time_ppm: int, size_ppm: int) -> str:
    """The text of a scenario with every schedule of every desk drawn.

    Args:
        text: Of the scenario.
        where: It is from, for errors.
        time_ppm: Part of its stretch that a slice's time may move into.
        size_ppm: Part of its lots that a slice may gain or lose.

    Raises:
        InputError: No strategy of it is worked over time.
    """
    told = f"jitter_time_ppm = {time_ppm}", f"jitter_size_ppm = {size_ppm}"
    before = _jitters(text, where)
    if not before:
        raise InputError(f"{where}: found no strategy with a schedule, allowed is one or more")

    def drawn(found: re.Match[str]) -> str:
        if found[0].startswith("["):
            return "\n".join((found[0], *told))
        return f"{found[0]} {', '.join(told)},"

    changed = SCHEDULE.sub(drawn, JITTER.sub("", text))
    if _jitters(changed, where) != [(time_ppm, size_ppm)] * len(before):
        raise InputError(
            f"{where}: found a schedule in other words, allowed are `schedule = {{ … }}` and a table"
        )
    return changed


def _jitters(text: str, where: str) -> list[tuple[int, int]]:
    """What is drawn of each schedule of a scenario."""
    return [
        (one.execution.schedule.jitter_time_ppm, one.execution.schedule.jitter_size_ppm)
        for host in parse_scenario(text, where).hosts
        for one in (host.stack.strategies if host.stack is not None else ())
        if isinstance(one.execution.schedule, msgspec.Struct)
    ]


def hunt(what: tuple[str, int, int, int]) -> Hunt:
    """One run; its folder is thrown away.

    Args:
        what: Scenario, seed, and how much of time and size is drawn.

    Raises:
        InputError: The scenario has no predator, or nobody to be hunted.
    """
    name, seed, time_ppm, size_ppm = what
    scenario, text, where = load_scenario(name)
    names = [host.name for host in scenario.hosts]
    if PREDATOR not in names:
        raise InputError(f"{name}: found hosts {', '.join(names)}, allowed is one named {PREDATOR}")
    if time_ppm or size_ppm:
        text = jittered(text, where, time_ppm, size_ppm)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "footprint.toml"
        path.write_text(text, encoding="utf-8")
        summary = run_scenario(
            str(path),
            tape=None,
            seed=seed,
            runs_dir=Path(folder),
            progress=lambda _done, _total: None,
            announce=lambda _identity: None,
            wall_ns=lambda: 0,
        )
        return _hunt_of(summary, Path(summary.folder))


def _hunt_of(summary: RunSummary, folder: Path) -> Hunt:
    """What a finished run says of the predator and of the others."""
    by_name = {host.name: host for host in summary.hosts}
    predator = by_name.pop(PREDATOR)
    found = records_of(folder, valued="end")
    costs = [
        shortfall_of(record)
        for record in found.records
        if not found.strategies[record.strategy].startswith(f"{PREDATOR}/")
    ]
    worth_x2 = sum(cost.worth_x2 for cost in costs)
    return Hunt(
        float(Fraction(predator.pnl.split()[0])),
        predator.traded_lots,
        sum(host.traded_lots for host in by_name.values()),
        float(Fraction(10_000 * sum(cost.total_x2 for cost in costs), max(worth_x2, 1))),
    )


def footprint(
    scenario: str = "footprint",
    *,
    seeds: int = 20,
    time_ppm: int = 900_000,
    size_ppm: int = 500_000,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Footprint:
    """Let the predator hunt a clockwork order and a random one, over many seeds.

    Args:
        scenario: With a host named `predator` and a strategy that is worked over time.
        seeds: How many, from 1 on.
        time_ppm: Part of its stretch that a slice's time may move into.
        size_ppm: Part of its lots that a slice may gain or lose.
        jobs: Processes.
        progress: Told runs done and in all.

    Raises:
        InputError: The scenario has no predator, or nobody to be hunted.
    """
    runs = [(scenario, seed, 0, 0) for seed in range(1, seeds + 1)]
    runs += [(scenario, seed, time_ppm, size_ppm) for seed in range(1, seeds + 1)]
    found: list[Hunt] = []
    if jobs == 1:
        for what in runs:
            found.append(hunt(what))
            if progress is not None:
                progress(len(found), len(runs))
    else:
        with ProcessPoolExecutor(max_workers=jobs) as pool:
            for one in pool.map(hunt, runs):
                found.append(one)
                if progress is not None:
                    progress(len(found), len(runs))
    clock, drawn = found[:seeds], found[seeds:]
    pairs = list(zip(clock, drawn, strict=True))
    difference = mean_interval(
        [one.earned - two.earned for one, two in pairs], "footprint/difference"
    )
    return Footprint(
        seeds=seeds,
        time_ppm=time_ppm,
        size_ppm=size_ppm,
        clockwork=mean_interval([one.earned for one in clock], "footprint/clockwork"),
        randomised=mean_interval([one.earned for one in drawn], "footprint/randomised"),
        difference=difference,
        randomised_is_safer=difference.above_zero,
        victim_clockwork=mean_interval([one.victim_cost_bp for one in clock], "footprint/paid"),
        victim_randomised=mean_interval([one.victim_cost_bp for one in drawn], "footprint/drawn"),
        victim_difference=mean_interval(
            [one.victim_cost_bp - two.victim_cost_bp for one, two in pairs], "footprint/saved"
        ),
        traded_lots={
            "predator, clockwork": sum(one.traded_lots for one in clock) / seeds,
            "predator, randomised": sum(one.traded_lots for one in drawn) / seeds,
            "victim, clockwork": sum(one.victim_lots for one in clock) / seeds,
            "victim, randomised": sum(one.victim_lots for one in drawn) / seeds,
        },
    )
