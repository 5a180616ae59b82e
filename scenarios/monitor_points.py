"""Where faults act on a monitor: its machine, and its latencies."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from market.faults import Fault
from sim.lookout import Lookout
from sim.slowdown import hits_of, move

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from scenarios.faults import RunFaults
    from sim.clock import Clock

Blocks = Callable[[], "dict[str, npt.NDArray[np.int64]]"]
"""Latencies by the name of the book that they are of; the name is empty for what is of no book."""


class MachinePoint:
    """The machine of a monitor, which may die (`sim.faultpoint`)."""

    def __init__(self, clock: "Clock", lookout: Lookout) -> None:
        self._clock = clock
        self._lookout = lookout

    def begin(self, _fault: Fault, from_ns: int, _until_ns: int) -> None:
        """It dies then."""
        self._clock.at(from_ns, self._lookout.crash)

    def hits(self, _name: str) -> int:
        """What it has missed since."""
        return self._lookout.missed


class BlocksPoint:
    """Latencies of a monitor, which may be slowed (`sim.faultpoint`).

    Their rows are made with the run; here they are put where a fault turns out to be, and counted.
    """

    def __init__(self, faults: "RunFaults", name: str, part: str, blocks: Blocks) -> None:
        self._faults = faults
        self._name = name
        self._part = part
        self._blocks = blocks

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Slow in [from_ns, until_ns)."""
        for block, at in self._rows(fault.name):
            move(block, at, from_ns, until_ns)

    def hits(self, name: str) -> int:
        """Latencies that were changed."""
        return sum(hits_of(block)[at] for block, at in self._rows(name))

    def _rows(self, name: str) -> "list[tuple[npt.NDArray[np.int64], int]]":
        """Blocks, and the row of a fault in each."""
        return [
            (block, at)
            for book, block in self._blocks().items()
            for at, one in enumerate(self._faults.slowing(self._name, self._part, book))
            if one.name == name
        ]
