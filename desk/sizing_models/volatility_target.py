"""Volatility target: the weight at which a position alone swings by a wished-for share of capital.

Model: a position worth w of capital in an instrument of yearly volatility σ has a yearly standard
deviation of w·σ of capital, so a wished-for contribution c needs

    w = c / σ.

Half a per cent at 20 % volatility is a weight of 2.5 %. What other positions do to the
portfolio's volatility is `correlation`'s matter, which turns the stand-alone target into a
contribution.

Limits: a volatility of 0 is unknown, and gives the weight 0.
"""

from desk.sizing_models.factor import Factor, FactorKind
from market.decisions import PPM


def target_weight_ppm(contribution_ppm: int, volatility_ppm: int) -> int:
    """Weight of capital, rounded down.

    Args:
        contribution_ppm: Wished-for yearly standard deviation of the position, of capital.
        volatility_ppm: Yearly volatility of the instrument; 0 while unknown.
    """
    assert contribution_ppm >= 0
    assert volatility_ppm >= 0
    return contribution_ppm * PPM // volatility_ppm if volatility_ppm else 0


def volatility_factor(contribution_ppm: int, volatility_ppm: int) -> Factor:
    """The weight as a factor of a size."""
    return Factor(
        FactorKind.VOLATILITY_TARGET,
        target_weight_ppm(contribution_ppm, volatility_ppm),
        (("contribution_ppm", contribution_ppm), ("volatility_ppm", volatility_ppm)),
    )
