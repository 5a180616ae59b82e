"""How much books move together: correlations of their changes over the same bars.

Model: all books share one clock of bars. With changes r of one bar and λ = 2^(−1/halflife_bars), each
entry of the covariance matrix is s ← λ·s + (1−λ)·rᵢ·rⱼ (RiskMetrics, means taken as zero), and

    ρ(i, j) = s(i, j) / √(s(i, i) · s(j, j)).

The weights of the first bars cancel in the quotient, so it needs no correction for its start.

Invariants: −1 ≤ ρ ≤ 1; ρ(i, j) = ρ(j, i); ρ is 0.0 while there are fewer than `min_bars` bars, and
for a book that does not move.

Limits: on short bars books that trade at different moments look less alike than they are (Epps):
the measure is that of the bar's length, and an upper bound on risk is not to be had from it.
"""

from math import sqrt

import msgspec

from desk.state.volatility import TINY, WINDOW_BARS_MAX, decay_of
from market.errors import InputError


class CorrelationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Memory of the covariances; bars are those of volatility.

    Attributes:
        halflife_bars: After so many bars a bar counts half.
        min_bars: Before so many bars correlations are unknown.
    """

    halflife_bars: int = 300
    min_bars: int = 60

    def __post_init__(self) -> None:
        for name, value in (("halflife_bars", self.halflife_bars), ("min_bars", self.min_bars)):
            if not 1 <= value <= WINDOW_BARS_MAX:
                raise InputError(
                    f"correlation.{name} is {value}, allowed is 1 to {WINDOW_BARS_MAX}"
                )


class CorrelationData(msgspec.Struct):
    """The covariances.

    Attributes:
        sums: The lower triangle with its diagonal, row by row: (i, j ≤ i) at i·(i+1)/2 + j.
        bars: Bars seen.
        known: Whether those are enough.
    """

    sums: list[float]
    bars: int = 0
    known: bool = False

    @classmethod
    def of(cls, books: int) -> "CorrelationData":
        """Of so many books, before the first bar."""
        return cls(sums=[0.0] * (books * (books + 1) // 2))


def add_bars(data: CorrelationData, config: CorrelationConfig, changes: list[float]) -> None:
    """The same bar of every book has ended.

    Args:
        changes: By book; 0.0 for one that did not move.
    """
    sums = data.sums
    assert len(sums) == len(changes) * (len(changes) + 1) // 2
    decay = decay_of(config.halflife_bars)
    fresh = 1.0 - decay
    at = 0
    for row, change in enumerate(changes):
        part = fresh * change
        for column in range(row + 1):
            value = decay * sums[at] + part * changes[column]
            sums[at] = value if value > TINY or value < -TINY else 0.0
            at += 1
    data.bars += 1
    data.known = data.bars >= config.min_bars


def correlation_of(data: CorrelationData, one: int, other: int) -> float:
    """Correlation of two books, −1.0 to 1.0; 0.0 while unknown."""
    if not data.known:
        return 0.0
    sums = data.sums
    high, low = (one, other) if one > other else (other, one)
    row = high * (high + 1) // 2
    # The roots are taken one by one: the product of two small variances may be no normal number.
    scale = sqrt(sums[row + high]) * sqrt(sums[low * (low + 3) // 2])
    if scale <= 0.0:
        return 0.0
    rho = sums[row + low] / scale
    return 1.0 if rho > 1.0 else -1.0 if rho < -1.0 else rho
