"""Stops: a position that has lost too much is closed, and sooner in a wilder market.

Model: with c what the lots that are held cost and u what they are up at the mark, the loss is −u/c.
From a regime's stop on the factor is zero, and it stays zero until the strategy wants the other
direction, or nothing; otherwise a closed position, which has no loss, would be opened again at once.

Limits: a stop is judged when a size is made, at the mark of that moment; it is a wish to be out, not
an order that waits at a venue.
"""

import msgspec

from desk.sizing_models.factor import Factor, FactorKind
from market.codes import Regime
from market.decisions import PPM
from market.errors import InputError


class StopRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Loss, of what a position cost, from which it is closed in each regime; 0 for never."""

    unknown_ppm: int = 0
    calm_ppm: int = 0
    normal_ppm: int = 0
    volatile_ppm: int = 0
    extreme_ppm: int = 0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not 0 <= getattr(self, name) <= PPM:
                raise InputError(f"stops.{name} is {getattr(self, name)}, allowed is 0 to {PPM}")

    @property
    def on(self) -> bool:
        """Whether any regime has a stop."""
        return any(getattr(self, name) for name in self.__struct_fields__)

    def of(self, regime: Regime) -> int:
        """The stop of one regime."""
        return (
            self.unknown_ppm,
            self.calm_ppm,
            self.normal_ppm,
            self.volatile_ppm,
            self.extreme_ppm,
        )[regime]


def loss_ppm(unrealised: int, cost: int) -> int:
    """What a position has lost, of what it cost, rounded down; 0 while it has gained.

    Args:
        unrealised: Profit at the mark.
        cost: Of what is held, in the same unit; negative for a short position.
    """
    if unrealised >= 0 or cost == 0:
        return 0
    return -unrealised * PPM // abs(cost)


def stop_factor(rule: StopRule, regime: Regime, lost_ppm: int, *, stopped: bool) -> Factor:
    """One, or zero from the stop on.

    Args:
        rule: Stops by regime.
        regime: The market's.
        lost_ppm: Of the position as it is.
        stopped: Whether it has been stopped already, in this direction.
    """
    stop_ppm = rule.of(regime)
    is_over = stopped or 0 < stop_ppm <= lost_ppm
    inputs = (
        ("regime", int(regime)),
        ("loss_ppm", lost_ppm),
        ("stop_ppm", stop_ppm),
        ("stopped", int(stopped)),
    )
    return Factor(FactorKind.STOP, 0 if is_over else PPM, inputs)
