"""The desk as a whole: what each stage sees, what leaves, and what stands in the record of it."""

from typing import Any

import pytest

from desk.gate import VetoCode
from desk.limits.codes import LimitCode
from desk.pipeline import FLAT_AT
from market.codes import OperatorAction, Reason, ReportType, Urgency
from market.decisions import PPM, Quotes, Signal, Target
from market.errors import DeskError
from market.messages import Submit
from tests.desk_rig import MID, START, DeskRig, S, Said, Script
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


# --- one picture --------------------------------------------------------------------------------


def test_the_second_strategy_sees_what_the_first_has_sent_in_the_same_event() -> None:
    rig = DeskRig([Said(), Said()], gate={"instrument": {"position_lots": 15}})
    say(rig, target(1), strategy=0)
    say(rig, target(1), strategy=1)

    assert ["#1 buy 10 @ 9999", "#2 buy 5 @ 9999"] == shown(rig.view())


def test_a_fill_is_known_to_every_stage_before_any_decides_on_it() -> None:
    rig = DeskRig([Said(), Said()], gate={"instrument": {"position_lots": 15}})
    say(rig, BOTH, strategy=0)
    rig.view()
    rig.accept(1)
    rig.accept(2)

    sent = rig.fill(1, 10)

    assert ["#3 buy 5 @ 9999"] == shown(sent)  # 10 are held now, and 15 allowed
    assert 10 == rig.position()
    assert 10 == rig.desk.ledger.position_lots(0, 0)
    assert (15, 0) == (rig.desk.state.worst_long(0), rig.desk.state.worst_short(0))


def test_a_strategy_is_told_its_own_position_and_asked_about_new_content_only() -> None:
    script = Script(lambda *_: [BOTH])
    rig = DeskRig([script, Said()])
    rig.view()
    rig.accept(1)
    rig.fill(1, 4)
    rig.view()
    assert [0, 4] == [facts.position_lots for _, facts in script.seen]

    rig.send(script.seen[-1][0])

    assert 2 == script.state.asked


def test_a_strategy_may_speak_of_another_of_its_books_but_of_no_stranger() -> None:
    rig = rig_of(target(1, book_id=1), books=2)
    assert ["#1 buy 10 @ 9999 in 1"] == shown(rig.view(1))
    say(rig, target(-1, book_id=1))

    assert ["#1 cancel in 1"] == shown(rig.view(0))

    say(rig, target(1, book_id=7))
    with pytest.raises(DeskError, match="book 7"):
        rig.view(0)


def test_desk_restored_from_its_snapshot_is_equal_to_the_last_byte_and_goes_on_equally() -> None:
    one, other = rig_of(BOTH), rig_of(BOTH)
    for rig in (one, other):
        rig.view()
        rig.accept(1)
        rig.fill(1, 4)
        rig.accept(2)
        rig.fill(2, 4)
        rig.view(0, MID + 4, MID + 6)  # nothing is held, but the mark has moved
        if rig is other:
            rig.restore()
        rig.view(0, MID - 1, MID + 1)

    assert one.log.events == other.log.events
    assert one.desk.snapshot() == other.desk.snapshot()


# --- the record ---------------------------------------------------------------------------------


def test_every_command_carries_its_strategy_signal_permit_and_parent() -> None:
    rig = DeskRig([Said(), Said()])
    say(rig, target(1), strategy=1)
    rig.view()
    (decision,), (caused,) = rig.event.decisions, rig.event.commands

    assert decision.permit is not None
    assert (1, decision.signal_id, decision.permit.permit_id, 1) == (
        caused.cause.strategy, caused.cause.signal_id, caused.cause.permit_id,
        caused.cause.parent_id,
    )  # fmt: skip
    order = rig.order(1)
    assert (order.strategy, order.signal_id, order.parent_id) == (1, decision.signal_id, 1)

    rig.operator(OperatorAction.KILL)

    assert [(1, 1)] == [(c.cause.strategy, c.cause.parent_id) for c in rig.event.commands]


def test_what_the_limits_refuse_is_journaled_and_not_tried_again_on_the_same_content() -> None:
    rig = rig_of(target(1), limits={"order_lots": 9})

    assert [] == rig.view()
    (refusal,) = rig.event.refusals
    assert (LimitCode.QTY, 10, 9) == (refusal.code, refusal.found, refusal.allowed)
    assert isinstance(refusal.command, Submit)
    assert [] == rig.beat()
    assert () == rig.event.refusals
    assert 0 == rig.desk.state.worst_long(0)

    rig.view(after_ns=S)

    assert 1 == len(rig.event.refusals)


def test_a_veto_is_journaled_once_for_as_long_as_it_lasts() -> None:
    rig = rig_of(target(1), gate={"strategy": {"value_micros": 0}})
    rig.view()
    (decision,) = rig.event.decisions

    assert decision.veto is not None
    assert VetoCode.STRATEGY_VALUE is decision.veto.code
    rig.view()
    assert () == rig.event.decisions


def test_a_cancel_that_the_limits_hold_back_is_not_believed_to_be_on_its_way() -> None:
    rig = rig_of(BOTH, limits={"messages_max": 3, "cancel_reserve": 1})
    rig.view()
    rig.accept(1)
    rig.accept(2)

    assert ["#1 cancel"] == shown(rig.operator(OperatorAction.KILL))
    assert {LimitCode.RATE} == {refusal.code for refusal in rig.event.refusals}
    assert [False, True] == [rig.order(number).cancel_sent for number in (2, 1)]
    assert ["#2 cancel"] == shown(rig.view(after_ns=2 * S))  # the next event tries again


def test_cancels_are_no_orders_of_which_there_may_be_too_many() -> None:
    rig = rig_of(BOTH, gate={"portfolio": {"orders_max": 2}})
    rig.view()
    rig.accept(1)
    rig.operator(OperatorAction.PAUSE_STRATEGY)
    rig.beat()

    assert [] == rig.actions


# --- orders that use up what is allowed ---------------------------------------------------------


def test_an_order_that_uses_its_limit_up_rests_and_is_not_pulled_for_want_of_room() -> None:
    rig = rig_of(target(1), sizing={"lots_max": 40}, gate={"instrument": {"position_lots": 40}})

    assert ["#1 buy 40 @ 9999"] == shown(rig.view())
    assert [] == rig.accept(1) + rig.view() + rig.beat() + rig.fill(1, 15) + rig.view()


def test_a_reduction_in_safe_mode_rests_until_it_is_filled() -> None:
    rig = rig_of(BOTH)
    rig.view()
    rig.accept(1)
    rig.accept(2)
    rig.fill(1, 10)
    rig.operator(OperatorAction.SAFE_MODE)

    assert ["#4 sell 10 @ 10001"] == shown(rig.cancelled(2))
    assert [] == rig.accept(4) + rig.cancelled(3) + rig.view() + rig.beat() + rig.fill(4, 4)
    assert [] == rig.view()


def test_a_mark_that_changed_before_the_answer_moves_the_quote_when_the_answer_comes() -> None:
    rig = rig_of(target(1))
    rig.view()
    assert [] == rig.view(0, MID + 4, MID + 6)

    assert ["#1 move to 10 @ 10004"] == shown(rig.accept(1))


def test_lots_that_filled_unheard_are_not_bought_again() -> None:
    rig = immediate(target(1))
    assert ["#1 buy 10 @ 10001 IOC"] == shown(rig.view())
    rig.link(up=False)
    rig.link(up=True)

    assert [] == rig.report(ReportType.STATUS, 1, 10, 0)  # all filled; the fill itself was lost
    assert [] == rig.view()
    assert [] == rig.fill(1, 10)
    assert [] == rig.view()
    assert 10 == rig.position()


def test_an_ioc_that_found_nothing_waits_for_other_content() -> None:
    rig = immediate(target(1))
    rig.view()
    rig.accept(1)

    assert [] == rig.report(ReportType.EXPIRED, 1, 10, reason=Reason.IOC_REMAINDER)
    assert [] == rig.beat()
    assert ["#2 buy 10 @ 10001 IOC"] == shown(rig.view())


def test_an_order_that_the_venue_took_out_unasked_is_not_sent_again_at_once() -> None:
    rig = rig_of(BOTH)
    rig.view()
    rig.accept(1)

    assert [] == rig.cancelled(1)
    assert [] == rig.view()
    assert ["#3 buy 10 @ 9999"] == shown(rig.view(after_ns=S))


def test_a_bust_of_an_earlier_day_is_traded_back() -> None:
    rig = rig_of(target(1))
    rig.view()
    rig.accept(1)
    rig.fill(1, 6, fee=5)
    rig.fill(1, 4, exec_id=2, fee=3)
    rig.operator(OperatorAction.END_OF_DAY)

    rig.report(ReportType.BUSTED, 1, 4, exec_id=2, fee=3)
    assert 6 == rig.position()
    rig.report(ReportType.CORRECTED, 1, 7, exec_id=1, price_ticks=9_998, fee=6)

    account = rig.desk.ledger.account(0, 0)
    assert account is not None
    assert (7, -7 * 9_998, 5) == (account.position_lots, account.cash, account.fees)
    rig.desk.ledger.check()


# --- the end of the day -------------------------------------------------------------------------


def test_from_the_flat_time_on_every_strategy_is_flat_whatever_it_says() -> None:
    rig = DeskRig([Said(), Said()], settings={"flat_ns": START + 10 * S})
    wide = Quotes(book_id=0, bid_ticks=MID - 5, bid_lots=10, ask_ticks=MID + 5, ask_lots=10)
    say(rig, target(1), strategy=0)
    say(rig, wide, strategy=1)
    assert 3 == len(rig.view())
    rig.accept(1)
    assert [] == rig.fill(1, 10)

    # What is held is sold at once; what works is pulled.
    assert ["#4 sell 10 @ 9999 IOC", "#2 cancel", "#3 cancel"] == shown(rig.fire(FLAT_AT))
    say(rig, target(1), strategy=0)
    say(rig, wide, strategy=1)
    rig.fill(4, 10)
    rig.cancelled(2)
    rig.cancelled(3)
    assert [] == rig.view() + rig.beat() + rig.view(after_ns=S)
    assert 0 == rig.position()


def test_a_pause_does_not_keep_a_strategy_from_being_flat() -> None:
    rig = rig_of(target(1), settings={"flat_ns": START + 10 * S})
    rig.view()
    rig.accept(1)
    rig.fill(1, 6)
    assert ["#1 cancel"] == shown(rig.operator(OperatorAction.PAUSE_STRATEGY))
    rig.cancelled(1)

    assert ["#2 sell 6 @ 9999 IOC"] == shown(rig.fire(FLAT_AT))
