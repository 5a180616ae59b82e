"""Cont and Kukanov: the closed form, its cost surface, and the split against brute force."""

from itertools import product
from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.router.cont_kukanov import (
    Outflow,
    RestVenue,
    TakeCost,
    expected_cost,
    expected_fill,
    margin,
    next_cost,
    split,
    split_one,
    thresholds,
)
from market.errors import InputError

COST = TakeCost(half_spread=0.01, fee=0.003, impact=0.001, penalty=0.05)
VENUE = RestVenue(book_id=1, queue_lots=2000, rebate=0.002, outflow=Outflow(mean_lots=4000.0))


def test_the_published_split_of_one_venue() -> None:
    assert margin(COST, 0.002) == pytest.approx(0.396825397, abs=5e-10)
    low, high = thresholds(COST, VENUE, 1000)
    assert low == pytest.approx(0.034381, abs=5e-7)
    assert high == pytest.approx(0.050537, abs=5e-7)
    take, rest = split_one(COST, VENUE, 1000.0)
    # The closed form in the library's own logarithm, and the published digits.
    exact = 1000 + 2000 + 4000 * log(1 - margin(COST, 0.002))
    assert take == pytest.approx(exact, abs=1e-6)
    assert take == pytest.approx(977.806, abs=5e-4)
    assert rest == pytest.approx(22.194, abs=5e-4)


def test_a_queue_that_hardly_moves_is_not_joined() -> None:
    slow = RestVenue(book_id=1, queue_lots=2000, rebate=0.002, outflow=Outflow(mean_lots=2500.0))
    assert split_one(COST, slow, 1000.0) == (1000.0, 0.0)


def test_below_and_above_the_thresholds_nothing_is_split() -> None:
    low, high = thresholds(COST, VENUE, 1000)
    for penalty, expected in ((low * 0.999, (0.0, 1000.0)), (high * 1.001, (1000.0, 0.0))):
        cost = TakeCost(half_spread=0.01, fee=0.003, impact=0.001, penalty=penalty)
        assert split_one(cost, VENUE, 1000.0) == expected
    inside = TakeCost(half_spread=0.01, fee=0.003, impact=0.001, penalty=low * 1.0001)
    assert 0.0 < split_one(inside, VENUE, 1000.0)[0] < 1.0
    empty = RestVenue(book_id=1, queue_lots=0, rebate=0.002, outflow=Outflow(mean_lots=4000.0))
    assert thresholds(COST, empty, 1000)[1] == inf


def test_whole_lots_are_the_closed_form_to_the_lot() -> None:
    found = split(COST, [VENUE], 1000)
    assert (found.take_lots, found.rest_lots) == (978, (22,))


def played_cost(
    outflows: np.ndarray,
    queues: list[int],
    rebates: list[float],
    take: int,
    rest: list[int],
    total: int,
) -> float:
    """The paper's cost, outcome by outcome, with over-booking charged a thousand."""
    fills = [
        np.minimum(np.maximum(outflow - queue, 0), lots)
        for outflow, queue, lots in zip(outflows, queues, rest, strict=True)
    ]
    got = take + sum(fills)
    short, over = np.maximum(total - got, 0), np.maximum(got - total, 0)
    earned = sum((0.01 + rebate) * fill for rebate, fill in zip(rebates, fills, strict=True))
    cost = -earned + (0.01 + 0.003) * take + 0.05 * short + 1000.0 * over
    cost = cost + 0.001 * (take + sum(rest) + short)
    return float(np.mean(cost))


def test_the_played_cost_is_smallest_at_the_closed_form() -> None:
    # One outflow in each of 200,000 slices of equal probability.
    slices = (np.arange(200_000) + 0.5) / 200_000
    outflow = (-4000.0 * np.log1p(-slices))[None, :]
    costs = {
        rest: played_cost(outflow, [2000], [0.002], 1000 - rest, [rest], 1000) for rest in range(61)
    }
    assert abs(min(costs, key=costs.__getitem__) - 22.194) <= 1.0
    for rest in (0, 22, 60):
        expected = expected_cost(COST, [VENUE], 1000 - rest, [rest])
        assert costs[rest] == pytest.approx(expected, rel=1e-5)


SAMPLES = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda x: tuple(sorted(x)))
VENUES = st.lists(st.tuples(st.integers(0, 6), st.integers(-3, 5), SAMPLES), min_size=1, max_size=3)


@given(venues=VENUES, total=st.integers(0, 6), penalty=st.floats(0.0, 0.2))
def test_no_other_split_in_whole_lots_is_cheaper_and_no_over_booking_pays(
    venues: list[tuple[int, int, tuple[int, ...]]], total: int, penalty: float
) -> None:
    # Every outcome of independent queues, samples equally likely; over-booking costs a thousand.
    cost = TakeCost(half_spread=0.01, fee=0.003, impact=0.001, penalty=penalty)
    queues = [
        RestVenue(
            book_id=number, queue_lots=queue, rebate=rebate / 1000, outflow=Outflow(samples=samples)
        )
        for number, (queue, rebate, samples) in enumerate(venues)
    ]
    found = split(cost, queues, total)
    assert found.take_lots + sum(found.rest_lots) == total
    best = expected_cost(cost, queues, found.take_lots, found.rest_lots)
    outcomes = list(product(*[queue.outflow.samples for queue in queues]))

    def played(take: int, rest: tuple[int, ...]) -> float:
        whole = 0.0
        for outcome in outcomes:
            fills = [
                min(max(out - queue.queue_lots, 0), lots)
                for out, queue, lots in zip(outcome, queues, rest, strict=True)
            ]
            got = take + sum(fills)
            short, over = max(total - got, 0), max(got - total, 0)
            whole += 0.013 * take + penalty * short + 1000.0 * over
            whole += 0.001 * (take + sum(rest) + short)
            whole -= sum((0.01 + q.rebate) * f for q, f in zip(queues, fills, strict=True))
        return whole / len(outcomes)

    assert played(found.take_lots, found.rest_lots) == pytest.approx(best, abs=1e-12)
    most = total + 1
    for rest in product(range(most + 1), repeat=len(queues)):
        for take in range(max(total - sum(rest), 0), total + 1):
            # Splits that send too little are never better: what is missing is short for certain.
            assert played(take, rest) >= best - 1e-12


@given(
    venues=st.lists(
        st.tuples(st.integers(0, 3000), st.floats(0.0, 0.004), st.floats(10.0, 5000.0)),
        min_size=1,
        max_size=5,
    ),
    total=st.integers(0, 5000),
)
def test_at_the_best_split_every_next_lot_costs_more_than_every_last_one(
    venues: list[tuple[int, float, float]], total: int
) -> None:
    queues = [
        RestVenue(book_id=n, queue_lots=q, rebate=r, outflow=Outflow(mean_lots=m))
        for n, (q, r, m) in enumerate(venues)
    ]
    found = split(COST, queues, total)
    assert found.take_lots + sum(found.rest_lots) == total
    last = [
        next_cost(COST, queue, lots - 1)
        for queue, lots in zip(queues, found.rest_lots, strict=True)
        if lots
    ]
    following = [
        next_cost(COST, queue, lots)
        for queue, lots in zip(queues, found.rest_lots, strict=True)
        if lots < total
    ]
    if found.take_lots:
        last.append(COST.half_spread + COST.fee)
    following.append(COST.half_spread + COST.fee)
    if last and total:
        assert max(last) <= min(following) + 1e-12


def test_several_venues_and_what_each_may_hold() -> None:
    near = RestVenue(book_id=7, queue_lots=100, rebate=0.002, outflow=Outflow(mean_lots=4000.0))
    free = split(COST, [VENUE, near], 1000)
    assert free.rest_lots[1] > free.rest_lots[0]
    held = RestVenue(
        book_id=7, queue_lots=100, rebate=0.002, outflow=Outflow(mean_lots=4000.0), lots_max=50
    )
    assert split(COST, [VENUE, held], 1000).rest_lots == (22, 50)


def test_equal_queues_share_and_the_lower_book_gets_the_odd_lot() -> None:
    cheap = TakeCost(half_spread=0.01, fee=0.003, impact=0.0, penalty=0.013)
    both = [
        RestVenue(book_id=book, queue_lots=10, rebate=0.0, outflow=Outflow(mean_lots=50.0))
        for book in (5, 3)
    ]
    found = split(cheap, both, 7)
    assert found.take_lots == 0
    assert found.rest_lots == (3, 4)


def test_expected_fill_of_both_kinds_of_outflow() -> None:
    assert expected_fill(Outflow(samples=(0, 5, 9, 20)), 4, 10) == (0 + 1 + 5 + 10) / 4
    exact = 4000 * (exp(-0.5) - exp(-0.75))
    assert expected_fill(Outflow(mean_lots=4000.0), 2000, 1000) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    "wrong", [{}, {"mean_lots": -1.0}, {"samples": (3, 2)}, {"samples": (-1, 2)}]
)
def test_a_wrong_outflow_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="outflow"):
        Outflow(**wrong)  # type: ignore[arg-type]
