"""Waits that grow and are forgotten, and a pace that holds over time."""

from bridge.feeds.backoff import Backoff, Pace
from tests.unit.bridge.feeds.rig import SECOND_NS as S


def test_waits_double_up_to_a_bound_while_asking_goes_on() -> None:
    backoff = Backoff()
    now_ns, waits = 10**18, []
    for _ in range(10):
        waits.append(backoff.next_wait_ns(now_ns) / S)
        now_ns += int(waits[-1] * S) + S
    assert waits == [0, 0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_what_fails_once_in_a_while_is_asked_for_at_once() -> None:
    backoff = Backoff()
    assert [backoff.next_wait_ns(10**18 + step * 11 * S) for step in range(20)] == [0] * 20


def test_a_long_wait_takes_a_long_calm_to_forget() -> None:
    backoff = Backoff()
    now_ns = 10**18
    for _ in range(12):
        now_ns += backoff.next_wait_ns(now_ns) + S
    assert backoff.next_wait_ns(now_ns + 500 * S) == 60 * S
    assert backoff.next_wait_ns(now_ns + 560 * S + 601 * S) == 0


def test_a_pace_lets_a_burst_go_and_then_one_at_a_time() -> None:
    pace = Pace(5 * S, 3, S // 5)
    due = [(pace.next_ns(10**18) - 10**18) / S for _ in range(8)]
    assert due == [0, 0.2, 0.4, 0.6, 5, 10, 15, 20]
    # After a calm there is a burst again.
    assert [(pace.next_ns(10**18 + 100 * S) - 10**18) / S for _ in range(3)] == [100, 100.2, 100.4]


def test_a_pace_holds_over_any_hour() -> None:
    pace = Pace(5 * S, 10, S // 5)
    now_ns, count = 10**18, 0
    while now_ns < 10**18 + 3_600 * S:
        now_ns = pace.next_ns(now_ns)
        count += 1
    assert 720 <= count <= 732
