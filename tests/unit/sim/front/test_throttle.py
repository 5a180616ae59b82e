"""Throttles: what passes, what waits for how long, what is refused, and who is counted together."""

from typing import Any

import pytest

from market.codes import Reason
from market.errors import InputError
from market.refusals import Refusal
from sim.front import Per, Shape, Throttle, ThrottleRule

TWO_IN_TEN = ThrottleRule(count=2, window_ns=10)


def ask(throttle: Throttle, *times: int, session: int = 0, book: int = 0) -> list[Any]:
    """What becomes of messages at these times: their due time, or how long they would wait."""
    passages = [throttle.ask(session, book, now_ns, is_cancel=False) for now_ns in times]
    return [p.due_ns if p.refusal is None else p.refusal for p in passages]


def wait(ns: int) -> Refusal:
    return Refusal(Reason.THROTTLED, ns)


def test_a_window_refuses_one_too_many_and_says_how_long_it_would_wait() -> None:
    throttle = Throttle((TWO_IN_TEN,))

    assert ask(throttle, 0, 4, 5, 9, 10, 13, 14) == [0, 4, wait(5), wait(1), 10, wait(1), 14]
    assert (throttle.passed, throttle.queued, throttle.refused) == (4, 0, {0: 3})


def test_a_message_that_waits_as_it_was_told_passes() -> None:
    throttle = Throttle((TWO_IN_TEN,))
    _, _, refused = ask(throttle, 0, 0, 3)

    assert ask(throttle, 3 + refused.figure - 1, 3 + refused.figure) == [wait(1), 10]


def test_what_is_refused_is_not_counted() -> None:
    throttle = Throttle((TWO_IN_TEN,))

    assert ask(throttle, 0, 0, *range(1, 10)) == [0, 0, *(wait(10 - t) for t in range(1, 10))]
    assert ask(throttle, 10, 10) == [10, 10]


def test_a_bucket_lets_a_burst_pass_and_then_its_rate() -> None:
    throttle = Throttle((ThrottleRule(count=1, window_ns=10, shape=Shape.BUCKET, burst=3),))

    assert ask(throttle, 0, 0, 0, 0) == [0, 0, 0, wait(10)]
    assert ask(throttle, 100, 100, 100, 100) == [100, 100, 100, wait(10)]
    assert ask(throttle, 109, 110, 110) == [wait(1), 110, wait(10)]
    assert ask(throttle, 10_000, 10_000, 10_000, 10_000) == [10_000, 10_000, 10_000, wait(10)]


def test_a_bucket_whose_rate_is_no_whole_number_of_ns_loses_nothing() -> None:
    throttle = Throttle((ThrottleRule(count=3, window_ns=10, shape=Shape.BUCKET, burst=2),))

    passed = [t for t in range(1_000, 1_300) if ask(throttle, t) == [t]]

    assert len(passed) == 91  # floor(2 + 299 * 3 / 10)
    assert passed[:6] == [1_000, 1_001, 1_004, 1_007, 1_010, 1_014]


def test_a_message_too_many_may_wait_and_keeps_its_place() -> None:
    throttle = Throttle((ThrottleRule(count=2, window_ns=10, queue=True),))

    assert ask(throttle, 0, 1, 2, 3, 4) == [0, 1, 10, 11, 20]
    assert throttle.queued == 3
    assert ask(throttle, 25, 26) == [25, 30]


def test_a_queue_has_an_end() -> None:
    throttle = Throttle((ThrottleRule(count=1, window_ns=10, queue=True),), queue_max=2)

    assert ask(throttle, 0, 1, 2, 3) == [0, 10, 20, wait(7)]
    assert ask(throttle, 9, 10) == [wait(1), 30]


def test_an_exempt_cancel_is_not_counted_but_does_not_overtake() -> None:
    rule = ThrottleRule(count=1, window_ns=10, queue=True, cancels_exempt=True)
    throttle = Throttle((rule,), queue_max=1)

    assert ask(throttle, 0, 1) == [0, 10]
    cancel = throttle.ask(0, 0, 2, is_cancel=True)
    assert (cancel.due_ns, cancel.refusal) == (
        10,
        None,
    )  # the queue is full, and cancels are let in
    assert throttle.ask(0, 0, 11, is_cancel=True).due_ns == 11
    assert ask(throttle, 12) == [20]


@pytest.mark.parametrize("exempt", [True, False])
def test_cancels_are_counted_unless_they_are_exempt(*, exempt: bool) -> None:
    throttle = Throttle((ThrottleRule(count=1, window_ns=10, cancels_exempt=exempt),))

    assert throttle.ask(0, 0, 0, is_cancel=True).refusal is None
    assert ask(throttle, 1) == [1 if exempt else wait(9)]
    assert throttle.ask(0, 0, 2, is_cancel=True).refusal == (None if exempt else wait(8))


@pytest.mark.parametrize(
    ("per", "passes"),
    [
        (Per.SESSION, [True, False, True, False]),
        (Per.BOOK, [True, True, False, False]),
        (Per.SESSION_AND_BOOK, [True, True, True, True]),
    ],
)
def test_messages_are_counted_together_as_the_rule_says(per: Per, passes: list[bool]) -> None:
    throttle = Throttle((ThrottleRule(count=1, window_ns=10, per=per),))
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]

    found = [throttle.ask(session, book, 5, is_cancel=False) for session, book in places]

    assert [passage.refusal is None for passage in found] == passes


def test_every_rule_must_let_a_message_pass_and_the_longest_wait_is_told() -> None:
    throttle = Throttle((TWO_IN_TEN, ThrottleRule(count=3, window_ns=100)))

    assert ask(throttle, 0, 0, 5, 10, 12, 100) == [0, 0, wait(5), 10, wait(88), 100]


def test_a_message_that_one_rule_refuses_takes_nothing_from_another() -> None:
    throttle = Throttle((ThrottleRule(count=1, window_ns=5), ThrottleRule(count=2, window_ns=100)))

    assert ask(throttle, 0, 1, 2, 3, 5, 10) == [0, wait(4), wait(3), wait(2), 5, wait(90)]


def test_books_that_share_a_queue_are_served_in_the_order_of_arrival() -> None:
    throttle = Throttle((ThrottleRule(count=1, window_ns=10, per=Per.BOOK, queue=True),))

    assert ask(throttle, 0, 1, session=0) == [0, 10]
    assert ask(throttle, 2, session=1) == [20]
    assert ask(throttle, 3, session=0, book=1) == [10]  # behind its session's own message


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"count": 0, "window_ns": 1}, "count: found 0, allowed is 1 to"),
        ({"count": 1, "window_ns": 0}, "window_ns: found 0"),
        ({"count": 1, "window_ns": 1, "shape": Shape.BUCKET}, "burst: found 0, allowed is 1 to"),
        ({"count": 1, "window_ns": 1, "burst": 2}, "burst: found 2, allowed is 0 without a bucket"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(made: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ThrottleRule(**made)
    with pytest.raises(InputError, match="queue_max: found 0"):
        Throttle((), queue_max=0)
