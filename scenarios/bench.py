"""How fast the replay is, measured against bare SimPy time-outs in the same run.

A seeded zero-intelligence stream is recorded once and then replayed in rounds. Every round runs every
lap once, so that whatever else the machine does meets all of them alike; figures are medians over
the rounds, with the slowest and the fastest beside them. The ratio is taken within each round, where
both of its parts had the same machine. What is compiled, or grows once, happens in a warm-up that is
not measured; the stream lies in memory, in ticks, before a lap begins, so that reading a tape is not
measured either.

The laps, each over the whole stream in frozen mode with one own order that rests, is moved to the
back of the tenth best bid for the last simulated second, and is asked for its queue position at the
end:

- `simpy`: bare time-outs of one process; no book at all;
- `venue`: the venue's book alone;
- `replay`: the venue's book and a local book behind a wire of constant latency; the headline;
- `replay_lognormal`: the same behind a wire of log-normal latency;
- `replay_armed`: `replay`, woken at every change of the local best prices;
- `replay_clock` and `replay_decisions`: `replay` under the SimPy clock, without and with a decision
  that reads the local book every simulated millisecond; their difference is a decision's cost.

Every lap must end in the same book, at the same queue position, with the local book equal to the
venue's: a wrong fast answer is an error, not a figure.
"""

import hashlib
from collections.abc import Callable, Generator
from statistics import median
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from market.codes import Kind, Mode, OrderType, RowFlag, Side, TimeInForce, Trigger
from market.errors import VenueError
from sim.arena import BookSpec, LocalSpec
from sim.bare import run_timeouts
from sim.clock import Clock
from sim.flow import FlowModel, record_flow
from sim.latency import Constant, LatencyModel, LogNormal
from sim.streams import stream_key
from sim.world import World

SEED: Final = 7
MESSAGES: Final = 1_000_000
TIMEOUTS: Final = 500_000
ROUNDS: Final = 5
WARM_UP_MESSAGES: Final = 20_000

MESSAGES_MIN: Final = 5_000
"""The stream must be longer than its last simulated second, in which the own order joins a queue."""

FLOW: Final = FlowModel(
    limit_mean_ns=1_000_000,
    market_mean_ns=6_000_000,
    life_mean_ns=2_000_000_000,
    band_ticks=50,
    qty_mean_lots=100,
    seed_orders=2_000,
    anchor_ticks=100_000,
)
FLOW_END_NS: Final = 1 << 50
TICK_UNITS: Final = 100
SECOND_NS: Final = 1_000_000_000
MILLISECOND_NS: Final = 1_000_000

CONSTANT: Final = Constant(latency_ns=100_000)
LOGNORMAL: Final = LogNormal(median_ns=100_000, sigma=0.5, min_ns=1_000)

ORDER_ID: Final = 1 << 40 | 1
ORDER_LOTS: Final = 10
JOIN_LEVEL: Final = 10
DEPTH_LEVELS: Final = 50
SETTLE_NS: Final = 10 * SECOND_NS
"""After the last row, time for every message to have reached the local book."""

Drive = Callable[[World, int], int]
"""Lets a world happen up to a time, and returns how often somebody woke."""


class BenchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What `twin bench replay` found.

    Attributes:
        rates: Medians: messages per second of each lap; of `simpy`, time-outs per second.
        ratio: Rate of `replay` over that of `simpy` in the same round, median over the rounds.
        decision_us: Median cost of a decision that reads the local book, in microseconds.
        messages: Rows of the stream; each is one message of the public feed.
        wakes: Times that `replay_armed` was woken.
        decisions: Decisions of `replay_decisions`.
        queue_ahead_lots: Lots in front of the own order at the end.
        digest: Of the book's state at the end, the same in every lap of every round.
        spread: Slowest and fastest rate of each lap.
        rounds: Every rate of every round.
    """

    rates: dict[str, float]
    ratio: float
    decision_us: float
    messages: int
    wakes: int
    decisions: int
    queue_ahead_lots: int
    digest: str
    spread: dict[str, list[float]]
    rounds: list[dict[str, float]]


class Stream(NamedTuple):
    """The recorded stream and where the own order may rest without ever being hit."""

    rows: npt.NDArray[np.void]
    handle_count: int
    end_ns: int
    quiet_ticks: int


class Lap(NamedTuple):
    """One pass over the stream."""

    wall_ns: int
    wakes: int
    digest: str
    queue_ahead_lots: int


def bench_replay(
    *,
    wall_ns: Callable[[], int],
    progress: Callable[[int, int], None] | None = None,
    rounds: int = ROUNDS,
    messages: int = MESSAGES,
) -> BenchResult:
    """Measure every lap in alternating rounds.

    Args:
        wall_ns: A monotonic clock in nanoseconds; rooms of simulated time have none of their own.
        progress: Called with rounds done and rounds in all.
        rounds: How often each lap runs.
        messages: Least number of messages in the stream, at least MESSAGES_MIN.

    Raises:
        VenueError: Two laps ended in different books.
    """
    assert messages >= MESSAGES_MIN
    _round(record_stream(WARM_UP_MESSAGES), wall_ns, WARM_UP_MESSAGES)
    stream = record_stream(messages)
    timeouts = min(TIMEOUTS, messages)
    taken = []
    for number in range(rounds):
        taken.append(_round(stream, wall_ns, timeouts))
        if progress is not None:
            progress(number + 1, rounds)
    return _result(stream, taken)


def record_stream(messages: int) -> Stream:
    """The benchmark's stream; the same for the same length, on every machine."""
    spec = FLOW.compile(seed=SEED, book_id=0, start_ns=0, end_ns=FLOW_END_NS)
    pieces = record_flow(spec, tick_units=TICK_UNITS, slice_ns=SECOND_NS, message_count=messages)
    rows = np.concatenate(list(pieces))
    hit = (rows["kind"] == Kind.EXECUTE) & (rows["side_flags"] & int(RowFlag.SELL) == 0)
    bids = rows["price"][hit]
    return Stream(
        rows=rows,
        handle_count=int(rows["handle"].max()) + 1,
        end_ns=int(rows["ts_ns"][-1]),
        quiet_ticks=int(bids.min()) // TICK_UNITS - FLOW.band_ticks,
    )


def _round(stream: Stream, wall_ns: Callable[[], int], timeouts: int) -> dict[str, Lap]:
    """Every lap once."""
    began_ns = wall_ns()
    over = run_timeouts(timeouts)
    laps = {"simpy": Lap(wall_ns() - began_ns, over, "", 0)}
    laps["venue"] = _lap(stream, wall_ns, None, straight)
    laps["replay"] = _lap(stream, wall_ns, CONSTANT, straight)
    laps["replay_lognormal"] = _lap(stream, wall_ns, LOGNORMAL, straight)
    laps["replay_armed"] = _lap(stream, wall_ns, CONSTANT, watching)
    laps["replay_clock"] = _lap(stream, wall_ns, CONSTANT, clocked(stream, deciding=False))
    laps["replay_decisions"] = _lap(stream, wall_ns, CONSTANT, clocked(stream, deciding=True))
    return laps


def _lap(
    stream: Stream, wall_ns: Callable[[], int], latency: LatencyModel | None, drive: Drive
) -> Lap:
    """Replay the stream once, and look at the books after the clock was stopped."""
    world = _world(stream, latency)
    began_ns = wall_ns()
    wakes = drive(world, stream.end_ns - SECOND_NS)
    _join_queue(world)
    wakes += drive(world, stream.end_ns)
    ahead_lots = world.queue_ahead(0, ORDER_ID)
    took_ns = wall_ns() - began_ns
    if latency is not None:
        _check_local(world, stream.end_ns)
    state = np.array(world.state(0), dtype="<i8").tobytes()
    digest = hashlib.blake2b(state, digest_size=16).hexdigest()
    return Lap(took_ns, wakes, digest, ahead_lots)


def _world(stream: Stream, latency: LatencyModel | None) -> World:
    """A world at the stream's first instant, with the own order far below the market."""
    locals_ = []
    if latency is not None:
        key = stream_key(SEED, "bench/wire")
        locals_.append(LocalSpec(book_id=0, latency=latency.compile(), key=key))
    world = World(
        mode=Mode.FROZEN,
        books=[BookSpec(tick_units=TICK_UNITS, handle_count=stream.handle_count)],
        locals_=locals_,
        start_ns=0,
        rows=iter([stream.rows]),
    )
    world.advance(0)
    world.submit(
        0,
        0,
        ORDER_ID,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC,
        post_only=False,
        price_ticks=stream.quiet_ticks,
        qty_lots=ORDER_LOTS,
        cause=1,
    )
    return world


def _join_queue(world: World) -> None:
    """Move the own order behind others, where its queue position means something."""
    price_ticks = world.venue_depth(0, Side.BUY, JOIN_LEVEL)[-1][0]
    world.replace(0, world.now_ns, ORDER_ID, price_ticks=price_ticks, qty_lots=ORDER_LOTS, cause=2)


def straight(world: World, until_ns: int) -> int:
    """Nobody listens: as far as it goes at once."""
    while world.now_ns < until_ns:
        world.advance(until_ns)
    return 0


def watching(world: World, until_ns: int) -> int:
    """Somebody is woken by every change of the local best prices, and listens on."""
    wakes = 0
    while world.now_ns < until_ns:
        world.arm(0, Trigger.BBO, world.now_ns)
        wakes += len(world.advance(until_ns))
    return wakes


def clocked(stream: Stream, *, deciding: bool) -> Drive:
    """The SimPy clock drives the world, with a decision every simulated millisecond or with none."""
    clock = Clock(0, stream.end_ns + 1)
    decisions = 0

    def decide(world: World) -> Generator[Any, Any, None]:
        nonlocal decisions
        while True:
            yield clock.timeout(MILLISECOND_NS)
            view = world.view(0)
            decisions += view.seq >= 0

    def drive(world: World, until_ns: int) -> int:
        before = decisions
        if clock.market is None:
            clock.market = _Unwatched(world)
            if deciding:
                clock.process(decide(world))
        clock.run_until(until_ns + 1)
        return decisions - before

    return drive


class _Unwatched:
    """A world as the clock's market, in which nobody waits for anything."""

    def __init__(self, world: World) -> None:
        self.now_ns = world.now_ns
        self._world = world

    def advance(self, until_ns: int) -> bool:
        """Happen up to `until_ns`."""
        rows = self._world.advance(until_ns)
        self.now_ns = until_ns
        assert not rows
        return False


def _check_local(world: World, end_ns: int) -> None:
    """Refuse a local book that differs from the venue's after everything has arrived."""
    straight(world, end_ns + SETTLE_NS)
    for side in Side:
        local = world.depth(0, side, DEPTH_LEVELS)
        if local != world.venue_depth(0, side, DEPTH_LEVELS):
            raise VenueError(f"bench: the local book's {side.name} side is not the venue's")


def _result(stream: Stream, taken: list[dict[str, Lap]]) -> BenchResult:
    """Medians and spreads, once all laps are known to agree."""
    first = taken[0]["replay"]
    for number, laps in enumerate(taken):
        for name, lap in laps.items():
            same = (lap.digest, lap.queue_ahead_lots) == (first.digest, first.queue_ahead_lots)
            if name != "simpy" and not same:
                raise VenueError(f"bench: round {number}, lap {name} ended in another book")
    rounds = [
        {
            name: (lap.wakes if name == "simpy" else len(stream.rows)) * 1e9 / lap.wall_ns
            for name, lap in laps.items()
        }
        for laps in taken
    ]
    rates = {name: median(rates[name] for rates in rounds) for name in rounds[0]}
    decisions = taken[0]["replay_decisions"].wakes
    costs_ns = [
        (laps["replay_decisions"].wall_ns - laps["replay_clock"].wall_ns) / decisions
        for laps in taken
    ]
    return BenchResult(
        rates=rates,
        ratio=median(rates["replay"] / rates["simpy"] for rates in rounds),
        decision_us=median(costs_ns) / 1e3,
        messages=len(stream.rows),
        wakes=taken[0]["replay_armed"].wakes,
        decisions=decisions,
        queue_ahead_lots=first.queue_ahead_lots,
        digest=first.digest,
        spread={
            name: [min(r[name] for r in rounds), max(r[name] for r in rounds)] for name in rates
        },
        rounds=rounds,
    )
