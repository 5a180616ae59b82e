"""Our time: nanoseconds since the epoch that never fall, whatever anybody does to the system's clock.

Model: the system's time of day is read once; from then on the monotonic clock counts. A step of the time of
day is seen as a growing offset, and is no step here.
"""

import time


class WallClock:
    """Time of one process.

    Args:
        not_before_ns: An earlier process has used times up to here.
    """

    def __init__(self, not_before_ns: int = 0) -> None:
        self._began_ns = max(time.time_ns(), not_before_ns)
        self._count_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        """Now."""
        return self._began_ns + time.monotonic_ns() - self._count_ns

    @property
    def offset_ns(self) -> int:
        """By how much the system's time of day is ahead of ours."""
        return time.time_ns() - self.now_ns()
