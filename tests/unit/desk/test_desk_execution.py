"""How children work a size, and how large a size is: styles, patience, quotes, sizing by volatility."""

import math
from typing import Any

import pytest

from desk.state.volatility import VolatilityConfig
from market.codes import OperatorAction, Reason, ReportType, Urgency
from market.decisions import PPM, Quotes, Signal, Target
from market.messages import Submit
from tests.desk_rig import MID, DeskRig, S, Said
from tests.desk_words import shown

BOTH = Quotes(book_id=0, bid_ticks=MID - 1, bid_lots=10, ask_ticks=MID + 1, ask_lots=10)


def target(strength: float, book_id: int = 0, urgency: Urgency = Urgency.NORMAL) -> Target:
    return Target(book_id=book_id, strength_ppm=int(strength * PPM), urgency=urgency)


def say(rig: DeskRig, *signals: Signal, strategy: int = 0) -> None:
    said = rig.strategies[strategy]
    assert isinstance(said, Said)
    said.next = list(signals)


def rig_of(*signals: Signal, **more: Any) -> DeskRig:
    """One strategy that will say this at the first view."""
    rig = DeskRig([Said()], **more)
    say(rig, *signals)
    return rig


def immediate(*signals: Signal, **more: Any) -> DeskRig:
    return rig_of(*signals, execution={"style": "immediate"} | more.pop("execution", {}), **more)


# --- execution ----------------------------------------------------------------------------------


def test_immediate_takes_what_is_missing_one_child_at_a_time() -> None:
    rig = immediate(target(1), execution={"child_lots_max": 6, "cross_ticks": 2})

    assert ["#1 buy 6 @ 10003 IOC"] == shown(rig.view())
    assert [] == rig.accept(1) + rig.view()
    assert ["#2 buy 4 @ 10003 IOC"] == shown(rig.fill(1, 6))
    assert [] == rig.fill(2, 4)
    say(rig, target(-0.5))
    assert ["#3 sell 6 @ 9997 IOC"] == shown(rig.view())


def test_passive_rests_at_the_best_price_and_follows_it() -> None:
    rig = rig_of(target(-1), execution={"requote_ticks": 2})

    assert ["#1 sell 10 @ 10001"] == shown(rig.view())
    assert [] == rig.accept(1) + rig.view(0, MID - 2, MID)  # one tick away is near enough
    assert ["#1 move to 10 @ 9999"] == shown(rig.view(0, MID - 3, MID - 1))
    assert [] == rig.view(0, MID - 9, MID - 7)  # nothing more before the answer
    answer = rig.report(ReportType.REPLACED, 1, 10, 10, price_ticks=MID - 1)
    assert ["#1 move to 10 @ 9993"] == shown(answer)


def test_passive_turns_round_by_pulling_the_wrong_side_first() -> None:
    rig = rig_of(target(1))
    rig.view()
    rig.accept(1)
    say(rig, target(-1))

    assert ["#1 cancel"] == shown(rig.view())
    assert ["#2 sell 10 @ 10001"] == shown(rig.cancelled(1))


def test_passive_crosses_when_its_patience_is_over() -> None:
    rig = rig_of(target(1), execution={"patience_ns": 3 * S})
    assert ["#1 buy 10 @ 9999"] == shown(rig.view())
    assert [] == rig.accept(1) + rig.view(after_ns=2 * S)

    assert ["#1 cancel"] == shown(rig.view(after_ns=2 * S))
    assert ["#2 buy 10 @ 10001 IOC"] == shown(rig.cancelled(1))


def test_an_urgent_target_does_not_wait() -> None:
    rig = rig_of(target(1, urgency=Urgency.URGENT))

    assert ["#1 buy 10 @ 10001 IOC"] == shown(rig.view())


def test_a_quote_shows_each_side_at_the_strategys_own_price_and_shrinks_in_place() -> None:
    rig = rig_of(BOTH)
    rig.view()
    rig.accept(1)
    rig.accept(2)
    say(rig, Quotes(book_id=0, bid_ticks=MID - 1, bid_lots=4, ask_ticks=MID + 3, ask_lots=0))

    assert ["#1 move to 4 @ 9999", "#2 cancel"] == shown(rig.view())


def test_a_replacement_whose_answer_is_late_is_not_replaced_again() -> None:
    rig = rig_of(target(1))
    rig.view()
    rig.accept(1)
    assert ["#1 move to 10 @ 10004"] == shown(rig.view(0, MID + 4, MID + 6))
    assert ["#1 cancel"] == shown(rig.operator(OperatorAction.PAUSE_STRATEGY))
    rig.report(ReportType.CANCEL_REJECTED, 1, 0, 10, reason=Reason.HALTED)
    rig.operator(OperatorAction.RESUME_STRATEGY, "Ada")

    # The refusal overtook the answer to the replacement: that one counts in full until it is here.
    rig.view(0, MID + 7, MID + 9)
    assert () == rig.event.commands
    assert 20 == rig.desk.state.worst_long(0) == rig.desk.limits.data.tally.buy_lots[0]


# --- sizing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strength", "confidence", "lots"), [(1.0, 1.0, 10), (-0.5, 1.0, -5), (0.5, 0.5, 2), (0, 1, 0)]
)
def test_a_fixed_size_is_scaled_by_strength_and_confidence(
    strength: float, confidence: float, lots: int
) -> None:
    wish = Target(book_id=0, strength_ppm=int(strength * PPM), confidence_ppm=int(confidence * PPM))
    sent = rig_of(wish).view()

    assert lots == sum(one.side.sign * one.qty_lots for one in sent if isinstance(one, Submit))


def test_the_regime_scales_the_size() -> None:
    rig = rig_of(target(1), gate={"strategy": {"regimes": {"unknown": 300_000}}})

    assert ["#1 buy 3 @ 9999"] == shown(rig.view())


def test_a_volatility_target_takes_the_value_whose_swing_in_a_year_is_the_wished_share() -> None:
    # 0.5 % of 1,000,000 in a year, by something that swings 20 % in a year, is worth 25,000.
    seconds = 252 * 23_400
    change = 0.20 / math.sqrt(seconds)
    mid = 20_000_000  # so fine that a bar's change of 0.0082 % is met to a millionth
    step = round(mid * change)
    rig = rig_of(
        sizing={"model": "volatility_target", "contribution_ppm": 5_000, "lots_max": 1_000_000},
        execution={"child_lots_max": 1_000_000},
        state={
            "volatility": VolatilityConfig(
                bar_ns=S, halflife_bars=5, window_bars=10, long_window_bars=20, min_bars=5
            )
        },
        price_units=1_000_000,
    )
    for bar in range(30):
        bid_ticks = mid - 1 + (bar & 1) * step
        rig.view(0, bid_ticks, bid_ticks + 2, after_ns=S)
    say(rig, target(1))
    (order,) = rig.view(0, mid - 1, mid + 1, after_ns=S // 2)

    assert isinstance(order, Submit)
    worth = order.qty_lots * mid / 1_000_000
    assert worth == pytest.approx(25_000, rel=0.001)
    (decision,) = rig.event.decisions
    assert decision.sized is not None
    assert dict(decision.sized.factors)["volatility_year"] == pytest.approx(200_000, rel=0.001)


def test_a_volatility_target_takes_nothing_while_volatility_is_unknown() -> None:
    rig = rig_of(target(1), sizing={"model": "volatility_target", "lots_max": 1_000})

    assert [] == rig.view()
