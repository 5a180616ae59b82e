"""Time is an int, a run is half-open, and the market fills the gaps between control events."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import simpy
from simpy.core import EmptySchedule
from simpy.events import URGENT

from market.errors import VenueError
from sim.clock import NEVER_NS, Clock

EPOCH_NS = 1_719_792_000_000_000_001
NOT_INTS = [1e9, 5.0, np.int64(5), np.uint64(5), np.float64(5), True, "5"]


class Tape:
    """A market that says at which of its times somebody could act."""

    def __init__(self, clock: Clock, *observable_ns: int) -> None:
        self.clock = clock
        self.now_ns = clock.start_ns - 1
        self.observable_ns = list(observable_ns)
        self.asked: list[int] = []
        self.woken: list[int] = []

    def advance(self, until_ns: int) -> bool:
        self.asked.append(until_ns)
        if self.observable_ns and self.observable_ns[0] <= until_ns:
            self.now_ns = self.observable_ns[0]
            # A market finishes the instant before it returns.
            while self.observable_ns[:1] == [self.now_ns]:
                self.clock.at(self.observable_ns.pop(0), self.woken.append, self.now_ns)
            return True
        self.now_ns = until_ns
        return False


@pytest.fixture
def clock() -> Clock:
    return Clock(0, 100)


def of(values: list[Any]) -> list[str]:
    return [type(value).__name__ for value in values]


@pytest.mark.parametrize("value", NOT_INTS, ids=of(NOT_INTS))
def test_nothing_but_a_plain_int_is_a_time(clock: Clock, value: Any) -> None:
    refused: list[Callable[[], object]] = [
        lambda: clock.timeout(value),
        lambda: clock.schedule(clock.event(), delay=value),
        lambda: clock.at(value, print),
        lambda: clock.run(until=value),
        lambda: clock.run_until(value),
        lambda: Clock(value, 100),
        lambda: Clock(0, value),
    ]
    for act in refused:
        if value == "5" and act is refused[0]:
            continue  # SimPy compares a delay with 0 before it is ours to refuse
        with pytest.raises((VenueError, TypeError)):
            act()

    clock.run(until=7)
    assert type(clock.now_ns) is int


@pytest.mark.parametrize(("start_ns", "end_ns"), [(5, 5), (6, 5), (-1, 5), (0, NEVER_NS + 1)])
def test_a_run_must_have_an_instant(start_ns: int, end_ns: int) -> None:
    with pytest.raises(VenueError, match="a run covers"):
        Clock(start_ns, end_ns)


def test_a_delay_is_never_negative(clock: Clock) -> None:
    with pytest.raises(VenueError, match="never negative"):
        clock.schedule(clock.event(), delay=-1)
    clock.run(until=10)
    with pytest.raises(VenueError, match="never negative"):
        clock.at(9, print)


def test_peek_at_an_empty_queue_is_an_int(clock: Clock) -> None:
    assert clock.peek() == NEVER_NS
    assert type(clock.peek()) is int


def test_step_with_nothing_left_says_so(clock: Clock) -> None:
    with pytest.raises(EmptySchedule):
        clock.step()


def test_the_interval_is_half_open(clock: Clock) -> None:
    seen: list[int] = []
    for due_ns in (0, 99, 100, 101):
        clock.at(due_ns, seen.append, due_ns)

    clock.run()

    assert seen == [0, 99]
    assert clock.now_ns == 100


def test_the_market_happens_before_control_events_of_its_instant(clock: Clock) -> None:
    market = clock.market = Tape(clock, 10, 30, 30)
    order: list[tuple[str, int]] = []
    clock.at(30, lambda _: order.append(("control", market.now_ns)))

    clock.run()

    assert order == [("control", 30)]
    assert market.woken == [10, 30, 30]
    assert market.now_ns == 99
    assert market.asked[0] == 30
    assert market.asked[-1] == 99


def test_the_market_runs_though_no_control_event_waits(clock: Clock) -> None:
    market = clock.market = Tape(clock, 40)

    clock.run()

    assert market.woken == [40]
    assert clock.decisions == 1


def outcome(stops: list[int]) -> tuple[list[int], list[int], int]:
    clock = Clock(0, 100)
    market = clock.market = Tape(clock, 3, 17, 17, 50, 99)
    seen: list[int] = []
    for due_ns in (0, 17, 18, 50, 98, 99):
        clock.at(due_ns, seen.append, due_ns)
    for stop_ns in stops:
        clock.run_until(stop_ns)
        assert clock.now_ns == stop_ns
        assert market.now_ns == stop_ns - 1
    clock.run()
    return seen, market.woken, market.now_ns


def test_pieces_do_not_matter() -> None:
    whole = outcome([])

    for stops in ([17], [18], [1, 2, 3, 4, 50, 51], list(range(1, 101)), [100]):
        assert outcome(stops) == whole
    assert whole[:2] == ([0, 17, 18, 50, 98, 99], [3, 17, 17, 50, 99])


def test_running_to_now_is_allowed_and_into_the_past_is_not(clock: Clock) -> None:
    clock.run_until(20)
    clock.run_until(20)

    for stop_ns in (19, 101):
        with pytest.raises(VenueError, match=r"\[20, 100\]"):
            clock.run_until(stop_ns)
    with pytest.raises(VenueError, match="use a process"):
        clock.run(until=clock.event())


def arrivals(permute_key: int | None) -> list[tuple[int, str]]:
    clock = Clock(0, 100, permute_key=permute_key)
    seen: list[tuple[int, str]] = []
    for due_ns in (5, 7):
        for name in "abcdefgh":
            clock.at(due_ns, seen.append, (due_ns, name))
    clock.at(7, seen.append, (7, "first"), priority=URGENT)
    clock.run()
    return seen


def test_a_permutation_is_keyed_and_keeps_instants_and_priorities() -> None:
    plain = arrivals(None)
    drawn = [arrivals(key) for key in range(20)]

    assert plain == sorted(plain, key=lambda item: (item[0], item[1] != "first", item[1]))
    assert [arrivals(key) for key in range(20)] == drawn
    assert len({tuple(order) for order in drawn}) == 20
    for order in drawn:
        assert sorted(order) == sorted(plain)
        assert [due_ns for due_ns, _ in order] == [5] * 8 + [7] * 9
        assert order[8] == (7, "first")


def test_times_since_the_epoch_stay_exact() -> None:
    clock = Clock(EPOCH_NS, EPOCH_NS + 1_000)
    seen: list[int] = []
    for delay_ns in (1, 2, 3, 100):
        clock.at(EPOCH_NS + delay_ns, lambda _: seen.append(clock.now_ns))

    clock.run(until=EPOCH_NS + 999)

    assert seen == [EPOCH_NS + delay_ns for delay_ns in (1, 2, 3, 100)]
    assert float(EPOCH_NS + 100) == float(EPOCH_NS)  # why it matters
    assert clock.now_ns == EPOCH_NS + 999


def test_an_exception_surfaces_and_the_clock_can_go_on(clock: Clock) -> None:
    def fail(_: object) -> None:
        raise VenueError("broken rule", 7)

    seen: list[int] = []
    clock.at(10, fail)
    clock.at(20, seen.append, 20)

    with pytest.raises(VenueError, match="broken rule"):
        clock.run(until=50)
    assert clock.now_ns == 10
    clock.run()

    assert seen == [20]


def test_a_failing_process_surfaces(clock: Clock) -> None:
    def process() -> Iterator[simpy.Event]:
        yield clock.timeout(5)
        raise VenueError("lost")

    clock.process(process())

    with pytest.raises(VenueError, match="lost"):
        clock.run()


def test_processes_wait_whole_nanoseconds(clock: Clock) -> None:
    seen: list[tuple[int, object]] = []

    def process() -> Iterator[simpy.Event]:
        value: object = yield clock.timeout(3, "three")
        seen.append((clock.now_ns, value))
        yield clock.timeout(0)
        yield clock.timeout(4) | clock.timeout(9)
        seen.append((clock.now_ns, type(clock.now).__name__))

    clock.process(process())
    clock.run()

    assert seen == [(3, "three"), (7, "int")]
