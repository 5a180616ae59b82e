"""A size from end to end: base, then multipliers, then caps.

Order: capital in lots × base weight (volatility target, or Kelly with its fraction and shrinkage)
× strength × confidence × drawdown × regime × correlation × diversification, then the caps. A
fixed number of lots may stand in for capital × base.

Limits: whoever calls says what is known; 0 means unknown for volatilities, volumes and values,
and an unknown figure that is needed makes the size 0, never a guess.
"""

from collections.abc import Iterator, Sequence
from math import isqrt
from typing import Final, Literal

import msgspec

from desk.sizing_models.capacity import CapacityLimits, caps_of
from desk.sizing_models.correlation import contribution_factor
from desk.sizing_models.drawdown import DrawdownRule, drawdown_factor
from desk.sizing_models.factor import (
    FIGURE_MAX,
    Cap,
    CapKind,
    Factor,
    FactorKind,
    SizeResult,
    result_of,
)
from desk.sizing_models.kelly import HALF_PPM, binary_factors, continuous_factors
from desk.sizing_models.regime import RegimeMultipliers, mean_regime_factor, regime_factor
from desk.sizing_models.volatility_target import volatility_factor
from market.codes import Regime
from market.columns import QTY_LOTS_MAX
from market.decisions import PPM
from market.errors import InputError

FRACTION_PPM_MAX: Final = 2 * PPM
"""Beyond twice Kelly capital shrinks for certain."""

CONTRIBUTION_PPM_MAX: Final = PPM
WEIGHT_PPM_MAX: Final = 100 * PPM
DAYS_A_YEAR: Final = 252


class SizingModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sizes are made.

    Attributes:
        base: `fixed`, `volatility_target`, `kelly` (continuous) or `kelly_binary`.
        lots_max: Size of `fixed`, and a cap of every model.
        contribution_ppm: Wished-for yearly standard deviation, of capital; also the target of the
            correlation factor.
        kelly_fraction_ppm: c; 1,000,000 is full Kelly.
        weight_ppm_max: Cap on value over capital; 0 for none.
        use_confidence: Whether the strategy's confidence scales the size.
        correlation_ppm_max: Cap of the correlation factor; 0 leaves the factor out.
        drawdown: How a drawdown lowers sizes.
        regime: How a regime lowers sizes.
        capacity: How much of a market a size may take.
    """

    base: Literal["fixed", "volatility_target", "kelly", "kelly_binary"]
    lots_max: int
    contribution_ppm: int = 5_000
    kelly_fraction_ppm: int = HALF_PPM
    weight_ppm_max: int = 0
    use_confidence: bool = True
    correlation_ppm_max: int = 0
    drawdown: DrawdownRule = DrawdownRule()
    regime: RegimeMultipliers = RegimeMultipliers()
    capacity: CapacityLimits = CapacityLimits()

    def __post_init__(self) -> None:
        for name, low, high in (
            ("lots_max", 1, QTY_LOTS_MAX),
            ("contribution_ppm", 1, CONTRIBUTION_PPM_MAX),
            ("kelly_fraction_ppm", 1, FRACTION_PPM_MAX),
            ("weight_ppm_max", 0, WEIGHT_PPM_MAX),
            ("correlation_ppm_max", 0, 10 * PPM),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"sizing.{name} is {getattr(self, name)}, allowed is {low} to {high}"
                )


class SizingInputs(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is known when a size is made.

    Attributes:
        strength_ppm: What the strategy wishes for, −1,000,000 to 1,000,000.
        confidence_ppm: How sure it is, 0 to 1,000,000.
        equity: Capital, in value units.
        value: What `value_lots` lots are worth, in value units; 0 while unknown.
        value_lots: Lots of which the value is given; many, where one is worth little.
        volatility_ppm: Yearly, of the instrument; 0 while unknown.
        excess_ppm: Expected yearly return over the riskless rate, in the wished direction.
        years_ppm: Over which that was estimated, in millionths of a year.
        win_ppm: Probability of a gain (`kelly_binary`).
        gain_ppm: Gain of a win, of the position.
        loss_ppm: Loss otherwise, of the position.
        win_error_ppm: Standard error of `win_ppm`.
        drawdown_ppm: Of equity from its highest.
        regime: The market's.
        regime_ppm: Probabilities of regimes, where a filter gives them; they replace `regime`.
        rest_ppm: Yearly volatility of all other positions together, of capital.
        correlation_ppm: Of this position, in the wished direction, with all others.
        daily_volume_lots: An average day's volume.
        depth_lots: Displayed on the side that would be traded against.
        horizon_volume_lots: Expected volume over the signal's horizon.
        edge_ppm: Expected profit per unit of value before impact.
    """

    strength_ppm: int = PPM
    confidence_ppm: int = PPM
    equity: int = 0
    value: int = 0
    value_lots: int = 1
    volatility_ppm: int = 0
    excess_ppm: int = 0
    years_ppm: int = 0
    win_ppm: int = 0
    gain_ppm: int = PPM
    loss_ppm: int = PPM
    win_error_ppm: int = 0
    drawdown_ppm: int = 0
    regime: Regime = Regime.UNKNOWN
    regime_ppm: tuple[tuple[Regime, int], ...] = ()
    rest_ppm: int = 0
    correlation_ppm: int = 0
    daily_volume_lots: int = 0
    depth_lots: int = 0
    horizon_volume_lots: int = 0
    edge_ppm: int = 0


def size_of(
    model: SizingModel,
    inputs: SizingInputs,
    more: Sequence[Factor] = (),
    more_caps: Sequence[Cap] = (),
) -> SizeResult:
    """The size of a position, with everything that made it.

    Args:
        model: How.
        inputs: What is known.
        more: Further factors of the caller's.
        more_caps: Further caps of the caller's.
    """
    assert -PPM <= inputs.strength_ppm <= PPM
    assert 0 <= inputs.confidence_ppm <= PPM
    factors = [*_base(model, inputs)]
    factors.append(Factor(FactorKind.STRENGTH, abs(inputs.strength_ppm)))
    if model.use_confidence:
        factors.append(Factor(FactorKind.CONFIDENCE, inputs.confidence_ppm))
    factors.append(drawdown_factor(model.drawdown, inputs.drawdown_ppm))
    if inputs.regime_ppm:
        factors.append(mean_regime_factor(model.regime, inputs.regime_ppm))
    else:
        factors.append(regime_factor(model.regime, inputs.regime))
    if model.correlation_ppm_max:
        factors.append(
            contribution_factor(
                model.contribution_ppm,
                inputs.rest_ppm,
                inputs.correlation_ppm,
                model.correlation_ppm_max,
            )
        )
    factors.extend(more)
    caps = (*_caps(model, inputs), *more_caps)
    return result_of(factors, caps, -1 if inputs.strength_ppm < 0 else 1)


def equity_factor(inputs: SizingInputs) -> Factor:
    """Capital in millionths of a lot, rounded down; 0 while the value of a lot is unknown."""
    equity = max(inputs.equity, 0)
    ppm = equity * inputs.value_lots * PPM // inputs.value if inputs.value > 0 else 0
    ppm = min(ppm, FIGURE_MAX)
    named = (("equity", equity), ("value", inputs.value), ("value_lots", inputs.value_lots))
    return Factor(FactorKind.EQUITY, ppm, named)


def _base(model: SizingModel, inputs: SizingInputs) -> tuple[Factor, ...]:
    """Lots before any multiplier."""
    if model.base == "fixed":
        return (Factor(FactorKind.LOTS, model.lots_max * PPM),)
    equity = equity_factor(inputs)
    if model.base == "volatility_target":
        return (equity, volatility_factor(model.contribution_ppm, inputs.volatility_ppm))
    if model.base == "kelly":
        return (
            equity,
            *continuous_factors(
                inputs.excess_ppm,
                inputs.volatility_ppm,
                model.kelly_fraction_ppm,
                inputs.years_ppm,
            ),
        )
    return (
        equity,
        *binary_factors(
            inputs.win_ppm,
            inputs.gain_ppm,
            model.kelly_fraction_ppm,
            inputs.win_error_ppm,
            inputs.loss_ppm,
        ),
    )


def _caps(model: SizingModel, inputs: SizingInputs) -> Iterator[Cap]:
    """All caps, in the order of their kinds."""
    yield Cap(CapKind.LOTS, model.lots_max)
    if model.weight_ppm_max:
        equity_ppm = equity_factor(inputs).ppm
        lots = equity_ppm * model.weight_ppm_max // (PPM * PPM)
        yield Cap(CapKind.WEIGHT, lots, (("weight_ppm_max", model.weight_ppm_max),))
    yield from caps_of(
        model.capacity,
        daily_volume_lots=inputs.daily_volume_lots,
        depth_lots=inputs.depth_lots,
        horizon_volume_lots=inputs.horizon_volume_lots,
        edge_ppm=inputs.edge_ppm,
        day_volatility_ppm=isqrt(inputs.volatility_ppm * inputs.volatility_ppm // DAYS_A_YEAR),
    )
