"""Latencies are differences of events: nothing is lost, mixed up or invented."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.codes import Mode
from scenarios.telemetry import Events, Percentiles, latencies_of, measure, percentiles
from sim.recorder import EVENT_COLUMNS, Event, EventKind
from tests.rig import Rig, Setup

FEED_NS, ORDER_NS, COMPUTE_NS = 90, 120, 400


def columns(events: list[Event]) -> dict[str, np.ndarray]:
    """Events as columns."""
    table = np.array(events, np.int64).reshape(-1, len(EVENT_COLUMNS))
    return {name: table[:, number].copy() for number, name in enumerate(EVENT_COLUMNS)}


@pytest.fixture(scope="module")
def rig() -> Rig:
    """A run of constant latencies with three hosts."""
    setup = Setup(
        5, Mode.REACTIVE, message_count=1_500, feed_ns=[FEED_NS] * 3, order_ns=[ORDER_NS] * 3,
        compute_ns=[COMPUTE_NS] * 3, stale_ns=[0] * 3,
    )  # fmt: skip
    return Rig(setup, slow=False).run()


def test_constant_wires_and_computing_are_measured_as_they_are(rig: Rig) -> None:
    found = latencies_of(Events(columns(rig.events)))

    for kind, latency_ns in (
        ("report_wire", ORDER_NS), ("compute", COMPUTE_NS), ("command_wire", ORDER_NS)
    ):  # fmt: skip
        ended, latencies = found[kind]
        assert len(ended) > 100
        # A wire never overtakes itself, and here never has to wait: all depart after the last one.
        assert set(latencies.tolist()) == {latency_ns}
    assert found["view_age"][1].min() >= FEED_NS
    assert found["round_trip"][1].min() == 2 * ORDER_NS


def test_reports_wait_while_their_host_is_busy_and_each_is_counted_once(rig: Rig) -> None:
    ended, queue_ns = latencies_of(Events(columns(rig.events)))["report_queue"]

    decided = [i for i, event in enumerate(rig.events) if event.kind == EventKind.REPORT]
    assert ended.tolist() == decided
    assert queue_ns.max() > COMPUTE_NS
    waiting: dict[int, list[int]] = {}
    expected = []
    for event in rig.events:
        if event.kind == EventKind.RECEIVED:
            waiting.setdefault(event.host, []).append(event.time_ns)
        elif event.kind == EventKind.REPORT:
            expected.append(event.time_ns - waiting[event.host].pop(0))
    assert queue_ns.tolist() == expected


def test_a_round_trip_is_one_for_each_order(rig: Rig) -> None:
    ended, trip_ns = latencies_of(Events(columns(rig.events)))["round_trip"]

    first: dict[tuple[int, int], int] = {}
    expected = {}
    for event in rig.events:
        order = (event.host, event.order_id)
        if event.kind == EventKind.SUBMIT:
            first.setdefault(order, event.time_ns)
        elif event.kind == EventKind.RECEIVED and order in first and order not in expected:
            expected[order] = event.time_ns - first[order]
    found = {
        (rig.events[row].host, rig.events[row].order_id): trip
        for row, trip in zip(ended.tolist(), trip_ns.tolist(), strict=True)
    }
    assert found == expected
    assert len(found) > 30


def test_what_a_wire_lost_or_still_carries_has_no_latency() -> None:
    submit, cancel = EventKind.SUBMIT, EventKind.CANCEL
    events = [
        Event(10, submit, 0, order_id=1),
        Event(20, cancel, 0, order_id=1),
        Event(20, EventKind.LOST, 0, order_id=1, detail=cancel),
        Event(30, EventKind.ARRIVED, 0, order_id=1, detail=submit),
        Event(40, cancel, 0, order_id=1),
        Event(47, EventKind.ARRIVED, 0, order_id=1, detail=cancel),
        Event(50, submit, 1, order_id=1),
        Event(60, submit, 0, order_id=2),
    ]

    ended, latency_ns = latencies_of(Events(columns(events)))["command_wire"]

    assert ended.tolist() == [3, 5]
    assert latency_ns.tolist() == [20, 7]


def test_every_kind_of_command_that_arrived_has_a_latency(rig: Rig) -> None:
    ended, _ = latencies_of(Events(columns(rig.events)))["command_wire"]

    arrived = {i for i, event in enumerate(rig.events) if event.kind == EventKind.ARRIVED}
    kinds = {rig.events[i].detail for i in arrived}
    assert {EventKind.SUBMIT, EventKind.CANCEL, EventKind.REPLACE, EventKind.QUERY} == kinds
    assert arrived == set(ended.tolist())


def test_no_events_have_no_latencies() -> None:
    found = latencies_of(Events(columns([])))

    assert {kind: len(latency) for kind, (_, latency) in found.items()} == dict.fromkeys(found, 0)


@pytest.mark.parametrize("count", [1, 2, 10, 999, 1_000, 1_001])
def test_percentiles_are_latencies_of_nearest_rank(count: int) -> None:
    values = np.arange(count, 0, -1) * 3

    def rank(per_mille: int) -> int:
        """The least value that at least so many of the values do not exceed."""
        return min(int(v) for v in values if (values <= v).sum() * 1_000 >= per_mille * count)

    assert percentiles(values) == Percentiles(
        count=count, p50_ns=rank(500), p90_ns=rank(900), p99_ns=rank(990), p999_ns=rank(999),
        max_ns=3 * count,
    )  # fmt: skip


def test_the_file_holds_every_latency_and_the_summary_its_percentiles(
    tmp_path: Path, rig: Rig
) -> None:
    pq.write_table(pa.table(columns(rig.events)), tmp_path / "events.parquet")
    names = ["one", "two", "three"]

    found = measure(tmp_path / "events.parquet", tmp_path / "latencies.parquet", names)

    table = pq.read_table(tmp_path / "latencies.parquet")
    assert table.column_names == ["time_ns", "kind", "host", "order_id", "latency_ns"]
    rows = table.to_pylist()
    assert list(found) == names
    for host, name in enumerate(names):
        for kind, shown in found[name].items():
            own = [r["latency_ns"] for r in rows if (r["host"], r["kind"]) == (host, kind)]
            assert (shown.count, shown.max_ns) == (len(own), max(own))
    assert sum(shown.count for kinds in found.values() for shown in kinds.values()) == len(rows)
    decisions = sum(shown["compute"].count for shown in found.values())
    # Each host may be computing its last decision when the run ends.
    taken = sum(host.decisions for host in rig.hosts)
    assert taken - len(rig.hosts) <= decisions <= taken
