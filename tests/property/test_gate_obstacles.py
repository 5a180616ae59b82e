"""Nothing is in the way of a signal, by one look, just when looking at one thing after another says so."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from desk.gate import Gate
from desk.gate.episodes import GateMode
from desk.gate.obstacles import Obstacles
from desk.gate.tables import Tables
from market.codes import Phase
from market.messages import NO_PRICE
from tests.unit.desk.gate_world import (
    BOOKS,
    GROUPS,
    NOW,
    STRATEGIES,
    S,
    World,
    make_gate,
    wide_config,
)

Obstacle = Callable[[Gate, World], None]


def price(bid: int, ask: int) -> Obstacle:
    def put(_gate: Gate, world: World) -> None:
        world.data.bid_ticks[0], world.data.ask_ticks[0] = bid, ask

    return put


def put(name: str, value: Any) -> Obstacle:
    """A list of the state, at the book that is asked about."""
    return lambda _gate, world: getattr(world.data, name).__setitem__(0, value)


def lose(name: str, micros: int) -> Obstacle:
    def lost(_gate: Gate, world: World) -> None:
        setattr(world.data.drawdown, name, world.data.drawdown.equity + micros)

    return lost


def go(mode: GateMode) -> Obstacle:
    return lambda gate, _world: setattr(gate.data, "mode", mode)


OBSTACLES = [
    price(NO_PRICE, 10_001),
    price(9_999, NO_PRICE),
    price(NO_PRICE, NO_PRICE),
    price(10_000, 10_000),
    price(10_001, 10_000),
    price(9_950, 10_050),  # the widest spread that is allowed
    price(9_949, 10_050),
    price(-10_050, -9_950),
    price(-10_051, -9_950),
    price(-1, 1),
    *[put("phase", int(phase)) for phase in Phase],
    *[put("content_ns", NOW - age_ns) for age_ns in (S, S + 1)],
    put("stale", True),
    put("down_since_ns", 7),
    put("unknown_orders", 1),
    put("mark_x2_ticks", 0),
    *[lose("day_peak", micros) for micros in (20, 21)],
    *[lose("peak", micros) for micros in (30, 31)],
    *[go(mode) for mode in GateMode],
]


@settings(max_examples=500, deadline=None)
@given(
    obstacles=st.lists(st.sampled_from(OBSTACLES), max_size=2),
    spread_ppm=st.sampled_from([10_000, 3_000_000]),
    missing=st.sampled_from([False, False, False, True]),
)
def test_one_look_finds_nothing_in_the_way_when_looking_one_after_the_other_does(
    obstacles: list[Obstacle], spread_ppm: int, *, missing: bool
) -> None:
    config = wide_config(
        instrument={"spread_ppm": spread_ppm},
        portfolio={"day_drawdown_micros": 20, "peak_drawdown_micros": 30},
    )
    if missing:
        config.groups.pop(GROUPS[0])
    gate, world = make_gate(config), World()
    for obstacle in obstacles:
        obstacle(gate, world)
    found = Obstacles(Tables(config, BOOKS, GROUPS, STRATEGIES), gate.data)
    blocked = found.blocked(0, world, NOW)
    hindered = found.hindered(0, 0, world, 1_000_000)
    assert found.is_clear(0, 0, world, NOW) == (blocked is None and hindered is None)
