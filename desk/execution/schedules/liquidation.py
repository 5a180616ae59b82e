"""Cartea and Jaimungal: liquidation with a price on what is held, and with limit orders alone.

*Market orders* (Cartea, Jaimungal and Penalva 2015, chapter 6): trading at rate ν costs k·ν a
share, moves the price by b per share, each unit of time costs φ·Q² for the inventory Q, and what
is left at T is charged α·Q². With a = α − b/2 and γ = √(φ/k) the best inventory is

    Q_t = Q₀ · (p·e^(−γt) − m·e^(−γ(2T−t))) / (p − m·e^(−2γT)),   p = a + √(kφ),  m = a − √(kφ)

and ν_t = γ·Q₀ · (p·e^(−γt) + m·e^(−γ(2T−t))) / (p − m·e^(−2γT)), the book's form with ζ = p/m and
nothing that overflows. As α grows it becomes Almgren and Chriss's; without φ the rate is
constant.

*Limit orders* (chapter 8): one rests δ from the mid; market orders come at rate λ and reach it
with probability e^(−κδ); what is left at T is charged α·q². With λ̃ = λ/e

    ω(t,q) = Σ_{n≤q} λ̃ⁿ/n! · e^(−κα(q−n)²) · (T−t)ⁿ,   δ*(t,q) = (1 + ln(ω(t,q)/ω(t,q−1)))/κ.

Limits: δ* may be below zero, which is no limit order any more: it is time to cross.
"""

from math import sqrt

import msgspec

from market.portable import exp, log


class Liquidation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A liquidation by market orders.

    Attributes:
        shares: Q₀.
        horizon: T.
        temporary: k, above 0.
        permanent: b.
        running: φ, at least 0.
        terminal: α, above b/2.
    """

    shares: float
    horizon: float
    temporary: float
    permanent: float
    running: float
    terminal: float


def inventory(job: Liquidation, time: float) -> float:
    """Q_t."""
    if job.running == 0.0:
        return job.shares - rate(job, time) * time
    plus, minus, gamma = _terms(job)
    early, late, whole = _decays(job, time, gamma)
    return job.shares * (plus * early - minus * late) / (plus - minus * whole)


def rate(job: Liquidation, time: float) -> float:
    """ν_t: shares per unit of time."""
    if job.running == 0.0:
        worth = job.terminal - 0.5 * job.permanent
        return job.shares * worth / (job.temporary + worth * job.horizon)
    plus, minus, gamma = _terms(job)
    early, late, whole = _decays(job, time, gamma)
    return gamma * job.shares * (plus * early + minus * late) / (plus - minus * whole)


def limit_depth(
    shares: int, left: float, *, arrivals: float, decay: float, terminal: float
) -> float:
    """δ*: how far from the mid a limit order should rest.

    Args:
        shares: q still to be sold, at least 1.
        left: T − t.
        arrivals: λ, market orders per unit of time.
        decay: κ, per unit of price.
        terminal: α, price per share squared of what is left at the end.
    """
    assert shares >= 1
    ratio = _omega(shares, left, arrivals, decay, terminal) / _omega(
        shares - 1, left, arrivals, decay, terminal
    )
    return (1.0 + log(ratio)) / decay


def _omega(shares: int, left: float, arrivals: float, decay: float, terminal: float) -> float:
    total, power = 0.0, 1.0
    reach = arrivals / exp(1.0) * left
    assert reach < 700.0  # its exponential bounds the sum
    for filled in range(shares + 1):
        unsold = float(shares - filled)
        total += power * exp(-decay * terminal * unsold * unsold)
        power *= reach / (filled + 1)
    return total


def _terms(job: Liquidation) -> tuple[float, float, float]:
    worth = job.terminal - 0.5 * job.permanent
    root = sqrt(job.temporary * job.running)
    return worth + root, worth - root, sqrt(job.running / job.temporary)


def _decays(job: Liquidation, time: float, gamma: float) -> tuple[float, float, float]:
    assert 0.0 <= time <= job.horizon
    return (
        exp(-gamma * time),
        exp(-gamma * (2.0 * job.horizon - time)),
        exp(-2.0 * gamma * job.horizon),
    )
