"""Parents that are spread over time, in a whole desk: worked figures for each algorithm."""

from typing import Any

import msgspec
import pytest

from desk.execution import ExecutionConfig
from desk.execution.algo_config import ScheduleConfig
from desk.execution.schedules.participation import PovConfig
from desk.execution.schedules.slippage_filter import LevelParams, OffsetRule
from market.codes import OperatorAction, ReportType, Urgency
from market.decisions import PPM, Flat, Signal, Target
from market.errors import InputError
from market.messages import SetTimer
from tests.desk_rig import MID, DeskRig, S, Said
from tests.desk_words import shown

TIMER = 1 << 32
DAY_LOTS = 10_000_000


def target(strength: float, urgency: Urgency = Urgency.NORMAL) -> Target:
    return Target(book_id=0, strength_ppm=int(strength * PPM), urgency=urgency)


def say(rig: DeskRig, *signals: Signal) -> None:
    said = rig.strategies[0]
    assert isinstance(said, Said)
    said.next = list(signals)


def rig_of(*signals: Signal, algo: str = "twap", lots_max: int = 100, **schedule: Any) -> DeskRig:
    told = {"over_ns": 100 * S, "slices": 10, "daily_volume_lots": DAY_LOTS} | schedule
    rig = DeskRig(
        [Said()],
        sizing={"lots_max": lots_max},
        execution={"algo": algo, "schedule": ScheduleConfig(**told)},
    )
    say(rig, *signals)
    return rig


def urgent(strength: float) -> Target:
    """Small and urgent: what is due crosses at once, a tick past the touch."""
    return target(strength, Urgency.URGENT)


def at_second(rig: DeskRig, second: int, *, begin_ns: int, **changes: Any) -> list[str]:
    """What leaves at a view so long after the beginning."""
    return shown(rig.view(after_ns=begin_ns + second * S - rig.now_ns, **changes))


def take(rig: DeskRig, number: int) -> list[str]:
    """The order fills whole; what leaves on that."""
    rig.accept(number)
    return shown(rig.fill(number, rig.order(number).open_lots))


# --- what is due, and when ----------------------------------------------------------------------


def test_twap_sends_a_tenth_at_the_beginning_of_each_tenth() -> None:
    rig = rig_of(urgent(1))

    assert ["#1 buy 10 @ 10002 IOC"] == shown(rig.view())
    begin_ns = rig.now_ns
    assert [] == take(rig, 1) + at_second(rig, 9, begin_ns=begin_ns)
    for number in range(2, 11):
        sent = at_second(rig, 10 * (number - 1), begin_ns=begin_ns)
        assert [f"#{number} buy 10 @ 10002 IOC"] == sent
        take(rig, number)
    assert rig.position() == 100


def test_a_timer_sends_what_no_event_would() -> None:
    rig = rig_of(urgent(1))
    rig.view()
    take(rig, 1)
    begin_ns = rig.timers[TIMER] - 10 * S

    assert ["#2 buy 10 @ 10002 IOC"] == shown(rig.fire(TIMER))
    assert rig.now_ns == begin_ns + 10 * S


def test_shortfall_sends_more_at_first() -> None:
    # κT = 3.03538 in five steps sends 45.8, 25.2, 14.2, 8.6 and 6.2 % (Almgren and Chriss).
    rig = rig_of(urgent(1), algo="is", slices=5, urgency_ppm=3_035_380)
    sent = [shown(rig.view())]
    begin_ns = rig.now_ns
    for number in range(1, 5):
        take(rig, number)
        sent.append(at_second(rig, 20 * number, begin_ns=begin_ns))

    assert sent == [
        [f"#{number} buy {lots} @ 10002 IOC"]
        for number, lots in enumerate((46, 25, 14, 9, 6), start=1)
    ]


def test_vwap_follows_its_curve() -> None:
    # A day of a hundred seconds whose second half trades three times the first.
    curve: dict[str, Any] = {"day_ns": 100 * S, "bucket_ns": 50 * S, "curve": (1, 3), "slices": 2}
    rig = rig_of(urgent(1), algo="vwap", over_ns=100 * S - 1_000, **curve)

    assert ["#1 buy 25 @ 10002 IOC"] == shown(rig.view())
    begin_ns = rig.now_ns
    take(rig, 1)
    assert ["#2 buy 75 @ 10002 IOC"] == at_second(rig, 50, begin_ns=begin_ns)


def test_pov_takes_a_fifth_of_what_others_trade_and_no_more() -> None:
    # r = 0.2: of 40 lots that others trade, 10 of ours are a fifth of all 50.
    rig = rig_of(urgent(1), algo="pov", pov=PovConfig(rate_ppm=200_000, catch_up_ppm=500_000))

    assert [] == rig.view()
    assert ["#1 buy 10 @ 10002 IOC"] == shown(rig.view(last_trade_lots=40, trade_count=1))
    assert [] == take(rig, 1)
    # Our own ten are in the market's volume, and nothing follows on them.
    assert [] == rig.view(last_trade_lots=10, trade_count=2)
    assert ["#2 buy 10 @ 10002 IOC"] == shown(rig.view(last_trade_lots=40, trade_count=3))


def test_a_patient_start_ends_in_crossing_before_its_slice_ends() -> None:
    rig = rig_of(target(1))

    assert ["#1 buy 10 @ 10000"] == shown(rig.view())  # step inside a spread of two
    begin_ns = rig.now_ns
    assert [] == rig.accept(1) + rig.view()
    # Of ten seconds a fiftieth is left at 9.8: the time of this slice is over.
    assert [] == rig.view(after_ns=begin_ns + 9_790_000_000 - rig.now_ns)
    assert ["#1 cancel"] == shown(rig.view(after_ns=begin_ns + 9_800_000_000 - rig.now_ns))
    assert ["#2 buy 10 @ 10003 IOC"] == shown(rig.cancelled(1))


def test_after_a_gap_two_slices_are_caught_up_with_at_once() -> None:
    rig = rig_of(urgent(1))
    rig.view()
    begin_ns = rig.now_ns
    take(rig, 1)

    assert ["#2 buy 20 @ 10002 IOC"] == at_second(rig, 65, begin_ns=begin_ns)
    assert ["#3 buy 20 @ 10002 IOC"] == take(rig, 2)
    assert ["#4 buy 20 @ 10002 IOC"] == take(rig, 3)
    assert [] == take(rig, 4)  # 70 are due, and done
    # When the time is over, all that is left is wanted, and two ticks past the touch.
    assert ["#5 buy 30 @ 10003 IOC"] == at_second(rig, 101, begin_ns=begin_ns)


def test_jitter_is_the_key_s_and_sums_to_the_parent() -> None:
    jitter: dict[str, Any] = {"jitter_time_ppm": 500_000, "jitter_size_ppm": 500_000}
    plans = []
    for key in (1, 1, 2):
        rig = rig_of(urgent(1), jitter_key=key, **jitter)
        rig.view()
        algos = rig.desk.executor.data.algos
        assert not isinstance(algos, msgspec.UnsetType)
        plans.append(algos.plans[0].slices)

    assert plans[0] == plans[1] != plans[2]
    assert [sum(one.qty_lots for one in plan) for plan in plans] == [100, 100, 100]


# --- changes on the way -------------------------------------------------------------------------


def test_a_small_change_of_the_target_changes_what_is_still_to_come() -> None:
    rig = rig_of(urgent(1))
    rig.view()
    take(rig, 1)
    parent = rig.desk.executor.parent(0, 0)
    say(rig, urgent(0.91))
    rig.view()

    algos = rig.desk.executor.data.algos
    assert not isinstance(algos, msgspec.UnsetType)
    assert rig.desk.executor.parent(0, 0) is parent
    assert [one.qty_lots for one in algos.plans[0].slices] == [10] + [9] * 9


def test_a_large_change_is_another_parent_with_all_its_time() -> None:
    rig = rig_of(urgent(0.5))
    rig.view()
    take(rig, 1)
    first = rig.desk.executor.parent(0, 0)
    say(rig, urgent(1))

    # 95 lots are missing: the first of ten slices has nine or ten of them.
    assert ["#2 buy 10 @ 10002 IOC"] == shown(rig.view())
    assert rig.desk.executor.parent(0, 0) is not first


def test_a_pause_moves_what_is_to_come_by_its_length() -> None:
    rig = rig_of(urgent(1))
    rig.view()
    begin_ns = rig.now_ns
    take(rig, 1)
    rig.operator(OperatorAction.PAUSE_STRATEGY, "ann", 0)
    assert [] == at_second(rig, 35, begin_ns=begin_ns)
    rig.operator(OperatorAction.RESUME_STRATEGY, "ann", 0)

    assert [] == at_second(rig, 44, begin_ns=begin_ns)
    assert ["#2 buy 10 @ 10002 IOC"] == at_second(rig, 46, begin_ns=begin_ns)


def test_flat_does_not_wait_for_a_schedule() -> None:
    rig = rig_of(urgent(1))
    rig.view()
    take(rig, 1)
    say(rig, Flat(book_id=0))

    assert ["#2 sell 10 @ 9999 IOC"] == shown(rig.view())


# --- how it is sent -----------------------------------------------------------------------------


def test_a_flickering_market_makes_no_storm_and_pulls_go_on() -> None:
    rig = rig_of(target(1), messages_max=2, messages_window_ns=5 * S)
    rig.view()
    rig.accept(1)
    assert ["#1 move to 10 @ 10001"] == shown(rig.view(0, MID, MID + 2))
    rig.report(ReportType.REPLACED, 1, 10, 10, price_ticks=MID + 1)
    assert [] == rig.view(0, MID + 1, MID + 3)  # two messages have left within five seconds
    say(rig, target(-1))
    assert ["#1 cancel"] == shown(rig.view(0, MID + 1, MID + 3))


def test_an_order_stands_for_a_while_before_it_is_moved() -> None:
    rig = rig_of(target(1), requote_wait_ns=2 * S)
    rig.view()
    rig.accept(1)

    assert [] == rig.view(0, MID, MID + 2, after_ns=S)
    assert ["#1 move to 10 @ 10001"] == shown(rig.view(0, MID, MID + 2, after_ns=S))


def test_orders_that_slip_let_the_next_go_further() -> None:
    # Nothing is believed at first; a fill three ticks past the touch sets the level to three.
    rig = rig_of(
        urgent(1),
        slippage=LevelParams(noise=1.0, step=0.5),
        offset=OffsetRule(min_ticks=0, max_ticks=5),
    )
    assert ["#1 buy 10 @ 10001 IOC"] == shown(rig.view())
    begin_ns = rig.now_ns
    rig.accept(1)
    rig.fill(1, 10, price_ticks=MID + 4)

    assert ["#2 buy 10 @ 10004 IOC"] == at_second(rig, 10, begin_ns=begin_ns)


def test_much_of_the_volume_asks_the_gate_once_more() -> None:
    rig = rig_of(urgent(1), ask_share_ppm=100_000)
    assert ["#1 buy 10 @ 10002 IOC"] == shown(rig.view())
    permits = [one.permit.permit_id for one in rig.event.decisions if one.permit is not None]
    assert len(permits) == 2

    (cause,) = [one.cause for one in rig.event.commands if not isinstance(one.command, SetTimer)]
    assert cause.permit_id == permits[1]


# --- configurations -----------------------------------------------------------------------------


def test_plain_styles_leave_no_trace_of_algorithms() -> None:
    rig = DeskRig([Said()])

    assert b"schedule" not in msgspec.json.encode(rig.config)
    assert "algos" not in msgspec.msgpack.decode(rig.desk.snapshot(), strict=False)["execution"]


def test_immediate_and_passive_are_algorithms_too() -> None:
    assert not ExecutionConfig(child_lots_max=1, algo="immediate").is_passive
    assert ExecutionConfig(child_lots_max=1, style="immediate", algo="passive").is_passive


def test_an_algorithm_needs_what_it_works_with() -> None:
    schedule = ScheduleConfig(over_ns=S, daily_volume_lots=1)
    for changes, found in (
        ({"algo": "twap"}, "found no schedule"),
        ({"schedule": schedule}, "without algo"),
        ({"algo": "vwap", "schedule": schedule}, "found no curve"),
        ({"algo": "pov", "schedule": schedule}, "found no pov"),
    ):
        with pytest.raises(InputError, match=found):
            ExecutionConfig(child_lots_max=1, **changes)
    with pytest.raises(InputError, match="slices is 0"):
        ScheduleConfig(over_ns=S, daily_volume_lots=1, slices=0)
    with pytest.raises(InputError, match="both or neither"):
        ScheduleConfig(over_ns=S, daily_volume_lots=1, curve=(1,))
