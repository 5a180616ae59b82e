import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.columns import PRICE_TICKS_MAX
from market.decisions import Quotes
from market.errors import InputError
from market.messages import View
from strategies.market_maker import MarketMaker, MarketMakerConfig
from tests.unit.strategies.seen import INSTRUMENTS, SECOND_NS, at, facts, say

GOOD = {
    "qty_lots": 10,
    "inventory_lots_max": 25,
    "gamma_micros_per_tick": 100_000,
    "k_micros_per_tick": 1_500_000,
    "horizon_ns": 10 * SECOND_NS,
}


def maker(**other: int) -> MarketMaker:
    return MarketMaker(MarketMakerConfig(**(GOOD | other)), books=[0], instruments=INSTRUMENTS)


def quotes(made: MarketMaker, shown: View, *known: float) -> tuple[int, int, int, int] | None:
    """Prices and lots of the one signal; None when there is none."""
    signals = say(made, shown, facts(*known))
    if not signals:
        return None
    (signal,) = signals
    assert isinstance(signal, Quotes)
    return signal.bid_ticks, signal.bid_lots, signal.ask_ticks, signal.ask_lots


def test_quotes_lie_around_the_reservation_price_rounded_outwards() -> None:
    # The mid is 10,000 ticks, so σ = 2e-4 is 2 ticks and σ² is 4; 10 s are left; q is one quote.
    left_s, gamma, k = 10, 0.1, 1.5
    price = 10_000 - 1 * gamma * 4 * left_s
    half = (gamma * 4 * left_s + 2 / gamma * math.log(1 + gamma / k)) / 2

    found = quotes(maker(), at(0, 9_990, 10_010), 10, 2e-4)

    assert found == (math.floor(price - half), 10, math.ceil(price + half), 10)
    assert found == (9_993, 10, 9_999, 10)


@pytest.mark.parametrize(("left_s", "left"), [(1e6, 10), (4, 4), (0, 0), (-3, 0)])
def test_time_left_is_the_horizon_or_what_the_desk_has_left(left_s: float, left: int) -> None:
    price, spread = 10_000 - 3 * 0.4 * left, 0.4 * left + 20 * math.log(1 + 0.1 / 1.5)

    found = quotes(maker(inventory_lots_max=100), at(0, 9_900, 10_100), 30, 2e-4, left_s)

    assert found is not None
    assert found[::2] == (math.floor(price - spread / 2), math.ceil(price + spread / 2))


def test_a_quote_never_reaches_the_far_side() -> None:
    long = quotes(maker(inventory_lots_max=1_000), at(0, 9_999, 10_001), 500, 2e-4)
    short = quotes(maker(inventory_lots_max=1_000), at(0, 9_999, 10_001), -500, 2e-4)

    assert long is not None
    assert short is not None
    assert long[2] == 10_000
    assert short[0] == 10_000


@pytest.mark.parametrize(
    ("position_lots", "lots"),
    [(0, (10, 10)), (15, (10, 10)), (20, (5, 10)), (25, (0, 10)), (40, (0, 10)), (-25, (10, 0))],
)
def test_a_side_shows_no_more_than_the_inventory_bound_has_room_for(
    position_lots: int, lots: tuple[int, int]
) -> None:
    found = quotes(maker(), at(0, 9_990, 10_010), position_lots)

    assert found is not None
    assert (found[1], found[3]) == lots


def test_a_quote_is_said_again_when_it_should_move_and_not_before() -> None:
    made = maker(requote_ticks=3, horizon_ns=0, pause_ns=0)
    assert quotes(made, at(0, 9_990, 10_010)) is not None
    assert quotes(made, at(1, 9_992, 10_012)) is None
    assert quotes(made, at(2, 9_993, 10_013)) is not None
    assert quotes(made, at(3, 9_993, 10_013)) is None


def test_within_the_pause_only_quantities_are_said() -> None:
    made = maker(pause_ns=SECOND_NS)
    assert quotes(made, at(0, 9_990, 10_010)) is not None
    assert quotes(made, at(0.9, 9_980, 10_000)) is None
    assert quotes(made, at(0.9, 9_980, 10_000), 25) is not None
    assert quotes(made, at(1.8, 9_980, 9_990), 25) is None
    assert quotes(made, at(1.9, 9_980, 9_990), 25) is not None


def test_without_a_volatility_both_sides_are_taken_back_once() -> None:
    made = maker()
    assert quotes(made, at(0, 9_990, 10_010), 0, 0.0) is None
    assert quotes(made, at(1, 9_990, 10_010)) is not None
    found = quotes(made, at(2, 9_990, 10_010), 0, 0.0)
    assert found is not None
    assert (found[1], found[3]) == (0, 0)
    assert quotes(made, at(3, 9_990, 10_010), 0, 0.0) is None


def test_a_floor_stands_in_for_a_volatility_that_is_unknown_or_smaller() -> None:
    shown = at(0, 9_900, 10_100)
    floored = quotes(maker(volatility_floor_ppm=200), shown, 0, 0.0)

    assert floored is not None
    assert floored == quotes(maker(volatility_floor_ppm=200), shown, 0, 1e-4)
    assert floored == quotes(maker(), shown, 0, 2e-4)
    assert floored != quotes(maker(volatility_floor_ppm=200), shown, 0, 3e-4)


@given(
    gamma=st.integers(1, 100_000_000),
    k=st.integers(1, 100_000_000),
    bid_ticks=st.integers(-(10**6), 10**9),
    spread_ticks=st.integers(1, 1_000),
    position_lots=st.integers(-(10**6), 10**6),
    volatility=st.floats(1e-9, 10.0),
    left_s=st.floats(-10, 1e7),
)
def test_whatever_the_parameters_quotes_are_apart_and_on_the_grid(
    gamma: int,
    k: int,
    bid_ticks: int,
    spread_ticks: int,
    position_lots: int,
    volatility: float,
    left_s: float,
) -> None:
    made = maker(gamma_micros_per_tick=gamma, k_micros_per_tick=k, horizon_ns=10**16)
    shown = at(0, bid_ticks, bid_ticks + spread_ticks)

    found = quotes(made, shown, position_lots, volatility, left_s)

    assert found is not None
    bid, bid_lots, ask, ask_lots = found
    assert -PRICE_TICKS_MAX <= bid < ask <= PRICE_TICKS_MAX
    assert bid < bid_ticks + spread_ticks
    assert ask > bid_ticks
    assert 0 <= bid_lots <= max(min(10, 25 - position_lots), 0)
    assert 0 <= ask_lots <= max(min(10, 25 + position_lots), 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("qty_lots", 0),
        ("inventory_lots_max", 9),
        ("gamma_micros_per_tick", 0),
        ("gamma_micros_per_tick", 100_000_001),
        ("k_micros_per_tick", 0),
        ("horizon_ns", -1),
        ("volatility_floor_ppm", -1),
        ("requote_ticks", 0),
        ("pause_ns", -1),
    ],
)
def test_parameters_out_of_range_are_refused_by_name(name: str, value: int) -> None:
    with pytest.raises(InputError, match=rf"^{name} is {value}, allowed is "):
        maker(**{name: value})
