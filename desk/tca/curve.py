"""The cost curve: what a lot is expected to cost, as data for sizing, execution and router.

Model: a curve is a broken line through knots, rising or level: against the share of the market's lots
that is taken (PARTICIPATION, in parts per million), or against lots (SIZE). Left of the first knot it
is level, right of the last it goes on as steeply as before, because what was never tried is not
cheaper. Costs are parts per million of the decision's mid.

A curve was learned from what the desk knew before a *boundary*. Whoever decides names the moment, and
a curve from later than that is a defect, not a better guess.

Invariants: knots rise, costs do not fall, and there are at least two of each.
"""

from bisect import bisect_right
from collections.abc import Sequence
from enum import IntEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final

import msgspec

from desk.tca.exact import rounded
from market.decisions import PPM
from market.errors import DeskError, InputError

ALWAYS_NS: Final = -(1 << 62)
"""Boundary of a curve that was not learned: it may be asked at any time."""


class CurveAxis(IntEnum):
    """What a curve is against; the values never change their meaning."""

    PARTICIPATION = 1
    SIZE = 2


class CurveKey(msgspec.Struct, frozen=True, gc=False):
    """Which orders a curve is about; an empty name means all of them."""

    symbol: str = ""
    venue: str = ""
    algo: str = ""


class CostCurve(msgspec.Struct, frozen=True, kw_only=True):
    """What a lot is expected to cost.

    Attributes:
        knots: In parts per million of the market's lots, or in lots.
        costs_ppm: The expected cost at each; below zero where rebates are more than all the rest.
        boundary_ns: Everything that it was learned from was known before.
        parents: How many parents it was learned from; 0 for a prior.
        lots: Their filled lots.
    """

    key: CurveKey
    axis: CurveAxis
    knots: tuple[int, ...]
    costs_ppm: tuple[int, ...]
    boundary_ns: int = ALWAYS_NS
    parents: int = 0
    lots: int = 0

    def __post_init__(self) -> None:
        if len(self.knots) < 2 or len(self.costs_ppm) != len(self.knots):
            raise InputError(
                f"cost curve: found {len(self.knots)} knots and {len(self.costs_ppm)} costs, "
                "allowed are as many, and two at least"
            )
        if self.knots[0] < 0 or any(_steps(self.knots, 1)):
            raise InputError(
                f"cost curve: found knots {self.knots}, allowed are rising ones from 0 or more"
            )
        if any(_steps(self.costs_ppm, 0)):
            raise InputError(
                f"cost curve: found costs {self.costs_ppm}, allowed are ones that do not fall"
            )

    def expected_ppm(self, x: int, now_ns: int) -> int:
        """What a lot is expected to cost, rounded half up.

        Args:
            x: Participation in parts per million, or lots; 0 or more.
            now_ns: When it is asked.

        Raises:
            DeskError: It was learned from what was not known then.
        """
        assert x >= 0
        self._check_time(now_ns)
        knots, costs = self.knots, self.costs_ppm
        if x <= knots[0]:
            return costs[0]
        index = min(bisect_right(knots, x) - 1, len(knots) - 2)
        run, rise = knots[index + 1] - knots[index], costs[index + 1] - costs[index]
        return rounded(Fraction(costs[index] * run + (x - knots[index]) * rise, run))

    def expected_x2(self, x: int, worth_x2: int, now_ns: int) -> int:
        """What an order is expected to cost, in half price unit × lot, rounded half up.

        Args:
            x: As in `expected_ppm`.
            worth_x2: Lots × twice the mid, in half price unit × lot.
            now_ns: When it is asked.
        """
        return rounded(Fraction(self.expected_ppm(x, now_ns) * worth_x2, PPM))

    def largest(self, cost_ppm_max: int, now_ns: int) -> int | None:
        """The largest x at which a lot costs no more than this; None when it never does.

        0 is the answer when even the smallest costs more.

        Raises:
            DeskError: It was learned from what was not known then.
        """
        self._check_time(now_ns)
        knots, costs = self.knots, self.costs_ppm
        if costs[0] > cost_ppm_max:
            return 0
        index = min(bisect_right(costs, cost_ppm_max) - 1, len(knots) - 2)
        run, rise = knots[index + 1] - knots[index], costs[index + 1] - costs[index]
        if rise == 0:
            return None
        # Half up, a cost is at most the limit while it is below the limit and a half.
        numerator = (2 * (cost_ppm_max - costs[index]) + 1) * run - 1
        return knots[index] + numerator // (2 * rise)

    def _check_time(self, now_ns: int) -> None:
        """Nothing from the future."""
        if now_ns < self.boundary_ns:
            raise DeskError(
                f"cost curve {self.key}: found a question of {now_ns} ns, allowed is from its "
                f"boundary on, {self.boundary_ns} ns"
            )


class CostCurves(msgspec.Struct, frozen=True, kw_only=True):
    """All curves of one boundary, and the prior for whatever has none.

    Attributes:
        curves: In order of their keys.
    """

    boundary_ns: int
    prior: CostCurve
    curves: tuple[CostCurve, ...] = ()

    def find(self, symbol: str, venue: str = "", algo: str = "") -> CostCurve:
        """The curve of just these orders, else of the venue, the algorithm, the symbol, else the prior."""
        wanted = (
            CurveKey(symbol, venue, algo),
            CurveKey(symbol, venue),
            CurveKey(symbol, "", algo),
            CurveKey(symbol),
        )
        for key in wanted:
            for curve in self.curves:
                if curve.key == key:
                    return curve
        return self.prior


def boundary_before(now_ns: int, every_ns: int, offset_ns: int = 0) -> int:
    """The newest boundary at or before a moment, when there is one every so often.

    Args:
        now_ns: The moment.
        every_ns: Between boundaries, above zero.
        offset_ns: Of the boundaries against the epoch.
    """
    assert every_ns > 0
    return (now_ns - offset_ns) // every_ns * every_ns + offset_ns


def _steps(values: Sequence[int], least: int) -> list[bool]:
    """For each value but the first, whether it is less than `least` above the one before."""
    return [after - before < least for before, after in pairwise(values)]
