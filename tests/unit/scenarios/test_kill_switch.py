"""The kill switch with a hundred orders open, in all sixteen combinations of what may be broken.

Judged on what left the desk and on the venue's own orders.
"""

import copy
import tomllib
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chaos.world import EventsInMemory
from scenarios.build import Assembly
from scenarios.run_journal import RunWriter
from scenarios.schema import scenario_of
from sim.recorder import Event, EventKind
from sim.wire import Impairment, ImpairmentKind

LIBRARY = Path(str(resources.files("scenarios") / "library"))
BASE = tomllib.loads((LIBRARY / "drill_base.toml").read_text())
MS = 1_000_000
KILL_NS = 5_000 * MS
LAST_ORDER_NS = 5 * MS
CANCELS_NS = 50 * MS
DONE_NS = 2_000 * MS
MAKERS = 25
LINK = {"model": "lognormal", "median": "1200us", "sigma": 0.2, "min": "1ms"}
COMBINATIONS = list(product((False, True), repeat=4))


def world(*, journal: bool, feed: bool, standby: bool) -> dict[str, Any]:
    """Twenty-five makers in two books, with what is to be broken."""
    table = copy.deepcopy(BASE)
    table["run"]["duration"] = "8s"
    host = table["hosts"][0]
    stack, gate = host["stack"], host["stack"]["gate"]
    host["stale"] = stack["stale"] = "20s"
    host["venues"] = {"NORTH": {"orders": LINK, "reports": LINK}}
    gate["instruments"]["*"] |= {"stale": "20s", "position_lots": 4_000}
    gate["portfolio"] |= {"orders_max": 4_000, "disconnect": "20s"}
    stack["limits"] |= {"messages_max": 800, "cancel_reserve": 400}
    stack["limits"]["instruments"]["*"]["position_lots"] = 4_000
    del stack["flat_before_end"]
    maker, words = stack["strategies"][0], gate["strategies"]["maker"]
    stack["strategies"] = []
    gate["strategies"] = {}
    for number in range(MAKERS):
        one = copy.deepcopy(maker) | {"name": f"maker{number}"}
        one["params"] |= {"qty_lots": 2, "inventory_lots_max": 40}
        stack["strategies"].append(one)
        gate["strategies"][one["name"]] = copy.deepcopy(words)
    who = "standby" if standby else "desk"
    faults = [{"name": "kill", "kind": "O-07", "target": f"{who}.operator", "severity": "1ns"}]
    faults[0]["at"] = f"{KILL_NS - 1}ns"
    if standby:
        host["standby"] = {"name": "standby"}
        faults.append({"name": "dies", "kind": "P-01", "target": "desk", "at": "2s"})
    if journal:
        at = f"{KILL_NS - 1 * MS}ns"
        faults.append(
            {"name": "full", "kind": "S-03", "target": f"{who}.journal", "at": at, "duration": "2s"}
        )
    if feed:
        faults.append(
            {"name": "late", "kind": "F-01", "target": f"{who}.feed", "at": "4s", "duration": "4s"}
        )
        faults[-1]["severity"] = "3s"
    table["faults"] = faults
    return table


class KillRun:
    """One run, played to its end, with what was open when the switch was pressed."""

    def __init__(self, *, journal: bool, feed: bool, gateway: bool, standby: bool) -> None:
        table = world(journal=journal, feed=feed, standby=standby)
        scenario = scenario_of(table, "kill.toml", LIBRARY)
        sink = EventsInMemory()
        self.assembly = Assembly(scenario, None, 7, sink, journal=lambda _: RunWriter(None))
        self.host = 1 if standby else 0
        start_ns = self.assembly.start_ns
        self.killed_ns = start_ns + KILL_NS
        if gateway:
            self._cut_north()
        self.assembly.clock.run_until(self.killed_ns - 1)
        self.open = {key for key, one in self.assembly.venue.orders.items() if one.alive}
        self.assembly.clock.run_until(self.assembly.end_ns)
        self.assembly.recorder.flush()
        self.events = [Event(*row) for row in sink.rows().tolist()]

    def _cut_north(self) -> None:
        """The gateway of one venue is dead from just before the kill, both ways."""
        name = self.assembly.host_names[self.host]
        from_ns, until_ns = self.killed_ns - 5 * MS, self.killed_ns + 1_000 * MS
        row = Impairment(kind=ImpairmentKind.PARTITION, from_ns=from_ns, until_ns=until_ns)
        for part in ("orders", "reports"):
            _, north = self.assembly.links.wires[name, part]
            north.impairments.append(row)
            north.lost.append(0)

    def left(self, *kinds: EventKind) -> list[Event]:
        """What left the desk in charge, of some kinds."""
        return [one for one in self.events if one.kind in kinds and one.host == self.host]


@pytest.mark.parametrize(("journal", "feed", "gateway", "standby"), COMBINATIONS)
def test_a_kill_is_bounded_whatever_else_is_broken(
    *, journal: bool, feed: bool, gateway: bool, standby: bool
) -> None:
    run = KillRun(journal=journal, feed=feed, gateway=gateway, standby=standby)

    assert [one.hits for one in run.assembly.faults.outcomes(run.assembly)] != []
    assert all(one.hits for one in run.assembly.faults.outcomes(run.assembly))
    assert len(run.open) >= 100
    new = [one.time_ns for one in run.left(EventKind.SUBMIT, EventKind.REPLACE)]
    assert max(new) <= run.killed_ns + LAST_ORDER_NS
    ended = {
        one.order_id
        for one in run.events
        if one.kind == EventKind.ANSWER and one.leaves_lots == 0 and one.time_ns <= run.killed_ns
    }
    cancelled = {
        one.order_id: one.time_ns
        for one in reversed(run.left(EventKind.CANCEL))
        if one.time_ns >= run.killed_ns - 2 * MS
    }
    missing = run.open - cancelled.keys() - ended
    assert not missing
    assert max(cancelled.values()) <= run.killed_ns + CANCELS_NS
    dead = {key for key in run.open if gateway and run.assembly.venue.orders[key].book_id == 0}
    last_ns = max(
        (
            one.time_ns
            for one in run.events
            if one.kind == EventKind.ANSWER and one.order_id in run.open - dead
        ),
        default=0,
    )
    assert last_ns <= run.killed_ns + DONE_NS
    alive = {key for key, one in run.assembly.venue.orders.items() if one.alive}
    assert alive <= dead
