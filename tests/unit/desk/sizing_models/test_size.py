"""A whole size: published closed forms, then what must hold of every size."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.sizing_models import (
    CapKind,
    FactorKind,
    SizeResult,
    SizingInputs,
    SizingModel,
    explain,
    size_of,
)
from desk.sizing_models.capacity import CapacityLimits
from desk.sizing_models.drawdown import DrawdownRule
from desk.sizing_models.regime import RegimeMultipliers
from market.codes import Regime
from market.decisions import PPM
from market.errors import InputError

MILLION = 1_000_000 * PPM
"""A million of the base currency in value units."""


def test_half_a_per_cent_at_twenty_per_cent_volatility_is_a_weight_of_two_and_a_half() -> None:
    # w = c/σ = 0.005/0.20 = 2.5 % of a million, in lots of 100: 250 lots.
    model = SizingModel(base="volatility_target", lots_max=10**6, contribution_ppm=5_000)
    inputs = SizingInputs(equity=MILLION, value=100 * PPM, volatility_ppm=200_000)
    result = size_of(model, inputs)
    assert result.lots == 250
    assert result.position_lots == 250
    assert [factor.kind for factor in result.factors][:2] == [
        FactorKind.EQUITY,
        FactorKind.VOLATILITY_TARGET,
    ]
    assert result.factors[1].ppm == 25_000


@pytest.mark.parametrize(
    ("fraction_ppm", "lots"), [(PPM, 20_000), (PPM // 2, 10_000), (PPM // 4, 5_000)]
)
def test_full_half_and_quarter_kelly(fraction_ppm: int, lots: int) -> None:
    # (μ−r)/σ² = 0.08/0.04 = 2 times a million, in lots of 100; estimated over ages: no shrinkage.
    model = SizingModel(base="kelly", lots_max=10**6, kelly_fraction_ppm=fraction_ppm)
    inputs = SizingInputs(
        equity=MILLION,
        value=100 * PPM,
        volatility_ppm=200_000,
        excess_ppm=80_000,
        years_ppm=10**15,
    )
    assert size_of(model, inputs).lots == pytest.approx(lots, abs=1)


def test_binary_kelly_is_a_fifth_of_capital() -> None:
    model = SizingModel(base="kelly_binary", lots_max=10**6, kelly_fraction_ppm=PPM)
    inputs = SizingInputs(equity=MILLION, value=100 * PPM, win_ppm=600_000)
    assert size_of(model, inputs).lots == 2_000


def test_a_short_is_the_mirror_of_a_long() -> None:
    model = SizingModel(base="fixed", lots_max=40)
    assert size_of(model, SizingInputs(strength_ppm=-500_000)).position_lots == -20


def test_what_is_unknown_gives_no_size() -> None:
    model = SizingModel(base="volatility_target", lots_max=100)
    known = SizingInputs(equity=MILLION, value=100 * PPM, volatility_ppm=200_000)
    assert size_of(model, known).lots > 0
    assert size_of(model, msgspec.structs.replace(known, volatility_ppm=0)).lots == 0
    assert size_of(model, msgspec.structs.replace(known, value=0)).lots == 0
    assert size_of(model, msgspec.structs.replace(known, equity=-5)).lots == 0


def test_explain_names_every_factor_its_figures_and_the_cap_that_decided() -> None:
    model = SizingModel(
        base="volatility_target",
        lots_max=10**6,
        correlation_ppm_max=PPM,
        drawdown=DrawdownRule(rule="cushion"),
        regime=RegimeMultipliers(volatile_ppm=500_000),
        capacity=CapacityLimits(depth_ppm=100_000),
    )
    inputs = SizingInputs(
        equity=MILLION,
        value=100 * PPM,
        volatility_ppm=200_000,
        strength_ppm=-PPM,
        regime=Regime.VOLATILE,
        depth_lots=300,
    )
    assert explain(size_of(model, inputs)) == [
        "× 10000.000000 lots EQUITY (equity 1000000000000, value 100000000, value_lots 1)",
        "× 0.025000 VOLATILITY_TARGET (contribution_ppm 5000, volatility_ppm 200000)",
        "× 1.000000 STRENGTH",
        "× 1.000000 CONFIDENCE",
        "× 1.000000 DRAWDOWN (drawdown_ppm 0)",
        "× 0.500000 REGIME (regime 3)",
        (
            "× 1.000000 CORRELATION (contribution_ppm 5000, rest_ppm 0, correlation_ppm 0, "
            "factor_ppm_max 1000000)"
        ),
        "= 125 lots",
        "≤ 1000000 lots LOTS",
        "≤ 30 lots DEPTH (depth_lots 300, share_ppm 100000)  decides",
        "= -30 lots",
    ]


INPUTS = st.builds(
    SizingInputs,
    strength_ppm=st.integers(-PPM, PPM),
    confidence_ppm=st.integers(0, PPM),
    equity=st.integers(-10, 10**16),
    value=st.integers(0, 10**12),
    value_lots=st.integers(1, 10_000),
    volatility_ppm=st.integers(0, 3 * PPM),
    excess_ppm=st.integers(-PPM, PPM),
    years_ppm=st.integers(0, 50 * PPM),
    win_ppm=st.integers(0, PPM),
    gain_ppm=st.integers(1, 5 * PPM),
    loss_ppm=st.integers(1, PPM),
    win_error_ppm=st.integers(0, PPM),
    drawdown_ppm=st.integers(0, PPM),
    regime=st.sampled_from(Regime),
    rest_ppm=st.integers(0, PPM),
    correlation_ppm=st.integers(-PPM, PPM),
    daily_volume_lots=st.integers(0, 10**9),
    depth_lots=st.integers(0, 10**6),
    horizon_volume_lots=st.integers(0, 10**8),
    edge_ppm=st.integers(-1_000, 100_000),
)
MODELS = st.builds(
    SizingModel,
    base=st.sampled_from(["fixed", "volatility_target", "kelly", "kelly_binary"]),
    lots_max=st.integers(1, 10**6),
    contribution_ppm=st.integers(1, PPM),
    kelly_fraction_ppm=st.integers(1, 2 * PPM),
    weight_ppm_max=st.integers(0, 10 * PPM),
    use_confidence=st.booleans(),
    correlation_ppm_max=st.integers(0, 2 * PPM),
    drawdown=st.sampled_from(
        [DrawdownRule(), DrawdownRule(rule="cushion"), DrawdownRule(rule="steps", steps=((9, 0),))]
    ),
    regime=st.just(RegimeMultipliers(unknown_ppm=0, extreme_ppm=100_000)),
    capacity=st.builds(
        CapacityLimits,
        daily_volume_ppm=st.integers(0, PPM),
        depth_ppm=st.integers(0, PPM),
        participation_ppm=st.integers(0, PPM),
        impact_ppm=st.integers(0, 2 * PPM),
    ),
)


@given(model=MODELS, inputs=INPUTS)
def test_every_size_is_its_factors_product_within_its_caps_and_survives_the_journal(
    model: SizingModel, inputs: SizingInputs
) -> None:
    result = size_of(model, inputs)
    result.check()
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=SizeResult)
    assert again == result
    assert len(explain(result)) == len(result.factors) + len(result.caps) + 2
    assert len(result.pairs()) == len(result.factors) + len(result.caps)
    assert {cap.kind for cap in result.caps} >= {CapKind.LOTS}


@given(inputs=INPUTS, more=st.integers(1, PPM))
def test_more_drawdown_or_volatility_never_makes_a_target_larger(
    inputs: SizingInputs, more: int
) -> None:
    model = SizingModel(
        base="volatility_target", lots_max=10**6, drawdown=DrawdownRule(rule="cushion")
    )
    size = size_of(model, inputs).lots
    deeper = msgspec.structs.replace(inputs, drawdown_ppm=inputs.drawdown_ppm + more)
    assert size_of(model, deeper).lots <= size
    if inputs.volatility_ppm:
        wilder = msgspec.structs.replace(inputs, volatility_ppm=inputs.volatility_ppm + more)
        assert size_of(model, wilder).lots <= size


@pytest.mark.parametrize(
    "wrong", [{"lots_max": 0}, {"contribution_ppm": 0}, {"kelly_fraction_ppm": 2 * PPM + 1}]
)
def test_a_wrong_model_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"sizing\.\w+ is -?\d+, allowed is"):
        SizingModel(**{"base": "fixed", "lots_max": 1, **wrong})  # type: ignore[arg-type]
