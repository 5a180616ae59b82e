"""Books whose phases the tape sets: the schedule commands nothing, guards still interrupt."""

import pytest

from market.codes import Phase
from sim.schedule.effective import Interruption
from sim.schedule.rules import US_RULES
from tests.unit.sim.schedule_rig import MINUTE, VOLATILE, Desk, at, make, tape_says, told

P = Phase
PAUSE, HALT = Interruption.PAUSE, Interruption.HALT


def heard(desk: Desk) -> list[tuple[int, Phase]]:
    """What listeners heard of book 0, in minutes."""
    return [(ts // MINUTE, phase) for ts, book_id, phase in desk.heard if book_id == 0]


def test_the_schedule_commands_nothing_and_its_day_ends_all_the_same() -> None:
    desk = make(by_tape=(0,), book_ids=(0, 1))
    assert told(desk) == []
    assert heard(desk) == [(0, P.CONTINUOUS)]
    assert desk.days_over == [(495 * MINUTE, 0), (495 * MINUTE, 1)]
    assert desk.books.told(1)[0] == (0, P.CLOSED)


def test_what_the_tape_says_is_heard_once_and_is_the_phase() -> None:
    desk = make(by_tape=(0,))
    for minute, phase in ((0, P.CONTINUOUS), (30, P.HALT), (31, P.HALT), (40, P.PRE_OPEN)):
        tape_says(desk, minute, phase)
    assert told(desk) == []
    assert heard(desk) == [(0, P.CONTINUOUS), (30, P.HALT), (40, P.PRE_OPEN)]
    assert desk.driver.phase(0) is desk.driver.scheduled(0) is P.PRE_OPEN


def test_a_pause_halts_the_book_and_reopens_it() -> None:
    desk = make(by_tape=(0,), rules=VOLATILE)
    at(desk, 100, PAUSE, 105)
    assert told(desk) == [(100, P.HALT), (105, P.HALT_CALL), (108, P.CONTINUOUS)]


@pytest.mark.parametrize("phase", [P.CONTINUOUS, P.PRE_OPEN, P.HALT, P.CLOSED])
def test_a_phase_of_the_tape_ends_what_interrupts_the_book(phase: Phase) -> None:
    desk = make(by_tape=(0,), rules=VOLATILE)
    at(desk, 100, PAUSE, 105)
    tape_says(desk, 103, phase)
    assert told(desk) == [(100, P.HALT)]
    assert desk.driver.interruption(0) is Interruption.NONE
    assert desk.driver.phase(0) is phase


def test_a_pause_that_ends_as_the_tape_speaks_gives_way_to_it() -> None:
    desk = make(by_tape=(0,), rules=VOLATILE)
    at(desk, 100, PAUSE, 105)
    desk.clock.at(105 * MINUTE - 1, lambda _: desk.books.phases.__setitem__(0, P.PRE_OPEN))
    desk.clock.at(105 * MINUTE, lambda _: desk.driver.told(0, P.PRE_OPEN))
    # Time ends the pause first and calls; the tape, which spoke before, is heard after it.
    assert told(desk)[1:] == [(105, P.HALT_CALL), (105, P.PRE_OPEN)]
    assert desk.driver.phase(0) is P.PRE_OPEN


def test_a_reopening_call_of_the_tapes_own_lasts_until_the_tape_ends_it() -> None:
    desk = make(by_tape=(0,), rules=VOLATILE)
    tape_says(desk, 100, P.HALT_CALL)
    desk.clock.run_until(200 * MINUTE)
    assert desk.driver.interruption(0) is Interruption.REOPENING
    tape_says(desk, 200, P.CONTINUOUS)
    assert told(desk) == []
    assert heard(desk) == [(0, P.CONTINUOUS), (100, P.HALT_CALL), (200, P.CONTINUOUS)]


def test_a_late_pause_ends_with_the_scheduled_closing_call() -> None:
    desk = make(by_tape=(0,), rules=US_RULES)
    at(desk, 475, PAUSE, 476)
    assert told(desk) == [(475, P.HALT), (480, P.CONTINUOUS)]


def test_only_books_by_tape_are_told() -> None:
    desk = make()
    with pytest.raises(AssertionError):
        desk.driver.told(0, P.HALT)
