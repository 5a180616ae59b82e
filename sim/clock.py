"""The clock: SimPy's event loop in whole nanoseconds, with a market that runs between its events.

Model: control events (decisions, commands, timers) are SimPy events; market messages are not. Before
the clock pops its next event, at time T, it lets the market happen up to T, T included. What becomes
observable on the way is scheduled and looked at first. Nobody can act between two control events, so
this is exact.

Order of events: at one instant all market data first, then control events by SimPy's
(time, priority, insertion). A run may instead permute control events of the same instant and
priority by a keyed draw, to explore schedules.

Time is an `int` and stays one: a single float delay would turn SimPy's clock into a float for ever,
and float(epoch_ns + 100) == float(epoch_ns). A run covers [start_ns, end_ns).
"""

from collections.abc import Callable
from heapq import heappush
from typing import Any, Final, Protocol

import simpy
from simpy.core import EmptySchedule, SimTime
from simpy.events import NORMAL, Event

from market.errors import VenueError
from sim.streams import draw

NEVER_NS: Final = 1 << 62
"""A time that does not come; where SimPy would say float infinity."""


class Market(Protocol):
    """What the clock lets happen between two control events."""

    now_ns: int
    """Everything up to here, included, has happened."""

    def advance(self, until_ns: int) -> bool:
        """Happen up to `until_ns`, or less if something became observable.

        Returns whether it did; then the market has scheduled who must wake.
        """
        ...


class Clock(simpy.Environment):
    """A SimPy environment whose time is an int of nanoseconds.

    Args:
        start_ns: First instant of the run.
        end_ns: First instant after it.
        permute_key: When given, control events of one instant and priority come in an order drawn
            from this key instead of the order of their insertion.
    """

    def __init__(self, start_ns: int, end_ns: int, *, permute_key: int | None = None) -> None:
        if type(start_ns) is not int or type(end_ns) is not int:
            raise VenueError(f"a run's times must be int, got {start_ns!r} and {end_ns!r}")
        if not 0 <= start_ns < end_ns <= NEVER_NS:
            raise VenueError(
                f"a run covers [start, end) with 0 <= start < end, got {start_ns}, {end_ns}"
            )
        super().__init__(initial_time=start_ns)
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.market: Market | None = None
        self.decisions = 0
        self._permute_key = permute_key
        self._stop_ns = end_ns

    @property
    def now_ns(self) -> int:
        """The current time; always an int."""
        return self._now  # type: ignore[return-value]

    def schedule(self, event: Event, priority: Any = NORMAL, delay: SimTime = 0) -> None:
        """Queue an event `delay` nanoseconds from now; refuses anything but a plain int >= 0."""
        if type(delay) is not int:
            raise VenueError(f"a delay is an int of nanoseconds, got {delay!r}")
        if delay < 0:
            raise VenueError(f"a delay is never negative, got {delay} ns")
        order = next(self._eid)
        if self._permute_key is not None:
            order |= (draw(self._permute_key, order) >> 32) << 40
        heappush(self._queue, (self._now + delay, priority, order, event))

    def at(
        self,
        due_ns: int,
        act: Callable[[Any], None],
        argument: object = None,
        *,
        priority: int = NORMAL,
    ) -> None:
        """Call `act(argument)` at `due_ns`, as a control event unless `priority` says earlier."""
        if type(due_ns) is not int:
            raise VenueError(f"a time is an int of nanoseconds, got {due_ns!r}")
        event = _Call(self, act, argument)
        self.schedule(event, priority, due_ns - self._now)

    def peek(self) -> int:
        """When the next control event is due, or NEVER_NS."""
        return self._queue[0][0] if self._queue else NEVER_NS  # type: ignore[return-value]

    def step(self) -> None:
        """Let the market happen up to the next control event and process one of either.

        Raises:
            EmptySchedule: When nothing is left to happen before the end.
        """
        # Written out, not in terms of peek(): this is the path of every decision.
        due_ns: int = self._queue[0][0] if self._queue else NEVER_NS  # type: ignore[assignment]
        stop_ns = self._stop_ns
        horizon_ns = due_ns if due_ns < stop_ns else stop_ns - 1
        market = self.market
        if market is not None and market.now_ns < horizon_ns and market.advance(horizon_ns):
            return
        if due_ns >= stop_ns:
            raise EmptySchedule
        self.decisions += 1
        super().step()

    def run_until(self, stop_ns: int) -> None:
        """Process everything before `stop_ns`, which becomes the current time."""
        if type(stop_ns) is not int or not self._now <= stop_ns <= self.end_ns:
            raise VenueError(
                f"can run until an int in [{self._now}, {self.end_ns}], got {stop_ns!r}"
            )
        self._stop_ns = stop_ns
        try:
            while True:
                self.step()
        except EmptySchedule:
            self._now = stop_ns
        finally:
            self._stop_ns = self.end_ns

    def run(self, until: SimTime | Event | None = None) -> None:
        """Run to the end, or until an int time; half-open like every interval here."""
        if isinstance(until, Event):
            raise VenueError("run until a time; to wait for an event, use a process")
        self.run_until(self.end_ns if until is None else until)  # type: ignore[arg-type]


class _Call(Event):
    """An event that has already happened and only waits for its time to call one function."""

    __slots__ = ()

    def __init__(self, clock: Clock, act: Callable[[Any], None], argument: object) -> None:
        self.env = clock
        self.callbacks = [_Unpack(act)]
        self._value = argument
        self._ok = True
        self._defused = True


class _Unpack:
    """Hands an event's value, not the event, to a function."""

    __slots__ = ("act",)

    def __init__(self, act: Callable[[Any], None]) -> None:
        self.act = act

    def __call__(self, event: Event) -> None:
        self.act(event.value)
