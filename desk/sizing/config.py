"""How a strategy is sized, as it is told before the desk starts.

Three models: `fixed`, `volatility_target` (both in `simple`), and `factors`, the whole of
`desk.sizing_models`: a base, multipliers and caps, each journaled with the figures it was made from.

A field that a configuration does not name is left out of its encoded form, so that desks which know
nothing of factors keep their digests.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from desk.sizing_models.capacity import CapacityLimits
from desk.sizing_models.drawdown import DrawdownRule
from desk.sizing_models.kelly import HALF_PPM
from desk.sizing_models.model import SizingModel
from desk.sizing_models.regime import RegimeMultipliers
from desk.sizing_models.stop import StopRule
from market.columns import QTY_LOTS_MAX
from market.decisions import PPM
from market.errors import InputError


class Estimate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is believed about an instrument; 0 is unknown, and what needs it then gives no size.

    Attributes:
        excess_ppm: Expected yearly return over the riskless rate of a position as the strategy wants it.
        years_ppm: Over how long that was estimated, in millionths of a year.
        win_ppm: Probability of a gain (`kelly_binary`).
        gain_ppm: Gain of a win, of the position.
        loss_ppm: Loss otherwise, of the position.
        win_error_ppm: Standard error of `win_ppm`.
        edge_ppm: Expected profit per unit of value before impact.
        daily_volume_lots: An average day's volume.
    """

    excess_ppm: int = 0
    years_ppm: int = 0
    win_ppm: int = 0
    gain_ppm: int = PPM
    loss_ppm: int = PPM
    win_error_ppm: int = 0
    edge_ppm: int = 0
    daily_volume_lots: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("excess_ppm", -100 * PPM, 100 * PPM),
            ("years_ppm", 0, 1 << 50),
            ("win_ppm", 0, PPM),
            ("gain_ppm", 1, 1 << 40),
            ("loss_ppm", 1, 1 << 40),
            ("win_error_ppm", 0, PPM),
            ("edge_ppm", 0, PPM),
            ("daily_volume_lots", 0, QTY_LOTS_MAX),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"estimate.{name} is {getattr(self, name)}, allowed is {low} to {high}"
                )


class FactorSizing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Factors and caps of the model `factors`; `SizingConfig` has the rest.

    Attributes:
        base: `fixed`, `volatility_target`, `kelly` (continuous) or `kelly_binary`.
        kelly_fraction_ppm: 1,000,000 is full Kelly.
        weight_ppm_max: Cap on value over capital; 0 for none.
        correlation_ppm_max: Cap of the correlation factor; 0 leaves the factor out.
        drawdown: How a drawdown from the highest equity lowers sizes.
        regime: What sizes are multiplied with in each regime.
        regime_mean: Whether a fitted model's probabilities are weighed instead of its best guess.
        stops: Loss of a position at which it is closed, by regime.
        capacity: How much of a market a size may take.
        estimate: Of every instrument that has none of its own.
        estimates: Of single instruments, by symbol.
    """

    base: Literal["fixed", "volatility_target", "kelly", "kelly_binary"]
    kelly_fraction_ppm: int = HALF_PPM
    weight_ppm_max: int = 0
    correlation_ppm_max: int = 0
    drawdown: DrawdownRule = DrawdownRule()
    regime: RegimeMultipliers = RegimeMultipliers()
    regime_mean: bool = False
    stops: StopRule = StopRule()
    capacity: CapacityLimits = CapacityLimits()
    estimate: Estimate = Estimate()
    estimates: dict[str, Estimate] = {}


class SizingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one strategy is sized.

    Attributes:
        model: `fixed`, `volatility_target`, or `factors`.
        lots_max: Full size of `fixed`, and the cap of every model.
        contribution_ppm: Wished-for yearly standard deviation, of capital: of this position alone, or
            with the correlation factor of what it adds to the portfolio's.
        seconds_per_year: Trading seconds in a year; 252 days of 6.5 hours unless told.
        confidence: Whether the strategy's confidence scales the size.
        factors: Of the model `factors`, and of no other.
    """

    lots_max: int
    model: Literal["fixed", "volatility_target", "factors"] = "fixed"
    contribution_ppm: int = 5_000
    seconds_per_year: int = 252 * 23_400
    confidence: bool = True
    factors: FactorSizing | UnsetType = UNSET

    def __post_init__(self) -> None:
        if not 1 <= self.lots_max <= QTY_LOTS_MAX:
            raise InputError(f"lots_max is {self.lots_max}, allowed is 1 to {QTY_LOTS_MAX}")
        if not 1 <= self.contribution_ppm <= PPM:
            raise InputError(f"contribution_ppm is {self.contribution_ppm}, allowed is 1 to {PPM}")
        if self.seconds_per_year < 1:
            raise InputError(f"seconds_per_year is {self.seconds_per_year}, allowed is 1 or more")
        if self.model == "factors":
            if self.factors is UNSET:
                raise InputError("found no factors, which the model 'factors' needs")
            self.full_model()
        elif self.factors is not UNSET:
            raise InputError(f"found factors beside the model {self.model!r}, allowed is 'factors'")

    def full_model(self) -> SizingModel:
        """The model of `desk.sizing_models` that `factors` stands for.

        Raises:
            InputError: A figure is out of its range.
        """
        told = self.factors
        assert told is not UNSET
        return SizingModel(
            base=told.base,
            lots_max=self.lots_max,
            contribution_ppm=self.contribution_ppm,
            kelly_fraction_ppm=told.kelly_fraction_ppm,
            weight_ppm_max=told.weight_ppm_max,
            use_confidence=self.confidence,
            correlation_ppm_max=told.correlation_ppm_max,
            drawdown=told.drawdown,
            regime=told.regime,
            capacity=told.capacity,
        )
