"""Two runs side by side, and the first event at which they differ.

Runs of one identity have one digest; where two differ, what happened first that was not the same in
both is where to look.
"""

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from research.report.run_data import RunData, load_run
from sim.recorder import EventKind

COMPARED: Final = (
    "digest", "status", "messages", "decisions", "orders", "rejects", "fills", "position_lots",
    "pnl", "void_rows", "expired_lots", "diverged_orders", "simulated_s",
)  # fmt: skip


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first event that is not the same; None where a run has ended."""

    index: int
    left: dict[str, Any] | None
    right: dict[str, Any] | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs.

    Attributes:
        identity: What of their identities differs.
        summary: What of their summaries differs, (left, right).
        hosts: The same for each host that both have.
        events_equal: Events that are the same from the start.
        first: The first that is not; None when all are.
    """

    left: str
    right: str
    same: bool
    identity: dict[str, tuple[Any, Any]]
    summary: dict[str, tuple[Any, Any]]
    hosts: dict[str, dict[str, tuple[Any, Any]]]
    events_equal: int
    first: Difference | None


def compare_runs(left: Path, right: Path) -> Comparison:
    """Hold two runs' folders against each other.

    Raises:
        InputError: One of them is no run.
    """
    one, two = load_run(left), load_run(right)
    first = _first_difference(one, two)
    counts = [len(run.events["time_ns"]) for run in (one, two)]
    return Comparison(
        left=one.run_id,
        right=two.run_id,
        same=first is None and one.summary["digest"] == two.summary["digest"],
        identity=_differing(one.identity, two.identity, tuple(one.identity)),
        summary=_differing(one.summary, two.summary, COMPARED),
        hosts=_hosts(one, two),
        events_equal=min(counts) if first is None else first.index,
        first=first,
    )


def _differing(
    one: dict[str, Any], two: dict[str, Any], names: tuple[str, ...]
) -> dict[str, tuple[Any, Any]]:
    return {
        name: (one.get(name), two.get(name)) for name in names if one.get(name) != two.get(name)
    }


def _hosts(one: RunData, two: RunData) -> dict[str, dict[str, tuple[Any, Any]]]:
    others = {host["name"]: host for host in two.summary["hosts"]}
    found = {
        host["name"]: _differing(host, others[host["name"]], tuple(host))
        for host in one.summary["hosts"]
        if host["name"] in others
    }
    return {name: fields for name, fields in found.items() if fields}


def _first_difference(one: RunData, two: RunData) -> Difference | None:
    """Where the streams of events part; the shorter one's end counts."""
    counts = [len(run.events["time_ns"]) for run in (one, two)]
    common = min(counts)
    differs = np.zeros(common, dtype=bool)
    for name in one.events:
        if name in two.events:
            differs |= one.events[name][:common] != two.events[name][:common]
    where = np.flatnonzero(differs)
    if len(where) == 0 and counts[0] == counts[1]:
        return None
    index = int(where[0]) if len(where) else common
    return Difference(index=index, left=_event(one, index), right=_event(two, index))


def _event(run: RunData, index: int) -> dict[str, Any] | None:
    """An event in words: its kind by name, and whatever is not zero."""
    if index >= len(run.events["time_ns"]):
        return None
    row = {name: int(column[index]) for name, column in run.events.items()}
    kind = EventKind(row.pop("kind")).name.lower()
    return {"kind": kind, **{name: value for name, value in row.items() if value}}
