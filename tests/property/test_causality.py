"""The loop is exact: it equals a slow run in which every message is a SimPy event, cut as you like."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.codes import Mode
from sim.recorder import EventKind
from tests.rig import Rig, Setup

SETUPS = st.builds(
    Setup,
    seed=st.integers(0, 10_000),
    mode=st.sampled_from(Mode),
    book_count=st.integers(1, 3),
    host_count=st.integers(1, 3),
    message_count=st.integers(60, 200),
    grid_ns=st.sampled_from([1, 40, 400]),
    feed_ns=st.lists(st.integers(1, 900), min_size=3, max_size=3),
    order_ns=st.lists(st.integers(1, 900), min_size=3, max_size=3),
    compute_ns=st.lists(st.integers(1, 900), min_size=3, max_size=3),
    stale_ns=st.lists(st.sampled_from([0, 100, 700]), min_size=3, max_size=3),
    bursty=st.booleans(),
)


@settings(max_examples=60)
@given(setup=SETUPS)
def test_the_loop_equals_a_run_in_which_every_message_is_an_event(setup: Setup) -> None:
    fast = Rig(setup, slow=False).run()
    slow = Rig(setup, slow=True).run()

    assert fast.events == slow.events
    assert fast.digest == slow.digest


@settings(max_examples=40)
@given(setup=SETUPS)
def test_no_observation_comes_from_the_future(setup: Setup) -> None:
    rig = Rig(setup, slow=False).run()

    floors = [1 if setup.bursty else setup.feed_ns[host % 3] for host in range(setup.host_count)]
    for event in rig.events:
        if event.kind == EventKind.VIEW and event.leaves_lots > 0:
            assert event.venue_ns + floors[event.host] <= event.time_ns
        if event.kind == EventKind.REPORT:
            assert event.venue_ns < event.time_ns
    assert sorted(event.time_ns for event in rig.events) == [e.time_ns for e in rig.events]


@settings(max_examples=40)
@given(setup=SETUPS, cuts=st.lists(st.integers(1_000, 40_000), max_size=40))
def test_cutting_a_run_into_chunks_changes_nothing(setup: Setup, cuts: list[int]) -> None:
    whole = Rig(setup, slow=False).run()
    chunked = Rig(setup, slow=False, cuts=cuts).run()

    assert whole.digest == chunked.digest
    assert whole.events == chunked.events


@settings(max_examples=40)
@given(setup=SETUPS, more_ns=st.integers(1, 5_000), host=st.integers(0, 2))
def test_a_slower_wire_changes_nothing_before_the_first_message_it_delays(
    setup: Setup, more_ns: int, host: int
) -> None:
    order_ns = list(setup.order_ns)
    order_ns[host] += more_ns
    before = Rig(setup, slow=False).run()
    after = Rig(replace(setup, order_ns=order_ns), slow=False).run()

    first_ns = next(
        (
            event.time_ns
            for event in before.events
            if event.host == host
            and event.kind
            in (EventKind.SUBMIT, EventKind.CANCEL, EventKind.REPLACE, EventKind.ANSWER)
        ),
        1 << 62,
    )
    assert [e for e in before.events if e.time_ns <= first_ns] == [
        e for e in after.events if e.time_ns <= first_ns
    ]


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
def test_permuting_one_instant_is_repeatable_and_moves_only_order_within_instants(
    mode: Mode,
) -> None:
    setup = Setup(3, mode, grid_ns=400, feed_ns=[100] * 3, compute_ns=[1] * 3, order_ns=[50] * 3)
    plain = Rig(setup, slow=False).run()
    once = Rig(setup, slow=False, permute_key=77).run()
    twice = Rig(setup, slow=False, permute_key=77).run()

    assert once.events == twice.events
    assert plain.events != once.events
    assert len(plain.events) > 100


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@settings(max_examples=3_000)
@given(setup=SETUPS)
def test_the_loop_equals_its_reference_many_times_over(setup: Setup) -> None:
    assert Rig(setup, slow=False).run().events == Rig(setup, slow=True).run().events
