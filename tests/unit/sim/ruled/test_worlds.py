"""Worlds with books with rules: growth, flow, followers, observers, and what is refused."""

from typing import Any

import numpy as np
import pytest

from market.codes import Kind, Mode, OrderType, Phase, ReportType, RowFlag, Side, Trigger
from market.columns import TAPE_DTYPE
from market.errors import InputError, VenueError
from market.messages import NO_PRICE
from sim import arena
from sim.arena import BookSpec, LocalSpec
from sim.flow import FlowModel
from sim.kernels import layout, status
from sim.latency import Constant
from sim.venue_rules.book_rules import BookRules
from sim.world import World
from tests.random_rules import random_case
from tests.ruled_differential import run_ruled
from tests.unit.sim.small_worlds import shrink

WIRE = Constant(latency_ns=5).compile()
PLAIN: dict[str, int] = {"owner": 0, "order_type": 0, "tif": 0, "post": 0}


def world_of(*specs: BookSpec, mode: Mode = Mode.REACTIVE, observers: int = 0) -> World:
    return World(
        mode=mode,
        books=list(specs),
        locals_=[
            LocalSpec(book_id=index, latency=WIRE, key=1, subscriptions=observers)
            for index in range(len(specs))
        ],
        start_ns=0,
    )


def ruled(**rules: Any) -> BookSpec:
    return BookSpec(tick_units=2, handle_count=8, rules=BookRules(**rules))


def rows(*found: tuple[int, int, Kind, int, Side, int, int]) -> np.ndarray:
    """Tape rows (ts_ns, book, kind, handle, side, price in units, qty)."""
    tape = np.zeros(len(found), dtype=TAPE_DTYPE)
    for at, (ts_ns, book, kind, handle, side, price, qty) in enumerate(found):
        tape[at]["ts_ns"], tape[at]["book_id"], tape[at]["kind"] = ts_ns, book, kind
        tape[at]["handle"], tape[at]["price"], tape[at]["qty"] = handle, price, qty
        tape[at]["side_flags"] = int(side) | RowFlag.LAST
    return tape


def test_books_that_outgrow_everything_equal_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = shrink(monkeypatch)
    monkeypatch.setattr(arena, "SCRATCH_WORDS", 32)

    for seed in range(40, 60):
        case = random_case(seed, 200)
        run_ruled(case.world, case.steps)

    needs = (status.NEED_BOOK, status.NEED_RING, status.NEED_OUT, status.NEED_POOL)
    assert all(grown[code] > 0 for code in (*needs, status.NEED_SCRATCH))


def test_an_iceberg_of_a_thousand_peaks_is_swept_in_one_step_whatever_the_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shrink(monkeypatch)
    world = world_of(ruled())
    iceberg = {"side": 1, "price_ticks": 100, "qty_lots": 1_000, "display_lots": 1}
    world.submit_terms(0, 1, 1, cause=1, **PLAIN | iceberg)

    found = world.submit_terms(0, 2, 2, side=0, price_ticks=100, qty_lots=1_000, cause=1, **PLAIN)

    assert sum(row.type == ReportType.FILLED for row in found) == 2_000
    assert world.audit(0) == 0
    assert world.venue_depth(0, Side.SELL, 1) == []


@pytest.mark.parametrize(
    ("specs", "found"),
    [
        (
            [BookSpec(tick_units=1, handle_count=2, depth=2, rules=BookRules())],
            "rules on an L2 book",
        ),
        ([ruled(mid_reference=1)], "mid_reference: found 1"),
        ([BookSpec(tick_units=1), ruled(mid_reference=0)], "a tick of 1 units"),
        (
            [ruled(mid_reference=1), ruled(mid_reference=2), ruled()],
            "which follows another itself",
        ),
    ],
)
def test_rules_that_a_book_cannot_keep_are_refused(specs: list[BookSpec], found: str) -> None:
    with pytest.raises(InputError, match=found):
        world_of(*specs, mode=Mode.FROZEN)


def test_what_only_a_book_with_rules_knows_is_refused_elsewhere() -> None:
    world = world_of(BookSpec(tick_units=1))
    order = {"side": 0, "price_ticks": 1, "qty_lots": 1}

    with pytest.raises(VenueError, match="takes no terms"):
        world.submit_terms(0, 1, 1, cause=1, **PLAIN | order)
    for act in (
        lambda: world.command_phase(0, Phase.HALT, 1, cause=1),
        lambda: world.set_band(0, 1, 2, 1, cause=1),
        lambda: world.set_reference(0, 1, 1, cause=1),
        lambda: world.expire(0, 1, 1, 1, cause=1),
    ):
        with pytest.raises(VenueError, match="no rules"):
            act()


def test_an_order_without_terms_may_come_to_a_book_with_rules() -> None:
    world = world_of(ruled())
    common: dict[str, Any] = {"order_type": 0, "tif": 0, "qty_lots": 3, "cause": 1}
    world.submit(0, 1, 1, side=0, post_only=False, price_ticks=100, **common)

    (refused,) = world.submit(0, 2, 2, side=1, post_only=True, price_ticks=100, **common)

    assert (refused.type, refused.figure) == (ReportType.REJECTED, 100)
    with pytest.raises(VenueError, match="already alive"):
        world.submit(0, 3, 1, side=0, post_only=False, price_ticks=100, **common)


def test_places_in_queues_are_told_of_shown_and_of_dark_orders() -> None:
    world = world_of(ruled())
    buy: dict[str, Any] = {**PLAIN, "side": 0, "price_ticks": 100, "qty_lots": 10, "cause": 1}
    world.submit_terms(0, 1, 1, **buy, display_lots=3)
    world.submit_terms(0, 2, 2, **buy)
    world.submit_terms(0, 3, 3, **buy, hidden=True)
    world.submit_terms(0, 4, 4, **buy, hidden=True)
    stop = {**buy, "order_type": int(OrderType.STOP), "price_ticks": NO_PRICE}
    world.submit_terms(0, 5, 5, **stop, stop_ticks=120)

    assert [world.queue_ahead(0, order_id) for order_id in range(1, 7)] == [0, 3, 0, 10, -1, -1]


@pytest.mark.parametrize("lit_rules", [None, BookRules()])
def test_a_row_on_a_followed_book_moves_pegs_and_wakes_who_waits_on_the_follower(
    lit_rules: BookRules | None,
) -> None:
    lit = BookSpec(tick_units=2, handle_count=8, rules=lit_rules)
    world = world_of(lit, ruled(mid_reference=0), observers=1)
    world.inject(
        rows((1, 0, Kind.ADD, 0, Side.BUY, 200, 5), (1, 0, Kind.ADD, 1, Side.SELL, 210, 5))
    )
    world.advance(2)
    peg = {**PLAIN, "order_type": int(OrderType.PEG_PRIMARY), "price_ticks": NO_PRICE}
    world.submit_terms(1, 3, 7, side=0, qty_lots=4, cause=1, **peg)
    world.advance(20)
    assert world.view(1).bid_ticks == 100
    world.arm(1, Trigger.BBO, 20)

    world.inject(
        rows((30, 0, Kind.ADD, 2, Side.BUY, 204, 5), (90, 0, Kind.DELETE, 2, Side.BUY, 0, 5))
    )
    found = world.advance(100)

    assert [(row.type, row.id, row.ts_ns) for row in found] == [(layout.OBSERVED, 1, 35)]
    assert world.view(1).bid_ticks == 102


def test_a_trade_in_a_follower_is_told_at_the_instant_of_the_row_that_caused_it() -> None:
    world = world_of(BookSpec(tick_units=2, handle_count=8), ruled(mid_reference=0))
    world.inject(
        rows((1, 0, Kind.ADD, 0, Side.BUY, 200, 5), (1, 0, Kind.ADD, 1, Side.SELL, 212, 5))
    )
    world.advance(2)
    mid = {**PLAIN, "order_type": int(OrderType.PEG_MIDPOINT)}
    world.submit_terms(1, 3, 1, side=0, qty_lots=4, price_ticks=NO_PRICE, cause=1, **mid)
    world.submit_terms(1, 3, 2, side=1, qty_lots=3, price_ticks=104, cause=1, **mid)

    world.inject(
        rows((9, 0, Kind.ADD, 2, Side.BUY, 206, 5), (50, 0, Kind.ADD, 3, Side.BUY, 202, 5))
    )
    found = world.advance(100)

    # The middle rose from 103 to 104.5, which both pegs can pay and take.
    assert [(row.ts_ns, row.book_id, row.id, row.price_ticks, row.half) for row in found] == [
        (9, 1, 1, 104, 1),
        (9, 1, 2, 104, 1),
    ]
    assert world.now_ns == 9


def test_flow_in_a_book_with_rules_is_as_in_a_plain_one() -> None:
    model = FlowModel(
        limit_mean_ns=1_000,
        market_mean_ns=6_000,
        life_mean_ns=80_000,
        band_ticks=20,
        qty_mean_lots=5,
        seed_orders=40,
        anchor_ticks=1_000,
    )
    ends = []
    for rules in (None, BookRules()):
        world = World(
            mode=Mode.REACTIVE,
            books=[BookSpec(tick_units=1, rules=rules)],
            locals_=[LocalSpec(book_id=0, latency=WIRE, key=1, subscriptions=0)],
            start_ns=0,
            flows=[model.compile(seed=3, book_id=0, start_ns=0, end_ns=2_000_000)],
        )
        world.advance(1_999_999)
        ends.append((world.state(0), world.published(0, 0)[-50:], world.audit(0)))

    (plain, feed, _), (with_rules, its_feed, broken) = ends
    assert with_rules[: len(plain)] == plain
    assert its_feed == feed
    assert broken == 0
