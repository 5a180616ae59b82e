"""What moves a limit-up limit-down band, and what happens at its edge.

Model: the reference price is the plain mean of the trades of the last five minutes, but a new one
takes effect only when it has moved by one percent, and not within thirty seconds of the last. When
the best bid stands at the upper band or the best offer at the lower one, the stock is in a *limit
state*; after fifteen seconds in it, trading pauses for five minutes.

Times are nanoseconds and never go back; prices are units.

Limits: the mean is taken when it is asked for, not every thirty seconds; a straddle state, which
pauses only at an exchange's discretion, is left out.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from sim.venue_rules.auction import divide
from sim.venue_rules.auction_policy import PPM, Rounding
from sim.venue_rules.bands import MINUTE_NS, Band

WINDOW_NS: Final = 5 * MINUTE_NS
REPUBLISH_NS: Final = MINUTE_NS // 2
REPUBLISH_PPM: Final = PPM // 100
LIMIT_STATE_NS: Final = MINUTE_NS // 4
PAUSE_NS: Final = 5 * MINUTE_NS


@dataclass(slots=True)
class LuldReference:
    """The reference price of one stock.

    Args:
        price: The opening price, which is the first reference.
        since_ns: When that took effect.
    """

    price: int
    since_ns: int
    _trades: deque[tuple[int, int]] = field(default_factory=deque, init=False)
    _total: int = field(default=0, init=False)

    def on_trade(self, now_ns: int, price: int) -> None:
        """An eligible trade took place."""
        self._trades.append((now_ns, price))
        self._total += price

    def at(self, now_ns: int) -> int:
        """The reference in effect at a time, after moving it if it is due to move."""
        while self._trades and self._trades[0][0] <= now_ns - WINDOW_NS:
            self._total -= self._trades.popleft()[1]
        if self._trades and now_ns - self.since_ns >= REPUBLISH_NS and self._has_moved:
            self.price = self._mean
            self.since_ns = now_ns
        return self.price

    @property
    def due_ns(self) -> int | None:
        """When time alone may move it next; None while there are no trades."""
        if not self._trades:
            return None
        leaves_ns = self._trades[0][0] + WINDOW_NS
        return min(leaves_ns, self.since_ns + REPUBLISH_NS) if self._has_moved else leaves_ns

    @property
    def _mean(self) -> int:
        """The mean of the trades at hand, of which there are some."""
        return divide(self._total, len(self._trades), Rounding.HALF_UP)

    @property
    def _has_moved(self) -> bool:
        """Whether the mean is far enough from the price to become it."""
        return abs(self._mean - self.price) * PPM >= self.price * REPUBLISH_PPM


class LuldState(IntEnum):
    """Where a stock stands against its band."""

    NORMAL = 0
    LIMIT = 1
    PAUSED = 2


@dataclass(slots=True)
class LuldMonitor:
    """The limit states and pauses of one stock.

    Attributes:
        state: As of the last event.
        since_ns: When it began.
    """

    state: LuldState = LuldState.NORMAL
    since_ns: int = 0

    def advance(self, now_ns: int) -> LuldState:
        """Let time pass: a limit state becomes a pause, a pause ends."""
        if self.state == LuldState.LIMIT and now_ns - self.since_ns >= LIMIT_STATE_NS:
            self.state = LuldState.PAUSED
            self.since_ns += LIMIT_STATE_NS
        if self.state == LuldState.PAUSED and now_ns - self.since_ns >= PAUSE_NS:
            self.state = LuldState.NORMAL
            self.since_ns += PAUSE_NS
        return self.state

    def on_quote(self, now_ns: int, bid: int | None, ask: int | None, band: Band) -> LuldState:
        """The best bid or offer changed; None for a side without one."""
        if self.advance(now_ns) == LuldState.PAUSED:
            return self.state
        at_edge = (bid is not None and bid >= band.high) or (ask is not None and ask <= band.low)
        found = LuldState.LIMIT if at_edge else LuldState.NORMAL
        if found != self.state:
            self.state = found
            self.since_ns = now_ns
        return self.state

    @property
    def due_ns(self) -> int | None:
        """When time alone changes the state next."""
        waits = {LuldState.LIMIT: LIMIT_STATE_NS, LuldState.PAUSED: PAUSE_NS}
        wait = waits.get(self.state)
        return None if wait is None else self.since_ns + wait
