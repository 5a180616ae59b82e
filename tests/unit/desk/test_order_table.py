"""The table is whole, and the page that shows it is up to date."""

from desk.orders import TABLE, Anomaly, OrderEvent, OrderState
from desk.orders.table import NEXT
from tests.docs import order_states


def test_every_state_has_its_rows_and_every_event_has_one() -> None:
    assert list(OrderState) == list(TABLE)
    assert set(OrderEvent) == {event for events in TABLE.values() for event in events}


def test_an_ended_order_never_opens_again_by_the_table() -> None:
    for state in OrderState:
        if state >= OrderState.FILLED:
            assert [] == [to for to in TABLE[state].values() if to < OrderState.FILLED]


def test_every_open_state_takes_every_end() -> None:
    ends = (OrderEvent.LAST_FILL, OrderEvent.CANCELLED, OrderEvent.EXPIRED, OrderEvent.STATUS_ENDED)
    for state in OrderState:
        if state < OrderState.FILLED:
            assert all(TABLE[state][end] >= OrderState.FILLED for end in ends)
            assert OrderState.UNKNOWN is TABLE[state][OrderEvent.LINK_LOST]


def test_the_indexed_table_says_the_same() -> None:
    for state in OrderState:
        for event in OrderEvent:
            assert TABLE[state].get(event) is NEXT[state][event]


def test_codes_start_at_zero_and_leave_no_gap() -> None:
    for codes in (OrderState, OrderEvent, Anomaly):
        assert list(range(len(codes))) == [int(code) for code in codes]


def test_the_page_of_order_states_is_what_the_table_says() -> None:
    assert order_states.PAGE.read_text("utf-8") == order_states.render(), (
        "say python -m tests.docs.order_states --write"
    )
