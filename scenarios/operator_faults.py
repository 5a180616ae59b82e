"""What people do to a desk that was not meant: a kill switch pressed by mistake or late, limits typed wrong.

Model: each host with a desk is two fault points.

    HOST.operator   O-07 presses the kill switch; the host hears it `severity` later. Nothing takes it back but a
                    person's name, as with any other kill
    HOST.limits     O-03 makes every limit `severity` millionths of what was configured, until the fault ends or
                    the run does. Of several the one that began last is in force

Both are words (`market.messages.Operator`), with a name, on the way that every word takes: into the desk's inbox
and into its journal. A dead machine hears nothing: who spoke looks at its desk when a process is started again,
and says what is still meant and not in force once more.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from desk.gate.episodes import GateMode
from desk.pipeline import Desk
from market.codes import OperatorAction
from market.decisions import PPM
from market.faults import Fault
from market.messages import Operator
from scenarios.operator_words import speak
from sim.clock import Clock
from sim.host import Host
from sim.recorder import Recorder

if TYPE_CHECKING:
    from scenarios.build import Assembly


class _Words(ABC):
    """What somebody says to a host, and how often a machine that lived has heard it.

    Args:
        host: Who hears it; a restart gives the same one another desk.
    """

    def __init__(self, clock: Clock, recorder: Recorder, host: Host) -> None:
        self._clock = clock
        self._recorder = recorder
        self._host = host
        self._hits: dict[str, int] = {}

    @abstractmethod
    def renew(self, desk: Desk) -> None:
        """A new process runs on the machine, with a desk that may not have heard everything."""

    def hits(self, name: str) -> int:
        """How often a machine that lived has heard it."""
        return self._hits.get(name, 0)

    def _hit(self, fault: Fault, heard: bool) -> None:
        self._hits[fault.name] = self.hits(fault.name) + heard

    def _say(self, word: Operator) -> bool:
        """Say it, unless the machine is dead; whether it was heard."""
        return speak(self._host, word, self._clock, self._recorder)


class KillSwitch(_Words):
    """A host's kill switch, as faults see it."""

    def __init__(self, clock: Clock, recorder: Recorder, host: Host) -> None:
        super().__init__(clock, recorder, host)
        self._pressed: list[Fault] = []

    def renew(self, desk: Desk) -> None:
        """Press it again at a desk that was started and is not killed."""
        if self._pressed and desk.gate.data.mode is not GateMode.KILLED:
            self._press(self._pressed.pop())

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Press it; it acts `severity` nanoseconds later."""
        del until_ns  # it happens once
        self._clock.at(from_ns + fault.severity, self._press, fault)

    def _press(self, fault: Fault) -> None:
        self._pressed.append(fault)
        word = Operator(action=OperatorAction.KILL, authority=f"fault {fault.name}")
        self._hit(fault, self._say(word))


class LimitsDesk(_Words):
    """Where somebody types the limits of a host's desk, as faults see it."""

    def __init__(self, clock: Clock, recorder: Recorder, host: Host) -> None:
        super().__init__(clock, recorder, host)
        self._typed: list[Fault] = []
        self._last: Fault | None = None

    def renew(self, desk: Desk) -> None:
        """Type what is meant again at a desk that was started with something else."""
        if self._last is None or desk.gate.limits_ppm == self._meant_ppm:
            return
        heard = self._type(self._last)
        if self._typed and self._typed[-1] is self._last:
            self._hit(self._last, heard)

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Type a factor; it is taken back when the fault ends, if it does."""
        self._clock.at(from_ns, self._set, fault)
        if fault.duration_ns:
            self._clock.at(until_ns, self._take_back, fault)

    @property
    def _meant_ppm(self) -> int:
        """What the limits ought to be now, by who typed last."""
        return self._typed[-1].severity if self._typed else PPM

    def _set(self, fault: Fault) -> None:
        self._typed.append(fault)
        self._hit(fault, self._type(fault))

    def _take_back(self, fault: Fault) -> None:
        self._typed.remove(fault)
        self._type(fault)

    def _type(self, fault: Fault) -> bool:
        self._last = fault
        return self._say(
            Operator(
                action=OperatorAction.SET_LIMITS,
                authority=f"fault {fault.name}",
                limits_ppm=self._meant_ppm,
            ),
        )


def attach_operators(assembly: "Assembly") -> None:
    """Let faults speak to each desk as people do."""
    for number, name in enumerate(assembly.host_names):
        if number in assembly.desks:
            parts = assembly.clock, assembly.recorder, assembly.hosts[number]
            assembly.points[name, "operator"] = KillSwitch(*parts)
            assembly.points[name, "limits"] = LimitsDesk(*parts)


def renew_operators(assembly: "Assembly", number: int) -> None:
    """Let people look at the desk of a process that was just started."""
    for part in ("operator", "limits"):
        point = assembly.points[assembly.host_names[number], part]
        assert isinstance(point, _Words)
        point.renew(assembly.desks[number])
