"""A limit is looked at in the very event in which a figure under it has grown, whichever way."""

from desk.gate import VetoCode
from market.decisions import Action, ActionKind
from market.messages import EVERY
from tests.unit.desk.gate_world import LOT, NOW, World, make_gate, wide_config


def brief(actions: list[Action]) -> list[tuple[ActionKind, int, int, VetoCode]]:
    return [(one.kind, one.strategy, one.book_id, VetoCode(one.code)) for one in actions]


def test_a_hedge_that_is_busted_away_aborts_what_it_hedged_within_the_event() -> None:
    gate, world = make_gate(wide_config(portfolio={"net_micros": 12 * LOT})), World()
    world.hold(0, 0, 20)
    world.hold(0, 1, -10)
    assert gate.watch(world, NOW) == []

    world.hold(0, 1, 10)  # nothing is held or worked in book 1 any more
    assert [(ActionKind.ABORT, EVERY, EVERY, VetoCode.PORTFOLIO_NET)] == brief(
        gate.watch(world, NOW + 1)
    )


def test_a_position_that_may_grow_while_its_worth_falls_is_aborted_within_the_event() -> None:
    gate, world = make_gate(wide_config(instrument={"position_lots": 45})), World()
    world.hold(0, 0, 10)
    world.work(0, 0, buy=34)
    assert gate.watch(world, NOW) == []

    world.hold(0, 0, 10)
    world.work(0, 0, buy=26)
    world.price(0, 9_500)  # 46 lots are worth less now than 44 were, and 20 more than 10
    found = brief(gate.watch(world, NOW + 1))
    assert (ActionKind.ABORT, EVERY, 0, VetoCode.POSITION) in found
