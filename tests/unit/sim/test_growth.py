"""What is too small grows in the middle of a run, and nobody can tell."""

from collections import Counter

import numpy as np
import pytest

from market.codes import Kind, Mode, Phase, Side, Trigger
from market.columns import TAPE_DTYPE
from market.errors import VenueError
from sim.arena import BookSpec, LocalSpec
from sim.flow import FlowModel, record_flow
from sim.growth import Arena, grow
from sim.kernels import layout, status
from sim.latency import Constant
from sim.world import World
from tests.differential import Pair, run_stream
from tests.strategies import HANDLE_COUNT, PROFILES, TICK_UNITS, random_stream
from tests.unit.sim.small_worlds import Step, order, row, shrink

MODES = pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
LENGTH = 600


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    return shrink(monkeypatch)


def pair_of(mode: Mode) -> Pair:
    return Pair(mode, tick_units=1, handle_count=400)


def feed(pair: Pair, *steps: Step) -> None:
    for step in steps:
        pair.feed(step)


def asks(first: int, last: int) -> list[Step]:
    """One ask on every tick of a range, its handle the price."""
    return [row(Kind.ADD, price, Side.SELL, price, 5) for price in range(first, last + 1)]


@MODES
def test_a_book_that_outgrows_everything_equals_the_reference(
    mode: Mode, grown: Counter[int]
) -> None:
    for profile in PROFILES:
        steps = random_stream(50_000, LENGTH, mode=mode, profile=profile)
        run_stream(steps, mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)

    for code in (status.NEED_BOOK, status.NEED_LOCAL, status.NEED_RING, status.NEED_OUT):
        assert grown[code] > 0, code
    assert grown[status.NEED_POOL] > 0


def test_large_worlds_do_not_grow_on_the_same_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = shrink(monkeypatch, (4096, 256, 4096, 1024, 1024, 4096))
    steps = random_stream(50_000, LENGTH, mode=Mode.REACTIVE, profile="own")

    run_stream(steps, Mode.REACTIVE, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)

    assert not grown


@MODES
def test_replace_that_empties_the_best_level_and_goes_back_to_it(
    mode: Mode, grown: Counter[int]
) -> None:
    # Taking the only order of the best level out lets the window follow to the next level; putting
    # it back moves the window again, and now more levels must go far than the far table holds.
    pair = pair_of(mode)
    feed(pair, row(Kind.ADD, 0, Side.SELL, 100, 5), *asks(133, 147))
    assert not grown[status.NEED_BOOK]

    feed(pair, row(Kind.REPLACE, 0, Side.SELL, 90, 7))

    assert pair.world.venue_depth(0, Side.SELL, 2)[0] == (90, 7)


@MODES
def test_own_replace_that_empties_the_best_level_and_goes_back_to_it(
    mode: Mode, grown: Counter[int]
) -> None:
    pair = pair_of(mode)
    feed(pair, order(1, Side.SELL, 100, 5), *asks(133, 147))
    assert not grown[status.NEED_BOOK]

    feed(pair, ("replace", {"order_id": 1, "price_ticks": 90, "qty_lots": 6}))

    assert pair.world.queue_ahead(0, 1) == 0


@MODES
def test_sweep_that_empties_the_best_level_and_comes_back_to_it(
    mode: Mode, grown: Counter[int]
) -> None:
    pair = pair_of(mode)
    feed(
        pair,
        row(Kind.PHASE, -1, Side.BUY, 0, Phase.HALT),
        row(Kind.ADD, 0, Side.SELL, 114, 5),
        order(1, Side.SELL, 100, 50),
        *asks(147, 161),
        row(Kind.DELETE, 0, Side.SELL, 114, 5),
        row(Kind.ADD, 99, Side.BUY, 100, 5),
    )
    assert not grown[status.NEED_BOOK]

    feed(pair, row(Kind.PHASE, -1, Side.BUY, 0, Phase.CONTINUOUS))

    assert pair.world.queue_ahead(0, 1) == 0


def test_execute_of_an_eaten_order_that_meets_a_whole_queue(grown: Counter[int]) -> None:
    # None of ours rests any more and no order is special, yet one row publishes thirty messages.
    pair = pair_of(Mode.REACTIVE)
    feed(
        pair,
        row(Kind.ADD, 0, Side.BUY, 10, 100),
        order(1, Side.SELL, 0, 100, market=True),
        *[row(Kind.ADD, 1 + i, Side.BUY, 10, 1) for i in range(30)],
    )

    feed(pair, row(Kind.EXECUTE, 0, Side.BUY, 10, 40))

    assert pair.reference.dump()[1] == 0


def watched_world(subscriptions: int) -> World:
    """One quiet book and that many observers of one local copy."""
    wire = Constant(latency_ns=5).compile()
    world = World(
        mode=Mode.FROZEN,
        books=[BookSpec(tick_units=1, handle_count=8)],
        locals_=[LocalSpec(book_id=0, latency=wire, key=1, subscriptions=subscriptions)],
        start_ns=0,
    )
    rows = np.zeros(1, dtype=TAPE_DTYPE)
    rows["ts_ns"], rows["price"], rows["qty"] = 10, 100, 7
    rows["kind"], rows["side_flags"] = Kind.ADD, 2
    world.inject(rows)
    return world


def test_more_observers_than_out_rows_are_all_woken(grown: Counter[int]) -> None:
    world = watched_world(50)
    for subscription in range(50):
        world.arm(subscription, Trigger.BBO, 0)

    found = world.advance(100)

    assert [(row.type, row.ts_ns, row.id) for row in found] == [
        (layout.OBSERVED, 15, subscription) for subscription in range(50)
    ]
    assert world.header_word(layout.H_OUT) <= world.header_word(layout.H_OUT_CAP)
    assert world.view(0).bid_ticks == 100


def flow_day() -> list[bytes]:
    model = FlowModel(
        limit_mean_ns=1_000,
        market_mean_ns=6_000,
        life_mean_ns=80_000,
        band_ticks=200,
        qty_mean_lots=5,
        seed_orders=40,
        anchor_ticks=1_000,
    )
    spec = model.compile(seed=3, book_id=0, start_ns=0, end_ns=2_000_000)
    pieces = record_flow(spec, tick_units=1, slice_ns=50_000, message_count=1 << 40)
    return [piece.tobytes() for piece in pieces]


def test_flow_in_a_small_world_equals_flow_in_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    large = b"".join(flow_day())
    grown = shrink(monkeypatch)

    small = b"".join(flow_day())

    assert grown[status.NEED_FLOW] > 0
    assert grown[status.NEED_POOL] > 0
    handles = [np.frombuffer(day, dtype=TAPE_DTYPE) for day in (large, small)]
    for name in ("ts_ns", "price", "qty", "kind", "side_flags"):
        np.testing.assert_array_equal(handles[0][name], handles[1][name], strict=True)


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(VenueError, match="unknown status -99"):
        grow(Arena(layout.H_SIZE, 1), -99)
