"""What a size is made of: factors that are multiplied, caps of which the smallest counts.

Model: the first factor is the capital, counted in millionths of a lot (or a fixed number of
lots); each further one is a share in parts per million. The wished size is their product, divided
once and rounded down, so that its error is below one lot whatever the number of factors. The size
is the smallest of it and all caps.

Limits: figures are journaled in 64 bits, so a factor, and the wished size, end at 2^62 and stay
there; no market is that large, and the caps of any model lie far below.

Invariants: factors and caps are never negative; `lots` ≤ `wished_lots`; `lots` ≤ every cap;
`wished_lots` follows from the factors alone. `check` holds a result to them.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import msgspec

from market.decisions import PPM
from market.errors import InputError

FIGURE_MAX: Final = 1 << 62
"""Where factors and sizes end."""


class FactorKind(IntEnum):
    """What a factor stands for; a value never changes its meaning."""

    LOTS = 1
    EQUITY = 2
    VOLATILITY_TARGET = 3
    KELLY = 4
    KELLY_FRACTION = 5
    SHRINKAGE = 6
    STRENGTH = 7
    CONFIDENCE = 8
    DRAWDOWN = 9
    REGIME = 10
    CORRELATION = 11
    DIVERSIFICATION = 12
    STOP = 13
    PERMIT = 14


class CapKind(IntEnum):
    """What a cap stands for; a value never changes its meaning."""

    LOTS = 1
    WEIGHT = 2
    DAILY_VOLUME = 3
    DEPTH = 4
    PARTICIPATION = 5
    IMPACT = 6


class Factor(msgspec.Struct, frozen=True, gc=False):
    """One thing that a size is multiplied with.

    Attributes:
        ppm: Parts per million; of a lot for LOTS and EQUITY, of the size so far for the others.
        inputs: Name and value of every figure that it was made from.
    """

    kind: FactorKind
    ppm: int
    inputs: tuple[tuple[str, int], ...] = ()


class Cap(msgspec.Struct, frozen=True, gc=False):
    """One thing that a size may not pass.

    Attributes:
        lots: The largest size that it allows.
        inputs: Name and value of every figure that it was made from.
    """

    kind: CapKind
    lots: int
    inputs: tuple[tuple[str, int], ...] = ()


class SizeResult(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A size with everything that made it.

    Attributes:
        factors: In the order in which they were applied.
        caps: In the order of their kinds.
        wished_lots: Product of the factors, before any cap.
        lots: The size, without a sign.
        position_lots: The size with the sign of what was wished for.
    """

    factors: tuple[Factor, ...]
    caps: tuple[Cap, ...]
    wished_lots: int
    lots: int
    position_lots: int

    def pairs(self) -> tuple[tuple[str, int], ...]:
        """Names and values as `market.decisions.Sized.factors` holds them."""
        factors = tuple((factor.kind.name.lower(), factor.ppm) for factor in self.factors)
        return factors + tuple((f"cap_{cap.kind.name.lower()}", cap.lots) for cap in self.caps)

    def pairs_in_full(self) -> tuple[tuple[str, int], ...]:
        """`pairs` with every figure behind the factor or cap that it made, as `name.figure`."""
        return told_pairs(self.factors, self.caps)

    def check(self) -> None:
        """Hold the result to the invariants."""
        assert all(factor.ppm >= 0 for factor in self.factors)
        assert all(self.lots <= cap.lots for cap in self.caps)
        assert self.wished_lots == product_lots(self.factors)
        assert 0 <= self.lots <= self.wished_lots
        assert abs(self.position_lots) == self.lots


def told_pairs(factors: Sequence[Factor], caps: Sequence[Cap] = ()) -> tuple[tuple[str, int], ...]:
    """Factors and caps as names and values that `from_pairs` can read again."""
    pairs = []
    for factor in factors:
        name = factor.kind.name.lower()
        pairs.append((name, factor.ppm))
        pairs += [(f"{name}.{figure}", value) for figure, value in factor.inputs]
    for cap in caps:
        name = f"cap_{cap.kind.name.lower()}"
        pairs.append((name, cap.lots))
        pairs += [(f"{name}.{figure}", value) for figure, value in cap.inputs]
    return tuple(pairs)


def from_pairs(pairs: Sequence[tuple[str, int]]) -> tuple[list[Factor], list[Cap]]:
    """The factors and caps that `told_pairs` told.

    Raises:
        InputError: A name is of no factor and of no cap.
    """
    factors: list[Factor] = []
    caps: list[Cap] = []
    at = 0
    while at < len(pairs):
        name, value = pairs[at]
        at += 1
        inputs = []
        while at < len(pairs) and pairs[at][0].startswith(f"{name}."):
            inputs.append((pairs[at][0].removeprefix(f"{name}."), pairs[at][1]))
            at += 1
        known = name.upper()
        if known.removeprefix("CAP_") in CapKind.__members__ and known.startswith("CAP_"):
            caps.append(Cap(CapKind[known.removeprefix("CAP_")], value, tuple(inputs)))
        elif known in FactorKind.__members__:
            factors.append(Factor(FactorKind[known], value, tuple(inputs)))
        else:
            raise InputError(f"size: found a factor {name!r}, allowed is one of FactorKind")
    return factors, caps


def product_lots(factors: Sequence[Factor]) -> int:
    """Whole lots that the factors multiply to, rounded down once; at most FIGURE_MAX."""
    product, scale = 1, 1
    for factor in factors:
        product *= factor.ppm
        scale *= PPM
    return min(product // scale, FIGURE_MAX)


def result_of(factors: Sequence[Factor], caps: Sequence[Cap], sign: int) -> SizeResult:
    """The size that factors and caps give.

    Args:
        factors: At least one; the first is LOTS or EQUITY.
        caps: Of which the smallest counts.
        sign: 1 for long, −1 for short.
    """
    assert factors
    assert factors[0].kind in (FactorKind.LOTS, FactorKind.EQUITY)
    assert sign in (1, -1)
    wished_lots = product_lots(factors)
    lots = wished_lots
    for cap in caps:
        lots = min(lots, cap.lots)
    return SizeResult(
        factors=tuple(factors),
        caps=tuple(caps),
        wished_lots=wished_lots,
        lots=lots,
        position_lots=sign * lots,
    )


def explain(result: SizeResult) -> list[str]:
    """One line for each factor and cap, then what came of them."""
    lines = explain_parts(result.factors, result.caps, result.lots)
    return [*lines, f"= {result.position_lots} lots"]


def explain_parts(
    factors: Sequence[Factor], caps: Sequence[Cap], lots: int, *, is_whole: bool = True
) -> list[str]:
    """One line for each factor and cap.

    Args:
        factors: In the order in which they were applied.
        caps: In the order of their kinds.
        lots: The size, without a sign.
        is_whole: Whether the factors begin with lots, so that they multiply to a size.
    """
    lines = []
    for factor in factors:
        unit = " lots" if factor.kind in (FactorKind.LOTS, FactorKind.EQUITY) else ""
        lines.append(f"× {decimal(factor.ppm)}{unit} {factor.kind.name}{_told(factor.inputs)}")
    wished_lots = product_lots(factors) if is_whole else lots
    if is_whole:
        lines.append(f"= {wished_lots} lots")
    lines.extend(
        f"≤ {cap.lots} lots {cap.kind.name}{_told(cap.inputs)}"
        f"{'  decides' if cap.lots == lots < wished_lots else ''}"
        for cap in caps
    )
    return lines


def decimal(ppm: int) -> str:
    """Parts per million (not negative) as a decimal number."""
    whole, rest = divmod(ppm, PPM)
    return f"{whole}.{rest:06d}"


def _told(inputs: tuple[tuple[str, int], ...]) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in inputs)})" if inputs else ""
