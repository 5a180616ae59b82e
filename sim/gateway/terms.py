"""How two ends of a session look after each other: beats, patience, and how many messages may pass."""

from typing import Final, NamedTuple

from sim.streams import draw, uniform_below

PPM: Final = 1_000_000
HOST_CAUSE: Final = 1
EDGE_CAUSE: Final = 2


class Terms(NamedTuple):
    """What both ends of a session keep to.

    Attributes:
        heartbeat_ns: From a beat to the next.
        jitter_ppm: By how much that varies, either way.
        quiet_ns: Silence after which an end asks whether the other lives.
        timeout_ns: Silence after which it takes the connection for dead.
        logon_ns: How long a logon may take.
        reconnect_ns: From the end of a connection to the next logon.
        throttle: Messages that the venue takes in a window; 0 for any number.
        window_ns: How long that is.
    """

    heartbeat_ns: int = 1_000_000_000
    jitter_ppm: int = 100_000
    quiet_ns: int = 1_500_000_000
    timeout_ns: int = 2_500_000_000
    logon_ns: int = 1_000_000_000
    reconnect_ns: int = 1_000_000_000
    throttle: int = 0
    window_ns: int = 1_000_000_000

    def wait_ns(self, key: int, number: int, cause: int) -> int:
        """From a beat to the next."""
        span_ns = self.heartbeat_ns * self.jitter_ppm // PPM
        if span_ns == 0:
            return self.heartbeat_ns
        drawn = uniform_below(draw(key, number, cause), 2 * span_ns + 1)
        return self.heartbeat_ns - span_ns + drawn
