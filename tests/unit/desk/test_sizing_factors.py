"""Sizes by factors in a whole desk: worked figures, stops, what is journaled, and what it replays to."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.sizing import Estimate, FactorSizing, SizingConfig
from desk.sizing_models import CapKind, FactorKind, from_pairs, result_of
from desk.sizing_models.capacity import CapacityLimits
from desk.sizing_models.drawdown import DrawdownRule
from desk.sizing_models.regime import RegimeMultipliers
from desk.sizing_models.stop import StopRule, loss_ppm
from desk.state.volatility import VolatilityConfig
from market.decisions import PPM, Quotes, Signal, Sized, Target
from market.errors import InputError
from market.messages import Submit
from tests.desk_rig import MID, DeskRig, S, Said
from tests.desk_words import shown

HALF_UNKNOWN = RegimeMultipliers(unknown_ppm=500_000)


def target(strength: float, **more: Any) -> Target:
    return Target(book_id=0, strength_ppm=int(strength * PPM), **more)


def say(rig: DeskRig, *signals: Signal) -> None:
    said = rig.strategies[0]
    assert isinstance(said, Said)
    said.next = list(signals)


def rig_of(*signals: Signal, lots_max: int = 100, books: int = 1, **factors: Any) -> DeskRig:
    """A desk that takes at once, sized by these factors; it says this at the first view."""
    rig = DeskRig(
        [Said()],
        books=books,
        sizing={
            "model": "factors",
            "lots_max": lots_max,
            "factors": FactorSizing(**{"base": "fixed"} | factors),
        },
        execution={"style": "immediate"},
        state={"volatility": VolatilityConfig(window_bars=2, min_bars=2)},
    )
    say(rig, *signals)
    return rig


def sized(rig: DeskRig) -> Sized:
    """The size of the newest decision that has one."""
    for event in reversed(rig.log.events):
        for decision in event.decisions:
            if decision.sized is not None:
                return decision.sized
    raise AssertionError("nothing was sized")


def test_multipliers_of_regime_and_strategy_are_journaled_with_their_figures() -> None:
    # 100 lots × 0.8 strength × 0.5 confidence × 0.5 in an unknown regime.
    rig = rig_of(target(0.8, confidence_ppm=500_000), regime=HALF_UNKNOWN)

    assert ["#1 buy 20 @ 10001 IOC"] == shown(rig.view())
    pairs = sized(rig).factors
    assert pairs[:3] == (("lots", 100 * PPM), ("strength", 800_000), ("confidence", 500_000))
    assert ("regime.regime", 0) in pairs
    factors, caps = from_pairs(pairs)
    assert [one.kind for one in factors][-1] is FactorKind.PERMIT
    assert [one.kind for one in caps] == [CapKind.LOTS]
    assert result_of(factors, caps, 1).position_lots == 20


def test_binary_kelly_stakes_a_fifth_of_capital_and_half_of_it_at_half_kelly() -> None:
    # p = 0.6 at even odds is 0.2 of 1,000,000 in lots of 100: 2,000; half of that is 1,000.
    rig = rig_of(
        target(1),
        lots_max=10_000,
        base="kelly_binary",
        estimate=Estimate(win_ppm=600_000),
    )

    assert ["#1 buy 1000 @ 10001 IOC"] == shown(rig.view())


def test_an_estimate_of_the_symbol_goes_before_the_general_one() -> None:
    rig = rig_of(
        target(1),
        lots_max=10_000,
        base="kelly_binary",
        estimate=Estimate(win_ppm=600_000),
        estimates={"aaa": Estimate(win_ppm=550_000)},
    )

    assert ["#1 buy 500 @ 10001 IOC"] == shown(rig.view())


def test_an_unknown_volatility_gives_no_size() -> None:
    rig = rig_of(target(1), base="volatility_target")

    assert [] == rig.view()


def test_the_depth_and_the_volume_over_the_horizon_cap_a_size() -> None:
    # A fifth of 100 lots shown is 20; of 23,400 lots a day 60 a minute, a tenth of that is 6.
    shown_only = rig_of(target(1), capacity=CapacityLimits(depth_ppm=200_000))
    assert ["#1 buy 20 @ 10001 IOC"] == shown(shown_only.view())

    rig = rig_of(
        target(1, horizon_ns=60 * S),
        capacity=CapacityLimits(participation_ppm=100_000),
        estimate=Estimate(daily_volume_lots=23_400),
    )
    assert ["#1 buy 6 @ 10001 IOC"] == shown(rig.view())
    assert ("cap_participation", 6) in sized(rig).factors


def test_a_drawdown_lowers_the_size() -> None:
    # 1,000 lots bought at 10,001 and marked at 5,001: 50,000 lost of a million.
    rule = DrawdownRule(rule="steps", steps=((50_000, 250_000),))
    rig = rig_of(target(1), lots_max=1_000, drawdown=rule)
    rig.view(ask_lots=1_000)
    rig.accept(1)
    rig.fill(1, 1_000)

    assert ["#2 sell 750 @ 5000 IOC"] == shown(rig.view(0, 5_000, 5_002))
    assert ("drawdown", 250_000) in sized(rig).factors


def test_a_twin_of_what_another_strategy_holds_gets_what_is_left_of_the_target() -> None:
    # Nothing else is held: the stand-alone target is the contribution, and the factor is one.
    rig = rig_of(target(1), correlation_ppm_max=PPM)
    assert ["#1 buy 100 @ 10001 IOC"] == shown(rig.view())
    assert ("correlation", PPM) in sized(rig).factors


# --- stops --------------------------------------------------------------------------------------


def bought(stops: StopRule, lots: int = 10) -> DeskRig:
    rig = rig_of(target(1), lots_max=lots, stops=stops)
    rig.view()
    rig.accept(1)
    rig.fill(1, lots)
    return rig


def test_a_loss_beyond_the_stop_closes_the_position_until_the_other_side_is_wanted() -> None:
    # Bought at 10,001: at a mid of 9,801 the loss is 1.9998 %, at 9,800 it is 2.0098 %.
    rig = bought(StopRule(unknown_ppm=20_000))

    assert [] == rig.view(0, 9_800, 9_802)
    assert ["#2 sell 10 @ 9799 IOC"] == shown(rig.view(0, 9_799, 9_801))
    assert ("stop.loss_ppm", 20_097) in sized(rig).factors
    rig.accept(2)
    rig.fill(2, 10)
    assert [] == rig.view() + rig.view(0, MID, MID + 2)  # it does not go back in
    say(rig, target(-1))
    assert ["#3 sell 10 @ 9999 IOC"] == shown(rig.view())


def test_a_stop_outlives_a_restart() -> None:
    rig = bought(StopRule(unknown_ppm=20_000))
    rig.view(0, 9_799, 9_801)
    rig.accept(2)
    rig.fill(2, 10)

    rig.restore()

    assert [] == rig.view() + rig.view(0, MID, MID + 2)


def test_stopped_quotes_show_the_way_out_only() -> None:
    both = Quotes(book_id=0, bid_ticks=MID - 1, bid_lots=10, ask_ticks=MID + 1, ask_lots=10)
    rig = rig_of(both, stops=StopRule(unknown_ppm=20_000))
    assert ["#1 buy 10 @ 9999", "#2 sell 10 @ 10001"] == shown(rig.view())
    rig.accept(1)
    rig.accept(2)
    assert ["#3 buy 10 @ 9999"] == shown(rig.fill(1, 10))
    rig.accept(3)
    say(rig, msgspec.structs.replace(both, bid_ticks=9_700, ask_ticks=9_702))

    assert ["#3 cancel"] == shown(rig.view(0, 9_700, 9_702))  # own orders must not meet
    rig.cancelled(3)
    assert ["#2 move to 10 @ 9702"] == shown(rig.view(0, 9_700, 9_702, after_ns=S))


def test_each_regime_has_its_own_stop() -> None:
    rule = StopRule(calm_ppm=50_000, volatile_ppm=10_000)
    assert [rule.of(one) for one in range(5)] == [0, 50_000, 0, 10_000, 0]  # type: ignore[arg-type]
    assert loss_ppm(-200, 10_000) == loss_ppm(-200, -10_000) == 20_000
    assert loss_ppm(200, 10_000) == loss_ppm(-200, 0) == 0


# --- configurations -----------------------------------------------------------------------------


def test_plain_models_leave_no_trace_of_factors() -> None:
    rig = DeskRig([Said()])

    assert b"factors" not in msgspec.json.encode(rig.config)
    assert "sizing" not in msgspec.msgpack.decode(rig.desk.snapshot(), strict=False)


def test_factors_belong_to_the_model_factors() -> None:
    with pytest.raises(InputError, match="found no factors"):
        SizingConfig(lots_max=1, model="factors")
    with pytest.raises(InputError, match="beside the model 'fixed'"):
        SizingConfig(lots_max=1, factors=FactorSizing(base="fixed"))
    with pytest.raises(InputError, match="kelly_fraction_ppm"):
        SizingConfig(
            lots_max=1,
            model="factors",
            factors=FactorSizing(base="kelly", kelly_fraction_ppm=3 * PPM),
        )
    with pytest.raises(InputError, match=r"stops\.calm_ppm is -1"):
        StopRule(calm_ppm=-1)
    with pytest.raises(InputError, match=r"estimate\.win_ppm is 2000000"):
        Estimate(win_ppm=2 * PPM)
    with pytest.raises(InputError, match="found a factor 'moon'"):
        from_pairs((("moon", 1),))


@given(
    strength=st.integers(-PPM, PPM),
    confidence=st.integers(0, PPM),
    regime=st.integers(0, PPM),
    depth=st.integers(0, PPM),
    lots_max=st.integers(1, 10_000),
)
def test_what_is_journaled_makes_the_size_again(
    strength: int, confidence: int, regime: int, depth: int, lots_max: int
) -> None:
    rig = rig_of(
        Target(book_id=0, strength_ppm=strength, confidence_ppm=confidence),
        lots_max=lots_max,
        regime=RegimeMultipliers(unknown_ppm=regime),
        capacity=CapacityLimits(depth_ppm=depth),
    )
    sent = rig.view()

    if not sent:
        return
    (order,) = sent
    assert isinstance(order, Submit)
    found = sized(rig)
    made = result_of(*from_pairs(found.factors), 1 if strength >= 0 else -1)
    made.check()
    assert made.position_lots == found.position_lots
    assert order.qty_lots == abs(found.position_lots)
