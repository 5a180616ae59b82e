"""`[hosts.lines]`: a host whose market data comes on two lines, and how it mends what both lose."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from market.errors import InputError
from scenarios.written import Place, Reader, read_struct
from sim.latency import LATENCY_NS_MAX, Constant, LatencyModel

PPM: Final = 1_000_000
REQUESTS_MAX: Final = 1_000
ASK_MOST_MAX: Final = 1 << 20
MS: Final = 1_000_000
LATENCIES: Final = ("a", "b", "refill", "snapshot")


class LineSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Both lines of a host's feed, each with the same messages under the same numbers.

    Attributes:
        a: Latency of line A; the host's `feed` by default.
        b: Latency of line B, likewise.
        wait_ns: How long a message may be missing on both lines before that is a gap.
        heartbeat_ns: Time between heartbeats, which say what has been published so far; 0 for none.
        requests: Most requests for one gap; 0 asks never.
        request_every_ns: Least time between two requests, whatever gaps they are for.
        request_messages: Largest gap that is asked for; for a larger one a snapshot is waited for.
        refill: Time of a request and its answer.
        refill_loss_ppm: Requests that are never answered, of a million.
        snapshot_every_ns: Time between snapshots.
        snapshot: Latency of a snapshot.
        behind_ns: Lag from which a line counts as behind the other.
    """

    a: LatencyModel | UnsetType = UNSET
    b: LatencyModel | UnsetType = UNSET
    wait_ns: int = MS
    heartbeat_ns: int = 100 * MS
    requests: int = 3
    request_every_ns: int = 20 * MS
    request_messages: int = 1_000
    refill: LatencyModel = Constant(latency_ns=5 * MS)
    refill_loss_ppm: int = 0
    snapshot_every_ns: int = 500 * MS
    snapshot: LatencyModel = Constant(latency_ns=10 * MS)
    behind_ns: int = 50 * MS

    def __post_init__(self) -> None:
        for name, low, high in (
            ("wait_ns", 0, LATENCY_NS_MAX),
            ("heartbeat_ns", 0, LATENCY_NS_MAX),
            ("requests", 0, REQUESTS_MAX),
            ("request_every_ns", 1, LATENCY_NS_MAX),
            ("request_messages", 1, ASK_MOST_MAX),
            ("refill_loss_ppm", 0, PPM),
            ("snapshot_every_ns", MS, LATENCY_NS_MAX),
            ("behind_ns", 0, LATENCY_NS_MAX),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                unit = " ns" if name.endswith("_ns") else ""
                raise InputError(
                    f"{name.removesuffix('_ns')} is {value}{unit}, allowed is {low} to {high}"
                )


def read_lines(value: object, where: Place, latency: Reader) -> LineSection:
    """The section `[hosts.lines]`.

    Args:
        latency: Reads a latency model.

    Raises:
        InputError: A key is unknown, or a value is not what its field allows.
    """
    return read_struct(value, where, LineSection, dict.fromkeys(LATENCIES, latency))


def line_models(section: LineSection | UnsetType) -> list[tuple[str, LatencyModel]]:
    """Every latency of a section by its key, but for those that are the host's own; none without one."""
    if section is UNSET:
        return []
    models = [(name, getattr(section, name)) for name in LATENCIES]
    return [(name, model) for name, model in models if model is not UNSET]
