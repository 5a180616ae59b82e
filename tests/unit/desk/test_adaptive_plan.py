"""A shortfall plan that follows the market: faster in a wild or a busy one, within its bounds, exact."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.execution.algo_config import ScheduleConfig, check_algo
from desk.execution.plan import PlanData, adapt, fresh_plan
from desk.execution.schedules.adaptive import AdaptiveRule
from market.decisions import PPM
from market.errors import InputError

S = 1_000_000_000
TOLD = ScheduleConfig(
    over_ns=100 * S,
    slices=10,
    daily_volume_lots=864_000,  # ten lots a second
    urgency_ppm=2 * PPM,
    adaptive=AdaptiveRule(slowest_ppm=500_000, fastest_ppm=2_000_000),
)


def plan_of(told: ScheduleConfig = TOLD, lots: int = 1_000) -> PlanData:
    return fresh_plan(
        "is", told, parent_id=1, position_lots=0, target_lots=lots, volume_lots=0, now_ns=0
    )


def follow(plan: PlanData, seconds: int, *, volatility_ppm: int, volume_lots: int) -> list[int]:
    adapt(plan, TOLD, volatility_ppm=volatility_ppm, volume_lots=volume_lots, now_ns=seconds * S)
    return [one.qty_lots for one in plan.slices]


def test_in_the_usual_market_the_plan_is_the_static_one() -> None:
    plan = plan_of()
    static = [one.qty_lots for one in plan.slices]
    for number in range(10):
        lots = follow(plan, 10 * number, volatility_ppm=PPM, volume_lots=100 * number)
        assert all(abs(one - other) <= 1 for one, other in zip(lots, static, strict=True))


def test_a_wilder_market_brings_lots_forward_and_a_quieter_one_back() -> None:
    static = [one.qty_lots for one in plan_of().slices]
    found = {}
    for name, volatility_ppm in (("wild", 3 * PPM), ("quiet", PPM // 3)):
        plan = plan_of()
        follow(plan, 0, volatility_ppm=PPM, volume_lots=0)
        found[name] = follow(plan, 10, volatility_ppm=volatility_ppm, volume_lots=100)
    assert found["wild"][0] == found["quiet"][0] == static[0]
    assert found["wild"][1] > static[1] > found["quiet"][1]
    assert found["wild"][-1] < static[-1] < found["quiet"][-1]


def test_more_volume_is_more_pace() -> None:
    busy, calm = plan_of(), plan_of()
    for plan in (busy, calm):
        follow(plan, 0, volatility_ppm=PPM, volume_lots=0)
    assert (
        follow(busy, 10, volatility_ppm=PPM, volume_lots=400)[1]
        > follow(calm, 10, volatility_ppm=PPM, volume_lots=25)[1]
    )


def test_no_slice_leaves_its_bounds() -> None:
    static = plan_of().slices[1].qty_lots
    plan = plan_of()
    follow(plan, 0, volatility_ppm=PPM, volume_lots=0)
    lots = follow(plan, 10, volatility_ppm=1_000 * PPM, volume_lots=100_000)
    assert lots[1] == pytest.approx(2 * static, abs=1)
    plan = plan_of()
    follow(plan, 0, volatility_ppm=PPM, volume_lots=0)
    slow = follow(plan, 10, volatility_ppm=1, volume_lots=1)
    # Nobody who does not mind the risk goes slower than in equal parts, which is within the bound here.
    assert slow[1] == pytest.approx((1_000 - slow[0]) / 9, abs=1)
    assert slow[1] > static / 2


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 100_000),
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 5_000_000), st.integers(0, 5_000)),
        min_size=1,
        max_size=30,
    ),
)
def test_whatever_is_measured_the_slices_add_up(
    lots: int, steps: list[tuple[int, int, int]]
) -> None:
    plan = plan_of(lots=lots)
    seconds = volume = 0
    for after, volatility_ppm, traded in steps:
        seconds, volume = seconds + after, volume + traded
        before = [one.qty_lots for one in plan.slices if one.send_ns <= plan.seen_ns]
        found = follow(plan, seconds, volatility_ppm=volatility_ppm, volume_lots=volume)
        assert sum(found) == lots
        assert min(found) >= 0
        assert found[: max(len(before) - 1, 0)] == before[:-1]


def test_only_shortfall_plans_follow() -> None:
    with pytest.raises(InputError, match="found adaptive, allowed is with 'is'"):
        check_algo("twap", TOLD)
