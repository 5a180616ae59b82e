"""Implementation shortfall that follows the market: κ anew at every slice, from σ and volume now.

Rule, at the beginning of each slice, with x lots and R slices left:

1. σ' is the volatility measured lately, η' = η · (usual volume / volume measured lately): trading
   costs half as much per share where twice as much is traded.
2. κ' follows from σ' and η' as κ did from σ and η (`almgren_chriss.kappa`).
3. The slice is x · (1 − sinh(κ'(R−1)τ) / sinh(κ'Rτ)): the first step of the best schedule for
   what is left, were the market to stay as it is.
4. It is kept within `slowest` and `fastest` times what κ would have sent, so that a wrong
   measurement cannot stop a parent or make it panic; the last slice sends all that is left.

When volatility and volume are the usual ones each slice is the static schedule's (its schedules
are consistent in time: the best schedule for what is left is the rest of the best schedule).

Source: Almgren 2012, "Optimal trading with stochastic liquidity and volatility", SIAM J.
Financial Mathematics 3(1), where the same rule, fed with the present values, is near the best
when volatility and liquidity move together.
"""

import msgspec

from desk.execution.schedules.almgren_chriss import Impact, kappa, left_shares
from market.decisions import PPM
from market.errors import InputError


class AdaptiveRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the rule.

    Attributes:
        slowest_ppm: Least of a slice, of the static one.
        fastest_ppm: Most of a slice, of the static one.
    """

    slowest_ppm: int = 500_000
    fastest_ppm: int = 2_000_000

    def __post_init__(self) -> None:
        if not 0 <= self.slowest_ppm <= PPM <= self.fastest_ppm:
            raise InputError(
                f"adaptive: found {self.slowest_ppm} and {self.fastest_ppm} ppm, allowed is "
                f"slowest_ppm of 0 to {PPM} and fastest_ppm of {PPM} or more"
            )


def moved(impact: Impact, volatility_ppm: int, volume_ppm: int) -> Impact:
    """The market as it is now.

    Args:
        impact: As it usually is.
        volatility_ppm: Volatility now, of the usual one.
        volume_ppm: Volume now, of the usual one, above 0.
    """
    assert volatility_ppm >= 0
    assert volume_ppm > 0
    return msgspec.structs.replace(
        impact,
        sigma=impact.sigma * (volatility_ppm / PPM),
        eta=impact.eta * (PPM / volume_ppm),
    )


def first_share(impact: Impact, risk_aversion: float, step: float, left: int) -> float:
    """Share of what is left that the next of `left` slices sends."""
    rate = kappa(impact, risk_aversion, step)
    return 1.0 - left_shares(rate, step * left, left)[0]


def next_lots(
    rule: AdaptiveRule,
    impact: Impact,
    risk_aversion: float,
    step: float,
    *,
    left_lots: int,
    left_slices: int,
    volatility_ppm: int,
    volume_ppm: int,
) -> int:
    """Lots of the slice that begins now.

    Args:
        rule: Bounds.
        impact: The market as it usually is.
        risk_aversion: λ.
        step: τ.
        left_lots: Of the parent.
        left_slices: With this one, at least 1.
        volatility_ppm: Volatility now, of the usual one; 0 while unknown counts as the usual one.
        volume_ppm: Volume now, of the usual one; 0 while unknown counts as the usual one.
    """
    assert left_slices >= 1
    if left_slices == 1:
        return left_lots
    usual = first_share(impact, risk_aversion, step, left_slices)
    now = moved(impact, volatility_ppm or PPM, volume_ppm or PPM)
    share = first_share(now, risk_aversion, step, left_slices)
    share = min(max(share, usual * (rule.slowest_ppm / PPM)), usual * (rule.fastest_ppm / PPM))
    return min(int(left_lots * share + 0.5), left_lots)
