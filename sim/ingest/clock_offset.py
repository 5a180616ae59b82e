"""How far a recorder's clock is off the exchange's, from one-way messages only.

**Model.** The delay of a message is the wire's (never negative) plus the clocks' difference, so the
smallest `local - exchange` of a window of time is the offset plus the best wire delay in it. The
offset is the median of the windows' minima, the drift is what their medians change by between the
first and the second half.

**Limits.** One-way messages can't tell a clock that is early from a wire that is fast: the estimate
contains the least delay (here a few ms), and stamps of whole milliseconds add up to 1 ms. Once there
are many windows, neighbours are merged and windows become twice as long: memory does not grow.
"""

import statistics

WINDOW_NS = 10_000_000_000
WINDOWS_MAX = 4_096


class ClockOffset:
    """Takes pairs of times in the order of arrival."""

    def __init__(self) -> None:
        self._window_ns = WINDOW_NS
        self._windows: list[tuple[int, int]] = []
        self._window_end_ns = 0
        self._local_ns = 0
        self._least_ns: int | None = None

    def see(self, local_ns: int, exchange_ns: int) -> None:
        """Take one message's local receive time and exchange time."""
        delta_ns = local_ns - exchange_ns
        if self._least_ns is None or local_ns >= self._window_end_ns:
            self._close_window()
            self._window_end_ns = local_ns + self._window_ns
            self._local_ns, self._least_ns = local_ns, delta_ns
        elif delta_ns < self._least_ns:
            self._least_ns = delta_ns

    @property
    def recent_ns(self) -> int | None:
        """The estimate from what the running window has seen so far, or None before any message."""
        return self._least_ns

    def statistics(self) -> dict[str, int]:
        """Offset (local minus exchange, ns), drift (parts in 10^9), and windows of time used."""
        windows = list(self._windows)
        if self._least_ns is not None:
            windows.append((self._local_ns, self._least_ns))
        offset_ns = int(statistics.median(least for _, least in windows)) if windows else 0
        return {
            "clock_offset_ns": offset_ns,
            "clock_drift_ppb": _drift_ppb(windows),
            "clock_windows": len(windows),
        }

    def _close_window(self) -> None:
        if self._least_ns is None:
            return
        self._windows.append((self._local_ns, self._least_ns))
        if len(self._windows) == WINDOWS_MAX:
            pairs = zip(self._windows[::2], self._windows[1::2], strict=True)
            self._windows = [(one[0], min(one[1], two[1])) for one, two in pairs]
            self._window_ns *= 2


def _drift_ppb(windows: list[tuple[int, int]]) -> int:
    """Change of the minima between the halves, in ns a second; 0 for less than two windows."""
    half = len(windows) // 2
    if half == 0:
        return 0
    first, second = windows[:half], windows[-half:]
    elapsed_ns = _median(second, 0) - _median(first, 0)
    change_ns = _median(second, 1) - _median(first, 1)
    return change_ns * 1_000_000_000 // elapsed_ns if elapsed_ns > 0 else 0


def _median(windows: list[tuple[int, int]], column: int) -> int:
    return int(statistics.median_low(window[column] for window in windows))
