"""Where faults act: whatever can break says so by being a fault point.

Model: a run's plan names a kind and a target (`market.faults`); who builds a run knows which component is
meant. Before a fault begins, the component is told the whole stretch in which it acts, so that compiled
parts can prepare; at the end it says how often the fault bit.
"""

from typing import Protocol

from market.faults import Fault


class FaultPoint(Protocol):
    """A component that faults can act on."""

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Let a fault act in [from_ns, until_ns), or once at `from_ns` where it has no duration.

        Called at or before `from_ns`, at most once for each fault.
        """
        ...

    def hits(self, name: str) -> int:
        """How often the fault of this name bit so far."""
        ...
