"""What befalls orders that are already working, command by command: pause, abort, safe mode, kill.

Each test lets a cause arise while orders work, and asserts every command of every event from then on:
the cancels leave within the event in which the cause can first be seen, and nothing that adds risk
leaves before the cause is over, or a person with a name has said so.
"""

from typing import Any

import pytest

from desk.state.correlation import CorrelationConfig
from desk.state.volatility import VolatilityConfig
from market.codes import OperatorAction, Phase, Reason, ReportType, Trigger
from market.decisions import Flat, Quotes, Signal, Target
from market.messages import OrderCommand
from tests.desk_rig import MID, DeskRig, S, Said
from tests.desk_words import shown

BOTH = Quotes(book_id=0, bid_ticks=MID - 1, bid_lots=10, ask_ticks=MID + 1, ask_lots=10)
BARS = VolatilityConfig(bar_ns=S, halflife_bars=2, window_bars=4, long_window_bars=40, min_bars=3)
CANCELS = ["#1 cancel", "#2 cancel"]
AGAIN = ["#3 buy 10 @ 9999", "#4 sell 10 @ 10001"]
"""What follows when nothing stands in the way of the standing wish any more."""


def long(book_id: int) -> Signal:
    return Target(book_id=book_id, strength_ppm=1_000_000)


def say(rig: DeskRig, *signals: Signal) -> None:
    """Let the first strategy say this at the next view."""
    said = rig.strategies[0]
    assert isinstance(said, Said)
    said.next = list(signals)


def still(**more: Any) -> DeskRig:
    """A desk whose orders do not follow their prices."""
    return DeskRig([Said()], execution={"requote_ticks": 1_000}, **more)


def quoting(**more: Any) -> DeskRig:
    """A desk whose quote rests on both sides: buy 10 is #1, sell 10 is #2."""
    rig = still(**more)
    say(rig, BOTH)
    assert ["#1 buy 10 @ 9999", "#2 sell 10 @ 10001"] == shown(rig.view())
    quiet(rig.accept(1), rig.accept(2))
    return rig


def quiet(*answers: list[OrderCommand]) -> None:
    """Nothing leaves at any of these events."""
    assert [] == [shown(commands) for commands in answers if commands]


def gone(rig: DeskRig) -> None:
    """Both sides of the quote are cancelled, and nothing takes their place."""
    quiet(rig.cancelled(1), rig.cancelled(2))


# --- the market ---------------------------------------------------------------------------------


def test_a_correlation_spike_pauses_working_parents_until_it_is_over_and_the_cool_off_too() -> None:
    rig = still(
        books=2,
        gate={"portfolio": {"correlation_ppm": 800_000, "cool_off_ns": 5 * S}},
        state={
            "volatility": BARS,
            "correlation": CorrelationConfig(halflife_bars=2, min_bars=4),
        },
    )
    for bar in range(8):  # each book swings in a rhythm of its own
        rig.view(0, MID - 1 + (bar & 1), MID + 1 + (bar & 1), after_ns=S // 2)
        rig.view(1, MID - 1 + (bar >> 1 & 1), MID + 1 + (bar >> 1 & 1), after_ns=S // 2)
    say(rig, long(0), long(1))
    parents = shown(rig.view(0, after_ns=S // 4))

    assert ["#1 buy 10 @ 9999", "#2 buy 10 @ 10000 in 1"] == parents
    quiet(rig.accept(1), rig.accept(2))

    # Both mids jump together within the bar; what that means is known when the bar has closed.
    quiet(
        rig.view(0, MID + 19, MID + 21, after_ns=S // 10),
        rig.view(1, MID + 19, MID + 21, after_ns=S // 10),
    )
    assert ["#1 cancel", "#2 cancel in 1"] == shown(rig.view(0, MID + 19, MID + 21, after_ns=S))
    assert ["PAUSE CORRELATION in 0", "PAUSE CORRELATION in 1"] == rig.actions
    gone(rig)

    sent = []
    for _ in range(4):
        sent += shown(rig.view(0, MID + 19, MID + 21, after_ns=S))
        sent += shown(rig.view(1, MID + 19, MID + 21, after_ns=0))
    assert [] == sent

    # With nothing held or worked no two books can lose together: one of them may go on, and only one.
    assert ["#3 buy 10 @ 10019"] == shown(rig.view(0, MID + 19, MID + 21, after_ns=S))
    assert ["RESUME CORRELATION in 0", "RESUME CORRELATION in 1"] == rig.actions
    quiet(rig.view(1, MID + 19, MID + 21), rig.accept(3))


def test_a_jump_of_volatility_pauses_a_quote_until_the_cool_off_is_over() -> None:
    rig = still(
        gate={
            "instrument": {"volatility_jump_ppm": 2_000_000},
            "portfolio": {"cool_off_ns": 4 * S},
        },
        state={"volatility": BARS},
    )
    for bar in range(30):
        rig.view(0, MID - 1 + (bar & 1), MID + 1 + (bar & 1), after_ns=S)
    say(rig, BOTH)
    assert 2 == len(rig.view(after_ns=S // 2))
    quiet(rig.accept(1), rig.accept(2))

    quiet(rig.view(0, MID + 40, MID + 42, after_ns=S // 8))
    assert CANCELS == shown(rig.view(after_ns=S))
    assert ["PAUSE VOLATILITY_JUMP in 0"] == rig.actions
    gone(rig)
    quiet(*[rig.view(after_ns=S) for _ in range(3)])
    assert AGAIN == shown(rig.view(after_ns=S))
    assert ["RESUME VOLATILITY_JUMP in 0"] == rig.actions


def test_a_price_that_moves_too_far_within_the_window_pauses_its_book() -> None:
    rig = quoting(
        gate={
            "instrument": {"price_move_ppm": 10_000, "price_window_ns": S},
            "portfolio": {"cool_off_ns": 2 * S},
        }
    )

    quiet(rig.view(0, MID + 98, MID + 102))  # one hundredth exactly is allowed
    assert CANCELS == shown(rig.view(0, MID + 99, MID + 103))
    assert ["PAUSE PRICE_BREAKER in 0"] == rig.actions
    gone(rig)
    # A second until the window has forgotten the jump, and two more of cool-off.
    quiet(*[rig.view(0, MID + 99, MID + 103, after_ns=S) for _ in range(2)])
    assert AGAIN == shown(rig.view(0, MID + 99, MID + 103, after_ns=S))


def test_a_halt_pulls_the_quote_and_the_end_of_the_halt_brings_it_back() -> None:
    rig = quoting()

    assert CANCELS == shown(rig.view(phase=Phase.HALT, fired=Trigger.PHASE))
    assert ["PAUSE HALTED in 0"] == rig.actions
    quiet(rig.cancelled(1))
    # A venue that refuses cancels in a halt is asked again, but not in the same breath.
    quiet(rig.report(ReportType.CANCEL_REJECTED, 2, 0, 10, reason=Reason.HALTED))
    assert ["#2 cancel"] == shown(rig.view(phase=Phase.HALT))
    quiet(rig.cancelled(2), rig.view(phase=Phase.HALT))
    assert AGAIN == shown(rig.view())


@pytest.mark.parametrize("who", ["gate", "desk", "host"])
def test_a_view_that_has_gone_stale_pulls_the_quote_until_fresh_content(who: str) -> None:
    old_ns = 3 * S // 2
    if who == "host":
        rig = quoting()
        pulled = shown(rig.view(fired=Trigger.STALE))
    else:
        stale = {"instrument": {"stale_ns": old_ns}} if who == "gate" else {}
        rig = quoting(gate=stale, settings={"stale_ns": old_ns} if who == "desk" else {})
        quiet(rig.beat())
        pulled = shown(rig.beat())

    assert CANCELS == pulled
    assert [f"PAUSE {'STALE' if who == 'gate' else 'FEED_GAP'} in 0"] == rig.actions
    gone(rig)
    assert AGAIN == shown(rig.view())


# --- limits -------------------------------------------------------------------------------------


def test_a_bust_that_passes_a_limit_aborts_what_works_in_the_book_within_the_event() -> None:
    rig = quoting(gate={"instrument": {"position_lots": 20}})
    assert ["#3 buy 10 @ 9999"] == shown(rig.fill(1, 10))
    quiet(rig.accept(3))
    assert ["#4 sell 10 @ 10001"] == shown(rig.fill(2, 10))
    quiet(rig.accept(4))
    assert ["#5 buy 10 @ 9999"] == shown(rig.fill(3, 10))
    quiet(rig.accept(5))
    assert 10 == rig.position()

    # Without that sale 20 are held, and the buy that works would make them 30.
    assert ["#4 cancel", "#5 cancel"] == shown(rig.report(ReportType.BUSTED, 2, 10, exec_id=1))
    assert 20 == rig.position()
    assert ["ABORT POSITION in 0"] == rig.actions
    quiet(rig.view())
    # What reduces the position may go on, what adds to it may not.
    assert ["#6 sell 10 @ 10001"] == shown(rig.cancelled(4))
    quiet(rig.cancelled(5), rig.view())


def test_a_correction_that_passes_a_limit_aborts_the_order_that_works_on() -> None:
    rig = still(gate={"instrument": {"position_lots": 20}}, sizing={"lots_max": 20})
    say(rig, long(0))
    assert ["#1 buy 20 @ 9999"] == shown(rig.view())
    quiet(rig.accept(1), rig.fill(1, 10))

    assert ["#1 cancel"] == shown(rig.report(ReportType.CORRECTED, 1, 15, 10, exec_id=1))
    assert 15 == rig.position()
    assert ["ABORT POSITION in 0"] == rig.actions
    assert ["#2 buy 5 @ 9999"] == shown(rig.cancelled(1))


def test_a_loss_of_the_day_is_safe_mode_until_a_named_person_ends_it() -> None:
    rig = quoting(gate={"portfolio": {"day_drawdown_micros": 500_000}})
    assert ["#3 buy 10 @ 9999"] == shown(rig.fill(1, 10))
    quiet(rig.accept(3))

    # 10 lots, 6 ticks of a cent below the day's best mark: 0.60 lost, 0.50 allowed.
    assert ["#2 cancel", "#3 cancel"] == shown(rig.view(0, MID - 7, MID - 5))
    assert ["SAFE DAY_DRAWDOWN"] == rig.actions
    assert ["#4 sell 10 @ 10001"] == shown(rig.cancelled(2))  # what is held may be sold
    quiet(rig.accept(4), rig.cancelled(3), rig.view(0, MID - 7, MID - 5))

    quiet(rig.operator(OperatorAction.REARM, ""))
    assert ["#4 cancel"] == shown(rig.operator(OperatorAction.REARM, "Ada"))
    assert ["RESUME SAFE_MODE", "SAFE DAY_DRAWDOWN"] == rig.actions  # the loss is still there
    assert ["#5 sell 10 @ 10001"] == shown(rig.cancelled(4))
    quiet(rig.accept(5), rig.view())
    assert ["#6 buy 10 @ 9999"] == shown(rig.operator(OperatorAction.REARM, "Ada"))
    assert ["RESUME SAFE_MODE"] == rig.actions


def test_an_explosion_of_orders_is_safe_mode_at_the_next_event() -> None:
    rig = quoting(gate={"portfolio": {"orders_max": 3, "orders_window_ns": S}})
    say(rig, Quotes(book_id=0, bid_ticks=8_000, bid_lots=10, ask_ticks=12_000, ask_lots=10))
    assert ["#1 move to 10 @ 8000", "#2 move to 10 @ 12000"] == shown(rig.view())

    answer = rig.report(ReportType.REPLACED, 1, 10, 10, price_ticks=8_000)

    assert CANCELS == shown(answer)
    assert ["SAFE ORDER_RATE"] == rig.actions
    quiet(rig.report(ReportType.REPLACED, 2, 10, 10, price_ticks=12_000))
    gone(rig)
    quiet(rig.view(after_ns=10 * S))
    assert ["#3 buy 10 @ 8000", "#4 sell 10 @ 12000"] == shown(
        rig.operator(OperatorAction.REARM, "Ada")
    )


# --- the link -----------------------------------------------------------------------------------


def test_a_short_loss_of_the_link_asks_about_every_order_before_anything_new() -> None:
    rig = quoting(gate={"portfolio": {"disconnect_ns": 3 * S}}, settings={"ack_timeout_ns": S // 2})

    assert CANCELS == shown(rig.link(up=False))  # on their way, should the link only be half dead
    quiet(rig.view(), rig.beat(), rig.beat())
    assert ["#1 query", "#2 query"] == shown(rig.link(up=True))
    quiet(rig.report(ReportType.STATUS, 2, 0, 0))
    assert AGAIN == shown(rig.report(ReportType.STATUS, 1, 0, 0))


def test_a_long_loss_of_the_link_is_safe_mode() -> None:
    rig = quoting(
        gate={"portfolio": {"disconnect_ns": 5 * S // 2}}, settings={"ack_timeout_ns": S // 2}
    )

    assert CANCELS == shown(rig.link(up=False))
    quiet(rig.beat(), rig.beat())
    assert [] == rig.actions
    quiet(rig.beat())
    assert ["SAFE DISCONNECTED"] == rig.actions
    quiet(rig.beat())
    assert ["#1 query", "#2 query"] == shown(rig.link(up=True))
    assert ["#1 cancel"] == shown(rig.report(ReportType.STATUS, 1, 0, 10))  # it rests there still
    quiet(rig.report(ReportType.STATUS, 2, 0, 0), rig.cancelled(1), rig.view())
    assert AGAIN == shown(rig.operator(OperatorAction.REARM, "Ada"))


def test_questions_are_not_lost_in_a_link_that_is_down() -> None:
    rig = quoting(settings={"ack_timeout_ns": S // 2})
    rig.link(up=False)
    quiet(*[rig.beat() for _ in range(20)])
    rig.link(up=True)
    rig.report(ReportType.STATUS, 1, 0, 10)
    rig.report(ReportType.STATUS, 2, 0, 10)
    rig.link(up=False)
    rig.link(up=True)

    # One answer each is enough, however long the link was down before.
    rig.report(ReportType.STATUS, 1, 0, 10)
    rig.report(ReportType.STATUS, 2, 0, 10)
    assert [0] == rig.desk.state.data.unknown_orders


# --- a person -----------------------------------------------------------------------------------


def test_a_kill_cancels_everything_at_once_and_only_a_name_brings_risk_back() -> None:
    rig = quoting()
    quiet(rig.fill(1, 4))

    assert CANCELS == shown(rig.operator(OperatorAction.KILL))
    assert ["KILL KILLED"] == rig.actions
    quiet(rig.view(), rig.cancelled(1))
    quiet(rig.report(ReportType.CANCEL_REJECTED, 2, 0, 10, reason=Reason.HALTED))
    assert ["#2 cancel"] == shown(rig.view())
    quiet(rig.cancelled(2), rig.view(), rig.beat())
    say(rig, Flat(book_id=0))
    quiet(rig.view())  # a desk that is killed does not even reduce
    say(rig, BOTH)
    quiet(rig.view())

    quiet(rig.operator(OperatorAction.REARM), rig.operator(OperatorAction.REARM, "  "))
    quiet(rig.operator(OperatorAction.RESUME_STRATEGY, "Ada"))
    assert AGAIN == shown(rig.operator(OperatorAction.REARM, "Ada"))


def test_a_kill_reaches_every_strategy_in_every_book() -> None:
    rig = DeskRig([Said(), Said()], books=3)
    for number, said in enumerate(rig.strategies):
        assert isinstance(said, Said)
        said.next = [
            Quotes(book_id=b, bid_ticks=MID - 9 - number, bid_lots=5, ask_ticks=MID, ask_lots=0)
            for b in range(3)
        ]
    for book_id in (2, 1, 0):
        rig.view(book_id)

    assert [
        "#1 cancel in 2", "#2 cancel in 2", "#3 cancel in 1", "#4 cancel in 1", "#5 cancel",
        "#6 cancel",
    ] == sorted(shown(rig.operator(OperatorAction.KILL)))  # fmt: skip


def test_a_person_pauses_a_strategy_which_may_still_reduce() -> None:
    rig = quoting()
    assert ["#3 buy 10 @ 9999"] == shown(rig.fill(1, 10))

    assert ["#2 cancel", "#3 cancel"] == shown(rig.operator(OperatorAction.PAUSE_STRATEGY))
    quiet(rig.cancelled(2), rig.cancelled(3), rig.view())
    say(rig, long(0), Flat(book_id=0))
    assert ["#4 sell 10 @ 9999 IOC"] == shown(rig.view())
    quiet(rig.fill(4, 10), rig.view())
    say(rig, BOTH)
    quiet(rig.view(), rig.operator(OperatorAction.RESUME_STRATEGY, ""))
    assert ["#5 buy 10 @ 9999", "#6 sell 10 @ 10001"] == shown(
        rig.operator(OperatorAction.RESUME_STRATEGY, "Ada")
    )
