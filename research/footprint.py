"""Footprint: what somebody who learns a pattern earns by it, from an order by the clock and from a random one.

Model: scenario `footprint` twice for each seed, once as it is and once with the victim's slices at drawn
times and of drawn sizes (`jitter_time_ppm`, `jitter_size_ppm`), all else the same: flow, wishes, wires. What
the predator earns is its account at the venue, cash and what is held at the last mid, less fees. The
difference is paired by seed; its interval is resampled over seeds.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction

import msgspec

from market.codes import Side
from market.errors import InputError
from research.bootstrap import Interval, mean_interval
from scenarios.build import Assembly
from scenarios.schema import load_scenario
from scenarios.sections import Scenario

PREDATOR = "predator"


class Hunt(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        earned: By the predator, in currency.
        traded_lots: By it.
        victim_lots: By the victim.
    """

    earned: float
    traded_lots: int
    victim_lots: int


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """What `twin study footprint` found; money in the book's currency, means over seeds.

    Attributes:
        clockwork: What the predator earns from slices by the clock.
        randomised: The same from drawn ones.
        difference: The first less the second, paired by seed.
        randomised_is_safer: Whether all of that interval is above zero.
    """

    seeds: int
    time_ppm: int
    size_ppm: int
    clockwork: Interval
    randomised: Interval
    difference: Interval
    randomised_is_safer: bool
    traded_lots: dict[str, float]


def jittered(scenario: Scenario, time_ppm: int, size_ppm: int) -> Scenario:
    """The scenario with every schedule of every desk drawn.

    Raises:
        InputError: No strategy of it is worked over time.
    """
    hosts, count = [], 0
    for host in scenario.hosts:
        if host.stack is None:
            hosts.append(host)
            continue
        strategies = []
        for one in host.stack.strategies:
            execution = one.execution
            if isinstance(execution.schedule, msgspec.Struct):
                count += 1
                schedule = msgspec.structs.replace(
                    execution.schedule, jitter_time_ppm=time_ppm, jitter_size_ppm=size_ppm
                )
                execution = msgspec.structs.replace(execution, schedule=schedule)
            strategies.append(msgspec.structs.replace(one, execution=execution))
        stack = msgspec.structs.replace(host.stack, strategies=tuple(strategies))
        hosts.append(msgspec.structs.replace(host, stack=stack))
    if not count:
        raise InputError("footprint: found no strategy with a schedule, allowed is one or more")
    return msgspec.structs.replace(scenario, hosts=tuple(hosts))


def hunt(what: tuple[str, int, int, int]) -> Hunt:
    """One run, in memory.

    Args:
        what: Scenario, seed, and how much of time and size is drawn.
    """
    name, seed, time_ppm, size_ppm = what
    scenario = load_scenario(name)[0]
    if time_ppm or size_ppm:
        scenario = jittered(scenario, time_ppm, size_ppm)
    names = [host.name for host in scenario.hosts]
    if PREDATOR not in names:
        raise InputError(f"{name}: found hosts {', '.join(names)}, allowed is one named {PREDATOR}")
    number = names.index(PREDATOR)
    assembly = Assembly(scenario, None, seed, None)
    assembly.clock.run()
    one, world = assembly.instruments[0], assembly.world
    account = assembly.venue.accounts.get((number, 0))
    earned = 0
    if account is not None:
        bids, asks = (world.venue_depth(0, side, 1) for side in Side)
        mid_x2 = bids[0][0] + asks[0][0] if bids and asks else 0
        earned = 2 * (account.cash - account.fee) + one.notional(mid_x2, account.position_lots)
    per_currency = 2 * one.price_units_per_currency * one.lot_den
    return Hunt(
        float(Fraction(earned * one.lot_num, per_currency)),
        account.turnover_lots if account is not None else 0,
        sum(
            other.turnover_lots
            for (host, _), other in assembly.venue.accounts.items()
            if host != number
        ),
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
    difference = mean_interval(
        [one.earned - two.earned for one, two in zip(clock, drawn, strict=True)],
        "footprint/difference",
    )
    return Footprint(
        seeds=seeds,
        time_ppm=time_ppm,
        size_ppm=size_ppm,
        clockwork=mean_interval([one.earned for one in clock], "footprint/clockwork"),
        randomised=mean_interval([one.earned for one in drawn], "footprint/randomised"),
        difference=difference,
        randomised_is_safer=difference.above_zero,
        traded_lots={
            "predator, clockwork": sum(one.traded_lots for one in clock) / seeds,
            "predator, randomised": sum(one.traded_lots for one in drawn) / seeds,
            "victim, clockwork": sum(one.victim_lots for one in clock) / seeds,
            "victim, randomised": sum(one.victim_lots for one in drawn) / seeds,
        },
    )
