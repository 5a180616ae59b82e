"""Kelly: the share of capital that grows fastest, a fraction of it, and less when unsure.

Model. *Binary*: a position gains b of itself with probability p and loses a of itself otherwise.
*Continuous*: a position has a yearly excess return μ − r and a volatility σ.

    binary       f* = p/a − (1−p)/b            growth g(f) = p·ln(1+b·f) + (1−p)·ln(1−a·f)
    continuous   f* = (μ−r)/σ²                 growth g(f) = f·(μ−r) − f²σ²/2, at most S²/2

with S = (μ−r)/σ. A fraction c of f* keeps 2c − c² of the growth and ever falls to a share x of
where it began with probability x^(2/c − 1): half Kelly keeps 75 % and halves with 1/8 instead of
1/2.

*Shrinkage.* f* is made from estimates; a bet k·f̂ whose estimate of the edge has the variance v
grows on average, to second order, like k·e² − k²(e² + v)/2 in units of its own scale, which is
largest at

    k = e² / (e² + v).

Binary (Baker and McHale 2013, their approximate factor): e = (a+b)·p − a and v = (a+b)²·s² with s
the standard error of p. Continuous: e = S and v = 1/T for a mean estimated over T years, since
its standard error is σ/√T (Kan and Zhou 2007 with one asset and σ known).

Sources: Kelly 1956; Thorp 2006, "The Kelly criterion in blackjack, sports betting and the stock
market"; Baker and McHale 2013, Decision Analysis 10(3); Kan and Zhou 2007, JFQA 42(3).

Limits: the true edge in k is unknown too and replaced by its estimate, which is too large on
average, so k shrinks too little when the edge is small. The probability of falling is for
continuous trading and for ever. A negative edge gives a negative fraction, and the factor 0.
"""

from math import isqrt
from typing import Final

from desk.sizing_models.factor import FIGURE_MAX, Factor, FactorKind
from market.decisions import PPM
from market.portable import exp, log

FULL_PPM: Final = PPM
HALF_PPM: Final = PPM // 2
QUARTER_PPM: Final = PPM // 4


def binary_fraction_ppm(win_ppm: int, gain_ppm: int, loss_ppm: int = PPM) -> int:
    """f* of a bet that ends in one of two ways, rounded towards minus infinity.

    Args:
        win_ppm: Probability of the gain, 0 to 1,000,000.
        gain_ppm: What is gained, of what is staked; above 0 (the odds).
        loss_ppm: What is lost otherwise, of what is staked; above 0.
    """
    assert 0 <= win_ppm <= PPM
    assert gain_ppm > 0
    assert loss_ppm > 0
    return (win_ppm * gain_ppm - (PPM - win_ppm) * loss_ppm) * PPM // (gain_ppm * loss_ppm)


def continuous_fraction_ppm(excess_ppm: int, volatility_ppm: int) -> int:
    """f* of a position with a normal return; 0 while the volatility is unknown.

    Args:
        excess_ppm: Expected yearly return over the riskless rate; may be negative.
        volatility_ppm: Yearly standard deviation.
    """
    assert volatility_ppm >= 0
    return excess_ppm * PPM * PPM // (volatility_ppm * volatility_ppm) if volatility_ppm else 0


def binary_shrinkage_ppm(win_ppm: int, gain_ppm: int, error_ppm: int, loss_ppm: int = PPM) -> int:
    """Shrinkage k of a binary bet, 0 to 1,000,000.

    Args:
        win_ppm: Estimated probability of the gain.
        gain_ppm: What is gained, of what is staked.
        error_ppm: Standard error of that probability.
        loss_ppm: What is lost otherwise, of what is staked.
    """
    assert error_ppm >= 0
    edge = (gain_ppm + loss_ppm) * win_ppm - loss_ppm * PPM
    noise = (gain_ppm + loss_ppm) * error_ppm
    return _share_ppm(edge * edge, noise * noise)


def continuous_shrinkage_ppm(excess_ppm: int, volatility_ppm: int, years_ppm: int) -> int:
    """Shrinkage k of a position whose mean return was estimated over a time, 0 to 1,000,000.

    Args:
        excess_ppm: Estimated yearly return over the riskless rate.
        volatility_ppm: Yearly standard deviation.
        years_ppm: Length of the estimate, in millionths of a year.
    """
    assert years_ppm >= 0
    square = excess_ppm * excess_ppm * years_ppm
    return _share_ppm(square, volatility_ppm * volatility_ppm * PPM)


def binary_error_ppm(win_ppm: int, bets: int) -> int:
    """Standard error of a probability that was counted over so many bets, rounded up."""
    assert bets > 0
    square = win_ppm * (PPM - win_ppm)
    root = _root_up(square * bets)
    return -(-root // bets)


def growth_share_ppm(fraction_ppm: int) -> int:
    """Share of the best growth that a fraction c of Kelly keeps: 2c − c²; negative above double."""
    return fraction_ppm * (2 * PPM - fraction_ppm) // PPM


def fall_probability(fraction_ppm: int, level_ppm: int) -> float:
    """Probability that a fraction c of Kelly ever falls to a share x of its start: x^(2/c − 1).

    Args:
        fraction_ppm: c, above 0 and below 2,000,000.
        level_ppm: x, above 0 and at most 1,000,000.
    """
    assert 0 < fraction_ppm < 2 * PPM
    assert 0 < level_ppm <= PPM
    level = level_ppm / PPM
    whole, rest = divmod(2 * PPM - fraction_ppm, fraction_ppm)
    if rest == 0 and whole <= 64:
        # Full, half and quarter Kelly have whole exponents, and so an exact answer.
        power = 1.0
        for _ in range(whole):
            power *= level
        return power
    return exp((2 * PPM - fraction_ppm) / fraction_ppm * log(level))


def binary_growth(win_ppm: int, gain_ppm: int, fraction_ppm: int, loss_ppm: int = PPM) -> float:
    """Mean logarithmic growth of one bet.

    Args:
        win_ppm: Probability of the gain.
        gain_ppm: What is gained, of what is staked.
        fraction_ppm: Share of capital that is staked; fraction × loss must be below all of it.
        loss_ppm: What is lost otherwise, of what is staked.
    """
    fraction = fraction_ppm / PPM
    assert fraction * loss_ppm < PPM
    win = win_ppm / PPM
    up = log(1.0 + fraction * (gain_ppm / PPM))
    down = log(1.0 - fraction * (loss_ppm / PPM))
    return win * up + (1.0 - win) * down


def continuous_growth(excess_ppm: int, volatility_ppm: int, fraction_ppm: int) -> float:
    """Mean logarithmic growth of a year, over the riskless rate."""
    fraction, volatility = fraction_ppm / PPM, volatility_ppm / PPM
    swing = fraction * volatility
    return fraction * (excess_ppm / PPM) - 0.5 * swing * swing


def binary_factors(
    win_ppm: int, gain_ppm: int, fraction_ppm: int, error_ppm: int = 0, loss_ppm: int = PPM
) -> tuple[Factor, ...]:
    """Weight, fraction and shrinkage of a binary bet as factors of a size."""
    weight_ppm = binary_fraction_ppm(win_ppm, gain_ppm, loss_ppm)
    inputs = (("win_ppm", win_ppm), ("gain_ppm", gain_ppm), ("loss_ppm", loss_ppm))
    shrink_ppm = binary_shrinkage_ppm(win_ppm, gain_ppm, error_ppm, loss_ppm)
    return _factors(weight_ppm, inputs, fraction_ppm, shrink_ppm, ("error_ppm", error_ppm))


def continuous_factors(
    excess_ppm: int, volatility_ppm: int, fraction_ppm: int, years_ppm: int
) -> tuple[Factor, ...]:
    """Weight, fraction and shrinkage of a position as factors of a size."""
    weight_ppm = continuous_fraction_ppm(excess_ppm, volatility_ppm)
    inputs = (("excess_ppm", excess_ppm), ("volatility_ppm", volatility_ppm))
    shrink_ppm = continuous_shrinkage_ppm(excess_ppm, volatility_ppm, years_ppm)
    return _factors(weight_ppm, inputs, fraction_ppm, shrink_ppm, ("years_ppm", years_ppm))


def _factors(
    weight_ppm: int,
    inputs: tuple[tuple[str, int], ...],
    fraction_ppm: int,
    shrink_ppm: int,
    unsure: tuple[str, int],
) -> tuple[Factor, ...]:
    assert fraction_ppm >= 0
    return (
        Factor(FactorKind.KELLY, min(max(weight_ppm, 0), FIGURE_MAX), inputs),
        Factor(FactorKind.KELLY_FRACTION, fraction_ppm),
        Factor(FactorKind.SHRINKAGE, shrink_ppm, (unsure,)),
    )


def _share_ppm(signal: int, noise: int) -> int:
    """What part of signal + noise is signal; 0 when both are 0."""
    return signal * PPM // (signal + noise) if signal else 0


def _root_up(square: int) -> int:
    """Smallest whole number whose square is at least this."""
    root = isqrt(square)
    return root if root * root == square else root + 1
