"""What people do to a desk that was not meant: a kill switch pressed by mistake or late, limits typed wrong.

Model: each host with a desk is two fault points.

    HOST.operator   O-07 presses the kill switch; the host hears it `severity` later. Nothing takes it back but a
                    person's name, as with any other kill
    HOST.limits     O-03 makes every limit `severity` millionths of what was configured, until the fault ends or
                    the run does. Of several the one that began last is in force

Both are words (`market.messages.Operator`), with a name, on the way that every word takes: into the desk's inbox
and into its journal.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from market.codes import OperatorAction
from market.decisions import PPM
from market.faults import Fault
from market.messages import Operator
from sim.clock import Clock
from sim.host import Host
from sim.recorder import Event, EventKind, Recorder

if TYPE_CHECKING:
    from scenarios.build import Assembly

NO_MONITOR = -1


class _Words:
    """What somebody says to a host, and how often a machine that lived has heard it.

    Args:
        host: Finds the host, which a restart may have replaced.
    """

    def __init__(self, clock: Clock, recorder: Recorder, host: Callable[[], Host]) -> None:
        self._clock = clock
        self._recorder = recorder
        self._host = host
        self._hits: dict[str, int] = {}

    def hits(self, name: str) -> int:
        """How often a machine that lived has heard it."""
        return self._hits.get(name, 0)

    def _hit(self, fault: Fault, heard: bool) -> None:
        self._hits[fault.name] = self.hits(fault.name) + heard

    def _say(self, word: Operator) -> bool:
        """Say it, unless the machine is dead; whether it was heard."""
        host, now_ns = self._host(), self._clock.now_ns
        if host.is_down:
            return False
        self._recorder.add(
            Event(
                now_ns,
                EventKind.INSTRUCTED,
                host.number,
                qty_lots=NO_MONITOR,
                leaves_lots=1,
                detail=int(word.action),
            )
        )
        host.receive(word)
        return True


class KillSwitch(_Words):
    """A host's kill switch, as faults see it."""

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Press it; it acts `severity` nanoseconds later."""
        del until_ns  # it happens once
        self._clock.at(from_ns + fault.severity, self._press, fault)

    def _press(self, fault: Fault) -> None:
        word = Operator(action=OperatorAction.KILL, authority=f"fault {fault.name}")
        self._hit(fault, self._say(word))


class LimitsDesk(_Words):
    """Where somebody types the limits of a host's desk, as faults see it."""

    def __init__(self, clock: Clock, recorder: Recorder, host: Callable[[], Host]) -> None:
        super().__init__(clock, recorder, host)
        self._typed: list[Fault] = []

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Type a factor; it is taken back when the fault ends, if it does."""
        self._clock.at(from_ns, self._set, fault)
        if fault.duration_ns:
            self._clock.at(until_ns, self._take_back, fault)

    def _set(self, fault: Fault) -> None:
        self._typed.append(fault)
        self._hit(fault, self._type(fault, fault.severity))

    def _take_back(self, fault: Fault) -> None:
        self._typed.remove(fault)
        self._type(fault, self._typed[-1].severity if self._typed else PPM)

    def _type(self, fault: Fault, ppm: int) -> bool:
        return self._say(
            Operator(
                action=OperatorAction.SET_LIMITS,
                authority=f"fault {fault.name}",
                limits_ppm=ppm,
            ),
        )


def attach_operators(assembly: "Assembly") -> None:
    """Let faults speak to each desk as people do."""

    def finder(number: int) -> Callable[[], Host]:
        return lambda: assembly.hosts[number]

    for number, name in enumerate(assembly.host_names):
        if number in assembly.desks:
            parts = assembly.clock, assembly.recorder, finder(number)
            assembly.points[name, "operator"] = KillSwitch(*parts)
            assembly.points[name, "limits"] = LimitsDesk(*parts)
