"""What a venue collects for others with every fill: stamp duty, a regulator's fee, a clearing levy.

Model: a levy is a rate with a side, bounds and a rounding of its own, assessed on each fill. States
and regulators round to what a person can pay (up to the next cent, or dollar), so a levy may have a
step of currency.

Limits: each fill is assessed alone; who adds up an order's or a day's fills before rounding charges
up to one step a fill less.
"""

from typing import Literal

import msgspec

from market.codes import Side
from market.errors import InputError
from sim.costs.exact import NANOS, NANOS_MAX, PPB, Rounding, Scale, check_range, divide
from sim.costs.rate import Trade

LevySide = Literal["both", "buy", "sell"]


class Levy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One levy.

    Attributes:
        name: Under which it is kept apart.
        side: Who pays.
        notional_ppb: Parts per billion of the fill's worth.
        lot_nanos: Billionths of currency a lot.
        min_nanos: Least a fill pays, in billionths of currency.
        cap_nanos: Most a fill pays; 0 for no cap.
        step_nanos: It is a multiple of this much currency; 0 for one price unit × lot.
        rounding: How it becomes one.
    """

    name: str
    side: LevySide = "both"
    notional_ppb: int = 0
    lot_nanos: int = 0
    min_nanos: int = 0
    cap_nanos: int = 0
    step_nanos: int = 0
    rounding: Rounding = "half_up"

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("name: found '', allowed is a name")
        check_range("notional_ppb", self.notional_ppb, 0, PPB)
        for field in ("lot_nanos", "min_nanos", "cap_nanos", "step_nanos"):
            check_range(field, getattr(self, field), 0, NANOS_MAX)
        if 0 < self.cap_nanos < self.min_nanos:
            raise InputError(
                f"cap_nanos: found {self.cap_nanos}, allowed is 0 or min_nanos "
                f"({self.min_nanos}) and above"
            )

    def step_of(self, scale: Scale) -> int:
        """The step in price unit × lot.

        Raises:
            InputError: It is no whole number of them.
        """
        if not self.step_nanos:
            return 1
        step, rest = divmod(self.step_nanos * scale.num, NANOS * scale.den)
        if rest or not step:
            raise InputError(
                f"levy {self.name!r}: step_nanos: found {self.step_nanos}, allowed is a multiple of "
                f"one price unit × lot, here {scale.den}/{scale.num} of currency"
            )
        return step

    def of(self, trade: Trade, scale: Scale) -> int:
        """What a fill pays, in price unit × lot; never negative."""
        if self.side != "both" and (trade.side is Side.BUY) != (self.side == "buy"):
            return 0
        step = self.step_of(scale)
        number = trade.worth * self.notional_ppb * scale.den
        number += self.lot_nanos * trade.qty_lots * scale.num
        amount = step * divide(number, NANOS * scale.den * step, self.rounding)
        amount = max(amount, scale.of_nanos(self.min_nanos))
        return min(amount, scale.of_nanos(self.cap_nanos)) if self.cap_nanos else amount
