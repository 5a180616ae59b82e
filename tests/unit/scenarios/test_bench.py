import itertools
import time

import pytest

from market.codes import Mode, OrderType, Side, TimeInForce
from market.errors import VenueError
from scenarios import bench
from scenarios.bench import bench_replay, record_stream
from sim.bare import run_timeouts
from sim.reference import ReferenceBook
from sim.world import World

MESSAGES = 20_000
LAPS = 6


@pytest.fixture(scope="module")
def result() -> bench.BenchResult:
    return bench_replay(wall_ns=time.perf_counter_ns, rounds=2, messages=MESSAGES)


def test_the_bench_reports_a_rate_for_every_lap(result: bench.BenchResult) -> None:
    laps = {
        "simpy", "venue", "replay", "replay_lognormal", "replay_armed", "replay_clock",
        "replay_decisions",
    }  # fmt: skip

    assert laps == set(result.rates) == set(result.spread)
    assert [laps, laps] == [set(rates) for rates in result.rounds]
    ratios = [rates["replay"] / rates["simpy"] for rates in result.rounds]
    assert min(ratios) < result.ratio < max(ratios)
    assert all(low <= result.rates[lap] <= high for lap, (low, high) in result.spread.items())
    assert result.messages >= MESSAGES
    assert result.wakes > 100
    assert 0 < result.decisions <= record_stream(MESSAGES).end_ns // bench.MILLISECOND_NS


def test_the_book_and_the_queue_position_are_those_of_the_reference(
    result: bench.BenchResult,
) -> None:
    stream = record_stream(MESSAGES)
    book = ReferenceBook(mode=Mode.FROZEN, tick_units=100, handle_count=stream.handle_count)
    rows = stream.rows.tolist()
    first = sum(ts_ns <= 0 for ts_ns, *_ in rows)
    last = sum(ts_ns <= stream.end_ns - bench.SECOND_NS for ts_ns, *_ in rows)

    def play(part: list[tuple[int, ...]]) -> None:
        for _, price, qty, handle, _, kind, flags in part:
            book.apply(kind=kind, side_flags=flags, handle=handle, price=price // 100, qty=qty)

    play(rows[:first])
    book.submit(
        bench.ORDER_ID,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC,
        post_only=False,
        price_ticks=stream.quiet_ticks,
        qty_lots=bench.ORDER_LOTS,
    )
    play(rows[first:last])
    price_ticks = book.levels(Side.BUY, bench.JOIN_LEVEL)[-1][0]
    book.replace(bench.ORDER_ID, price_ticks=price_ticks, qty_lots=bench.ORDER_LOTS)
    play(rows[last:])

    ahead = itertools.takewhile(
        lambda order: order.name != bench.ORDER_ID * 4 + 1, book.state.levels[Side.BUY][price_ticks]
    )
    assert book.digest() == result.digest
    assert sum(order.live for order in ahead) == result.queue_ahead_lots > 0


def test_a_lap_that_ends_in_another_book_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = itertools.count()
    join = bench._join_queue

    def forgetful(world: World) -> None:
        if next(calls) != LAPS + 2:
            join(world)

    monkeypatch.setattr(bench, "_join_queue", forgetful)
    with pytest.raises(VenueError, match="round 0, lap replay_lognormal ended in another book"):
        bench_replay(wall_ns=time.perf_counter_ns, rounds=1, messages=MESSAGES)


def test_a_local_book_that_differs_from_the_venue_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(World, "depth", lambda *_: [])
    with pytest.raises(VenueError, match="BUY side is not the venue's"):
        bench_replay(wall_ns=time.perf_counter_ns, rounds=1, messages=MESSAGES)


def test_bare_simpy_really_waits() -> None:
    assert 1_000 == run_timeouts(1_000)


def test_progress_counts_rounds() -> None:
    seen: list[tuple[int, int]] = []
    bench_replay(
        wall_ns=time.perf_counter_ns,
        rounds=2,
        messages=bench.MESSAGES_MIN,
        progress=lambda done, total: seen.append((done, total)),
    )

    assert [(1, 2), (2, 2)] == seen
