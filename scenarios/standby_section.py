"""`[hosts.standby]`: a second machine that follows a host and takes over from it, as a strict struct."""

from typing import Final, Literal

import msgspec

from market.errors import InputError
from scenarios.written import Place, Reader, read_struct
from sim.latency import Constant, LatencyModel

STANDBY_WIRES: Final = ("compute", "feed", "orders", "reports", "link")
PPM: Final = 1_000_000
JITTER_PPM_MAX: Final = 500_000
DRIFT_PPM_MAX: Final = 100_000
BEATS_MIN: Final = 2


class StandbySection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The stand-by of a host.

    Attributes:
        name: Of its machine; keys its draws.
        heartbeat_ns: From one beat of the primary to the next.
        jitter_ppm: By how much that varies, either way.
        lease_ns: Silence after which the stand-by takes over.
        drift_ppm: By how much the two clocks may run fast or slow; the primary stops so much earlier.
        mode: Whether what adds risk waits until the stand-by has made its record durable.
        degrade_after_ns: How long it waits at most.
        alone: What a primary does that nobody answers: `stop`, or `trade` under the venue's fence alone.
        link: Latency between the two, each way.
        compute: How long a decision of the stand-by takes; as the host's by default, like the rest.
        feed: Latency of its market data.
        orders: Of its commands.
        reports: Of its answers.
    """

    name: str = "standby"
    heartbeat_ns: int = 100_000_000
    jitter_ppm: int = 100_000
    lease_ns: int = 300_000_000
    drift_ppm: int = 1_000
    mode: Literal["sync", "async"] = "sync"
    degrade_after_ns: int = 100_000_000
    alone: Literal["stop", "trade"] = "stop"
    link: LatencyModel = Constant(latency_ns=1_000_000)
    compute: LatencyModel | None = None
    feed: LatencyModel | None = None
    orders: LatencyModel | None = None
    reports: LatencyModel | None = None

    def __post_init__(self) -> None:
        for name, most in (("jitter_ppm", JITTER_PPM_MAX), ("drift_ppm", DRIFT_PPM_MAX)):
            if not 0 <= getattr(self, name) <= most:
                raise InputError(f"{name} is {getattr(self, name)}, allowed is 0 to {most}")
        if self.heartbeat_ns < 1:
            raise InputError(f"heartbeat is {self.heartbeat_ns} ns, allowed is above 0")
        least_ns = BEATS_MIN * self.heartbeat_ns * (PPM + self.jitter_ppm) // PPM
        if self.lease_ns < least_ns:
            raise InputError(
                f"lease is {self.lease_ns} ns, allowed is {least_ns} or more: two beats, each as late as "
                "it may be"
            )
        if self.degrade_after_ns < 1:
            raise InputError(f"degrade_after is {self.degrade_after_ns} ns, allowed is above 0")


def read_standby(value: object, where: Place, latency: Reader) -> StandbySection:
    """The section as it is written."""
    return read_struct(value, where, StandbySection, dict.fromkeys(STANDBY_WIRES, latency))
