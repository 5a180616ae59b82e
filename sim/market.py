"""The market as the clock sees it: the world, and who must hear of what it brings forth."""

from collections.abc import Callable, Sequence

from sim.clock import Clock
from sim.kernels.layout import OBSERVED
from sim.venue import Venue
from sim.world import OutRow, World


class WorldMarket:
    """Lets a world happen between control events and hands on what becomes observable.

    Args:
        observers: For each subscription, what to call with (subscription, triggers).
    """

    def __init__(
        self,
        clock: Clock,
        world: World,
        venue: Venue,
        observers: Sequence[Callable[[tuple[int, int]], None]],
    ) -> None:
        self._clock = clock
        self._world = world
        self._venue = venue
        self._observers = observers
        self.now_ns = world.now_ns

    def advance(self, until_ns: int) -> bool:
        """Let the world happen; whether something became observable."""
        rows = self._world.advance(until_ns)
        if not rows:
            self.now_ns = until_ns
            return False
        self.now_ns = self._world.now_ns
        for row in rows:
            self._hand_on(row)
        return True

    def _hand_on(self, row: OutRow) -> None:
        """An observation wakes its host when it is due; a report goes to the order's owner."""
        if row.type == OBSERVED:
            self._clock.at(row.ts_ns, self._observers[row.id], (row.id, row.qty_lots))
        else:
            self._venue.answer(row)
