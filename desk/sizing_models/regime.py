"""Regime multipliers: less risk in a market that behaves wildly, or of which nothing is known yet.

Model: each regime has a multiplier. Where a filter gives probabilities instead of one name, the
multiplier is their mean, Σ P(regime)·m(regime), which moves smoothly where the name would jump.
"""

from collections.abc import Sequence

import msgspec

from desk.sizing_models.factor import Factor, FactorKind
from market.codes import Regime
from market.decisions import PPM
from market.errors import InputError


class RegimeMultipliers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What sizes are multiplied with in each regime, in parts per million, 0 to 1,000,000."""

    unknown_ppm: int = PPM
    calm_ppm: int = PPM
    normal_ppm: int = PPM
    volatile_ppm: int = PPM
    extreme_ppm: int = PPM

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not 0 <= getattr(self, name) <= PPM:
                raise InputError(f"regime.{name} is {getattr(self, name)}, allowed is 0 to {PPM}")

    def of(self, regime: Regime) -> int:
        """The multiplier of one regime."""
        return (
            self.unknown_ppm,
            self.calm_ppm,
            self.normal_ppm,
            self.volatile_ppm,
            self.extreme_ppm,
        )[regime]


def regime_factor(multipliers: RegimeMultipliers, regime: Regime) -> Factor:
    """The multiplier of the regime as a factor of a size."""
    return Factor(FactorKind.REGIME, multipliers.of(regime), (("regime", int(regime)),))


def mean_regime_factor(
    multipliers: RegimeMultipliers, probabilities: Sequence[tuple[Regime, int]]
) -> Factor:
    """The mean multiplier as a factor of a size, rounded down.

    Args:
        multipliers: Of each regime.
        probabilities: Regime and its probability in ppm; what is missing to one counts as UNKNOWN.
    """
    left_ppm = PPM
    total = 0
    for regime, probability_ppm in probabilities:
        assert probability_ppm >= 0
        left_ppm -= probability_ppm
        total += probability_ppm * multipliers.of(regime)
    assert left_ppm >= 0
    total += left_ppm * multipliers.unknown_ppm
    inputs = tuple((f"p_{regime.name.lower()}", ppm) for regime, ppm in probabilities)
    return Factor(FactorKind.REGIME, total // PPM, inputs)
