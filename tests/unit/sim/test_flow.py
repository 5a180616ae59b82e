"""Generated flow in a world with orders of ours."""

from typing import Final

import pytest

from market.codes import Mode, OrderType, ReportType, Side, TimeInForce
from market.errors import InputError
from sim.arena import BookSpec, FlowSpec
from sim.flow import FlowModel
from sim.kernels import layout
from sim.world import World

END_NS: Final = 3_000_000
FAR_TICKS: Final = 1


def spec(book_id: int = 0) -> FlowSpec:
    model = FlowModel(
        limit_mean_ns=1_000,
        market_mean_ns=4_000,
        life_mean_ns=60_000,
        band_ticks=8,
        qty_mean_lots=5,
        seed_orders=40,
        anchor_ticks=10_000,
    )
    return model.compile(seed=5, book_id=book_id, start_ns=0, end_ns=END_NS)


def flow_world() -> World:
    return World(
        mode=Mode.REACTIVE, books=[BookSpec(tick_units=1)], locals_=[], start_ns=0, flows=[spec()]
    )


def bid(world: World, order_id: int, now_ns: int) -> int:
    """Rest one lot far below the market; its slot."""
    reports = world.submit(
        0,
        now_ns,
        order_id,
        side=int(Side.BUY),
        order_type=int(OrderType.LIMIT),
        tif=int(TimeInForce.GTC),
        post_only=False,
        price_ticks=FAR_TICKS,
        qty_lots=1,
        cause=1,
    )
    assert [report.type for report in reports] == [ReportType.ACCEPTED]
    return world.header_word(layout.H_SLOT)


def planned_cancels(world: World) -> list[tuple[int, int, int]]:
    """(due, slot, order number) of every cancel that the flow has planned."""
    fk = world.header_word(layout.H_FLOW_OFF)
    heap, count = world.header_word(fk + layout.F_HEAP), world.header_word(fk + layout.F_HEAP_COUNT)
    words = [world.header_word(heap + i) for i in range(count * layout.HEAP_SIZE)]
    return [(words[i], words[i + 1], words[i + 2]) for i in range(0, len(words), 3)]


def test_our_order_in_a_slot_of_the_flow_outlives_the_flows_cancel() -> None:
    # The flow's order has traded away, ours has its slot and, by chance, its number for an id.
    world = flow_world()
    now_ns = 0
    taken: list[tuple[int, int]] = []
    while len(taken) < 20:
        now_ns += 10_000
        world.advance(now_ns)
        free = world.header_word(layout.H_POOL_FREE)
        numbers = {slot: (number, due) for due, slot, number in planned_cancels(world)}
        if free in numbers:
            order_id, due_ns = numbers[free]
            assert bid(world, order_id, now_ns) == free
            taken.append((order_id, due_ns))

    world.advance(max(due_ns for _, due_ns in taken) + 1)

    assert [order_id for order_id, _ in taken if world.queue_ahead(0, order_id) < 0] == []
    assert world.audit(0) == 0


def test_a_far_order_of_ours_moves_none_of_the_flow() -> None:
    alone, beside = flow_world(), flow_world()
    bid(beside, 1, 0)
    alone.advance(END_NS - 1)
    beside.advance(END_NS - 1)

    for side in Side:
        found = [level for level in beside.venue_depth(0, side, 500) if level[0] != FAR_TICKS]
        assert found == alone.venue_depth(0, side, 500)
    assert beside.header_word(layout.H_MESSAGES) == alone.header_word(layout.H_MESSAGES) > 1_000


def test_a_flow_needs_reactive_mode() -> None:
    with pytest.raises(InputError, match="mode 'reactive'"):
        World(
            mode=Mode.FROZEN, books=[BookSpec(tick_units=1)], locals_=[], start_ns=0, flows=[spec()]
        )


def test_two_flows_do_not_disturb_each_other() -> None:
    alone = flow_world()
    both = World(
        mode=Mode.REACTIVE,
        books=[BookSpec(tick_units=1), BookSpec(tick_units=1)],
        locals_=[],
        start_ns=0,
        flows=[spec(book_id=1), spec()],
    )
    for until_ns in range(0, END_NS, END_NS // 7):
        alone.advance(until_ns)
        both.advance(until_ns)

        assert both.state(0) == alone.state(0)
        assert both.state(1) != both.state(0)


def test_flows_of_one_instant_come_in_the_order_of_their_books() -> None:
    worlds = [
        World(
            mode=Mode.REACTIVE,
            books=[BookSpec(tick_units=1), BookSpec(tick_units=1)],
            locals_=[],
            start_ns=0,
            flows=flows,
        )
        for flows in ([spec(), spec(book_id=1)], [spec(book_id=1), spec()])
    ]
    for world in worlds:
        world.advance(END_NS // 2)

    assert worlds[0].state(1) == worlds[1].state(1)
    first = worlds[0].header_word(layout.H_FLOW_OFF)
    assert worlds[0].header_word(first + layout.F_BOOK) == 0
