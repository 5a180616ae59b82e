"""The stores of a run: under each journal that something is to happen to, one that can break.

Model: a host whose journal no fault is about has no store, and costs nothing.
"""

from typing import TYPE_CHECKING

from market.faults import FaultKind
from scenarios.fault_effects import target_of
from sim.store import Store
from sim.streams import stream_key

if TYPE_CHECKING:
    from scenarios.build import Assembly


class Stores:
    """All stores of a run, by host.

    Args:
        assembly: What is being put together; its hosts are there.
    """

    def __init__(self, assembly: "Assembly") -> None:
        wanted = {
            target_of(fault).owner
            for fault in assembly.scenario.faults
            if target_of(fault).part == "journal"
            or (fault.kind is FaultKind.HOST_CRASH and fault.duration_ns)
        }
        self.all: dict[int, Store] = {}
        for number, commit in assembly.commits.items():
            name = assembly.host_names[number]
            if name not in wanted:
                continue
            store = self.all[number] = Store(
                assembly.clock,
                assembly.recorder,
                host=number,
                medium=assembly.writers[number],
                key=stream_key(assembly.seed, f"store/{name}"),
            )
            commit.store = store
            host = assembly.hosts[number]
            store.tell, store.release, store.drop = host.receive, host.release, host.drop
            assembly.points[name, "journal"] = store
