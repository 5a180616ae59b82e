"""The wires and latencies of the hosts of a run, with what its faults do to them."""

from typing import TYPE_CHECKING

from scenarios.faults import RunFaults
from scenarios.sections import HostSection
from sim.clock import Clock
from sim.slowdown import slowed
from sim.streams import stream_key
from sim.wire import Wire

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sim.latency import LatencyModel


class HostLinks:
    """Every wire and latency block that is made for a host, by host and part.

    Args:
        clock: Of the run.
        seed: Of the run.
        faults: Of the run.
    """

    def __init__(self, clock: Clock, seed: int, faults: RunFaults) -> None:
        self.wires: dict[tuple[str, str], Wire] = {}
        self.blocks: dict[tuple[str, str], npt.NDArray[np.int64]] = {}
        self._clock = clock
        self._seed = seed
        self._faults = faults

    def wire(self, host: HostSection, part: str, latency: "LatencyModel") -> Wire:
        """A wire of a host's session."""
        wire = self.wires[host.name, part] = Wire(
            self._clock,
            self.block(host, part, latency),
            stream_key(self._seed, f"{part}/{host.name}"),
            self._faults.impairments(host.name, part),
        )
        return wire

    def block(
        self, host: HostSection, part: str, latency: "LatencyModel"
    ) -> "npt.NDArray[np.int64]":
        """A latency of a host."""
        rows = self._faults.slowdowns(host.name, part)
        block = self.blocks[host.name, part] = slowed(latency.compile(), rows)
        return block

    def feed(
        self, host: HostSection, book: str, latency: "LatencyModel"
    ) -> "npt.NDArray[np.int64]":
        """The latency of a host's feed of one book; the world keeps a copy that counts."""
        return slowed(latency.compile(), self._faults.slowdowns(host.name, "feed", book))
