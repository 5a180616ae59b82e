"""What people do to a desk that was not meant: a kill switch that is pressed by mistake, or acts late.

Model: each host with a desk is a fault point, `HOST.operator`. O-07 presses the switch when the fault begins;
the host hears it `severity` later. Nothing takes it back but a person's name, as with any other kill.
"""

from typing import TYPE_CHECKING

from market.codes import OperatorAction
from market.faults import Fault
from market.messages import Operator
from sim.clock import Clock
from sim.host import Host
from sim.recorder import Event, EventKind, Recorder

if TYPE_CHECKING:
    from scenarios.build import Assembly

NO_MONITOR = -1


class KillSwitch:
    """A host's kill switch, as faults see it.

    Args:
        host: That hears it.
    """

    def __init__(self, clock: Clock, recorder: Recorder, host: Host) -> None:
        self._clock = clock
        self._recorder = recorder
        self._host = host
        self._hits: dict[str, int] = {}

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Press it; it acts `severity` nanoseconds later."""
        del until_ns  # it happens once
        self._clock.at(from_ns + fault.severity, self._press, fault)

    def hits(self, name: str) -> int:
        """How often a machine that lived has heard it."""
        return self._hits.get(name, 0)

    def _press(self, fault: Fault) -> None:
        host, now_ns = self._host, self._clock.now_ns
        if host.is_down:
            return
        self._hits[fault.name] = self.hits(fault.name) + 1
        self._recorder.add(
            Event(
                now_ns,
                EventKind.INSTRUCTED,
                host.number,
                qty_lots=NO_MONITOR,
                leaves_lots=1,
                detail=int(OperatorAction.KILL),
            )
        )
        host.receive(Operator(action=OperatorAction.KILL, authority=f"fault {fault.name}"))


def attach_operators(assembly: "Assembly") -> None:
    """Let faults press the switch of each desk."""
    for number, name in enumerate(assembly.host_names):
        if number in assembly.desks:
            host = assembly.hosts[number]
            point = KillSwitch(assembly.clock, assembly.recorder, host)
            assembly.points[name, "operator"] = point
