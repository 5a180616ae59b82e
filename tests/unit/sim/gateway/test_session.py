"""What a session promises when its wires and its ends fail, case by case."""

import pytest

from sim.gateway.states import SessionState
from sim.recorder import EventKind
from sim.wire import ImpairmentKind
from tests.unit.sim.gateway.rig import MS, TERMS, Rig

PARTITION, LOSS = ImpairmentKind.PARTITION, ImpairmentKind.LOSS


def test_a_calm_session_stays_up_and_says_nothing_of_itself() -> None:
    rig = Rig()
    for _ in range(30):
        rig.send()
        rig.run(100)
    assert rig.taken == rig.delivered == list(range(1, 31))
    assert rig.told == []
    assert rig.edge.resent == rig.connection.heard.repeated == 0
    assert not rig.recorded(EventKind.LOST)


def test_a_lost_answer_is_said_again_after_the_next_beat() -> None:
    rig = Rig()
    rig.impair(rig.reports, PARTITION, 2)
    rig.send()
    rig.run(20)
    assert rig.taken == [1]
    assert rig.delivered == []
    rig.run(150)
    assert rig.delivered == [1]
    assert rig.told == []


def test_answers_behind_a_lost_one_wait_for_it() -> None:
    rig = Rig()
    rig.impair(rig.reports, PARTITION, 1)
    rig.answer()
    rig.run(1)
    rig.answer()
    rig.answer()
    rig.run(1)
    assert rig.delivered == []
    rig.run(3)
    assert rig.delivered == [1, 2, 3]


def test_a_lost_command_is_never_sent_again_and_holds_back_no_other_for_long() -> None:
    rig = Rig()
    rig.impair(rig.orders, PARTITION, 1)
    rig.send()
    rig.run(1)
    rig.send()
    rig.run(1)
    assert rig.taken == []
    rig.run(3)
    assert rig.taken == [2]
    rig.run(1_000)
    assert rig.taken == [2]
    assert [one.order_id for one in rig.recorded(EventKind.LOST)] == [1]


@pytest.mark.parametrize("kind", [ImpairmentKind.DUPLICATE, ImpairmentKind.REORDER])
def test_repeated_and_reordered_frames_are_taken_once_and_in_order(kind: ImpairmentKind) -> None:
    rig = Rig()
    for wire in (rig.orders, rig.reports):
        rig.impair(wire, kind, 1_000, 1_000_000 if kind is ImpairmentKind.DUPLICATE else 2)
    for _ in range(20):
        rig.send()
        rig.run(20)
    rig.run(2_000)
    assert rig.delivered == sorted(set(rig.delivered))
    assert rig.taken == sorted(set(rig.taken))
    assert len(rig.delivered) == rig.number
    if kind is ImpairmentKind.DUPLICATE:
        assert rig.taken == list(range(1, 21))


def test_nothing_is_sent_or_kept_while_the_session_is_down() -> None:
    rig = Rig()
    rig.connection.hold(rig.clock.now_ns + 500 * MS)
    rig.edge.cut()
    rig.connection.cut()
    rig.send()
    rig.run(2_000)
    assert rig.taken == []
    assert rig.connection.withheld == 1
    assert [one.order_id for one in rig.recorded(EventKind.LOST)] == [1]
    assert rig.told == ["0 down", "0 up"]
    rig.send()
    rig.run(10)
    assert rig.taken == [2]


def test_what_was_answered_meanwhile_comes_before_the_session_is_up() -> None:
    rig = Rig()
    rig.edge.cut()
    rig.connection.cut()
    rig.answer()
    rig.answer()
    seen: list[list[int]] = []
    rig.connection.on_up = lambda: seen.append(list(rig.delivered))
    rig.run(1_000)
    assert seen == [[1, 2]]


@pytest.mark.parametrize("way", ["orders", "reports"])
def test_a_half_open_session_is_noticed_at_both_ends(way: str) -> None:
    rig = Rig()
    rig.impair(getattr(rig, way), PARTITION, 2_000)
    rig.run(50)
    rig.send()
    rig.run(1_000)
    assert rig.told == ["0 down"]
    assert rig.lost
    assert not any(rig.lost)
    limit_ns = TERMS.timeout_ns + 150 * MS + 5 * MS
    down = [one for one in rig.recorded(EventKind.SESSION) if one.detail == SessionState.DOWN]
    assert {one.price_ticks for one in down} == {0, 1}
    first = {one.price_ticks: one.time_ns for one in reversed(down)}
    assert max(first.values()) <= limit_ns
    rig.run(3_000)
    assert rig.connection.state is rig.edge.state is SessionState.UP
    assert rig.told[-1] == "0 up"
    assert rig.delivered == list(range(1, rig.number + 1))


def test_a_command_on_its_way_when_the_venue_sees_the_cut_is_lost() -> None:
    rig = Rig()
    rig.send()
    rig.edge.cut()
    rig.run(5)
    assert rig.taken == []
    assert [one.order_id for one in rig.recorded(EventKind.LOST)] == [1]


def test_a_logout_is_told_as_one_and_stays() -> None:
    rig = Rig()
    rig.send()
    rig.connection.close()
    rig.run(2_000)
    assert rig.taken == [1]
    assert rig.lost == [True]
    assert rig.connection.state is rig.edge.state is SessionState.DOWN
    assert rig.told == ["0 down"]


def test_a_logout_that_nobody_answers_ends_by_itself() -> None:
    rig = Rig()
    rig.impair(rig.orders, PARTITION, 2_000)
    rig.connection.close()
    rig.run(200)
    assert rig.connection.state is SessionState.DOWN


def test_a_dead_machine_is_noticed_by_its_silence() -> None:
    rig = Rig()
    rig.connection.die()
    rig.run(400)
    at_edge = [one.detail for one in rig.recorded(EventKind.SESSION) if one.price_ticks]
    assert at_edge[-2:] == [SessionState.SUSPECT, SessionState.DOWN]
    assert rig.lost == [False]
    rig.answer()
    rig.run(100)
    assert rig.delivered == []
    rig.connection.open(1)
    rig.run(10)
    assert rig.delivered == [1]


def test_a_higher_epoch_ends_the_active_connection_and_a_lower_one_is_fenced() -> None:
    rig = Rig()
    other = rig.connect(1)
    rig.send()
    rig.run(5)
    other.forget(1)
    other.open(2)
    rig.run(1)
    rig.send()  # decided before it could know
    rig.run(10)
    assert rig.taken == [1]
    assert rig.told == ["0 down", "0 fenced 2", "1 up"]
    [fenced] = rig.recorded(EventKind.FENCED)
    assert (fenced.order_id, fenced.detail) == (2, EventKind.SUBMIT)
    assert (fenced.qty_lots, fenced.leaves_lots) == (1, 2)
    assert rig.edge.fenced == 1
    rig.send(other)
    rig.run(10)
    assert rig.taken == [1, 3]
    assert rig.delivered == [1, 2]
    rig.connection.open(1)
    rig.run(10)
    assert rig.told[-1] == "0 fenced 2"
    assert rig.connection.state is SessionState.DOWN
    assert other.state is SessionState.UP


def test_too_many_messages_are_refused_not_lost() -> None:
    rig = Rig(TERMS._replace(throttle=3, window_ns=1_000 * MS))
    for _ in range(5):
        rig.send()
    rig.run(10)
    assert rig.taken == [1, 2, 3]
    assert rig.refused == [4, 5]
    rig.edge.shrink(1)
    rig.run(1_000)
    rig.send()
    rig.send()
    rig.run(10)
    assert rig.taken == [1, 2, 3, 6]
    rig.edge.shrink(0)
    rig.run(1_000)
    rig.send()
    rig.run(10)
    assert rig.taken[-1] == 8
