"""One stock's circuit breaker before limit-up limit-down: a pause when its price jumps.

Model: every trade is held against all trades of the last five minutes; if it lies ten percent or more
away from any of them, up or down, trading pauses for five minutes. It is enough to know the lowest and
the highest of those trades. What traded before a pause is forgotten.

The trade that sets it off has taken place, and stands.
"""

from collections import deque

from market.codes import Phase
from sim.clock import NEVER_NS
from sim.schedule.effective import Interruption
from sim.schedule.guard import Act, Interrupt, PhaseBegan, Seen, Traded
from sim.schedule.resolve import Session
from sim.schedule.stock_rules import JumpRules, time_of_day_ns


class JumpDay:
    """The breaker of one book on one day.

    Args:
        book_id: Whose acts these are.
        session: The day.
        rules: As they stood.
        previous_close_x2: In half ticks.
        ticks_per_cent: Ticks of the book in one cent, at least 1.
    """

    def __init__(
        self,
        book_id: int,
        session: Session,
        rules: JumpRules,
        *,
        previous_close_x2: int,
        ticks_per_cent: int,
    ) -> None:
        below_dollar = previous_close_x2 < 200 * ticks_per_cent
        self._book_id = book_id
        self._session = session
        self._rules = rules
        self._percent = rules.percent_below_dollar if below_dollar else rules.percent
        self._phase = Phase.CLOSED
        # Candidates for the lowest and the highest price of the window, by time: each beats all before.
        self._lows: deque[tuple[int, int]] = deque()
        self._highs: deque[tuple[int, int]] = deque()

    @property
    def due_ns(self) -> int:
        """Time alone never makes it act."""
        return NEVER_NS

    def advance(self, now_ns: int) -> list[Act]:
        """Forget what is too old."""
        for prices in (self._lows, self._highs):
            while prices and prices[0][0] < now_ns - self._rules.window_ns:
                prices.popleft()
        return []

    def on(self, seen: Seen, now_ns: int) -> list[Act]:
        """A trade may pause the stock; a halt begins the window anew; quotes and calls do not matter."""
        self.advance(now_ns)
        if isinstance(seen, Traded):
            return self._on_trade(seen.price_x2, now_ns)
        if isinstance(seen, PhaseBegan):
            if seen.phase is Phase.HALT:
                self._pause()
            self._phase = seen.phase
        return []

    def _on_trade(self, price_x2: int, now_ns: int) -> list[Act]:
        """A trade, which counts in continuous trading only."""
        if self._phase is not Phase.CONTINUOUS:
            return []
        jumped = self._holds(now_ns) and self._is_far(price_x2)
        _enter(self._lows, now_ns, price_x2, sign=1)
        _enter(self._highs, now_ns, price_x2, sign=-1)
        if not jumped:
            return []
        self._pause()
        until_ns = now_ns + self._rules.pause_ns
        return [Interrupt(now_ns, self._book_id, Interruption.PAUSE, until_ns)]

    def _pause(self) -> None:
        """Trading stops."""
        self._phase = Phase.HALT
        self._lows.clear()
        self._highs.clear()

    def _holds(self, now_ns: int) -> bool:
        """Whether the rule holds at this time of day."""
        time_ns = time_of_day_ns(self._session, now_ns)
        return self._rules.start_ns <= time_ns < self._rules.end_ns

    def _is_far(self, price_x2: int) -> bool:
        """Whether a price is far enough from one of the window."""
        if not self._lows:
            return False
        low, high = self._lows[0][1], self._highs[0][1]
        rose = 100 * (price_x2 - low) >= self._percent * low
        return rose or 100 * (high - price_x2) >= self._percent * high


def _enter(prices: deque[tuple[int, int]], now_ns: int, price_x2: int, *, sign: int) -> None:
    """Add a price to the candidates, and drop those that it beats; `sign` 1 keeps the lowest first."""
    while prices and sign * prices[-1][1] >= sign * price_x2:
        prices.pop()
    prices.append((now_ns, price_x2))
