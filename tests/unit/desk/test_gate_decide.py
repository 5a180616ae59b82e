"""Permits and vetoes: one cause at a time, on a desk to which everything else is allowed."""

from collections.abc import Callable
from typing import Any

import pytest

from desk.gate import GateConfig, VetoCode
from desk.gate.episodes import GateMode
from market.codes import Phase, Regime, Urgency
from market.decisions import Flat, Permit, Quotes, Signal, Target, Veto
from market.messages import NO_PRICE
from tests.unit.desk.gate_world import (
    BOOKS,
    EVERY_REGIME,
    GROUPS,
    LOT,
    NOW,
    STRATEGIES,
    S,
    World,
    make_gate,
    wide_config,
    wide_instrument,
)

BUY = Target(book_id=0, strength_ppm=1_000_000)
SELL = Target(book_id=0, strength_ppm=-1_000_000)
BOTH = Quotes(book_id=0, bid_ticks=9_999, bid_lots=5, ask_ticks=10_001, ask_lots=5)
FLAT = Flat(book_id=0, urgency=Urgency.URGENT)


def decide(
    world: World, config: GateConfig | None = None, signal: Signal = BUY, strategy: int = 0
) -> Permit | Veto:
    return make_gate(config or wide_config()).decide(signal, strategy, world, NOW)


def permit(verdict: Permit | Veto) -> tuple[int, int]:
    assert isinstance(verdict, Permit), verdict
    return verdict.buy_room_lots, verdict.sell_room_lots


def veto(verdict: Permit | Veto) -> tuple[VetoCode, int, int]:
    assert isinstance(verdict, Veto), verdict
    return VetoCode(verdict.code), verdict.found, verdict.allowed


def test_permits_are_numbered_from_one() -> None:
    gate, world = make_gate(wide_config()), World()
    numbers = [gate.decide(BUY, 0, world, NOW) for _ in range(3)]

    assert [1, 2, 3] == [one.permit_id for one in numbers if isinstance(one, Permit)]


def test_everything_in_flight_takes_room_at_its_worst() -> None:
    world = World()
    world.hold(0, 0, 30)
    world.work(0, 0, buy=20, sell=40)
    config = wide_config(instrument={"position_lots": 100})

    assert (100 - 30 - 20, 100 + 30 - 40) == permit(decide(world, config, BOTH))


# --- what hinders everything --------------------------------------------------------------------


def halt(world: World) -> None:
    world.set_phase(0, int(Phase.HALT))


def close(world: World) -> None:
    world.set_phase(0, int(Phase.CLOSED))


def unplug(world: World) -> None:
    world.data.down_since_ns[0] = NOW - 3


def gap(world: World) -> None:
    world.set_stale(0, stale=True)


def age(world: World) -> None:
    world.data.content_ns[0] = NOW - S - 1


def empty(world: World) -> None:
    world.data.bid_ticks[0] = world.data.ask_ticks[0] = NO_PRICE


@pytest.mark.parametrize("signal", [BUY, BOTH, FLAT], ids=["target", "quotes", "flat"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (halt, (VetoCode.HALTED, 2, 1)),
        (close, (VetoCode.CLOSED, 3, 1)),
        (unplug, (VetoCode.DISCONNECTED, 3, 0)),
        (gap, (VetoCode.FEED_GAP, 1, 0)),
        (age, (VetoCode.STALE, S + 1, S)),
        (empty, (VetoCode.NO_PRICE, 0, 2)),
    ],
)
def test_a_book_that_cannot_be_traded_hinders_even_a_flat(
    change: Callable[[World], None], expected: tuple[VetoCode, int, int], signal: Signal
) -> None:
    world = World()
    world.hold(0, 0, 10)
    change(world)

    assert expected == veto(decide(world, signal=signal))


def test_content_exactly_as_old_as_allowed_passes() -> None:
    world = World()
    world.data.content_ns[0] = NOW - S

    assert isinstance(decide(world), Permit)


# --- what hinders new risk ----------------------------------------------------------------------


def one_sided(world: World) -> None:
    world.data.ask_ticks[0] = NO_PRICE


def lock(world: World) -> None:
    world.data.ask_ticks[0] = world.data.bid_ticks[0]


def widen(world: World) -> None:
    world.price(0, 10_000, half_spread=51)


def lose_track(world: World) -> None:
    world.data.unknown_orders[0] = 2


def lose_today(world: World) -> None:
    world.apply_equity(world.equity - 1_000 * LOT - 1)


def lose_for_days(world: World) -> None:
    for _ in range(3):
        world.apply_equity(world.equity - 700 * LOT)
        world.apply_day()


def go_wild(world: World) -> None:
    setattr(world, "regime", lambda _: Regime.EXTREME)  # noqa: B010 - a method of the fixture's state


RISKY: dict[Callable[[World], None], tuple[VetoCode, int, int]] = {
    one_sided: (VetoCode.NO_PRICE, 1, 2),
    lock: (VetoCode.CROSSED, 0, 1),
    widen: (VetoCode.SPREAD, 10_200, 10_000),
    lose_track: (VetoCode.UNKNOWN_ORDERS, 2, 0),
    lose_today: (VetoCode.DAY_DRAWDOWN, 1_000 * LOT + 1, 1_000 * LOT),
    lose_for_days: (VetoCode.PEAK_DRAWDOWN, 2_100 * LOT, 2_000 * LOT),
    go_wild: (VetoCode.REGIME, 4, 0),
}


@pytest.mark.parametrize("change", RISKY, ids=lambda change: change.__name__)
def test_what_hinders_new_risk_lets_a_reduction_pass(change: Callable[[World], None]) -> None:
    world = World()
    change(world)

    assert RISKY[change] == veto(decide(world, signal=BUY))
    assert RISKY[change] == veto(decide(world, signal=BOTH))

    world.hold(0, 0, 10)
    world.work(0, 0, sell=4)

    assert (0, 6) == permit(decide(world, signal=FLAT))
    assert (0, 6) == permit(decide(world, signal=SELL))
    assert (0, 6) == permit(decide(world, signal=BOTH))


def test_a_reduction_brings_both_the_strategy_and_the_book_nearer_to_zero() -> None:
    world = World()
    world.hold(0, 0, 10)
    world.hold(1, 0, -7)
    lose_today(world)

    assert (0, 3) == permit(decide(world, signal=FLAT))
    assert VetoCode.DAY_DRAWDOWN is veto(decide(world, signal=FLAT, strategy=1))[0]


def test_a_regime_scales_the_size_of_what_it_permits() -> None:
    world = World()
    setattr(world, "regime", lambda _: Regime.VOLATILE)  # noqa: B010 - a method of the fixture's state
    verdict = decide(world)

    assert isinstance(verdict, Permit)
    assert 500_000 == verdict.scale_ppm


def test_a_flat_never_asks_for_more_than_the_position_of_its_strategy() -> None:
    world = World()
    world.hold(0, 0, 10)
    world.hold(1, 0, 90)

    assert (0, 10) == permit(decide(world, signal=FLAT))
    assert (0, 0) == permit(decide(World(), signal=FLAT))


# --- limits of exposure -------------------------------------------------------------------------


def test_each_limit_of_exposure_leaves_its_room_and_vetoes_by_its_name() -> None:
    cases: list[tuple[dict[str, Any], VetoCode, int]] = [
        ({"instrument": {"position_lots": 50}}, VetoCode.POSITION, 50),
        ({"instrument": {"value_micros": 50 * LOT}}, VetoCode.INSTRUMENT_VALUE, 50),
        (
            {"instrument": {"volume_ppm": 50_000, "daily_volume_lots": 1_000}},
            VetoCode.VOLUME_SHARE,
            50,
        ),
        ({"group": {"gross_micros": 50 * LOT}}, VetoCode.GROUP_GROSS, 50),
        ({"group": {"net_micros": 50 * LOT}}, VetoCode.GROUP_NET, 50),
        ({"strategy": {"value_micros": 50 * LOT}}, VetoCode.STRATEGY_VALUE, 50),
        ({"portfolio": {"gross_micros": 50 * LOT}}, VetoCode.PORTFOLIO_GROSS, 50),
        ({"portfolio": {"net_micros": 50 * LOT}}, VetoCode.PORTFOLIO_NET, 50),
        (
            {"portfolio": {"single_name_ppm": 500_000, "single_name_floor_micros": 100 * LOT}},
            VetoCode.CONCENTRATION,
            50,
        ),
    ]
    for changes, code, lots in cases:
        config, world = wide_config(**changes), World()
        buy, sell = permit(decide(world, config, BOTH))

        assert buy == sell, code
        assert lots - 1 <= buy <= lots, code

        other = 0 if code is VetoCode.STRATEGY_VALUE else 1
        world.work(0, 1 - other, buy=buy, sell=sell)
        found = veto(decide(world, config, BOTH, strategy=other))

        assert code is found[0]
        assert found[1] <= found[2], code


def test_orders_that_have_used_the_room_up_may_stay_while_no_limit_is_passed() -> None:
    config, world = wide_config(instrument={"position_lots": 50}), World()
    world.work(0, 0, buy=50)

    assert (0, 50) == permit(decide(world, config, BOTH))
    assert (0, 50) == permit(decide(world, config, BUY))
    assert VetoCode.POSITION is veto(decide(world, config, BUY, strategy=1))[0]

    world.hold(1, 0, 1)

    assert VetoCode.POSITION is veto(decide(world, config, BUY))[0]


def test_a_reduction_that_works_may_stay_while_nothing_else_may_be_added() -> None:
    world = World()
    lose_today(world)
    world.hold(0, 0, -10)
    world.work(0, 0, buy=10)

    assert (0, 0) == permit(decide(world, signal=BUY))

    world.work(0, 0, buy=11)

    assert VetoCode.DAY_DRAWDOWN is veto(decide(world, signal=BUY))[0]


def test_only_a_flat_takes_off_a_hedge_past_the_limit_of_net_exposure() -> None:
    config, world = wide_config(portfolio={"net_micros": 40 * LOT}), World()
    world.hold(0, 0, -30)
    world.hold(0, 2, 60)

    assert 9 <= permit(decide(world, config, BOTH))[0] <= 10
    assert (30, 0) == permit(decide(world, config, FLAT))


def test_other_books_of_the_group_take_room_and_those_of_another_do_not() -> None:
    world, config = World(), wide_config(group={"gross_micros": 100 * LOT})
    world.hold(0, 1, 60)
    world.hold(0, 2, 90)

    assert 39 <= permit(decide(world, config))[0] <= 40


def test_a_hedge_has_room_where_net_exposure_has_none() -> None:
    world, config = World(), wide_config(portfolio={"net_micros": 60 * LOT})
    world.hold(0, 1, 60)

    assert VetoCode.PORTFOLIO_NET is veto(decide(world, config, BUY))[0]
    assert 119 <= permit(decide(world, config, SELL))[1] <= 120


def test_a_share_of_the_portfolio_grows_with_the_portfolio() -> None:
    config = wide_config(portfolio={"single_name_ppm": 250_000, "single_name_floor_micros": 0})
    world = World()

    assert VetoCode.CONCENTRATION is veto(decide(world, config))[0]

    world.hold(0, 1, 300)

    assert 99 <= permit(decide(world, config))[0] <= 100


def test_correlation_stops_what_adds_up_and_not_what_hedges() -> None:
    world = World()
    world.hold(0, 1, 10)
    world.rhos[0, 1] = 0.9

    assert (VetoCode.CORRELATION, 900_000, 800_000) == veto(decide(world, signal=BUY))
    assert permit(decide(world, signal=SELL))[1] > 0

    world.rhos[0, 1] = -0.9

    assert permit(decide(world, signal=BUY))[0] > 0
    assert VetoCode.CORRELATION is veto(decide(world, signal=SELL))[0]

    world.rhos[0, 1] = 0.8

    assert min(permit(decide(world, signal=BOTH))) > 0


# --- a missing limit is zero --------------------------------------------------------------------


def test_a_configuration_without_anything_permits_nothing() -> None:
    for signal in (BUY, SELL, BOTH):
        assert isinstance(decide(World(), GateConfig(), signal), Veto)


@pytest.mark.parametrize("kind", ["instruments", "groups", "strategies"])
def test_a_table_that_is_missing_is_named(kind: str) -> None:
    full = wide_config()
    tables = {name: getattr(full, name) for name in ("instruments", "groups", "strategies")}
    config = GateConfig(**{**tables, kind: {}}, portfolio=full.portfolio)

    assert (VetoCode.MISSING_LIMIT, 1, 0) == veto(decide(World(), config))


FIELDS = {
    "instrument": ["position_lots", "value_micros", "volume_ppm", "spread_ppm"],
    "group": ["gross_micros", "net_micros"],
    "strategy": ["value_micros"],
    "portfolio": ["gross_micros", "net_micros", "single_name_ppm"],
}


@pytest.mark.parametrize(
    ("table", "field"), [(table, field) for table in FIELDS for field in FIELDS[table]]
)
def test_a_limit_that_is_not_written_is_zero(table: str, field: str) -> None:
    config = wide_config(**{table: {field: 0}})

    for signal in (BUY, SELL, BOTH):
        assert isinstance(decide(World(), config, signal), Veto)


def test_a_regime_that_is_not_declared_is_vetoed() -> None:
    regimes = {name: scale for name, scale in EVERY_REGIME.items() if name != "unknown"}

    config = wide_config(strategy={"regimes": regimes})

    assert (VetoCode.REGIME, 0, 0) == veto(decide(World(), config))


def test_names_are_numbered_as_the_desk_does() -> None:
    config = wide_config()
    tight = GateConfig(
        instruments={**config.instruments, BOOKS[2]: wide_instrument(position_lots=3)},
        groups=config.groups,
        strategies=config.strategies,
        portfolio=config.portfolio,
    )
    third = Target(book_id=2, strength_ppm=1)

    assert 3 == permit(decide(World(), tight, third))[0]
    assert len(GROUPS) == len(BOOKS)
    assert len(STRATEGIES) == 2


def test_a_killed_desk_permits_nothing_at_all() -> None:
    gate, world = make_gate(wide_config()), World()
    world.hold(0, 0, 10)
    gate.data.mode = GateMode.KILLED

    for signal in (BUY, SELL, BOTH, FLAT):
        assert (VetoCode.KILLED, 2, 0) == veto(gate.decide(signal, 0, world, NOW))
