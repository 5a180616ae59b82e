"""Drawdown multiplier: less risk, the nearer equity has come to the floor that it may not reach.

Model, one of two rules. *Cushion* (Grossman and Zhou 1993): invest in proportion to what lies
above the floor. With the highest equity 1, a floor 1 − D below it and a drawdown d, equity is 1 −
d and the cushion D − d; relative to a full cushion that is

    m = (D − d) / (D · (1 − d)),

one without a drawdown, zero at the floor. *Steps*: straight lines between given points, for
houses whose rules are a table.

Invariants: m is 1 at no drawdown (cushion), falls as the drawdown grows, is 0 from the floor on
(cushion) or from the last point on what that point says (steps).

Source: Grossman and Zhou 1993, "Optimal investment strategies for controlling drawdowns",
Mathematical Finance 3(3).
"""

from typing import Literal

import msgspec

from desk.sizing_models.factor import Factor, FactorKind
from market.decisions import PPM
from market.errors import InputError


class DrawdownRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a drawdown lowers sizes.

    Attributes:
        rule: `none`, `cushion` or `steps`.
        floor_ppm: D of `cushion`: the drawdown at which nothing is left.
        steps: Points (drawdown_ppm, multiplier_ppm) of `steps`, drawdowns rising, multipliers not.
    """

    rule: Literal["none", "cushion", "steps"] = "none"
    floor_ppm: int = 200_000
    steps: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.floor_ppm <= PPM:
            raise InputError(f"drawdown.floor_ppm is {self.floor_ppm}, allowed is 1 to {PPM}")
        if self.rule == "steps" and not self.steps:
            raise InputError("drawdown.steps is empty, allowed is one point or more")
        last_ppm, last_share_ppm = -1, PPM
        for number, (drawdown_ppm, share_ppm) in enumerate(self.steps):
            if not last_ppm < drawdown_ppm <= PPM:
                raise InputError(
                    f"drawdown.steps[{number}]: found a drawdown of {drawdown_ppm} ppm, "
                    f"allowed is {last_ppm + 1} to {PPM}"
                )
            if not 0 <= share_ppm <= last_share_ppm:
                raise InputError(
                    f"drawdown.steps[{number}]: found a multiplier of {share_ppm} ppm, "
                    f"allowed is 0 to {last_share_ppm}"
                )
            last_ppm, last_share_ppm = drawdown_ppm, share_ppm


def multiplier_ppm(rule: DrawdownRule, drawdown_ppm: int) -> int:
    """What sizes are multiplied with, 0 to 1,000,000, rounded down.

    Args:
        rule: How.
        drawdown_ppm: How far equity lies below its highest, of that highest; at least 0.
    """
    assert drawdown_ppm >= 0
    if rule.rule == "none":
        return PPM
    if rule.rule == "cushion":
        if drawdown_ppm >= rule.floor_ppm:
            return 0
        left_ppm = rule.floor_ppm - drawdown_ppm
        return left_ppm * PPM * PPM // (rule.floor_ppm * (PPM - drawdown_ppm))
    last_ppm, last_share_ppm = 0, PPM
    for point_ppm, share_ppm in rule.steps:
        if drawdown_ppm < point_ppm:
            fallen = (last_share_ppm - share_ppm) * (drawdown_ppm - last_ppm)
            # The line falls, so a floor of minus the fall rounds the multiplier down.
            return last_share_ppm + -fallen // (point_ppm - last_ppm)
        last_ppm, last_share_ppm = point_ppm, share_ppm
    return last_share_ppm


def drawdown_factor(rule: DrawdownRule, drawdown_ppm: int) -> Factor:
    """The multiplier as a factor of a size."""
    return Factor(
        FactorKind.DRAWDOWN, multiplier_ppm(rule, drawdown_ppm), (("drawdown_ppm", drawdown_ppm),)
    )
