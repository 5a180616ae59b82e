"""Random calls and random price levels, many at a time, for plain code and kernels alike."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from market.codes import Side
from sim.venue_rules.allocation import Resting
from sim.venue_rules.allocation_policy import CME_STEPS, AllocationPolicy, ShareOf, Step
from sim.venue_rules.auction_order import AuctionOrder, Terms
from sim.venue_rules.auction_policy import (
    AuctionPolicy,
    Candidates,
    Display,
    Fallback,
    OutsideBand,
    Rounding,
    TieRule,
)

Call = tuple[list[AuctionOrder], AuctionPolicy, Terms]
Level = tuple[list[Resting], int, AllocationPolicy]

AUCTION_POLICIES = [
    AuctionPolicy(
        candidates=candidates,
        tie=tie,
        least_surplus=surplus,
        pressure=pressure,
        pressure_limit_ppm=limit,
        prefer_high=high,
        without_reference=fallback,
        rounding=rounding,
        outside_band=band,
        display=display,
    )
    for candidates, tie, surplus, pressure, limit, high, fallback, rounding, band, display in product(
        Candidates,
        TieRule,
        (True, False),
        (True, False),
        (0, 200_000),
        (True, False),
        Fallback,
        Rounding,
        OutsideBand,
        Display,
    )
    if (candidates, tie) != (Candidates.TICKS, TieRule.NEAREST)
]

STEP_LISTS = [*CME_STEPS.values(), (Step.PRO_RATA,), (Step.LEVELING, Step.SPLIT, Step.FIFO)]


def random_calls(seed: int, count: int) -> Iterator[Call]:
    """Crossed and uncrossed books of at most nine orders, with every condition and policy.

    One in eight lies as far out as prices go and has the largest quantities.
    """
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, 1 << 30, (count, 8), dtype=np.int64).tolist()
    fields = rng.integers(0, 1 << 20, (count, 9, 8), dtype=np.int64).tolist()
    for (size, which, reference, near, low, width, far, at), rows in zip(
        draws, fields, strict=True
    ):
        is_far = far % 8 == 0
        base = ((1 << 40) - 16) * (1 if at % 2 else -1) if is_far else at % 3 * 10
        scale = (1 << 40) // 12 if is_far else 1
        orders = [random_order(row, base, scale, seq) for seq, row in enumerate(rows[: size % 10])]
        band_low = base + low % 14
        terms = Terms(
            reference_x2_ticks=2 * base + reference % 36 - 4 if near % 4 else None,
            band_ticks=(band_low, band_low + width % 8) if width % 3 == 0 else None,
        )
        yield orders, AUCTION_POLICIES[which % len(AUCTION_POLICIES)], terms


def random_order(row: list[int], base: int, scale: int, seq: int) -> AuctionOrder:
    """An order from eight draws; entry sequences repeat now and then."""
    side, market, price, qty, hidden, minimum, strike, tied = row
    lots = (1 + qty % 12) * scale
    return AuctionOrder(
        side=Side(side % 2),
        qty_lots=lots,
        price_ticks=None if market % 6 == 0 else base + price % 14,
        hidden_lots=hidden % (lots + 1) if hidden % 3 == 0 else 0,
        seq=seq // 2 if tied % 5 == 0 else seq,
        min_qty_lots=minimum % (lots + 1) if minimum % 5 == 0 else 0,
        strike_ticks=base + strike % 14 if strike % 6 == 0 else None,
    )


def random_levels(seed: int, count: int) -> Iterator[Level]:
    """Levels of at most nine orders under every list of steps; one in eight of huge orders."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, 1 << 30, (count, 9), dtype=np.int64).tolist()
    sizes = rng.integers(1, 1 << 30, (count, 9), dtype=np.int64).tolist()
    for (size, top, steps, incoming, least, up, share, split, far), qty in zip(
        draws, sizes, strict=True
    ):
        scale = (1 << 40) // 300 if far % 8 == 0 else 1
        lots = [(1 + value % 300) * scale for value in qty[: size % 10]]
        resting = [
            Resting(
                qty_lots=value,
                is_top=index == top % 12,
                lmm_ppm=share % 400_000 if index in (top % 7, top % 7 + 1) else 0,
            )
            for index, value in enumerate(lots)
        ]
        policy = AllocationPolicy(
            steps=STEP_LISTS[steps % len(STEP_LISTS)],
            top_min_lots=1 + top % 50,
            top_max_lots=(100 + top % 100) * scale,
            prorata_min_lots=1 + least % 3,
            prorata_round_up=up % 2 == 0,
            share_of=ShareOf(share % 2),
            split_fifo_ppm=split % 1_000_001,
        )
        yield resting, min(incoming % (sum(lots) + 100 * scale), 1 << 40), policy
