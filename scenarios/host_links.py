"""The wires and latencies of the hosts of a run, with what its faults do to them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from scenarios.faults import RunFaults
from scenarios.line_feeds import line_spec
from scenarios.sections import HostSection
from sim.clock import Clock
from sim.slowdown import slowed
from sim.streams import stream_key
from sim.wire import Wire

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sim.latency import LatencyModel
    from sim.lines import LineSpec


class HostLinks:
    """Every wire and latency block that is made for a host, by host and part.

    Args:
        clock: Of the run.
        seed: Of the run.
        faults: Of the run.
    """

    def __init__(self, clock: Clock, seed: int, faults: RunFaults) -> None:
        self.wires: dict[tuple[str, str], list[Wire]] = {}
        self.blocks: dict[tuple[str, str], list[npt.NDArray[np.int64]]] = {}
        self._clock = clock
        self._seed = seed
        self._faults = faults

    def wires_of(
        self, host: HostSection, books: Mapping[int, str]
    ) -> tuple[Wire, Wire, dict[int, tuple[Wire, Wire]]]:
        """The wires of a host's session: its usual ones, and those of books whose venue has its own.

        Args:
            host: As it is written.
            books: Name of the venue of each book that it follows.
        """
        usual = self._wire(host, "orders", ""), self._wire(host, "reports", "")
        special = {
            venue: (self._wire(host, "orders", venue), self._wire(host, "reports", venue))
            for venue, links in host.venues.items()
            if links.orders is not None or links.reports is not None
        }
        others = {book: special[venue] for book, venue in books.items() if venue in special}
        return *usual, others

    def _wire(self, host: HostSection, part: Literal["orders", "reports"], venue: str) -> Wire:
        """A wire of a host's session."""
        name = f"{part}/{host.name}" + (f"/{venue}" if venue else "")
        wire = Wire(
            self._clock,
            self.block(host, part, host.latency(part, venue)),
            stream_key(self._seed, name),
            self._faults.impairments(host.name, part),
        )
        self.wires.setdefault((host.name, part), []).append(wire)
        return wire

    def block(
        self, host: HostSection, part: str, latency: "LatencyModel"
    ) -> "npt.NDArray[np.int64]":
        """A latency of a host."""
        rows = self._faults.slowdowns(host.name, part)
        block = slowed(latency.compile(), rows)
        self.blocks.setdefault((host.name, part), []).append(block)
        return block

    def feed(self, host: HostSection, book: str, venue: str) -> "npt.NDArray[np.int64]":
        """The latency of a host's feed of one book; the world keeps a copy that counts."""
        rows = self._faults.slowdowns(host.name, "feed", book)
        return slowed(host.latency("feed", venue).compile(), rows)

    def lines(self, host: HostSection, book_id: int, venue: str) -> "LineSpec | None":
        """The two lines that bring a host a book, or None where it has one."""
        return line_spec(host, self._seed, book_id, venue)
