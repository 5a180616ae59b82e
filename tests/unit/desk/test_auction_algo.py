"""Parents of which a part goes into an auction, in a whole desk: worked figures, and what goes wrong."""

from typing import Any

import pytest
from msgspec import UNSET

from desk.execution import ExecutionConfig
from desk.execution.algo_config import ScheduleConfig
from desk.execution.algorithms import AlgoData
from desk.execution.auction import AuctionRule
from desk.execution.plan import PlanData
from desk.purse import CashConfig
from desk.router.config import RouteConfig
from market.codes import OperatorAction, OrderType, Phase, Reason, ReportType, Urgency
from market.decisions import PPM, Flat, Signal, Target
from market.errors import InputError
from market.messages import Submit
from tests.desk_rig import MID, DeskRig, S, Said
from tests.desk_words import shown

TIMER = 1 << 32
CALL = Phase.CLOSING_CALL


def urgent(strength: float) -> Target:
    """What is due crosses at once, a tick past the touch."""
    return Target(book_id=0, strength_ppm=int(strength * PPM), urgency=Urgency.URGENT)


def rig_of(
    *signals: Signal, rig: dict[str, Any] | None = None, schedule: Any = None, **rule: Any
) -> DeskRig:
    """100 lots over 100 seconds in ten slices, of which 30 % go to the close within five ticks."""
    told = {"over_ns": 100 * S, "slices": 10, "daily_volume_lots": 10_000_000} | (schedule or {})
    auction = AuctionRule(**{"share_ppm": 300_000, "limit_ticks": 5} | rule)
    made = DeskRig(
        [Said()],
        sizing={"lots_max": 100},
        execution={"algo": "auction", "schedule": ScheduleConfig(**told, auction=auction)},
        **(rig or {}),
    )
    say(made, *signals)
    return made


def say(rig: DeskRig, *signals: Signal) -> None:
    said = rig.strategies[0]
    assert isinstance(said, Said)
    said.next = list(signals)


def plan_of(rig: DeskRig) -> PlanData:
    algos = rig.desk.executor.data.algos
    assert isinstance(algos, AlgoData)
    return algos.plans[0]


def slices_of(rig: DeskRig) -> list[int]:
    return [one.qty_lots for one in plan_of(rig).slices]


def begun(*, more: Any = None, **rule: Any) -> DeskRig:
    """A rig whose order for the auction rests, and whose first slice of seven lots has filled."""
    rig = rig_of(urgent(1), rig=more, **rule)
    rig.view()
    rig.accept(1)
    rig.accept(2)
    rig.fill(2, 7)
    return rig


# --- what leaves ----------------------------------------------------------------------------------


def test_a_share_goes_to_the_close_and_the_rest_is_worked_over_time() -> None:
    rig = rig_of(urgent(1))

    assert ["#1 buy 30 @ 10006 AT_CLOSE", "#2 buy 7 @ 10002 IOC"] == shown(rig.view())
    assert [7] * 10 == slices_of(rig)


def test_without_a_limit_the_order_trades_at_any_price() -> None:
    rig = rig_of(urgent(-1), limit_ticks=UNSET)

    order, _ = rig.view()
    assert isinstance(order, Submit)
    assert (order.order_type, order.price_ticks, order.qty_lots) == (OrderType.MARKET, 0, 30)
    assert ["#1 sell 30 @ 0 AT_CLOSE"] == shown([order])


def test_the_next_auction_may_be_any() -> None:
    assert ["#1 buy 30 @ 10006 AUCTION"] == shown(rig_of(urgent(1), at="next").view())[:1]


def test_the_rest_follows_its_own_algorithm() -> None:
    # κT = 3.03538 in five steps sends 45.8, 25.2, 14.2, 8.6 and 6.2 % (Almgren and Chriss).
    rig = rig_of(urgent(1), rest="is", schedule={"slices": 5, "urgency_ppm": 3_035_380})
    rig.view()

    assert [32, 18, 10, 6, 4] == slices_of(rig)


def test_all_of_it_may_go_to_the_auction() -> None:
    rig = rig_of(urgent(1), share_ppm=PPM)

    assert ["#1 buy 100 @ 10006 AT_CLOSE"] == shown(rig.view())
    rig.accept(1)
    assert [] == rig.view(after_ns=50 * S) + rig.view(after_ns=60 * S)


def test_where_room_is_scarce_the_auction_gets_its_share_and_the_rest_what_it_lost() -> None:
    rig = rig_of(urgent(1), rig={"gate": {"instrument": {"position_lots": 20}}})

    assert ["#1 buy 6 @ 10006 AT_CLOSE", "#2 buy 7 @ 10002 IOC"] == shown(rig.view())
    assert 94 == sum(slices_of(rig))


# --- through the call -----------------------------------------------------------------------------


def test_a_call_pulls_everything_but_what_is_for_it() -> None:
    rig = rig_of(urgent(1))
    rig.view()
    rig.accept(1)
    rig.accept(2)

    assert ["#2 cancel"] == shown(rig.view(phase=CALL))
    rig.cancelled(2)
    assert [] == rig.view(phase=CALL)
    rig.fill(1, 30, price_ticks=MID)
    assert [] == rig.view(phase=Phase.CLOSED)
    assert 30 == rig.position()


def test_a_halt_pulls_it_like_any_other_and_its_lots_are_the_rest_s() -> None:
    rig = begun()
    assert ["#1 cancel"] == shown(rig.view(phase=Phase.HALT))
    rig.cancelled(1)

    assert 93 == sum(slices_of(rig)) - 7
    assert 0 == plan_of(rig).kept_lots()
    assert all("AT_CLOSE" not in one for one in shown(rig.view(after_ns=10 * S)))


def test_a_kill_pulls_it_in_the_midst_of_the_call() -> None:
    rig = begun()
    rig.view(phase=CALL)

    assert ["#1 cancel"] == shown(rig.operator(OperatorAction.KILL))


def test_a_strategy_that_must_be_flat_pulls_it_before_the_call_and_in_it() -> None:
    for phase in (Phase.CONTINUOUS, CALL):
        rig = begun()
        rig.view(phase=phase)
        say(rig, Flat(book_id=0))
        assert "#1 cancel" in shown(rig.view(phase=phase)), phase


# --- the auction is missed, or fills in part -------------------------------------------------------


def test_an_order_that_the_venue_refuses_is_not_sent_again() -> None:
    rig = rig_of(urgent(1))
    rig.view()
    rig.accept(2)
    rig.fill(2, 7)
    rig.report(ReportType.REJECTED, 1, reason=Reason.TOO_LATE)

    assert 100 == sum(slices_of(rig))
    assert ["#3 buy 10 @ 10002 IOC"] == shown(rig.view(after_ns=10 * S))


def test_an_order_that_the_limits_refuse_is_not_sent_again() -> None:
    # Ten lots at once are allowed; a slice has seven, the auction thirty.
    rig = rig_of(urgent(1), rig={"limits": {"order_lots": 10}})

    assert ["#1 buy 7 @ 10002 IOC"] == shown(rig.view())
    assert 1 == len(rig.event.refusals)
    rig.accept(1)
    rig.fill(1, 7)
    assert 100 == sum(slices_of(rig))
    assert ["#2 buy 10 @ 10002 IOC"] == shown(rig.view(after_ns=10 * S))
    assert not rig.event.refusals


def test_what_a_call_of_the_day_has_not_traded_is_worked_behind_it() -> None:
    rig = begun(at="next")
    call = Phase.INTRADAY_CALL
    rig.view(phase=call)
    rig.fill(1, 12, price_ticks=MID)
    rig.report(ReportType.EXPIRED, 1, 18)

    assert (7 + 12, 88) == (rig.position(), sum(slices_of(rig)))
    # 7 of 88 are done; the nine slices behind hold the other 81.
    assert ["#3 buy 9 @ 10002 IOC"] == shown(rig.view(after_ns=10 * S))


def test_fills_that_are_heard_late_come_off_what_is_worked() -> None:
    rig = begun(at="next")
    rig.view(phase=Phase.INTRADAY_CALL)
    rig.report(ReportType.EXPIRED, 1, 18)
    rig.view(after_ns=10 * S)
    rig.fill(1, 12, price_ticks=MID)

    assert 88 == sum(slices_of(rig))


def test_never_more_is_at_work_than_is_missing() -> None:
    rig = begun()
    # 93 are missing, 30 lie at the close: when everything is due, 63 are worked.
    sent = rig.view(after_ns=200 * S)
    assert ["#3 buy 63 @ 10003 IOC"] == shown(sent)
    rig.accept(3)
    rig.fill(3, 63)
    assert [] == rig.view(after_ns=S)


# --- the target moves -----------------------------------------------------------------------------


def test_a_small_change_is_the_rest_s() -> None:
    rig = begun()
    say(rig, urgent(0.91))
    rig.view()

    assert 61 == sum(slices_of(rig))
    assert 30 == plan_of(rig).kept_lots()


def test_a_target_below_what_lies_at_the_auction_takes_it_back() -> None:
    rig = begun(schedule={"replace_ppm": 1_000 * PPM})
    say(rig, urgent(0.3))

    assert ["#1 cancel"] == shown(rig.view())  # 23 are missing, 30 lie there
    rig.cancelled(1)
    assert ["#3 buy 23 @ 10003 IOC"] == shown(rig.view(after_ns=200 * S))


def test_another_wish_waits_until_the_order_of_the_one_before_has_gone() -> None:
    rig = begun()
    say(rig, urgent(0.5))

    assert ["#1 cancel"] == shown(rig.view())
    assert [] == rig.view()
    # Of 43 lots 12 go to the close and a tenth of 31 is due.
    assert ["#3 buy 12 @ 10006 AT_CLOSE", "#4 buy 3 @ 10002 IOC"] == shown(rig.cancelled(1))


def test_a_desk_made_from_its_snapshot_goes_on_alike() -> None:
    rig = begun()
    rig.restore()
    say(rig, urgent(1))
    rig.view(phase=CALL)
    rig.fill(1, 30, price_ticks=MID)

    assert 37 == rig.position()


# --- what is told ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"share_ppm": 0}, "share_ppm is 0, allowed is 1 to 1000000"),
        ({"limit_ticks": -1}, "limit_ticks is -1, allowed is 0 to"),
    ],
)
def test_a_rule_out_of_bounds_is_refused(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        AuctionRule(**{"share_ppm": 1} | rule)


def test_the_algorithm_and_its_rule_belong_together() -> None:
    plain = ScheduleConfig(over_ns=S, daily_volume_lots=1)
    with pytest.raises(InputError, match="algo 'auction': found no auction, which it needs"):
        ExecutionConfig(child_lots_max=1, algo="auction", schedule=plain)
    told = ScheduleConfig(over_ns=S, daily_volume_lots=1, auction=AuctionRule(share_ppm=1))
    with pytest.raises(InputError, match="algo 'twap': found auction, allowed is with 'auction'"):
        ExecutionConfig(child_lots_max=1, algo="twap", schedule=told)
    pov = ScheduleConfig(
        over_ns=S, daily_volume_lots=1, auction=AuctionRule(share_ppm=1, rest="pov")
    )
    with pytest.raises(InputError, match="algo 'pov': found no pov, which it needs"):
        ExecutionConfig(child_lots_max=1, algo="auction", schedule=pov)


def test_an_auction_without_a_limit_needs_no_purse_and_no_route() -> None:
    with pytest.raises(InputError, match="found auction without limit_ticks and cash"):
        rig_of(rig={"settings": {"cash": CashConfig(cash_micros=1)}}, limit_ticks=UNSET)
    with pytest.raises(InputError, match="found auction with a route"):
        rig_of(rig={"route": RouteConfig(books=(0, 1)), "books": 2})
