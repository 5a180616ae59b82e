"""The kill switch with a hundred orders open, in all sixteen combinations of what may be broken.

Judged on what left the desk, on the venue's own orders, on the journal and on whom the monitor called. What may
be broken breaks in more than one way: each further one is tried with the rest as it matters.
"""

from itertools import product

import pytest

from desk.gate import Gate
from desk.oversight.codes import AlertCode
from market.codes import OperatorAction
from market.messages import Operator
from tests.unit.scenarios.kill_world import (
    CANCELS_NS,
    DONE_NS,
    KILL_NS,
    LAST_ORDER_NS,
    MS,
    NAMED_NS,
    Broken,
    KillRun,
)

TWICE = (False, True)
SIXTEEN = [
    Broken("S-03" * journal, "F-01" * feed, "north" * gateway, standby)
    for journal, feed, gateway, standby in product(TWICE, repeat=4)
]
SYNC_FAILS = [
    Broken("S-02", "F-01" * feed, "north" * gateway, standby)
    for feed, gateway, standby in product(TWICE, repeat=3)
]
FROZEN = [
    Broken("S-03" * journal, "F-07", "", standby) for journal, standby in product(TWICE, repeat=2)
]
HALF_OPEN = [
    Broken("S-03" * journal, "", "G-03", standby) for journal, standby in product(TWICE, repeat=2)
]
LOGGED_OUT = [
    Broken("S-02" * journal, "F-01" * feed, "G-01") for journal, feed in product(TWICE, repeat=2)
]
"""A host has sessions or a stand-by."""

CASES = [*SIXTEEN, *SYNC_FAILS, *FROZEN, *HALF_OPEN, *LOGGED_OUT]


@pytest.mark.parametrize("broken", CASES, ids=str)
def test_a_kill_is_bounded_whatever_else_is_broken(broken: Broken) -> None:
    run = KillRun(broken)

    # It was busy until then, and everything that was to be broken was.
    assert all(one.hits for one in run.assembly.faults.outcomes(run.assembly))
    assert len(run.open) >= 100
    assert sum(-1_000 * MS < one < 0 for one in run.new_ns()) >= 20
    # Nothing new leaves until a person gives a name, and what has none changes nothing.
    assert not [one for one in run.new_ns() if LAST_ORDER_NS < one < NAMED_NS]
    again = [one for one in run.new_ns() if one >= NAMED_NS]
    assert bool(again) == (broken.journal != "S-02")  # no name brings a lost journal back
    # Every open order has a cancel in time, whether or not there is a journal or a way out.
    ended_ns, cancels_ns = run.ended_ns(), run.cancels_ns()
    asked = {key for key in run.open if ended_ns.get(key, 0) > 0}
    assert asked
    assert asked <= cancels_ns.keys()
    assert max(cancels_ns[key] for key in asked) <= CANCELS_NS
    # It ends in time, and where the way out was dead, as soon as there is one.
    assert max(ended_ns[key] for key in run.open) <= DONE_NS
    _check_record(run, broken, asked)
    # A hundred orders that end at once are hundreds of drop copies, which who watches has to bear.
    assert not any(one.is_down for one in run.assembly.monitors.lookouts)


def _check_record(run: KillRun, broken: Broken, asked: set[int]) -> None:
    """The cancels stand in the journal, or a person knows that there is none."""
    if broken.journal != "S-02":
        assert asked <= run.journaled()
    if broken.journal:
        assert any(0 <= one <= DONE_NS for one in run.called_ns(AlertCode.JOURNAL_TROUBLE))


def test_of_orders_behind_a_gateway_that_stays_dead_a_person_is_told() -> None:
    run = KillRun(Broken(gateway="stays"))

    ended_ns = run.ended_ns()
    left = {key for key in run.open if key not in ended_ns}
    assert left
    assert {run.assembly.venue.orders[key].book_id for key in left} == {0}
    assert left <= run.cancels_ns().keys()
    assert max(ended_ns[key] for key in run.open - left) <= DONE_NS
    causes = AlertCode.ANSWERS_LATE, AlertCode.ORDERS_UNKNOWN, AlertCode.MODE_RAISED
    assert any(0 <= one <= DONE_NS for one in run.called_ns(*causes))


def test_this_would_notice_a_gate_that_obeys_whoever_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    obey = Gate.operator

    def obey_anybody(self: Gate, word: Operator, now_ns: int) -> object:
        named = Operator(action=word.action, authority="nobody", strategy=word.strategy)
        return obey(self, named, now_ns)

    monkeypatch.setattr(Gate, "operator", obey_anybody)
    run = KillRun(Broken())

    assert [one for one in run.new_ns() if LAST_ORDER_NS < one < NAMED_NS]


def test_this_would_notice_a_switch_that_is_not_wired(monkeypatch: pytest.MonkeyPatch) -> None:
    obey = Gate.operator

    def deaf(self: Gate, word: Operator, now_ns: int) -> object:
        return [] if word.action is OperatorAction.KILL else obey(self, word, now_ns)

    monkeypatch.setattr(Gate, "operator", deaf)
    run = KillRun(Broken())

    assert [one for one in run.new_ns() if LAST_ORDER_NS < one < NAMED_NS]
    assert not run.open <= run.ended_ns().keys()
    assert run.killed_ns == run.assembly.start_ns + KILL_NS
