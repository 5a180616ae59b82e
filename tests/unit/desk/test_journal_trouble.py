"""A desk whose journal is in trouble: nothing new leaves, what works is taken out, and nobody's word undoes it."""

import pytest

from desk.gate import GateMode, VetoCode
from market.codec import decode, encode
from market.codes import JournalTrouble, OperatorAction, ReportType
from market.decisions import Quotes
from market.messages import Cancel, Operator, Query, StoreStatus
from tests.desk_rig import MID, DeskRig, Said

BOTH = Quotes(book_id=0, bid_ticks=MID - 1, bid_lots=10, ask_ticks=MID + 1, ask_lots=10)
PASSING = (JournalTrouble.FULL, JournalTrouble.STALLED)
LASTING = (JournalTrouble.SYNC_ERROR, JournalTrouble.CORRUPT)


def quoting() -> DeskRig:
    """A desk with a quote at rest on both sides."""
    rig = DeskRig([Said()], execution={"requote_ticks": 1_000})
    said = rig.strategies[0]
    assert isinstance(said, Said)
    said.next = [BOTH]
    assert len(rig.view()) == 2
    rig.accept(1)
    rig.accept(2)
    return rig


@pytest.mark.parametrize("trouble", PASSING + LASTING)
def test_what_works_is_taken_out_first_and_then_asked_about(trouble: JournalTrouble) -> None:
    rig = quoting()
    commands = rig.send(StoreStatus(trouble=trouble))
    assert [type(one) for one in commands] == [Cancel, Cancel, Query, Query]
    rig.cancelled(1)
    rig.cancelled(2)
    said = rig.strategies[0]
    assert isinstance(said, Said)
    said.next = [BOTH]
    assert rig.view() == []
    assert rig.desk.data.vetoes == {0: VetoCode.NO_JOURNAL}


@pytest.mark.parametrize("trouble", PASSING)
def test_trouble_that_passes_lets_the_desk_go_on(trouble: JournalTrouble) -> None:
    rig = quoting()
    rig.send(StoreStatus(trouble=trouble))
    rig.cancelled(1)
    rig.cancelled(2)
    assert rig.desk.gate.data.mode is GateMode.NORMAL
    assert rig.view() == []
    assert len(rig.send(StoreStatus(trouble=JournalTrouble.NONE))) == 2


@pytest.mark.parametrize("trouble", LASTING)
def test_no_name_brings_a_lost_journal_back(trouble: JournalTrouble) -> None:
    rig = quoting()
    rig.send(StoreStatus(trouble=trouble))
    rig.cancelled(1)
    rig.cancelled(2)
    for action in (OperatorAction.REARM, OperatorAction.RESUME_STRATEGY):
        assert rig.send(Operator(action=action, authority="A. Person")) == []
        assert rig.desk.gate.data.mode is GateMode.SAFE
        assert rig.view() == []


def test_resuming_strategies_does_not_end_a_stall() -> None:
    rig = quoting()
    rig.send(StoreStatus(trouble=JournalTrouble.STALLED))
    rig.cancelled(1)
    rig.cancelled(2)
    rig.send(Operator(action=OperatorAction.RESUME_STRATEGY, authority="A. Person"))
    assert rig.view() == []


def test_a_kill_outlasts_a_stall() -> None:
    rig = quoting()
    rig.send(StoreStatus(trouble=JournalTrouble.STALLED))
    rig.send(Operator(action=OperatorAction.KILL, authority=""))
    rig.cancelled(1)
    rig.cancelled(2)
    assert rig.send(StoreStatus(trouble=JournalTrouble.NONE)) == []
    assert rig.view() == []
    assert rig.desk.gate.data.mode is GateMode.KILLED


def test_an_order_that_never_left_is_settled_by_its_question() -> None:
    rig = DeskRig([Said()], execution={"requote_ticks": 1_000})
    said = rig.strategies[0]
    assert isinstance(said, Said)
    said.next = [BOTH]
    rig.view()
    rig.send(StoreStatus(trouble=JournalTrouble.FULL))
    assert len(rig.desk.orders.unknown(-1)) == 2
    for number in (1, 2):
        rig.report(ReportType.STATUS, number)
    assert rig.desk.orders.unknown(-1) == []
    assert rig.desk.orders.buy_risk(0, 0) == rig.desk.orders.sell_risk(0, 0) == 0


def test_a_desk_in_trouble_can_be_restored() -> None:
    rig = quoting()
    rig.send(StoreStatus(trouble=JournalTrouble.FULL))
    rig.restore()
    rig.cancelled(1)
    rig.cancelled(2)
    assert rig.view() == []


def test_the_message_goes_through_the_codec() -> None:
    for trouble in JournalTrouble:
        assert decode(encode(StoreStatus(trouble=trouble))) == StoreStatus(trouble=trouble)
