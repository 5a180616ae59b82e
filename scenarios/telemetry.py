"""Every latency of a run, measured from its events after it has ended.

Model: nothing is timed while the run goes on; the events say when everything happened, and a
latency is the difference of two of them:

    command_wire   a command left its host → it reached the venue
    report_wire    the venue answered → the answer reached the host
    report_queue   it reached the host → the host decided on it (it was busy meanwhile)
    compute        a decision was taken → it was computed and its commands left
    round_trip     an order left its host for the first time → its first answer reached the host
    view_age       the newest market data that a host knew was published → it was decided on

Wires and inboxes keep their order, so the nth departure of a key belongs to its nth arrival. What a
wire lost, and what was still under way when the run ended, has no latency. Percentiles are of
nearest rank: each is a latency that did occur.
"""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sim.recorder import EventKind

Ints = npt.NDArray[np.int64]

COMMANDS: Final = (EventKind.SUBMIT, EventKind.CANCEL, EventKind.REPLACE, EventKind.QUERY)
COLUMNS: Final = ("time_ns", "kind", "host", "order_id", "venue_ns", "detail", "leaves_lots")
PER_MILLE: Final = {"p50_ns": 500, "p90_ns": 900, "p99_ns": 990, "p999_ns": 999}
LATENCIES_FORMAT_VERSION: Final = 1


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """One latency of one host."""

    count: int
    p50_ns: int
    p90_ns: int
    p99_ns: int
    p999_ns: int
    max_ns: int


class Events:
    """The columns of events.parquet that latencies come from."""

    def __init__(self, columns: dict[str, Ints]) -> None:
        self.time_ns = columns["time_ns"]
        self.kind = columns["kind"]
        self.host = columns["host"]
        self.order_id = columns["order_id"]
        self.venue_ns = columns["venue_ns"]
        self.detail = columns["detail"]
        self.seen = columns["leaves_lots"]

    def at(self, *kinds: EventKind) -> Ints:
        """Rows of some kinds, in order."""
        return np.flatnonzero(np.isin(self.kind, kinds))


Latency = tuple[Ints, Ints]
"""Rows of events at which a latency ended, and how long it was in ns."""


def measure(events: Path, out: Path, hosts: list[str]) -> dict[str, dict[str, Percentiles]]:
    """Write latencies.parquet beside the events, one row a latency.

    Args:
        events: The run's events.parquet, closed.
        out: Where latencies.parquet goes: `time_ns` (when it ended), `kind`, `host`, `order_id`,
            `latency_ns`.
        hosts: Names of the hosts by number.

    Returns:
        Percentiles by host and kind; what did not occur is not there.
    """
    table = pq.read_table(events, columns=list(COLUMNS), use_threads=False)
    found = Events({name: table.column(name).to_numpy() for name in COLUMNS})
    schema = pa.schema(
        [
            ("time_ns", pa.int64()),
            ("kind", pa.dictionary(pa.int8(), pa.string())),
            ("host", pa.int64()),
            ("order_id", pa.int64()),
            ("latency_ns", pa.int64()),
        ],
        metadata={"market_twin_latencies": str(LATENCIES_FORMAT_VERSION)},
    )
    result: dict[str, dict[str, Percentiles]] = {name: {} for name in hosts}
    measured = latencies_of(found)
    names = pa.array(list(measured), pa.string())
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for number, (kind, (ended, latency_ns)) in enumerate(measured.items()):
            if len(ended) == 0:
                continue
            kinds = pa.DictionaryArray.from_arrays(np.full(len(ended), number, np.int8), names)
            columns = [found.time_ns[ended], kinds, found.host[ended], found.order_id[ended]]
            arrays = [pa.array(column) for column in (*columns, latency_ns)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            for host, name in enumerate(hosts):
                own = latency_ns[found.host[ended] == host]
                if len(own):
                    result[name][kind] = percentiles(own)
    return {name: kinds for name, kinds in result.items() if kinds}


def latencies_of(events: Events) -> dict[str, Latency]:
    """Every latency by kind."""
    received = events.at(EventKind.RECEIVED)
    computed = events.at(EventKind.COMPUTED)
    views = events.at(EventKind.VIEW)
    woken = views[(events.detail[views] != 0) & (events.seen[views] > 0)]
    return {
        "command_wire": _command_wire(events),
        "report_wire": (received, events.time_ns[received] - events.venue_ns[received]),
        "report_queue": _report_queue(events, received),
        "compute": (computed, events.time_ns[computed] - events.venue_ns[computed]),
        "round_trip": _round_trip(events, received),
        "view_age": (woken, events.time_ns[woken] - events.venue_ns[woken]),
    }


def percentiles(latency_ns: Ints) -> Percentiles:
    """Percentiles by nearest rank; there must be at least one latency."""
    ranked = np.sort(latency_ns)
    count = len(ranked)
    found = {name: int(ranked[-(-count * share // 1_000) - 1]) for name, share in PER_MILLE.items()}
    return Percentiles(count=count, max_ns=int(ranked[-1]), **found)


def _command_wire(events: Events) -> Latency:
    """Departures and arrivals of each host, order and kind of command, in order."""
    left = events.at(*COMMANDS)
    # The row behind a departure says so at once when the wire loses it.
    following = np.minimum(left + 1, len(events.kind) - 1)
    lost = (
        (events.kind[following] == EventKind.LOST)
        & (events.detail[following] == events.kind[left])
        & (events.order_id[following] == events.order_id[left])
        & (events.host[following] == events.host[left])
    )
    left = left[~lost]
    arrived = events.at(EventKind.ARRIVED)
    left_keys = (events.kind[left], events.order_id[left], events.host[left])
    arrived_keys = (events.detail[arrived], events.order_id[arrived], events.host[arrived])
    return _paired(events, left, left_keys, arrived, arrived_keys)


def _report_queue(events: Events, received: Ints) -> Latency:
    """Reports that reached a host and those that it decided on, in order."""
    decided = events.at(EventKind.REPORT)
    keys = (events.host[received],)
    return _paired(events, received, keys, decided, (events.host[decided],))


def _round_trip(events: Events, received: Ints) -> Latency:
    """First departure of each order and the first answer that came back for it."""
    left = _first_of_each(events, events.at(EventKind.SUBMIT))
    answered = _first_of_each(events, received)
    left_keys = (events.order_id[left], events.host[left])
    return _paired(
        events, left, left_keys, answered, (events.order_id[answered], events.host[answered])
    )


def _first_of_each(events: Events, rows: Ints) -> Ints:
    """The first row of each host and order."""
    keys = np.stack((events.host[rows], events.order_id[rows]))
    _, first = np.unique(keys, axis=1, return_index=True)
    return rows[np.sort(first)]


def _paired(
    events: Events,
    begun: Ints,
    begun_keys: tuple[Ints, ...],
    ended: Ints,
    ended_keys: tuple[Ints, ...],
) -> Latency:
    """Join the nth beginning of a key with its nth end; both lists are in order of time."""
    keys = np.stack([*begun_keys, _ordinal(begun_keys)], axis=1)
    others = np.stack([*ended_keys, _ordinal(ended_keys)], axis=1)
    all_keys = np.concatenate((keys, others))
    if len(all_keys) == 0:
        return ended, np.zeros(0, np.int64)
    _, code = np.unique(all_keys, axis=0, return_inverse=True)
    _, first, second = np.intersect1d(
        code[: len(keys)], code[len(keys) :], assume_unique=True, return_indices=True
    )
    in_order = np.argsort(second, kind="stable")
    first, second = first[in_order], second[in_order]
    return ended[second], events.time_ns[ended[second]] - events.time_ns[begun[first]]


def _ordinal(keys: tuple[Ints, ...]) -> Ints:
    """For each row, how many rows of the same key come before it."""
    count = len(keys[0])
    order = np.lexsort(keys)
    same = np.ones(max(count - 1, 0), np.bool_)
    for key in keys:
        same &= np.diff(key[order]) == 0
    places = np.arange(count)
    starts = np.concatenate((places[:1], np.where(same, 0, places[1:])))
    result = np.zeros(count, np.int64)
    result[order] = places - np.maximum.accumulate(starts)
    return result
