"""`[hosts.session]`: order-entry sessions that have numbers, heartbeats and logons, as a strict struct."""

from typing import Final

import msgspec

from market.errors import InputError
from market.units import DURATION_NS_MAX
from sim.front.throttle import COUNT_MAX
from sim.gateway.terms import PPM, Terms

MS: Final = 1_000_000
JITTER_PPM_MAX: Final = 500_000


class SessionSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a host and each of its venues have agreed on.

    Attributes:
        heartbeat_ns: From a beat to the next, both ways.
        jitter_ppm: By how much that varies, either way.
        quiet_ns: Silence after which an end asks whether the other lives; the host stops trading.
        timeout_ns: Silence after which an end takes the connection for dead.
        logon_ns: How long a logon or logout may take.
        reconnect_ns: From the end of a connection to the next logon.
        throttle: Messages that a venue takes in a window, over its own rules; 0 for any number.
        window_ns: How long that window is.
    """

    heartbeat_ns: int = 1_000 * MS
    jitter_ppm: int = 100_000
    quiet_ns: int = 1_500 * MS
    timeout_ns: int = 2_500 * MS
    logon_ns: int = 1_000 * MS
    reconnect_ns: int = 1_000 * MS
    throttle: int = 0
    window_ns: int = 1_000 * MS

    def __post_init__(self) -> None:
        latest_ns = self.heartbeat_ns * (PPM + self.jitter_ppm) // PPM
        for name, low, high in (
            ("heartbeat_ns", MS, DURATION_NS_MAX),
            ("jitter_ppm", 0, JITTER_PPM_MAX),
            ("quiet_ns", latest_ns + 1, DURATION_NS_MAX),
            ("timeout_ns", self.quiet_ns + 1, DURATION_NS_MAX),
            ("logon_ns", MS, DURATION_NS_MAX),
            ("reconnect_ns", MS, DURATION_NS_MAX),
            ("throttle", 0, COUNT_MAX),
            ("window_ns", 1, DURATION_NS_MAX),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                unit = " ns" if name.endswith("_ns") else ""
                raise InputError(
                    f"{name.removesuffix('_ns')} is {value}{unit}, allowed is {low} to {high}"
                )

    @property
    def terms(self) -> Terms:
        """The same, as both ends keep to it."""
        return Terms(
            self.heartbeat_ns,
            self.jitter_ppm,
            self.quiet_ns,
            self.timeout_ns,
            self.logon_ns,
            self.reconnect_ns,
            self.throttle,
            self.window_ns,
        )
