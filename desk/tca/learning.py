"""Learning a cost curve from own fills, drawn towards a prior.

Model: each parent that had fills and was closed before the boundary is one observation of a curve: how
large it was, and what a filled lot of it cost. The curve c minimises, over its knots,

    Σ (cost − line through c at its size)² + n Σ (c − prior)²

which is the mean of the posterior when each knot is believed to be the prior as firmly as if n parents
had been seen exactly there. So a curve of few parents is the prior, and one of many is theirs. What
comes out is then made to rise by pooling neighbors that fall (isotonic regression, weighted by how much
each knot was seen), and rounded. It is solved in fractions: equal parents give equal bytes.

Which parts count is said in the configuration. Spread, impact and fees are what size can change; delay
and timing are mostly what the market did meanwhile, and fading them into a curve fits noise.

Limits: a size beyond the last knot counts there, which makes that knot too dear rather than too cheap.
Every parent weighs alike, large or small. Nothing forgets: what should age is left out by the caller.
"""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal

import msgspec

from desk.tca.curve import CostCurve, CostCurves, CurveAxis, CurveKey
from desk.tca.exact import rounded
from desk.tca.shortfall import Piece, Shortfall
from market.codes import Liquidity
from market.decisions import PPM
from market.errors import InputError

PartName = Literal["delay", "spread", "impact", "timing", "fees"]
KeyName = Literal["symbol", "venue", "algo"]

DEFAULT_PARTS: Final[tuple[PartName, ...]] = ("spread", "impact", "fees")
DEFAULT_KEYS: Final[tuple[tuple[KeyName, ...], ...]] = (("symbol",), ("symbol", "venue"))


class LearningConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How curves are learned.

    Attributes:
        prior: Whose knots and axis every curve has.
        prior_parents: How many parents the prior is worth at each knot.
        parts: Of the shortfall that count as a lot's cost.
        keys: For which combinations of names there are curves.
    """

    prior: CostCurve
    prior_parents: int = 20
    parts: tuple[PartName, ...] = DEFAULT_PARTS
    keys: tuple[tuple[KeyName, ...], ...] = DEFAULT_KEYS

    def __post_init__(self) -> None:
        if self.prior_parents < 1:
            raise InputError(f"prior_parents is {self.prior_parents}, allowed is 1 or more")
        if not self.parts or len(dict.fromkeys(self.parts)) != len(self.parts):
            raise InputError(f"parts is {self.parts}, allowed are one or more, each once")
        if any("symbol" not in names for names in self.keys):
            raise InputError(f"keys is {self.keys}, allowed are combinations with symbol")


class Observation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one parent says about one curve; cost in parts per million of the decision's mid."""

    key: CurveKey
    x: int
    cost_ppm: int
    lots: int


def learn(found: Sequence[Shortfall], config: LearningConfig, boundary_ns: int) -> CostCurves:
    """Curves from everything that the desk had heard of before a boundary; the rest is not looked at.

    Raises:
        InputError: The axis is participation and a parent does not say what the market traded.
    """
    seen: dict[CurveKey, list[Observation]] = {}
    for one in found:
        if one.record.closed_ns < boundary_ns:
            for observation in observations(one, config):
                seen.setdefault(observation.key, []).append(observation)
    keys = sorted(seen, key=lambda key: (key.symbol, key.venue, key.algo))
    curves = tuple(fit(key, seen[key], config, boundary_ns) for key in keys)
    return CostCurves(boundary_ns=boundary_ns, prior=config.prior, curves=curves)


def observations(one: Shortfall, config: LearningConfig) -> list[Observation]:
    """What a shortfall says about each curve that it belongs to; nothing when it had no fills."""
    record = one.record
    mid_x2 = record.decided.local.mid_x2_units
    pieces = [piece for piece in one.pieces if piece.liquidity is not Liquidity.NONE]
    if not pieces or mid_x2 <= 0:
        return []
    result = []
    for names in config.keys:
        groups: dict[str, list[Piece]] = {}
        for piece in pieces:
            groups.setdefault(piece.venue if "venue" in names else "", []).append(piece)
        for venue, members in groups.items():
            lots = sum(piece.lots for piece in members)
            cost_x2 = sum(
                getattr(piece.parts, f"{p}_x2") for piece in members for p in config.parts
            )
            result.append(
                Observation(
                    key=CurveKey(
                        record.instrument.symbol, venue, record.algo if "algo" in names else ""
                    ),
                    x=_size(one, lots, config.prior.axis),
                    cost_ppm=rounded(Fraction(cost_x2 * PPM, lots * mid_x2)),
                    lots=lots,
                )
            )
    return result


def fit(
    key: CurveKey, seen: Sequence[Observation], config: LearningConfig, boundary_ns: int
) -> CostCurve:
    """One curve; with nothing seen it is the prior."""
    prior = config.prior
    count = len(prior.knots)
    weight = Fraction(config.prior_parents)
    diagonal = [weight] * count
    beside = [Fraction(0)] * (count - 1)
    right = [weight * cost for cost in prior.costs_ppm]
    for one in seen:
        index, part = _place(prior.knots, one.x)
        low = 1 - part
        diagonal[index] += low * low
        diagonal[index + 1] += part * part
        beside[index] += low * part
        right[index] += low * one.cost_ppm
        right[index + 1] += part * one.cost_ppm
    rising = _pooled(_solved(diagonal, beside, right), diagonal)
    return CostCurve(
        key=key,
        axis=prior.axis,
        knots=prior.knots,
        costs_ppm=tuple(rounded(cost) for cost in rising),
        boundary_ns=boundary_ns,
        parents=len(seen),
        lots=sum(one.lots for one in seen),
    )


def _size(one: Shortfall, lots: int, axis: CurveAxis) -> int:
    """How large an order was, on the curve's axis."""
    if axis is CurveAxis.SIZE:
        return lots
    market_lots = one.record.market_lots
    if market_lots is None:
        raise InputError(
            f"parent {one.record.parent_id}: found no market_lots, allowed is a number where costs "
            "are learned against participation"
        )
    return rounded(Fraction(lots * PPM, market_lots))


def _place(knots: Sequence[int], x: int) -> tuple[int, Fraction]:
    """The segment of a size, and how far along it lies, from 0 to 1."""
    x = min(max(x, knots[0]), knots[-1])
    index = min(bisect_right(knots, x) - 1, len(knots) - 2)
    return index, Fraction(x - knots[index], knots[index + 1] - knots[index])


def _solved(
    diagonal: Sequence[Fraction], beside: Sequence[Fraction], right: Sequence[Fraction]
) -> list[Fraction]:
    """The solution of a symmetric tridiagonal system, by elimination; exact."""
    pivots, sides = [diagonal[0]], [right[0]]
    for index, off in enumerate(beside):
        factor = off / pivots[index]
        pivots.append(diagonal[index + 1] - factor * off)
        sides.append(right[index + 1] - factor * sides[index])
    result = [sides[-1] / pivots[-1]]
    for index in range(len(beside) - 1, -1, -1):
        result.append((sides[index] - beside[index] * result[-1]) / pivots[index])
    return result[::-1]


def _pooled(values: Sequence[Fraction], weights: Sequence[Fraction]) -> list[Fraction]:
    """The nearest values that do not fall: neighbors that do are replaced by their mean."""
    pools: list[tuple[Fraction, Fraction, int]] = []
    for value, weight in zip(values, weights, strict=True):
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (low, low_weight, low_count), (high, high_weight, high_count) = pools[-2:]
            total = low_weight + high_weight
            mean = (low * low_weight + high * high_weight) / total
            pools[-2:] = [(mean, total, low_count + high_count)]
    return [value for value, _, count in pools for _ in range(count)]
