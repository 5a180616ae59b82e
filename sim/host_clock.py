"""A host's clock: what a machine takes the time to be, and how much of it it takes to have passed.

Model: a machine has two clocks. The monotonic one counts what passes: it may run fast or slow, and nothing
sets it. The time of day is that count and an offset, which somebody may set: it steps. A
participant hears the time of day, because what it is told by venues is stamped so, but never an earlier one
than it heard before; a timer runs by the monotonic clock alone.

    F-12  over its duration the time of day drifts away by its severity, evenly, and is then set right
    P-08  the time of day is set ahead by its severity, and at the end of its duration set right

Drift moves both clocks, a step the time of day alone. What is set right at a fault's end is the time of day;
what the monotonic clock has gained, it keeps.

Limits: a clock is ahead or runs fast, and no faster than `FASTEST_PPM`; it is behind only after it was set
right. One that never was heard of by anybody who decides has not bitten.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from market.errors import InputError
from market.faults import Fault, FaultKind
from market.messages import Command, Inbound, SetTimer
from market.ports import Participant
from sim.clock import Clock

PPM: Final = 1_000_000
FASTEST_PPM: Final = 100_000


class _Stretch(NamedTuple):
    """One fault's part in what the clock shows."""

    name: str
    is_drift: bool
    from_ns: int
    until_ns: int
    amount_ns: int

    def gained_ns(self, true_ns: int) -> int:
        """By how much the monotonic clock has run away in it, up to a moment."""
        if not self.is_drift or true_ns <= self.from_ns:
            return 0
        passed_ns = min(true_ns, self.until_ns) - self.from_ns
        return self.amount_ns * passed_ns // (self.until_ns - self.from_ns)

    def shown_ns(self, true_ns: int) -> int:
        """By how much the time of day is wrong for it at a moment."""
        if not self.from_ns <= true_ns < self.until_ns:
            return 0
        return self.gained_ns(true_ns) if self.is_drift else self.amount_ns


class HostClock:
    """The clocks of one machine (`sim.faultpoint.FaultPoint`).

    Args:
        clock: Of the run, which is right.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stretches: list[_Stretch] = []
        self._hits: dict[str, int] = {}
        self._told_ns = 0

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Let a fault act on the clock in [from_ns, until_ns).

        Raises:
            InputError: It would run faster than any machine's clock does.
        """
        is_drift = fault.kind is FaultKind.FEED_CLOCK_SKEW
        most_ns = (until_ns - from_ns) * FASTEST_PPM // PPM
        if is_drift and fault.severity > most_ns:
            raise InputError(
                f"fault {fault.name!r}: found a drift of {fault.severity} ns in {until_ns - from_ns} "
                f"ns, allowed is up to {most_ns}: a clock that jumps is {FaultKind.HOST_CLOCK_STEP}"
            )
        self._hits.setdefault(fault.name, 0)
        self._stretches.append(_Stretch(fault.name, is_drift, from_ns, until_ns, fault.severity))

    def hits(self, name: str) -> int:
        """How often somebody read a wrong time for a fault."""
        return self._hits.get(name, 0)

    def monotonic_ns(self) -> int:
        """What has passed, by this machine's count; equal to true time until something drifts."""
        true_ns = self._clock.now_ns
        for one in self._stretches:
            true_ns += one.gained_ns(self._clock.now_ns)
        return true_ns

    def reading_ns(self) -> int:
        """The time of day that it shows; it may jump, either way."""
        now_ns = self._clock.now_ns
        shown_ns = now_ns
        for one in self._stretches:
            wrong_ns = one.shown_ns(now_ns)
            if wrong_ns:
                self._hits[one.name] += 1
                shown_ns += wrong_ns
        return shown_ns

    def told_ns(self) -> int:
        """The time of day for a participant: never an earlier one than before."""
        self._told_ns = max(self._told_ns, self.reading_ns())
        return self._told_ns

    def set_told_ns(self, told_ns: int) -> None:
        """Somebody else has told this participant the time already."""
        self._told_ns = max(self._told_ns, told_ns)

    def true_after_ns(self, span_ns: int) -> int:
        """The true time at which so much will have passed by the monotonic clock."""
        now_ns = self._clock.now_ns
        if span_ns <= 0 or not self._stretches:
            return now_ns + max(span_ns, 0)
        due_ns = self.monotonic_ns() + span_ns
        low_ns, high_ns = now_ns, now_ns + span_ns * 2
        while low_ns < high_ns:
            middle_ns = (low_ns + high_ns) // 2
            gained_ns = sum(one.gained_ns(middle_ns) for one in self._stretches)
            if middle_ns + gained_ns >= due_ns:
                high_ns = middle_ns
            else:
                low_ns = middle_ns + 1
        return low_ns


class Clocked:
    """A participant that hears the time of its machine instead of the true one.

    Args:
        inside: Who decides.
        local: The machine's clocks.
        decided: Told of each message that was decided on.
    """

    def __init__(
        self,
        inside: Participant,
        local: HostClock,
        decided: Callable[[Inbound], None] | None = None,
    ) -> None:
        self.decided = decided
        self._inside = inside
        self._local = local

    def start(self, _now_ns: int) -> Sequence[Command]:
        """What it wants before the first message."""
        told_ns = self._local.told_ns()
        return self._timed(self._inside.start(told_ns), told_ns)

    def on(self, message: Inbound, _now_ns: int) -> Sequence[Command]:
        """Take one message at the machine's time."""
        told_ns = self._local.told_ns()
        commands = self._timed(self._inside.on(message, told_ns), told_ns)
        if self.decided is not None:
            self.decided(message)
        return commands

    def _timed(self, commands: Sequence[Command], told_ns: int) -> Sequence[Command]:
        """Timers run by the monotonic clock, however wrong the time of day is."""
        if not any(isinstance(one, SetTimer) for one in commands):
            return commands
        return [
            SetTimer(timer_id=one.timer_id, due_ns=self._local.true_after_ns(one.due_ns - told_ns))
            if isinstance(one, SetTimer)
            else one
            for one in commands
        ]
