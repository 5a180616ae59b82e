"""A band that never moves: the price limits of a day."""

from sim.clock import NEVER_NS
from sim.schedule.guard import Act, PhaseBegan, Seen, SetBand
from sim.venue_rules.bands import Band


class FixedBand:
    """A band that never moves: a day's price limits.

    Args:
        book_id: Of the run.
        band: In ticks, both ends included.
    """

    def __init__(self, book_id: int, band: Band) -> None:
        self._act = SetBand(0, book_id, band.low, band.high)
        self._set = False

    @property
    def due_ns(self) -> int:
        """Time alone never makes it act."""
        return NEVER_NS

    def advance(self, now_ns: int) -> list[Act]:
        """Nothing happens by time alone."""
        del now_ns
        return []

    def on(self, seen: Seen, now_ns: int) -> list[Act]:
        """The first phase sets it."""
        if self._set or not isinstance(seen, PhaseBegan):
            return []
        self._set = True
        return [self._act._replace(ts_ns=now_ns)]
