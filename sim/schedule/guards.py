"""The guards of a run: what a venue prints and quotes goes in, bands and interruptions follow at once.

This is where guards meet the clock. What they say is done at the instant at which they say it: acts on
trades and quotes with these, acts of time alone by a timer, ahead of the orders of that instant.
"""

from collections.abc import Sequence

from simpy.events import URGENT

from market.codes import Phase
from market.messages import NO_PRICE
from sim.clock import NEVER_NS, Clock
from sim.schedule.driver import PhaseDriver
from sim.schedule.guard import (
    Act,
    CallExtended,
    Guard,
    PhaseBegan,
    Quoted,
    Seen,
    SetBand,
    Traded,
)
from sim.schedule.market_guard import MarketGuard


class Guards:
    """Feeds guards and does what they say.

    Args:
        clock: Of the run.
        driver: Of the books' phases and bands; the guards listen to it from here on.
        guards: Which guards watch which book; a book may have several.
        market: Watches the index, if there is one.
    """

    def __init__(
        self,
        clock: Clock,
        driver: PhaseDriver,
        guards: Sequence[tuple[int, Guard]],
        market: MarketGuard | None = None,
    ) -> None:
        self._clock = clock
        self._driver = driver
        self._guards = [guard for _, guard in guards]
        self._of_book: dict[int, list[int]] = {}
        for index, (book_id, _) in enumerate(guards):
            self._of_book.setdefault(book_id, []).append(index)
        self._armed_ns = [NEVER_NS] * len(guards)
        self._market = market
        driver.listeners.append(self)

    # --- what the venue shows -----------------------------------------------------------------------

    def on_trade(self, book_id: int, price_ticks_x2: int, qty_lots: int, now_ns: int) -> None:
        """A trade has printed.

        Args:
            book_id: Where.
            price_ticks_x2: Its price in half ticks.
            qty_lots: How much, above 0.
            now_ns: When; the clock's present.
        """
        assert qty_lots > 0
        self._see(book_id, Traded(price_ticks_x2), now_ns)

    def on_quote(self, book_id: int, bid_ticks: int, ask_ticks: int, now_ns: int) -> None:
        """The best prices have changed; NO_PRICE for a side without one."""
        sides = [None if ticks == NO_PRICE else 2 * ticks for ticks in (bid_ticks, ask_ticks)]
        self._see(book_id, Quoted(*sides), now_ns)

    def on_index(self, value: int, now_ns: int) -> None:
        """The index that the market-wide breakers watch has a value."""
        assert now_ns == self._clock.now_ns
        halt = None if self._market is None else self._market.on_index(value, now_ns)
        if halt is not None:
            self._driver.interrupt_all(halt.kind, halt.until_ns)

    # --- what the driver says -----------------------------------------------------------------------

    def on_phase(self, book_id: int, phase: Phase, now_ns: int) -> None:
        """A book has another phase."""
        self._see(book_id, PhaseBegan(phase), now_ns)

    def on_extended(self, book_id: int, times: int, now_ns: int) -> None:
        """A book's call goes on."""
        self._see(book_id, CallExtended(times), now_ns)

    # --- what follows -------------------------------------------------------------------------------

    def _see(self, book_id: int, seen: Seen, now_ns: int) -> None:
        """Show something to a book's guards."""
        # What a guard does is done now, so it must not be told of another time.
        assert now_ns == self._clock.now_ns
        for index in self._of_book.get(book_id, ()):
            self._do(self._guards[index].on(seen, now_ns))
            self._arm(index)

    def _arm(self, index: int) -> None:
        """Be called when time alone makes a guard act."""
        due_ns = self._guards[index].due_ns
        if due_ns < self._armed_ns[index]:
            self._armed_ns[index] = due_ns
            self._clock.at(max(due_ns, self._clock.now_ns), self._tick, index, priority=URGENT)

    def _tick(self, index: object) -> None:
        """Time may have made a guard act."""
        assert isinstance(index, int)
        self._armed_ns[index] = NEVER_NS
        self._do(self._guards[index].advance(self._clock.now_ns))
        self._arm(index)

    def _do(self, acts: list[Act]) -> None:
        """Do what a guard says."""
        for act in acts:
            assert act.ts_ns == self._clock.now_ns
            if isinstance(act, SetBand):
                self._driver.set_band(act.book_id, act.low_ticks, act.high_ticks)
            else:
                self._driver.interrupt(act.book_id, act.kind, act.until_ns)
