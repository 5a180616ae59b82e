"""The state tables of both ends: every row, and that nothing else changes anything."""

import pytest

from sim.gateway.states import EDGE_TABLE, HOST_TABLE, SessionEvent, SessionState

S, E = SessionState, SessionEvent

HOST_ROWS = {
    S.DOWN: {E.OPEN: S.LOGGING_ON},
    S.LOGGING_ON: {
        E.SYNCED: S.UP, E.SILENT: S.DOWN, E.CUT: S.DOWN, E.REFUSED: S.DOWN, E.CLOSE: S.CLOSING,
    },
    S.UP: {
        E.QUIET: S.SUSPECT, E.SILENT: S.DOWN, E.CUT: S.DOWN, E.REFUSED: S.DOWN,
        E.CLOSE: S.CLOSING, E.CLOSED: S.DOWN,
    },
    S.SUSPECT: {
        E.HEARD: S.UP, E.SILENT: S.DOWN, E.CUT: S.DOWN, E.REFUSED: S.DOWN,
        E.CLOSE: S.CLOSING, E.CLOSED: S.DOWN,
    },
    S.CLOSING: {E.CLOSED: S.DOWN, E.SILENT: S.DOWN, E.CUT: S.DOWN, E.REFUSED: S.DOWN},
}  # fmt: skip
EDGE_ROWS = {
    S.DOWN: {E.OPEN: S.UP},
    S.LOGGING_ON: {},
    S.UP: {E.QUIET: S.SUSPECT, E.SILENT: S.DOWN, E.CUT: S.DOWN, E.CLOSED: S.DOWN},
    S.SUSPECT: {
        E.HEARD: S.UP, E.OPEN: S.UP, E.SILENT: S.DOWN, E.CUT: S.DOWN, E.CLOSED: S.DOWN,
    },
    S.CLOSING: {},
}  # fmt: skip


@pytest.mark.parametrize("event", SessionEvent)
@pytest.mark.parametrize("state", SessionState)
def test_every_row_of_both_tables(state: SessionState, event: SessionEvent) -> None:
    assert HOST_TABLE.get((state, event)) == HOST_ROWS[state].get(event)
    assert EDGE_TABLE.get((state, event)) == EDGE_ROWS[state].get(event)


def test_recorded_values_do_not_change() -> None:
    assert [one.value for one in SessionState] == [0, 1, 2, 3, 4]
    assert int(SessionState.UP) == 2


def test_every_state_of_a_host_leads_down_and_up_again() -> None:
    for table in (HOST_TABLE, EDGE_TABLE):
        assert {after for (_, event), after in table.items() if event is E.CUT} == {S.DOWN}
        assert all((state, E.CUT) in table for state, _ in table if state is not S.DOWN)
