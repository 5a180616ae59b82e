"""Sharing an arriving order within one price level, in plain Python.

This is the specification of `sim/kernels/allocation.py`.

Model: the resting orders stand in time order. Each step of the policy gives out some of what is
left of the arriving order:

    TOP       the order that was first at the best price, up to a maximum
    LMM       each lead market maker its share of what this step found
    SPLIT     nothing; sets a part of what is left apart for the next FIFO step
    FIFO      the oldest first, each as much as it has; only what SPLIT set apart, if it did
    PRO_RATA  each its size's share of what this step found; small shares are dropped
    LEVELING  one lot to each order with something left, oldest first
    FIFO      again: what rounding and small shares left over

Invariants, each a property test:
1. No order gets more than it has, and together they get no more than arrived.
2. With a FIFO step at the end, either the arriving order or every resting order is filled.
3. What FIFO alone gives an order, it gives only when all older ones are filled.
4. Shares rounded down never exceed what the step found.

Limits: no published worked example of SPLIT, LMM and LEVELING is known to us; their rounding, down
and oldest first, is the one that conserves lots and favors nobody out of turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from market.errors import InputError
from sim.venue_rules.allocation_policy import AllocationPolicy, ShareOf, Step
from sim.venue_rules.auction_policy import PPM


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """An order of the level.

    Attributes:
        qty_lots: What it has; > 0.
        is_top: Whether it was first at what is the best price; at most one order of a level.
        lmm_ppm: Its lead market maker's share in millionths, 0 for anybody else.
    """

    qty_lots: int
    is_top: bool = False
    lmm_ppm: int = 0


def allocate(
    resting: Sequence[Resting], incoming_lots: int, policy: AllocationPolicy
) -> tuple[int, ...]:
    """Lots that each resting order trades, in the order given, the oldest first.

    Raises:
        InputError: Two top orders, or shares of lead market makers above the whole.
    """
    if sum(order.is_top for order in resting) > 1:
        raise InputError("top orders of one level: found more than one, must be at most one")
    if sum(order.lmm_ppm for order in resting) > PPM:
        raise InputError(f"shares of lead market makers: found more than {PPM} millionths in all")
    sharing = _Sharing(resting, incoming_lots, policy)
    for step in policy.steps:
        sharing.take(step)
    return tuple(sharing.fills)


class _Sharing:
    """What each order has been given so far, and what is left to give."""

    def __init__(self, resting: Sequence[Resting], incoming: int, policy: AllocationPolicy) -> None:
        self.resting = resting
        self.policy = policy
        self.left = incoming
        self.set_apart: int | None = None
        self.fills = [0] * len(resting)

    def take(self, step: Step) -> None:
        """Do one step."""
        found = self.left
        if step == Step.SPLIT:
            self.set_apart = found * self.policy.split_fifo_ppm // PPM
        elif step == Step.FIFO:
            self._fifo()
        elif step == Step.PRO_RATA:
            self._pro_rata(found)
        for index, order in enumerate(self.resting):
            if step == Step.TOP and order.is_top and order.qty_lots >= self.policy.top_min_lots:
                self._give(index, self.policy.top_max_lots)
            elif step == Step.LMM:
                self._give(index, found * order.lmm_ppm // PPM)
            elif step == Step.LEVELING:
                self._give(index, 1)

    def _give(self, index: int, lots: int) -> int:
        """Give an order as many of `lots` as it has and as are left."""
        given = min(lots, self.resting[index].qty_lots - self.fills[index], self.left)
        self.fills[index] += given
        self.left -= given
        return given

    def _fifo(self) -> None:
        """The oldest first, up to what is set apart."""
        budget = self.left if self.set_apart is None else self.set_apart
        self.set_apart = None
        for index in range(len(self.resting)):
            budget -= self._give(index, budget)

    def _pro_rata(self, found: int) -> None:
        """Each its share of what the step found."""
        sizes = [order.qty_lots for order in self.resting]
        if self.policy.share_of == ShareOf.REMAINING:
            sizes = [size - fill for size, fill in zip(sizes, self.fills, strict=True)]
        total = sum(sizes)
        if total == 0:
            return
        up = total - 1 if self.policy.prorata_round_up else 0
        for index, size in enumerate(sizes):
            share = (size * found + up) // total
            if share >= self.policy.prorata_min_lots:
                self._give(index, share)
