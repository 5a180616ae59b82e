"""Market-wide breakers over the sessions of a run: an index in, halts of all books out."""

from collections.abc import Sequence
from typing import NamedTuple

from sim.schedule.breaker_rules import Breakers, BreakerTerms, breakers_on
from sim.schedule.effective import Interruption
from sim.schedule.resolve import Session
from sim.schedule.stock_rules import time_of_day_ns


class HaltAll(NamedTuple):
    """Every book is halted; `until_ns` None for the rest of the day."""

    ts_ns: int
    level: int
    kind: Interruption
    until_ns: int | None


class MarketGuard:
    """Holds an index against each day's breakers.

    Args:
        sessions: In order; a rule is found for each of them now, so that a day without one is refused
            before the run begins.
        terms: Of the index before the first session; a later one follows the last value of the day
            before.
    """

    def __init__(self, sessions: Sequence[Session], terms: BreakerTerms) -> None:
        self._sessions = tuple(sessions)
        self._terms = terms
        self._next = 0
        self._close = terms.previous_close
        self._breakers: Breakers | None = None
        for session in self._sessions:
            breakers_on(session.day, terms, terms.previous_close)

    def on_index(self, value: int, now_ns: int) -> HaltAll | None:
        """The index has a value; the halt that follows, if one does."""
        while self._next < len(self._sessions):
            session = self._sessions[self._next]
            if session.midnight_ns > now_ns:
                break
            self._breakers = breakers_on(session.day, self._terms, self._close)
            self._next += 1
        if self._breakers is None:
            return None
        session = self._sessions[self._next - 1]
        if not session.open_ns <= now_ns <= session.close_ns:
            return None
        self._close = value
        halt = self._breakers.on_index(time_of_day_ns(session, now_ns), value)
        if halt is None:
            return None
        if halt.until_ns is None:
            return HaltAll(now_ns, halt.level, Interruption.DAY_OVER, None)
        until_ns = now_ns + halt.until_ns - halt.from_ns
        return HaltAll(now_ns, halt.level, Interruption.MARKET_HALT, until_ns)
