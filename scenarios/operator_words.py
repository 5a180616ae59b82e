"""How a person's word reaches a host, and what of it is recorded: whoever says it, in a drill or in a session."""

from typing import Final

from market.messages import Operator
from sim.clock import Clock
from sim.host import Host
from sim.recorder import Event, EventKind, Recorder

NO_MONITOR: Final = -1
"""Who a recorded word is of, where it is no monitor's."""


def speak(host: Host, word: Operator, clock: Clock, recorder: Recorder) -> bool:
    """Say it, unless the machine is dead; whether it was heard."""
    if host.is_down:
        return False
    recorder.add(
        Event(
            clock.now_ns,
            EventKind.INSTRUCTED,
            host.number,
            qty_lots=NO_MONITOR,
            leaves_lots=1,
            detail=int(word.action),
        )
    )
    host.receive(word)
    return True
