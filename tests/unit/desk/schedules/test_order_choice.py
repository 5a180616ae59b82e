"""The table of order types: whole, without dead rules, and what it says."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.execution.schedules.order_choice import (
    RULES,
    Anchor,
    ChoiceRule,
    Situation,
    check_rules,
    choose,
    limit_ticks,
    timeout_ns,
)
from market.codes import OrderType, Side, TimeInForce, Urgency
from market.decisions import PPM
from market.errors import InputError


def situation(
    urgency: Urgency = Urgency.NORMAL, size: int = 500, spread: int = 1, left: int = 800_000
) -> Situation:
    return Situation(urgency=urgency, size_ppm=size, spread_ticks=spread, left_ppm=left)


def test_the_given_table_is_whole_and_has_no_dead_rule() -> None:
    check_rules(RULES)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (situation(Urgency.PATIENT, left=20_000), "the time is over"),
        (situation(Urgency.URGENT), "urgent, and too small to move the price"),
        (situation(Urgency.URGENT, size=5_000), "urgent, and large: take what is shown"),
        (
            situation(Urgency.URGENT, size=5_000, spread=9),
            "urgent, large, in a wide market: meet in the middle",
        ),
        (situation(left=250_000), "a quarter of the time is left and the spread is one tick"),
        (situation(), "nothing lies between the best prices"),
        (situation(spread=3), "step inside"),
        (situation(spread=30), "a wide market: rest at the mid"),
        (situation(Urgency.PATIENT), "patient and small: join"),
        (
            situation(Urgency.PATIENT, size=50_000),
            "patient and large: rest behind the best price",
        ),
    ],
)
def test_what_the_given_table_says(found: Situation, why: str) -> None:
    assert choose(RULES, found)[1].why == why


@given(
    urgency=st.sampled_from(Urgency),
    size=st.integers(0, PPM),
    spread=st.integers(0, 1_000),
    left=st.integers(0, PPM),
)
def test_every_situation_has_a_rule(urgency: Urgency, size: int, spread: int, left: int) -> None:
    number, rule = choose(RULES, situation(urgency, size, spread, left))
    assert rule is RULES[number]
    assert not any(
        earlier.fits(situation(urgency, size, spread, left)) for earlier in RULES[:number]
    )


def rule(anchor: Anchor, offset: int = 0, *, post_only: bool = False, **when: int) -> ChoiceRule:
    return ChoiceRule(
        why="a test",
        order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC,
        anchor=anchor,
        offset_ticks=offset,
        post_only=post_only,
        timeout_ppm=250_000,
        **when,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("side", "choice", "price_ticks"),
    [
        (Side.BUY, rule(Anchor.NEAR), 100),
        (Side.SELL, rule(Anchor.NEAR), 105),
        (Side.BUY, rule(Anchor.NEAR, 2), 102),
        (Side.SELL, rule(Anchor.NEAR, 2), 103),
        (Side.BUY, rule(Anchor.MID), 102),
        (Side.SELL, rule(Anchor.MID), 103),
        (Side.BUY, rule(Anchor.FAR, 1), 106),
        (Side.SELL, rule(Anchor.FAR, 1), 99),
        (Side.BUY, rule(Anchor.NEAR, 9, post_only=True), 104),
        (Side.SELL, rule(Anchor.NEAR, 9, post_only=True), 101),
        (Side.SELL, rule(Anchor.NEAR, -3, post_only=True), 108),
    ],
)
def test_prices_of_both_sides(side: Side, choice: ChoiceRule, price_ticks: int) -> None:
    assert limit_ticks(choice, side, 100, 105) == price_ticks


@given(
    bid=st.integers(-100, 100),
    spread=st.integers(1, 50),
    anchor=st.sampled_from(Anchor),
    offset=st.integers(-60, 60),
    side=st.sampled_from(Side),
)
def test_an_order_that_may_only_rest_never_touches_the_other_side(
    bid: int, spread: int, anchor: Anchor, offset: int, side: Side
) -> None:
    ask = bid + spread
    price = limit_ticks(rule(anchor, offset, post_only=True), side, bid, ask)
    assert price < ask if side is Side.BUY else price > bid
    # What a buyer does is the mirror of what a seller does.
    mirrored = limit_ticks(rule(anchor, offset, post_only=True), side.other, -ask, -bid)
    assert mirrored == -price


def test_the_time_out_is_a_share_of_the_time_left() -> None:
    assert timeout_ns(rule(Anchor.NEAR), 4_000) == 1_000


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ((), "found no rule"),
        ((rule(Anchor.NEAR, spread_ticks_max=3),), "the last rule has a condition"),
        (
            (rule(Anchor.NEAR, spread_ticks_max=3), rule(Anchor.FAR, spread_ticks_max=2), rule(0)),
            "rule 1: rules above it",
        ),
        ((rule(Anchor.FAR, post_only=True),), "allowed is an offset below 0"),
        (
            (msgspec.structs.replace(rule(Anchor.NEAR), timeout_ppm=PPM + 1),),
            "timeout_ppm is 1000001",
        ),
    ],
)
def test_a_wrong_table_is_refused(rules: tuple[ChoiceRule, ...], text: str) -> None:
    with pytest.raises(InputError, match=text):
        check_rules(rules)


def test_a_table_is_data() -> None:
    encoded = msgspec.json.encode(RULES)
    assert msgspec.json.decode(encoded, type=tuple[ChoiceRule, ...]) == RULES
