"""What wins when a schedule and an interruption disagree."""

import pytest

from market.codes import Phase
from sim.schedule.book_phases import CALLS, BookPhases, Call
from sim.schedule.effective import TABLE, Cell, Interruption, prints
from sim.schedule.rules import ALWAYS, Extension
from sim.schedule.schedule import SCHEDULABLE

HALTING = [one for one in Interruption if one.halts]


def test_the_table_has_every_scheduled_phase_under_every_interruption() -> None:
    assert set(TABLE) == {(one, phase) for one in Interruption for phase in SCHEDULABLE}
    assert {one for one in Phase if one not in SCHEDULABLE} == {
        Phase.VOLATILITY_CALL, Phase.HALT_CALL,
    }  # fmt: skip


def test_without_interruption_the_schedule_holds() -> None:
    assert all(TABLE[Interruption.NONE, phase] == Cell(phase, ends=False) for phase in SCHEDULABLE)


@pytest.mark.parametrize("halt", HALTING)
def test_a_halt_beats_all_but_closed_and_a_pause_yields_to_the_closing_call(
    halt: Interruption,
) -> None:
    for phase in SCHEDULABLE:
        cell = TABLE[halt, phase]
        if phase is Phase.CLOSED:
            assert cell == Cell(Phase.CLOSED, ends=False)
        elif halt is Interruption.PAUSE and phase is Phase.CLOSING_CALL:
            assert cell == Cell(Phase.CLOSING_CALL, ends=True)
        else:
            assert cell == Cell(Phase.HALT, ends=False)


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (Interruption.VOLATILITY, Phase.VOLATILITY_CALL),
        (Interruption.REOPENING, Phase.HALT_CALL),
    ],
)
def test_a_call_of_an_interruption_yields_to_all_but_trading(
    kind: Interruption, call: Phase
) -> None:
    for phase in SCHEDULABLE:
        expected = Cell(call, ends=False) if phase is Phase.CONTINUOUS else Cell(phase, ends=True)
        assert TABLE[kind, phase] == expected


def test_an_extended_call_yields_to_the_next_call_and_a_halt_only() -> None:
    for phase in SCHEDULABLE:
        yields = phase.is_call or phase is Phase.HALT
        expected = Cell(phase, ends=True) if yields else Cell(None, ends=False)
        assert TABLE[Interruption.EXTENDED, phase] == expected


def test_a_call_prints_unless_it_is_broken_off() -> None:
    printing = {(a, b) for a in Phase for b in Phase if prints(a, b)}

    assert {a for a, _ in printing} == {phase for phase in Phase if phase.is_call}
    assert {b for _, b in printing} == {
        Phase.PRE_OPEN, Phase.CONTINUOUS, Phase.TRADE_AT_LAST, Phase.CLOSED,
    }  # fmt: skip
    assert not Phase.TRADE_AT_LAST.is_call


def test_the_strongest_interruption_decides_and_the_next_one_after_it() -> None:
    book = BookPhases(Phase.CONTINUOUS)
    assert book.begin(Interruption.PAUSE, 300)
    assert book.begin(Interruption.HALT, None)
    assert book.begin(Interruption.MARKET_HALT, 900)
    assert book.strongest is Interruption.HALT
    book.end(Interruption.HALT)
    assert (book.strongest, book.wanted) == (Interruption.MARKET_HALT, Phase.HALT)
    book.schedule(Phase.CLOSING_CALL)
    assert book.active == {Interruption.MARKET_HALT: 900}
    assert book.wanted is Phase.HALT
    book.end(Interruption.MARKET_HALT)
    assert book.wanted is Phase.CLOSING_CALL


def test_an_interruption_is_never_cut_short_by_another_of_its_kind() -> None:
    book = BookPhases(Phase.CONTINUOUS)
    assert book.begin(Interruption.PAUSE, 300)
    assert not book.begin(Interruption.PAUSE, 200)
    assert book.begin(Interruption.PAUSE, 400)
    assert book.begin(Interruption.PAUSE, None)
    assert not book.begin(Interruption.PAUSE, 500)
    assert book.active == {Interruption.PAUSE: None}


@pytest.mark.parametrize("halt", HALTING)
@pytest.mark.parametrize("call", CALLS)
def test_a_halt_breaks_a_call_off_and_no_call_begins_under_it(
    halt: Interruption, call: Interruption
) -> None:
    book = BookPhases(Phase.CONTINUOUS)
    assert book.begin(call, 100)
    book.call = Call(1, Extension())
    assert book.begin(halt, None)
    assert book.active == {halt: None}
    assert book.call is None
    assert not book.begin(call, 100)


def test_a_call_is_extended_as_often_as_its_rule_says_market_orders_first() -> None:
    rule = Extension(price_ns=5, price_times=2, market_ns=3, market_times=1)
    call = Call(1, rule)
    bad = {"in_band": False, "market_left": True}

    assert [call.extend(**bad) for _ in range(4)] == [3, 5, 5, 0]
    assert (call.market_times, call.price_times, call.times) == (1, 2, 3)
    assert Call(1, rule).extend(in_band=True, market_left=False) == 0


def test_a_rule_of_always_extends_always() -> None:
    call = Call(1, Extension(price_ns=5, price_times=ALWAYS, market_ns=3, market_times=ALWAYS))

    assert [call.extend(in_band=False, market_left=False) for _ in range(9)] == [5] * 9
    assert [call.extend(in_band=True, market_left=True) for _ in range(9)] == [3] * 9
