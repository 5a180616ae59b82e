"""Sharing a price level: the futures exchanges' own examples, and every step by hand."""

import pytest

from market.errors import InputError
from sim.venue_rules import allocation, compiled
from sim.venue_rules.allocation import Resting
from sim.venue_rules.allocation_policy import (
    CME_STEPS,
    AllocationPolicy,
    ShareOf,
    Step,
    cme_steps,
)


def share(
    lots: list[int],
    incoming: int,
    policy: AllocationPolicy,
    *,
    top: int | None = None,
    lmm: dict[int, int] | None = None,
) -> tuple[int, ...]:
    """The fills, for plain code and kernel the same."""
    resting = [
        Resting(qty_lots=qty, is_top=index == top, lmm_ppm=(lmm or {}).get(index, 0))
        for index, qty in enumerate(lots)
    ]
    fills = allocation.allocate(resting, incoming, policy)
    assert compiled.allocate(resting, incoming, policy) == fills
    return fills


def test_algorithm_a_as_in_the_notice_of_2005() -> None:
    policy = AllocationPolicy(steps=cme_steps("A"), prorata_min_lots=2)

    assert share([10, 5, 20, 50, 75], 60, policy, top=0) == (10, 3, 6, 16, 25)


def test_the_pro_rata_step_drops_shares_below_two() -> None:
    lots = [5, 9, 57, 4, 28, 300]
    step = AllocationPolicy(steps=(Step.PRO_RATA,), prorata_min_lots=2)
    whole = AllocationPolicy(steps=cme_steps("C"), prorata_min_lots=2)

    assert share(lots, 50, step) == (0, 0, 7, 0, 3, 37)
    assert share(lots, 50, whole) == (3, 0, 7, 0, 3, 37)


@pytest.mark.parametrize(
    ("share_of", "fills"),
    [(ShareOf.ENTERED, (291, 42, 63, 84, 21)), (ShareOf.REMAINING, (280, 44, 66, 89, 22))],
)
def test_an_implied_order_is_split_over_its_sources(
    share_of: ShareOf, fills: tuple[int, ...]
) -> None:
    policy = AllocationPolicy(steps=cme_steps("A"), top_max_lots=100, share_of=share_of)

    assert share([900, 200, 300, 400, 100], 501, policy, top=0) == fills


@pytest.mark.parametrize(("round_up", "fills"), [(False, (4, 3, 3)), (True, (4, 4, 2))])
def test_shares_are_rounded_as_the_venue_says(*, round_up: bool, fills: tuple[int, ...]) -> None:
    policy = AllocationPolicy(steps=cme_steps("C"), prorata_round_up=round_up)

    assert share([10, 10, 10], 10, policy) == fills


def test_a_top_order_is_large_enough_and_gets_no_more_than_its_maximum() -> None:
    policy = AllocationPolicy(steps=cme_steps("O"), top_min_lots=10, top_max_lots=100)
    lots = [150, 8, 160]

    # 100 to the top order, then 118 shared over 50, 8 and 160: 27, 4 and 86, one left for FIFO.
    assert share(lots, 218, policy, top=0) == (128, 4, 86)
    assert share(lots, 218, policy, top=1) == share(lots, 218, policy)


def test_market_makers_get_their_share_of_what_the_top_order_left() -> None:
    policy = AllocationPolicy(steps=cme_steps("Q"))

    # 40 left after TOP: 30 % is 12 lots, the other 28 go by what is left of each: 8 and 60.
    assert share([10, 20, 60], 50, policy, top=0, lmm={1: 300_000}) == (10, 16, 24)
    assert share([10, 20], 10, AllocationPolicy(steps=cme_steps("T")), lmm={1: 250_000}) == (8, 2)
    assert share([5, 9, 9], 12, AllocationPolicy(steps=cme_steps("S")), top=2, lmm={1: 10**6}) == (
        0, 3, 9,
    )  # fmt: skip


def test_split_gives_a_part_by_time_and_the_rest_by_size() -> None:
    policy = AllocationPolicy(steps=cme_steps("K"), split_fifo_ppm=400_000)

    # 40 by time to the first; 60 over 60, 100 and 140: 12, 20 and 28.
    assert share([100, 100, 140], 100, policy) == (52, 20, 28)
    # 4 by time, 6 over 6, 10, 10: 1, 2, 2 and one lot of leveling to the oldest.
    assert share([10, 10, 10], 10, policy) == (6, 2, 2)


def test_leveling_gives_one_lot_to_each() -> None:
    policy = AllocationPolicy(steps=(Step.LEVELING,))

    assert share([5, 5, 5], 2, policy) == (1, 1, 0)
    assert share([5, 5, 5], 9, policy) == (1, 1, 1)


def test_time_alone_fills_the_oldest_first() -> None:
    assert share([5, 9, 7], 12, AllocationPolicy(steps=cme_steps("F"))) == (5, 7, 0)


def test_a_level_that_is_swept_is_filled_whole() -> None:
    for letter in CME_STEPS:
        policy = AllocationPolicy(steps=cme_steps(letter), prorata_min_lots=2)
        assert share([1, 2, 30], 40, policy, top=1, lmm={2: 500_000}) == (1, 2, 30)
        assert share([], 40, policy) == ()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"steps": ()}, "steps: found none"),
        ({"split_fifo_ppm": 1_000_001}, "split_fifo_ppm: found 1000001"),
        ({"top_min_lots": 5, "top_max_lots": 4}, "min 5 and max 4"),
        ({"prorata_min_lots": 0}, "prorata_min_lots: found 0"),
    ],
)
def test_impossible_policies_are_refused(fields: dict[str, object], text: str) -> None:
    with pytest.raises(InputError, match=text):
        AllocationPolicy(**{"steps": cme_steps("A"), **fields})  # type: ignore[arg-type]


def test_impossible_levels_and_letters_are_refused() -> None:
    policy = AllocationPolicy(steps=cme_steps("A"))
    with pytest.raises(InputError, match="found 'V', must be one of A, C, F"):
        cme_steps("V")
    with pytest.raises(InputError, match="more than one"):
        allocation.allocate([Resting(qty_lots=1, is_top=True)] * 2, 1, policy)
    with pytest.raises(InputError, match="more than 1000000 millionths"):
        allocation.allocate([Resting(qty_lots=1, lmm_ppm=600_000)] * 2, 1, policy)
