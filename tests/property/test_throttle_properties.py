"""Throttles under random use: no window and no bucket lets more through than it says."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from market.codes import Reason
from market.refusals import Refusal
from sim.front import Per, Shape, Throttle, ThrottleRule

rules = st.builds(
    lambda count, window_ns, burst, per, queue, exempt: ThrottleRule(
        count=count,
        window_ns=window_ns,
        shape=Shape.BUCKET if burst else Shape.WINDOW,
        burst=burst,
        per=per,
        queue=queue,
        cancels_exempt=exempt,
    ),
    st.integers(1, 4),
    st.integers(1, 30),
    st.integers(0, 4),
    st.sampled_from(Per),
    st.booleans(),
    st.booleans(),
)
messages = st.lists(
    st.tuples(
        st.integers(0, 12),  # ns since the one before
        st.integers(0, 1),  # session
        st.integers(0, 1),  # book
        st.booleans(),  # a cancel
    ),
    max_size=60,
)
Passed = tuple[int, int, int, int, bool]
"""When it arrived, when it is due, session, book, and whether it is a cancel."""


def played(
    made: Sequence[ThrottleRule], sent: Sequence[tuple[int, int, int, bool]], queue_max: int
) -> tuple[list[Passed], int]:
    """What passes of messages, and how many were refused."""
    throttle, now_ns = Throttle(tuple(made), queue_max), 1_000
    passed: list[Passed] = []
    refused = 0
    for gap_ns, session, book, is_cancel in sent:
        now_ns += gap_ns
        passage = throttle.ask(session, book, now_ns, is_cancel=is_cancel)
        if passage.refusal is None:
            passed.append((now_ns, passage.due_ns, session, book, is_cancel))
        else:
            refused += 1
            assert passage.refusal.reason is Reason.THROTTLED
            assert passage.refusal.figure > 0
    assert refused == sum(throttle.refused.values())
    assert len(passed) == throttle.passed + throttle.queued
    return passed, refused


def together(rule: ThrottleRule, passed: Sequence[Passed]) -> list[list[int]]:
    """The times that a rule counts together, each list of one session, book, or both."""
    found: dict[tuple[int, int], list[int]] = {}
    for now_ns, due_ns, session, book, is_cancel in passed:
        if is_cancel and rule.cancels_exempt:
            continue
        key = (-1 if rule.per is Per.BOOK else session, -1 if rule.per is Per.SESSION else book)
        found.setdefault(key, []).append(due_ns if rule.queue else now_ns)
    return list(found.values())


@settings(max_examples=300)
@given(made=st.lists(rules, min_size=1, max_size=3), sent=messages, queue_max=st.integers(1, 5))
def test_no_window_and_no_bucket_ever_lets_more_through_than_it_says(
    made: list[ThrottleRule], sent: list[tuple[int, int, int, bool]], queue_max: int
) -> None:
    passed, _ = played(made, sent, queue_max)

    for rule in made:
        for times in together(rule, passed):
            assert times == sorted(times)
            for first in range(len(times)):
                for last in range(first, len(times)):
                    count, length_ns = last - first + 1, times[last] - times[first]
                    if rule.shape is Shape.WINDOW and length_ns < rule.window_ns:
                        assert count <= rule.count
                    elif rule.shape is Shape.BUCKET:
                        flowed = length_ns * rule.count // rule.window_ns
                        assert count <= rule.burst + flowed


@settings(max_examples=200)
@given(made=st.lists(rules, min_size=1, max_size=3), sent=messages, queue_max=st.integers(1, 5))
def test_messages_of_a_session_never_overtake_each_other_and_never_too_many_wait(
    made: list[ThrottleRule], sent: list[tuple[int, int, int, bool]], queue_max: int
) -> None:
    passed, _ = played(made, sent, queue_max)

    for session in (0, 1):
        mine = [p for p in passed if p[2] == session]
        dues = [due_ns for _, due_ns, *_ in mine]
        assert dues == sorted(dues)
        assert all(due_ns >= now_ns for now_ns, due_ns, *_ in mine)
        for place, (now_ns, due_ns, _, _, is_cancel) in enumerate(mine):
            counted = any(r.queue and not (is_cancel and r.cancels_exempt) for r in made)
            waiting = sum(due > now_ns for _, due, *_ in mine[:place])
            assert due_ns == now_ns or not counted or waiting < queue_max


@given(
    rule=rules.filter(lambda rule: not rule.queue),
    sent=messages,
)
def test_a_refused_message_passes_exactly_when_it_was_told(
    rule: ThrottleRule, sent: list[tuple[int, int, int, bool]]
) -> None:
    def at_end(extra_ns: int) -> Refusal | None:
        """What is said to a last message of session 0 in book 0, so much later."""
        throttle, now_ns = Throttle((rule,)), 1_000
        for gap_ns, session, book, is_cancel in sent:
            now_ns += gap_ns
            throttle.ask(session, book, now_ns, is_cancel=is_cancel)
        return throttle.ask(0, 0, now_ns + extra_ns, is_cancel=False).refusal

    refusal = at_end(0)
    if refusal is not None:
        assert at_end(refusal.figure) is None
        assert at_end(refusal.figure - 1) is not None
