"""Compiled auctions and allocations answer as the plain ones do, book after book.

`make test` compares 200,000 random books, `make nightly` ten million (TWIN_FUZZ_BOOKS says
otherwise: half of it each).
"""

import os

import pytest

from sim.kernels import allocation as allocation_kernel
from sim.kernels import auction as auction_kernel
from sim.kernels import auction_words as words
from sim.venue_rules import compiled
from sim.venue_rules.allocation import allocate
from sim.venue_rules.allocation_policy import ShareOf, Step
from sim.venue_rules.auction import run_auction
from sim.venue_rules.auction_policy import (
    PPM,
    Candidates,
    Decided,
    Display,
    Fallback,
    OutsideBand,
    Rounding,
    TieRule,
)
from tests.random_auctions import random_calls, random_levels

BOOKS = 25_000
SEEDS = range(4)
CHUNK = 10_000


def compare_calls(seed: int, count: int) -> int:
    """How many calls agreed; the first that does not is shown."""
    for orders, policy, terms in random_calls(seed, count):
        plain = run_auction(orders, policy, terms)
        assert compiled.run_auction(orders, policy, terms) == plain, (orders, policy, terms)
    return count


def compare_levels(seed: int, count: int) -> int:
    """How many levels agreed; the first that does not is shown."""
    for resting, incoming, policy in random_levels(seed, count):
        plain = allocate(resting, incoming, policy)
        assert compiled.allocate(resting, incoming, policy) == plain, (resting, incoming, policy)
    return count


@pytest.mark.parametrize("seed", SEEDS)
def test_compiled_auctions_equal_plain_ones(seed: int) -> None:
    assert compare_calls(seed, BOOKS) == BOOKS


@pytest.mark.parametrize("seed", SEEDS)
def test_compiled_allocations_equal_plain_ones(seed: int) -> None:
    assert compare_levels(seed, BOOKS) == BOOKS


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("compare", [compare_calls, compare_levels])
def test_compiled_rules_equal_plain_ones_over_millions_of_books(compare: object) -> None:
    assert callable(compare)
    total = int(os.environ.get("TWIN_FUZZ_BOOKS", "10000000")) // 2
    done = sum(compare(1_000 + chunk, CHUNK) for chunk in range(-(-total // CHUNK)))

    assert done >= total


def test_random_calls_reach_every_outcome() -> None:
    results = [run_auction(*call) for call in random_calls(0, 4_000)]

    assert {result.found.decided for result in results} == set(Decided)
    assert sum(bool(result.excluded) for result in results) > 100


@pytest.mark.parametrize(
    ("size", "lots", "total"),
    [
        (1 << 40, 1 << 40, 1 << 40),
        ((1 << 40) - 1, (1 << 40) - 3, (1 << 60) + 7),
        (1, 1 << 40, (1 << 61) - 1),
        ((1 << 61) - 1, (1 << 62) - 1, (1 << 61) - 1),
        (7, 10, 13),
        (0, 5, 9),
    ],
)
def test_shares_are_exact_where_products_need_more_than_64_bits(
    size: int, lots: int, total: int
) -> None:
    assert allocation_kernel.share_of(size, lots, total, False) == size * lots // total
    assert allocation_kernel.share_of(size, lots, total, True) == -(-size * lots // total)


def test_each_kernel_is_compiled_once() -> None:
    compare_calls(9, 50)
    compare_levels(9, 50)
    # Those inside of these are compiled with them, and have none of their own when cached.
    for kernel in (auction_kernel.run_auction, allocation_kernel.allocate):
        assert len(getattr(kernel, "signatures", [()])) == 1, kernel


def test_kernels_mean_the_same_by_every_code() -> None:
    pairs = {
        "LIMITS": Candidates.LIMITS, "TICKS": Candidates.TICKS,
        "NEAREST": TieRule.NEAREST, "CLAMP": TieRule.CLAMP,
        "LOWEST": Fallback.LOWEST, "HIGHEST": Fallback.HIGHEST, "MIDDLE": Fallback.MIDDLE,
        "ROUND_DOWN": Rounding.DOWN, "ROUND_UP": Rounding.UP,
        "ROUND_HALF_UP": Rounding.HALF_UP, "ROUND_HALF_DOWN": Rounding.HALF_DOWN,
        "RESTRICT": OutsideBand.RESTRICT, "NO_PRINT": OutsideBand.NO_PRINT,
        "DISPLAY_IGNORED": Display.IGNORED, "FIRST_AT_PRICE": Display.FIRST_AT_PRICE,
        "FIRST_AT_ALL": Display.FIRST_AT_ALL,
        "NOTHING": Decided.NOTHING, "BY_VOLUME": Decided.VOLUME, "BY_SURPLUS": Decided.SURPLUS,
        "BY_PRESSURE": Decided.PRESSURE, "BY_PRESSURE_LIMIT": Decided.PRESSURE_LIMIT,
        "BY_REFERENCE": Decided.REFERENCE, "MARKET_ONLY": Decided.MARKET_ONLY,
        "OUTSIDE": Decided.OUTSIDE_BAND,
        "STEP_TOP": Step.TOP, "STEP_LMM": Step.LMM, "STEP_SPLIT": Step.SPLIT,
        "STEP_FIFO": Step.FIFO, "STEP_PRO_RATA": Step.PRO_RATA, "STEP_LEVELING": Step.LEVELING,
        "SHARE_OF_REMAINING": ShareOf.REMAINING, "SHARE_OF_ENTERED": ShareOf.ENTERED,
        "MILLION": PPM,
    }  # fmt: skip

    assert {name: getattr(words, name) for name in pairs} == pairs
