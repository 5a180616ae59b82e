"""Correlation: how a position fits with the others, so that its target is a contribution.

Model: the rest of the portfolio has the volatility s, this position alone would have x, and ρ is
the correlation of the two. The portfolio then has v = √(s² + 2ρsx + x²), of which

    x · (x + ρs) / v

is this position's share (Euler's: the shares of all positions add up to v). `contribution_factor`
finds the x whose share is the wished-for contribution c, and gives x/c: one for the only
position, c/v-like small for one that doubles what is there, above one for a hedge, unless that is
capped.

`diversification_ppm` is the multiplier of a whole portfolio of weights w: 1/√(wᵀRw), what all
sizes may be multiplied with so that equal stand-alone targets reach the portfolio's (Carver 2015,
"Systematic Trading", chapter 11).

Everything is found in whole numbers: roots by `isqrt`, the solution by bisection, which is exact
because the share grows with x wherever it is positive.

Limits: ρ and s are estimates, and crises are when they are wrong; cap both multipliers.
"""

from collections.abc import Sequence
from math import isqrt

from desk.sizing_models.factor import Factor, FactorKind
from market.decisions import PPM

FINE = 1_000
"""The solution is sought in billionths, a thousand times finer than its figures."""


def portfolio_ppm(
    positions_ppm: Sequence[int], correlations_ppm: Sequence[Sequence[int]]
) -> tuple[int, ...]:
    """Volatility of a portfolio, then the correlation of each row's instrument with it.

    Args:
        positions_ppm: Weight × volatility of each position, in ppm of capital, shorts negative.
        correlations_ppm: A row for each instrument of interest: its correlation with each position.
            The first rows are those of the positions themselves, in order.

    Returns:
        The volatility in ppm, rounded down, then one correlation in ppm for each further row; all
        correlations are 0 where the portfolio does not move.
    """
    count = len(positions_ppm)
    assert len(correlations_ppm) >= count
    assert all(len(row) == count for row in correlations_ppm)
    variance = 0
    for own, row in zip(positions_ppm, correlations_ppm, strict=False):
        variance += own * sum(other * rho for other, rho in zip(positions_ppm, row, strict=True))
    # Rounded or inconsistent correlations can make a variance negative; nothing moves then.
    volatility = isqrt(max(variance, 0) * PPM)
    found = [volatility // PPM]
    for row in correlations_ppm[count:]:
        covariance = sum(other * rho for other, rho in zip(positions_ppm, row, strict=True))
        rho_ppm = covariance * PPM // volatility if volatility else 0
        found.append(max(-PPM, min(PPM, rho_ppm)))
    return tuple(found)


def contribution_factor(
    contribution_ppm: int, rest_ppm: int, correlation_ppm: int, factor_ppm_max: int = PPM
) -> Factor:
    """What a stand-alone target is multiplied with to become a contribution.

    Args:
        contribution_ppm: c, the wished-for share of the portfolio's volatility.
        rest_ppm: s, volatility of the rest of the portfolio, of capital.
        correlation_ppm: ρ of this position, in its direction, with the rest.
        factor_ppm_max: Cap of the factor; 1,000,000 never makes a position larger.
    """
    assert contribution_ppm >= 0
    assert rest_ppm >= 0
    assert -PPM <= correlation_ppm <= PPM
    inputs = (
        ("contribution_ppm", contribution_ppm),
        ("rest_ppm", rest_ppm),
        ("correlation_ppm", correlation_ppm),
        ("factor_ppm_max", factor_ppm_max),
    )
    if contribution_ppm == 0:
        return Factor(FactorKind.CORRELATION, 0, inputs)
    wished = contribution_ppm * FINE
    rest = rest_ppm * FINE
    # At x = s + c the share is at least √(x² − s²) ≥ c whatever the correlation.
    low, high = 0, rest + wished
    while high - low > 1:
        middle = (low + high) // 2
        if _share_reaches(middle, rest, correlation_ppm, wished):
            high = middle
        else:
            low = middle
    return Factor(FactorKind.CORRELATION, min(high * PPM // wished, factor_ppm_max), inputs)


def _share_reaches(own: int, rest: int, correlation_ppm: int, wished: int) -> bool:
    """Whether own·(own + ρ·rest)/v ≥ wished, without a root; all but ρ in one unit."""
    share = own * (own * PPM + correlation_ppm * rest)
    if share < 0:
        return False
    variance = (own * own + rest * rest) * PPM + 2 * correlation_ppm * own * rest
    return share * share >= wished * wished * variance * PPM


def diversification_ppm(
    weights_ppm: Sequence[int], correlations_ppm: Sequence[Sequence[int]], cap_ppm: int
) -> int:
    """1/√(wᵀRw), rounded down, at most the cap.

    Args:
        weights_ppm: Share of risk that each position is meant to have; they add up to 1,000,000.
        correlations_ppm: R, as wide as it is long; negative entries count as 0, as Carver does,
            because they would let a multiplier grow without bound.
        cap_ppm: Largest multiplier.
    """
    assert sum(weights_ppm) == PPM
    square = 0
    for weight, row in zip(weights_ppm, correlations_ppm, strict=True):
        square += weight * sum(
            other * max(rho, 0) for other, rho in zip(weights_ppm, row, strict=True)
        )
    # square is wᵀRw in units of 1e-18; 1/√(square·1e-18) in ppm is 1e15/√square.
    if square <= 0:
        return cap_ppm
    return min(isqrt(PPM * PPM * PPM * PPM * PPM // square), cap_ppm)


def diversification_factor(
    weights_ppm: Sequence[int], correlations_ppm: Sequence[Sequence[int]], cap_ppm: int
) -> Factor:
    """The multiplier as a factor of a size."""
    return Factor(
        FactorKind.DIVERSIFICATION,
        diversification_ppm(weights_ppm, correlations_ppm, cap_ppm),
        (("positions", len(weights_ppm)), ("cap_ppm", cap_ppm)),
    )
