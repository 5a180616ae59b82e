"""The forward filter of a hidden Markov model: which regime, given every bar up to now.

Model: with p the probabilities of the states after the bars so far, a new bar first moves them,
q(j) = Σ p(i)·moves(i, j), then weighs them with how well each state explains the bar's scaled change
x, p(j) = q(j)·f(j) / Σ q·f with f the normal density of variance v(j); log Σ q·f adds up to the log
likelihood.

Invariants: probabilities are never negative and add up to one; a bar changes nothing that was said
before it. Only + − × ÷, `sqrt` and `market.portable` are used, so the bits are the same everywhere.

Limits: densities are taken relative to the best one among the states that are possible at all, so
that a change of hundreds of standard deviations makes the wildest regime certain, not an error.
"""

from math import pi, sqrt
from typing import Final

import msgspec

from desk.state.hmm_params import STATE_REGIMES, HmmParams
from market.codes import Regime
from market.portable import exp, log

LOG_SQRT_2_PI: Final = 0.5 * log(2.0 * pi)


class HmmData(msgspec.Struct):
    """What the filter believes.

    Attributes:
        probabilities: Of each state, after the newest bar; empty before the first.
        bars: Bars seen.
        log_likelihood: Of the scaled changes of all bars seen.
    """

    probabilities: list[float] = []
    bars: int = 0
    log_likelihood: float = 0.0


def add_change(data: HmmData, params: HmmParams, change: float) -> None:
    """A bar has ended.

    Args:
        change: Its relative change of the mid.
    """
    moved = predict(data, params.starts, params.moves)
    x = change / params.scale
    square = x * x
    # log f(j) = −x²/2v(j) − log √v(j) − log √2π; the first term is taken relative to the smallest.
    distances = [0.5 * square / variance for variance in params.variances]
    nearest = min([far for far, share in zip(distances, moved, strict=True) if share > 0.0])
    densities = [
        exp(nearest - far) / sqrt(variance) if share > 0.0 else 0.0
        for far, variance, share in zip(distances, params.variances, moved, strict=True)
    ]
    weigh(data, moved, densities)
    data.log_likelihood -= nearest + LOG_SQRT_2_PI


def predict(
    data: HmmData, starts: tuple[float, ...], moves: tuple[tuple[float, ...], ...]
) -> list[float]:
    """Probabilities of the states in the next bar, before anything is known of it."""
    before = data.probabilities
    if not before:
        return list(starts)
    moved = [0.0] * len(before)
    for share, row in zip(before, moves, strict=True):
        for state, move in enumerate(row):
            moved[state] += share * move
    return moved


def weigh(data: HmmData, moved: list[float], densities: list[float]) -> None:
    """Take in what a bar shows.

    Args:
        moved: From `predict`.
        densities: How probable the bar is in each state; one that is possible must be above zero.
    """
    joint = [share * density for share, density in zip(moved, densities, strict=True)]
    total = 0.0
    for part in joint:
        total += part
    assert total > 0.0
    data.probabilities = [part / total for part in joint]
    data.bars += 1
    data.log_likelihood += log(total)


def regime_of_states(probabilities: list[float]) -> Regime:
    """The most probable regime; of two equally probable ones the wilder."""
    if not probabilities:
        return Regime.UNKNOWN
    best = 0
    for state, share in enumerate(probabilities):
        if share >= probabilities[best]:
            best = state
    return STATE_REGIMES[len(probabilities)][best]
