"""The same auctions and allocations on compiled code: rules and orders as words, answers back.

Model: a policy is packed once and kept; orders are packed for each call. This is the seam for a book
kernel, which holds its orders as words already and calls `find_print` on its own levels.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from market.codes import Side
from sim.kernels import auction_words as w
from sim.kernels.allocation import allocate as allocate_words
from sim.kernels.auction import run_auction as run_words
from sim.venue_rules.allocation import Resting
from sim.venue_rules.allocation_policy import AllocationPolicy
from sim.venue_rules.auction_order import NO_TERMS, AuctionOrder, AuctionResult, Print, Terms
from sim.venue_rules.auction_policy import AuctionPolicy, Decided

Words = npt.NDArray[np.int64]

NO_STRIKE = {Side.BUY: w.NO_STRIKE_BUY, Side.SELL: w.NO_STRIKE_SELL}
NO_PRICE = (Decided.NOTHING, Decided.OUTSIDE_BAND)


def pack_auction_terms(policy: AuctionPolicy, terms: Terms = NO_TERMS) -> Words:
    """A policy and the terms of one auction, as `sim/kernels/auction_words.py` lays them out."""
    low, high = terms.band_ticks or (-w.FAR, w.FAR)
    reference = terms.reference_x2_ticks
    words = (
        policy.candidates,
        policy.least_surplus,
        policy.pressure,
        policy.pressure_limit_ppm,
        policy.tie,
        policy.prefer_high,
        policy.without_reference,
        policy.rounding,
        policy.outside_band,
        policy.display,
        reference is not None,
        reference or 0,
        low,
        high,
    )
    return np.array([int(word) for word in words], dtype=np.int64)


def pack_auction_orders(orders: Sequence[AuctionOrder]) -> Words:
    """Orders as records of `AO_SIZE` words."""
    words: list[int] = []
    for order in orders:
        strike = NO_STRIKE[order.side] if order.strike_ticks is None else order.strike_ticks
        words += (
            order.side,
            order.price_ticks is None,
            order.price_ticks or 0,
            order.qty_lots,
            order.hidden_lots,
            order.seq,
            order.min_qty_lots,
            strike,
        )
    return np.array(words, dtype=np.int64)


def run_auction(
    orders: Sequence[AuctionOrder], policy: AuctionPolicy, terms: Terms = NO_TERMS
) -> AuctionResult:
    """`sim.venue_rules.auction.run_auction`, compiled."""
    count = len(orders)
    scratch = np.empty(count * w.SCRATCH_AN_ORDER, dtype=np.int64)
    fills = np.empty(count, dtype=np.int64)
    out = np.empty(w.AR_SIZE, dtype=np.int64)
    packed = pack_auction_orders(orders)
    run_words(packed, count, pack_auction_terms(policy, terms), scratch, fills, out)
    answer = out.tolist()
    decided = Decided(answer[w.AR_DECIDED])
    found = Print(
        price_ticks=None if decided in NO_PRICE else answer[w.AR_PRICE],
        executed_lots=answer[w.AR_EXECUTED],
        surplus_lots=answer[w.AR_SURPLUS],
        decided=decided,
    )
    lots = fills.tolist()
    return AuctionResult(
        found=found,
        fills_lots=tuple(max(0, filled) for filled in lots),
        excluded=tuple(index for index, filled in enumerate(lots) if filled == w.EXCLUDED),
    )


def pack_allocation(policy: AllocationPolicy) -> Words:
    """An allocation policy and its steps."""
    words = (
        policy.top_min_lots,
        policy.top_max_lots,
        policy.prorata_min_lots,
        policy.prorata_round_up,
        policy.share_of,
        policy.split_fifo_ppm,
        len(policy.steps),
        *policy.steps,
    )
    return np.array([int(word) for word in words], dtype=np.int64)


def allocate(
    resting: Sequence[Resting], incoming_lots: int, policy: AllocationPolicy
) -> tuple[int, ...]:
    """`sim.venue_rules.allocation.allocate`, compiled; its checks of input are the caller's."""
    count = len(resting)
    qty = np.array([order.qty_lots for order in resting], dtype=np.int64)
    lmm = np.array([order.lmm_ppm for order in resting], dtype=np.int64)
    top = next((index for index, order in enumerate(resting) if order.is_top), -1)
    fills = np.empty(count, dtype=np.int64)
    allocate_words(qty, lmm, count, top, incoming_lots, pack_allocation(policy), fills)
    return tuple(fills.tolist())
