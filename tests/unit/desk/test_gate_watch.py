"""What is in flight stops within one event of the cause, says so once, and goes on afterwards."""

from collections.abc import Callable
from typing import Any

import pytest

from desk.gate import Gate, GateMode, VetoCode
from market.codes import OperatorAction, Phase, Regime
from market.decisions import Action, ActionKind, Permit, Quotes, Veto
from market.messages import EVERY, Operator
from tests.unit.desk.gate_world import (
    LOT,
    NOW,
    S,
    World,
    make_gate,
    restored,
    wide_config,
)

BUY = Quotes(book_id=0, bid_ticks=9_999, bid_lots=5, ask_ticks=10_001, ask_lots=0)
Change = Callable[[World], None]


def working(changes: dict[str, Any] | None = None) -> tuple[Gate, World]:
    """A gate that has looked once at a desk that holds and works books 0 and 1."""
    gate, world = make_gate(wide_config(**(changes or {}))), World()
    for book_id in (0, 1):
        world.hold(0, book_id, 10)
        world.work(0, book_id, buy=5)
    assert gate.watch(world, NOW) == []
    return gate, world


def brief(actions: list[Action]) -> list[tuple[ActionKind, int, int, VetoCode]]:
    return [(one.kind, one.strategy, one.book_id, VetoCode(one.code)) for one in actions]


def test_nothing_is_said_while_nothing_is_wrong() -> None:
    gate, world = working()
    for step in range(100):
        world.price(0, 10_000 + step % 3)
        world.bar()
        world.fresh(NOW + step)
        assert gate.watch(world, NOW + step) == []


# --- causes -------------------------------------------------------------------------------------


def halt(world: World) -> None:
    world.set_phase(0, int(Phase.HALT))


def gap(world: World) -> None:
    world.set_stale(0, stale=True)


def jump(world: World) -> None:
    world.price(0, 10_201)


def fall(world: World) -> None:
    world.price(0, 9_799)


def shake(world: World) -> None:
    world.now, world.usual = 0.031, 0.01
    world.bar()


def agree(world: World) -> None:
    world.rhos[0, 1] = 0.81
    world.bar()


def turn(world: World) -> None:
    setattr(world, "regime", lambda book: Regime.UNKNOWN if book else Regime.EXTREME)  # noqa: B010 - a method of the fixture's state
    world.bar()


PAUSES: dict[Change, list[tuple[ActionKind, int, int, VetoCode]]] = {
    halt: [(ActionKind.PAUSE, EVERY, 0, VetoCode.HALTED)],
    gap: [(ActionKind.PAUSE, EVERY, 0, VetoCode.FEED_GAP)],
    jump: [(ActionKind.PAUSE, EVERY, 0, VetoCode.PRICE_BREAKER)],
    fall: [(ActionKind.PAUSE, EVERY, 0, VetoCode.PRICE_BREAKER)],
    turn: [(ActionKind.PAUSE, 0, 0, VetoCode.REGIME)],
    agree: [
        (ActionKind.PAUSE, EVERY, 0, VetoCode.CORRELATION),
        (ActionKind.PAUSE, EVERY, 1, VetoCode.CORRELATION),
    ],
    shake: [
        (ActionKind.PAUSE, EVERY, 0, VetoCode.VOLATILITY_JUMP),
        (ActionKind.PAUSE, EVERY, 1, VetoCode.VOLATILITY_JUMP),
    ],
}


@pytest.mark.parametrize("change", PAUSES, ids=lambda change: change.__name__)
def test_a_cause_pauses_within_one_event_and_says_so_once(change: Change) -> None:
    gate, world = working()
    change(world)
    actions = gate.watch(world, NOW + 1)

    assert PAUSES[change] == brief(actions)
    assert all(one.found > one.allowed for one in actions)
    assert gate.watch(world, NOW + 2) == []
    assert isinstance(gate.decide(BUY, 0, world, NOW + 2), Veto)
    assert gate.data.mode is GateMode.NORMAL


def test_a_pause_of_the_market_resumes_after_the_cool_off_and_one_of_the_feed_at_once() -> None:
    gate, world = working()
    world.now, world.usual = 0.04, 0.01
    world.bar()
    assert len(gate.watch(world, NOW)) == 2

    world.now = 0.01
    world.bar()
    world.fresh(NOW + 30 * S)
    verdict = gate.decide(BUY, 0, world, NOW + S)
    assert gate.watch(world, NOW + 30 * S - 1) == []
    assert isinstance(verdict, Veto)
    assert VetoCode.VOLATILITY_JUMP == verdict.code
    assert [
        (ActionKind.RESUME, EVERY, 0, VetoCode.VOLATILITY_JUMP),
        (ActionKind.RESUME, EVERY, 1, VetoCode.VOLATILITY_JUMP),
    ] == brief(gate.watch(world, NOW + 30 * S))

    gap(world)
    gate.watch(world, NOW + 30 * S)
    world.set_stale(0, stale=False)
    assert [(ActionKind.RESUME, EVERY, 0, VetoCode.FEED_GAP)] == brief(
        gate.watch(world, NOW + 30 * S + 1)
    )
    assert isinstance(gate.decide(BUY, 0, world, NOW + 30 * S + 1), Permit)


def test_a_cause_that_comes_back_starts_the_cool_off_again() -> None:
    gate, world = working()
    shake(world)
    gate.watch(world, NOW)
    world.now = 0.01
    world.bar()
    world.fresh(NOW + 20 * S)
    assert gate.watch(world, NOW + 20 * S) == []
    shake(world)
    assert gate.watch(world, NOW + 20 * S) == []
    world.now = 0.01
    world.bar()
    world.fresh(NOW + 49 * S)
    assert gate.watch(world, NOW + 49 * S) == []
    world.fresh(NOW + 50 * S)
    assert len(gate.watch(world, NOW + 50 * S)) == 2


@pytest.mark.parametrize("change", [jump, shake, agree, turn], ids=lambda change: change.__name__)
def test_a_cause_that_stays_as_it_is_stays_a_cause(change: Change) -> None:
    gate, world = working()
    change(world)
    gate.watch(world, NOW)
    for step in range(50):
        world.fresh(NOW + step * S)
        assert gate.watch(world, NOW + step * S) == []


def test_what_another_cause_still_pauses_does_not_resume() -> None:
    gate, world = working()
    gap(world)
    shake(world)
    gate.watch(world, NOW)
    world.set_stale(0, stale=False)
    world.now = 0.01
    world.bar()

    assert gate.watch(world, NOW + 1) == []


def test_a_quiet_market_move_is_forgotten_after_its_window() -> None:
    gate, world = working()
    for step in range(300):
        world.price(0, 10_000 + step)
        now_ns = NOW + step * S
        world.fresh(now_ns)
        assert gate.watch(world, now_ns) == []


def test_a_book_without_orders_is_not_paused_for_its_feed() -> None:
    gate, world = make_gate(wide_config()), World()
    world.hold(0, 0, 10)
    gap(world)

    assert gate.watch(world, NOW) == []


def test_a_hedge_is_not_paused_for_its_correlation() -> None:
    gate, world = make_gate(wide_config()), World()
    world.hold(0, 0, 10)
    world.hold(0, 1, -10)
    agree(world)

    assert gate.watch(world, NOW) == []


# --- limits that are passed while orders work -----------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"instrument": {"position_lots": 16}}, [(0, VetoCode.POSITION)]),
        ({"instrument": {"value_micros": 16 * LOT}}, [(0, VetoCode.INSTRUMENT_VALUE)]),
        (
            {"group": {"gross_micros": 31 * LOT}},
            [(0, VetoCode.GROUP_GROSS), (1, VetoCode.GROUP_GROSS)],
        ),
        ({"group": {"net_micros": 31 * LOT}}, [(0, VetoCode.GROUP_NET), (1, VetoCode.GROUP_NET)]),
        ({"portfolio": {"gross_micros": 31 * LOT}}, [(EVERY, VetoCode.PORTFOLIO_GROSS)]),
        ({"portfolio": {"net_micros": 31 * LOT}}, [(EVERY, VetoCode.PORTFOLIO_NET)]),
        ({"strategy": {"value_micros": 31 * LOT}}, [(EVERY, VetoCode.STRATEGY_VALUE)]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_limit_that_is_passed_aborts(
    changes: dict[str, Any], expected: list[tuple[int, VetoCode]]
) -> None:
    gate, world = working(changes)
    world.work(0, 0, buy=7)
    found = brief(gate.watch(world, NOW + 1))

    assert expected == [(book_id, code) for _, _, book_id, code in found]
    assert all(kind is ActionKind.ABORT for kind, _, _, _ in found)
    assert gate.watch(world, NOW + 2) == []


def test_a_price_that_moves_can_pass_a_limit_of_value() -> None:
    gate, world = working({"instrument": {"value_micros": 15 * LOT}})
    world.price(0, 10_001)

    assert [(ActionKind.ABORT, EVERY, 0, VetoCode.INSTRUMENT_VALUE)] == brief(
        gate.watch(world, NOW + 1)
    )


# --- safe mode and the kill ---------------------------------------------------------------------


def drop(world: World) -> None:
    world.apply_equity(world.equity - 1_000 * LOT - 1)


def sink(world: World) -> None:
    for _ in range(3):
        world.apply_equity(world.equity - 700 * LOT)
        world.apply_day()


def unplug(world: World) -> None:
    world.data.down_since_ns[1] = NOW - 5 * S


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (drop, VetoCode.DAY_DRAWDOWN),
        (sink, VetoCode.PEAK_DRAWDOWN),
        (unplug, VetoCode.DISCONNECTED),
    ],
)
def test_what_concerns_the_whole_desk_is_safe_mode_until_a_named_person_ends_it(
    change: Change, code: VetoCode
) -> None:
    gate, world = working()
    change(world)

    assert [(ActionKind.SAFE, EVERY, EVERY, code)] == brief(gate.watch(world, NOW + 1))
    assert gate.watch(world, NOW + 2) == []
    world.data.down_since_ns[1] = 0
    world.data.drawdown.equity = world.data.drawdown.day_start
    world.data.drawdown.peak = world.data.drawdown.day_peak = world.data.drawdown.equity
    for step in range(100):
        now_ns = NOW + step * S
        world.fresh(now_ns)
        assert gate.watch(world, now_ns) == []
    verdict = gate.decide(BUY, 0, world, NOW + 99 * S)
    assert isinstance(verdict, Veto)
    assert VetoCode.SAFE_MODE == verdict.code

    for nobody in ("", "  "):
        word = Operator(action=OperatorAction.REARM, authority=nobody)
        assert gate.operator(word, NOW + 99 * S) == []
    assert gate.data.mode is GateMode.SAFE
    assert 2 == gate.data.refused

    word = Operator(action=OperatorAction.REARM, authority="A. Person")
    assert [ActionKind.RESUME] == [one.kind for one in gate.operator(word, NOW + 99 * S)]
    assert isinstance(gate.decide(BUY, 0, world, NOW + 99 * S), Permit)


def test_a_link_that_is_down_exactly_as_long_as_allowed_is_not_yet_safe_mode() -> None:
    gate, world = working()
    unplug(world)

    assert gate.watch(world, NOW) == []


def test_a_rearm_while_the_cause_is_there_leads_back_at_once() -> None:
    gate, world = working()
    drop(world)
    gate.watch(world, NOW)
    gate.operator(Operator(action=OperatorAction.REARM, authority="A. Person"), NOW + 1)

    assert [(ActionKind.SAFE, EVERY, EVERY, VetoCode.DAY_DRAWDOWN)] == brief(
        gate.watch(world, NOW + 1)
    )


def test_too_many_orders_are_safe_mode_and_more_of_them_in_safe_mode_a_kill() -> None:
    gate, world = working()
    gate.count_commands(100, NOW)
    assert gate.watch(world, NOW) == []
    gate.count_commands(1, NOW)
    assert [(ActionKind.SAFE, EVERY, EVERY, VetoCode.ORDER_RATE)] == brief(gate.watch(world, NOW))

    assert gate.watch(world, NOW + S) == []
    world.fresh(NOW + 3 * S)
    gate.count_commands(101, NOW + 3 * S)
    assert [(ActionKind.KILL, EVERY, EVERY, VetoCode.ORDER_RATE)] == brief(
        gate.watch(world, NOW + 3 * S)
    )
    assert gate.data.mode is GateMode.KILLED


def test_orders_spread_over_time_are_no_explosion() -> None:
    gate, world = working()
    for step in range(50):
        now_ns = NOW + step * 2 * S
        world.fresh(now_ns)
        gate.count_commands(60, now_ns)
        assert gate.watch(world, now_ns) == []


def test_a_kill_obeys_anybody_every_time_and_only_a_name_undoes_it() -> None:
    gate, world = working()
    kill = Operator(action=OperatorAction.KILL, authority="")
    for _ in range(2):
        assert [(ActionKind.KILL, EVERY, EVERY, VetoCode.KILLED)] == brief(gate.operator(kill, NOW))
    shake(world)
    assert gate.watch(world, NOW + 1) == []

    gate.operator(Operator(action=OperatorAction.SAFE_MODE, authority="x"), NOW + 1)
    assert gate.data.mode is GateMode.KILLED
    gate.operator(Operator(action=OperatorAction.REARM, authority=""), NOW + 1)
    assert gate.data.mode is GateMode.KILLED

    # What was found in the meantime still pauses after the desk is armed again.
    word = Operator(action=OperatorAction.REARM, authority="A. Person")
    assert [ActionKind.RESUME, ActionKind.PAUSE, ActionKind.PAUSE] == [
        one.kind for one in gate.operator(word, NOW + 2)
    ]


def test_a_persons_pause_lasts_until_a_named_person_ends_it() -> None:
    gate, world = working()
    pause = Operator(action=OperatorAction.PAUSE_STRATEGY, authority="", strategy=0)
    assert [(ActionKind.PAUSE, 0, EVERY, VetoCode.STRATEGY_PAUSED)] == brief(
        gate.operator(pause, NOW)
    )
    for step in range(100):
        world.fresh(NOW + step * S)
        assert gate.watch(world, NOW + step * S) == []
    assert isinstance(gate.decide(BUY, 0, world, NOW + 99 * S), Veto)
    assert isinstance(gate.decide(BUY, 1, world, NOW + 99 * S), Permit)

    nobody = Operator(action=OperatorAction.RESUME_STRATEGY, authority="", strategy=0)
    assert gate.operator(nobody, NOW + 99 * S) == []
    word = Operator(action=OperatorAction.RESUME_STRATEGY, authority="A. Person", strategy=0)
    assert [(ActionKind.RESUME, 0, EVERY, VetoCode.STRATEGY_PAUSED)] == brief(
        gate.operator(word, NOW + 99 * S)
    )
    assert isinstance(gate.decide(BUY, 0, world, NOW + 99 * S), Permit)


@pytest.mark.parametrize("change", [*PAUSES, drop, unplug], ids=lambda change: change.__name__)
def test_a_gate_made_anew_goes_on_as_the_old_one_would_have(change: Change) -> None:
    gate, world = working()
    config = wide_config()
    change(world)
    again = restored(gate, config)
    for step in (1, 2, 20 * S, 40 * S):
        world.fresh(NOW + step)
        assert gate.watch(world, NOW + step) == again.watch(world, NOW + step)
        assert gate.decide(BUY, 0, world, NOW + step) == again.decide(BUY, 0, world, NOW + step)
        assert gate.data == again.data
        again = restored(again, config)
